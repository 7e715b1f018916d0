"""What augmentation does to faces, shown by the very layers that training uses.

Those are Keras layers, and the app process never imports Keras: `python -m emotion.training.preview`
does, and answers one request after another until its input ends, as importing takes seconds and
changing some faces takes none. `AugmentationPreview` is the app's end of it.

Both ends are this program's own, and so pickle to each other: the process says True once Keras is there; from
then on a request is what `augment` takes, and the answer what it returns, or None where it failed. It is no
process pool of the standard library's, whose processes begin by running the main script: here, a page.
"""

import atexit
import contextlib
import importlib
import os
import pickle
import subprocess
import sys
import threading
import traceback
from typing import Any

import numpy as np

from emotion import paths
from emotion.errors import TrainingError
from emotion.training.config import AugmentationConfig

IDLE_SECONDS = 120.0
# Until an answer: starting Keras takes seven seconds here, and several times that where much else goes on.
ANSWER_SECONDS = 120.0
_PROGRAM = ("-m", "emotion.training.preview")


def augment(
    images: np.ndarray, variants: int, config: AugmentationConfig, seed: int
) -> np.ndarray:  # pragma: no cover - measured in a process of its own
    """Change each face several times, as training would; imports Keras.

    Args:
        images: uint8 (n, 48, 48).
        variants: how many changed faces to return of each.
        config: what is changed, and how strongly.
        seed: of the randomness.

    Returns:
        uint8 (n, variants, 48, 48).
    """
    from emotion.training.augmentation import build_augmentation

    batch = np.repeat(images, variants, axis=0)[..., None].astype(np.float32)
    layers = build_augmentation(config, seed)
    # With everything turned off there is no layer, and nothing to call.
    changed = np.asarray(layers(batch, training=True)) if layers.layers else batch
    rounded = np.clip(np.rint(changed[..., 0]), 0, 255).astype(np.uint8)
    return rounded.reshape(len(images), variants, *images.shape[1:])


class AugmentationPreview:
    """Asks a process that knows Keras; starts it at the first question and ends it when it idles.

    One object serves all visitors; they are answered one after another.

    Args:
        idle_seconds: how long the process, some hundred megabytes of memory, is kept for the next question.
        answer_seconds: how long an answer, or one's turn, is waited for; a process that hangs is ended then.
    """

    def __init__(self, idle_seconds: float = IDLE_SECONDS, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._idle_seconds, self._answer_seconds = idle_seconds, answer_seconds
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False
        self._end = threading.Timer(0, self.close)  # of the process, once it idles or is late
        self._end.start()
        atexit.register(self.close)  # one that hangs does not see that its input has ended

    @property
    def is_warm(self) -> bool:
        """Whether the next answer comes at once."""
        process = self._process
        return process is not None and process.poll() is None

    def ask(self, images: np.ndarray, variants: int, config: AugmentationConfig, seed: int) -> np.ndarray:
        """Return what `augment` returns.

        Raises:
            TrainingError: Keras is not installed, it or its process failed, or it did not answer in time.
        """
        if not self._turn.acquire(timeout=self._answer_seconds):
            raise TrainingError("Too many people look at the preview right now; try it again in a moment.")
        try:
            self._end_in(self._answer_seconds)
            return self._exchange((images, variants, config, seed))
        finally:
            self._end_in(self._idle_seconds)
            self._turn.release()

    def close(self) -> None:
        """End the process, also in the middle of an answer; the next question starts another."""
        self._is_closed, process = True, self._process
        if process is not None:
            with contextlib.suppress(OSError), process:  # closes the pipes, and waits
                process.kill()  # it has nothing to lose; who waits for its answer learns of it

    def _end_in(self, seconds: float) -> None:
        """End the process in so many seconds from now, instead of when it was to end before."""
        self._end.cancel()
        self._end.join()  # it may be at it
        self._end = threading.Timer(seconds, self.close)
        self._end.daemon = True
        self._end.start()

    def _exchange(self, request: tuple[Any, ...]) -> np.ndarray:
        is_ready, self._is_closed = self.is_warm, False
        answer = None
        try:
            if self._process is None or not is_ready:
                self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                    [sys.executable, *_PROGRAM],
                    cwd=paths.PROJECT,
                    env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            if self._process.stdin is None or self._process.stdout is None:
                raise OSError("the process has no pipes")
            is_ready = is_ready or pickle.load(self._process.stdout)  # noqa: S301 - of our own program
            pickle.dump(request, self._process.stdin)
            self._process.stdin.flush()
            answer = pickle.load(self._process.stdout)  # noqa: S301 - of our own program
        except (OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
            is_late = self._is_closed
            self.close()
            if is_late:
                raise TrainingError(
                    "The preview gave no answer in time, so Keras was ended; try it again."
                ) from error
            if not is_ready:
                raise TrainingError(
                    "The preview needs Keras and TensorFlow, and they did not start; "
                    "install the requirements anew, or see the app's log."
                ) from error
        if answer is None:
            raise TrainingError("The faces could not be changed so; the app's log has the details.")
        return answer


def main() -> None:  # pragma: no cover - runs in a process of its own
    """Answer requests from standard input on standard output until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints goes to the log, not between the answers
    importlib.import_module("keras")
    answer: Any = True
    while True:
        pickle.dump(answer, answers)
        answers.flush()
        try:
            request = pickle.load(sys.stdin.buffer)  # noqa: S301 - of our own program
        except (EOFError, pickle.UnpicklingError):
            return
        try:
            answer = augment(*request)
        except Exception:  # noqa: BLE001 - the app only learns that there was one
            traceback.print_exc()
            answer = None


if __name__ == "__main__":
    main()
