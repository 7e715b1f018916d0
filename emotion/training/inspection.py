"""What a network is made of, and how long training it takes on this machine, without training it.

Both need Keras, which the app process never imports: `python -m emotion.training.inspection` answers
one question and ends. The answers are kept in `runs/measured.json`, as they hold until the
settings, the versions or the machine change.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from emotion import paths
from emotion.errors import FileError, TrainingError
from emotion.files import locked, read_object, write_json
from emotion.training.config import RunConfig

Answer = TypeVar("Answer")
TIMEOUT_SECONDS = 600
RETRY_SECONDS = 60.0
# Changes with what the answers hold.
_VERSION = 1
# What decides the network, and what else decides the pace.
_NETWORK_SETTINGS = ("architecture", "widths", "blocks", "stem_width", "dense_units")
_PACE_SETTINGS = (
    "batch_size",
    "optimizer",
    "mixed_precision",
    "dropout",
    "mixup",
    "cutmix",
    "teachers",
    "average_mirrored",
)


@dataclass(frozen=True)
class LayerRow:
    """One layer of a network.

    Attributes:
        name: of the layer.
        kind: its Keras class, as "Conv2D".
        output_shape: without the batch, as (48, 48, 32).
        parameters: how many numbers it has learned or keeps.
        multiply_adds: multiplications with an addition, for one face; 0 for layers with next to none.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class NetworkDescription:
    """A network, layer by layer, and its totals."""

    layers: tuple[LayerRow, ...]
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Pace:
    """How fast this machine trains a network, as a few batches showed.

    Attributes:
        seconds_per_batch: one step of training, with reading and augmentation.
        seconds_per_validation_face: one face of the validation.
        startup_seconds: until the first batch is done: loading the backend, compiling.
        finish_seconds: writing the model at the end.
        images_per_second: in training.
        device: "CPU", "1 GPU" ...
        measured_at: Unix seconds.
    """

    seconds_per_batch: float
    seconds_per_validation_face: float
    startup_seconds: float
    finish_seconds: float
    images_per_second: float
    device: str
    measured_at: float


@dataclass(frozen=True)
class Estimate:
    """How long a run will take, in seconds."""

    seconds_per_epoch: float
    seconds: float


def estimate(pace: Pace, config: RunConfig, train_faces: int, validation_faces: int) -> Estimate:
    """Return how long a run would take at a measured pace.

    Args:
        pace: of the config's network on this machine.
        config: of the run.
        train_faces: how many faces it learns from.
        validation_faces: how many it is validated on after each epoch.
    """
    batches = max(1, train_faces // config.batch_size)
    epoch = batches * pace.seconds_per_batch + validation_faces * pace.seconds_per_validation_face
    return Estimate(epoch, pace.startup_seconds + config.epochs * epoch + pace.finish_seconds)


class Inspector:
    """Asks a process that knows Keras, one question at a time, and remembers the answers on disk.

    One object serves all visitors and threads.
    """

    def __init__(self) -> None:
        # Two measurements at once would slow each other down; a description need not wait for one.
        self._asking = {"describe": threading.Lock(), "measure": threading.Lock()}
        self._state = threading.Lock()
        self._pending: set[str] = set()
        self._errors: dict[str, tuple[str, float]] = {}

    def describe(self, config: RunConfig) -> NetworkDescription:
        """Return the config's network; takes some seconds the first time.

        Raises:
            TrainingError: Keras did not start, or the network cannot be built.
        """
        return self.peek_description(config) or self._ask("describe", config, _description)

    def measure(self, config: RunConfig) -> Pace:
        """Return the pace of training on this machine; takes half a minute or so the first time.

        Raises:
            TrainingError: Keras did not start, or the network cannot be trained here.
        """
        return self.peek_pace(config) or self._ask("measure", config, _pace)

    def peek_description(self, config: RunConfig) -> NetworkDescription | None:
        """Return the config's network if it is known already."""
        return _remembered(_key("describe", config), _description)

    def peek_pace(self, config: RunConfig) -> Pace | None:
        """Return the pace if it is known already."""
        return _remembered(_key("measure", config), _pace)

    def request(self, question: str, config: RunConfig) -> None:
        """Find out in the background what `peek_...` does not know yet; asking twice does no harm.

        Args:
            question: "describe" or "measure".
            config: of the run.
        """
        key = _key(question, config)
        with self._state:
            if key in self._pending or self.error(question, config) or _remembered(key, _READ[question]):
                return
            self._pending.add(key)
        threading.Thread(target=self._answer, args=(question, config, key), daemon=True).start()

    def is_pending(self, question: str, config: RunConfig) -> bool:
        """Return whether a requested answer is still on its way."""
        return _key(question, config) in self._pending

    def error(self, question: str, config: RunConfig) -> str | None:
        """Return, in one sentence, why a requested answer could not be had; None if it could.

        After a minute the error is forgotten, and the next request tries again.
        """
        text, at = self._errors.get(_key(question, config), (None, 0.0))
        return text if time.monotonic() - at < RETRY_SECONDS else None

    def _answer(self, question: str, config: RunConfig, key: str) -> None:
        try:
            self._ask(question, config, _READ[question])
        except TrainingError as error:
            self._errors[key] = (str(error), time.monotonic())
        finally:
            self._pending.discard(key)

    def _ask(self, question: str, config: RunConfig, read: Callable[[dict], Answer]) -> Answer:
        key = _key(question, config)
        with self._asking[question]:
            known = _remembered(key, read)
            if known is not None:
                return known
            answer = _ask_process(question, config)
            _remember(key, answer)
            return read(answer)


def _ask_process(question: str, config: RunConfig) -> dict:
    try:
        process = subprocess.run(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", "emotion.training.inspection", question],
            input=config.to_json(),
            cwd=paths.PROJECT,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=subprocess.PIPE,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
        return json.loads(process.stdout)
    except subprocess.TimeoutExpired as error:
        raise TrainingError(
            "Measuring took too long and was given up; the settings may be too large."
        ) from error
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise TrainingError(
            "This network could not be built and measured; the settings may be too large for this machine, "
            "or Keras and TensorFlow are not installed. The app's log has the details."
        ) from error


def _description(content: dict) -> NetworkDescription:
    rows = tuple(LayerRow(**row | {"output_shape": tuple(row["output_shape"])}) for row in content["layers"])
    return NetworkDescription(rows, content["parameters"], content["multiply_adds"])


def _pace(content: dict) -> Pace:
    return Pace(**content)


_READ: dict[str, Callable[[dict], Any]] = {"describe": _description, "measure": _pace}


def _key(question: str, config: RunConfig) -> str:
    """Return a text that differs wherever the answer may."""
    settings = asdict(config)
    parts: dict[str, Any] = {name: settings[name] for name in _NETWORK_SETTINGS}
    parts |= {"keras": version("keras"), "version": _VERSION}
    if question == "measure":
        parts |= {name: settings[name] for name in _PACE_SETTINGS}
        parts["average"] = config.ema_momentum > 0
        parts["skipping"] = config.stochastic_depth > 0
        parts["augmentation"] = [name for name, value in settings["augmentation"].items() if value]
        parts["machine"] = [platform.node(), os.cpu_count(), os.environ.get("KERAS_BACKEND")]
    text = json.dumps(parts, sort_keys=True)
    return f"{question}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _file() -> Path:
    return paths.runs_folder() / "measured.json"


def _remembered(key: str, read: Callable[[dict], Answer]) -> Answer | None:
    """Return a kept answer; None where there is none, or none that can be read."""
    try:
        return read((read_object(_file()) or {})[key])
    except (KeyError, TypeError, ValueError):
        return None


def _remember(key: str, answer: dict) -> None:
    """Keep an answer; a disk that is full or read-only only costs asking again."""
    with suppress(FileError, OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        with locked(_file()):
            write_json(_file(), (read_object(_file()) or {}) | {key: answer})


def main() -> None:  # pragma: no cover - runs in a process of its own
    """Answer the question of the first argument about the config on standard input, as JSON."""
    started = time.perf_counter()
    config = RunConfig.from_json(sys.stdin.read())
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints goes to the log, not into the answer
    from emotion.training import measuring

    if sys.argv[1] == "describe":
        answer = asdict(measuring.describe(config))
    else:
        answer = asdict(measuring.measure(config, started))
    answers.write(json.dumps(answer))
    answers.close()


if __name__ == "__main__":
    main()
