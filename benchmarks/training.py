"""Measure how fast training goes, beside a bare `model.fit` of the same model on arrays in memory.

    python benchmarks/training.py [--preset base] [--steps 40] [--rounds 5] [--json]

In each round, one after another, each fits the same number of batches:

- `bare`: Keras's own `model.fit` on arrays, the baseline; augmentation in the graph, no callback;
- `run`: what a run does: shuffled batches, mixing, metrics, and watching for a stop;
- `no augmentation`: `bare` without it, to show what it costs in the graph;
- `augmentation outside`: the same layers, called on each batch before it goes to the graph;
- `Keras's normalization`: `bare` with Keras's batch normalisation (see emotion/training/normalization.py).

All of them compute in float32; last comes how much longer a step takes in bfloat16 (see
emotion/training/precision.py), which ends soon where that is hopeless.

Prints the median of the images a second, and its ratio to the baseline's. The clock runs from the second
batch to the last: what surrounds them comes once a run. Needs TensorFlow.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from unittest.mock import patch

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import keras
import numpy as np

from emotion.dataset.face_dataset import FaceDataset
from emotion.synthetic.faces import generate
from emotion.training import callbacks, recipe
from emotion.training.augmentation import build_augmentation
from emotion.training.batches import endless_batches
from emotion.training.config import AugmentationConfig, RunConfig
from emotion.training.data import Part, one_hot
from emotion.training.pace import PrecisionTrial
from emotion.training.precision import TRIAL_FACES, compare
from emotion.training.presets import PRESETS
from emotion.training.recipe import build_recipe

WITHOUT = AugmentationConfig(flip=False, rotation=0, shift=0, zoom=0, erasing=0)


class _NeverStop:
    def stop_requested(self) -> bool:
        return False

    def message(self, text: str) -> None:
        """Take note of nothing."""


def main() -> None:
    """Print the pace of each way of training."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--preset", choices=tuple(PRESETS), default="base")
    parser.add_argument("--steps", type=int, default=40, help="batches a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    config = PRESETS[options.preset].changed(
        targets="labels", precision="float32", start_from="", teachers=()
    )
    part = _drawn_faces(config.batch_size * options.steps)
    ways = _ways(config, part, options.steps)
    clock = _Clock()
    for fit in ways.values():
        fit(clock)  # compiles
    paces: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, fit in ways.items():
            fit(clock)
            paces[name].append(clock.batches_per_second() * config.batch_size)
    medians = {name: statistics.median(values) for name, values in paces.items()}
    ratios = {name: statistics.median(np.divide(values, paces["bare"])) for name, values in paces.items()}
    trial = PrecisionTrial(*compare(config))
    if options.json:
        found = {"preset": options.preset, "images_per_second": medians, "ratios": ratios}
        print(json.dumps(found | {"step_seconds": asdict(trial)}))
        return
    print(
        f"{options.preset}: {options.rounds} rounds of {options.steps} batches of {config.batch_size} faces"
    )
    for name in ways:
        print(f"{name:22} {medians[name]:8.0f} images/s   {ratios[name]:6.2f} of bare")
    print(
        f"A step of {TRIAL_FACES} faces in bfloat16 takes {trial.bfloat16 / trial.float32:.2f} times as "
        f"long as in float32 ({1000 * trial.bfloat16:.0f} and {1000 * trial.float32:.0f} ms)."
    )


def _drawn_faces(count: int) -> Part:
    images, labels = generate(min(count, 1400), seed=0)
    rows = np.arange(count) % len(images)
    names = np.array([str(row) for row in rows])
    faces = FaceDataset(images[rows], labels[rows], np.full(count, "train"), names)
    return Part(faces, one_hot(labels[rows]), np.arange(count))


def _ways(config: RunConfig, part: Part, steps: int) -> dict[str, Callable[["_Clock"], object]]:
    arrays = (part.images[..., None].astype("float32"), part.targets)
    model = build_recipe(config, len(part)).model
    plain_config = replace(config, augmentation=WITHOUT)
    plain = build_recipe(plain_config, len(part)).model
    with patch.object(recipe, "with_fast_normalization", lambda network: network):
        slow = build_recipe(config, len(part)).model
    augmentation = build_augmentation(config.augmentation, config.seed)
    folder = Path(tempfile.mkdtemp())

    def outside() -> Iterator:
        for faces, targets, weights in endless_batches(part, config):
            yield np.asarray(augmentation(faces, training=True)), targets, weights

    batches = endless_batches(part, config)
    augmented = outside()

    def run(clock: _Clock) -> None:
        stop = callbacks.StopOnRequest(_NeverStop())
        log = callbacks.MetricsLog(folder / "metrics.jsonl", stop, steps, config.batch_size)
        model.fit(
            batches,
            steps_per_epoch=steps,
            shuffle=False,
            verbose=0,
            callbacks=[stop, callbacks.StopOnDivergence(), _Watch(log), clock],
        )

    quiet = {"verbose": 0, "shuffle": False}
    return {
        "bare": lambda clock: model.fit(*arrays, batch_size=config.batch_size, callbacks=[clock], **quiet),
        "run": run,
        "no augmentation": lambda clock: plain.fit(
            *arrays, batch_size=config.batch_size, callbacks=[clock], **quiet
        ),
        "augmentation outside": lambda clock: plain.fit(
            augmented, steps_per_epoch=steps, callbacks=[clock], **quiet
        ),
        "Keras's normalization": lambda clock: slow.fit(
            *arrays, batch_size=config.batch_size, callbacks=[clock], **quiet
        ),
    }


class _Clock(keras.callbacks.Callback):
    """Notes when each batch of a fit was done."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.times: list[float] = []

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.times.append(time.perf_counter())

    def batches_per_second(self) -> float:
        """Return the pace from the second batch to the last."""
        return (len(self.times) - 2) / (self.times[-1] - self.times[1])


class _Watch(keras.callbacks.Callback):
    """Lets a `MetricsLog` note batches, but no epoch: that line needs a validation."""

    def __init__(self, log: callbacks.MetricsLog) -> None:
        super().__init__()
        self.log = log

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.log.set_model(self.model)
        self.log.on_epoch_begin(epoch)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.log.on_train_batch_end(batch, logs)


if __name__ == "__main__":
    main()
