"""From logits to probabilities that mean what they say: rare emotions weighted, then a temperature.

Both are fitted on validation faces and folded into the weights of the last layer, so whatever predicts
needs to know nothing of them.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import softmax

from emotion.labels import EMOTIONS

# The strengths that are tried; beyond, the recall of rare emotions no longer rises.
_STRENGTHS = np.arange(0, 3.01, 0.05)


@dataclass(frozen=True, eq=False)
class Calibration:
    """What makes logits into the probabilities of a model that ships.

    Attributes:
        temperature: divides the logits; fitted before the weights.
        weights: float (7,), what each emotion's probability is multiplied by; of no effect where all are 1.
        sharpness: divides the weighted logits: the temperature of what then comes out.
        shares: float (7,), how often each emotion is right among the faces that it was fitted on.
    """

    temperature: float
    weights: np.ndarray
    sharpness: float
    shares: np.ndarray

    def apply(self, logits: np.ndarray) -> np.ndarray:
        """Return logits float (n, 7), of which a softmax gives the probabilities."""
        return (logits / self.temperature + np.log(self.weights)) / self.sharpness

    def fold(self, kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the last layer's kernel (k, 7) and bias (7,) so that the network gives what `apply` does."""
        return kernel / (self.temperature * self.sharpness), self.apply(bias)


def calibrate(logits: np.ndarray, labels: np.ndarray, recall_budget: float = 0.0) -> Calibration:
    """Return the calibration of a network, fitted on validation faces.

    To answer with the largest of p(c) is best for accuracy; with the largest of p(c) / share(c), for the mean
    recall (Menon et al. 2021, "Long-tail learning via logit adjustment"). In between, p(c) * (1 + s / (7
    share(c))) is best for accuracy + s * mean recall. Taken is the largest s that does not cost more accuracy
    than the budget.

    Args:
        logits: float (n, 7).
        labels: int (n,), what is right.
        recall_budget: how much accuracy, 0 to 1, may be given for the recall of rare emotions.
    """
    temperature = fit_temperature(logits, labels)
    exact = logits / temperature
    shares = np.bincount(labels, minlength=len(EMOTIONS)) / len(labels)
    weights = np.ones(len(EMOTIONS))
    least = (exact.argmax(axis=1) == labels).mean() - recall_budget
    for strength in _STRENGTHS if recall_budget else ():
        # A face more, so that an emotion without any has a share, too.
        candidate = 1 + strength / (len(EMOTIONS) * np.maximum(shares, 1 / len(labels)))
        if ((exact + np.log(candidate)).argmax(axis=1) == labels).mean() >= least:
            weights = candidate
    weighted = exact + np.log(weights)
    return Calibration(temperature, weights, fit_temperature(weighted, labels), shares)


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature at which the model is, on average, as sure as it is right.

    One number, fitted on validation faces, divides the logits (Guo et al. 2017, "On Calibration of Modern
    Neural Networks"); it changes no answer, only how sure the model says it is. Where labels are noisy, the
    likelihood, which is the usual measure, leaves the middling answers too sure; so mean confidence and
    accuracy are made equal instead (Clarte et al. 2023, "Expectation consistency for calibration of neural
    networks").

    Args:
        logits: float (n, 7).
        labels: int (n,).
    """
    accuracy = (logits.argmax(axis=1) == labels).mean()

    def too_sure(log_temperature: float) -> float:
        return float(softmax(logits / np.exp(log_temperature), axis=1).max(axis=1).mean() - accuracy)

    surest, least_sure = -3.0, 3.0
    if too_sure(surest) <= 0:
        return float(np.exp(surest))
    if too_sure(least_sure) >= 0:
        return float(np.exp(least_sure))
    return float(np.exp(brentq(too_sure, surest, least_sure)))
