import numpy as np
import pytest

from emotion.evaluation.robustness import CORRUPTIONS, corrupt, stratified_subset
from emotion.synthetic.faces import generate

FACES, LABELS = generate(6, seed=0)


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_every_corruption(kind):
    levels = CORRUPTIONS[kind].levels
    assert np.array_equal(corrupt(FACES, kind, levels[0], seed=0), FACES)
    changes = []
    for level in levels[1:]:
        changed = corrupt(FACES, kind, level, seed=0)
        assert (changed.shape, changed.dtype) == (FACES.shape, np.uint8)
        assert np.array_equal(changed, corrupt(FACES, kind, level, seed=0))
        changes.append(np.abs(changed.astype(int) - FACES).mean())
    assert changes[0] > 0
    assert changes[-1] > 2 * changes[0]  # the last level is far worse than the first


@pytest.mark.parametrize("kind", ["rotation", "shift", "noise", "occlusion"])
def test_another_seed_is_another_chance(kind):
    level = CORRUPTIONS[kind].levels[-1]
    assert not np.array_equal(corrupt(FACES, kind, level, seed=0), corrupt(FACES, kind, level, seed=1))


def test_a_subset_keeps_the_classes_shares():
    labels = np.repeat([0, 3, 6], [1000, 500, 4])
    chosen = stratified_subset(labels, 150, seed=0)
    assert np.array_equal(np.bincount(labels[chosen], minlength=7), [100, 0, 0, 50, 0, 0, 1])
    assert np.array_equal(chosen, np.sort(chosen))
    assert np.array_equal(chosen, stratified_subset(labels, 150, seed=0))
    assert len(stratified_subset(labels, 5000, seed=0)) == len(labels)
