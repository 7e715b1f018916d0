"""From a picture to its faces and their emotions: the type that everything else passes around."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from emotion.faces.crops import SMALL_FACE_PIXELS, crop_faces
from emotion.faces.detector import MAX_FACES, DetectedFace, FaceDetector, YuNetDetector
from emotion.images import Picture, decode_picture
from emotion.labels import EMOTIONS, UNCERTAIN, by_emotion
from emotion.models.classifier import Classifier
from emotion.models.registry import active_mix, active_model, model_folder

# An answer counts as uncertain where the best guess is weak, or hardly better than the second.
# What this does to a model on the public test: `python benchmarks/uncertain.py`.
UNCERTAIN_CONFIDENCE = 0.40
UNCERTAIN_MARGIN = 0.10


def is_uncertain(probabilities: np.ndarray) -> bool:
    """Return whether seven probabilities (7,) leave open which emotion it is."""
    second, first = np.sort(probabilities)[-2:]
    return bool(first < UNCERTAIN_CONFIDENCE or first - second < UNCERTAIN_MARGIN)


@dataclass(frozen=True)
class FaceAnalysis:
    """One face and what the model says of it.

    Attributes:
        number: 1 for the first face of a picture; the same in pictures, cards and tables.
        face: box and landmarks in pixels of the picture, detection score 0 to 1.
        crop: uint8 (48, 48), grey: what the model saw.
        probabilities: float32 (7,), in the order of `emotion.labels.EMOTIONS`, summing to 1.
        activation_maps: float32 (height, width, 7): how strongly each place speaks for a class; None
            where the model does not tell.
    """

    number: int
    face: DetectedFace
    crop: np.ndarray
    probabilities: np.ndarray
    activation_maps: np.ndarray | None

    def __post_init__(self) -> None:
        if self.probabilities.shape != (len(EMOTIONS),):
            raise ValueError(
                f"probabilities must have the shape ({len(EMOTIONS)},), not {self.probabilities.shape}"
            )

    @property
    def emotion(self) -> str:
        """The most probable emotion."""
        return EMOTIONS[int(self.probabilities.argmax())]

    @property
    def confidence(self) -> float:
        """The probability of the most probable emotion, 0 to 1."""
        return float(self.probabilities.max())

    @property
    def is_uncertain(self) -> bool:
        """Whether the probabilities do not decide."""
        return is_uncertain(self.probabilities)

    @property
    def is_small(self) -> bool:
        """Whether the face has too few pixels for an answer one can rely on."""
        return max(self.face.box[2:]) < SMALL_FACE_PIXELS

    @property
    def verdict(self) -> str:
        """The emotion, or "uncertain"."""
        return UNCERTAIN if self.is_uncertain else self.emotion

    def to_dict(self) -> dict[str, Any]:
        """Return the face as JSON types, rounded to what is meaningful."""
        return {
            "box": [round(float(value), 1) for value in self.face.box],
            "detection_score": round(float(self.face.score), 4),
            "emotion": self.emotion,
            "confidence": round(self.confidence, 4),
            "uncertain": self.is_uncertain,
            "probabilities": by_emotion(self.probabilities),
        }


@dataclass(frozen=True)
class Analysis:
    """What was found in a picture.

    Attributes:
        width, height: of the picture in pixels, as a person sees it.
        faces: in reading order.
        notes: what a person should know of how the picture was read, a sentence each; usually none.
    """

    width: int
    height: int
    faces: tuple[FaceAnalysis, ...]
    notes: tuple[str, ...] = ()

    def to_dict(self, path: str) -> dict[str, Any]:
        """Return the picture as JSON types; the command line prints this."""
        return {
            "path": path,
            "width": self.width,
            "height": self.height,
            "faces": [face.to_dict() for face in self.faces],
            "notes": list(self.notes),
            "error": None,
        }


def error_dict(path: str, message: str) -> dict[str, Any]:
    """Return what stands in the place of a picture that could not be read."""
    return {"path": path, "width": None, "height": None, "faces": [], "notes": [], "error": message}


def table_rows(pictures: Iterable[tuple[str, Analysis]]) -> list[dict[str, Any]]:
    """Return one flat row a face, for tables and CSV files.

    Args:
        pictures: names and analyses.
    """
    return [
        {
            "file": name,
            "face": face.number,
            "emotion": face.emotion,
            "confidence": face.confidence,
            "uncertain": face.is_uncertain,
            **dict(zip(("x", "y", "width", "height"), face.to_dict()["box"], strict=True)),
            "detection_score": float(face.face.score),
            **{name: float(value) for name, value in zip(EMOTIONS, face.probabilities, strict=True)},
        }
        for name, analysis in pictures
        for face in analysis.faces
    ]  # fmt: skip


class Analyzer:
    """A detector and a classifier, joined; one object serves all threads.

    Args:
        classifier: the model; the active one when left out.
        detector: what finds the faces; YuNet when left out.

    Raises:
        ModelError: there is no usable model.
        FaceModelError: the detector's weights are missing.
    """

    def __init__(self, classifier: Classifier | None = None, detector: FaceDetector | None = None) -> None:
        self.classifier = classifier or Classifier(model_folder(active_model()), mix=active_mix())
        self.detector = detector or YuNetDetector()

    def analyze(self, picture: bytes | Picture | np.ndarray) -> Analysis:
        """Find every face and its emotion.

        Args:
            picture: the bytes of an image file, a picture that was read, or RGB uint8 (height, width, 3).

        Raises:
            ImageError: the bytes are not a picture that can be read; one sentence for a person.
        """
        if isinstance(picture, bytes):
            picture = decode_picture(picture)
        image, notes = (picture.pixels, picture.notes) if isinstance(picture, Picture) else (picture, ())
        detected = self.detector.detect(image)
        if len(detected) >= MAX_FACES:
            notes = (*notes, f"Of a picture's faces no more than the {MAX_FACES:,} surest are taken.")
        crops = crop_faces(image, detected)
        predictions = self.classifier.predict(crops)
        answers, maps = predictions.probabilities, predictions.activation_maps
        height, width = image.shape[:2]
        faces = (
            FaceAnalysis(index + 1, face, crops[index], probabilities, None if maps is None else maps[index])
            for index, (face, probabilities) in enumerate(zip(detected, answers, strict=True))
        )
        return Analysis(width, height, tuple(faces), notes)
