"""From a dataset to what training needs: a clean validation split, and endless shuffled batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emotion.dataset.builtin import draw_dataset
from emotion.dataset.face_dataset import DatasetError, FaceDataset, image_keys
from emotion.dataset.loading import load_faces, load_imported
from emotion.dataset.splits import stratified_mask
from emotion.dataset.store import is_imported, open_dataset
from emotion.labels import EMOTIONS
from emotion.training.config import SYNTHETIC, RunConfig


@dataclass(frozen=True)
class TrainingData:
    """The three parts of a dataset, with no face standing in two of them.

    Attributes:
        train: the faces to learn from.
        validation: the faces the best weights are chosen on.
        test: the faces nothing is chosen on; None where the dataset has no test split.
        dropped: how many training faces were left out because the test split has the same picture.
    """

    train: FaceDataset
    validation: FaceDataset
    test: FaceDataset | None
    dropped: int


def load_dataset(config: RunConfig) -> FaceDataset:
    """Return the faces the config names: of an imported dataset, a file or folder, or drawn ones.

    Raises:
        DatasetError: they cannot be read.
    """
    if config.dataset != SYNTHETIC:
        # The command line makes paths absolute: what can be a name is one, whatever lies around.
        load = load_imported if is_imported(config.dataset) else load_faces
        return load(config.dataset, config.honour_exclusions).faces
    drawn = draw_dataset(config.synthetic_faces, config.seed)
    if not config.honour_exclusions:
        return drawn
    # The list speaks of the faces that the store has, and of no others.
    stored = open_dataset(SYNTHETIC)
    if len(drawn) != len(stored) or not np.array_equal(drawn.images, stored.faces.images):
        raise DatasetError("The exclusion list is of other drawn faces; leave their number and the seed.")
    return stored.without_excluded()


def prepare(dataset: FaceDataset, validation_share: float, seed: int) -> TrainingData:
    """Split off validation and test, so that nothing learned by heart can count as a success.

    Exact copies of test faces leave the training split, and exact copies of one picture land on
    the same side of train and validation: FER-2013 has some 1,800 copies, 282 of the public test's
    among the training faces.

    Raises:
        DatasetError: there are too few training faces to split.
    """
    train = dataset.split("train")
    keys = image_keys(train.images)
    test = dataset.split("test") if (dataset.splits == "test").any() else None
    dropped = 0
    if test is not None:
        is_copy = np.isin(keys, image_keys(test.images))
        dropped = int(is_copy.sum())
        train, keys = train.take(~is_copy), keys[~is_copy]
    if (dataset.splits == "validation").any():
        validation = dataset.split("validation")
    else:
        mask = stratified_mask(train.labels, keys, validation_share, seed)
        train, validation = train.take(~mask), train.take(mask)
    if len(train) < len(EMOTIONS) or len(validation) == 0:
        raise DatasetError("The dataset has too few faces to train on; a few hundred are a start.")
    return TrainingData(train, validation, test, dropped)


def endless_batches(
    images: np.ndarray, targets: np.ndarray, batch_size: int, seed: int, first_epoch: int = 0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield shuffled batches, epoch after epoch, without end; the last, smaller batch is left out.

    One iterator serves all epochs: TensorFlow's tear-down of an iterator can wait for as long again
    as the iterator has lived. The order depends on seed and epoch alone, so a resumed run goes on
    exactly as an uninterrupted one.

    Args:
        images: uint8 (n, 48, 48).
        targets: float32 (n, 7), the probability of each class.
        batch_size: at most n.
        seed: of the run.
        first_epoch: where a resumed run goes on.

    Yields:
        float32 (batch_size, 48, 48, 1) from 0 to 255, and float32 (batch_size, 7).
    """
    epoch = first_epoch
    while True:
        order = np.random.default_rng((seed, epoch)).permutation(len(images))
        for start in range(0, len(order) - batch_size + 1, batch_size):
            indices = np.sort(order[start : start + batch_size])  # sorted reads are kinder to a memory map
            yield images[indices, :, :, None].astype(np.float32), targets[indices]
        epoch += 1


def one_hot(labels: np.ndarray) -> np.ndarray:
    """Return float32 (n, 7) with a 1 at each label."""
    return np.eye(len(EMOTIONS), dtype=np.float32)[labels]
