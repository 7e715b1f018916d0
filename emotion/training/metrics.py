"""The file in which a run notes how it gets on: `metrics.jsonl`, one JSON object a line.

A line is either of an epoch ("epoch", "loss", "accuracy", "val_loss", "val_accuracy",
"learning_rate", "seconds", "images_per_second") or, some forty an epoch at most, of the batches so
far in the running epoch ("epoch", "batch", "batches", "loss", "accuracy", "learning_rate",
"images_per_second", "at" in Unix seconds).
"""

import json
from pathlib import Path
from typing import Any

METRICS = "metrics.jsonl"
# What every line of each kind has a number of; one that lacks some was not written by a run, or is damaged.
_EPOCH = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds")
_BATCHES = ("epoch", "batch", "batches", "loss", "accuracy", "learning_rate", "at")


def read_all(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the lines of epochs, and those of batches; a line that is not whole is left out."""
    lines = _lines(path)
    epochs = [line for line in lines if "batch" not in line and _has_numbers(line, _EPOCH)]
    return epochs, [line for line in lines if _has_numbers(line, _BATCHES)]


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Return the lines of epochs."""
    return read_all(path)[0]


def read_progress(path: Path) -> dict[str, Any] | None:
    """Return how far the running epoch is: its newest line of batches, or None before the first."""
    newest = _lines(path)[-1:]
    return newest[0] if newest and _has_numbers(newest[0], _BATCHES) else None


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    records = []
    for line in text.splitlines():
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue  # cut short by a crash; a resumed run has written on after it
    return [record for record in records if isinstance(record, dict) and isinstance(record.get("epoch"), int)]


def _has_numbers(line: dict[str, Any], names: tuple[str, ...]) -> bool:
    return all(isinstance(line.get(name), int | float) for name in names)
