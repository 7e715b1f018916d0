"""What a network is made of, and how long training it takes on this machine, without training it.

Both need Keras, which the app process never imports: `python -m emotion.training.measuring` answers
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
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from emotion import paths
from emotion.errors import FileError, TrainingError
from emotion.files import locked, read_object, write_json
from emotion.training.config import SETTINGS, RunConfig
from emotion.training.pace import LayerRow, NetworkDescription, Pace

Answer = TypeVar("Answer")
TIMEOUT_SECONDS = 600
RETRY_SECONDS = 60.0
# Changes with what the answers hold.
_VERSION = 1


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
            [sys.executable, "-m", "emotion.training.measuring", question],
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
    values = config.values()

    def of_cost(cost: str) -> dict[str, Any]:
        return {name: values[name] for name, setting in SETTINGS.items() if setting.cost == cost}

    parts = of_cost("network") | {"keras": version("keras"), "version": _VERSION}
    if question == "measure":
        parts |= of_cost("value") | {name: bool(value) for name, value in of_cost("on").items()}
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
