"""What a live session has come to: figures, summary, and their forms to take away, CSV and JSON."""

import json
from dataclasses import dataclass

import numpy as np

from emotion.labels import EMOTIONS, by_emotion
from emotion.live.frames import Timings
from emotion.live.history import VERDICTS, FaceTotal

LASTING_SECONDS = 1.0


@dataclass(frozen=True)
class LiveStats:
    """How a session runs.

    Attributes:
        frames: how many were processed.
        frames_with_faces: how many of these showed a face.
        dropped: how many came while another was being processed, and were left out.
        failed: how many could not be processed.
        seconds: time of the last frame, counted from the first.
        fps: frames processed a second, of late, by the frames' own times.
        timings: median milliseconds of each stage, of late.
        size: width and height of the last frame, or None.
        idle_seconds: how long ago the last frame came, by the clock; None where none has come.
        error: what went wrong within the last seconds, or None.
    """

    frames: int
    frames_with_faces: int
    dropped: int
    failed: int
    seconds: float
    fps: float
    timings: Timings
    size: tuple[int, int] | None
    idle_seconds: float | None
    error: str | None


@dataclass(frozen=True, eq=False)
class LiveReport:
    """A session in figures.

    Attributes:
        stats: how it ran.
        everyone: the sums of all faces together.
        faces: the sums of each face, by number.
        samples: up to ten a second and face, see `LiveHistory.samples`.
        samples_lost: how many older samples made room for these.
        models: the names of the models used, in order.
    """

    stats: LiveStats
    everyone: FaceTotal
    faces: tuple[FaceTotal, ...]
    samples: np.ndarray
    samples_lost: int
    models: tuple[str, ...]

    @property
    def lasting_faces(self) -> tuple[FaceTotal, ...]:
        """The faces that were in sight for a second or more; a pattern may pass for a face for a moment."""
        return tuple(face for face in self.faces if face.total_seconds >= LASTING_SECONDS)

    def to_csv(self) -> str:
        """Return the samples as CSV: seconds, face, the seven probabilities, and what was shown."""
        import pandas as pd  # here, as it takes a third of a second, which no page need wait for

        table = pd.DataFrame(self.samples["probabilities"], columns=EMOTIONS)
        table.insert(0, "seconds", [f"{seconds:.3f}" for seconds in self.samples["seconds"]])
        table.insert(1, "face", self.samples["face"])
        table["shown"] = np.array(VERDICTS)[self.samples["verdict"]]
        return table.to_csv(index=False, float_format="%.4f", lineterminator="\n")

    def to_json(self) -> str:
        """Return everything as JSON: an object with the summary, each face, and the samples."""
        stats = self.stats
        content = {
            "seconds": round(stats.seconds, 2),
            "frames": stats.frames,
            "frames_with_faces": stats.frames_with_faces,
            "dropped": stats.dropped,
            "models": list(self.models),
            "everyone": self.everyone.to_dict(),
            "faces": [face.to_dict() for face in self.faces],
            "samples_lost": self.samples_lost,
            "samples": [
                {
                    "seconds": round(float(sample["seconds"]), 3),
                    "face": int(sample["face"]),
                    "probabilities": by_emotion(sample["probabilities"]),
                    "shown": VERDICTS[sample["verdict"]],
                }
                for sample in self.samples
            ],
        }
        return json.dumps(content, indent=1)
