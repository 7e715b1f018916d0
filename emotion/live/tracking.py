"""The same face from frame to frame, and its probabilities smoothed over time.

Plain geometry: between two frames of a video a face hardly moves, so the nearest face of about the same
size is the same one. Where it is expected comes from its speed so far, by an alpha-beta filter (Kalata 1984,
"The Tracking Index", IEEE Transactions on Aerospace and Electronic Systems), so that two people who pass
each other keep their numbers. Tracker libraries bring SciPy, which the app process does without.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from emotion.faces.detector import Box, DetectedFace
from emotion.labels import EMOTIONS, UNCERTAIN
from emotion.photos.analysis import is_uncertain

# A face not seen for so long is gone; one that returns within it keeps its number.
KEEP_SECONDS = 1.0
# So long a face is still shown where it is expected: the detector misses one now and then.
SHOW_SECONDS = 0.25
# While no frame comes, nobody is looked for: a longer gap counts as the first of these. After the second,
# everyone is new.
LONGEST_STEP = 0.25
FORGET_SECONDS = 10.0
# A face gets its number when it was seen twice within this time; what passes for one seldom is.
CONFIRM_SECONDS = 0.3

# How far from where it is expected a face may be, in face sizes, and how much further for each second
# that it was not seen.
REACH = 0.7
REACH_PER_SECOND = 2.0
# By which factor its size may differ.
SIZE_FACTOR = 1.8

# Shares of a surprise that go into position and size at once, and into the speed.
POSITION_GAIN = 0.8
SIZE_GAIN = 0.4
SPEED_GAIN = 0.25
# An unseen face's speed falls to 37 % in this time: people stop more often than they fly on.
SPEED_SECONDS = 0.5


@dataclass(eq=False)
class Track:
    """One face over time.

    Attributes:
        number: 1 for the first face of a session, never given twice; 0 until it is seen a second time.
        centre: float64 (2,), x and y in pixels, as filtered.
        size: float64 (2,), width and height in pixels, as filtered.
        speed: float64 (2,), pixels a second.
        roll: tilt of the head when last seen, in degrees clockwise.
        seen_at: the time of the frame that it was last seen in, in seconds.
        last_seen: likewise, by the tracker's clock.
        moved_to: the time that `centre` stands for, by the tracker's clock.
    """

    number: int
    centre: np.ndarray
    size: np.ndarray
    roll: float
    seen_at: float
    last_seen: float
    moved_to: float
    speed: np.ndarray = field(default_factory=lambda: np.zeros(2))

    @property
    def box(self) -> Box:
        """The filtered box: x, y, width, height in pixels; it may reach out of the picture."""
        left, top = self.centre - self.size / 2
        return float(left), float(top), float(self.size[0]), float(self.size[1])

    def move(self, clock: float) -> None:
        """Go on at the present speed until `clock`; the less the longer the face was not seen."""
        step = clock - self.moved_to
        self.centre = self.centre + self.speed * step
        if self.moved_to > self.last_seen:
            self.speed = self.speed * math.exp(-step / SPEED_SECONDS)
        self.moved_to = clock

    def see(self, face: DetectedFace, seconds: float, clock: float) -> None:
        """Take in where the face was seen at `seconds`, which is `clock` by the tracker's clock."""
        centre, size = _centre_and_size(face)
        surprise = centre - self.centre
        step = seconds - self.seen_at
        self.centre = self.centre + POSITION_GAIN * surprise
        self.size = self.size + SIZE_GAIN * (size - self.size)
        if step > 0:
            self.speed = self.speed + SPEED_GAIN * surprise / step
        self.roll = face.roll
        self.seen_at, self.last_seen = seconds, clock


class FaceTracker:
    """Gives the faces of a video numbers that stay with them.

    Times are seconds; where they go back, or for ten seconds no frame came, everyone is new.
    """

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._next_number = 1
        self._seconds: float | None = None
        # Goes on with the frames, but not for long where none come.
        self._clock = 0.0

    def move(self, seconds: float) -> list[Track]:
        """Move all faces to where they are expected at `seconds`, forget the gone, return the others."""
        step = 0.0 if self._seconds is None else seconds - self._seconds
        if not 0 <= step <= FORGET_SECONDS:
            self._tracks = []
        self._seconds = seconds
        self._clock += min(max(step, 0.0), LONGEST_STEP)
        self._tracks = [track for track in self._tracks if self.unseen(track) <= self._kept_for(track)]
        for track in self._tracks:
            track.move(self._clock)
        return list(self._tracks)

    def see(self, faces: Sequence[DetectedFace]) -> list[Track]:
        """Match the faces seen at the time last moved to; return the track of each, in the same order."""
        seconds = self._seconds or 0.0
        tracks: list[Track | None] = [None] * len(faces)
        free = list(self._tracks)
        pairs = [
            (cost, index, track)
            for index, face in enumerate(faces)
            for track in free
            if (cost := _cost(track, face, seconds - track.seen_at)) is not None
        ]
        for _, index, track in sorted(pairs, key=lambda pair: pair[0]):
            if tracks[index] is None and track in free:
                tracks[index] = track
                free.remove(track)
        return [self._take(track, face, seconds) for track, face in zip(tracks, faces, strict=True)]

    def unseen(self, track: Track) -> float:
        """Return for how many seconds a face was looked for and not seen."""
        return self._clock - track.last_seen

    def in_sight(self) -> list[Track]:
        """Return the faces seen within the last quarter of a second, by number; new ones have number 0."""
        seen = [track for track in self._tracks if self.unseen(track) <= SHOW_SECONDS]
        return sorted(seen, key=lambda track: track.number)

    def rescale(self, across: float, down: float) -> None:
        """Follow a change of the picture's size: all positions are multiplied by these factors."""
        factors = np.array([across, down])
        for track in self._tracks:
            track.centre, track.size = track.centre * factors, track.size * factors
            track.speed = track.speed * factors

    def _kept_for(self, track: Track) -> float:
        return KEEP_SECONDS if track.number else CONFIRM_SECONDS

    def _take(self, track: Track | None, face: DetectedFace, seconds: float) -> Track:
        if track is None:
            centre, size = _centre_and_size(face)
            clock = self._clock
            track = Track(0, centre, size, face.roll, seen_at=seconds, last_seen=clock, moved_to=clock)
            self._tracks.append(track)
            return track
        is_later = self._clock > track.last_seen
        track.see(face, seconds, self._clock)
        if not track.number and is_later:
            track.number = self._next_number
            self._next_number += 1
        return track


class Smoother:
    """One face's probabilities over time, calmed, and a verdict that does not flicker.

    An exponential average whose time constant is in seconds, so that the frame rate does not matter; and a
    new verdict counts only when it has stood for a moment.

    Args:
        strength: 0 (the model's answer as it is) to 1 (very calm).
    """

    # At full strength: time constant of the average, and how long a new verdict must stand.
    LONGEST_SECONDS = 1.5
    LONGEST_WAIT = 0.6

    def __init__(self, strength: float = 0.5) -> None:
        self.strength = strength
        self._average: np.ndarray | None = None
        self._seconds = 0.0
        self._verdict: str | None = None
        self._candidate: str | None = None
        self._candidate_since = 0.0

    @property
    def verdict(self) -> str | None:
        """The emotion, or "uncertain"; None before the first probabilities."""
        return self._verdict

    def add(self, probabilities: np.ndarray, seconds: float) -> np.ndarray:
        """Take in probabilities (7,) of the time `seconds`; return the smoothed ones, float32 (7,).

        Raises:
            ValueError: the shape is another, or a value is not finite.
        """
        probabilities = np.asarray(probabilities, dtype=np.float32)
        if probabilities.shape != (len(EMOTIONS),) or not np.isfinite(probabilities).all():
            raise ValueError(f"probabilities must be finite, of the shape ({len(EMOTIONS)},)")
        constant = self.strength * self.LONGEST_SECONDS
        if self._average is None or constant <= 0:
            self._average = probabilities
        else:
            step = max(0.0, seconds - self._seconds)
            share = 1 - math.exp(-step / constant)
            self._average = self._average + np.float32(share) * (probabilities - self._average)
        self._seconds = seconds
        self._settle(self._average, seconds)
        return self._average

    def _settle(self, average: np.ndarray, seconds: float) -> None:
        newest = UNCERTAIN if is_uncertain(average) else EMOTIONS[int(average.argmax())]
        if self._verdict is None or newest == self._verdict:
            self._verdict, self._candidate = newest, None
            return
        if newest != self._candidate:
            self._candidate, self._candidate_since = newest, seconds
        if seconds - self._candidate_since >= self.strength * self.LONGEST_WAIT:
            self._verdict, self._candidate = newest, None


def _centre_and_size(face: DetectedFace) -> tuple[np.ndarray, np.ndarray]:
    x, y, width, height = face.whole_box or face.box
    return np.array([x + width / 2, y + height / 2]), np.array([width, height])


def _cost(track: Track, face: DetectedFace, unseen: float) -> float | None:
    """Return how unlike the expected face this one is, or None where it cannot be the same."""
    centre, size = _centre_and_size(face)
    scale = math.sqrt(float(np.prod(track.size)))
    distance = float(np.hypot(*(centre - track.centre))) / scale
    growth = abs(math.log(math.sqrt(float(np.prod(size))) / scale))
    if distance > REACH + REACH_PER_SECOND * unseen or growth > math.log(SIZE_FACTOR):
        return None
    return distance + growth
