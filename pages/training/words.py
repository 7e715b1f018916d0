"""Runs in words: their states, times and settings as people read them."""

import math
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, NamedTuple

from emotion.labels import in_percent
from emotion.runs.run import Run, RunStatus
from emotion.training.config import RunConfig


class StatusWords(NamedTuple):
    """How a state is called, and the icon and colour that stand beside the name."""

    name: str
    icon: str
    color: str


STATUS_WORDS: dict[RunStatus, StatusWords] = {
    RunStatus.QUEUED: StatusWords("Waiting", ":material/schedule:", "gray"),
    RunStatus.RUNNING: StatusWords("Training", ":material/play_circle:", "blue"),
    RunStatus.STOPPING: StatusWords("Stopping", ":material/hourglass_bottom:", "orange"),
    RunStatus.STOPPED: StatusWords("Stopped", ":material/stop_circle:", "orange"),
    RunStatus.FINISHED: StatusWords("Finished", ":material/check_circle:", "green"),
    RunStatus.FAILED: StatusWords("Failed", ":material/error:", "red"),
    RunStatus.INTERRUPTED: StatusWords("Interrupted", ":material/power_off:", "orange"),
}
# A process works on these, or soon will: a page that shows one looks again every second.
ACTIVE = frozenset({RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.STOPPING})

# What a setting is called on the page; in this order they are listed.
SETTING_WORDS: dict[str, str] = {
    "name": "Name",
    "dataset": "Dataset",
    "synthetic_faces": "Faces drawn",
    "honour_exclusions": "Excluded faces left out",
    "validation_share": "Share for validation",
    "targets": "Learns from",
    "architecture": "Architecture",
    "widths": "Channels of the stages",
    "blocks": "Blocks a stage",
    "stem_width": "Channels of the first layer",
    "dense_units": "Units of the dense layer",
    "epochs": "Epochs",
    "batch_size": "Batch size",
    "optimizer": "Optimiser",
    "learning_rate": "Learning rate",
    "schedule": "Schedule",
    "warmup_epochs": "Warm-up, epochs",
    "momentum": "Momentum",
    "weight_decay": "Weight decay",
    "ema_momentum": "Averaging of weights (EMA)",
    "early_stopping": "Early stopping, epochs",
    "mixed_precision": "Mixed precision",
    "dropout": "Dropout",
    "stochastic_depth": "Stochastic depth",
    "label_smoothing": "Label smoothing",
    "class_balance": "Rare classes",
    "mixup": "Mixup",
    "cutmix": "CutMix",
    "average_mirrored": "Answers averaged with the mirror image",
    "seed": "Seed",
}
_PART_WORDS = {
    "flip": "mirror",
    "rotation": "rotation, °",
    "shift": "shift",
    "zoom": "zoom",
    "brightness": "brightness",
    "contrast": "contrast",
    "erasing": "covered parts",
    "blur": "blurred faces",
    "noise": "noisy faces",
}


def duration(seconds: float) -> str:
    """Return a time span in words, as exact as anyone needs: "40 s", "12 min", "1 h 20 min", "2 d 3 h"."""
    if not math.isfinite(seconds):
        return "unknown"
    seconds = max(0, round(seconds))
    if seconds < 100:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def moment(seconds: float | None) -> str:
    """Return a point in time, in Unix seconds, as the clock on the wall shows it; "" for None."""
    return "" if seconds is None else datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")


def training_time(epochs: list[dict]) -> str:
    """Return how long the epochs took together, whatever pauses were between them; "–" for none."""
    return duration(sum(line["seconds"] for line in epochs)) if epochs else "–"


def run_label(run: Run) -> str:
    """Return a run in one line, as it stands in a list to choose from."""
    accuracy = "" if run.val_accuracy is None else f" · {in_percent(run.val_accuracy)}"
    return f"{run.name} · {moment(run.created_at)} · {STATUS_WORDS[run.status].name.lower()}{accuracy}"


def setting_texts(config: RunConfig) -> dict[str, str]:
    """Return what each setting is called and what it is set to, both in words."""
    values = asdict(config)
    parts = values.pop("augmentation")
    known = [name for name in SETTING_WORDS if name in values]
    # A setting that is new in the code is still shown, by its own name.
    order = known + [item.name for item in fields(config) if item.name in values and item.name not in known]
    texts = {SETTING_WORDS.get(name, _spoken(name)): _value_text(values[name]) for name in order}
    return texts | {
        f"Augmentation: {_PART_WORDS.get(name, _spoken(name))}": _value_text(value)
        for name, value in parts.items()
    }


def differences(configs: list[RunConfig]) -> dict[str, list[str]]:
    """Return the settings in which the configs differ: what it is called -> its value in each, in words."""
    texts = [setting_texts(config) for config in configs]
    names = dict.fromkeys(name for text in texts for name in text)
    rows = {name: [text.get(name, "") for text in texts] for name in names}
    return {name: values for name, values in rows.items() if len(set(values)) > 1}


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _value_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (tuple, list)):
        return " · ".join(map(str, value)) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)
