"""How a dataset is composed: counts, balance, mean faces, brightness and contrast."""

from dataclasses import asdict, dataclass

import numpy as np

from emotion.dataset.result_cache import cached_arrays
from emotion.dataset.stored_dataset import SPLITS, StoredDataset
from emotion.faces import FACE_SIZE
from emotion.labels import EMOTIONS

# Counted up when what is computed changes.
_VERSION = 1
# 16 values of grey a bin; contrast, a standard deviation, can be at most 127.5.
BRIGHTNESS_EDGES = np.linspace(0, 256, 33)
CONTRAST_EDGES = np.linspace(0, 128, 33)
_BLOCK = 2048


@dataclass(frozen=True, eq=False)
class DatasetStatistics:
    """The figures of a dataset; a class without faces has zeros everywhere, never NaN.

    Attributes:
        counts: int64 (3, 7), faces of each split (`stored_dataset.SPLITS`) and class.
        mean_faces: float32 (7, 48, 48), 0 to 255, the mean face of each class.
        deviation_faces: float32 (7, 48, 48), each pixel's standard deviation within the class.
        brightness: int64 (7, 32), faces of each class whose mean grey lies in each bin of
            `BRIGHTNESS_EDGES`.
        contrast: int64 (7, 32), the same for the standard deviation of a face's pixels and
            `CONTRAST_EDGES`.
    """

    counts: np.ndarray
    mean_faces: np.ndarray
    deviation_faces: np.ndarray
    brightness: np.ndarray
    contrast: np.ndarray

    @property
    def faces(self) -> int:
        """How many faces there are."""
        return int(self.counts.sum())

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that have faces."""
        return tuple(split for split, row in zip(SPLITS, self.counts, strict=True) if row.any())

    def class_counts(self, split: str | None = None) -> dict[str, int]:
        """Return the faces of each emotion, in one split or in all."""
        row = self.counts.sum(axis=0) if split is None else self.counts[SPLITS.index(split)]
        return dict(zip(EMOTIONS, row.tolist(), strict=True))

    def shares(self, split: str | None = None) -> dict[str, float]:
        """Return the share of each emotion, 0 to 1; zeros where there is no face."""
        counts = self.class_counts(split)
        total = max(sum(counts.values()), 1)
        return {name: count / total for name, count in counts.items()}

    def imbalance_ratio(self, split: str | None = None) -> float | None:
        """Return how many times larger the largest class is than the smallest that has faces.

        None where there is no face at all.
        """
        present = [count for count in self.class_counts(split).values() if count]
        return max(present) / min(present) if present else None


def describe(dataset: StoredDataset) -> DatasetStatistics:
    """Return the figures of a dataset; computed once, and then kept in its folder."""
    faces = dataset.faces
    arrays = cached_arrays(
        dataset,
        f"statistics-{_VERSION}",
        lambda: asdict(compute_statistics(faces.images, faces.labels, faces.splits)),
    )
    return DatasetStatistics(**arrays)


def compute_statistics(images: np.ndarray, labels: np.ndarray, splits: np.ndarray) -> DatasetStatistics:
    """Compute the figures of faces, block by block: little memory, whatever their number.

    Args:
        images: uint8 (n, 48, 48).
        labels: int (n,).
        splits: str (n,).
    """
    classes = len(EMOTIONS)
    counts = np.stack([np.bincount(labels[splits == split], minlength=classes) for split in SPLITS])
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
        counts, mean_faces.astype(np.float32), np.sqrt(variances).astype(np.float32), brightness, contrast
    )


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
