"""What the faces of a dataset are like: mean faces, brightness and contrast; and how even its classes are."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np

from emotion.dataset.result_cache import cached_arrays
from emotion.dataset.stored_dataset import StoredDataset
from emotion.faces import FACE_SIZE
from emotion.labels import EMOTIONS

# Counted up when what is computed changes.
_VERSION = 2
# 16 values of grey a bin; contrast, a standard deviation, can be at most 127.5.
BRIGHTNESS_EDGES = np.linspace(0, 256, 33)
CONTRAST_EDGES = np.linspace(0, 128, 33)
_BLOCK = 2048


@dataclass(frozen=True, eq=False)
class DatasetStatistics:
    """The figures of a dataset; a class without faces has zeros everywhere, never NaN.

    Attributes:
        mean_faces: float32 (7, 48, 48), 0 to 255, the mean face of each class.
        deviation_faces: float32 (7, 48, 48), each pixel's standard deviation within the class.
        brightness: int64 (7, 32), faces of each class whose mean grey lies in each bin of
            `BRIGHTNESS_EDGES`.
        contrast: int64 (7, 32), the same for the standard deviation of a face's pixels and
            `CONTRAST_EDGES`.
    """

    mean_faces: np.ndarray
    deviation_faces: np.ndarray
    brightness: np.ndarray
    contrast: np.ndarray


def describe(dataset: StoredDataset) -> DatasetStatistics:
    """Return the figures of a dataset; computed once, and then kept in its folder."""
    faces = dataset.faces
    arrays = cached_arrays(
        dataset,
        f"statistics-{_VERSION}",
        lambda: asdict(compute_statistics(faces.images, faces.labels)),
    )
    return DatasetStatistics(**arrays)


def compute_statistics(images: np.ndarray, labels: np.ndarray) -> DatasetStatistics:
    """Compute the figures of faces, block by block: little memory, whatever their number.

    Args:
        images: uint8 (n, 48, 48).
        labels: int (n,).
    """
    classes = len(EMOTIONS)
    sums = np.zeros((classes, FACE_SIZE, FACE_SIZE))
    squares = np.zeros_like(sums)
    brightness = np.zeros((classes, len(BRIGHTNESS_EDGES) - 1), np.int64)
    contrast = np.zeros((classes, len(CONTRAST_EDGES) - 1), np.int64)
    for start in range(0, len(images), _BLOCK):
        block = np.asarray(images[start : start + _BLOCK]).astype(np.float32)
        block_labels = labels[start : start + _BLOCK]
        means, deviations = block.mean(axis=(1, 2)), block.std(axis=(1, 2))
        for label in np.unique(block_labels):
            chosen = block_labels == label
            faces = block[chosen]
            sums[label] += faces.sum(axis=0, dtype=np.float64)
            squares[label] += np.square(faces, out=faces).sum(axis=0, dtype=np.float64)
            brightness[label] += np.histogram(means[chosen], BRIGHTNESS_EDGES)[0]
            contrast[label] += np.histogram(deviations[chosen], CONTRAST_EDGES)[0]
    number = np.maximum(np.bincount(labels, minlength=classes), 1)[:, None, None]
    mean_faces = sums / number
    variances = np.maximum(squares / number - mean_faces**2, 0)
    return DatasetStatistics(
        mean_faces.astype(np.float32), np.sqrt(variances).astype(np.float32), brightness, contrast
    )


def imbalance_ratio(counts: Iterable[int]) -> float:
    """Return how many times larger the largest class is than the smallest that has faces; 0 without any."""
    present = [count for count in counts if count]
    return max(present) / min(present) if present else 0.0


def class_weights(labels: np.ndarray) -> dict[int, float]:
    """Return the weight of each class that has faces, as training would use it.

    The weight n / (7 n_c) makes every class count the same in sum; with a class missing, it is
    n / (k n_c) for the k classes present, so that the mean weight of a face stays 1.

    Args:
        labels: int (n,).
    """
    counts = np.bincount(labels, minlength=len(EMOTIONS))
    present = np.flatnonzero(counts)
    return {int(label): float(len(labels) / (len(present) * counts[label])) for label in present}
