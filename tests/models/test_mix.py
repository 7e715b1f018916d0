import numpy as np
import pytest

from emotion.labels import EMOTIONS
from emotion.models.card import ModelCard, ModelError
from emotion.models.classifier import Classifier
from emotion.models.mix import change_of, mixes_of
from emotion.models.registry import activate, active_mix, model_folder
from emotion.synthetic.faces import generate

SHARES = np.array([0.1, 0.01, 0.05, 0.27, 0.14, 0.12, 0.31])
WEIGHTS = 1 + 0.5 / (7 * SHARES)


def card(**content) -> ModelCard:
    return ModelCard("any", EMOTIONS, content)


def calibrated(sharpness: float = 0.8) -> ModelCard:
    parts = {"class_weights": WEIGHTS.tolist(), "sharpness": sharpness, "class_shares": SHARES.tolist()}
    return card(calibration=parts)


def normalised(values: np.ndarray) -> np.ndarray:
    return values / values.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("sharpness", [0.7, 1.0, 1.6])
def test_the_mix_of_the_training_data_and_an_even_one_follow_from_the_models_own(sharpness):
    learned = np.random.default_rng(0).dirichlet(np.full(7, 3.0), 50)
    own = normalised((learned * WEIGHTS) ** (1 / sharpness))
    training, even = (change_of(calibrated(sharpness), mix) for mix in ("training", "even"))
    assert np.allclose(training(own), learned, atol=1e-6)
    assert np.allclose(even(own), normalised(learned / SHARES), atol=1e-6)
    assert change_of(calibrated(), "own") is None


COUNTS = dict(zip(EMOTIONS, (1000 * SHARES).round().astype(int).tolist(), strict=True))


@pytest.mark.parametrize(
    ("content", "mixes"),
    [
        ({}, ("own",)),
        ({"dataset": {"train": {"classes": COUNTS}}}, ("own", "even")),
        ({"dataset": {"train": {"classes": dict.fromkeys(EMOTIONS, 0)}}}, ("own",)),
        ({"calibration": {"class_weights": [1.0] * 7, "class_shares": SHARES.tolist()}}, ("own", "even")),
        ({"calibration": {"class_weights": WEIGHTS.tolist(), "class_shares": SHARES.tolist()}},
         ("own", "training", "even")),
        ({"calibration": {"class_weights": "none", "class_shares": [1.0]}}, ("own",)),
        ({"calibration": {"class_weights": [-1.0] * 7, "class_shares": [float("nan")] * 7}}, ("own",)),
        ({"calibration": [1]}, ("own",)),
    ],
)  # fmt: skip
def test_only_what_a_card_tells_can_be_had(content, mixes):
    assert mixes_of(card(**content)) == mixes
    for mix in ("own", "training", "even"):
        assert (change_of(card(**content), mix) is not None) == (mix != "own" and mix in mixes)


def test_the_mix_in_use_is_kept_with_the_model_in_use():
    assert active_mix() == "own"
    activate("crowd", "even")
    assert active_mix() == "even"
    activate("small")
    assert active_mix() == "own"
    with pytest.raises(ModelError, match="has no mix 'odd'; choose from: own"):
        activate("small", "odd")


def test_a_classifier_answers_with_its_mix():
    faces, _ = generate(4, seed=0)
    own, even = (Classifier(model_folder("crowd"), mix=mix) for mix in ("own", "even"))
    assert own.version != even.version
    expected = change_of(own.card, "even")(own.predict(faces).probabilities)
    assert np.allclose(even.predict(faces).probabilities, expected, atol=1e-6)
    assert np.allclose(expected.sum(axis=1), 1, atol=1e-5)
