"""Measure how long an evaluation takes: a worker's whole life, and what its predictions cost.

    python benchmarks/evaluate.py DATASET [--split test] [--model NAME] [--json]

DATASET is an imported dataset's name, or "synthetic". The worker is the process that the Models page
starts; it begins with nothing known. Compared are one face at a time with one thread and with as many as
the worker uses, and, as the baseline, 64 faces at a time with one thread.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emotion import paths
from emotion.dataset import store
from emotion.dataset.face_dataset import DatasetError
from emotion.evaluation.tasks import THREADS
from emotion.evaluation.trial import Trial, trial_faces
from emotion.models.card import ModelError
from emotion.models.classifier import Classifier
from emotion.models.litert import open_own
from emotion.models.registry import active_model, model_folder

_BLOCK = 64


def seconds_of_job(trial: Trial) -> float:
    """Return how long the page would wait for an evaluation whose result is not known yet."""
    dataset = store.dataset_folder(trial.dataset)
    with tempfile.TemporaryDirectory() as home:
        # A home without results; the dataset and the models are the real ones.
        data = Path(home) / "data"
        data.mkdir()
        shutil.copytree(dataset, data / dataset.name)
        shutil.copytree(model_folder(trial.model), Path(home) / "models" / trial.model)
        environment = os.environ | {"EMOTION_HOME": home, "TF_CPP_MIN_LOG_LEVEL": "3"}
        arguments = ["models", "evaluate", trial.model, trial.dataset, "--split", trial.split]
        started = time.perf_counter()
        # The pipe to standard input stays open: its end tells a job that the app is gone.
        process = subprocess.Popen(
            [sys.executable, "-m", "emotion", "--job", *arguments],
            cwd=paths.PROJECT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if process.wait():
            raise ModelError("The job failed.")
        return time.perf_counter() - started


def seconds(call) -> tuple[float, float]:
    """Return the seconds that pass, and those of processor time, until a call returns."""
    started, used = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - started, time.process_time() - used


def in_blocks(folder: Path, images: np.ndarray) -> None:
    """Predict 64 faces at a time."""
    run = open_own((folder / "model.tflite").read_bytes())
    for start in range(0, len(images), _BLOCK):
        run(images[start : start + _BLOCK, ..., None].astype(np.float32))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("dataset", metavar="DATASET")
    parser.add_argument("--split", default="test")
    parser.add_argument("--model", help="default: the active one")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    try:
        model = options.model or active_model()
        trial = Trial(model, options.dataset, options.split)
        faces = trial_faces(trial)
        folder = model_folder(model)
        worker = seconds_of_job(trial)
        images = faces.images
        alone, together = Classifier(folder), Classifier(folder, threads=THREADS)
    except (DatasetError, ModelError) as error:
        parser.error(str(error))
    ways = {
        "64 at a time": seconds(lambda: in_blocks(folder, images)),
        "one at a time": seconds(lambda: alone.predict(images)),
        f"{THREADS} threads": seconds(lambda: together.predict(images)),
    }
    if options.json:
        figures = {
            name: {"seconds": round(wall, 3), "processor_seconds": round(used, 3)}
            for name, (wall, used) in ways.items()
        }
        print(json.dumps({"model": model, "n": len(images), "worker_seconds": round(worker, 3), **figures}))
        return
    print(f"{model} on {len(images):,} faces: the evaluation takes {worker:.1f} s, its process included")
    for name, (wall, used) in ways.items():
        print(f"{name:14} {wall:6.2f} s, {1000 * used / len(images):.2f} ms of processor time a face")


if __name__ == "__main__":
    main()
