"""Which mix of emotions a model's probabilities assume, and how to change it afterwards.

How likely an emotion is depends on the face and on how often the emotion comes up at all. A network
learns the second from its training data, where neutral and happy faces abound. Who studies such pictures
wants that kept; before a camera, where somebody makes faces, all emotions are alike. By Bayes' rule one
becomes the other without another look at the face: Saerens et al. 2002, "Adjusting the Outputs of a
Classifier to New a Priori Probabilities".
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from emotion.labels import EMOTIONS
from emotion.models.card import ModelCard

# By name; "own" is what the model's file gives.
MIXES: dict[str, str] = {
    "own": "As the model was made",
    "training": "As in the training data",
    "even": "All expressions alike",
}
# Keeps the logarithm of a probability finite.
_LEAST = 1e-9

Change = Callable[[np.ndarray], np.ndarray]


def mixes_of(card: ModelCard) -> tuple[str, ...]:
    """Return the mixes that can be had of a model, "own" first: what its card tells decides."""
    weights, shares = _class_weights(card), _class_shares(card)
    return ("own", *["training"] * (weights is not None), *["even"] * (shares is not None))


def mixed_version(version: str, mix: str) -> str:
    """Return a text that differs wherever a model of that version would answer differently with the mix."""
    return version if mix == "own" else f"{version}-{mix}"


def change_of(card: ModelCard, mix: str) -> Change | None:
    """Return what makes a model's probabilities into those of another mix; None where nothing is to be done.

    Args:
        card: the model's.
        mix: one of `MIXES`; one that cannot be had of the model counts as "own".

    Returns:
        A function of probabilities float (n, 7), in the order of `EMOTIONS`, that returns the like.
    """
    if mix == "own" or mix not in mixes_of(card):
        return None
    weights, shares = _class_weights(card), _class_shares(card)
    sharpness = _calibration(card).get("sharpness", 1.0) if weights is not None else 1.0
    offset = np.log(weights) if weights is not None else np.zeros(len(EMOTIONS))
    if mix == "even" and shares is not None:
        offset = offset + np.log(shares)

    def change(probabilities: np.ndarray) -> np.ndarray:
        logits = sharpness * np.log(np.maximum(probabilities, _LEAST)) - offset
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return (powers / powers.sum(axis=1, keepdims=True)).astype(probabilities.dtype)

    return change


def _calibration(card: ModelCard) -> dict[str, Any]:
    found = card.content.get("calibration")
    return found if isinstance(found, dict) else {}


def _class_weights(card: ModelCard) -> np.ndarray | None:
    """Return what training multiplied the probabilities by, (7,); None where it left them as they were."""
    weights = _numbers(_calibration(card).get("class_weights"))
    return weights if weights is not None and weights.max() > weights.min() else None


def _class_shares(card: ModelCard) -> np.ndarray | None:
    """Return how often each emotion was right in the training data, (7,); None where that is unknown."""
    shares = _numbers(_calibration(card).get("class_shares"))
    if shares is None:
        classes = ((card.content.get("dataset") or {}).get("train") or {}).get("classes") or {}
        shares = _numbers([classes.get(name) for name in EMOTIONS])
    if shares is None or shares.sum() <= 0:
        return None
    # An emotion without a face is rarer than any, not impossible.
    return np.maximum(shares / shares.sum(), 1e-3)


def _numbers(values: object) -> np.ndarray | None:
    """Return seven numbers of a card, none negative, as an array; None where they are no such thing."""
    if not isinstance(values, list) or len(values) != len(EMOTIONS):
        return None
    if not all(isinstance(value, (int, float)) and 0 <= value < 1e9 for value in values):
        return None
    return np.array(values, float)
