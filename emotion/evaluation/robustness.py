"""What pictures suffer on their way to a model, in steps, and how its accuracy falls with them.

After Hendrycks and Dietterich 2019, "Benchmarking Neural Network Robustness to Common Corruptions and
Perturbations", at the size and with the faults of small grey faces.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from emotion.evaluation.answers import in_blocks
from emotion.evaluation.report import Robustness, RobustnessCurve
from emotion.faces import FACE_SIZE
from emotion.models.classifier import Classifier

# How many faces are tried unless all are asked for: about 40 times as many predictions follow.
SUBSET = 700

# From faces uint8 (n, 48, 48), a strength and a source of chance to changed faces of the same shape.
Corruption = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


def _warp(face: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return cv2.warpAffine(
        face, matrix, (FACE_SIZE, FACE_SIZE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _each(change: Callable[[np.ndarray, float, np.random.Generator], np.ndarray]) -> Corruption:
    """Return what changes many faces from what changes one."""

    def apply(faces: np.ndarray, level: float, chance: np.random.Generator) -> np.ndarray:
        return np.stack([change(face, level, chance) for face in faces])

    return apply


def _rotate(face: np.ndarray, degrees: float, chance: np.random.Generator) -> np.ndarray:
    centre = ((FACE_SIZE - 1) / 2,) * 2
    return _warp(face, cv2.getRotationMatrix2D(centre, degrees * chance.choice([-1, 1]), 1.0))


def _shift(face: np.ndarray, pixels: float, chance: np.random.Generator) -> np.ndarray:
    angle = chance.uniform(0, 2 * np.pi)
    matrix = np.array([[1, 0, pixels * np.cos(angle)], [0, 1, pixels * np.sin(angle)]], np.float32)
    return _warp(face, matrix)


def _scale(face: np.ndarray, factor: float, chance: np.random.Generator) -> np.ndarray:
    return _warp(face, cv2.getRotationMatrix2D(((FACE_SIZE - 1) / 2,) * 2, 0, factor))


def _brightness(faces: np.ndarray, factor: float, chance: np.random.Generator) -> np.ndarray:
    return np.clip(faces * np.float32(factor), 0, 255).astype(np.uint8)


def _blur(face: np.ndarray, sigma: float, chance: np.random.Generator) -> np.ndarray:
    return cv2.GaussianBlur(face, (0, 0), sigma)


def _noise(faces: np.ndarray, deviation: float, chance: np.random.Generator) -> np.ndarray:
    noise = chance.normal(0, deviation, faces.shape)
    return np.clip(faces + noise, 0, 255).astype(np.uint8)


def _jpeg(face: np.ndarray, quality: float, chance: np.random.Generator) -> np.ndarray:
    _, data = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, round(quality)])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))


def _occlude(face: np.ndarray, share: float, chance: np.random.Generator) -> np.ndarray:
    """Cover a square of that share of the picture with its mean grey."""
    side = round(FACE_SIZE * np.sqrt(share))
    top, left = chance.integers(0, FACE_SIZE - side + 1, 2)
    covered = face.copy()
    covered[top : top + side, left : left + side] = round(float(face.mean()))
    return covered


@dataclass(frozen=True)
class CorruptionKind:
    """One way in which pictures get worse.

    Attributes:
        title: for a person, with the unit of the levels.
        levels: from harmless to severe; the first stands for the picture as it is.
        apply: changes faces.
    """

    title: str
    levels: tuple[float, ...]
    apply: Corruption


CORRUPTIONS: dict[str, CorruptionKind] = {
    "rotation": CorruptionKind("Rotation, degrees", (0, 5, 10, 20, 30, 45), _each(_rotate)),
    "shift": CorruptionKind("Shift, pixels of 48", (0, 1, 2, 4, 6, 8), _each(_shift)),
    "scale": CorruptionKind("Size, of the original", (1, 0.9, 0.8, 0.7, 0.6, 0.5), _each(_scale)),
    "brightness": CorruptionKind("Brightness, of the original", (1, 0.7, 0.5, 0.3, 0.2, 0.1), _brightness),
    "blur": CorruptionKind("Blur, pixels", (0, 0.5, 1, 1.5, 2, 3), _each(_blur)),
    "noise": CorruptionKind("Noise, grey levels", (0, 5, 10, 20, 30, 45), _noise),
    "jpeg": CorruptionKind("JPEG quality", (100, 70, 50, 30, 15, 5), _each(_jpeg)),
    "occlusion": CorruptionKind("Covered share", (0, 0.05, 0.1, 0.2, 0.3, 0.45), _each(_occlude)),
}

# The first level, the picture as it is, is common to all kinds.
STEPS = 1 + sum(len(kind.levels) - 1 for kind in CORRUPTIONS.values())
_SEED = 0  # of the chance in the corruptions


def corrupt(faces: np.ndarray, kind: str, level: float, seed: int) -> np.ndarray:
    """Return faces uint8 (n, 48, 48), changed; the same ones for the same seed.

    At the first level of a kind they are returned as they are.
    """
    corruption = CORRUPTIONS[kind]
    if level == corruption.levels[0]:
        return faces
    chance = np.random.default_rng((seed, list(CORRUPTIONS).index(kind), corruption.levels.index(level)))
    return corruption.apply(faces, level, chance)


def stratified_subset(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return int64 (m,), ascending: at most about `count` faces, each class with its share, at least one.

    Args:
        labels: int (n,).
        count: all are returned where there are no more.
        seed: of the draw.
    """
    if len(labels) <= count:
        return np.arange(len(labels))
    chance = np.random.default_rng(seed)
    drawn = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        drawn.append(chance.permutation(members)[: max(1, round(count * len(members) / len(labels)))])
    return np.sort(np.concatenate(drawn))


def measure(
    classifier: Classifier,
    images: np.ndarray,
    labels: np.ndarray,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Robustness:
    """Measure a model's accuracy at every level of every kind; all models are shown the very same pictures.

    Args:
        classifier: the model.
        images: uint8 (n, 48, 48), n at least 1.
        labels: int (n,).
        on_progress: told how many predictions are done, and of how many.
    """
    everything, total = np.arange(len(images)), STEPS * len(images)
    before = 0

    def accuracy(pictures: np.ndarray) -> float:
        nonlocal before
        answers = in_blocks(classifier, pictures, everything, lambda done: on_progress(before + done, total))
        before += len(pictures)
        return float((answers.argmax(axis=1) == labels).mean())

    clean = accuracy(images)
    curves = tuple(
        RobustnessCurve(
            name,
            kind.levels,
            (clean, *(accuracy(corrupt(images, name, level, _SEED)) for level in kind.levels[1:])),
        )
        for name, kind in CORRUPTIONS.items()
    )
    return Robustness(classifier.card.name, len(images), curves)
