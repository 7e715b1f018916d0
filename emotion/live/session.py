"""One visitor's live session: what the thread of the video writes and the page reads, behind one lock."""

import logging
import statistics
import threading
import time
from collections import deque

import numpy as np

from emotion.live.detection import LiveDetector
from emotion.live.frames import LiveFace, LiveResult, LiveSettings, Timings
from emotion.live.history import LiveHistory
from emotion.live.overlay import draw_notice
from emotion.live.processor import LiveProcessor
from emotion.live.summary import LiveReport, LiveStats
from emotion.models.classifier import Classifier

# Frames a second and milliseconds are those of the last frames.
RECENT_FRAMES = 90
# An error is told for so long after the frame that it befell.
ERROR_SECONDS = 5.0
# Between the last frame of one connection and the first of the next.
_ONE_FRAME = 1 / 30

logger = logging.getLogger(__name__)


class LiveSession:
    """A processor with its history, safe to use from any thread.

    The video's thread calls `process`, which never raises; the page calls the rest. Times are seconds of
    video since the first frame, by the frames' own times; pauses do not count.

    Args:
        classifier: the model.
        detector: what finds the faces; a new one when left out.

    Attributes:
        classifier: the model; it may be replaced while frames come in.
        settings: what the viewer chooses; likewise.
        paused: while it is set, the last picture stands still and nothing is analysed.
    """

    def __init__(self, classifier: Classifier, detector: LiveDetector | None = None) -> None:
        self._detector = detector or LiveDetector()
        # Held for moments. `_work` is held while a frame is processed: frames of a connection that is about
        # to end and of the next one must not meet in one processor.
        self._lock = threading.RLock()
        self._work = threading.Lock()
        self.classifier = classifier
        self.settings = LiveSettings()
        self._processor = LiveProcessor(classifier, self._detector)
        self._clear()

    def _clear(self) -> None:
        self.paused = False
        self._history = LiveHistory()
        self._last: LiveResult | None = None
        self._recent: deque[tuple[float, Timings]] = deque(maxlen=RECENT_FRAMES)
        self._frames = self._frames_with_faces = self._dropped = self._failed = 0
        self._models: list[str] = []
        self._origin: float | None = None
        self._seconds = 0.0
        self._arrived: float | None = None
        self._error: tuple[float, str] | None = None

    def restart(self) -> None:
        """Begin anew: what was seen so far is forgotten."""
        with self._work, self._lock:
            self._processor = LiveProcessor(self.classifier, self._detector)
            self._clear()

    def end(self) -> None:
        """Forget the last picture; the history stays."""
        with self._work, self._lock:
            self._last, self._arrived, self.paused = None, None, False

    def process(self, frame: np.ndarray, seconds: float, dropped: int = 0) -> np.ndarray:
        """Process the next frame and return what is to be shown. It never raises.

        Args:
            frame: RGB uint8 (height, width, 3).
            seconds: the frame's own time; where it goes back, the session goes on from where it was.
            dropped: how many frames were left out before this one.

        Returns:
            RGB uint8 (height, width, 3): the annotated frame; while paused, the last one; the frame itself
            where something went wrong, which `stats` then tells.
        """
        with self._work:
            try:
                return self._process(frame, seconds, dropped)
            except Exception as error:
                # Whatever it is, the video must go on: a callback that raises freezes it for good.
                logger.exception("A live frame could not be processed")
                self.note_failure(error)
                return frame

    def note_failure(self, error: Exception) -> None:
        """Count a frame that could not be processed, for `stats` to tell."""
        with self._lock:
            self._failed += 1
            self._error = (time.monotonic(), f"{type(error).__name__}: {error}")

    def _process(self, frame: np.ndarray, seconds: float, dropped: int) -> np.ndarray:
        with self._lock:
            self._arrived = time.monotonic()
            seconds = self._session_seconds(seconds)
            if self.paused:
                return draw_notice(self._last.image if self._last else np.zeros_like(frame), "Paused")
            self._dropped += dropped
            self._processor.classifier, self._processor.settings = self.classifier, self.settings
            model = self._processor.classifier.card.name
        result = self._processor.process(frame, seconds)
        with self._lock:
            self._last = result
            self._frames += 1
            self._frames_with_faces += bool(result.faces)
            self._recent.append((seconds, result.timings))
            self._history.add(result.faces, seconds)
            if model not in self._models:
                self._models.append(model)
        return result.image

    def _session_seconds(self, seconds: float) -> float:
        """Return the time of the session for a frame's own time."""
        if self._origin is None:
            self._origin = seconds
        elif self.paused:
            self._origin = seconds - self._seconds
        elif seconds - self._origin < self._seconds:
            self._origin = seconds - self._seconds - _ONE_FRAME
        self._seconds = seconds - self._origin
        return self._seconds

    def faces(self) -> tuple[LiveFace, ...]:
        """Return the faces of the last frame."""
        with self._lock:
            return self._last.faces if self._last else ()

    def picture(self) -> np.ndarray | None:
        """Return the last annotated frame, RGB uint8 (height, width, 3), or None."""
        with self._lock:
            return self._last.image if self._last else None

    def samples(self, number: int | None = None, since: float = 0.0) -> np.ndarray:
        """Return the samples kept, see `LiveHistory.samples`."""
        with self._lock:
            return self._history.samples(number, since)

    def stats(self) -> LiveStats:
        """Return how the session runs."""
        with self._lock:
            recent = list(self._recent)
            span = recent[-1][0] - recent[0][0] if len(recent) > 1 else 0.0
            timings = [timing for _, timing in recent] or [Timings()]
            now = time.monotonic()
            error = self._error
            return LiveStats(
                frames=self._frames,
                frames_with_faces=self._frames_with_faces,
                dropped=self._dropped,
                failed=self._failed,
                seconds=self._seconds,
                fps=(len(recent) - 1) / span if span > 0 else 0.0,
                timings=Timings(
                    detection=statistics.median(timing.detection for timing in timings),
                    classification=statistics.median(timing.classification for timing in timings),
                    drawing=statistics.median(timing.drawing for timing in timings),
                ),
                size=self._last.image.shape[1::-1] if self._last else None,
                idle_seconds=None if self._arrived is None else now - self._arrived,
                error=error[1] if error and now - error[0] < ERROR_SECONDS else None,
            )

    def report(self, with_samples: bool = True) -> LiveReport:
        """Return what the session has come to so far.

        Args:
            with_samples: include the samples, which a download needs.
        """
        with self._lock:
            everyone, faces = self._history.totals()
            samples = self._history.samples(since=0.0 if with_samples else float("inf"))
            lost = self._history.samples_lost
            return LiveReport(self.stats(), everyone, tuple(faces), samples, lost, tuple(self._models))
