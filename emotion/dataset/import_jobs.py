"""An import that goes on in the background, whoever looks at it: progress, time left, cancel."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.importing import ImportCancelled, ImportProgress, ImportReport
from emotion.errors import ReadableError

_LOG = logging.getLogger(__name__)

OnProgress = Callable[[ImportProgress], None]
# Does the import: is told whom to tell of progress, and whom to ask whether it has been cancelled.
Work = Callable[[OnProgress, Callable[[], bool]], ImportReport]


class JobState(StrEnum):
    """Where an import stands."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True)
class JobStatus:
    """An import as it stood at one moment.

    Attributes:
        title: what is being imported, in words.
        state: running, or how it ended.
        progress: the latest; None before the first.
        report: what came of it; None unless done.
        error: one sentence for a person; None unless failed.
        is_cancelling: someone asked it to stop, and it has not stopped yet.
    """

    title: str
    state: JobState
    progress: ImportProgress | None = None
    report: ImportReport | None = None
    error: str | None = None
    is_cancelling: bool = False

    @property
    def share(self) -> float | None:
        """How much is done, 0 to 1; None while nobody knows."""
        if self.progress is None or not self.progress.total:
            return None
        return min(1.0, self.progress.done / self.progress.total)


@dataclass
class _Job:
    title: str
    thread: threading.Thread
    cancel: threading.Event = field(default_factory=threading.Event)
    progress: ImportProgress | None = None
    report: ImportReport | None = None
    error: str | None = None
    state: JobState = JobState.RUNNING


class ImportJobs:
    """One import at a time, for all visitors of an app: two at once would fight over the same cores."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._job: _Job | None = None

    def start(self, title: str, work: Work, clean_up: Callable[[], None] = lambda: None) -> None:
        """Begin an import and return at once.

        Args:
            title: what is being imported, in words.
            work: does it, on a thread of its own; see `Work`.
            clean_up: called when it has ended, however it ended.

        Raises:
            DatasetError: another import is running; `clean_up` is then left to the caller.
        """
        with self._lock:
            if self._job is not None and self._job.state is JobState.RUNNING:
                raise DatasetError(
                    f"{self._job.title} is being imported right now; wait for it, or cancel it."
                )
            # A daemon: the import writes beside and renames, so it may end with the app at any time.
            thread = threading.Thread(target=lambda: self._run(job, work, clean_up), daemon=True)
            job = _Job(title, thread)
            self._job = job
        thread.start()

    def cancel(self) -> None:
        """Ask the running import to stop; without one, nothing happens."""
        job = self._job
        if job is not None:
            job.cancel.set()

    def dismiss(self) -> None:
        """Forget an import that has ended."""
        with self._lock:
            if self._job is not None and self._job.state is not JobState.RUNNING:
                self._job = None

    def status(self) -> JobStatus | None:
        """Return where the running import, or the last one, stands; None where there is none."""
        job = self._job
        if job is None:
            return None
        state = job.state  # read first: what belongs to an end is written before the end
        return JobStatus(
            job.title,
            state,
            job.progress,
            job.report,
            job.error,
            state is JobState.RUNNING and job.cancel.is_set(),
        )

    def wait(self, seconds: float | None = None) -> JobStatus | None:
        """Wait until the import has ended, at most so many seconds, and return where it stands."""
        job = self._job
        if job is not None:
            job.thread.join(seconds)
        return self.status()

    def _run(self, job: _Job, work: Work, clean_up: Callable[[], None]) -> None:
        def keep(progress: ImportProgress) -> None:
            job.progress = progress

        state = JobState.FAILED
        try:
            job.report = work(keep, job.cancel.is_set)
            state = JobState.DONE
        except ImportCancelled:
            state = JobState.CANCELLED
        except ReadableError as error:
            job.error = str(error)
        except Exception:  # noqa: BLE001 - nobody waits on this thread: what it does not say, no one learns
            _LOG.exception("Importing %s failed", job.title)
            job.error = "The import failed for a reason nobody foresaw; the app's log has the details."
        finally:
            _run_quietly(clean_up)
            job.state = state


def _run_quietly(clean_up: Callable[[], None]) -> None:
    try:
        clean_up()
    except OSError:
        _LOG.warning("What an import left behind could not be removed", exc_info=True)


def progress_text(status: JobStatus) -> str:
    """Return in words how far a running import is, and how long it will take."""
    if status.is_cancelling:
        return "Stopping …"
    progress = status.progress
    if progress is None:
        return "Getting ready …"
    if not progress.total:
        return f"{progress.done:,} faces so far"
    text = f"{progress.done:,} of {progress.total:,}"
    left = progress.seconds_left
    return text if left is None else f"{text} · about {max(1, round(left))} s left"
