import numpy as np
import pytest

from emotion.dataset.face_dataset import DatasetError, FaceDataset, image_keys
from emotion.synthetic.faces import generate


def make(count=14, **changes) -> FaceDataset:
    images, labels = generate(count, seed=1)
    parts = {
        "images": images,
        "labels": labels,
        "splits": np.array(["train", "test"] * (count // 2)),
        "names": np.array([str(index) for index in range(count)]),
    }
    return FaceDataset(**(parts | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": np.zeros((14, 48, 47), np.uint8)}, r"not uint8 \(14, 48, 47\)"),
        ({"images": np.zeros((14, 48, 48), np.float32)}, "not float32"),
        ({"labels": np.zeros(13, int)}, r"labels must have the shape \(14,\), not \(13,\)"),
        ({"labels": np.full(14, 7)}, "between 0 and 6"),
        ({"splits": np.array(["train"])}, "splits must have"),
    ],
)
def test_wrong_arrays_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        make(**changes)


def test_split_and_counts():
    dataset = make()
    test = dataset.split("test")
    assert len(dataset) == 14
    assert test.names.tolist() == [str(index) for index in range(1, 14, 2)]
    assert sum(test.class_counts().values()) == 7
    with pytest.raises(DatasetError, match="no split called 'validation'; it has: test, train"):
        dataset.split("validation")


def test_fingerprint_changes_with_anything_that_matters():
    dataset = make()
    images = dataset.images.copy()
    images[0, 0, 0] ^= 1
    fingerprints = {
        dataset.fingerprint(),
        make(images=images).fingerprint(),
        make(labels=(dataset.labels + 1) % 7).fingerprint(),
        make(splits=dataset.splits[::-1]).fingerprint(),
    }
    assert len(fingerprints) == 4
    assert make().fingerprint() == dataset.fingerprint()


def test_image_keys_tell_copies():
    images = generate(7, seed=2)[0]
    keys = image_keys(np.concatenate([images, images[2:3]]))
    assert len(set(keys.tolist())) == 7
    assert keys[7] == keys[2]
