"""The folder of one training run: made, read, recognised without the store, drawn and packed."""

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from emotion.files import disk_errors, replacing
from emotion.runs.run import Run, RunStatus
from emotion.training.config import RUN_FORMAT, RUN_NOTES, ConfigError, RunConfig, load_config
from emotion.training.environment import environment
from emotion.training.metrics import METRICS, read_metrics
from emotion.training.presets import PRESETS

# The name of a run's folder begins with when it was made, in local time: a person reads it.
_STAMP = "%Y%m%d-%H%M%S"
_ID = re.compile(r"\w[\w.-]{0,149}")
_MAX_NAME = 60
# What an export holds. Checkpoints are large and of use to this machine alone; no file here holds a
# picture of the dataset.
_FILES = ("config.json", METRICS, "log.txt", "curves.html", "result.json", "predictions.npz")
_FOLDERS = ("model", "tensorboard")


def config_text(config: RunConfig) -> str:
    """Return a new run's `config.json`: its settings, and with what it is about to be made."""
    settings, notes = json.loads(config.to_json()), dict.fromkeys(RUN_NOTES)
    content = {"format": RUN_FORMAT} | settings | notes | {"environment": environment()}
    return json.dumps(content, indent=2) + "\n"


def create_folder(root: Path, name: str, settings: str) -> Path:
    """Make the folder of a new run, with its `config.json` inside, and return it.

    Raises:
        FileError: the disk refuses.
    """
    stamp = datetime.now().strftime(_STAMP)
    number = 1
    with disk_errors("The run's folder could not be made"):
        while True:
            folder = root / (f"{stamp}-{name[:_MAX_NAME]}" + f"-{number}" * (number > 1))
            try:
                folder.mkdir()
                break
            except FileExistsError:
                number += 1
        (folder / "config.json").write_text(settings, encoding="utf-8")
    return folder


def finished_epochs(folder: Path) -> list[dict[str, Any]]:
    """Return the figures of the epochs (see `training.metrics`); what is none is left out."""
    try:
        return read_metrics(folder / METRICS)
    except (OSError, ValueError):
        return []  # not a file a run has written


def reached(folder: Path) -> tuple[int, float | None]:
    """Return how many epochs a run has done, and the best validation accuracy among them."""
    records = finished_epochs(folder)
    return len(records), max((record["val_accuracy"] for record in records), default=None)


def has_best_weights(run: Run) -> bool:
    """Return whether a run has got far enough to make a model of."""
    return (run.folder / "best.weights.h5").is_file()


def recognise(folder: Path) -> Run | None:
    """Return what the files of a run say that the store knows nothing of; None where they are no run's.

    It may come from another computer, or the store was lost; nothing is at work on it.
    """
    config_file = folder / "config.json"
    if not _ID.fullmatch(folder.name) or not config_file.is_file():
        return None
    epoch, accuracy = reached(folder)
    finished = (folder / "result.json").is_file() and (folder / "model" / "card.json").is_file()
    run = Run(
        id=folder.name,
        name=folder.name,
        status=RunStatus.FINISHED if finished else RunStatus.INTERRUPTED,
        created_at=_created_at(folder),
        epoch=epoch,
        val_accuracy=accuracy,
        root=folder.parent,
    )
    try:
        config = load_config(config_file)
    except ConfigError as error:
        return replace(run, status=RunStatus.FAILED, error=str(error))
    preset = config.name if config.name in PRESETS else ""
    return replace(run, name=config.name, preset=preset, dataset=config.dataset, epochs=config.epochs)


def _created_at(folder: Path) -> float:
    try:
        return datetime.strptime("-".join(folder.name.split("-")[:2]), _STAMP).timestamp()
    except (ValueError, OverflowError, OSError):
        return (folder / "config.json").stat().st_mtime


def save_curves(folder: Path) -> None:
    """Write a run's curves of accuracy and loss as `curves.html`, which opens without a network.

    Raises:
        FileError: the disk refuses.
    """
    records = finished_epochs(folder)
    if not records:
        return
    from emotion.figures import training as figures  # Plotly takes a moment, and most commands draw nothing

    with replacing(folder / "curves.html") as partial:
        figures.whole_run(records).write_html(partial, include_plotlyjs=True)


def curves_csv(folder: Path) -> str:
    """Return the figures of a run's epochs as CSV, one epoch a line."""
    records = finished_epochs(folder)
    names = list(dict.fromkeys(name for record in records for name in record)) or ["epoch"]
    buffer = io.StringIO()
    table = csv.DictWriter(buffer, names, lineterminator="\n")
    table.writeheader()
    table.writerows(records)
    return buffer.getvalue()


def zipped(folder: Path) -> bytes:
    """Return a whole run as ZIP: settings, metrics, log, curves, result and model, but no checkpoints.

    Raises:
        FileError: the disk refuses.
    """
    inside = [folder / name for name in _FILES]
    for name in _FOLDERS:
        inside += sorted((folder / name).rglob("*"))
    buffer = io.BytesIO()
    with (
        disk_errors(f"The run {folder.name} could not be packed"),
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for path in inside:
            if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
                archive.write(path, Path(folder.name) / path.relative_to(folder))
        archive.writestr(f"{folder.name}/curves.csv", curves_csv(folder))
    return buffer.getvalue()
