import subprocess
import sys

import pytest

from emotion import paths
from emotion.dataset import store
from emotion.evaluation.answers import load_probabilities
from emotion.evaluation.trial import Trial, trial_faces
from emotion.jobs.jobs import JobState, Limits, ModelJobs
from emotion.models.tasks import Task
from tests.helpers import PATIENCE, wait_until

SLEEP = "import time; time.sleep(3600)"


def program(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def saying(*lines: str, then: str = "") -> list[str]:
    return program(f"print({chr(10).join(lines)!r}, flush=True); {then}")


@pytest.mark.parametrize(
    ("command", "state", "error"),
    [
        (saying('{"done": 3, "total": 4}', '{"result": {"name": "x"}}'), JobState.DONE, None),
        (
            saying('{"error": "No such model."}', then="raise SystemExit(1)"),
            JobState.FAILED,
            "No such model.",
        ),
        (program("raise SystemExit(3)"), JobState.FAILED, "It ended without a result; the app's log"),
        (saying("a library's greeting", '["no object of ours"]', "{"), JobState.DONE, None),
        (["/no/such/program"], JobState.FAILED, "could not be started"),
    ],
)
def test_how_a_job_ends(command, state, error):
    jobs = ModelJobs()
    cleaned = []
    assert jobs.start("a", "A job", command, lambda: cleaned.append(True))
    status = jobs.wait("a", PATIENCE)
    assert status.state is state
    assert (error or "") in (status.error or "")
    assert (status.error is None) == (error is None)
    assert cleaned == [True]
    if "done" in command[-1]:
        assert (status.share, status.result) == (0.75, {"name": "x"})
    jobs.dismiss("a")
    assert jobs.status("a") is None


def test_progress_with_time_left():
    jobs = ModelJobs()
    jobs.start("a", "A job", saying('{"message": "Loading …"}', '{"done": 1, "total": 4}', then=SLEEP))
    wait_until(lambda: jobs.status("a").share)
    status = jobs.status("a")
    assert (status.share, status.message) == (0.25, "Loading …")
    assert status.text.startswith("25% · about ")
    jobs.cancel("a")
    status = jobs.wait("a", PATIENCE)
    assert (status.state, status.error) == (JobState.CANCELLED, None)


def test_one_after_another_and_the_same_only_once():
    jobs = ModelJobs()
    assert jobs.start("first", "First", program(SLEEP))
    wait_until(lambda: jobs.status("first").state is JobState.RUNNING)
    assert not jobs.start("first", "First again", program(SLEEP))
    assert jobs.start("second", "Second", program("pass"))
    assert jobs.start("third", "Third", program(SLEEP))
    assert jobs.status("second").state is JobState.QUEUED
    assert [status.key for status in jobs.active()] == ["first", "second", "third"]
    assert "Waiting" in jobs.status("second").text
    jobs.cancel("third")  # before its turn
    jobs.cancel("first")
    assert jobs.wait("second", PATIENCE).state is JobState.DONE
    assert jobs.wait("third", PATIENCE).state is JobState.CANCELLED
    assert not jobs.active()


@pytest.mark.parametrize(
    ("limits", "code", "error"),
    [
        (Limits(seconds=0.2), SLEEP, "took longer than"),
        (Limits(memory=60_000_000), f"hog = bytearray(200_000_000); {SLEEP}", "of memory"),
        (Limits(crashed="The file is damaged."), "import os; os.abort()", "The file is damaged."),
    ],
)
def test_limits(limits, code, error):
    jobs = ModelJobs()
    jobs.start("a", "A job", program(code), limits=limits)
    status = jobs.wait("a", PATIENCE)
    assert status.state is JobState.FAILED
    assert error in status.error


@pytest.mark.slow
def test_a_real_evaluation():
    store.open_dataset(store.SYNTHETIC)
    task = Task("evaluate", ("crowd",), store.SYNTHETIC, "test")
    jobs = ModelJobs()
    jobs.start("a", "Evaluating", task.command())
    status = jobs.wait("a", PATIENCE)
    assert (status.state, status.error) == (JobState.DONE, None)
    assert load_probabilities(trial_faces(Trial("crowd", store.SYNTHETIC, "test"))).shape == (12, 7)
    jobs.start("b", "Evaluating", Task("evaluate", ("none",), store.SYNTHETIC, "test").command())
    assert jobs.wait("b", PATIENCE).error.startswith("There is no model 'none'")


def test_a_worker_ends_with_the_app():
    code = "from emotion.jobs.progress import *; import time; end_with_parent(); time.sleep(3600)"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=paths.PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdin.close()
    assert process.wait(timeout=PATIENCE) == 1
