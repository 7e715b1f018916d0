"""`python -m tests.runs.dying MOMENT RUN_DIR`: the training process, to which something happens.

It is killed at a moment that no test could hit from outside, or slowed down, or may write no large file.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from emotion.runs import __main__ as training_process
from emotion.training import callbacks, finish
from emotion.training.metrics import read_metrics

LARGEST_FILE = 2_000_000  # bytes; more than the store has, less than the weights that are written


def die() -> None:
    """End as with `kill -9`."""
    psutil.Process().kill()
    time.sleep(3600)


def in_the_second_epoch() -> None:
    before = callbacks.StopOnRequest.on_train_batch_end

    def on_train_batch_end(self: callbacks.StopOnRequest, batch: int, logs: dict | None = None) -> None:
        before(self, batch, logs)
        if batch == 2 and read_metrics(Path(sys.argv[2]) / "metrics.jsonl"):
            die()

    callbacks.StopOnRequest.on_train_batch_end = on_train_batch_end


def writing_the_second_checkpoint() -> None:
    before = callbacks.save_weights

    def save_weights(model: Any, path: Path) -> None:
        if path.name == "epoch-0002.weights.h5":
            partial = path.with_name(f".partial-{path.name}")
            model.save_weights(partial)
            partial.write_bytes(partial.read_bytes()[:1000])
            die()
        before(model, path)

    callbacks.save_weights = save_weights


def noting_the_third_epoch() -> None:
    before = callbacks.MetricsLog._append

    def append(self: callbacks.MetricsLog, record: dict) -> None:
        if record["epoch"] == 3 and "batch" not in record:
            with self.path.open("a") as file:
                file.write(json.dumps(record)[:40])
            die()
        before(self, record)

    callbacks.MetricsLog._append = append


def writing_the_model() -> None:
    def write_model_files(model: Any, folder: Path) -> None:
        (folder / "model.tflite").write_bytes(b"half of a mod")
        die()

    finish.write_model_files = write_model_files


def slow() -> None:
    before = callbacks.StopOnRequest.on_train_batch_end

    def on_train_batch_end(self: callbacks.StopOnRequest, batch: int, logs: dict | None = None) -> None:
        time.sleep(0.3)
        before(self, batch, logs)

    callbacks.StopOnRequest.on_train_batch_end = on_train_batch_end


def on_a_full_disk() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    sys.exit(training_process.main(sys.argv[2:]))
