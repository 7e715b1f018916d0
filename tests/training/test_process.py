"""A real training run in a process of its own: from drawn faces to a model, stopped, killed, resumed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from emotion import paths
from emotion.classifier import Classifier
from emotion.dataset.synthetic import generate
from emotion.training.config import AugmentationConfig, RunConfig
from emotion.training.metrics import read_metrics
from emotion.training.runs import create_run

TINY = RunConfig(
    name="tiny", synthetic_faces=210, widths=(8, 16), blocks=1, stem_width=8, epochs=3, batch_size=16,
    warmup_epochs=0.5, ema_momentum=0.9, mixed_precision=False,
    augmentation=AugmentationConfig(erasing=0.5),
)  # fmt: skip


def start(*arguments: str) -> subprocess.Popen:
    command = [sys.executable, "train_model.py", *arguments]
    return subprocess.Popen(
        command, cwd=paths.PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def train(*arguments: str) -> tuple[str, str]:
    process = start(*arguments)
    output, messages = process.communicate(timeout=300)
    assert process.returncode == 0, messages
    return output, messages


def wait_for_epoch(run: Path, epoch: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 200
    while len(read_metrics(run / "metrics.jsonl")) < epoch:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "the run does not get on"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory) -> Path:
    """The folder of a run that nothing disturbed; its home is two folders up."""
    home = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOTION_HOME", str(home))
        run = create_run(TINY)
        train("--resume", str(run))
    return run


def figures(run: Path) -> np.ndarray:
    keys = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
    return np.array([[record[key] for key in keys] for record in read_metrics(run / "metrics.jsonl")])


def test_a_run_leaves_metrics_curves_and_a_model_that_predicts(whole_run):
    records = read_metrics(whole_run / "metrics.jsonl")
    assert [record["epoch"] for record in records] == [1, 2, 3]
    assert records[-1]["loss"] < records[0]["loss"]
    page = (whole_run / "curves.html").read_text(encoding="utf-8")
    assert "validation" in page
    assert "plotly" in page
    folder = whole_run.parent.parent / "models" / "tiny"
    predictions = Classifier(folder).predict(generate(5, seed=9)[0])
    assert predictions.probabilities.shape == (5, 7)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert card["metrics"]["test"]["n"] == 35
    assert card["dataset"]["name"] == "synthetic"
    assert not list(whole_run.parent.parent.glob("models/.*"))


@pytest.mark.parametrize(
    ("number", "epochs_before"),
    [(signal.SIGINT, 1), (signal.SIGKILL, 1), (signal.SIGKILL, 2)],
    ids=["Ctrl-C", "kill -9 after an epoch", "kill -9 after two"],
)
def test_an_interrupted_run_ends_like_an_undisturbed_one(whole_run, number, epochs_before):
    if os.name == "nt":
        pytest.skip("Windows has no such signals")
    run = create_run(TINY)
    process = start("--resume", str(run))
    wait_for_epoch(run, epochs_before, process)
    process.send_signal(number)
    _, messages = process.communicate(timeout=60)
    if number == signal.SIGINT:
        assert process.returncode == 0, messages
        assert "Go on with: python train_model.py --resume" in messages
    train("--resume", str(run))
    assert np.allclose(figures(run), figures(whole_run), rtol=1e-3, atol=1e-4)
    assert (paths.models_folder() / "tiny" / "model.tflite").is_file()


def test_a_diverging_run_ends_with_a_sentence():
    run = create_run(TINY.changed(learning_rate=1e30))
    process = start("--resume", str(run))
    _, messages = process.communicate(timeout=200)
    assert process.returncode == 1
    assert "the training diverged. A lower learning rate helps." in " ".join(messages.split())
    assert "Traceback" not in messages
    assert not paths.models_folder().exists()
