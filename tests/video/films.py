"""Films made for tests: drawn people who change their expression at known times, written by PyAV."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from emotion.synthetic.faces import draw_portrait
from emotion.video.decoding import FilmFrame, FilmReader, promised_seconds
from emotion.video.film import Film
from emotion.video.sampling import Sampling

SIZE = (480, 360)
PORTRAIT = 240
# Ticks a second of the films' clock; whole for 24, 25, 30, 50 and 60 frames a second.
CLOCK = 600
# Of codecs whose encoders want another form than yuv420p.
_FORMS = {"mjpeg": "yuvj420p", "gif": "rgb8"}
# Drawn people whose clear expressions the model names as they are meant: happy, sad, surprise.
ANNA, BEN, CARL = 3, 2, 9

ALL = Sampling()

B_FRAMES = {"bf": "3", "g": "24"}
# File names, each with its encoder and that one's options.
FORMATS = {
    "h264.mp4": ("libx264", B_FRAMES),
    "hevc.mp4": ("libx265", {"x265-params": "log-level=0:keyint=24:bframes=3"}),
    "h264.mov": ("libx264", B_FRAMES),
    "vp8.webm": ("libvpx", {"lag-in-frames": "16", "auto-alt-ref": "1"}),
    "vp9.webm": ("libvpx-vp9", {"lag-in-frames": "16", "auto-alt-ref": "1"}),
    "av1.webm": ("libsvtav1", {}),
    "h264.mkv": ("libx264", B_FRAMES),
    "mjpeg.avi": ("mjpeg", {}),
    "h264.avi": ("libx264", B_FRAMES),
    "h264.ts": ("libx264", B_FRAMES),
    "a.gif": ("gif", {}),
}
SAMPLINGS = [
    Sampling(),
    Sampling(fps=5),
    Sampling(fps=7),
    Sampling(every=4),
    Sampling(fps=5, start=1.55, end=2.5),
    Sampling(every=3, start=1.5),
    Sampling(start=1.5, end=2.5),
]

Scene = Sequence[tuple[int, str, int, int]]


def scene(*people: tuple[int, str, int, int], size: tuple[int, int] = SIZE, wall: int = 170) -> np.ndarray:
    """A picture of people, each a seed, an expression, and x, y of the portrait's upper left corner."""
    picture = np.full((size[1], size[0], 3), wall, np.uint8)
    for seed, emotion, x, y in people:
        portrait = draw_portrait(emotion, seed, PORTRAIT)
        part = picture[y : y + PORTRAIT, x : x + PORTRAIT]
        part[:] = portrait[: part.shape[0], : part.shape[1]]
    return picture


def shots(path: Path, *shown: tuple, rate: float = 10, **options) -> Path:
    """Write a film of shots, each a tuple of its seconds and the people in it (see `scene`)."""
    pictures = []
    for seconds, *people in shown:
        pictures += [scene(*people)] * round(seconds * rate)
    return write_film(path, pictures, even(len(pictures), rate), **options)


def acted_film(path: Path) -> Path:
    """Six seconds, ten frames a second: Anna smiles, is surprised, is sad; Ben the other way round."""
    return shots(
        path,
        (2, (ANNA, "happy", 0, 60), (BEN, "sad", 240, 60)),
        (2, (ANNA, "surprise", 0, 60), (BEN, "surprise", 240, 60)),
        (2, (ANNA, "sad", 0, 60), (BEN, "happy", 240, 60)),
        options={"bf": "2"},
    )


def even(count: int, rate: float = 30) -> list[float]:
    """The times of frames at a constant rate."""
    return [index / rate for index in range(count)]


def write_film(
    path: Path,
    pictures: Iterable[np.ndarray],
    times: Sequence[float],
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    prepare: Callable[[av.VideoStream], None] | None = None,
    header: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Write pictures to be shown at the given seconds, whatever their distances."""
    with av.open(str(path), "w", options=header or {}) as container:
        container.metadata.update(metadata or {})
        stream = None
        for picture, seconds in zip(pictures, times, strict=True):
            if stream is None:
                stream = container.add_stream(codec, rate=30)
                stream.width, stream.height = picture.shape[1], picture.shape[0]
                stream.pix_fmt = _FORMS.get(codec, "yuv420p")
                stream.codec_context.time_base = Fraction(1, 30 if codec == "mpeg4" else CLOCK)
                stream.codec_context.options = options or {}
                if prepare is not None:
                    prepare(stream)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.time_base = Fraction(1, CLOCK)
            frame.pts = round(seconds * CLOCK)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def looped(path: Path, source: Path, times: int) -> Path:
    """Write a film so many times behind itself, without decoding it."""
    with av.open(str(source)) as film, av.open(str(path), "w") as container:
        taken = film.streams.video[0]
        stream = container.add_stream_from_template(taken)
        packets = [packet for packet in film.demux(taken) if packet.size]
        kept = [(bytes(packet), packet.pts, packet.dts, packet.is_keyframe) for packet in packets]
        length = sum(packet.duration for packet in packets)
        for turn in range(times):
            for data, pts, dts, is_key in kept:
                packet = av.Packet(data)
                packet.stream, packet.time_base = stream, Fraction(taken.time_base)
                packet.pts, packet.dts = pts + turn * length, dts + turn * length
                packet.is_keyframe = is_key
                container.mux(packet)
    return path


def counted(count: int, size: tuple[int, int] = (64, 48)) -> list[np.ndarray]:
    """Pictures that differ from each other: a bar that moves on, over a ground that grows brighter."""
    pictures = []
    for index in range(count):
        picture = np.full((size[1], size[0], 3), 40 + index % 150, np.uint8)
        left = 4 * index % size[0]
        picture[:, left : left + 8] = 240
        pictures.append(picture)
    return pictures


def packet_times(path: Path) -> list[float]:
    """When each frame is shown, by the packets alone, from the film's beginning."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stamps = [packet.pts for packet in container.demux(stream) if packet.size and not packet.is_discard]
        return sorted(float((stamp - (stream.start_time or 0)) * stream.time_base) for stamp in stamps)


def read(path: Path, sampling: Sampling = ALL, **options) -> tuple[list[FilmFrame], list[str]]:
    """The frames of a film, and what is to be said of it."""
    with Film(path) as film:
        reader = FilmReader(film, sampling, **options)
        frames = list(reader)
        return frames, reader.damage.sentences(promised_seconds(film))
