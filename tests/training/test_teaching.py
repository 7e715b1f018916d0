import numpy as np
import pytest

from emotion.dataset.face_dataset import FaceDataset
from emotion.models.card import ModelError
from emotion.models.classifier import Classifier
from emotion.models.registry import model_folder
from emotion.synthetic.faces import generate
from emotion.training.config import RunConfig
from emotion.training.data import Part, one_hot
from emotion.training.teaching import taught

COUNT = 12


def part(heads: int = 1) -> Part:
    images, labels = generate(COUNT, seed=3)
    faces = FaceDataset(images, labels, np.full(COUNT, "train"), np.arange(COUNT).astype(str))
    return Part(faces, np.tile(one_hot(labels), (1, heads)), np.arange(COUNT))


def answers(name: str) -> np.ndarray:
    return Classifier(model_folder(name), mix="training").predict(part().images).probabilities


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_teachers_have_their_share_of_the_targets(share):
    config = RunConfig(teachers=("crowd", "small"), teachers_answer="once", teacher_share=share)
    mean = (answers("crowd") + answers("small")) / 2
    targets = taught(part(), config).targets
    assert targets.dtype == np.float32
    assert np.allclose(targets, (1 - share) * part().targets + share * mean, atol=1e-6)


def test_of_two_heads_each_is_taught_by_who_has_learned_the_same():
    config = RunConfig(targets="both", teachers=("crowd", "large", "small"), teacher_share=1.0)
    by_kind = {"votes": [], "labels": []}
    for name in config.teachers:
        by_kind[Classifier(model_folder(name)).card.judged_by].append(answers(name))
    assert all(by_kind.values())
    targets = taught(part(heads=2), config).targets
    expected = [np.mean(by_kind[kind], axis=0) for kind in ("votes", "labels")]
    assert np.allclose(targets, np.concatenate(expected, axis=1), atol=1e-6)


@pytest.mark.parametrize("changes", [{}, {"teachers": ("crowd",)}])
def test_who_is_not_asked_now_changes_nothing(changes):
    before = part()
    assert taught(before, RunConfig().changed(**changes)) is before


def test_a_teacher_that_is_gone_is_named():
    config = RunConfig(teachers=("professor",), teachers_answer="once")
    with pytest.raises(ModelError, match="'professor'"):
        taught(part(), config)
