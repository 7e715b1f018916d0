"""Runs as their processes leave them, and the page of training, opened."""

import json
import shutil
from dataclasses import replace

import numpy as np
from streamlit.testing.v1 import AppTest

from emotion import paths
from emotion.evaluation.metrics import evaluate_probabilities
from emotion.runs import actions
from emotion.runs.run import Run, RunStatus
from emotion.runs.store import RunStore
from emotion.training.config import RunConfig
from emotion.training.data import load_dataset
from emotion.training.presets import PRESETS
from tests.pages.helpers import new_app

QUICK = PRESETS["quick"]
CONFIG = replace(QUICK, synthetic_faces=70, epochs=6, batch_size=128)


def epoch(number: int, accuracy: float = 0.1) -> dict:
    return {
        "epoch": number,
        "loss": 2 / number,
        "accuracy": accuracy * number,
        "val_loss": 2.5 / number,
        "val_accuracy": accuracy * number - 0.02,
        "learning_rate": 0.05,
        "seconds": 3.0,
        "images_per_second": 400.0,
    }


def batch(number: int, in_epoch: int, at: float = 0.0) -> dict:
    return {
        "epoch": in_epoch,
        "batch": number,
        "batches": 10,
        "loss": 1.0,
        "accuracy": 0.3,
        "learning_rate": 0.04,
        "images_per_second": 300.0,
        "at": at,
    }


def write_metrics(run: Run, *lines: dict) -> None:
    (run.folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def add_run(
    status: RunStatus, name: str = "mine", epochs: int = 2, config: RunConfig = CONFIG, **columns
) -> Run:
    """A run as its process, or its end, would have left it; a queued one waits behind another."""
    run = actions.submit(config, "quick", name=name)
    if epochs:
        write_metrics(run, *(epoch(number + 1) for number in range(epochs)))
        columns = {"epoch": epochs, "val_accuracy": 0.1 * epochs - 0.02} | columns
    with RunStore(run.root).transaction() as transaction:
        if status not in (RunStatus.QUEUED, RunStatus.RUNNING):
            transaction.move(run.id, status)
        transaction.change(run.id, **({"name": name} | columns))
    return actions.get_run(run.id)


def add_finished(name: str = "mine", config: RunConfig = CONFIG, wrong: int = 3) -> Run:
    """A run with a model and predictions for the test, some of them wrong."""
    run = add_run(RunStatus.FINISHED, name, config=config)
    faces = load_dataset(config)
    indices = np.flatnonzero(faces.splits == "test")
    labels = faces.labels[indices]
    probabilities = np.full((len(indices), 7), 0.02, np.float32)
    answers = labels.copy()
    answers[:wrong] = (answers[:wrong] + 1) % 7
    probabilities[np.arange(len(indices)), answers] = 0.88
    np.savez(
        run.folder / "predictions.npz",
        test_indices=indices,
        test_labels=labels,
        test_probabilities=probabilities,
    )
    report = evaluate_probabilities(probabilities, labels)
    result = {
        "best_epoch": 2,
        "epochs": 2,
        "temperature": 1.0,
        "device": "2 GPUs",
        "metrics": {"test": report.figures()},
    }
    (run.folder / "result.json").write_text(json.dumps(result))
    shutil.copytree(paths.shipped_models_folder() / "crowd", run.folder / "model")
    return run


def open_page(**address: str) -> AppTest:
    app = new_app("training")
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def buttons(app) -> dict:
    return {button.label: button for button in app.button}


def table_with(app, column: str):
    return next(frame.value for frame in app.dataframe if column in frame.value.columns)


def view(app) -> str:
    return app.segmented_control(key="training-view").value


def setting(app, name: str, preset: str = "quick", version: int = 0):
    return app.session_state[f"training-{preset}-{version}-{name}"]
