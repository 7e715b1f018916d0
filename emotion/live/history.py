"""What a live session has seen so far: samples for chart and download, sums for the summary.

The memory is bounded: the oldest samples make room for new ones after some three hours of one face; the sums
go on counting.
"""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from emotion.labels import EMOTIONS, UNCERTAIN
from emotion.live.frames import LiveFace

SAMPLE_SECONDS = 0.1
MAX_SAMPLES = 100_000
# Further faces count in the sums of everyone, but have no line of their own.
MAX_FACES = 500
# A face out of sight for longer than this was away: the time between counts for no emotion.
AWAY_SECONDS = 1.0

VERDICTS = (*EMOTIONS, UNCERTAIN)
_SAMPLE = np.dtype(
    [("seconds", "f8"), ("face", "i4"), ("verdict", "u1"), ("probabilities", "f4", (len(EMOTIONS),))]
)


@dataclass(frozen=True)
class Stretch:
    """An unbroken time that a face showed one emotion: since when and for how long, in seconds."""

    verdict: str
    start: float
    seconds: float


@dataclass
class FaceTotal:
    """The sums of one face, or of everyone.

    Attributes:
        number: of the face; 0 for everyone.
        first_seen: seconds.
        last_seen: seconds.
        seconds: of each of VERDICTS, how long it was shown.
        changes: how often the verdict changed while the face was in sight.
        longest: the longest stretch of an emotion ("uncertain" is none), or None.
    """

    number: int
    first_seen: float
    last_seen: float
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(VERDICTS, 0.0))
    changes: int = 0
    longest: Stretch | None = None

    @property
    def total_seconds(self) -> float:
        """How long the face was in sight; of everyone, all faces' times together."""
        return sum(self.seconds.values())

    def shares(self) -> dict[str, float]:
        """Return the share of the time, 0 to 1, of each of VERDICTS."""
        total = self.total_seconds
        return {name: seconds / total if total else 0.0 for name, seconds in self.seconds.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return the sums as JSON types."""
        longest = self.longest
        return {
            "face": self.number,
            "first_seen": round(self.first_seen, 2),
            "last_seen": round(self.last_seen, 2),
            "seconds": round(self.total_seconds, 2),
            "shares": {name: round(share, 4) for name, share in self.shares().items()},
            "changes": self.changes,
            "longest": longest
            and {
                "emotion": longest.verdict,
                "start": round(longest.start, 2),
                "seconds": round(longest.seconds, 2),
            },
        }


@dataclass
class _Present:
    """A face as it was last noted: which verdict, since when, when last seen and last sampled."""

    verdict: str
    since: float
    seen: float
    sampled: float


class LiveHistory:
    """Collects the faces of a session, frame by frame.

    Args:
        max_samples: how many samples are kept.
    """

    def __init__(self, max_samples: int = MAX_SAMPLES) -> None:
        # Empty pages cost nothing until they are written to.
        self._samples = np.zeros(max_samples, _SAMPLE)
        self.sampled = 0
        self.everyone = FaceTotal(0, 0.0, 0.0)
        self.faces: dict[int, FaceTotal] = {}
        self._present: dict[int, _Present] = {}

    def add(self, faces: Iterable[LiveFace], seconds: float) -> None:
        """Note the faces of one frame; `seconds` does not go back."""
        for face in faces:
            self._note(face, seconds)
        self._present = {
            number: present
            for number, present in self._present.items()
            if seconds - present.seen <= AWAY_SECONDS
        }

    def samples(self, number: int | None = None, since: float = 0.0) -> np.ndarray:
        """Return the samples kept, oldest first: fields seconds, face, verdict (an index), probabilities.

        Args:
            number: of that face only.
            since: seconds; older ones are left out.
        """
        size = len(self._samples)
        if self.sampled <= size:
            kept = self._samples[: self.sampled]
        else:
            kept = np.roll(self._samples, -(self.sampled % size))
        chosen = kept["seconds"] >= since
        if number is not None:
            chosen &= kept["face"] == number
        return kept[chosen]

    @property
    def samples_lost(self) -> int:
        """How many of the oldest samples have made room for new ones."""
        return max(0, self.sampled - len(self._samples))

    def totals(self) -> tuple[FaceTotal, list[FaceTotal]]:
        """Return copies of the sums: of everyone, and of each face by number."""
        return deepcopy((self.everyone, [self.faces[number] for number in sorted(self.faces)]))

    def _note(self, face: LiveFace, seconds: float) -> None:
        present = self._present.get(face.number)
        if present is None:
            present = _Present(face.verdict, seconds, seconds, -np.inf)
            self._present[face.number] = present
        totals = [self.everyone]
        if face.number in self.faces or len(self.faces) < MAX_FACES:
            totals.append(self.faces.setdefault(face.number, FaceTotal(face.number, seconds, seconds)))
        step = max(0.0, seconds - present.seen)
        changed = face.verdict != present.verdict
        for total in totals:
            total.last_seen = seconds
            total.seconds[present.verdict] += step
            total.changes += changed
            _stretch(total, present, seconds)
        if changed:
            present.verdict, present.since = face.verdict, seconds
        present.seen = seconds
        if seconds - present.sampled >= SAMPLE_SECONDS - 1e-6:
            present.sampled = seconds
            row = (seconds, face.number, VERDICTS.index(face.verdict), face.probabilities)
            self._samples[self.sampled % len(self._samples)] = row
            self.sampled += 1


def _stretch(total: FaceTotal, present: _Present, seconds: float) -> None:
    """Note the stretch up to now, if it is the longest so far."""
    length = seconds - present.since
    if present.verdict != UNCERTAIN and length > (total.longest.seconds if total.longest else 0.0):
        total.longest = Stretch(present.verdict, present.since, length)
