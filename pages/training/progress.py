"""How far a run is, how long it will take, and what it asks of the machine."""

from dataclasses import dataclass, replace

import psutil


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    Attributes:
        epoch: the one it works on, from 1; the last one once all are done.
        epochs: how many there will be at most.
        batch: how many batches of that epoch are done.
        batches: how many it has; 0 while nobody knows.
        seconds_left: of the whole run; None while nobody knows.
        images_per_second: the latest figure; None before the first.
        learning_rate: the latest one; None before the first.
        best: the line of the epoch with the best validation accuracy; None before the first.
    """

    epoch: int
    epochs: int
    batch: int = 0
    batches: int = 0
    seconds_left: float | None = None
    images_per_second: float | None = None
    learning_rate: float | None = None
    best: dict | None = None

    @property
    def epoch_share(self) -> float:
        """How much of the epoch is done, 0 to 1."""
        return min(1.0, self.batch / self.batches) if self.batches else 0.0

    @property
    def share(self) -> float:
        """How much of the run is done, 0 to 1."""
        return min(1.0, (self.epoch - 1 + self.epoch_share) / self.epochs)


def measure(epochs: list[dict], batches: list[dict], planned: int) -> Progress:
    """Tell from the lines of a `metrics.jsonl` where the run stands.

    Args:
        epochs: the lines of epochs.
        batches: the lines of batches.
        planned: how many epochs there will be at most.
    """
    done = epochs[-1]["epoch"] if epochs else 0
    running = [line for line in batches if line["epoch"] == done + 1]
    best = max(epochs, key=lambda line: line["val_accuracy"], default=None)
    newest = (running or epochs or [{}])[-1]
    latest = {name: newest.get(name) for name in ("images_per_second", "learning_rate")}
    if done >= planned:
        return Progress(planned, planned, 1, 1, 0.0, **latest, best=best)
    batch, of_batches = (running[-1]["batch"], running[-1]["batches"]) if running else (0, 0)
    progress = Progress(done + 1, planned, batch, of_batches, **latest, best=best)
    pace = _seconds_per_epoch(epochs, running)
    left = None if pace is None else pace * (planned - done - progress.epoch_share)
    return replace(progress, seconds_left=left)


def _seconds_per_epoch(epochs: list[dict], running: list[dict]) -> float | None:
    """Return how long an epoch takes: the latest ones, or what the batches so far let expect."""
    if epochs:
        latest = [line["seconds"] for line in epochs[-3:]]
        return sum(latest) / len(latest)
    if len(running) < 2:
        return None
    first, last = running[0], running[-1]
    steps = last["batch"] - first["batch"]
    return (last["at"] - first["at"]) / steps * last["batches"] if steps > 0 else None


@dataclass(frozen=True)
class Usage:
    """What a process and its children take: of all cores 0 to 1, and bytes of memory."""

    processor: float
    memory: int


class UsageMeter:
    """Reads what processes take; kept between readings, as processor time is counted from one to the next."""

    def __init__(self) -> None:
        self._processes: list[psutil.Process] = []

    def read(self, pid: int) -> Usage | None:
        """Return what the process and its children take now, or None when it is gone.

        The first reading of a process counts no processor time: there is none before to compare with.
        """
        try:
            root = psutil.Process(pid)
            tree = [root, *root.children(recursive=True)]
        except psutil.Error:
            self._processes.clear()
            return None
        # A process that was here at the last reading keeps its object, which holds its count.
        known = {process: process for process in self._processes}
        self._processes = [known.get(process, process) for process in tree]
        processor, memory = 0.0, 0
        for process in self._processes:
            try:
                processor += process.cpu_percent(interval=None)
                memory += process.memory_info().rss
            except psutil.Error:
                continue  # it ended between the look and the reading
        return Usage(min(1.0, processor / 100 / (psutil.cpu_count() or 1)), memory)
