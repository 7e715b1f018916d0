"""Faces with their labels in memory: the type that readers return and training and evaluation take."""

import hashlib
from dataclasses import dataclass, field

import numpy as np

from emotion.errors import ReadableError
from emotion.faces import FACE_SIZE
from emotion.labels import EMOTIONS


class DatasetError(ReadableError):
    """A dataset cannot be used; the message is one sentence for a person."""


@dataclass(frozen=True)
class SkippedItem:
    """One picture or row that a reader left out: where it stood and why it was of no use."""

    where: str
    reason: str


@dataclass(frozen=True)
class FaceDataset:
    """Labelled 48x48 grey faces.

    Attributes:
        images: uint8 (n, 48, 48), 0 black to 255 white.
        labels: int64 (n,), indices into `emotion.labels.EMOTIONS`.
        splits: (n,) of str: "train", "validation" or "test".
        names: (n,) of str: what each face is called in its source.
        skipped: what the reader left out, and why.
    """

    images: np.ndarray
    labels: np.ndarray
    splits: np.ndarray
    names: np.ndarray
    skipped: tuple[SkippedItem, ...] = field(default=())

    def __post_init__(self) -> None:
        count = len(self.images)
        if self.images.shape != (count, FACE_SIZE, FACE_SIZE) or self.images.dtype != np.uint8:
            raise ValueError(
                f"images must be uint8 (n, {FACE_SIZE}, {FACE_SIZE}), "
                f"not {self.images.dtype} {self.images.shape}"
            )
        for name in ("labels", "splits", "names"):
            shape = getattr(self, name).shape
            if shape != (count,):
                raise ValueError(f"{name} must have the shape ({count},), not {shape}")
        if count and not (self.labels.min() >= 0 and self.labels.max() < len(EMOTIONS)):
            raise ValueError(f"labels must lie between 0 and {len(EMOTIONS) - 1}")

    def __len__(self) -> int:
        return len(self.images)

    def take(self, selection: np.ndarray) -> "FaceDataset":
        """Return the faces that `selection`, a boolean mask or an array of indices, names."""
        return FaceDataset(
            self.images[selection], self.labels[selection], self.splits[selection], self.names[selection]
        )

    def split_mask(self, name: str) -> np.ndarray:
        """Return, bool (n,), which faces lie in a split.

        Raises:
            DatasetError: the dataset has no face in that split.
        """
        mask = self.splits == name
        if not mask.any():
            present = ", ".join(sorted(set(self.splits.tolist()))) or "none"
            raise DatasetError(f"The dataset has no split called {name!r}; it has: {present}.")
        return mask

    def split(self, name: str) -> "FaceDataset":
        """Return the faces of one split; raises as `split_mask`."""
        return self.take(self.split_mask(name))

    def class_counts(self) -> dict[str, int]:
        """Return how many faces each of the seven emotions has."""
        counts = np.bincount(self.labels, minlength=len(EMOTIONS))
        return {name: int(counts[index]) for index, name in enumerate(EMOTIONS)}

    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that change whenever a face, a label or a split does."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images).data)
        digest.update(self.labels.astype("<i8").tobytes())
        digest.update("\n".join(self.splits.tolist()).encode())
        return digest.hexdigest()[:16]


def image_keys(images: np.ndarray) -> np.ndarray:
    """Return (n,) keys that are equal exactly where two of the images (n, 48, 48) are pixel-identical."""
    return np.array([hashlib.sha256(image.tobytes()).hexdigest() for image in images], dtype="U64")


def picture_keys(images: np.ndarray) -> np.ndarray:
    """Return (n,) keys, equal exactly where two of the images (n, 48, 48) are or one mirrors the other.

    A mirrored picture is learned by heart as well as the picture itself: training turns faces round.
    """
    own, mirrored = image_keys(images), image_keys(images[:, :, ::-1])
    return np.where(own < mirrored, own, mirrored)
