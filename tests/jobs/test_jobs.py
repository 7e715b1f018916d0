"""Jobs with programs of the test's own in place of our command line; `tests/cli` starts the real ones."""

import itertools
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from emotion import paths
from emotion.errors import FileError
from emotion.jobs import jobs as jobs_module
from emotion.jobs.jobs import Jobs, Limits
from emotion.jobs.status import JobState, JobStatus, duration
from tests.helpers import PATIENCE, UNTIL_CANCELLED, wait_until

DEAF = "import time; time.sleep(3600)"
LISTEN = "from emotion.jobs.progress import *; import time; end_with_parent();"


def saying(*lines: str, then: str = "") -> list[str]:
    return [f"print({chr(10).join(lines)!r}, flush=True); {then}"]


@pytest.fixture(autouse=True)
def _programs(monkeypatch):
    monkeypatch.setattr(jobs_module, "_command", lambda arguments: [sys.executable, "-c", *arguments])


@pytest.fixture
def jobs():
    jobs = Jobs()
    yield jobs
    for status in jobs.active():
        jobs.cancel(status.key)
        jobs.wait(status.key, PATIENCE)


def test_a_job_works_in_the_same_home(jobs, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EMOTION_HOME", "here")
    ask = "import json, os; print(json.dumps({'result': dict(os.environ)}), flush=True)"
    jobs.start("a", "Asking", [ask])
    assert jobs.wait("a", PATIENCE).result["EMOTION_HOME"] == str(tmp_path / "here")


@pytest.mark.parametrize(
    ("arguments", "state", "error"),
    [
        (saying('{"done": 3, "total": 4}', '{"result": {"name": "x"}}'), JobState.DONE, None),
        (saying('{"error": "No model."}', then="raise SystemExit(1)"), JobState.FAILED, "No model."),
        (["raise SystemExit(3)"], JobState.FAILED, "It ended without a result; the app's log"),
        (["raise ValueError"], JobState.FAILED, "It ended without a result; the app's log"),
        (saying("a library's greeting", '["no object of ours"]', "{"), JobState.DONE, None),
    ],
)
def test_how_a_job_ends(jobs, arguments, state, error):
    folder = Path(tempfile.mkdtemp())
    (folder / "upload").write_bytes(b"much")
    assert jobs.start("a", "A job", arguments, folder=folder)
    status = jobs.wait("a", PATIENCE)
    assert status.state is state
    assert (error or "") in (status.error or "")
    assert (status.error is None) == (error is None)
    assert not folder.exists()
    if "done" in arguments[-1]:
        assert (status.share, status.result) == (0.75, {"name": "x"})
    jobs.dismiss("a")
    assert jobs.status("a") is None


def test_what_cannot_be_started(jobs, monkeypatch):
    monkeypatch.setattr(jobs_module, "_command", lambda arguments: ["/no/such/program"])
    jobs.start("a", "A job", ["x"])
    assert "could not be started" in jobs.wait("a", PATIENCE).error


def test_a_full_temporary_folder_is_one_sentence(jobs, monkeypatch):
    def refuse(**options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(FileError, match="could not be started: No space left"):
        jobs.start("a", "A job", ["pass"])
    assert jobs.status("a") is None


def test_without_any_job(jobs):
    assert jobs.status("a") is None
    assert jobs.wait("a") is None
    jobs.cancel("a")
    jobs.dismiss("a")


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (JobStatus("a", "A", JobState.QUEUED), "Waiting for what runs before it …"),
        (JobStatus("a", "A", JobState.RUNNING), "Getting ready …"),
        (JobStatus("a", "A", JobState.RUNNING, message="Loading …"), "Loading …"),
        (JobStatus("a", "A", JobState.RUNNING, 5, message="Loading …"), "5 so far"),
        (JobStatus("a", "A", JobState.RUNNING, 0, 2000), "0 of 2,000"),
        (JobStatus("a", "A", JobState.RUNNING, 1000, 2000, 8.0), "1,000 of 2,000 · about 8 s left"),
        (JobStatus("a", "A", JobState.RUNNING, 1999, 2000, 0.1), "1,999 of 2,000 · about 1 s left"),
    ],
)
def test_progress_in_words(status, text):
    assert status.text == text


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (99.4, "99 s"),
        (100, "2 min"),
        (3540, "59 min"),
        (3599, "1 h"),
        (4800, "1 h 20 min"),
        (90_000, "1 d 1 h"),
        (172_800, "2 d"),
        (float("inf"), "unknown"),
        (-5, "0 s"),
    ],
)
def test_duration(seconds, expected):
    assert duration(seconds) == expected


def test_the_time_left_counts_from_the_first_progress(jobs):
    lines = ['{"message": "Loading …"}', '{"done": 1, "total": 4}']
    more = f'import time; time.sleep(.1); print(\'{{"done": 2, "total": 4}}\', flush=True); {UNTIL_CANCELLED}'
    jobs.start("a", "A job", saying(*lines, then=more))
    wait_until(lambda: jobs.status("a").done == 2)
    status = jobs.status("a")
    assert (status.share, status.message) == (0.5, "Loading …")
    assert 0.1 < status.seconds_left < PATIENCE


def test_one_after_another_and_the_same_only_once(jobs, tmp_path):
    assert jobs.start("first", "First", [UNTIL_CANCELLED], lane="one")
    wait_until(lambda: jobs.status("first").state is JobState.RUNNING)
    assert not jobs.start("first", "First again", [UNTIL_CANCELLED], lane="one", folder=tmp_path)
    assert not tmp_path.exists()  # nobody else would remove what was brought
    assert jobs.start("second", "Second", ["pass"], lane="one")
    assert jobs.start("beside", "Beside", ["pass"], lane="other")
    assert jobs.wait("beside", PATIENCE).state is JobState.DONE
    assert jobs.status("second").state is JobState.QUEUED
    assert [status.key for status in jobs.active()] == ["first", "second"]
    jobs.cancel("first")
    assert jobs.wait("second", PATIENCE).state is JobState.DONE
    assert not jobs.active()


def test_what_waits_is_cancelled_at_once(jobs):
    folder = Path(tempfile.mkdtemp())
    jobs.start("first", "First", [UNTIL_CANCELLED], lane="one")
    jobs.start("second", "Second", [UNTIL_CANCELLED], lane="one", folder=folder)
    jobs.start("third", "Third", ["pass"], lane="one")
    jobs.cancel("second")
    assert jobs.status("second").state is JobState.CANCELLED
    jobs.wait("second", PATIENCE)
    assert not folder.exists()
    assert jobs.status("first").is_active  # nobody had to wait for it
    assert jobs.status("third").state is JobState.QUEUED


def test_what_is_cancelled_tidies_up(jobs, tmp_path):
    mark = tmp_path / "half done"
    code = f"""
import pathlib, time
from emotion.jobs.progress import *
end_with_parent()
mark = pathlib.Path({str(mark)!r})
try:
    mark.touch()
    time.sleep(3600)
finally:
    mark.unlink()
"""
    jobs.start("a", "A job", [code])
    wait_until(mark.exists)
    jobs.cancel("a")
    assert jobs.status("a").text in ("Stopping …", "Getting ready …")
    status = jobs.wait("a", PATIENCE)
    assert (status.state, status.error) == (JobState.CANCELLED, None)
    assert not mark.exists()


def cancel_once_ready(jobs, code: str) -> None:
    jobs.start("a", "A job", saying('{"done": 1, "total": 2}', then=code))
    wait_until(lambda: jobs.status("a").done)
    jobs.cancel("a")
    assert jobs.wait("a", PATIENCE).state is JobState.CANCELLED


def test_what_does_not_listen_is_ended_all_the_same(jobs, monkeypatch):
    monkeypatch.setattr(jobs_module, "_GRACE_SECONDS", 0.2)
    cancel_once_ready(jobs, DEAF)


def test_what_listens_but_is_deaf_to_signals_ends_by_itself(jobs, monkeypatch):
    monkeypatch.setattr(jobs_module, "_GRACE_SECONDS", PATIENCE)
    deaf = "progress._GRACE_SECONDS = 0.2; progress.end_with_parent(); signal.signal(2, lambda *_: None)"
    cancel_once_ready(jobs, f"import signal; from emotion.jobs import progress; {deaf}; {DEAF}")


@pytest.mark.parametrize(
    ("limits", "code", "error"),
    [
        (Limits(seconds=0.2), UNTIL_CANCELLED, "took longer than"),
        (Limits(memory=60_000_000), f"hog = bytearray(200_000_000); {UNTIL_CANCELLED}", "of memory"),
        (
            Limits(memory=150_000_000),
            "import subprocess, sys; subprocess.run([sys.executable, '-c', "
            f"'hog = bytearray(200_000_000); {DEAF}'])",
            "of memory",
        ),
        (Limits(crashed="The file is damaged."), "import os; os.abort()", "The file is damaged."),
    ],
)
def test_limits(jobs, limits, code, error):
    folder = Path(tempfile.mkdtemp())
    jobs.start("a", "A job", [code], limits, folder=folder)
    status = jobs.wait("a", PATIENCE)
    assert status.state is JobState.FAILED
    assert error in status.error
    assert not folder.exists()


def has_ended(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_what_a_job_has_started_ends_with_it(jobs):
    code = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {DEAF!r}])
print('{{"message": "' + str(child.pid) + '"}}', flush=True)
time.sleep(3600)
"""
    jobs.start("a", "A job", [code])
    wait_until(lambda: jobs.status("a").message)
    child = psutil.Process(int(jobs.status("a").message))
    jobs.cancel("a")
    jobs.wait("a", PATIENCE)
    wait_until(lambda: has_ended(child))


def test_the_time_limit_in_words(jobs, monkeypatch):
    half_days = itertools.count(1, 43_201)  # between two looks at the clock
    clock = SimpleNamespace(monotonic=lambda: next(half_days), sleep=time.sleep)
    monkeypatch.setattr(jobs_module, "time", clock)
    jobs.start("a", "A job", [DEAF])
    assert jobs.wait("a", PATIENCE).error == "It took longer than 12 h and was ended."


def test_temporary_files_are_removed_even_after_a_crash(jobs, tmp_path):
    code = (
        "import os, tempfile; print('{\"message\": \"' + tempfile.mkdtemp() + '\"}', flush=True); os.abort()"
    )
    jobs.start("a", "A job", [code])
    folder = jobs.wait("a", PATIENCE).message
    assert folder
    assert not Path(folder).exists()


def test_what_ended_is_forgotten(jobs):
    few = Jobs(keep=2)
    for key in "abc":
        few.start(key, key, ["pass"])
        few.wait(key, PATIENCE)
    assert [few.status(key) is None for key in "abc"] == [True, False, False]
    short = Jobs(keep_seconds=0)
    short.start("a", "A job", ["pass"])
    short.wait("a", PATIENCE)
    assert short.status("a") is None


def test_a_job_ends_with_the_app():
    code = f"{LISTEN} print('ready', flush=True); time.sleep(3600)"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=paths.PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    process.stdout.readline()
    process.stdin.close()
    assert process.wait(timeout=PATIENCE) != 0


def test_an_app_that_ends_leaves_no_folder_of_a_job(tmp_path):
    busy = f"""{LISTEN}
import contextlib, os
while True:
    with contextlib.suppress(OSError):  # the folder is being removed
        os.makedirs(os.environ["TMPDIR"] + "/written", exist_ok=True)
"""
    app = f"""
import os, sys, time
from emotion.jobs import jobs
jobs._command = lambda arguments: [sys.executable, "-c", *arguments]
app = jobs.Jobs()
app.start("a", "Busy", [{busy!r}])
app.start("b", "Waiting", [{busy!r}], lane={busy!r})
app.start("c", "Waiting too", ["pass"], lane={busy!r})
while not app._jobs["a"].folder.joinpath("written").is_dir():
    time.sleep(0.01)
"""
    environment = os.environ | {"TMPDIR": str(tmp_path), "TEMP": str(tmp_path), "TMP": str(tmp_path)}
    subprocess.run(
        [sys.executable, "-c", app], cwd=paths.PROJECT, env=environment, check=True, timeout=PATIENCE
    )
    assert list(tmp_path.iterdir()) == []
