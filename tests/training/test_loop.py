"""Real training processes on drawn faces: followed, stopped, killed at every moment, resumed.

Each takes seven seconds to load TensorFlow, so a few of them serve all tests.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from emotion import paths
from emotion.cli.train import main
from emotion.models import registry
from emotion.models.classifier import Classifier
from emotion.runs import actions, launcher
from emotion.runs.run import Run, RunStatus
from emotion.synthetic.faces import generate
from emotion.training.config import AugmentationConfig, RunConfig
from emotion.training.metrics import read_metrics
from tests.helpers import wait_until
from tests.runs.stand_in import run_folder

pytestmark = pytest.mark.slow

TINY = RunConfig(
    name="tiny", synthetic_faces=210, widths=(8, 16), blocks=1, stem_width=8, epochs=3, batch_size=16,
    warmup_epochs=0.5, ema_momentum=0.9, precision="float32",
    augmentation=AugmentationConfig(erasing=0.5),
)  # fmt: skip
# Starts a run, as an app would, and waits to be killed.
APP = """
import sys, time
from emotion.runs import actions
from emotion.training.config import RunConfig
print(actions.submit(RunConfig.from_json(sys.argv[1]), "", register=True).id, flush=True)
time.sleep(3600)
"""


# What happens to the processes of a run, by the run's name, one after the other; see `runs/dying.py`.
HAPPENINGS = {
    "dying": [
        "in_the_second_epoch", "writing_the_second_checkpoint", "noting_the_third_epoch", "writing_the_model",
    ],
    "slow": ["slow"],
    "full": ["on_a_full_disk"],
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _own_home(tmp_path_factory):
    """One home for all tests of this module."""
    happenings = {name: list(moments) for name, moments in HAPPENINGS.items()}
    lock, start = threading.Lock(), launcher.start

    def start_and_see_to_it(run: Run) -> subprocess.Popen:
        moments = happenings.get(run.name)
        with lock, pytest.MonkeyPatch.context() as patch:
            if moments:
                patch.setattr(launcher, "_PROGRAM", ("-m", "tests.runs.dying", moments.pop(0)))
            return start(run)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOTION_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("EMOTION_CONCURRENT_RUNS", "9")  # nothing here is about the queue
        patch.setattr(launcher, "start", start_and_see_to_it)
        yield


@pytest.fixture(scope="module")
def whole_run(_own_home) -> str:
    """The id of a run that nothing disturbed, but that the app that started it was killed."""
    app = subprocess.Popen(
        [sys.executable, "-c", APP, TINY.to_json()],
        cwd=paths.PROJECT, text=True, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    run_id = app.stdout.readline().strip()
    if os.name == "nt":
        app.kill()
    else:
        os.killpg(app.pid, signal.SIGINT)  # Ctrl-C reaches all that the terminal knows of
        os.killpg(app.pid, signal.SIGKILL)
    app.wait()
    return run_id


@pytest.fixture(scope="module", autouse=True)
def deaths(whole_run):
    """A run that dies at every moment, while the tests run: how it stood after each death, and the files."""

    def die_and_resume() -> list[tuple[Run, set[str]]]:
        run_id = start("dying")
        found = [look(run_id)]
        for _ in HAPPENINGS["dying"]:
            actions.resume(run_id)
            found.append(look(run_id))
        return found

    def look(run_id: str) -> tuple[Run, set[str]]:
        run = ended(run_id)
        return run, {path.relative_to(run.folder).as_posix() for path in run.folder.rglob("*")}

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(die_and_resume)


def ended(run_id: str) -> Run:
    wait_until(lambda: not actions.get_run(run_id).is_going)
    return actions.get_run(run_id)


def start(name: str, **changes) -> str:
    return actions.submit(TINY.changed(**changes), "", name=name).id


def log(run: Run) -> str:
    return (run.folder / "log.txt").read_text(encoding="utf-8")


def figures(run: Run) -> np.ndarray:
    keys = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
    return np.array([[record[key] for key in keys] for record in read_metrics(run.folder / "metrics.jsonl")])


def is_like_the_whole_run(run: Run, whole_run: str) -> bool:
    return np.allclose(figures(run), figures(ended(whole_run)), rtol=1e-3, atol=1e-4)


def test_a_run_outlives_its_app_and_leaves_a_model_that_predicts(whole_run):
    run = ended(whole_run)
    assert (run.status, run.error, run.epoch) == (RunStatus.FINISHED, "", 3), log(run)
    records = read_metrics(run.folder / "metrics.jsonl")
    assert [record["epoch"] for record in records] == [1, 2, 3]
    assert records[-1]["loss"] < records[0]["loss"]
    assert run.val_accuracy == max(record["val_accuracy"] for record in records)
    page = (run.folder / "curves.html").read_text(encoding="utf-8")
    assert "validation" in page
    assert "plotly" in page
    assert run.model == "tiny"
    predictions = Classifier(paths.models_folder() / "tiny").predict(generate(5, seed=9)[0])
    assert predictions.probabilities.shape == (5, 7)
    result = json.loads((run.folder / "result.json").read_text(encoding="utf-8"))
    assert result["metrics"]["test"]["n"] == 35
    assert not list(run.folder.rglob(".partial*"))
    assert actions.use_model(whole_run) == registry.active_model() == "tiny"


def test_ctrl_c_stops_a_run_which_then_goes_on_or_is_finished_early(whole_run, capsys):
    folder = run_folder(paths.runs_folder(), "mine", TINY)
    actions.rename("mine", "slow")

    def press_after_an_epoch() -> None:
        wait_until(lambda: bool(read_metrics(folder / "metrics.jsonl")))
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=press_after_an_epoch).start()
    assert main(["--resume", "mine"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "mine\n"
    assert "epoch   1  accuracy" in captured.err
    assert "Stopping after this batch" in captured.err
    assert "Stopped after 1 epoch. Go on with: python train_model.py --resume mine" in captured.err
    assert ended("mine").status is RunStatus.STOPPED

    # A copy, which the store knows nothing of, becomes a model as it is; the run itself goes on.
    shutil.copytree(folder, folder.with_name("copy"))
    assert actions.get_run("copy").status is RunStatus.INTERRUPTED
    actions.finish_early("copy")
    actions.resume("mine")
    run, copy = ended("mine"), ended("copy")
    assert (run.status, run.model) == (RunStatus.FINISHED, "tiny-2"), log(run)
    assert is_like_the_whole_run(run, whole_run)
    assert (copy.status, copy.epoch, copy.epochs, copy.model) == (RunStatus.FINISHED, 1, 3, ""), log(copy)
    assert (copy.folder / "model" / "model.tflite").is_file()


def test_a_diverging_run_fails_with_a_sentence():
    run = ended(start("diverging", learning_rate=1e30))
    assert run.status is RunStatus.FAILED
    assert "the training diverged. A lower learning rate helps." in run.error
    assert "Traceback" not in log(run)
    assert not (run.folder / "model").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of a file")
def test_a_full_disk_fails_the_run_with_a_sentence_and_leaves_no_half_of_a_file():
    run = ended(start("full", widths=(96, 192), epochs=1))
    assert run.status is RunStatus.FAILED, log(run)
    assert "Free some space, then resume the run" in run.error
    assert run.error in log(run)
    assert not list(run.folder.rglob(".partial*"))


def test_a_run_that_dies_at_every_moment_ends_like_an_undisturbed_one(whole_run, deaths):
    *dead, (run, files) = deaths.result()
    for (stood, left), epochs, sign in zip(
        dead,
        (1, 2, 2, 3),
        (
            "metrics.jsonl",
            "checkpoints/.partial-epoch-0002.weights.h5",
            "checkpoints/epoch-0002.weights.h5",
            ".partial-model/model.tflite",
        ),
        strict=True,
    ):
        assert (stood.status, stood.epoch) == (RunStatus.INTERRUPTED, epochs), log(run)
        assert "killed" in stood.error
        assert sign in left
        assert "model" not in left
    assert run.status is RunStatus.FINISHED, log(run)
    assert run.model == ""  # nobody asked for that
    assert {"model/model.tflite", "result.json", "predictions.npz", "curves.html"} <= files
    assert is_like_the_whole_run(run, whole_run)
    assert ended(whole_run).status is RunStatus.FINISHED  # what befell the others was not its business
