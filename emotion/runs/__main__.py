"""`python -m emotion.runs RUN_DIR`: the process that trains one run. The launcher starts it.

It works for the run's row in the store, for as long as that names it, and says there how it ended.
"""

import argparse
import errno
import os
import re
import shutil
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path

from emotion.errors import FileError, ReadableError
from emotion.files import PARTIAL
from emotion.models import registry
from emotion.runs import files, launcher, scheduler
from emotion.runs.run import Run, RunError, RunStatus, UnknownRunError
from emotion.runs.store import RunStore
from emotion.training.metrics import METRICS

# How often to ask the store whether somebody wants the run to stop.
_POLL_SECONDS = 0.5
_NO_SPACE = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
# What the backends call it when a device's memory is used up.
_NO_MEMORY = re.compile(r"ResourceExhausted|RESOURCE_EXHAUSTED|OutOfMemory|out of memory")


def main(argv: list[str] | None = None) -> int:
    """Train the run in a folder; return 0 if it finished or was stopped, 1 if it failed."""
    parser = argparse.ArgumentParser(prog="python -m emotion.runs", description=__doc__)
    parser.add_argument("run", metavar="RUN_DIR", type=Path, help="the run's folder")
    folder = parser.parse_args(argv).run.absolute()
    try:
        worker = Worker(folder)
    except RunError as error:
        _print(str(error))
        return 2
    _print(f"--- {time.strftime('%Y-%m-%d %H:%M:%S')}, process {os.getpid()}")
    with worker:
        return worker.work()


class Worker:
    """This process, at work on one run; what `loop.train` talks to (see `callbacks.Control`).

    Args:
        folder: the run's.

    Raises:
        RunError: the store does not name this process: it was not started by the launcher, or in vain.
    """

    def __init__(self, folder: Path) -> None:
        self.store = RunStore(folder.parent)
        # Waits for the end of the transaction in which this process was started.
        with self.store.transaction() as transaction:
            self.run = transaction.find(folder.name)
        if not self._is_mine(self.run):
            raise RunError("Runs are started with `python -m emotion train` or `runs resume`, not like this.")
        self._stop = threading.Event()
        self._end = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="poll", daemon=True)

    def __enter__(self) -> "Worker":
        # One connection stays open: the store's files then stay in place, also on a disk that fills up.
        self._held = self.store.connect()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stop.set())
        self._poller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._poller.join()
        self._held.close()

    def stop_requested(self) -> bool:
        """Return whether somebody asked the run to stop, or it is no longer this process's."""
        return self._stop.is_set()

    def message(self, text: str) -> None:
        """Note what is being done, in the store and in the log."""
        _print(text)
        try:
            with self.store.transaction() as transaction:
                if self._is_mine(transaction.find(self.run.id)):
                    transaction.change(self.run.id, activity=text)
        except RunError as error:
            _print(str(error))  # the training is worth more than word of it

    def work(self) -> int:
        """Train, say how it ended, and start what waits; return the process's exit status."""
        try:
            status, error = self._train(), ""
        except Exception as exception:  # noqa: BLE001 - nobody else is there to put it into words
            if not isinstance(exception, ReadableError):
                _print(traceback.format_exc())
            status, error = RunStatus.FAILED, explain(exception)
            _print(error)
        model = ""
        if status is RunStatus.FINISHED:
            model, error = self._register()
        self._make_room()
        failed = status is RunStatus.FAILED
        if not failed:
            self._draw_curves()
        # Without the poller nothing else writes, and the row has the last word.
        self._end.set()
        self._poller.join()
        self._note_end(status, error, model)
        if failed:
            self._draw_curves()  # only now: where the disk is full, the word of that needs the room more
        return int(failed)

    def _train(self) -> RunStatus:
        # TensorFlow's greetings are of no use to who reads the log.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        backend = os.environ.get("KERAS_BACKEND", "tensorflow")
        self.message(f"Loading Keras with {backend} …")
        from emotion.training.loop import train

        if self.stop_requested():
            return RunStatus.STOPPED
        finished = train(self.run.folder, self, self.run.task)
        return RunStatus.FINISHED if finished else RunStatus.STOPPED

    def _register(self) -> tuple[str, str]:
        """Add the model to the others if that was asked for; return its name, and what went wrong."""
        if not self.run.register:
            return "", ""
        try:
            name = self.run.config.name
            return registry.add_model(self.run.folder / "model", name, self.run.replace_model), ""
        except ReadableError as error:
            _print(str(error))
            return "", str(error)

    def _make_room(self) -> None:
        """Remove what was left half written: the disk may be full, and there is more to write."""
        for remains in sorted(self.run.folder.rglob(f"{PARTIAL}*"), reverse=True):
            with suppress(OSError):
                if remains.is_dir():
                    shutil.rmtree(remains)
                else:
                    os.truncate(remains, 0)  # HDF5 may still hold it, and its room with it
                    remains.unlink()

    def _draw_curves(self) -> None:
        try:
            files.save_curves(self.run.folder)
        except FileError as error:
            _print(str(error))

    def _note_end(self, status: RunStatus, error: str, model: str) -> None:
        epoch, accuracy = files.reached(self.run.folder)
        try:
            with self.store.transaction() as transaction:
                if self._is_mine(transaction.find(self.run.id)):
                    transaction.move(
                        self.run.id, status, error=error, model=model, epoch=epoch, val_accuracy=accuracy
                    )
            scheduler.tend(self.store)
        except RunError as reason:
            _print(str(reason))  # whoever looks next sees that this process is gone

    def _poll(self) -> None:
        """Ask the store, now and then, and tell it how far the run is."""
        seen: tuple[int, float | None] = (self.run.epoch, self.run.val_accuracy)
        size = -1
        while not self._end.wait(_POLL_SECONDS):
            try:
                run = self.store.find(self.run.id)
                if not self._is_mine(run) or run.status is RunStatus.STOPPING:
                    self._stop.set()
                now = _size(self.run.folder / METRICS)
                if now == size:
                    continue
                size, reached = now, files.reached(self.run.folder)
                if reached != seen:
                    with self.store.transaction() as transaction:
                        transaction.change(self.run.id, epoch=reached[0], val_accuracy=reached[1])
                    seen = reached
            except UnknownRunError:
                self._stop.set()  # somebody has removed the run, or the whole store
            except RunError as error:
                _print(str(error))

    @staticmethod
    def _is_mine(run: Run) -> bool:
        return run.is_going and launcher.is_own(run)


def explain(error: Exception) -> str:
    """Return, in a sentence for a person, why a run failed."""
    # Keras raises what passes through it anew, without its cause; the context stays.
    cause = error.__context__
    if isinstance(error, FileError) and isinstance(cause, OSError) and _number(cause):
        error = cause  # which tells a full disk from others
    if isinstance(error, ReadableError):
        return str(error)
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, MemoryError) or _NO_MEMORY.search(text):
        return "The memory was not enough. A smaller batch size or a smaller network needs less."
    if isinstance(error, ImportError):
        return f"A package that the training needs cannot be loaded: {error}."
    if isinstance(error, OSError):
        number = _number(error)
        if number in _NO_SPACE:
            what = (
                "A file grew larger than this system allows" if number == errno.EFBIG else "The disk is full"
            )
            return f"{what}. Free some space, then resume the run: it goes on after its last epoch."
        if number:
            return f"A file could not be read or written: {os.strerror(number)}."
    return "The training failed for a reason nobody foresaw; its log has the details."


def _number(error: OSError) -> int | None:
    """Return the system's number of an error; HDF5 gives it in its text alone."""
    found = re.search(r"errno = (\d+)", str(error))
    return error.errno or (int(found[1]) if found else None)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _print(text: str) -> None:
    with suppress(OSError):  # the log may be on a full disk; the run shall say so in the store
        print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
