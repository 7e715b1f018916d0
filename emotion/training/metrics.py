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


def read_all(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the lines of epochs, and those of batches; a line that a crash cut short is left out."""
    lines = _lines(path)
    return [line for line in lines if "batch" not in line], [line for line in lines if "batch" in line]


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Return the lines of epochs."""
    return read_all(path)[0]


def read_progress(path: Path) -> dict[str, Any] | None:
    """Return how far the running epoch is: its newest line of batches, or None before the first."""
    newest = _lines(path)[-1:]
    return newest[0] if newest and "batch" in newest[0] else None


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
