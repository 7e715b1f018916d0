"""Runs in order, their ends noted, their folders taken in; the processes are real, but only sleep."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile

import psutil
import pytest

from emotion import paths
from emotion.dataset.face_dataset import DatasetError
from emotion.errors import FileError, TrainingError
from emotion.files import disk_errors
from emotion.models import registry
from emotion.models.card import ModelError
from emotion.runs import __main__ as training_process
from emotion.runs import actions, files, launcher
from emotion.runs import store as run_store
from emotion.runs.__main__ import Worker, explain
from emotion.runs.run import Run, RunError, RunStatus
from emotion.runs.scheduler import concurrent_limit
from emotion.runs.store import RunStore
from emotion.training.config import RUN_FORMAT, ConfigError, RunConfig
from tests.helpers import PATIENCE, wait_until
from tests.runs.stand_in import run_folder

QUICK = RunConfig(name="quick", epochs=6)
NOBODY = 999_999_999  # no system gives a process this number
EPOCH = {
    "epoch": 1, "loss": 2.0, "accuracy": 0.2, "val_loss": 1.9, "val_accuracy": 0.3, "learning_rate": 0.05,
    "seconds": 2.5, "images_per_second": 400.0,
}  # fmt: skip


@pytest.fixture
def store() -> RunStore:
    paths.runs_folder().mkdir(parents=True)
    return RunStore(paths.runs_folder())


def submit(**changes) -> str:
    return actions.submit(QUICK, "quick", **changes).id


def status(run_id: str) -> str:
    return str(actions.get_run(run_id).status)


def statuses() -> list[str]:
    """In the order of asking, without looking after anything."""
    return [str(run.status) for run in reversed(RunStore(paths.runs_folder()).runs())]


def add(store: RunStore, run_id: str, status: RunStatus, **columns) -> Run:
    run_folder(store.root, run_id)
    with store.transaction() as transaction:
        transaction.add(Run(id=run_id, name=run_id, status=status, **columns))
    return store.find(run_id)


# One at a time, in order.


def test_one_runs_the_others_wait_and_start_without_anyone_looking(sleepers):
    first, second, third = submit(), submit(name="Mine"), submit()
    assert statuses() == ["running", "queued", "queued"]
    run = actions.get_run(first)
    assert (run.pid, run.name, run.epochs, run.dataset) == (
        sleepers.processes[first].pid,
        "quick",
        6,
        "synthetic",
    )
    assert [actions.queue_position(actions.get_run(item)) for item in (first, second, third)] == [None, 1, 2]
    sleepers.finish(first)
    wait_until(lambda: statuses() == ["finished", "running", "queued"])
    sleepers.kill(second)
    wait_until(lambda: statuses() == ["finished", "interrupted", "running"])
    assert actions.get_run(second).name == "Mine"


def test_as_many_at_once_as_a_setting_says(sleepers, monkeypatch):
    monkeypatch.setenv("EMOTION_CONCURRENT_RUNS", "2")
    for _ in range(3):
        submit()
    assert statuses() == ["running", "running", "queued"]
    monkeypatch.setenv("EMOTION_CONCURRENT_RUNS", "3")
    actions.list_runs()
    assert statuses() == ["running"] * 3


@pytest.mark.parametrize("text", ["0", "-1", "many", "", "1.5", "²"])
def test_a_senseless_limit_gives_one_sentence(text, monkeypatch):
    monkeypatch.setenv("EMOTION_CONCURRENT_RUNS", text)
    with pytest.raises(RunError, match="must be a whole number of at least 1"):
        concurrent_limit()


@pytest.mark.slow
def test_two_programs_that_start_at_once_get_two_runs_in_order(sleepers):
    code = (
        "import sys; from tests.runs import stand_in; from emotion.runs import actions, launcher\n"
        "from emotion.training.config import RunConfig\n"
        "launcher.start = stand_in.Sleepers().start\n"
        "sys.stdin.readline(); print(actions.submit(RunConfig(name='quick'), '').id)"
    )
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=paths.PROJECT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": "."},
        )
        for _ in range(2)
    ]  # fmt: skip
    for program in programs:
        program.stdin.write("go\n")
        program.stdin.flush()
    ids = {program.communicate(timeout=PATIENCE)[0].strip() for program in programs}
    found = actions.list_runs()
    try:
        assert {run.id for run in found} == ids
        assert len(ids) == 2
        assert sorted(run.status for run in found) == ["queued", "running"]
    finally:
        psutil.Process(next(run.pid for run in found if run.is_going)).kill()


def test_a_queued_run_can_be_moved(sleepers):
    first, second, third, fourth = (submit() for _ in range(4))
    actions.move_in_queue(fourth, up=True)
    actions.move_in_queue(second, up=False)
    actions.move_in_queue(third, up=False)
    actions.move_in_queue(fourth, up=True)  # it is the first already
    order = sorted((second, third, fourth), key=lambda item: actions.queue_position(actions.get_run(item)))
    assert order == [fourth, second, third]
    with pytest.raises(RunError, match="is running, so it has no place in the queue"):
        actions.move_in_queue(first, up=True)


# Stop, resume, delete.


def test_stop_and_resume(sleepers):
    first, second = submit(), submit()
    actions.stop(second)
    assert status(second) == "stopped"
    actions.stop(first)
    assert status(first) == "stopping"
    with pytest.raises(RunError, match="is stopping already, so it cannot be stopped"):
        actions.stop(first)
    with pytest.raises(RunError, match="is stopping already, so it cannot be resumed"):
        actions.resume(first)
    actions.resume(second)
    assert status(second) == "queued"
    sleepers.finish(first, RunStatus.STOPPED)
    wait_until(lambda: statuses() == ["stopped", "running"])
    actions.resume(first)
    assert [run.task for run in actions.list_runs()] == ["train", "train"]


def test_what_a_finished_run_refuses(store):
    add(store, "a", RunStatus.FINISHED)
    for act in (actions.stop, actions.resume):
        with pytest.raises(RunError, match="The run a is finished"):
            act("a")
    with pytest.raises(RunError, match="no finished epoch"):
        actions.finish_early("a")


def test_finish_early_needs_weights(sleepers, store):
    run = add(store, "a", RunStatus.STOPPED)
    with pytest.raises(RunError, match="nothing to make a model of"):
        actions.finish_early("a")
    (run.folder / "best.weights.h5").write_bytes(b"")
    actions.finish_early("a")
    assert (status("a"), actions.get_run("a").task) == ("running", "export")


def test_delete(sleepers):
    first, second = submit(), submit()
    with pytest.raises(RunError, match="stop it first"):
        actions.delete(first)
    actions.delete(second)
    assert [run.id for run in actions.list_runs()] == [first]
    assert {path.name for path in paths.runs_folder().iterdir() if path.is_dir()} == {first}


@pytest.mark.parametrize("run_id", ["..", "../models", "nothing", ""])
@pytest.mark.parametrize(
    "act",
    [
        actions.get_run, actions.stop, actions.resume, actions.finish_early, actions.delete,
        actions.use_model,
        lambda run_id: actions.rename(run_id, "x"), lambda run_id: actions.set_note(run_id, "x"),
        lambda run_id: actions.move_in_queue(run_id, up=True),
    ],
)  # fmt: skip
def test_an_unknown_id_does_no_harm(store, act, run_id):
    paths.models_folder().mkdir()
    with pytest.raises(RunError, match="There is no run"):
        act(run_id)
    assert paths.models_folder().is_dir()


def test_rename_and_note(store):
    add(store, "a", RunStatus.STOPPED)
    actions.rename("a", "  My\n\x00first   run " + "!" * 100)
    actions.set_note("a", " What I tried:\n- this " + "x" * 3000)
    run = actions.get_run("a")
    assert run.name.startswith("My first run !!!")
    assert len(run.name) == 80
    assert run.note.startswith("What I tried:\n- this")
    assert len(run.note) == 2000
    with pytest.raises(RunError, match="at least one letter"):
        actions.rename("a", " \n")


# Who is alive, and who is not.


def test_a_killed_process_is_noted_and_its_run_goes_on(sleepers):
    run_id = submit()
    (paths.runs_folder() / run_id / "metrics.jsonl").write_text(json.dumps(EPOCH) + "\n" + '{"epoch": 2, "lo')
    sleepers.kill(run_id)
    wait_until(lambda: "SIGKILL" in actions.get_run(run_id).error or os.name == "nt")
    run = actions.get_run(run_id)
    assert (run.status, run.epoch, run.val_accuracy, run.activity) == ("interrupted", 1, 0.3, "")
    actions.resume(run_id)
    run = actions.get_run(run_id)
    assert (run.status, run.error, run.pid) == ("running", "", sleepers.processes[run_id].pid)


@pytest.mark.parametrize(
    ("kills_before", "kills_now", "exit_status", "words"),
    [
        (3, 4, None, "want of memory"),
        (3, 4, -9, "want of memory"),
        (3, 3, -9, r"killed from outside \(SIGKILL\)"),
        (3, 3, None, "gone without a word"),
        (None, None, None, "gone without a word"),
        (3, 4, -11, r"\(SIGSEGV\)"),
        (3, 3, 1, r"\(exit status 1\)"),
        (3, 3, -77, r"\(exit status -77\)"),
    ],
)
def test_what_is_said_of_a_death(monkeypatch, tmp_path, kills_before, kills_now, exit_status, words):
    (tmp_path / "vmstat").write_text("pgfault 7\n" + f"oom_kill {kills_now}\n" * (kills_now is not None))
    monkeypatch.setattr(launcher, "_VMSTAT", tmp_path / "vmstat")
    run = Run(id="a", name="a", status=RunStatus.RUNNING, oom_kills=kills_before)
    assert re.search(words, launcher.describe_death(run, exit_status))


def test_a_number_that_another_process_has_now_is_no_sign_of_life(store):
    own = psutil.Process().create_time()
    for run_id, pid, started in (
        ("other-start", os.getpid(), own - 60),
        ("nobody", 2**22 + 5, own),
        ("no-number", None, None),
    ):
        add(store, run_id, RunStatus.RUNNING, pid=pid, process_started=started)
    assert launcher.is_alive(add(store, "this-one", RunStatus.STOPPING, pid=os.getpid(), process_started=own))
    found = {run.id: str(run.status) for run in actions.list_runs()}
    assert found == {
        "other-start": "interrupted", "nobody": "interrupted", "no-number": "interrupted",
        "this-one": "stopping",
    }  # fmt: skip


def test_a_clock_that_was_set_kills_nobody(sleepers):
    run_id = submit()
    store = RunStore(paths.runs_folder())
    with store.transaction() as transaction:
        transaction.change(run_id, process_started=store.find(run_id).process_started + 3600)
    assert status(run_id) == "running"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no zombies")
def test_a_zombie_is_dead(store):
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    system = psutil.Process(process.pid)
    started = system.create_time()
    wait_until(lambda: system.status() == psutil.STATUS_ZOMBIE)
    add(store, "a", RunStatus.RUNNING, pid=process.pid, process_started=started)
    assert status("a") == "interrupted"
    process.wait()


def test_nobody_is_told_that_a_dead_process_is_at_work_even_if_that_cannot_be_written(store, monkeypatch):
    monkeypatch.setattr(run_store, "_BUSY_SECONDS", 0.05)
    add(store, "a", RunStatus.RUNNING, pid=None)
    with store.transaction():  # as on a full disk, nobody can write
        assert status("a") == "interrupted"
    assert statuses() == ["running"]
    assert status("a") == "interrupted"
    assert statuses() == ["interrupted"]


def test_a_run_that_cannot_be_started_fails_and_the_next_one_starts(sleepers):
    first, second, _ = submit(), submit(), submit()
    (paths.runs_folder() / second / launcher.LOG).mkdir()
    sleepers.finish(first)
    wait_until(lambda: statuses() == ["finished", "failed", "running"])
    assert "could not be started" in actions.get_run(second).error


def test_a_run_keeps_the_backend_it_was_asked_for_with(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    kept = launcher.kept_variables()
    assert json.loads(kept) == {"KERAS_BACKEND": "jax"}
    monkeypatch.delenv("KERAS_BACKEND")
    assert launcher.kept_variables(kept) == kept
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert json.loads(launcher.kept_variables(kept)) == {"KERAS_BACKEND": "torch"}


# Folders and rows.


def test_folders_without_a_row_are_taken_in(store, tmp_path):
    root = store.root
    run_folder(root, "20251103-101500-mine", RunConfig(name="mine", dataset="/faces", epochs=9))
    done = run_folder(root, "finished")
    (done / "model").mkdir()
    (done / "model" / "card.json").write_text("{}")
    (done / "result.json").write_text("{}")
    for name, text in (("corrupt", "{"), ("old", '{"name": "x"}'), ("binary", "")):
        (run_folder(root, name) / "config.json").write_text(text)
    (root / "binary" / "config.json").write_bytes(b"\xff\xfe\x00")
    metrics = run_folder(root, "odd-metrics") / "metrics.jsonl"
    metrics.write_text(f'{json.dumps(EPOCH)}\n[]\n{{"epoch": 2}}\n{{"epoch": "x", "batch": 1}}\n')
    (run_folder(root, "no-text") / "metrics.jsonl").write_bytes(b"\xff\xfe\x00")
    # No runs: hidden, without a config, a file, a link that leads elsewhere, a name no run has.
    run_folder(root, ".hidden")
    (root / "foreign").mkdir()
    (root / "file").write_text("")
    run_folder(root, "an odd, name")
    if os.name != "nt":
        (root / "link").symlink_to(run_folder(tmp_path, "elsewhere"))
    found = {run.id: (str(run.status), run.epoch, run.epochs) for run in actions.list_runs()}
    assert found == {
        "20251103-101500-mine": ("interrupted", 0, 9),
        "finished": ("finished", 0, 6),
        "corrupt": ("failed", 0, 0),
        "old": ("failed", 0, 0),
        "binary": ("failed", 0, 0),
        "odd-metrics": ("interrupted", 1, 6),
        "no-text": ("interrupted", 0, 6),
    }
    assert actions.get_run("corrupt").error == "The run's config.json cannot be read."
    mine = actions.get_run("20251103-101500-mine")
    assert (mine.name, mine.dataset, mine.preset) == ("mine", "/faces", "")
    assert time.strftime("%Y%m%d-%H%M%S", time.localtime(mine.created_at)) == "20251103-101500"
    assert actions.get_run("finished").preset == "quick"


def test_a_store_that_was_lost_is_made_anew(sleepers):
    run_id = submit()
    sleepers.finish(run_id, RunStatus.STOPPED)
    sleepers.join_watchers()  # else they might still write to what is removed
    for path in paths.runs_folder().glob("runs.sqlite*"):
        path.unlink()
    assert status(run_id) == "interrupted"


def test_a_run_whose_folder_somebody_deleted_is_forgotten(sleepers):
    first, second = submit(), submit()
    shutil.rmtree(paths.runs_folder() / second)
    assert [run.id for run in actions.list_runs()] == [first]
    shutil.rmtree(paths.runs_folder() / first)
    assert [run.id for run in actions.list_runs()] == [first]  # as long as its process lives
    sleepers.kill(first)
    wait_until(lambda: not actions.list_runs())


def test_without_any_run_nothing_is_made():
    assert actions.list_runs() == []
    assert not paths.runs_folder().exists()


def test_a_new_run_notes_what_it_was_made_with(sleepers):
    run = actions.get_run(submit())
    content = json.loads((run.folder / "config.json").read_text())
    assert content["environment"]["packages"]["keras"]
    assert (content["format"], content["dataset_fingerprint"]) == (RUN_FORMAT, None)
    assert run.config == QUICK


# What comes out.


def test_export(store):
    run = add(store, "a", RunStatus.STOPPED)
    (run.folder / "metrics.jsonl").write_text(
        json.dumps({"batch": 1, "batches": 2, "epoch": 1, "loss": 2.0}) + "\n" + json.dumps(EPOCH) + "\n"
    )
    for name in ("checkpoints/epoch-0001.weights.h5", "model/model.tflite", "model/.partial", "photo.png"):
        (run.folder / name).parent.mkdir(exist_ok=True)
        (run.folder / name).write_text(name)
    with zipfile.ZipFile(io.BytesIO(files.zipped(run.folder))) as archive:
        assert set(archive.namelist()) == {
            "a/config.json", "a/metrics.jsonl", "a/model/model.tflite", "a/curves.csv",
        }  # fmt: skip
        table = archive.read("a/curves.csv").decode().splitlines()
    assert table == [
        "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,images_per_second",
        "1,2.0,0.2,1.9,0.3,0.05,2.5,400.0",
    ]


def test_use_the_model_of_a_run(store):
    run = add(store, "a", RunStatus.STOPPED)
    with pytest.raises(RunError, match="only a finished run has a model"):
        actions.use_model("a")
    with store.transaction() as transaction:
        transaction.move("a", RunStatus.QUEUED)
        transaction.move("a", RunStatus.RUNNING)
        transaction.move("a", RunStatus.FINISHED)
    with pytest.raises(ModelError):
        actions.use_model("a")
    shutil.copytree(paths.shipped_models_folder() / "crowd", run.folder / "model")
    assert [actions.use_model("a"), actions.use_model("a")] == ["quick", "quick"]
    assert registry.active_model() == "quick"
    # Deleted, or replaced by another one of that name: it is added anew.
    registry.delete_model("quick")
    assert actions.use_model("a") == "quick"
    os.utime(paths.models_folder() / "quick" / "model.tflite", (1, 1))
    assert actions.use_model("a") == registry.active_model() == "quick-2"


# The training process, but for the training.


@pytest.fixture
def worker(store):
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    started = psutil.Process().create_time()
    run = add(store, "a", RunStatus.RUNNING, pid=os.getpid(), process_started=started, epochs=6)
    with Worker(run.folder) as worker:
        yield worker
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_process_that_its_row_does_not_name_ends_at_once(store, capsys):
    for run_id, columns in (
        ("a", {"status": RunStatus.QUEUED}),
        ("b", {"status": RunStatus.RUNNING, "pid": NOBODY}),
        ("c", {"status": RunStatus.STOPPED, "pid": os.getpid()}),
    ):
        run = add(store, run_id, **columns)
        assert training_process.main([str(run.folder)]) == 2
        assert "not like this" in capsys.readouterr().out
    assert training_process.main([str(store.root / "nothing")]) == 2
    assert {str(run.status) for run in store.runs()} == {"queued", "running", "stopped"}


def test_the_process_tells_what_it_does_and_how_far_it_is(worker, store):
    worker.message("Reading …")
    (worker.run.folder / "metrics.jsonl").write_text(json.dumps(EPOCH) + "\n")
    wait_until(lambda: store.find("a").epoch == 1)
    run = store.find("a")
    assert (run.activity, run.val_accuracy) == ("Reading …", 0.3)
    assert not worker.stop_requested()


def test_the_process_hears_of_a_stop(worker):
    actions.stop("a")
    wait_until(worker.stop_requested)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_the_process_takes_a_signal_as_a_stop(worker):
    signal.raise_signal(signal.SIGTERM)
    assert worker.stop_requested()


@pytest.mark.parametrize("how", ["the store is gone", "the run is gone", "another process has it"])
def test_the_process_stops_when_the_run_is_no_longer_its_own(worker, store, how):
    if how == "the store is gone":
        store.path.unlink()
    else:
        with store.transaction() as transaction:
            if how == "the run is gone":
                transaction.remove("a")
            else:
                transaction.change("a", pid=NOBODY)
    wait_until(worker.stop_requested)
    worker.message("Nobody listens.")  # and nothing breaks


class ResourceExhaustedError(Exception):
    """Named as TensorFlow's."""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TrainingError("A sentence."), r"^A sentence\.$"),
        (DatasetError("A sentence."), r"^A sentence\.$"),
        (ConfigError("A sentence."), r"^A sentence\.$"),
        (OSError(28, "No space left on device"), "The disk is full. Free some space"),
        (OSError("write failed: errno = 28, error message = 'No space left on device'"), "The disk is full"),
        (OSError(27, "File too large"), "A file grew larger than this system allows"),
        (PermissionError(13, "Permission denied"), r"could not be read or written: Permission denied\.$"),
        (OSError("odd"), "nobody foresaw; its log"),
        (MemoryError(), "The memory was not enough"),
        (ResourceExhaustedError("OOM when allocating tensor"), "The memory was not enough"),
        (
            RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate"),
            "The memory was not enough",
        ),
        (ModuleNotFoundError("No module named 'jax'"), "cannot be loaded: No module named 'jax'"),
        (ZeroDivisionError("x"), "nobody foresaw; its log has the details"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_every_failure_becomes_a_sentence(error, words):
    assert re.search(words, explain(error))


def test_a_file_error_without_a_number_keeps_its_sentence():
    def fail():
        with disk_errors("best.weights.h5 could not be written"):
            raise OSError("unable to lock file")

    with pytest.raises(FileError) as caught:
        fail()
    assert explain(caught.value) == "best.weights.h5 could not be written: the disk refused."


def test_a_full_disk_is_one_also_after_keras_has_hidden_the_cause():
    def as_keras_does() -> None:
        try:
            with disk_errors("The weights could not be written"):
                raise OSError(28, "No space left on device")
        except FileError as error:
            raise error from None

    with pytest.raises(FileError) as caught:
        as_keras_does()
    assert "The disk is full. Free some space" in explain(caught.value)
