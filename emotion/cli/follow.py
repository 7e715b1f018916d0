"""Watch a run from a shell until it ends: a progress bar with the time left, and a line an epoch."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from emotion.files import read_object
from emotion.labels import in_percent
from emotion.runs import actions
from emotion.runs.files import finished_epochs
from emotion.runs.run import Run, RunError, RunStatus
from emotion.training.metrics import METRICS, read_progress

_LOOK_SECONDS = 0.4
# The speed of the last epochs says how long the next ones take.
_SPEED_SECONDS = 600.0


@contextmanager
def _counting_ctrl_c() -> Iterator[list[int]]:
    """Lend a list that grows by one each time somebody presses Ctrl-C, instead of ending the program."""
    presses: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: presses.append(number))
    try:
        yield presses
    finally:
        signal.signal(signal.SIGINT, before)


def follow(run_id: str, console: Console, epochs_known: int = 0) -> int:
    """Show how a run gets on until it ends; only the main thread may.

    Ctrl-C asks the run to stop, and a second one does not wait for that.

    Args:
        run_id: of the run.
        console: where to show it.
        epochs_known: how many epochs a resumed run had done before; they are not shown again.

    Returns:
        0 if it finished or was stopped; 1 if it failed or was interrupted.

    Raises:
        RunError: the run is gone, or the store cannot be read.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[place]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    progress = Progress(
        *columns, console=console, disable=not console.is_terminal, speed_estimate_period=_SPEED_SECONDS
    )
    with _counting_ctrl_c() as presses, progress:
        view = _View(console, progress, progress.add_task("waiting", total=None, place=""), epochs_known)
        asked = False
        while True:
            run = actions.get_run(run_id)
            view.show(run)
            if not run.is_going and run.status is not RunStatus.QUEUED:
                break
            if len(presses) > 1:
                what = "stops, and does so" if asked else "goes on"
                console.print(
                    f"The run {what} in the background; see it with: python -m emotion runs show {run_id}"
                )
                return 0
            if presses and not asked:
                asked = True
                _ask_to_stop(run, console)
            time.sleep(_LOOK_SECONDS)
    return _say_how_it_ended(run, console)


class _View:
    """What has been shown of a run so far."""

    def __init__(self, console: Console, progress: Progress, task: TaskID, epochs: int) -> None:
        self._console, self._progress, self._task = console, progress, task
        self._told = ""
        self._epochs = epochs

    def show(self, run: Run) -> None:
        if run.status is RunStatus.QUEUED:
            place = actions.queue_position(run)
            self._tell(f"Waiting for its turn: number {place} in the queue." if place else "")
            return
        self._tell(run.activity)
        records = finished_epochs(run.folder)
        # A run may repeat an epoch whose end it noted but whose state it could not keep.
        for record in records[min(self._epochs, len(records)) :]:
            self._console.print(_epoch_line(record))
        self._epochs = len(records)
        if records or run.is_going:
            self._move_bar(run, len(records))

    def _tell(self, text: str) -> None:
        if text and text != self._told:
            self._console.print(text)
            self._told = text

    def _move_bar(self, run: Run, epochs: int) -> None:
        done, place = float(epochs), f"epoch {epochs}/{run.epochs}"
        batch = read_progress(run.folder / METRICS)
        if batch:
            done += batch["batch"] / batch["batches"]
            place = f"epoch {batch['epoch']}/{run.epochs}, batch {batch['batch']}/{batch['batches']}"
        self._progress.update(
            self._task, description=str(run.status), total=run.epochs, completed=done, place=place
        )


def _epoch_line(record: dict[str, Any]) -> str:
    return (
        f"epoch {record['epoch']:3d}  accuracy {record['accuracy']:.3f}  "
        f"validation {record['val_accuracy']:.3f}  loss {record['loss']:.3f}  "
        f"validation {record['val_loss']:.3f}  {record['seconds']:.0f} s"
    )


def _ask_to_stop(run: Run, console: Console) -> None:
    try:
        actions.stop(run.id)
    except RunError as error:  # it has just ended, or somebody else was first
        console.print(str(error))
    else:
        console.print("Stopping after this batch … (Ctrl-C again: do not wait for it)")


def _say_how_it_ended(run: Run, console: Console) -> int:
    if run.error:
        console.print(f"{run.error}\nLog: {run.folder / 'log.txt'}")
    if run.is_resumable:
        epochs = "epoch" if run.epoch == 1 else "epochs"
        console.print(
            f"{str(run.status).capitalize()} after {run.epoch} {epochs}. "
            f"Go on with: python train_model.py --resume {run.id}"
        )
        return int(run.status is not RunStatus.STOPPED)
    for line in result_lines(run):
        console.print(line)
    return int(bool(run.error))


def result_lines(run: Run) -> list[str]:
    """Return what came of a finished run, in words."""
    try:
        result = read_object(run.folder / "result.json") or {}
        lines = [
            f"{split}: accuracy {in_percent(figures['accuracy'])}, "
            f"macro F1 {in_percent(figures['macro_f1'])} on {figures['n']:,} faces"
            for split, figures in result["metrics"].items()
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ["Its result.json cannot be read."]
    if run.model:
        lines.append(f"Model: {run.model}; use it with: python -m emotion models use {run.model}")
    return [*lines, f"Curves: {run.folder / 'curves.html'}"]
