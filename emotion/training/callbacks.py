"""The seams of the training loop: what is written at the end of a batch or an epoch, and when to stop."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from emotion.training.errors import TrainingError
from emotion.training.metrics import read_metrics

# What Keras reports of an epoch, and `metrics.jsonl` keeps.
METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")


class StopOnSignal(keras.callbacks.Callback):
    """End the training after the current batch on Ctrl-C or SIGTERM; what is reached so far stays.

    Attributes:
        asked: whether such a signal came.
        cut_epoch_short: whether the running epoch ended early; a resumed run repeats it whole.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked = False
        self.cut_epoch_short = False
        self._previous: dict[int, Any] = {}

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Listen; the handlers of before come back at the end."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Stop here when asked to."""
        if self.asked:
            self.cut_epoch_short = True
            self.model.stop_training = True

    def on_train_end(self, logs: dict | None = None) -> None:
        """Give the signals back."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)


class Checkpoint(keras.callbacks.Callback):
    """Keep the newest state (weights, optimiser, averages, random state) as `epoch-0007.weights.h5`.

    The file is written beside and renamed, and the one before is removed only then: a process
    killed at any moment leaves one whole checkpoint.
    """

    def __init__(self, folder: Path, stop: StopOnSignal) -> None:
        super().__init__()
        self.folder, self.stop = folder, stop

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Save, unless the epoch was cut short: a resumed run then repeats it whole."""
        if self.stop.cut_epoch_short:
            return
        path = self.folder / f"epoch-{epoch + 1:04d}.weights.h5"
        save_weights(self.model, path)
        for other in self.folder.glob("epoch-*.weights.h5"):
            if other != path:
                other.unlink()


def save_weights(model: keras.Model, path: Path) -> None:
    """Write the state of a model and its optimiser to `path` (*.weights.h5), atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial-{path.name}")
    model.save_weights(partial)
    partial.replace(path)


def newest_checkpoint(folder: Path) -> tuple[Path, int] | None:
    """Return the newest checkpoint and how many epochs it stands for, or None."""
    paths = sorted(folder.glob("epoch-*.weights.h5"))
    if not paths:
        return None
    return paths[-1], int(paths[-1].name.removeprefix("epoch-").split(".")[0])


class SeedEachEpoch(keras.callbacks.Callback):
    """Set the random state of dropout and augmentation from the run's seed and the epoch alone.

    Keras leaves the state of its seed generators out of saved weights; set like this, a resumed run
    draws the same numbers as one that was never interrupted.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Give each seed generator a state of its own."""
        states = [variable for variable in self.model.variables if variable.name == "seed_generator_state"]
        for index, state in enumerate(states):
            generator = np.random.default_rng((self.seed, epoch, index))
            state.assign(generator.integers(0, 2**31, size=state.shape).astype(state.dtype))


class BestWeights(keras.callbacks.Callback):
    """Keep the network's weights with the best validation accuracy so far in `path`.

    It saves at the end of the validation, while the averaged weights are in place; so it must
    stand before `keras.callbacks.SwapEMAWeights` in the list of callbacks.
    """

    def __init__(self, network: keras.Model, path: Path, best: float = -1.0) -> None:
        super().__init__()
        self.network, self.path, self.best = network, path, best

    def on_test_end(self, logs: dict | None = None) -> None:
        """Save when the accuracy is the best so far."""
        accuracy = float((logs or {}).get("accuracy", -1.0))
        if accuracy > self.best:
            self.best = accuracy
            save_weights(self.network, self.path)


class MetricsLog(keras.callbacks.Callback):
    """Append one JSON line an epoch to `metrics.jsonl`.

    Args:
        path: the file.
        stop: knows of epochs that ended early; these are not noted.
        keep_epochs: lines of later epochs are removed first, as a resumed run repeats them.
        on_record: called with each record, to show it to a person.
    """

    def __init__(
        self,
        path: Path,
        stop: StopOnSignal,
        keep_epochs: int = 0,
        on_record: Callable[[dict], None] | None = None,
    ) -> None:
        super().__init__()
        self.path, self.stop, self.on_record = path, stop, on_record
        self.started = 0.0
        kept = [record for record in read_metrics(path) if record["epoch"] <= keep_epochs]
        partial = path.with_name(f".partial-{path.name}")
        partial.write_text("".join(json.dumps(record) + "\n" for record in kept), encoding="utf-8")
        partial.replace(path)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the clock."""
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Append the epoch's line."""
        if self.stop.cut_epoch_short:
            return
        figures = {name: float((logs or {})[name]) for name in METRICS}
        record = {
            "epoch": epoch + 1,
            **figures,
            "learning_rate": float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)),
            "seconds": time.perf_counter() - self.started,
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if self.on_record:
            self.on_record(record)


class StopOnDivergence(keras.callbacks.Callback):
    """Raise `TrainingError` when the loss is no longer a number."""

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Look at the loss now and then; reading it at each batch would make the device wait."""
        if batch % 20 == 0 and not np.isfinite(float((logs or {}).get("loss", 0.0))):
            raise TrainingError(
                "The loss is no longer a number: the training diverged. A lower learning rate helps."
            )
