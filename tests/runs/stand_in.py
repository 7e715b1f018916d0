"""Processes that look like training processes from outside, and take no seven seconds to start."""

import errno
import subprocess
import sys
import threading
from pathlib import Path

from emotion.runs import actions, launcher
from emotion.runs.run import Run, RunStatus
from emotion.runs.store import RunStore
from emotion.training.config import RunConfig
from tests.helpers import PATIENCE

_SLEEP = "import time; time.sleep(3600)"


class Sleepers:
    """Starts processes that only sleep, where the launcher would start training."""

    def __init__(self) -> None:
        self.processes: dict[str, subprocess.Popen] = {}  # by run, the newest
        self._started: list[subprocess.Popen] = []
        self.is_over = False

    def start(self, run: Run) -> subprocess.Popen:
        if self.is_over:
            raise OSError(errno.ECANCELED, "the test is over")
        with (run.folder / launcher.LOG).open("ab") as log:
            command = [sys.executable, "-c", _SLEEP, str(run.folder)]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes[run.id] = process
        self._started.append(process)
        return process

    def kill(self, run_id: str) -> None:
        self.processes[run_id].kill()

    def finish(self, run_id: str, status: RunStatus = RunStatus.FINISHED) -> None:
        """End as a training process does: say so, then go."""
        with RunStore(actions.get_run(run_id).root).transaction() as transaction:
            transaction.move(run_id, status)
        self.kill(run_id)

    def kill_all(self) -> None:
        """End all, and wait until their ends are noted: else the next runs in the queue would truly start."""
        self.is_over = True
        for process in list(self._started):
            process.kill()
            process.wait()
        self.join_watchers()

    def join_watchers(self) -> None:
        """Return once the ends of all, which must have been killed, are noted."""
        watchers = {f"run-{process.pid}" for process in self._started}
        for thread in threading.enumerate():
            if thread.name in watchers:
                thread.join(PATIENCE)


def run_folder(root: Path, name: str, config: RunConfig | None = None) -> Path:
    """A run's folder without a row."""
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "config.json").write_text((config or RunConfig(name="quick", epochs=6)).to_json())
    return folder
