"""Faces of sampled frames: found, followed, named, numbered so that a number means a person.

Built of the parts of the live processor, but for films: every face of every frame that is looked at is named,
as nobody waits; each is looked at twice in the frame it is found in, as in a photograph; and a number
outlives cuts and absences (see `identity`). Rows come out a little later than frames go in, when it is known
whose they are.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from emotion.faces.crops import SMALL_FACE_PIXELS, crop_faces
from emotion.faces.detector import DetectedFace
from emotion.faces.pose import head_pose
from emotion.live.detection import LiveDetector
from emotion.live.tracking import FaceTracker, Smoother, Track
from emotion.models.classifier import Classifier
from emotion.recordings.table import FaceRow
from emotion.video.decoding import FilmFrame
from emotion.video.identity import LOOKS, People, appearance, are_alike

# The whole frame is searched this often; between, faces are looked for where they are expected.
SEARCH_SECONDS = 0.18
# Whose a face is, is settled after so long at the latest.
SETTLE_SECONDS = 1.0
# A face that was out of sight for so long, or leapt by so many of its sizes, may be another's.
DOUBT_SECONDS = 0.4
DOUBT_SIZES = 0.5
# Two frames as different as this, in shares of black to white, are of two shots: nobody goes on. A cut that
# is overlooked shows in the faces: who seems to go on looks different at once.
CUT_DIFFERENCE = 0.14
_THUMBNAIL = (16, 9)


@dataclass(frozen=True, eq=False)
class FollowedFrame:
    """A frame that was looked at, and everyone in it."""

    number: int
    seconds: float
    faces: tuple[FaceRow, ...]


@dataclass(eq=False)
class _Stay:
    """One face from when it came into sight until it left; `number` is 0 until it is known whose it is."""

    since: float
    seen: float
    centre: np.ndarray
    look: np.ndarray
    smoother: Smoother
    number: int = 0
    looks: list[np.ndarray] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class _Waiting:
    number: int
    seconds: float
    faces: list[tuple[_Stay, FaceRow]]


class FaceFollower:
    """Follows the faces of one film; one object a film.

    Args:
        classifier: the model.
        detector: what finds the faces; a new one when left out.
        smoothing: 0 (every answer as the model gives it) to 1, see `emotion.live.tracking.Smoother`.
    """

    def __init__(
        self, classifier: Classifier, detector: LiveDetector | None = None, smoothing: float = 0.0
    ) -> None:
        self._classifier, self._detector = classifier, detector or LiveDetector()
        self._smoothing = smoothing
        self._tracker = FaceTracker()
        self._stays: dict[Track, _Stay] = {}
        self._people = People()
        self._waiting: deque[_Waiting] = deque()
        self._searched = -float("inf")
        self._thumbnail: np.ndarray | None = None

    def add(self, frame: FilmFrame) -> Iterator[FollowedFrame]:
        """Take in the next frame; yield those, oldest first, of which it is known by now who is in them."""
        if self._difference(frame.picture) > CUT_DIFFERENCE:
            self._tracker, self._stays, self._searched = FaceTracker(), {}, -float("inf")
        tracks = self._tracker.move(frame.seconds)
        self._stays = {track: stay for track, stay in self._stays.items() if track in tracks}
        faces = self._find(frame, tracks)
        matched = list(zip(self._tracker.see(faces), faces, strict=True))
        answers = self._classifier.predict(crop_faces(frame.picture, faces)).probabilities
        rows = []
        for (track, face), probabilities in zip(matched, answers, strict=True):
            look = appearance(frame.picture, face)
            stay = self._stay(track, face, look, frame.seconds)
            rows.append((stay, self._row(stay, face, probabilities, frame)))
        self._waiting.append(_Waiting(frame.number, frame.seconds, rows))
        yield from self._settled(frame.seconds)

    def close(self) -> Iterator[FollowedFrame]:
        """Yield the last frames; the film is over."""
        yield from self._settled(float("inf"))

    def _difference(self, picture: np.ndarray) -> float:
        """Return how different the frame is from the one before, 0 to 1."""
        small = cv2.resize(picture, _THUMBNAIL, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        before, self._thumbnail = self._thumbnail, small
        return 0.0 if before is None else float(np.abs(small - before).mean())

    def _find(self, frame: FilmFrame, tracks: list[Track]) -> list[DetectedFace]:
        """Return the faces of the frame, those found by a search looked at a second time."""
        known = self._tracker.in_sight()
        missing = len(known) < len(tracks) or not known
        if frame.seconds - self._searched < SEARCH_SECONDS and not missing:
            return self._detector.find(frame.picture, known, search=False)
        self._searched = frame.seconds
        looks = []
        for face in self._detector.find(frame.picture, [], search=True):
            look = _as_track(face)
            again = next((track for track in known if _is_near(track, look)), None)
            if again is not None:
                # Small faces show their tilt only to a look that is tilted itself: the last one's is the
                # better guess.
                look.roll = again.roll
                known.remove(again)
            looks.append(look)
        return self._detector.find(frame.picture, [*looks, *known], search=False)

    def _stay(self, track: Track, face: DetectedFace, look: np.ndarray, seconds: float) -> _Stay:
        """Return the stay that a face belongs to; a new one where it is another person's than the track's."""
        x, y, width, height = face.whole_box or face.box
        centre = np.array([x + width / 2, y + height / 2])
        stay = self._stays.get(track)
        if stay is not None:
            leap = float(np.hypot(*(centre - stay.centre))) / max(width, height)
            changed = not are_alike(stay.look, look)
            doubtful = seconds - stay.seen > DOUBT_SECONDS or leap > DOUBT_SIZES or changed
            if doubtful and not self._goes_on(stay, look):
                stay = None
        if stay is None:
            stay = self._stays[track] = _Stay(seconds, seconds, centre, look, Smoother(self._smoothing))
        stay.seen, stay.centre, stay.look = seconds, centre, look
        if stay.number:
            self._people.see(stay.number, look, seconds)
        else:
            stay.looks.append(look)
        return stay

    def _goes_on(self, stay: _Stay, look: np.ndarray) -> bool:
        if not stay.number:
            self._settle(stay)
        return self._people.may_be(stay.number, look)

    def _row(self, stay: _Stay, face: DetectedFace, probabilities: np.ndarray, frame: FilmFrame) -> FaceRow:
        height, width = frame.picture.shape[:2]
        pose = head_pose(face.landmarks, (width, height))
        smoothed = stay.smoother.add(probabilities, frame.seconds)
        return FaceRow(
            number=0,
            face=_scaled(face, frame.scale),
            pose=pose,
            probabilities=smoothed,
            verdict=str(stay.smoother.verdict),
            reliable=pose.is_reliable and max(face.box[2:]) >= SMALL_FACE_PIXELS,
            smoothed=self._smoothing > 0,
        )

    def _settled(self, now: float) -> Iterator[FollowedFrame]:
        """Yield the oldest frames as far as it is known whose their faces are."""
        here = set(self._stays.values()) if np.isfinite(now) else set()
        while self._waiting:
            oldest = self._waiting[0]
            for stay, _ in oldest.faces:
                is_over = stay not in here or now - stay.since >= SETTLE_SECONDS
                if not stay.number and (is_over or len(stay.looks) >= LOOKS):
                    self._settle(stay)
            if not all(stay.number for stay, _ in oldest.faces):
                return
            self._waiting.popleft()
            rows = (replace(row, number=stay.number) for stay, row in oldest.faces)
            faces = tuple(sorted(rows, key=lambda row: row.number))
            yield FollowedFrame(oldest.number, oldest.seconds, faces)

    def _settle(self, stay: _Stay) -> None:
        stay.number = self._people.recall(stay.looks, stay.since)
        for look in stay.looks:
            self._people.see(stay.number, look, stay.seen)
        stay.looks = []


def _as_track(face: DetectedFace) -> Track:
    x, y, width, height = face.whole_box or face.box
    centre, size = np.array([x + width / 2, y + height / 2]), np.array([width, height])
    return Track(0, centre, size, face.roll, seen_at=0.0, last_seen=0.0, moved_to=0.0)


def _is_near(track: Track, look: Track) -> bool:
    """Return whether the middle of one face lies in the other."""
    return bool((np.abs(track.centre - look.centre) < look.size / 2).all())


def _scaled(face: DetectedFace, scale: float) -> DetectedFace:
    if scale == 1:
        return face
    box, whole = (tuple(value * scale for value in each) for each in (face.box, face.whole_box or face.box))
    return DetectedFace(box, face.landmarks * np.float32(scale), face.score, whole)  # type: ignore[arg-type]
