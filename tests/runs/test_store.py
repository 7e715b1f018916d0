import itertools
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import fields

import pytest

from emotion import paths
from emotion.runs import store as run_store
from emotion.runs.run import TRANSITIONS, Run, RunError, RunStatus, UnknownRunError
from emotion.runs.store import RunStore, in_queue_order
from tests.helpers import at_once

# What is written down in TRANSITIONS, once more, by hand: a changed table shall be a decision.
ALLOWED = {
    "queued": "running stopped",
    "running": "stopping stopped finished failed interrupted",
    "stopping": "stopped finished failed interrupted",
    "stopped": "queued",
    "interrupted": "queued",
    "failed": "queued",
    "finished": "",
}
MANY_AT_ONCE = """
import sys, pathlib
from emotion.runs.run import Run, RunStatus
from emotion.runs.store import RunStore
store = RunStore(pathlib.Path(sys.argv[1]))
sys.stdin.readline()
for number in range(10):
    with store.transaction() as transaction:
        transaction.add(Run(id=f"{sys.argv[2]}-{number}", name="x", status=RunStatus.QUEUED))
"""


@pytest.fixture
def store(tmp_path) -> RunStore:
    return RunStore(tmp_path / "runs")


def add(store: RunStore, run_id: str, status: RunStatus = RunStatus.QUEUED, **columns: object) -> None:
    with store.transaction() as transaction:
        transaction.add(Run(id=run_id, name=run_id, status=status, **columns))


@pytest.mark.parametrize(("before", "after"), list(itertools.product(RunStatus, RunStatus)))
def test_the_state_machine(store, before, after):
    add(store, "a", before)
    if after in ALLOWED[before].split():
        with store.transaction() as transaction:
            transaction.move("a", after)
        assert store.find("a").status is after
    else:
        with (
            pytest.raises(RunError, match=r"^The run a is .*, so it cannot be \w+\.$"),
            store.transaction() as t,
        ):
            t.move("a", after)
        assert store.find("a").status is before


def test_every_status_has_its_ways():
    assert set(TRANSITIONS) == set(RunStatus)


def test_moving_sets_the_times_and_clears_what_is_over(store):
    add(store, "a", activity="x")
    with store.transaction() as transaction:
        transaction.move("a", RunStatus.RUNNING, pid=7, process_started=1.5, activity="at work")
    run = store.find("a")
    assert (run.pid, run.process_started, run.activity, run.position) == (7, 1.5, "at work", None)
    assert run.started_at
    assert run.ended_at is None
    with store.transaction() as transaction:
        transaction.move("a", RunStatus.FAILED, error="It broke.")
    run = store.find("a")
    assert (run.activity, run.error) == ("", "It broke.")
    assert run.ended_at
    with store.transaction() as transaction:
        transaction.move("a", RunStatus.QUEUED)
    run = store.find("a")
    assert (run.pid, run.error, run.started_at, run.ended_at, run.position) == (None, "", None, None, 1)


def test_a_row_comes_back_as_it_was_given(store):
    run = Run(
        id="a", name="Ä \u202e'; DROP TABLE runs", status=RunStatus.FINISHED, task="export", preset="p",
        dataset="/f", epochs=9, epoch=4, val_accuracy=0.25, register=True, note="n", created_at=1.25,
        model="m", variables='{"A": "b"}', root=store.root,
    )  # fmt: skip
    with store.transaction() as transaction:
        transaction.add(run)
    assert store.find("a") == run
    assert store.runs() == [run]
    assert run.folder == store.root / "a"


def test_newest_first_whatever_the_clock_did(store):
    for run_id, created in (("a", 5.0), ("b", 9.0), ("c", 5.0)):
        add(store, run_id, RunStatus.STOPPED, created_at=created)
    assert [run.id for run in store.runs()] == ["b", "c", "a"]


def test_the_queue_is_in_order_of_asking(store):
    for run_id, created in (("a", 9.0), ("b", 5.0), ("c", 7.0)):
        add(store, run_id, created_at=created)
    with store.transaction() as transaction:
        transaction.move("a", RunStatus.STOPPED)
        transaction.move("a", RunStatus.QUEUED)
    assert [run.id for run in in_queue_order(store.runs())] == ["b", "c", "a"]


def test_an_exception_undoes_the_whole_transaction(store):
    add(store, "a")

    def break_off() -> None:
        with store.transaction() as transaction:
            transaction.move("a", RunStatus.RUNNING)
            transaction.remove("a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert store.find("a").status is RunStatus.QUEUED


@pytest.mark.parametrize("run_id", ["", "..", "../../etc", "a/b", "' OR 1=1", "a\0b", "x" * 5000])
def test_an_unknown_or_hostile_id(store, run_id):
    with pytest.raises(UnknownRunError, match="There is no run"):
        store.find(run_id)  # no store yet
    assert not store.root.exists()
    add(store, "a")
    with pytest.raises(UnknownRunError, match="There is no run") as caught:
        store.find(run_id)
    assert len(str(caught.value)) < 250


@pytest.mark.slow
def test_several_programs_make_the_store_and_write_at_once(store):
    at_once(MANY_AT_ONCE, str(store.root))
    assert sorted(run.position for run in store.runs()) == list(range(1, 31))


# A store as the program of version 1 wrote it: one run in the queue, one finished.
RELEASED = """
PRAGMA journal_mode = WAL;
BEGIN TRANSACTION;
CREATE TABLE runs (id TEXT PRIMARY KEY, name, status, task, preset, dataset, epochs, epoch, val_accuracy, register, replace_model, note, created_at, queued_at, started_at, ended_at, position, pid, process_started, oom_kills, activity, error, model, variables);
INSERT INTO "runs" VALUES('20261122-130708-base','My run','finished','train','base','fer2013',45,45,0.5,1,0,'The best so far.',1795352828.25,1795352828.3499999046,1795352829.0,1795362829.5,NULL,4711,1795352829.0,0,'','','base','{"KERAS_BACKEND": "jax"}');
INSERT INTO "runs" VALUES('20261122-130709-quick','quick','queued','train','quick','synthetic',6,0,NULL,0,0,'',1795352829.25,1795352829.25,NULL,NULL,1,NULL,NULL,NULL,'','','','{}');
PRAGMA user_version = 1;
COMMIT;
"""  # noqa: E501
LATER = """
import sys, pathlib
from emotion.runs import store as run_store
run_store._STEPS += (("ALTER TABLE runs ADD COLUMN colour NOT NULL DEFAULT 'red'", "CREATE TABLE more (id)"),)
store = run_store.RunStore(pathlib.Path(sys.argv[1]))
sys.stdin.readline()
print(len(store.runs()))
"""


def write_released(store: RunStore, script: str = RELEASED) -> None:
    store.root.mkdir()
    with closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
        connection.executescript(script)


def test_a_store_of_the_released_version(store):
    write_released(store)
    done, waiting = store.find("20261122-130708-base"), store.find("20261122-130709-quick")
    assert (done.status, done.val_accuracy, done.register, done.note) == (
        RunStatus.FINISHED, 0.5, True, "The best so far.",
    )  # fmt: skip
    assert [run.id for run in in_queue_order(store.runs())] == [waiting.id]
    with store.transaction() as transaction:
        transaction.move(waiting.id, RunStatus.RUNNING)
    assert store.find(waiting.id).status is RunStatus.RUNNING


@pytest.mark.parametrize("script", ["PRAGMA user_version = 0", RELEASED], ids=["new", "released"])
def test_every_store_comes_to_have_what_a_run_has(store, script):
    """A field of `Run` without a step that adds it would say "no such column" to everybody."""
    write_released(store, script)
    store.runs()
    with closing(sqlite3.connect(store.path)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
    assert columns == [item.name for item in fields(Run) if item.name != "root"]


@pytest.mark.slow
def test_several_programs_bring_a_store_forward_at_once(store):
    write_released(store)
    assert at_once(LATER, str(store.root)) == ["2"] * 3
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("SELECT DISTINCT colour FROM runs").fetchall() == [("red",)]
    with pytest.raises(RunError, match="newer version"):
        store.runs()


def test_a_step_that_fails_leaves_the_store_as_it_was(store, monkeypatch):
    write_released(store)
    released = run_store._STEPS
    broken = ("ALTER TABLE runs ADD COLUMN colour", "ALTER TABLE nowhere ADD COLUMN colour")
    monkeypatch.setattr(run_store, "_STEPS", (*released, broken))
    with pytest.raises(RunError, match=r"is damaged .no such table: nowhere"):
        store.runs()
    monkeypatch.setattr(run_store, "_STEPS", released)
    assert len(store.runs()) == 2


def damage(store: RunStore, how: str) -> None:
    if how == "no database":
        store.path.write_bytes(b"hello" * 1000)
    elif how == "a folder":
        store.path.mkdir()
    elif how == "another table":
        with sqlite3.connect(store.path) as connection:
            connection.execute("PRAGMA user_version = 1")
    elif how == "a column less":
        store.root.rmdir()
        write_released(store, f"{RELEASED} ALTER TABLE runs DROP COLUMN oom_kills;")
    elif how == "cut short":
        with sqlite3.connect(store.path) as connection:
            connection.executescript("CREATE TABLE runs (id); CREATE TABLE more (id)")
        os.truncate(store.path, 5000)
    elif how == "newer":
        with sqlite3.connect(store.path) as connection:
            connection.execute("PRAGMA user_version = 99")
    else:
        store.root.rmdir()
        store.root.write_text("a file")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("no database", "is damaged .* move the file away"),
        ("a folder", "cannot be used right now"),
        ("another table", "is damaged .no such table: runs.; move the file away"),
        ("a column less", "is damaged .*column.* oom_kills.; move the file away"),
        ("cut short", "is damaged .*; move the file away"),
        ("newer", "newer version of this program; use that one, or move the file away"),
        ("no folder", "cannot be used"),
    ],
)
def test_a_broken_store_gives_one_sentence(store, how, message):
    store.root.mkdir()
    damage(store, how)
    with pytest.raises(RunError, match=message):
        add(store, "a")
    if how != "no folder":
        with pytest.raises(RunError, match=message):
            store.runs()


def test_a_row_that_makes_no_sense_gives_one_sentence(store):
    write_released(store, RELEASED.replace("'finished'", "'dreaming'"))
    with pytest.raises(
        RunError, match=r"is damaged .'dreaming' is not a valid RunStatus.; move the file away"
    ):
        store.runs()


def test_a_store_that_somebody_else_holds_gives_one_sentence(store, monkeypatch):
    monkeypatch.setattr(run_store, "_BUSY_SECONDS", 0.05)
    add(store, "a")
    with store.transaction(), pytest.raises(RunError, match="locked"):
        add(store, "b")
    assert [run.id for run in store.runs()] == ["a"]  # who only reads never waits


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of a file")
def test_a_disk_that_takes_nothing_can_still_be_read(store):
    add(store, "a", RunStatus.STOPPED)
    code = (
        "import pathlib, resource, sys; from emotion.runs.store import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); store = RunStore(pathlib.Path(sys.argv[1]))\n"
        "print(*(run.id for run in store.runs()), store.find('a').status)\n"
        "try:\n    with store.transaction() as t:\n        t.move('a', RunStatus.QUEUED)\n"
        "except RunError as error:\n    print(error)"
    )
    output = subprocess.run(
        [sys.executable, "-c", code, str(store.root)], cwd=paths.PROJECT, capture_output=True, text=True
    )
    assert output.stderr == ""
    assert output.stdout.startswith(f"a stopped\nThe list of runs, {store.path}, cannot be used right now: ")
    assert store.find("a").status is RunStatus.STOPPED


def test_the_variables_are_json(store):
    add(store, "a")
    assert json.loads(store.find("a").variables) == {}
