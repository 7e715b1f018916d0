"""Tables of recordings, made by hand."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emotion.faces.detector import DetectedFace
from emotion.faces.pose import HeadPose
from emotion.labels import EMOTIONS
from emotion.recordings.recording import Recording
from emotion.recordings.table import FaceRow
from emotion.recordings.writer import RecordingWriter

POINTS = np.float32([(30, 40), (70, 40), (50, 60), (35, 80), (65, 80)])
BY_LETTER = {name[0]: name for name in EMOTIONS} | {"s": "sad", "S": "surprise", "u": "uncertain"}


def probabilities(verdict: str, strength: float = 0.7) -> np.ndarray:
    """Seven that say the verdict with this strength."""
    if verdict == "uncertain":
        return np.full(7, 1 / 7, np.float32)
    values = np.full(7, (1 - strength) / 6, np.float32)
    values[EMOTIONS.index(verdict)] = strength
    return values


def face_row(number: int, verdict: str = "happy", strength: float = 0.7, reliable: bool = True) -> FaceRow:
    face = DetectedFace((10.0, 20.0, 80.0, 90.0), POINTS, 0.9)
    pose = HeadPose(1.0, 2.0, 3.0)
    return FaceRow(number, face, pose, probabilities(verdict, strength), verdict, reliable)


def write(folder, shown: Sequence[str], step: float = 0.5, times=None, **facts) -> Recording:
    """A recording of people whose verdicts are letters, a string each, one a frame; "." where one is away.

    Letters: a d f h n as the emotions begin, s: sad, S: surprise, u: uncertain.
    """
    writer = RecordingWriter(folder, Recording(folder.name, **facts))
    for frame in range(len(shown[0])):
        rows = [
            face_row(number, BY_LETTER[line[frame]])
            for number, line in enumerate(shown, start=1)
            if line[frame] != "."
        ]
        writer.add(frame, times[frame] if times else frame * step, rows)
    return writer.finish()


def tables(folder, shown: Sequence[str], **options) -> tuple[pd.DataFrame, pd.DataFrame]:
    """FACES and FRAMES of such a recording."""
    write(folder, shown, **options)
    return pd.read_parquet(folder / "faces.parquet"), pd.read_parquet(folder / "frames.parquet")
