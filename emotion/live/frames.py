"""What a live frame shows: the types that processor, overlay, history and page pass around."""

from dataclasses import dataclass

import numpy as np

from emotion.faces.crops import FRAME_SIDE, upright_turn
from emotion.faces.detector import Box, DetectedFace
from emotion.labels import EMOTIONS


@dataclass(frozen=True, eq=False)
class HeatMap:
    """Which places of a face speak for its emotion, and where in the picture they lie.

    Attributes:
        values: float32 (n, n), 0 to 1, of the square that the model saw.
        centre: x, y of that square's centre in pixels of the picture.
        side: of the square, in pixels of the picture.
        turn: by how many degrees clockwise the square is turned.
    """

    values: np.ndarray
    centre: tuple[float, float]
    side: float
    turn: float

    @classmethod
    def of(cls, face: DetectedFace, values: np.ndarray) -> "HeatMap":
        """Lay `values` where `emotion.faces.crops.crop_face` cuts the face."""
        x, y, width, height = face.whole_box or face.box
        centre = (x + width / 2, y + height / 2)
        return cls(values, centre, FRAME_SIDE * max(width, height), upright_turn(face.roll))


@dataclass(frozen=True, eq=False)
class LiveFace:
    """One face in one frame.

    Attributes:
        number: 1 for the first face of the session; it stays with the face.
        box: x, y, width, height in pixels; it may reach out of the picture.
        probabilities: float32 (7,), smoothed over time, in the order of `emotion.labels.EMOTIONS`.
        verdict: the emotion, or "uncertain"; it changes only when the new one has stood for a moment.
        heat: which places speak for the most probable emotion; None where that is not wanted or known.
    """

    number: int
    box: Box
    probabilities: np.ndarray
    verdict: str
    heat: HeatMap | None = None

    @property
    def confidence(self) -> float:
        """The smoothed probability of the verdict, or of the most probable emotion if it is uncertain."""
        if self.verdict in EMOTIONS:
            return float(self.probabilities[EMOTIONS.index(self.verdict)])
        return float(self.probabilities.max())


@dataclass(frozen=True)
class Timings:
    """Milliseconds that one frame took in each stage."""

    detection: float = 0.0
    classification: float = 0.0
    drawing: float = 0.0

    @property
    def total(self) -> float:
        """All stages together."""
        return self.detection + self.classification + self.drawing


@dataclass(frozen=True, eq=False)
class LiveResult:
    """A processed frame.

    Attributes:
        image: RGB uint8 (height, width, 3), annotated; of the size of the frame that came in.
        faces: those in sight, by number.
        timings: milliseconds of each stage.
    """

    image: np.ndarray
    faces: tuple[LiveFace, ...]
    timings: Timings


@dataclass(frozen=True)
class LiveSettings:
    """What a viewer chooses.

    Attributes:
        smoothing: 0 (every frame's answer as it is) to 1 (very calm).
        show_bars: draw the seven probabilities beside each face.
        show_map: lay over each face which places speak for its emotion.
    """

    smoothing: float = 0.5
    show_bars: bool = False
    show_map: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.smoothing <= 1:
            raise ValueError(f"smoothing must be between 0 and 1, got {self.smoothing}")
