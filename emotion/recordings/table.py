"""The numbers of a recording: two tables, one of the faces and one of the frames, in Parquet.

A face that is not there has no row; the table of the frames tells that somebody looked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from emotion.faces.detector import DetectedFace
from emotion.faces.pose import HeadPose
from emotion.labels import EMOTIONS
from emotion.recordings.valence import valence_index

# The detector's five points: right and left are the person's own.
POINTS = ("right_eye", "left_eye", "nose", "mouth_right", "mouth_left")
_UTC = pa.timestamp("us", tz="UTC")

FACES = pa.schema(
    [
        ("frame", pa.int64()),  # of the film, from 0, in the order in which frames are shown
        ("seconds", pa.float64()),  # when it is shown, from the film's beginning
        ("utc", _UTC),  # the time of day then; null where nobody knows
        ("face", pa.int32()),  # the person's number, from 1
        *((name, pa.float32()) for name in ("x", "y", "width", "height")),  # pixels
        *((f"{point}_{axis}", pa.float32()) for point in POINTS for axis in "xy"),  # pixels
        ("detection_score", pa.float32()),  # 0 to 1
        *((name, pa.float32()) for name in ("yaw", "pitch", "roll")),  # degrees, see emotion.faces.pose
        ("reliable", pa.bool_()),  # false: turned too far, or too small
        *((name, pa.float32()) for name in EMOTIONS),  # probabilities, summing to 1
        ("verdict", pa.string()),  # an emotion, or "uncertain"
        ("valence", pa.float32()),  # -1 to 1, see emotion.recordings.valence
        ("smoothed", pa.bool_()),  # probabilities and verdict are an average over time
    ]
)
FRAMES = pa.schema([("frame", pa.int64()), ("seconds", pa.float64()), ("utc", _UTC), ("faces", pa.int32())])


@dataclass(frozen=True, eq=False)
class FaceRow:
    """One face in one frame.

    Attributes:
        number: the person's, from 1.
        face: box, landmarks and score, in pixels of the film as a person sees it.
        pose: how the head is held.
        probabilities: float32 (7,), in the order of `emotion.labels.EMOTIONS`.
        verdict: the emotion, or "uncertain".
        reliable: the face is neither turned too far nor too small.
        smoothed: probabilities and verdict are an average over time.
    """

    number: int
    face: DetectedFace
    pose: HeadPose
    probabilities: np.ndarray
    verdict: str
    reliable: bool = True
    smoothed: bool = False


def face_record(frame: int, seconds: float, start: datetime | None, row: FaceRow) -> dict[str, Any]:
    """Return a row of the table FACES, by column."""
    landmarks = row.face.landmarks.ravel().tolist()
    return {
        **frame_record(frame, seconds, start),
        "face": row.number,
        **dict(zip(("x", "y", "width", "height"), row.face.box, strict=True)),
        **dict(zip((f"{point}_{axis}" for point in POINTS for axis in "xy"), landmarks, strict=True)),
        "detection_score": row.face.score,
        "yaw": row.pose.yaw,
        "pitch": row.pose.pitch,
        "roll": row.pose.roll,
        "reliable": row.reliable,
        **dict(zip(EMOTIONS, row.probabilities.tolist(), strict=True)),
        "verdict": row.verdict,
        "valence": float(valence_index(row.probabilities)),
        "smoothed": row.smoothed,
    }


def frame_record(frame: int, seconds: float, start: datetime | None) -> dict[str, Any]:
    """Return what both tables say of a frame, by column."""
    return {"frame": frame, "seconds": seconds, "utc": _moment(start, seconds)}


def to_table(records: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Return rows by column as a table."""
    return pa.Table.from_pylist(list(records), schema=schema)


def _moment(start: datetime | None, seconds: float) -> datetime | None:
    try:
        return None if start is None else start + timedelta(seconds=seconds)
    except OverflowError:  # a film that says it lasts for millennia
        return None
