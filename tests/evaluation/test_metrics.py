import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from emotion.evaluation.metrics import evaluate_probabilities, expected_calibration_error
from emotion.labels import EMOTIONS


def random_answers(count=300, seed=0):
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.ones(7), size=count)
    labels = np.where(
        generator.random(count) < 0.6, probabilities.argmax(axis=1), generator.integers(0, 7, count)
    )
    return probabilities, labels


def test_figures_agree_with_scikit_learn():
    probabilities, labels = random_answers()
    answers = probabilities.argmax(axis=1)
    evaluation = evaluate_probabilities(probabilities, labels)
    assert evaluation.accuracy == pytest.approx(accuracy_score(labels, answers))
    assert evaluation.macro_f1 == pytest.approx(f1_score(labels, answers, average="macro"))
    assert evaluation.confusion.sum() == 300
    assert np.trace(evaluation.confusion) == (labels == answers).sum()
    assert evaluation.confusion[3].sum() == evaluation.per_class["happy"]["support"]
    recall = evaluation.confusion[0, 0] / evaluation.confusion[0].sum()
    assert evaluation.per_class["angry"]["recall"] == pytest.approx(recall, abs=1e-6)


def test_a_missing_class_does_not_lower_macro_f1():
    evaluation = evaluate_probabilities(np.eye(7)[[0, 3]], np.array([0, 3]))
    assert evaluation.macro_f1 == 1
    assert evaluation.per_class["sad"] == {"precision": 0, "recall": 0, "f1": 0, "support": 0}


def test_to_dict_is_plain_json():
    evaluation = evaluate_probabilities(*random_answers(50))
    content = evaluation.to_dict()
    assert list(content) == ["n", "accuracy", "macro_f1", "ece", "per_class", "confusion_matrix"]
    assert list(content["per_class"]) == list(EMOTIONS)


def one_confidence(confidence: float, count: int) -> np.ndarray:
    return np.tile([confidence] + [(1 - confidence) / 6] * 6, (count, 1))


@pytest.mark.parametrize(
    ("confidence", "right", "expected"),
    [(0.8, 8, 0.0), (0.8, 5, 0.3), (1.0, 10, 0.0), (1.0, 0, 1.0), (0.5, 10, 0.5)],
)
def test_calibration_error(confidence, right, expected):
    labels = np.array([0] * right + [1] * (10 - right))
    assert expected_calibration_error(one_confidence(confidence, 10), labels) == pytest.approx(expected)


@pytest.mark.parametrize(("rows", "labels"), [(0, 0), (3, 2), (2, 3)])
def test_shapes_that_do_not_fit(rows, labels):
    with pytest.raises(ValueError, match="probabilities must have the shape"):
        evaluate_probabilities(np.full((rows, 7), 1 / 7), np.zeros(labels, int))
