"""From a model's answers to a report: confusion matrix, calibration, copies, agreement with people."""

from dataclasses import replace

import numpy as np

from emotion.dataset.votes import clear_winners
from emotion.evaluation.comparison import Comparison
from emotion.evaluation.report import (
    AgreementGroup,
    Copies,
    CoveragePoint,
    Proportion,
    ReliabilityBin,
    Report,
)
from emotion.evaluation.trial import TrialFaces
from emotion.labels import EMOTIONS

_BINS = 15
_COVERAGE_POINTS = 50
# The share of the votes that the answer given most often got: from here on, in words.
_AGREEMENT = ((0.0, "below half"), (0.5, "50 to 69 %"), (0.7, "70 to 89 %"), (0.9, "90 % and more"))


def evaluate_probabilities(probabilities: np.ndarray, labels: np.ndarray) -> Report:
    """Evaluate probabilities float (n, 7) by labels int (n,), n at least 1.

    Raises:
        ValueError: the shapes do not fit, or there is nothing to evaluate.
    """
    if len(labels) == 0 or probabilities.shape != (len(labels), len(EMOTIONS)):
        raise ValueError(
            f"probabilities must have the shape (n, {len(EMOTIONS)}) with n = {len(labels)} labels and "
            f"at least one, not {probabilities.shape}"
        )
    answers = probabilities.argmax(axis=1)
    confusion = np.zeros((len(EMOTIONS), len(EMOTIONS)), np.int64)
    np.add.at(confusion, (labels, answers), 1)
    return Report(
        confusion_matrix=confusion.tolist(),
        ece=round(expected_calibration_error(probabilities, labels), 6),
        reliability=reliability_bins(probabilities, labels),
        coverage=coverage_curve(probabilities.max(axis=1), answers == labels),
    )


def evaluate_trial(faces: TrialFaces, probabilities: np.ndarray, seconds: float = 0.0) -> Report:
    """Evaluate a model's answers to the faces of a trial.

    Args:
        faces: whom of.
        probabilities: float (n, 7), the answers.
        seconds: how long they took.
    """
    trial, answers = faces.trial, probabilities.argmax(axis=1)
    is_copy = None if trial.split == "train" else faces.in_training()
    copies, right = None, answers == faces.labels
    if is_copy is not None:
        copies = Copies(Proportion.of(right[is_copy]), Proportion.of(right[~is_copy]))
    return replace(
        evaluate_probabilities(probabilities, faces.labels),
        model=trial.model,
        dataset=trial.dataset,
        split=trial.split,
        against=trial.against,
        excluded=faces.excluded,
        unclear=faces.unclear,
        copies=copies,
        agreement=_agreement(faces, answers),
        seconds=round(seconds, 3),
    )


def compare_answers(faces: TrialFaces, other: str, first: np.ndarray, second: np.ndarray) -> Comparison:
    """Compare the answers, float (n, 7), of the trial's model and of another to the same faces."""
    right, also = (answers.argmax(axis=1) == faces.labels for answers in (first, second))
    groups = (right & also, right & ~also, also & ~right, ~right & ~also)
    return Comparison(faces.trial.model, other, *(int(group.sum()) for group in groups))


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return how far confidence and accuracy lie apart, weighted over equal-width bins of confidence.

    Guo et al. 2017, "On Calibration of Modern Neural Networks": 0 means that of the answers given
    with 80 % confidence, 80 % are right.
    """
    bins = reliability_bins(probabilities, labels)
    return float(sum(abs(item.accuracy - item.confidence) * item.count / len(labels) for item in bins))


def reliability_bins(probabilities: np.ndarray, labels: np.ndarray) -> tuple[ReliabilityBin, ...]:
    """Return confidence and accuracy within equal-width bins of confidence; empty bins are left out.

    Args:
        probabilities: float (n, 7).
        labels: int (n,).
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    return tuple(
        ReliabilityBin(
            low=index / _BINS,
            high=(index + 1) / _BINS,
            count=int((bin_of == index).sum()),
            confidence=float(confidence[bin_of == index].mean()),
            accuracy=float(correct[bin_of == index].mean()),
        )
        for index in np.unique(bin_of).tolist()
    )


def coverage_curve(confidence: np.ndarray, right: np.ndarray) -> tuple[CoveragePoint, ...]:
    """Return what happens when a model answers only the faces it is surest of.

    El-Yaniv and Wiener 2010, "On the Foundations of Noise-free Selective Classification".

    Args:
        confidence: float (n,), 0 to 1.
        right: bool (n,).
    """
    order = np.argsort(-confidence, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    counts = np.unique(np.ceil(np.linspace(0, 1, _COVERAGE_POINTS + 1)[1:] * len(order)).astype(int))
    return tuple(
        CoveragePoint(float(count / len(order)), float(share[count - 1]), float(confidence[order[count - 1]]))
        for count in counts
    )


def _agreement(faces: TrialFaces, answers: np.ndarray) -> tuple[AgreementGroup, ...]:
    """Evaluate the answers apart by how much people agree, most votes out of all votes."""
    if faces.dataset.votes is None:
        return ()
    votes = faces.dataset.votes[faces.indices].astype(np.int64)
    total = votes.sum(axis=1)
    agreed = votes.max(axis=1) / np.maximum(total, 1)
    lower = np.array([limit for limit, _ in _AGREEMENT])
    group_of = np.where(total > 0, np.searchsorted(lower, agreed, side="right") - 1, -1)
    crowd = clear_winners(votes)
    labels = faces.dataset.faces.labels[faces.indices]
    groups = []
    for number, (_, title) in enumerate(_AGREEMENT):
        inside = group_of == number
        by_label = Proportion.of(answers[inside] == labels[inside])
        if by_label is not None:
            clear = inside & (crowd >= 0)
            groups.append(AgreementGroup(title, by_label, Proportion.of(answers[clear] == crowd[clear])))
    return tuple(groups)
