"""Where a job stands, in numbers and in words."""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


# The states of a job that has not ended yet.
ACTIVE = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True)
class JobStatus:
    """A job as it stood at one moment.

    Attributes:
        key: what it is known by.
        title: what is being done, in words.
        state: queued, running, or how it ended.
        done: how much is done.
        total: of how much; 0 while nobody knows.
        seconds_left: an estimate; None while nobody knows.
        message: what it is at; "" where it does not say.
        result: what came of it, where it says so.
        error: one sentence for a person; None unless failed.
    """

    key: str
    title: str
    state: JobState
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    message: str = ""
    result: dict[str, Any] = field(default_factory=dict)
    error: str | None = None

    @property
    def is_active(self) -> bool:
        """Whether it has not ended yet."""
        return self.state in ACTIVE

    @property
    def share(self) -> float | None:
        """How much is done, 0 to 1; None while nobody knows."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def text(self) -> str:
        """How far it is, in words."""
        if self.state is JobState.QUEUED:
            return "Waiting for what runs before it …"
        if not self.total:
            return f"{self.done:,} so far" if self.done else self.message or "Getting ready …"
        text = f"{self.done:,} of {self.total:,}"
        if self.seconds_left is not None:
            text += f" · about {duration(max(1, self.seconds_left))} left"
        return text


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
