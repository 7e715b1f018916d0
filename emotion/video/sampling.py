"""Which frames of a film are looked at, and which need not even be decoded for that."""

import bisect
import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from emotion.errors import ReadableError


class SamplingError(ReadableError):
    """Frames are asked for in a way that means nothing; the message is one sentence."""


@dataclass(frozen=True)
class Sampling:
    """Which frames are looked at: by time, by number, or all.

    Attributes:
        fps: the first frame in each of so many equal parts of a second; None: not by time.
        every: one frame of so many, the first among them; 1: all.
        start: frames before are left out; seconds of the film.
        end: frames from here on are left out; None: none are.

    Raises:
        SamplingError: a value means nothing.
    """

    fps: float | None = None
    every: int = 1
    start: float = 0.0
    end: float | None = None

    def __post_init__(self) -> None:
        if self.fps is not None and not 0 < self.fps <= 1000:
            raise SamplingError(f"Frames a second must be more than 0 and at most 1000, not {self.fps:g}.")
        if self.every < 1 or (self.fps is not None and self.every != 1):
            raise SamplingError(
                "One frame of how many must be 1 or more, and not given with frames a second."
            )
        if not (0 <= self.start < math.inf):
            raise SamplingError("The part to look at must begin at 0 or later.")
        if self.end is not None and not self.start < self.end < math.inf:
            raise SamplingError("The part to look at must end after it begins.")

    @property
    def in_words(self) -> str:
        """What is looked at, in words."""
        if self.fps is not None:
            return f"{self.fps:g} frame{'s' * (self.fps != 1)} a second"
        return "every frame" if self.every == 1 else f"one frame of {self.every}"

    def slot(self, number: int, seconds: float) -> int:
        """Return the number of the part that a frame falls into; the first frame of each part is looked at.

        Args:
            number: of the frame, from 0, in the order in which frames are shown.
            seconds: when it is shown.
        """
        if self.fps is None:
            return number // self.every
        # A time stamp that is a hair early, as it was rounded, belongs to the next part.
        return math.floor((seconds - self.start) * self.fps + 1e-3)

    def is_before(self, seconds: float) -> bool:
        """Return whether a frame is shown before the part that is looked at."""
        return seconds < self.start

    def is_after(self, seconds: float) -> bool:
        """Return whether a frame is shown after it."""
        return self.end is not None and seconds >= self.end


@dataclass(frozen=True)
class PlannedPacket:
    """A packet on its way to the decoder.

    Attributes:
        packet: PyAV's.
        number: of the frame in it, from 0, in the order in which frames are shown.
        wanted: whether that frame may be looked at; the decoder may leave out any other that none builds on.
        over: no packet from here on holds a frame that is shown before the end.
    """

    packet: Any
    number: int
    wanted: bool
    over: bool = False


# A film whose frames change places over more packets than this is decoded in full.
_MOST_AHEAD = 64


def plan_packets(packets: Iterable[Any], sampling: Sampling, seconds_of: Any) -> Iterator[PlannedPacket]:
    """Yield the packets with the numbers of their frames and whether those are wanted, before decoding any.

    Packets come in the order of decoding. What a frame's number is, and whether it is the first of its part,
    hangs on the frames shown before it, so a packet waits until all of those are known: a packet is decoded
    no later than its frame is shown, so none that follows one with dts d is shown before d.

    Args:
        packets: with pts and, but for the first ones, dts.
        sampling: which frames are looked at.
        seconds_of: tells the time in seconds of a pts.
    """
    plan = _Plan(sampling, seconds_of)
    waiting: deque[Any] = deque()
    for packet in packets:
        waiting.append(packet)
        plan.note(packet)
        while waiting and (plan.is_settled(waiting[0].pts) or len(waiting) > _MOST_AHEAD):
            yield plan.take(waiting.popleft())
    while waiting:
        yield plan.take(waiting.popleft())


class _Plan:
    """What is known of the frames shown up to now."""

    def __init__(self, sampling: Sampling, seconds_of: Any) -> None:
        self._sampling, self._seconds_of = sampling, seconds_of
        self._shown: list[int] = []  # the time stamps of frames not yet settled, sorted
        self._number = 0  # of frames that were settled
        self._last_slot: int | None = None
        self._dts: int | None = None
        self._answers: dict[int, tuple[int, bool]] = {}

    def note(self, packet: Any) -> None:
        if packet.dts is not None:
            self._dts = packet.dts
        if not packet.is_discard:
            bisect.insort(self._shown, packet.pts)

    def is_settled(self, pts: int) -> bool:
        return self._dts is not None and self._dts >= pts

    def take(self, packet: Any) -> PlannedPacket:
        while self._shown and self._shown[0] <= packet.pts:
            self._settle(self._shown.pop(0))
        over = packet.dts is not None and self._sampling.is_after(self._seconds_of(packet.dts))
        number, wanted = self._answers.pop(packet.pts, (-1, False))
        return PlannedPacket(packet, number, wanted, over)

    def _settle(self, pts: int) -> None:
        seconds = self._seconds_of(pts)
        inside = not self._sampling.is_before(seconds) and not self._sampling.is_after(seconds)
        slot = self._sampling.slot(self._number, seconds)
        self._answers[pts] = (self._number, inside and slot != self._last_slot)
        if inside:
            self._last_slot = slot
        self._number += 1
