"""Commands started as the app starts them: as jobs that say nothing but lines of JSON."""

import json
import os
import subprocess
import sys

import pytest

from emotion import paths
from emotion.dataset import store
from emotion.evaluation.answers import load_probabilities
from emotion.evaluation.trial import Trial, trial_faces
from emotion.jobs.jobs import Jobs
from emotion.jobs.status import JobState
from tests.helpers import PATIENCE, faces_by_name, write_folder

pytestmark = pytest.mark.slow


def start_job(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "emotion", "--job", *arguments],
        cwd=paths.PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_job(*arguments: str) -> tuple[int, list[dict], str]:
    with start_job(*arguments) as process:
        # Read before its input is closed, which would end it.
        said = [json.loads(line) for line in process.stdout]
        return process.wait(PATIENCE), said, process.stderr.read()


def test_an_import_says_how_far_it_is_and_what_came_of_it(tmp_path):
    folder = write_folder(tmp_path / "mine", faces_by_name(14) | {"train/happy/broken.png": b"no picture"})
    status, said, _ = run_job("datasets", "import", str(folder), "--name=some")
    assert status == 0
    assert {"done": 15, "total": 15} in said
    assert said[-1] == {"result": {"name": "some"}}
    dataset = store.open_dataset("some")
    assert (len(dataset), dataset.description.skipped) == (14, 1)


def test_what_is_printed_for_people_stays_out_of_the_lines():
    store.open_dataset(store.SYNTHETIC)
    status, said, errors = run_job("datasets", "stats", "synthetic")
    assert (status, said) == (0, [])
    assert "70 faces" in errors


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["datasets", "copies", "nowhere"], "There is no dataset called 'nowhere'"),
        (["models", "evaluate", "nobody", "synthetic"], "There is no model 'nobody'"),
        (["train", "--config=/no/such/config.json", "--describe"], "/no/such/config.json cannot be read."),
    ],
)
def test_an_error_is_one_sentence(arguments, sentence):
    status, said, errors = run_job(*arguments)
    assert status != 0
    assert [line for line in said if not line.keys() & {"error", "message"}] == []
    assert said[-1]["error"].startswith(sentence)
    assert "Traceback" not in errors


def test_pages_find_what_jobs_have_found_out():
    store.open_dataset(store.SYNTHETIC)
    jobs = Jobs()
    jobs.start("a", "Evaluating", ["models", "evaluate", "crowd", "synthetic", "--split=test"])
    status = jobs.wait("a", PATIENCE)
    assert (status.state, status.error, status.share) == (JobState.DONE, None, 1)
    assert load_probabilities(trial_faces(Trial("crowd", store.SYNTHETIC, "test"))).shape == (12, 7)


def test_a_cancelled_import_leaves_nothing_behind(tmp_path):
    folder = write_folder(tmp_path / "mine", faces_by_name(700))
    jobs = Jobs()
    jobs.start("a", "Importing", ["datasets", "import", str(folder)])
    while jobs.status("a").is_active and not jobs.status("a").done:
        pass
    jobs.cancel("a")
    status = jobs.wait("a", PATIENCE)
    left = {path.name for path in store.datasets_folder().iterdir() if not path.name.endswith(".lock")}
    # On a fast machine it may have been done before; half of it is never there.
    assert left == ({"mine"} if status.state is JobState.DONE else set())


def test_a_job_whose_app_is_gone_ends_without_a_word(tmp_path):
    folder = write_folder(tmp_path / "mine", faces_by_name(70))
    with start_job("datasets", "import", str(folder), "--name=some") as process:
        process.stdin.close()
        process.stdout.close()
        process.wait(PATIENCE)
        assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize("encoding", ["cp1252:strict", "ascii:strict", "utf-8:strict"])
def test_a_name_that_cannot_be_written_ends_nothing(tmp_path, encoding):
    names = ["1.jpg", "2 写真.jpg", "3.jpg"]
    if os.name == "posix":
        names.append(os.fsdecode(b"4 \xff.jpg"))
    for name in names:
        (tmp_path / name).write_bytes(b"no picture")
    for command in (["analyze"], ["datasets", "import"]):
        ended = subprocess.run(
            [sys.executable, "-m", "emotion", *command, str(tmp_path)],
            cwd=paths.PROJECT,
            capture_output=True,
            env=os.environ | {"PYTHONIOENCODING": encoding},
            check=False,
        )
        assert ended.returncode == 1
        assert b"Traceback" not in ended.stderr
        assert command != ["analyze"] or ended.stderr.count(b"not a picture") == len(names)
