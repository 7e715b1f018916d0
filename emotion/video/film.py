"""A film file, opened: what it says of itself is checked before anything in it is believed."""

import stat
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from emotion.errors import ReadableError

# What FFmpeg may take a file for: no playlist, no description of a stream, nothing that names other files.
# And no protocol but the file's own: a hostile container must reach nothing else.
_FORMATS = "mov,mp4,matroska,webm,avi,gif,mpegts,mpeg,mpegvideo,flv,asf,ogg,h264,hevc,mjpeg,ivf"
_PROTOCOLS = "file"
# 8K film; decoding it takes some 50 MB a frame, of which a decoder holds up to twenty.
MAX_PIXELS = 8192 * 4352
MAX_SIDE = 8192
Matrix = tuple[int, int, int, int]

# More threads hold more frames; two cores are what most people have to spare.
_THREADS = 2
_NOT_A_FILM = "This file is not a film that can be read here; MP4, MOV, WebM, MKV, AVI and GIF can be."


class FilmError(ReadableError):
    """A film cannot be read; the message is one sentence for a person."""


@dataclass(frozen=True)
class FilmFacts:
    """What a film says of itself; only size and codec are relied on.

    Attributes:
        container: its format, in FFmpeg's words.
        codec: likewise.
        width: of a stored frame, in pixels.
        height: likewise.
        pixel_aspect: how wide a pixel is, in its heights.
        seconds: how long it says it is, or None.
        frame_rate: on average, as it says, or None.
        created: when it was made, UTC, or None.
    """

    container: str
    codec: str
    width: int
    height: int
    pixel_aspect: Fraction
    seconds: float | None
    frame_rate: float | None
    created: datetime | None


class Film:
    """A film, opened for decoding; to be used in a `with` statement.

    Args:
        path: of the file.

    Attributes:
        facts: what the film says of itself.
        container: PyAV's.
        stream: the first video stream.
        origin: the container's clock at the film's beginning, in seconds.

    Raises:
        FilmError: the file cannot be read, is no film, holds no pictures, or too large ones.
    """

    def __init__(self, path: Path) -> None:
        _check_file(path)
        options = {"format_whitelist": _FORMATS, "protocol_whitelist": _PROTOCOLS}
        try:
            self.container: Any = av.open(
                f"file:{path.absolute()}", options=options, metadata_errors="replace"
            )
        except (av.FFmpegError, ValueError) as error:
            raise FilmError(_NOT_A_FILM) from error
        try:
            self.stream = self._choose_stream()
            self.facts = _facts(self.container, self.stream)
            _check_size(self.facts)
        except BaseException:
            self.container.close()
            raise
        self.stream.thread_type = "AUTO"
        self.stream.codec_context.thread_count = _THREADS
        # Frames may be larger than the header says.
        self.stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        # Of all streams, as players count; the container's own is rounded.
        starts = [start for each in self.container.streams if (start := _start_of(each)) is not None]
        self.origin = min(starts, default=Fraction(0))

    def __enter__(self) -> "Film":
        return self

    def __exit__(self, *_: object) -> None:
        self.container.close()

    def _choose_stream(self) -> Any:
        # A cover picture is a video stream of one frame, too.
        streams = self.container.streams.video
        pictures = [stream for stream in streams if "attached_pic" not in str(stream.disposition)]
        if not pictures:
            raise FilmError("This file holds no film: it has no stream of pictures.")
        if pictures[0].codec_context is None:
            raise FilmError("This film is in a format that cannot be decoded here; please convert it to MP4.")
        return pictures[0]

    def seconds(self, pts: int) -> float:
        """Return when something with this time stamp is shown, in seconds from the film's beginning."""
        return float(pts * self.stream.time_base - self.origin)


def picture_of(
    frame: av.VideoFrame, aspect: Fraction, matrix: Matrix, limit: int
) -> tuple[np.ndarray, float]:
    """Return a frame as a person sees it: turned upright, its pixels square.

    Args:
        frame: as decoded.
        aspect: how wide its pixels are, in their heights.
        matrix: how it is to be turned, see `display_matrix`.
        limit: a larger picture is shrunk to this longest side.

    Returns:
        RGB uint8 (height, width, 3), contiguous; and how many pixels of the film a pixel of it stands for.

    Raises:
        FilmError: the frame is too large.
    """
    if not _is_small_enough(frame.width, frame.height):
        raise FilmError(_too_large(frame.width, frame.height))
    shown = shown_size(frame.width, frame.height, aspect)
    scale = max(1.0, max(shown) / limit)
    width, height = (max(2, round(side / scale)) for side in shown)
    picture = frame.to_ndarray(format="rgb24", width=width, height=height)
    return np.ascontiguousarray(_upright(picture, matrix)), scale


def shown_size(width: int, height: int, aspect: Fraction) -> tuple[int, int]:
    """Return the size of a frame when its pixels are square; the longer way is kept, nothing is lost."""
    if aspect >= 1:
        return round(width * aspect), height
    return width, round(height / aspect)


def display_matrix(frame: av.VideoFrame) -> Matrix:
    """Return a, b, c, d of x' = ax + cy, y' = bx + dy, by which a film's frames are to be turned.

    To be asked of one frame of a film: what PyAV makes of this data holds the frame, and is held by it, so
    that the frame's megabytes stay until Python looks for such circles.
    """
    found: Any = frame.side_data.get("DISPLAYMATRIX")
    if found is None:
        return 1, 0, 0, 1
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(found))
    return a, b, c, d


def _upright(picture: np.ndarray, matrix: Matrix) -> np.ndarray:
    """Turn a picture by quarters, and mirror it, as comes closest to the matrix."""
    a, b, c, d = matrix
    if abs(b) + abs(c) > abs(a) + abs(d):
        picture, a, d = picture.swapaxes(0, 1), c, b
    return picture[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]


def _check_file(path: Path) -> None:
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise FilmError("This file does not exist; please check its name.") from error
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL character
        raise FilmError("This file cannot be opened; please choose another one.") from error
    if stat.S_ISDIR(status.st_mode):
        raise FilmError("This is a folder; please choose a film.")
    if not stat.S_ISREG(status.st_mode):  # opening a pipe or a device could wait for ever
        raise FilmError("This is not an ordinary file; please choose a film.")
    if not status.st_size:
        raise FilmError("This file is empty; please choose another one.")


def _start_of(stream: Any) -> Fraction | None:
    return None if stream.start_time is None else Fraction(stream.start_time * stream.time_base)


def _facts(container: Any, stream: Any) -> FilmFacts:
    context = stream.codec_context
    duration = container.duration
    rate = stream.average_rate or stream.guessed_rate
    aspect = stream.sample_aspect_ratio
    return FilmFacts(
        container=container.format.name,
        codec=context.codec.canonical_name,
        width=context.width,
        height=context.height,
        # Nobody has pixels ten times as wide as high: a mistake, or meant to ask for a huge picture.
        pixel_aspect=aspect if aspect and Fraction(1, 10) < aspect < 10 else Fraction(1),
        seconds=duration / av.time_base if duration and duration > 0 else None,
        frame_rate=float(rate) if rate and 0 < rate <= 1000 else None,
        created=_moment(container.metadata.get("creation_time", "")),
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    # Cameras whose clock was never set write the beginning of their era.
    return moment if moment.year > 1970 else None


def _check_size(facts: FilmFacts) -> None:
    if facts.width < 1 or facts.height < 1:
        raise FilmError("This film has no readable pictures: it does not say how large they are.")
    if not _is_small_enough(facts.width, facts.height):
        raise FilmError(_too_large(facts.width, facts.height))


def _is_small_enough(width: int, height: int) -> bool:
    return width * height <= MAX_PIXELS and max(width, height) <= MAX_SIDE


def _too_large(width: int, height: int) -> str:
    return (
        f"This film's pictures are of {width} x {height} pixels; up to {MAX_SIDE} a side, and "
        f"{MAX_PIXELS // 1_000_000} million in all, can be read."
    )
