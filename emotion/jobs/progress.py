"""What a job tells the app: JSON objects, one a line, on its standard output.

{"done": 640, "total": 3589}        how far it is; of 0: nobody knows how much there is
{"message": "Loading Keras …"}      what it is at
{"result": {...}}                   what came of it, if that is not on disk
{"error": "One sentence."}          why nothing came of it
"""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

# Told how much is done, and of how much.
OnProgress = Callable[[int, int], None]
_INTERVAL = 0.2  # seconds between two lines of progress
_GRACE_SECONDS = 3.0


class Reporter:
    """The job's end. Whatever libraries print goes to standard error, not between the lines."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._last = 0.0

    def progress(self, done: int, total: int) -> None:
        """Say how far the work is; not more often than a person can read."""
        now = time.monotonic()
        if 0 < total <= done or now - self._last > _INTERVAL:
            self._last = now
            self.tell(done=done, total=total)

    def tell(self, **content: Any) -> None:
        """Say one of the things above; where the app is gone, nobody listens."""
        with suppress(BrokenPipeError):
            self._out.write(json.dumps(content) + "\n")
            self._out.flush()


def end_with_parent() -> None:
    """End this process when the one that holds the other end of its standard input is gone, or closes it.

    What runs is interrupted as by Ctrl-C, so that it can remove what it leaves half done; what does not
    listen, such as a converter written in C++, is ended a little later.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # an app in the background ignores it

    def wait() -> None:
        while os.read(0, 4096):
            continue
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(_GRACE_SECONDS)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
