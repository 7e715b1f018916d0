import itertools

import numpy as np
import pytest

from emotion.dataset.face_dataset import FaceDataset, image_keys
from emotion.synthetic.faces import generate
from emotion.training.batches import endless_batches, face_weights, mix
from emotion.training.config import RunConfig
from emotion.training.data import Part, one_hot


def part(count: int, labels: np.ndarray | None = None) -> Part:
    images, drawn = generate(count, seed=2)
    labels = drawn if labels is None else labels
    names = np.array([str(number) for number in range(count)])
    return Part(
        FaceDataset(images, labels, np.full(count, "train"), names), one_hot(labels), np.arange(count)
    )


def config(**changes) -> RunConfig:
    return RunConfig(seed=1, **changes)


def test_batches_hold_every_face_once_an_epoch():
    faces = part(20)
    batches = list(itertools.islice(endless_batches(faces, config(batch_size=5)), 8))
    for epoch in (batches[:4], batches[4:]):
        seen = np.concatenate([batch[0][..., 0] for batch in epoch]).astype(np.uint8)
        assert sorted(image_keys(seen)) == sorted(image_keys(faces.images))
    images, targets, weights = batches[0]
    assert (images.shape, images.dtype) == ((5, 48, 48, 1), np.float32)
    assert (targets.shape, targets.dtype) == ((5, 7), np.float32)
    assert np.array_equal(weights, np.ones(5))
    assert not np.array_equal(images, batches[4][0])


@pytest.mark.parametrize(
    "changes",
    [{}, {"mixup": 0.4}, {"cutmix": 1.0}, {"mixup": 0.4, "cutmix": 1.0, "class_balance": "sampling"}],
    ids=str,
)
def test_a_resumed_run_sees_the_same_batches(changes):
    faces, settings = part(20), config(batch_size=8, **changes)
    whole = itertools.islice(endless_batches(faces, settings), 2, 6)
    resumed = itertools.islice(endless_batches(faces, settings, first_epoch=1), 4)
    for batch, again in zip(whole, resumed, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(batch, again, strict=True))


def test_batches_keep_faces_and_labels_together():
    faces = part(30)
    label_of = dict(zip(image_keys(faces.images), faces.labels, strict=True))
    images, targets, _ = next(endless_batches(faces, config(batch_size=30)))
    keys = image_keys(images[..., 0].astype(np.uint8))
    assert [label_of[key] for key in keys] == targets.argmax(axis=1).tolist()


def test_fewer_faces_than_a_batch_make_a_smaller_batch():
    assert len(next(endless_batches(part(20), config(batch_size=128)))[0]) == 20


RARE = np.array([0] * 90 + [3] * 10)


def test_rare_classes_count_more():
    weights = face_weights(RARE)
    assert weights.mean() == pytest.approx(1)
    assert weights[RARE == 0].sum() == pytest.approx(weights[RARE == 3].sum())
    _, targets, given = next(
        endless_batches(part(100, RARE), config(batch_size=100, class_balance="weights"))
    )
    assert np.allclose(given, weights[0] + (weights[-1] - weights[0]) * targets[:, 3])


def test_rare_classes_are_drawn_as_often_as_others():
    batches = itertools.islice(
        endless_batches(part(100, RARE), config(batch_size=100, class_balance="sampling")), 10
    )
    shares = np.mean([targets[:, 3].mean() for _, targets, _ in batches])
    assert 0.4 < shares < 0.6


def plain_batch(count: int = 64):
    faces = part(count)
    return faces.images[..., None].astype(np.float32), faces.targets, np.ones(count, np.float32)


@pytest.mark.parametrize(("mixup", "cutmix"), [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_mixing_keeps_range_and_sums(mixup, cutmix):
    batch = plain_batch()
    for seed in range(8):
        images, targets, weights = mix(batch, mixup, cutmix, np.random.default_rng(seed))
        assert images.dtype == targets.dtype == np.float32
        assert images.min() >= 0
        assert images.max() <= 255
        assert np.allclose(targets.sum(axis=1), 1, atol=1e-5)
        assert np.allclose(weights, 1, atol=1e-5)
        assert not np.array_equal(images, batch[0])


def test_mixup_blends_faces_as_it_blends_targets():
    images = np.zeros((2, 48, 48, 1), np.float32)
    images[1] = 200
    batch = (images, one_hot(np.array([0, 1])), np.ones(2, np.float32))
    mixed, targets, _ = mix(batch, 1.0, 0.0, np.random.default_rng(3))
    assert np.allclose(mixed.mean(axis=(1, 2, 3)), targets[:, 1] * 200, atol=0.01)


def test_cutmix_covers_the_share_that_the_targets_say():
    images = np.zeros((2, 48, 48, 1), np.float32)
    images[1] = 200
    batch = (images, one_hot(np.array([0, 1])), np.ones(2, np.float32))
    shares = set()
    for seed in range(20):
        mixed, targets, _ = mix(batch, 0.0, 1.0, np.random.default_rng(seed))
        assert set(np.unique(mixed)) <= {0, 200}
        assert np.allclose((mixed == 200).mean(axis=(1, 2, 3)), targets[:, 1], atol=1e-5)
        shares.add(round(float(targets[0, 1]), 3))
    assert len(shares) > 5


def test_nothing_is_mixed_unless_asked():
    batch = plain_batch(4)
    assert mix(batch, 0.0, 0.0, np.random.default_rng(0)) is batch
