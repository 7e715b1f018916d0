"""The frames of a film that are looked at, each with the time at which it is shown.

The time is the frame's own presentation time, less the film's beginning: never its number over a rate, which
phones and screen recorders do not keep. Decoding starts at the last key frame before the part that is looked
at, and leaves out what nothing else builds on; `tests/video/test_decoding.py` holds the frames against a full
decoding.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import numpy as np

from emotion.video.film import Film, Matrix, display_matrix, picture_of
from emotion.video.sampling import PlannedPacket, Sampling, plan_packets

# Faces are looked for in pictures of this longest side; it leaves a face of a tenth of a 4K film's height 200
# pixels.
ANALYSIS_SIDE = 1920
# Every frame stands for itself: those that nobody looks at are not decoded.
_INTRA_ONLY = ("mjpeg", "prores", "dnxhd", "rawvideo", "ffv1", "huffyuv")
# The decoder knows which frames no other builds on, and can leave out those.
_CAN_SKIP = ("h264", "hevc")
# What is held of the film before the part that is looked at, until that begins; beyond it decoding begins
# early.
_HELD_BYTES = 64_000_000
# How much earlier a film may end than it says.
_EARLY_SECONDS, _EARLY_SHARE = 1.0, 0.02
_MOST_WAITING = 1000


@dataclass(frozen=True, eq=False)
class FilmFrame:
    """A frame of a film.

    Attributes:
        number: from 0, in the order in which frames are shown.
        seconds: when it is shown, from the film's beginning.
        picture: RGB uint8 (height, width, 3), as a person sees it.
        scale: how many pixels of the film, as a person sees it, one of the picture stands for; 1 or more.
        wanted: whether it is one of those that are looked at.
    """

    number: int
    seconds: float
    picture: np.ndarray
    scale: float
    wanted: bool = True

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the film's picture, as a person sees it, in pixels."""
        height, width = self.picture.shape[:2]
        return round(width * self.scale), round(height * self.scale)


@dataclass
class Damage:
    """What of a film could not be read.

    Attributes:
        packets: how many pieces could not be decoded.
        backwards: how many frames were left out as their times go back, or are not told.
        breaks_off: reading ended with an error.
        last_seconds: when the last frame that could be read is shown; None where there is none.
        is_complete: the film was read up to its end.
    """

    packets: int = 0
    backwards: int = 0
    breaks_off: bool = False
    last_seconds: float | None = None
    is_complete: bool = False

    def sentences(self, promised: float | None) -> list[str]:
        """Return what is to be said of it, a sentence each.

        Args:
            promised: how long the film says it is, in seconds, or None.
        """
        last = self.last_seconds or 0.0
        told = []
        ends_early = (
            self.is_complete
            and promised is not None
            and promised - last > _EARLY_SECONDS + _EARLY_SHARE * promised
        )
        if self.breaks_off:
            told.append(f"The film breaks off after {last:.1f} seconds: what comes then cannot be read.")
        elif ends_early:
            told.append(
                f"The film says that it lasts {promised:.1f} seconds, but its last picture is at {last:.1f} "
                "seconds: the rest is missing, or never was."
            )
        if self.packets:
            told.append(f"Pieces of the film are damaged ({self.packets}); their frames are left out.")
        if self.backwards:
            told.append(f"Frames whose times go back or are not told ({self.backwards}) are left out.")
        return told


@dataclass
class FilmReader:
    """Reads the frames of a film once.

    Attributes:
        film: an open one.
        sampling: which frames are looked at.
        every_frame: give also those that are not looked at; all are decoded then.
        damage: what could not be read so far.
    """

    film: Film
    sampling: Sampling
    every_frame: bool = False
    damage: Damage = field(default_factory=Damage)

    def __post_init__(self) -> None:
        self._wanted: dict[int, tuple[int, bool]] = {}
        self._last = -float("inf")
        self._times: list[int] = []
        self._matrix: Matrix | None = None

    def __iter__(self) -> Iterator[FilmFrame]:
        """Yield the frames in the order in which they are shown.

        Raises:
            FilmError: a frame is too large.
        """
        is_avi = self.film.facts.container == "avi"
        for frame in self._decoded_avi() if is_avi else self._decoded():
            told = self._place(frame)
            if told is None:
                continue
            pts, number, wanted = told
            seconds = self.film.seconds(pts)
            if seconds <= self._last:
                self.damage.backwards += 1
                continue
            self._last = self.damage.last_seconds = seconds
            if wanted or (self.every_frame and self._is_inside(seconds)):
                aspect = self.film.facts.pixel_aspect
                if self._matrix is None:
                    self._matrix = display_matrix(frame)
                picture, scale = picture_of(frame, aspect, self._matrix, ANALYSIS_SIDE)
                yield FilmFrame(number, seconds, picture, scale, wanted)

    def _is_inside(self, seconds: float) -> bool:
        return not self.sampling.is_before(seconds) and not self.sampling.is_after(seconds)

    def _place(self, frame: Any) -> tuple[int, int, bool] | None:
        """Return a frame's time stamp, number, and whether it is looked at; None where no time is told."""
        pts = frame.pts
        if (
            self._times
        ):  # an AVI keeps no presentation times: frames are shown as their times of decoding come
            pts = heapq.heappop(self._times)
        if pts is None or pts not in self._wanted:
            self.damage.backwards += 1
            return None
        return (pts, *self._wanted.pop(pts))

    def _decoded(self) -> Iterator[Any]:
        """Yield the decoded frames in the order in which they are shown; none that need not be decoded."""
        context, codec = self.film.stream.codec_context, self.film.facts.codec
        held: list[PlannedPacket] = []
        held_bytes, has_begun = 0, False
        for planned in plan_packets(self._packets(), self.sampling, self.film.seconds):
            if planned.over:
                break
            if not has_begun:
                # Nothing that is shown before the part is needed but what the part builds on.
                if planned.packet.is_keyframe and self.sampling.is_before(
                    self.film.seconds(planned.packet.pts)
                ):
                    held, held_bytes = [], 0
                held.append(planned)
                held_bytes += planned.packet.size
                before = self.sampling.is_before(self.film.seconds(planned.packet.pts))
                if before and held_bytes < _HELD_BYTES:
                    continue
                has_begun = True
                for each in held:
                    yield from self._decode(context, codec, each)
                held = []
            else:
                yield from self._decode(context, codec, planned)
        else:
            self.damage.is_complete = not self.damage.breaks_off
        yield from self._flushed(context)

    def _decode(self, context: Any, codec: str, planned: PlannedPacket) -> Iterator[Any]:
        if len(self._wanted) > _MOST_WAITING:  # frames that never came
            self._wanted.pop(next(iter(self._wanted)))
        self._wanted[planned.packet.pts] = (planned.number, planned.wanted)
        needed = planned.wanted or self.every_frame
        if codec in _INTRA_ONLY and not needed:
            return
        if codec in _CAN_SKIP:
            context.skip_frame = "DEFAULT" if needed else "NONREF"
        yield from self._frames_of(context, planned.packet)

    def _decoded_avi(self) -> Iterator[Any]:
        """Yield the frames of an AVI file as decoded, all of them; note their times and which are wanted."""
        context = self.film.stream.codec_context
        number, last_slot = 0, None
        for packet in self._packets():
            if packet.dts is None:
                continue
            seconds = self.film.seconds(packet.dts)
            if self.sampling.is_after(seconds):
                break
            slot = self.sampling.slot(number, seconds)
            inside = not self.sampling.is_before(seconds)
            heapq.heappush(self._times, packet.dts)
            self._wanted[packet.dts] = (number, inside and slot != last_slot)
            last_slot = slot if inside else last_slot
            number += 1
            yield from self._frames_of(context, packet)
        else:
            self.damage.is_complete = not self.damage.breaks_off
        yield from self._flushed(context)

    def _packets(self) -> Iterator[Any]:
        """Yield the packets that hold something; an error ends the film."""
        has_times = self.film.facts.container != "avi"
        for packet in self._demuxed():
            if packet.size and has_times and packet.pts is None:
                self.damage.backwards += 1
            elif packet.size:
                yield packet

    def _demuxed(self) -> Iterator[Any]:
        while True:
            try:
                yield from self.film.container.demux(self.film.stream)
            except IndexError:
                # A stream that a broadcast begins later, which PyAV does not know: its packet is passed over.
                continue
            except (av.FFmpegError, OSError):
                self.damage.breaks_off = True
            return

    def _frames_of(self, context: Any, packet: Any) -> Iterator[Any]:
        try:
            yield from (frame for frame in context.decode(packet) if not frame.is_corrupt)
        except av.FFmpegError:
            self.damage.packets += 1

    def _flushed(self, context: Any) -> Iterator[Any]:
        context.skip_frame = "DEFAULT"
        yield from self._frames_of(context, None)


def promised_seconds(film: Film) -> float | None:
    """Return how long the stream of pictures says it is, in seconds; None where it does not say."""
    stream = film.stream
    if stream.duration and stream.time_base:
        start = Fraction(stream.start_time or 0) * stream.time_base - film.origin
        return float(stream.duration * stream.time_base + start)
    return film.facts.seconds if len(film.container.streams) == 1 else None
