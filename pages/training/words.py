"""Runs in words: their states, times and settings as people read them."""

from datetime import datetime
from typing import Literal, NamedTuple

from emotion.jobs.status import duration
from emotion.runs.run import Run, RunStatus
from emotion.training.config import SETTINGS, RunConfig
from emotion.training.settings import Setting


class StatusWords(NamedTuple):
    """How a state is called, and the icon and colour that stand beside the name."""

    name: str
    icon: str
    color: Literal["gray", "blue", "orange", "green", "red"]


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


def moment(seconds: float | None) -> str:
    """Return a point in time, in Unix seconds, as the clock on the wall shows it; "" for None."""
    return "" if seconds is None else datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")


def training_time(epochs: list[dict]) -> str:
    """Return how long the epochs took together, whatever pauses were between them; "–" for none."""
    return duration(sum(line["seconds"] for line in epochs)) if epochs else "–"


def run_label(run: Run) -> str:
    """Return a run in one line, for a list to choose from: nothing of it changes while it is shown."""
    return f"{run.name} · {moment(run.created_at)}"


def setting_texts(config: RunConfig) -> dict[str, str]:
    """Return what each setting is called and what it is set to, both in words."""
    return {_title(SETTINGS[name]): SETTINGS[name].text(value) for name, value in config.values().items()}


def differences(configs: list[RunConfig]) -> dict[str, list[str]]:
    """Return the settings in which the configs differ: what it is called -> its value in each, in words."""
    texts = [setting_texts(config) for config in configs]
    rows = {name: [text[name] for text in texts] for name in texts[0]}
    return {name: values for name, values in rows.items() if len(set(values)) > 1}


def _title(setting: Setting) -> str:
    title = setting.title
    return f"Augmentation: {title[0].lower()}{title[1:]}" if setting.group == "Augmentation" else title
