"""Frames in, annotated frames and faces out; knows nothing of cameras, browsers or pages."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from emotion.evaluation import explanation
from emotion.faces.crops import crop_faces
from emotion.faces.detector import DetectedFace
from emotion.live.detection import LiveDetector
from emotion.live.frames import HeatMap, LiveFace, LiveResult, LiveSettings, Timings
from emotion.live.overlay import draw_faces
from emotion.live.tracking import FaceTracker, Smoother, Track
from emotion.models.classifier import Classifier

# The whole frame is searched for newcomers this often; and more often while nobody is in sight, or someone
# is missing.
SEARCH_SECONDS = 0.5
MISSING_SEARCH_SECONDS = 0.1
# Of more faces than this, those take turns that were not looked at, or asked about, for longest: a frame
# must not take longer because more people stand before the camera.
MAX_LOOKS = 2
MAX_CLASSIFIED = 2


@dataclass
class _Person:
    """What is known of one numbered face."""

    smoother: Smoother
    classified: float = -math.inf
    probabilities: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))
    heat: HeatMap | None = None


class LiveProcessor:
    """Follows faces through a video and names their expressions.

    One object serves one video, a frame at a time; classifier and detector may be shared with others.
    `classifier` and `settings` may be replaced at any time: the next frame goes by the new ones.

    Args:
        classifier: the model.
        detector: what finds the faces; a new one when left out.
        settings: what the viewer chooses.
    """

    def __init__(
        self,
        classifier: Classifier,
        detector: LiveDetector | None = None,
        settings: LiveSettings | None = None,
    ) -> None:
        self.classifier = classifier
        self.detector = detector or LiveDetector()
        self.settings = settings or LiveSettings()
        self._tracker = FaceTracker()
        self._people: dict[int, _Person] = {}
        self._size: tuple[int, int] | None = None
        self._searched = -math.inf

    def process(self, frame: np.ndarray, seconds: float) -> LiveResult:
        """Find, follow, name and draw the faces of the next frame.

        Args:
            frame: RGB uint8 (height, width, 3), or grey (height, width). Its size may change from one frame
                to the next.
            seconds: the time of the frame. Where times go back, everyone is new.

        Raises:
            ValueError: `frame` is anything else.
        """
        if frame.ndim == 2 and frame.dtype == np.uint8 and frame.size:
            frame = cv2.cvtColor(frame, cv2.COLOR_GRAY2RGB)
        if frame.ndim == 3 and 0 in frame.shape:
            return LiveResult(frame, (), Timings())
        started = time.perf_counter()
        tracks = self._move(frame, seconds)
        matched = self._find(frame, tracks, seconds)
        detected = time.perf_counter()
        self._classify(frame, matched, seconds)
        faces = self._faces_in_sight(tracks)
        classified = time.perf_counter()
        image = draw_faces(frame, faces, self.settings.show_bars)
        drawn = time.perf_counter()
        timings = Timings(
            1000 * (detected - started), 1000 * (classified - detected), 1000 * (drawn - classified)
        )
        return LiveResult(image, faces, timings)

    def _move(self, frame: np.ndarray, seconds: float) -> list[Track]:
        """Return the known faces, moved to where they are expected in this frame."""
        height, width = frame.shape[:2]
        if self._size is not None and self._size != (width, height):
            self._tracker.rescale(width / self._size[0], height / self._size[1])
        self._size = (width, height)
        return self._tracker.move(seconds)

    def _find(
        self, frame: np.ndarray, tracks: Sequence[Track], seconds: float
    ) -> list[tuple[Track, DetectedFace]]:
        """Return the faces seen in this frame with their tracks."""
        search = self._is_search_due(tracks, seconds)
        if search:
            self._searched = seconds
        # Lost faces are left to the search; of those in sight the longest unseen come first.
        known = sorted(self._tracker.in_sight(), key=lambda track: track.last_seen)
        faces = self.detector.find(frame, known[:MAX_LOOKS], search)
        return list(zip(self._tracker.see(faces), faces, strict=True))

    def _is_search_due(self, tracks: Sequence[Track], seconds: float) -> bool:
        since = seconds - self._searched
        is_missing = not tracks or any(
            self._tracker.unseen(track) > MISSING_SEARCH_SECONDS for track in tracks
        )
        return since < 0 or since >= (MISSING_SEARCH_SECONDS if is_missing else SEARCH_SECONDS)

    def _classify(
        self, frame: np.ndarray, matched: Sequence[tuple[Track, DetectedFace]], seconds: float
    ) -> None:
        """Predict the faces whose last prediction is oldest."""
        numbered = [(track, face) for track, face in matched if track.number]
        people = [self._people.setdefault(track.number, _Person(Smoother())) for track, _ in numbered]
        order = sorted(range(len(people)), key=lambda index: people[index].classified)[:MAX_CLASSIFIED]
        chosen = [numbered[index][1] for index in order]
        if not chosen:
            return
        predictions = self.classifier.predict(crop_faces(frame, chosen))
        for row, index in enumerate(order):
            person = people[index]
            person.smoother.strength = self.settings.smoothing
            person.probabilities = person.smoother.add(predictions.probabilities[row], seconds)
            person.classified = seconds
            person.heat = None
            if self.settings.show_map and predictions.activation_maps is not None:
                leading = int(person.probabilities.argmax())
                values = explanation.heat(predictions.activation_maps[row], leading)
                person.heat = HeatMap.of(chosen[row], values)

    def _faces_in_sight(self, tracks: Sequence[Track]) -> tuple[LiveFace, ...]:
        """Return what is to be shown, and forget those who are gone."""
        kept = {track.number for track in tracks}
        self._people = {number: person for number, person in self._people.items() if number in kept}
        return tuple(
            LiveFace(
                track.number,
                track.box,
                person.probabilities,
                person.smoother.verdict,
                person.heat,
            )
            for track in self._tracker.in_sight()
            if (person := self._people.get(track.number)) and person.smoother.verdict
        )
