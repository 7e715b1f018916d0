"""How good a model is: accuracy, per-class figures, confusion matrix, calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from emotion.evaluation.report import ReliabilityBin
from emotion.labels import EMOTIONS
from emotion.models.classifier import Classifier


@dataclass(frozen=True)
class Evaluation:
    """The figures of one model on one set of labelled faces.

    Attributes:
        n: how many faces.
        accuracy: share of right answers, 0 to 1.
        macro_f1: mean of the F1 of those classes that the faces have.
        ece: expected calibration error, 0 to 1 (see `expected_calibration_error`).
        per_class: emotion -> precision, recall, f1 (0 to 1) and support (faces).
        confusion: int (7, 7), rows the label, columns the answer.
    """

    n: int
    accuracy: float
    macro_f1: float
    ece: float
    per_class: dict[str, dict[str, float]]
    confusion: np.ndarray

    def to_dict(self) -> dict:
        """Return the figures as JSON types."""
        return {
            "n": self.n,
            "accuracy": round(self.accuracy, 6),
            "macro_f1": round(self.macro_f1, 6),
            "ece": round(self.ece, 6),
            "per_class": self.per_class,
            "confusion_matrix": self.confusion.tolist(),
        }


def evaluate_probabilities(probabilities: np.ndarray, labels: np.ndarray) -> Evaluation:
    """Judge probabilities float (n, 7) against labels int (n,), n at least 1.

    Raises:
        ValueError: the shapes do not fit, or there is nothing to judge.
    """
    if len(labels) == 0 or probabilities.shape != (len(labels), len(EMOTIONS)):
        raise ValueError(
            f"probabilities must have the shape (n, {len(EMOTIONS)}) with n = {len(labels)} labels and "
            f"at least one, not {probabilities.shape}"
        )
    answers = probabilities.argmax(axis=1)
    classes = np.arange(len(EMOTIONS))
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, answers, labels=classes, zero_division=0
    )
    per_class = {
        name: {
            "precision": round(float(precision[index]), 6),
            "recall": round(float(recall[index]), 6),
            "f1": round(float(f1[index]), 6),
            "support": int(support[index]),
        }
        for index, name in enumerate(EMOTIONS)
    }
    return Evaluation(
        n=len(labels),
        accuracy=float((answers == labels).mean()),
        macro_f1=float(f1[support > 0].mean()),
        ece=expected_calibration_error(probabilities, labels),
        per_class=per_class,
        confusion=confusion_matrix(labels, answers, labels=classes),
    )


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    """Return how far confidence and accuracy lie apart, weighted over equal-width bins of confidence.

    Guo et al. 2017, "On Calibration of Modern Neural Networks": 0 means that of the answers given
    with 80 % confidence, 80 % are right.
    """
    return float(
        sum(
            abs(item.accuracy - item.confidence) * item.count / len(labels)
            for item in reliability_bins(probabilities, labels, bins)
        )
    )


def reliability_bins(
    probabilities: np.ndarray, labels: np.ndarray, bins: int = 15
) -> tuple[ReliabilityBin, ...]:
    """Return confidence and accuracy within equal-width bins of confidence; empty bins are left out.

    Args:
        probabilities: float (n, 7).
        labels: int (n,).
        bins: how many there are from 0 to 1.
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    return tuple(
        ReliabilityBin(
            low=index / bins,
            high=(index + 1) / bins,
            count=int((bin_of == index).sum()),
            confidence=float(confidence[bin_of == index].mean()),
            accuracy=float(correct[bin_of == index].mean()),
        )
        for index in range(bins)
        if (bin_of == index).any()
    )


def evaluate_classifier(classifier: Classifier, images: np.ndarray, labels: np.ndarray) -> Evaluation:
    """Let a classifier predict uint8 images (n, 48, 48) and judge the answers."""
    return evaluate_probabilities(classifier.predict(images).probabilities, labels)
