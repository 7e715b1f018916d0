"""The folders of training runs: made, found again, and drawn. Imports no Keras."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from emotion import figures, paths
from emotion.training.config import RunConfig
from emotion.training.metrics import read_metrics


def create_run(config: RunConfig) -> Path:
    """Make the folder of a new run, with its config inside, and return it."""
    root = paths.runs_folder()
    root.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")  # local time: a person reads it
    for number in range(1, 1000):
        folder = root / (f"{stamp}-{config.name}" + (f"-{number}" if number > 1 else ""))
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        (folder / "config.json").write_text(config.to_json(), encoding="utf-8")
        return folder
    raise FileExistsError(f"{root} already has a thousand runs of this second.")


def save_curves(run: Path) -> None:
    """Write the run's curves of accuracy and loss as `curves.html`, which opens without a network."""
    records = read_metrics(run / "metrics.jsonl")
    if not records:
        return
    partial = run / ".partial-curves.html"
    figures.training_curves(records).write_html(partial, include_plotlyjs=True)
    partial.replace(run / "curves.html")
