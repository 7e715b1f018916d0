"""What a training run is: its status and the ways from one to another, and all that is known of it."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from emotion.errors import ReadableError
from emotion.training.config import RunConfig, load_config


class RunError(ReadableError):
    """Something asked of a run cannot be done; the message is one sentence for a person."""


class UnknownRunError(RunError):
    """There is no run of that id."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"There is no run {run_id[:80]!r}; `python -m emotion runs list` shows them all.")


class RunStatus(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


# A process is at work on it.
GOING = frozenset({RunStatus.RUNNING, RunStatus.STOPPING})
RESUMABLE = frozenset({RunStatus.STOPPED, RunStatus.INTERRUPTED, RunStatus.FAILED})
# No process is at work on it, and none waits to be.
ENDS = RESUMABLE | {RunStatus.FINISHED}
# From each status, the ones that may come next.
TRANSITIONS: dict[RunStatus, frozenset[RunStatus]] = {
    RunStatus.QUEUED: frozenset({RunStatus.RUNNING, RunStatus.STOPPED}),
    RunStatus.RUNNING: ENDS | {RunStatus.STOPPING},
    RunStatus.STOPPING: ENDS,
    RunStatus.STOPPED: frozenset({RunStatus.QUEUED}),
    RunStatus.INTERRUPTED: frozenset({RunStatus.QUEUED}),
    RunStatus.FAILED: frozenset({RunStatus.QUEUED}),
    RunStatus.FINISHED: frozenset(),
}


@dataclass(frozen=True)
class Run:
    """A training run as it stood at one moment. Times are Unix seconds.

    Attributes:
        id: of the run and of its folder.
        name: what a person calls it; any text.
        status: where it stands.
        task: "train", or "export": make the model of the best weights, without another epoch.
        preset: the recipe it began from, or "".
        dataset: as the config names it: a name or a path.
        epochs: how many are to be done.
        epoch: how many are done.
        val_accuracy: the best of these epochs, 0 to 1, as its model has it; None before the first.
        register: add the model to the others when finished.
        replace_model: then let it take the place of a model of the same name.
        note: a person's words.
        position: the place in the queue; the smallest is next. Only while queued.
        pid, process_started: of the process at work, or of the last one.
        oom_kills: how many processes the system had killed for want of memory when this one started.
        activity: what is being done, a sentence; "" unless going.
        error: why it failed or was interrupted, a sentence; else "". A finished run has one when its
            model could not be added to the others.
        model: the name under which the model was added to the others, or "".
        variables: the environment variables that the process is started with, as JSON.
        root: the folder of all runs.
    """

    id: str
    name: str
    status: RunStatus
    task: str = "train"
    preset: str = ""
    dataset: str = ""
    epochs: int = 0
    epoch: int = 0
    val_accuracy: float | None = None
    register: bool = False
    replace_model: bool = False
    note: str = ""
    created_at: float = 0.0
    queued_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    position: int | None = None
    pid: int | None = None
    process_started: float | None = None
    oom_kills: int | None = None
    activity: str = ""
    error: str = ""
    model: str = ""
    variables: str = "{}"
    root: Path = field(default=Path(), repr=False)

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.root / self.id

    @property
    def config(self) -> RunConfig:
        """What it was asked to do, read from its folder.

        Raises:
            ConfigError: the file is missing or damaged.
        """
        return load_config(self.folder / "config.json")

    @property
    def is_going(self) -> bool:
        """Whether a process is at work on it."""
        return self.status in GOING

    @property
    def is_resumable(self) -> bool:
        """Whether it can be queued again."""
        return self.status in RESUMABLE
