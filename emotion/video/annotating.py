"""A film with its recording drawn on it: every frame, every face framed, numbered and named."""

import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from emotion.files import replacing
from emotion.jobs.progress import OnProgress
from emotion.labels import EMOTIONS
from emotion.live.frames import LiveFace
from emotion.live.overlay import draw_faces
from emotion.recordings import store
from emotion.video.decoding import FilmFrame, FilmReader
from emotion.video.film import Film, FilmError
from emotion.video.sampling import Sampling

# What every player and browser plays first; the other, where a build of FFmpeg lacks it.
_ENCODERS = ("libx264", "mpeg4")
_CLOCK = 90_000
_BOX = ("x", "y", "width", "height")


def annotate_film(path: Path, name: str, output: Path, on_progress: OnProgress | None = None) -> None:
    """Write the part of a film that was recorded, as MP4, without sound.

    Frames keep the times they are shown at, counted from the part's beginning. A frame that was not looked at
    shows what was seen in the last one that was.

    Args:
        path: of the film.
        name: of its recording.
        output: where to; the folder must be there.
        on_progress: told how many frames of the recording are done, and of how many.

    Raises:
        FilmError: the film cannot be read, or holds no frame of the recording.
        RecordingError: there is no such recording.
        FileError: the disk refuses.
    """
    recording = store.open_recording(name)
    drawn = _DrawnFaces(name)
    sampling = Sampling(start=recording.first_second, end=recording.last_second)
    done = 0
    with Film(path) as film, replacing(output) as partial:
        frames = iter(FilmReader(film, sampling))
        first = next(frames, None)
        if first is None:
            raise FilmError(f"The film holds no frame of the recording {name!r}.")
        with av.open(str(partial), "w") as container:
            stream = _add_stream(container, first)
            for frame in itertools.chain([first], frames):
                done += drawn.go_to(frame)
                picture = draw_faces(frame.picture, drawn.faces(frame.scale))
                shown = av.VideoFrame.from_ndarray(picture, "rgb24")
                shown.time_base = Fraction(1, _CLOCK)
                shown.pts = round((frame.seconds - sampling.start) * _CLOCK)
                container.mux(stream.encode(shown))
                if on_progress is not None:
                    on_progress(done, recording.frames)
            container.mux(stream.encode(None))


def _add_stream(container: Any, frame: FilmFrame) -> Any:
    height, width = frame.picture.shape[:2]
    for encoder in _ENCODERS:
        if encoder in av.codecs_available:
            stream = container.add_stream(encoder, rate=30)
            break
    else:
        raise FilmError("This build of FFmpeg can write no MP4 film.")
    # Colours are stored for two by two pixels.
    stream.width, stream.height, stream.pix_fmt = width // 2 * 2, height // 2 * 2, "yuv420p"
    if stream.codec_context.name == "libx264":
        stream.codec_context.time_base = Fraction(1, _CLOCK)
        stream.codec_context.options = {"crf": "20", "preset": "veryfast"}
    return stream


class _DrawnFaces:
    """The faces of a recording, frame by frame."""

    def __init__(self, name: str) -> None:
        faces = store.read_faces(name)
        self._looked_at = store.read_frames(name)["frame"].to_numpy()
        self._frames = faces["frame"].to_numpy()
        self._numbers = faces["face"].to_numpy()
        self._boxes = np.stack([faces[column].to_numpy() for column in _BOX], axis=1)
        self._answers = np.stack([faces[column].to_numpy() for column in EMOTIONS], axis=1)
        self._verdicts = faces["verdict"]
        self._place = -1

    def go_to(self, frame: FilmFrame) -> int:
        """Move on to a frame; return how many frames of the recording that was."""
        before = self._place
        self._place = int(np.searchsorted(self._looked_at, frame.number, side="right")) - 1
        return self._place - before

    def faces(self, scale: float) -> list[LiveFace]:
        """Return what was seen in the last frame that was looked at, in pixels of the picture."""
        if self._place < 0:
            return []
        number = self._looked_at[self._place]
        first, last = np.searchsorted(self._frames, (number, number + 1))
        return [
            LiveFace(
                int(self._numbers[row]),
                tuple((self._boxes[row] / scale).tolist()),
                self._answers[row],
                self._verdicts[int(row)].as_py(),
            )
            for row in range(first, last)
        ]
