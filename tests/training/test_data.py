import itertools

import numpy as np
import pytest

from emotion.dataset.face_dataset import DatasetError, FaceDataset, image_keys
from emotion.dataset.synthetic import generate
from emotion.training.config import RunConfig
from emotion.training.data import endless_batches, load_dataset, one_hot, prepare


def dataset(train=140, test=21, validation=0) -> FaceDataset:
    images, labels = generate(train + test + validation, seed=4)
    splits = np.array(["train"] * train + ["test"] * test + ["validation"] * validation)
    return FaceDataset(images, labels, splits, np.array([str(number) for number in range(len(labels))]))


def with_copies(faces: FaceDataset, pairs: list[tuple[int, int]]) -> FaceDataset:
    """Copy the picture of the first of each pair over the second's."""
    images = faces.images.copy()
    for source, target in pairs:
        images[target] = images[source]
    return FaceDataset(images, faces.labels, faces.splits, faces.names)


def test_validation_is_stratified_and_apart():
    data = prepare(dataset(), 0.2, seed=0)
    assert len(data.train) + len(data.validation) == 140
    assert len(data.test) == 21
    counts = dataset().split("train").class_counts()
    assert data.validation.class_counts() == {name: round(0.2 * count) for name, count in counts.items()}
    assert not set(data.train.names) & set(data.validation.names)


def test_the_seed_decides_the_split():
    names = [prepare(dataset(), 0.2, seed).validation.names.tolist() for seed in (0, 0, 1)]
    assert names[0] == names[1] != names[2]


def test_copies_of_test_faces_are_not_trained_on():
    faces = with_copies(dataset(), [(150, 3), (150, 4), (155, 9)])
    data = prepare(faces, 0.2, seed=0)
    assert data.dropped == 3
    test_keys = set(image_keys(data.test.images))
    assert not test_keys & set(image_keys(data.train.images))
    assert not test_keys & set(image_keys(data.validation.images))


@pytest.mark.parametrize("seed", range(5))
def test_copies_stay_on_one_side_of_validation(seed):
    faces = with_copies(dataset(), [(number, number + 60) for number in range(60)])
    data = prepare(faces, 0.3, seed)
    assert not set(image_keys(data.train.images)) & set(image_keys(data.validation.images))
    assert len(data.train) + len(data.validation) == 140


def test_a_validation_split_of_the_dataset_is_kept():
    data = prepare(dataset(validation=14), 0.2, seed=0)
    assert (len(data.train), len(data.validation)) == (140, 14)


def test_no_test_split():
    assert prepare(dataset(test=0), 0.2, seed=0).test is None


@pytest.mark.parametrize("count", [2, 7])
def test_too_few_faces(count):
    with pytest.raises(DatasetError, match="too few faces"):
        prepare(dataset(train=count, test=0), 0.1, seed=0)


def test_batches_hold_every_face_once_an_epoch():
    images, labels = generate(20, seed=0)
    batches = list(itertools.islice(endless_batches(images, one_hot(labels), 5, seed=1), 8))
    for epoch in (batches[:4], batches[4:]):
        seen = np.concatenate([batch[0][..., 0] for batch in epoch]).astype(np.uint8)
        assert sorted(image_keys(seen)) == sorted(image_keys(images))
    assert batches[0][0].shape == (5, 48, 48, 1)
    assert batches[0][0].dtype == np.float32
    assert not np.array_equal(batches[0][0], batches[4][0])


def test_a_resumed_run_sees_the_same_batches():
    images, labels = generate(20, seed=0)
    whole = itertools.islice(endless_batches(images, one_hot(labels), 8, seed=1), 2, 6)
    resumed = itertools.islice(endless_batches(images, one_hot(labels), 8, seed=1, first_epoch=1), 4)
    for (images_a, targets_a), (images_b, targets_b) in zip(whole, resumed, strict=True):
        assert np.array_equal(images_a, images_b)
        assert np.array_equal(targets_a, targets_b)


def test_batches_keep_faces_and_labels_together():
    images, labels = generate(30, seed=2)
    label_of = dict(zip(image_keys(images), labels, strict=True))
    batch, targets = next(endless_batches(images, one_hot(labels), 30, seed=0))
    keys = image_keys(batch[..., 0].astype(np.uint8))
    assert [label_of[key] for key in keys] == targets.argmax(axis=1).tolist()


def test_synthetic_dataset():
    faces = load_dataset(RunConfig(synthetic_faces=84))
    assert len(faces) == 84
    assert (faces.splits == "test").sum() == 14
