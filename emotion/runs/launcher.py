"""Training processes as the system sees them: start one, tell whether it lives, say how it died.

A process belongs to nobody: it outlives the app or the shell that started it, and no Ctrl-C of
theirs reaches it. So whether it lives is not asked of a parent, but of the system.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil

from emotion import paths
from emotion.runs.run import Run

LOG = "log.txt"
_PROGRAM = ("-m", "emotion.runs")
# What a run keeps of the environment it was asked for in; the rest comes from whoever starts it,
# which may be the process of the run before.
_KEPT_VARIABLES = ("KERAS_BACKEND", "CUDA_VISIBLE_DEVICES", "JAX_PLATFORMS")
# Two looks at one process agree to a hundredth of a second, unless the clock was set in between.
_SAME_START_SECONDS = 0.1
_VMSTAT = Path("/proc/vmstat")


def kept_variables(before: str = "{}") -> str:
    """Return, as JSON, the environment variables that a run started later needs from this moment.

    Args:
        before: what the run has kept so far; a variable that is set now takes its place.
    """
    now = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return json.dumps(json.loads(before) | now)


def start(run: Run) -> subprocess.Popen[bytes]:
    """Start the training process of a run; what it prints is appended to the run's log.

    It looks for its row in the store, and ends at once if that does not name it.

    Raises:
        OSError: the system refuses, or the log cannot be written.
    """
    folder = run.folder.absolute()  # the child works in another folder
    environment = {name: value for name, value in os.environ.items() if name not in _KEPT_VARIABLES}
    environment |= json.loads(run.variables)
    environment["EMOTION_HOME"] = str(folder.parent.parent)
    # On Windows, a group of its own keeps Ctrl-C away, and no black window opens; 0 elsewhere.
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own program, and no shell
            [sys.executable, *_PROGRAM, str(folder)],
            cwd=paths.PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=flags,
        )


def start_time(pid: int) -> float | None:
    """Return when a process started, in Unix seconds, or None if there is none."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def is_alive(run: Run) -> bool:
    """Return whether the process that the run's row names is still at work.

    A process of the same number that started at another time is a stranger, unless it was started
    for this very folder: after the clock was set, the same process seems to have started at another time.
    """
    if run.pid is None:
        return False
    try:
        process = psutil.Process(run.pid)
        # Dead, but its parent has not looked yet; a parent that never looks is no sign of life.
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return False
        started = process.create_time()
        if run.process_started is not None and abs(started - run.process_started) < _SAME_START_SECONDS:
            return True
        return any(Path(argument).name == run.id for argument in process.cmdline())
    except psutil.Error:
        return False


def is_own(run: Run) -> bool:
    """Return whether the row of a run names this very process."""
    # In a virtual environment on Windows, `python.exe` starts the real one as its child.
    return run.pid == os.getpid() or (os.name == "nt" and run.pid == os.getppid())


def watch(process: subprocess.Popen[bytes], on_end: Callable[[int], None]) -> None:
    """Tell of a process's end as soon as it comes, with its exit status, for as long as this program runs.

    It also takes the dead process off the system's hands, which else would keep it as a zombie.
    """
    threading.Thread(target=lambda: on_end(process.wait()), name=f"run-{process.pid}", daemon=True).start()


def oom_kills() -> int | None:
    """Return how many processes Linux has killed for want of memory since it started, or None if unknown."""
    try:
        found = re.search(r"^oom_kill (\d+)$", _VMSTAT.read_text(encoding="ascii"), re.MULTILINE)
    except (OSError, ValueError):
        return None  # not Linux
    return int(found[1]) if found else None


def describe_death(run: Run, status: int | None = None) -> str:
    """Return, in a sentence, why a process may have ended without a word.

    Args:
        run: as it stood when the process was at work.
        status: the exit status, minus the signal's number where one ended the process; None where
            nobody was there to see it.
    """
    kills = oom_kills()
    killed = status is None or status == -getattr(signal, "SIGKILL", 9)
    if killed and kills is not None and run.oom_kills is not None and kills > run.oom_kills:
        return (
            "The process was killed, most likely for want of memory: the system has killed a process for "
            "that since the run started. A smaller batch size or a smaller network needs less."
        )
    if status is None:
        return "The process is gone without a word: it was killed, or the computer was switched off."
    if killed:
        return (
            "The process was killed from outside (SIGKILL): by a person, or by a system that has run out "
            "of memory."
        )
    return f"The process ended without a word ({_status_words(status)}); its log may say why."


def _status_words(status: int) -> str:
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"exit status {status}"
