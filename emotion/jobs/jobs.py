"""Work on models in processes of their own, whoever looks at it: one after another, progress, cancel."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import psutil

from emotion import paths
from emotion.labels import in_percent

_LOG = logging.getLogger(__name__)
_GRACE_SECONDS = 5.0
_GUARD_SECONDS = 0.1


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True)
class JobStatus:
    """A job as it stood at one moment.

    Attributes:
        key: what it is known by.
        title: what is being done, in words.
        state: queued, running, or how it ended.
        share: how much is done, 0 to 1; None while nobody knows.
        seconds_left: an estimate; None while nobody knows.
        message: what it is at; "" where it does not say.
        result: what came of it, where it says so.
        error: one sentence for a person; None unless failed.
    """

    key: str
    title: str
    state: JobState
    share: float | None = None
    seconds_left: float | None = None
    message: str = ""
    result: dict[str, Any] = field(default_factory=dict)
    error: str | None = None

    @property
    def is_active(self) -> bool:
        """Whether it has not ended yet."""
        return self.state in (JobState.QUEUED, JobState.RUNNING)

    @property
    def text(self) -> str:
        """How far it is, in words."""
        if self.state is JobState.QUEUED:
            return "Waiting for what runs before it …"
        if self.share is None:
            return self.message or "Getting ready …"
        text = in_percent(self.share, 0)
        if self.seconds_left is not None:
            text += f" · about {max(1, round(self.seconds_left))} s left"
        return text


@dataclass(frozen=True)
class Limits:
    """What a job may use.

    Attributes:
        seconds: it is ended after so many; None for no limit.
        memory: it is ended when it takes more bytes; None for no limit.
        crashed: what is said when its process dies without a word.
    """

    seconds: float | None = None
    memory: int | None = None
    crashed: str = "It ended without a result; the app's log has the details."


class _Job:
    def __init__(
        self, key: str, title: str, command: Sequence[str], clean_up: Callable[[], None], limits: Limits
    ) -> None:
        self.key, self.title, self.command, self.clean_up, self.limits = key, title, command, clean_up, limits
        self.cancelled = threading.Event()
        self.ended = threading.Event()
        self.state = JobState.QUEUED
        self.started = 0.0
        self.done, self.total = 0, 0
        self.message = ""
        self.result: dict[str, Any] = {}
        self.error: str | None = None
        self.process: subprocess.Popen[str] | None = None

    def status(self) -> JobStatus:
        state = self.state  # read first: what belongs to an end is written before the end
        share = self.done / self.total if self.total else None
        left = (time.monotonic() - self.started) * (1 / share - 1) if share else None
        return JobStatus(
            self.key, self.title, state, share, left, self.message, dict(self.result), self.error
        )


class ModelJobs:
    """The jobs of an app, shared by all visitors; they run one after another, as cores are few."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._jobs: dict[str, _Job] = {}

    def start(
        self,
        key: str,
        title: str,
        command: Sequence[str],
        clean_up: Callable[[], None] = lambda: None,
        limits: Limits = Limits(),
    ) -> bool:
        """Begin a job and return at once.

        Args:
            key: what it is known by; one that is still active is left to go on.
            title: what is being done, in words.
            command: of the process; see `progress.py` for what it says.
            clean_up: called when it has ended, however it ended.
            limits: what it may use.

        Returns:
            Whether it is a new one; `clean_up` is left to the caller where it is not.
        """
        with self._lock:
            known = self._jobs.get(key)
            if known is not None and known.status().is_active:
                return False
            job = _Job(key, title, command, clean_up, limits)
            self._jobs[key] = job
        threading.Thread(target=self._run, args=(job,), daemon=True).start()
        return True

    def status(self, key: str) -> JobStatus | None:
        """Return where a job stands; None where there is none of that key."""
        job = self._jobs.get(key)
        return None if job is None else job.status()

    def active(self) -> list[JobStatus]:
        """Return the jobs that have not ended, the oldest first."""
        return [status for status in (job.status() for job in list(self._jobs.values())) if status.is_active]

    def cancel(self, key: str) -> None:
        """End a job; without one of that key, nothing happens."""
        job = self._jobs.get(key)
        if job is not None:
            job.cancelled.set()
            _end(job.process)

    def dismiss(self, key: str) -> None:
        """Forget a job that has ended."""
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and not job.status().is_active:
                del self._jobs[key]

    def wait(self, key: str, seconds: float | None = None) -> JobStatus | None:
        """Wait until a job has ended, at most so many seconds, and return where it stands."""
        job = self._jobs.get(key)
        if job is None:
            return None
        job.ended.wait(seconds)
        return job.status()

    def _run(self, job: _Job) -> None:
        state = JobState.FAILED
        try:
            with self._turn:
                if not job.cancelled.is_set():
                    state = _follow(job)
        except OSError as error:
            job.error = f"The work could not be started: {error.strerror}."
        except Exception:  # noqa: BLE001 - nobody waits on this thread: what it does not say, no one learns
            _LOG.exception("%s failed", job.title)
            job.error = "It failed for a reason nobody foresaw; the app's log has the details."
        finally:
            with suppress(OSError):  # what stays behind lies in the system's folder for temporary files
                job.clean_up()
            if job.cancelled.is_set():
                job.error, state = None, JobState.CANCELLED
            job.state = state
            job.ended.set()


def _follow(job: _Job) -> JobState:
    """Run a job's process to its end and note what it says."""
    job.process = subprocess.Popen(  # noqa: S603 - the command is made here, without a shell
        list(job.command),
        cwd=paths.PROJECT,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
        stdin=subprocess.PIPE,  # its end tells the process that the app is gone
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    job.started = time.monotonic()
    job.state = JobState.RUNNING
    guard = threading.Thread(target=_guard, args=(job, job.process), daemon=True)
    guard.start()
    try:
        if job.cancelled.is_set():
            _end(job.process)
        for line in job.process.stdout or ():
            _note(job, line)
        code = job.process.wait()
    finally:
        _end(job.process)
        guard.join()
        for pipe in (job.process.stdin, job.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
    if code == 0 and job.error is None:
        return JobState.DONE
    job.error = job.error or job.limits.crashed
    return JobState.FAILED


def _note(job: _Job, line: str) -> None:
    try:
        said = json.loads(line)
    except ValueError:
        return  # no line of ours
    if not isinstance(said, dict):
        return
    if "done" in said:
        job.total, job.done = said["total"], said["done"]
    job.message = said.get("message", job.message)
    job.result |= said.get("result", {})
    job.error = said.get("error", job.error)


def _guard(job: _Job, process: subprocess.Popen[str]) -> None:
    """End a process that uses more than it may."""
    limits = job.limits
    while process.poll() is None:
        if limits.seconds is not None and time.monotonic() - job.started > limits.seconds:
            job.error = f"It took longer than {limits.seconds:.0f} seconds and was ended."
            _end(process)
        elif limits.memory is not None and _memory(process) > limits.memory:
            job.error = f"It took more than {limits.memory / 1e9:.0f} GB of memory and was ended."
            _end(process)
        time.sleep(_GUARD_SECONDS)


def _memory(process: subprocess.Popen[str]) -> int:
    try:
        return psutil.Process(process.pid).memory_info().rss
    except psutil.Error:  # it has just ended
        return 0


def _end(process: subprocess.Popen[str] | None) -> None:
    if process is None:
        return
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
