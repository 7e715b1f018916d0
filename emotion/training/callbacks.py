"""The seams of the training loop: what is written at the end of a batch or an epoch, and when to stop."""

import json
import os
import time
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np

from emotion.errors import TrainingError
from emotion.files import replacing, write_text
from emotion.training.metrics import read_all, read_metrics

# What Keras reports of an epoch, and `metrics.jsonl` keeps.
_FIGURES = ("loss", "accuracy", "val_loss", "val_accuracy")
# Lines of batches: at most one in so many seconds, and about so many an epoch.
SECONDS_BETWEEN_LINES = 1.0
MAX_LINES = 40


class Control(Protocol):
    """The other end of a training process: what it is asked, and what it tells."""

    def stop_requested(self) -> bool:
        """Return whether somebody asked the run to stop; called after each batch, so it must be cheap."""

    def message(self, text: str) -> None:
        """Take note of what is being done, in one sentence."""


class StopOnRequest(keras.callbacks.Callback):
    """End the training after the current batch when somebody asks; what is reached so far stays.

    Attributes:
        asked: whether somebody did.
        cut_epoch_short: whether the running epoch ended early; a resumed run repeats it whole.
    """

    def __init__(self, control: Control) -> None:
        super().__init__()
        self.control = control
        self.asked = False
        self.cut_epoch_short = False

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Stop here when asked to."""
        if self.control.stop_requested():
            self.asked = self.cut_epoch_short = True
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Stop between two epochs when asked to during the validation: the epoch counts."""
        if not self.asked and self.control.stop_requested():
            self.asked = self.model.stop_training = True


class Checkpoint(keras.callbacks.Callback):
    """Keep the newest state (weights, optimiser, averages, random state) as `epoch-0007.weights.h5`.

    The file is written beside and renamed, and the one before is removed only then: a process
    killed at any moment leaves one whole checkpoint.
    """

    def __init__(self, folder: Path, stop: StopOnRequest) -> None:
        super().__init__()
        self.folder, self.stop = folder, stop

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
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
    with replacing(path) as partial:
        model.save_weights(partial)


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

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
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

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Save when the accuracy is the best so far."""
        accuracy = float((logs or {}).get("accuracy", -1.0))
        if accuracy > self.best:
            self.best = accuracy
            save_weights(self.network, self.path)


class MetricsLog(keras.callbacks.Callback):
    """Append one line an epoch, and some lines of batches, to `metrics.jsonl` (see `metrics.py`).

    Args:
        path: the file.
        stop: knows of epochs that ended early; these are not noted.
        batches: how many an epoch has.
        batch_size: faces in each.
        keep_epochs: lines of later epochs are removed first, as a resumed run repeats them; and with them
            the line that a crash cut short.
    """

    def __init__(
        self, path: Path, stop: StopOnRequest, batches: int, batch_size: int, keep_epochs: int = 0
    ) -> None:
        super().__init__()
        self.path, self.stop = path, stop
        self.batches, self.batch_size = batches, batch_size
        self.epoch = 0
        self.started = self.first_done = self.trained = self.noted = 0.0
        kept = [record for part in read_all(path) for record in part if record["epoch"] <= keep_epochs]
        kept.sort(key=lambda record: (record["epoch"], record.get("batch", float("inf"))))
        write_text(path, "".join(json.dumps(record) + "\n" for record in kept))

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self.epoch = epoch + 1
        self.started = self.noted = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Append a line now and then: for those who watch, and few enough to keep the file small."""
        now = self.trained = time.perf_counter()
        done = batch + 1
        if done == 1:
            self.first_done = now
        since = now - self.noted
        per_line = (now - self.started) / done * self.batches / MAX_LINES  # seconds
        if done == 1 or since < max(SECONDS_BETWEEN_LINES, per_line):
            return
        self.noted = now
        figures = {name: float((logs or {})[name]) for name in ("loss", "accuracy")}
        progress = {"epoch": self.epoch, "batch": done, "batches": self.batches}
        self._append(progress | figures | self._pace(done) | {"at": round(time.time(), 3)})

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Append the epoch's line."""
        if self.stop.cut_epoch_short:
            return
        now = time.perf_counter()
        figures = {name: float((logs or {})[name]) for name in _FIGURES}
        pace = self._pace(self.batches)
        self._append({"epoch": epoch + 1} | figures | pace | {"seconds": round(now - self.started, 3)})

    def _pace(self, done: int) -> dict[str, Any]:
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        # Without the first batch: for that one, the backend compiles.
        pace = (done - 1) * self.batch_size / max(self.trained - self.first_done, 1e-6)
        return {"learning_rate": rate, "images_per_second": round(pace, 1)}

    def _append(self, record: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
            file.flush()
            if "batch" not in record:
                os.fsync(file.fileno())


class StopWithoutProgress(keras.callbacks.Callback):
    """End the run when the validation accuracy has not risen for so many epochs.

    It looks at the run's metrics, which a resumed run still has; `keras.callbacks.EarlyStopping`
    would begin to count anew. It must stand after `MetricsLog`.
    """

    def __init__(self, path: Path, patience: int) -> None:
        super().__init__()
        self.path, self.patience = path, patience

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Count the epochs since the best one."""
        if has_stalled(read_metrics(self.path), self.patience):
            self.model.stop_training = True


def has_stalled(records: list[dict[str, Any]], patience: int) -> bool:
    """Return whether the best of the epochs lies `patience` epochs back or more; 0 means never."""
    if not patience or not records:
        return False
    accuracies = [record["val_accuracy"] for record in records]
    return len(accuracies) - 1 - int(np.argmax(accuracies)) >= patience


class StopOnDivergence(keras.callbacks.Callback):
    """Raise `TrainingError` when the loss is no longer a number."""

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at the loss now and then; reading it at each batch would make a device wait."""
        if batch % 20 == 0:
            self._check((logs or {}).get("loss", 0.0))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at the validation's loss too, before the epoch is noted or kept."""
        self._check((logs or {}).get("loss", 0.0))
        self._check((logs or {}).get("val_loss", 0.0))

    def _check(self, loss: float) -> None:
        if not np.isfinite(float(loss)):
            raise TrainingError(
                "The loss is no longer a number: the training diverged. A lower learning rate helps."
            )
