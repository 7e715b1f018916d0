"""See to it that a store tells the truth: who has died is noted, who waits is started where there is room.

There is no daemon: whoever looks at the runs, and each training process that ends, calls this.
"""

import logging
import os
import subprocess
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from emotion.runs import files, launcher
from emotion.runs.run import Run, RunError, RunStatus
from emotion.runs.store import RunStore, Transaction, in_queue_order

_LOG = logging.getLogger(__name__)
_LIMIT = "EMOTION_CONCURRENT_RUNS"


def concurrent_limit() -> int:
    """Return how many runs may be at work at once: EMOTION_CONCURRENT_RUNS, or 1.

    Raises:
        RunError: the variable is no number of at least 1.
    """
    text = os.environ.get(_LIMIT, "1")
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise RunError(f"{_LIMIT} must be a whole number of at least 1, not {text[:20]!r}.")
    return int(text)


def _folder_names(root: Path) -> set[str]:
    try:
        return {entry.name for entry in os.scandir(root) if entry.is_dir(follow_symlinks=False)}
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise RunError(f"The folder of the runs, {root}, cannot be read: {error.strerror}.") from error


def _deleted(known: dict[str, Run], names: set[str]) -> list[str]:
    return [run_id for run_id, run in known.items() if run_id not in names and not run.is_going]


def tend(store: RunStore) -> list[Run]:
    """Bring a store up to date, start queued runs while there is room, and return all runs, newest first.

    Processes that died are noted; a folder that the store knows nothing of is taken in; a run whose
    folder somebody deleted is forgotten.

    Raises:
        RunError: the store cannot be read, or the limit is no number.
    """
    limit = concurrent_limit()
    runs = store.runs()
    if _take_stock(store, {run.id: run for run in runs}):
        runs = store.runs()
    dead = {run.id for run in runs if run.is_going and not launcher.is_alive(run)}
    going = sum(run.is_going for run in runs) - len(dead)
    if not dead and (going >= limit or not in_queue_order(runs)):
        return runs
    started: list[tuple[str, subprocess.Popen[bytes]]] = []
    try:
        with store.transaction() as transaction:
            for run in transaction.runs():
                # Whoever ends well says so before: what is at work here and has no process, died.
                if run.is_going and not launcher.is_alive(run):
                    _note_death(transaction, run)
            _start_queued(transaction, limit, started)
    except RunError as error:
        # A full disk takes no note, but everybody may look, and nobody is told that a dead process works.
        _LOG.warning("Neither ends nor starts could be noted: %s", error)
        return [_as_dead(run) if run.id in dead else run for run in runs]
    finally:
        for run_id, process in started:
            launcher.watch(process, partial(_on_end, store, run_id, process.pid))
    return store.runs()


def _take_stock(store: RunStore, known: dict[str, Run]) -> bool:
    """Bring rows and folders together, and return whether that changed something."""
    names = _folder_names(store.root)
    strangers = any(files.recognise(store.root / name) for name in names - set(known))
    if not strangers and not _deleted(known, names):
        return False
    with suppress(RunError), store.transaction() as transaction:  # a disk that is full hides no run
        # Others may have done so since, or begun a run: looked at anew, with the only right to write.
        names, known = _folder_names(store.root), {run.id: run for run in transaction.runs()}
        for run_id in _deleted(known, names):
            transaction.remove(run_id)
        for name in sorted(names - set(known)):
            run = files.recognise(store.root / name)
            if run is not None:
                transaction.add(run)
    return True


def _start_queued(
    transaction: Transaction, limit: int, started: list[tuple[str, subprocess.Popen[bytes]]]
) -> None:
    """Start what there is room for, and add it to `started`; each waits for the transaction's end."""
    runs = transaction.runs()
    going = sum(run.is_going for run in runs)
    for run in in_queue_order(runs):
        if going >= limit:
            return
        kills = launcher.oom_kills()
        try:
            process = launcher.start(run)
        except OSError as error:
            transaction.move(run.id, RunStatus.RUNNING)
            message = f"The training process could not be started: {error.strerror}."
            transaction.move(run.id, RunStatus.FAILED, error=message)
            continue
        started.append((run.id, process))
        transaction.move(
            run.id,
            RunStatus.RUNNING,
            pid=process.pid,
            process_started=launcher.start_time(process.pid),
            oom_kills=kills,
            activity="Starting …",
        )
        going += 1


def _note_death(transaction: Transaction, run: Run, status: int | None = None) -> None:
    dead = _as_dead(run, status)
    transaction.move(run.id, dead.status, error=dead.error, epoch=dead.epoch, val_accuracy=dead.val_accuracy)


def _as_dead(run: Run, status: int | None = None) -> Run:
    epoch, accuracy = files.reached(run.folder)
    error = launcher.describe_death(run, status)
    return replace(
        run, status=RunStatus.INTERRUPTED, error=error, activity="", epoch=epoch, val_accuracy=accuracy
    )


def _on_end(store: RunStore, run_id: str, pid: int, status: int) -> None:
    """Note how a process ended that this program had started, and let the next run begin."""
    try:
        with store.transaction() as transaction:
            run = transaction.find(run_id)
            if run.pid == pid and run.is_going:
                _note_death(transaction, run, status)
            elif run.pid == pid and run.status is RunStatus.INTERRUPTED:
                # Somebody saw that it was gone, but only a parent learns how.
                transaction.change(run_id, error=launcher.describe_death(run, status))
        tend(store)
    except RunError:  # deleted in the meantime, or the disk is full: whoever looks next sees to it
        _LOG.info("The end of the run %s was not noted", run_id, exc_info=True)
