"""What a network is made of, and how long training it takes on this machine, without training it.

Both need Keras, which the app process never imports: the command `train` finds out, with `--describe` and
`--estimate`, by `measuring.py`. The answers are kept in `runs/measured.json`, as they hold until the
settings, the versions or the machine change.
"""

import hashlib
import json
import os
import platform
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from emotion import paths
from emotion.errors import FileError
from emotion.files import locked, read_object, write_json
from emotion.training.config import SETTINGS, RunConfig
from emotion.training.pace import LayerRow, NetworkDescription, Pace, PrecisionTrial

Answer = TypeVar("Answer")
# Changes with what the answers hold.
_VERSION = 1


def known_description(config: RunConfig) -> NetworkDescription | None:
    """Return the config's network if it is known already."""
    return _remembered(question_key("describe", config), _description)


def known_pace(config: RunConfig) -> Pace | None:
    """Return the pace of training on this machine if it is known already."""
    return _remembered(question_key("measure", config), lambda content: Pace(**content))


def known_trial(config: RunConfig) -> PrecisionTrial | None:
    """Return in which precision this machine trains the config's network faster, if it is known already."""
    return _remembered(question_key("precision", config), lambda content: PrecisionTrial(**content))


def _description(content: dict[str, Any]) -> NetworkDescription:
    rows = tuple(LayerRow(**row | {"output_shape": tuple(row["output_shape"])}) for row in content["layers"])
    return NetworkDescription(rows, content["parameters"], content["multiply_adds"])


def question_key(question: str, config: RunConfig) -> str:
    """Return a text that differs wherever the answer to "describe", "precision" or "measure" may."""
    values = config.values()

    def of_cost(cost: str) -> dict[str, Any]:
        return {name: values[name] for name, setting in SETTINGS.items() if setting.cost == cost}

    parts = of_cost("network") | {"keras": version("keras"), "version": _VERSION}
    if question == "measure":
        parts |= of_cost("value") | {name: bool(value) for name, value in of_cost("on").items()}
    if question != "describe":
        parts["machine"] = _machine()
    text = json.dumps(parts, sort_keys=True)
    return f"{question}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _machine() -> list[Any]:
    """Return what the pace depends on beside the settings; a name of a computer may move to another one."""
    with suppress(OSError):
        lines = (
            Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        )  # Linux names no processor else
        flags = {line for line in lines if line.startswith(("model name", "flags"))}
        return [*_surroundings(), *sorted(flags)]
    return [*_surroundings(), platform.processor()]


def _surroundings() -> list[Any]:
    switches = ("KERAS_BACKEND", "ONEDNN_MAX_CPU_ISA", "TF_ENABLE_ONEDNN_OPTS")
    return [platform.node(), os.cpu_count(), *map(os.environ.get, switches)]


def _file() -> Path:
    return paths.runs_folder() / "measured.json"


def _remembered(key: str, read: Callable[[dict[str, Any]], Answer]) -> Answer | None:
    """Return a kept answer; None where there is none, or none that can be read."""
    try:
        return read((read_object(_file()) or {})[key])
    except (KeyError, TypeError, ValueError):
        return None


def remember(question: str, config: RunConfig, answer: NetworkDescription | PrecisionTrial | Pace) -> None:
    """Keep an answer; a disk that is full or read-only only costs asking again."""
    with suppress(FileError, OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        with locked(_file()):
            answers = read_object(_file()) or {}
            write_json(_file(), answers | {question_key(question, config): asdict(answer)})
