"""Processes that look like training processes from outside, and take no seven seconds to start."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from emotion.training import launcher, runs
from emotion.training.config import RunConfig
from emotion.training.run_store import Run, RunStatus, RunStore

_SLEEP = "import time; time.sleep(300)"


class Sleepers:
    """Starts processes that only sleep, where the launcher would start training."""

    def __init__(self) -> None:
        self.processes: dict[str, subprocess.Popen] = {}

    def start(self, run: Run) -> subprocess.Popen:
        with (run.folder / launcher.LOG).open("ab") as log:
            command = [sys.executable, "-c", _SLEEP, str(run.folder)]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes[run.id] = process
        return process

    def kill(self, run_id: str) -> None:
        self.processes[run_id].kill()

    def finish(self, run_id: str, status: RunStatus = RunStatus.FINISHED) -> None:
        """End as a training process does: say so, then go."""
        with RunStore(runs.get_run(run_id).root).transaction() as transaction:
            transaction.move(run_id, status)
        self.kill(run_id)

    def kill_all(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it does not come true"
        time.sleep(0.02)


def run_folder(root: Path, name: str, config: RunConfig | None = None) -> Path:
    """A run's folder without a row."""
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "config.json").write_text((config or RunConfig(name="quick", epochs=6)).to_json())
    return folder
