"""Work in the background: commands of our own command line, each in a process, whoever looks at it."""

import atexit
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from emotion import paths
from emotion.files import disk_errors
from emotion.jobs.status import ACTIVE, JobState, JobStatus, duration

_LOG = logging.getLogger(__name__)
# What a cancelled process has to tidy up; a little more than it gives itself (see `end_with_parent`).
_GRACE_SECONDS = 5.0
_GUARD_SECONDS = 0.1
# Between two looks at the memory: to find a process's children, the system's whole list is read.
_MEMORY_SECONDS = 0.5
_HOUR = 3600.0


@dataclass(frozen=True)
class Limits:
    """What a job may use: enough for any honest work, so that none that hangs is in the way for ever.

    Attributes:
        seconds: it is ended after so many.
        memory: it is ended when it and what it has started take more bytes.
        crashed: what is said when its process dies without a word.
    """

    seconds: float = 12 * _HOUR
    memory: int = 16_000_000_000
    crashed: str = "It ended without a result; the app's log has the details."


class _Job:
    def __init__(
        self, key: str, title: str, arguments: Sequence[str], lane: str, limits: Limits, folder: Path
    ) -> None:
        self.key, self.title, self.arguments = key, title, arguments
        self.lane, self.limits, self.folder = lane, limits, folder
        self.cancelled, self.ended = threading.Event(), threading.Event()
        self.state = JobState.QUEUED
        self.ended_at = 0.0
        self.done, self.total = 0, 0
        self.first: tuple[float, int] | None = None  # when it first said how much was done, and how much
        self.last = 0.0
        self.message = ""
        self.result: dict[str, Any] = {}
        self.error: str | None = None

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    def note(self, line: str) -> None:
        """Take in what the process says."""
        try:
            said = json.loads(line)
        except ValueError:
            return  # no line of ours
        if not isinstance(said, dict):
            return
        if "done" in said:
            self.last = time.monotonic()
            if self.first is None or said["total"] != self.total:
                self.first = (self.last, said["done"])
            self.total, self.done = said["total"], said["done"]
        self.message = said.get("message", self.message)
        self.result |= said.get("result", {})
        self.error = said.get("error", self.error)

    def status(self) -> JobStatus:
        state = self.state  # read first: what belongs to an end is written before the end
        left = None
        if self.first is not None and self.done > self.first[1]:
            left = (self.last - self.first[0]) / (self.done - self.first[1]) * max(0, self.total - self.done)
        if state is JobState.RUNNING and self.cancelled.is_set():
            return JobStatus(self.key, self.title, state, message="Stopping …")
        said = (self.done, self.total, left, self.message, dict(self.result), self.error)
        return JobStatus(self.key, self.title, state, *said)


class Jobs:
    """The jobs of an app, shared by all visitors; those of one lane run one after another.

    Args:
        keep: how many that have ended are remembered.
        keep_seconds: for how long.
    """

    def __init__(self, keep: int = 50, keep_seconds: float = _HOUR) -> None:
        self._keep, self._keep_seconds = keep, keep_seconds
        self._changed = threading.Condition()
        self._jobs: dict[str, _Job] = {}  # those that have not begun stand in the order of their start
        atexit.register(self._close)

    def start(
        self,
        key: str,
        title: str,
        arguments: Sequence[str],
        limits: Limits = Limits(),
        lane: str = "",
        folder: Path | None = None,
    ) -> bool:
        """Begin a job and return at once.

        Args:
            key: what it is known by; one that is still active is left to go on.
            title: what is being done, in words.
            arguments: of `python -m emotion`; see `progress.py` for what it says.
            limits: what it may use.
            lane: jobs of one run one after another, as cores are few; its first argument unless named.
            folder: its own from here on, where its arguments need files; its temporary files lie there,
                too, and all is removed when it has ended, however it ended.

        Returns:
            Whether it is a new one.

        Raises:
            FileError: the disk refuses.
        """
        with self._changed:
            self._forget()
            if key in self._jobs and self._jobs[key].is_active:
                if folder is not None:
                    shutil.rmtree(folder, ignore_errors=True)
                return False
            self._jobs.pop(key, None)
            with disk_errors("The work could not be started"):
                folder = folder or Path(tempfile.mkdtemp(prefix="emotion-job-"))
            job = self._jobs[key] = _Job(key, title, arguments, lane or arguments[0], limits, folder)
        threading.Thread(target=self._run, args=(job,), daemon=True).start()
        return True

    def status(self, key: str) -> JobStatus | None:
        """Return where a job stands; None where there is none of that key."""
        with self._changed:
            self._forget()
            job = self._jobs.get(key)
        return None if job is None else job.status()

    def active(self) -> list[JobStatus]:
        """Return the jobs that have not ended."""
        with self._changed:
            return [job.status() for job in self._jobs.values() if job.is_active]

    def cancel(self, key: str) -> None:
        """End a job, also one that waits; without one of that key, nothing happens."""
        with self._changed:
            job = self._jobs.get(key)
            if job is None or not job.is_active:
                return
            job.cancelled.set()
            if job.state is JobState.QUEUED:
                job.state, job.ended_at = JobState.CANCELLED, time.monotonic()
            self._changed.notify_all()

    def dismiss(self, key: str) -> None:
        """Forget a job that has ended."""
        with self._changed:
            job = self._jobs.get(key)
            if job is not None and not job.is_active:
                del self._jobs[key]

    def wait(self, key: str, seconds: float | None = None) -> JobStatus | None:
        """Wait until a job has ended, at most so many seconds, and return where it stands."""
        job = self._jobs.get(key)
        if job is None:
            return None
        job.ended.wait(seconds)
        return job.status()

    def _forget(self) -> None:
        """Forget what ended long ago, and the oldest of what is too much."""
        ended = sorted((job for job in self._jobs.values() if not job.is_active), key=lambda j: j.ended_at)
        oldest = time.monotonic() - self._keep_seconds
        for place, job in enumerate(ended):
            if place < len(ended) - self._keep or job.ended_at < oldest:
                del self._jobs[job.key]

    def _close(self) -> None:
        """End all jobs with the program, and leave nothing behind: what people have uploaded lies in folders.

        A job's folder is removed once its process has ended, which would else go on writing there.
        """
        ending = [status.key for status in self.active()]
        for key in ending:
            self.cancel(key)
        for key in ending:
            self.wait(key, 2 * _GRACE_SECONDS)

    def _has_turn(self, job: _Job) -> bool:
        if job.cancelled.is_set():
            return True
        lane = [other for other in self._jobs.values() if other.lane == job.lane and other.is_active]
        return lane[0] is job

    def _run(self, job: _Job) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._has_turn(job))
            if not job.cancelled.is_set():
                job.state = JobState.RUNNING
        state = JobState.FAILED
        try:
            if job.state is JobState.RUNNING:
                state = _follow(job)
        except OSError as error:
            job.error = f"The work could not be started: {error.strerror}."
        except Exception:  # noqa: BLE001 - nobody waits on this thread: what it does not say, no one learns
            _LOG.exception("%s failed", job.title)
            job.error = "It failed for a reason nobody foresaw; the app's log has the details."
        finally:
            shutil.rmtree(job.folder, ignore_errors=True)
            with self._changed:
                if job.cancelled.is_set() and state is not JobState.DONE:
                    job.error, state = None, JobState.CANCELLED
                job.state, job.ended_at = state, time.monotonic()
                job.ended.set()
                self._changed.notify_all()


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "emotion", "--job", *arguments]


def _follow(job: _Job) -> JobState:
    """Run a job's process to its end and note what it says."""
    place = {name: str(job.folder) for name in ("TMPDIR", "TEMP", "TMP")}
    place["EMOTION_HOME"] = str(paths.home().absolute())  # the job works in another folder
    process = subprocess.Popen(  # noqa: S603 - our own command line, without a shell
        _command(job.arguments),
        cwd=paths.PROJECT,
        env=os.environ | place,
        stdin=subprocess.PIPE,  # its end tells the process to end
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    guard = threading.Thread(target=_guard, args=(job, process), daemon=True)
    guard.start()
    try:
        for line in process.stdout or ():
            job.note(line)
        code = process.wait()
    finally:
        _kill(process)  # it has ended, unless something went wrong here
        guard.join()
        for pipe in filter(None, (process.stdin, process.stdout)):
            with suppress(OSError):
                pipe.close()
    if code or job.error:
        job.error = job.error or job.limits.crashed
    return JobState.FAILED if job.error else JobState.DONE


def _guard(job: _Job, process: subprocess.Popen[str]) -> None:
    """End a process that is cancelled, or uses more than it may."""
    limits, started, asked, looked = job.limits, time.monotonic(), 0.0, 0.0
    while process.poll() is None:
        now, memory = time.monotonic(), 0
        if now - looked > _MEMORY_SECONDS:
            looked, memory = now, sum(map(_memory, _family(process)))
        if now - started > limits.seconds:
            job.error = f"It took longer than {duration(limits.seconds)} and was ended."
            _kill(process)
        elif memory > limits.memory:
            job.error = f"It took more than {limits.memory / 1e9:.0f} GB of memory and was ended."
            _kill(process)
        elif job.cancelled.is_set():
            if not asked and process.stdin is not None:
                asked = now
                process.stdin.close()
            elif now - asked > _GRACE_SECONDS:
                _kill(process)
        time.sleep(_GUARD_SECONDS)


def _family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return a process and all that it has started; nothing once it has ended."""
    with suppress(psutil.Error):
        if process.poll() is None:
            parent = psutil.Process(process.pid)
            return [parent, *parent.children(recursive=True)]
    return []


def _memory(process: psutil.Process) -> int:
    with suppress(psutil.Error):  # it has just ended
        return process.memory_info().rss
    return 0


def _kill(process: subprocess.Popen[str]) -> None:
    for member in _family(process):
        with suppress(psutil.Error):  # it has just ended
            member.kill()
    process.kill()
