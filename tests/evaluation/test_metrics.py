import numpy as np
import pytest

from emotion.evaluation.metrics import evaluate_probabilities, expected_calibration_error


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
