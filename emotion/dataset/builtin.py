"""The built-in dataset: drawn faces with a split, so that everything can be tried without any data."""

import numpy as np

from emotion.dataset.face_dataset import FaceDataset
from emotion.synthetic.faces import generate

BUILTIN_FACES = 2100


def draw_dataset(count: int = BUILTIN_FACES, seed: int = 0) -> FaceDataset:
    """Return `count` drawn faces, every sixth of them for the test: the order is already shuffled."""
    images, labels = generate(count, seed)
    splits = np.where(np.arange(count) % 6 == 0, "test", "train")
    names = np.array([f"synthetic_{index:05d}" for index in range(count)])
    return FaceDataset(images, labels, splits, names)
