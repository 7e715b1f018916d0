import numpy as np
import pytest
from scipy.special import softmax

from emotion.evaluation.metrics import expected_calibration_error
from emotion.labels import EMOTIONS
from emotion.training.calibration import Calibration, calibrate, fit_temperature

NEUTRAL, DISGUST = EMOTIONS.index("neutral"), EMOTIONS.index("disgust")


def skewed(count: int = 6000) -> tuple[np.ndarray, np.ndarray]:
    """Logits of a network that has learned how often each emotion is right, and what is right."""
    generator = np.random.default_rng(1)
    shares = np.array([0.1, 0.02, 0.06, 0.25, 0.13, 0.12, 0.32])
    labels = generator.choice(7, size=count, p=shares)
    # What the face says, as strongly for each emotion, and what came before it was seen.
    evidence = generator.normal(size=(count, 7)) + 1.5 * np.eye(7)[labels]
    return 1.5 * evidence + np.log(shares), labels


def recalls(answers: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.array([(answers[labels == emotion] == emotion).mean() for emotion in range(7)])


@pytest.mark.parametrize("sharpening", [0.5, 3.0])
def test_temperature_restores_calibration(sharpening):
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(4000, 7)) * 2
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([generator.choice(7, p=row) for row in probabilities])
    temperature = fit_temperature(logits * sharpening, labels)
    assert temperature == pytest.approx(sharpening, rel=0.08)
    scaled = logits * sharpening / temperature
    calibrated = np.exp(scaled) / np.exp(scaled).sum(axis=1, keepdims=True)
    assert expected_calibration_error(calibrated, labels) < 0.03


@pytest.mark.parametrize(("answer", "log_temperature"), [(0, -3), (1, 3)])
def test_the_temperature_of_a_model_that_is_always_right_or_never(answer, log_temperature):
    logits = np.eye(7)[np.zeros(20, int)]
    temperature = fit_temperature(logits, np.full(20, answer))
    assert temperature == pytest.approx(np.exp(log_temperature))


@pytest.mark.parametrize("budget", [0.005, 0.02])
def test_rare_emotions_are_seen_more_often_within_the_budget(budget):
    logits, labels = skewed()
    before, calibration = logits.argmax(axis=1), calibrate(logits, labels, budget)
    after = calibration.apply(logits).argmax(axis=1)
    assert (after == labels).mean() >= (before == labels).mean() - budget
    assert recalls(after, labels).mean() > recalls(before, labels).mean() + budget
    assert recalls(after, labels)[DISGUST] > recalls(before, labels)[DISGUST]
    # The rarer, the more weight; and the model is as sure as it is right, all the same.
    assert np.argsort(calibration.weights).tolist() == np.argsort(-calibration.shares).tolist()
    assert expected_calibration_error(softmax(calibration.apply(logits), axis=1), labels) < 0.03


def test_without_a_budget_no_answer_changes():
    logits, labels = skewed()
    calibration = calibrate(logits, labels)
    assert np.all(calibration.weights == 1)
    assert np.array_equal(calibration.apply(logits).argmax(axis=1), logits.argmax(axis=1))


def test_an_emotion_without_a_face_gets_a_finite_weight():
    logits, labels = skewed(300)
    labels[labels == DISGUST] = NEUTRAL
    calibration = calibrate(logits, labels, 0.05)
    assert calibration.shares[DISGUST] == 0
    assert np.isfinite(calibration.apply(logits)).all()


def test_a_folded_layer_gives_what_the_calibration_does():
    generator = np.random.default_rng(0)
    features, kernel, bias = (generator.normal(size=shape) for shape in ((5, 16), (16, 7), (7,)))
    calibration = Calibration(1.7, np.linspace(1, 3, 7), 0.8, np.full(7, 1 / 7))
    folded_kernel, folded_bias = calibration.fold(kernel, bias)
    assert np.allclose(features @ folded_kernel + folded_bias, calibration.apply(features @ kernel + bias))
