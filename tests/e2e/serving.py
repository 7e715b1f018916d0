"""The app, served as a visitor's computer does it."""

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emotion import paths
from tests.helpers import wait_until


@contextmanager
def served_app(home: Path) -> Iterator[tuple[str, int]]:
    """Serve the app; yield its address and the number of its process. It logs to `home / "log.txt"`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://localhost:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
    environment = os.environ | {"EMOTION_HOME": str(home)}
    environment.pop("EMOTION_ICE_SERVERS", None)
    log = home / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, f"--server.port={address.rpartition(':')[2]}"],
            cwd=paths.PROJECT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )

    def is_up() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=60).close()  # noqa: S310 - our own
        except OSError:
            return False
        return True

    try:
        wait_until(is_up)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait()
