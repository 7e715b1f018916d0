"""From a model's answers to a report, and from two models' answers to a verdict.

Imports scikit-learn and SciPy: for the command line and for processes of their own, not for the app.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import binomtest

from emotion.dataset.face_dataset import image_keys
from emotion.dataset.stored_dataset import StoredDataset
from emotion.dataset.votes import clear_winners
from emotion.evaluation.cache import Trial, TrialFaces
from emotion.evaluation.metrics import evaluate_probabilities, reliability_bins
from emotion.evaluation.report import AgreementGroup, Comparison, Copies, CoveragePoint, Proportion, Report

_CONFIDENCE_LEVEL = 0.95
_COVERAGE_POINTS = 50
# The share of the votes that the answer given most often got: from here on, in words.
_AGREEMENT = ((0.0, "below half"), (0.5, "50 to 69 %"), (0.7, "70 to 89 %"), (0.9, "90 % and more"))


def proportion(right: np.ndarray) -> Proportion | None:
    """Return how many of bool (n,) are true, with Wilson's 95 % interval; None of none at all.

    Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference", as SciPy's
    `binomtest` computes it: unlike the textbook's plus-minus it stays within 0 and 1.
    """
    if not len(right):
        return None
    count = int(right.sum())
    interval = binomtest(count, len(right)).proportion_ci(_CONFIDENCE_LEVEL, method="wilson")
    return Proportion(count, len(right), float(interval.low), float(interval.high))


def build_report(trial: Trial, faces: TrialFaces, probabilities: np.ndarray, seconds: float) -> Report:
    """Judge a model's answers.

    Args:
        trial: what was asked.
        faces: whom of.
        probabilities: float (n, 7), the answers.
        seconds: how long they took.
    """
    labels = faces.labels
    evaluation = evaluate_probabilities(probabilities, labels)
    right = probabilities.argmax(axis=1) == labels
    overall = proportion(right)
    assert overall is not None  # noqa: S101 - a trial has at least one face; this tells mypy
    return Report(
        model=trial.model,
        dataset=trial.dataset,
        split=trial.split,
        against=trial.against,
        excluded=faces.excluded,
        unclear=faces.unclear,
        overall=overall,
        macro_f1=evaluation.macro_f1,
        ece=evaluation.ece,
        per_class=evaluation.per_class,
        confusion=evaluation.confusion.tolist(),
        reliability=reliability_bins(probabilities, labels),
        coverage=coverage_curve(probabilities.max(axis=1), right),
        copies=_copies(trial, faces, right),
        agreement=_agreement(faces, probabilities.argmax(axis=1)),
        seconds=round(seconds, 3),
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


def _copies(trial: Trial, faces: TrialFaces, right: np.ndarray) -> Copies | None:
    """Tell the faces that stand in the training split, too, from the others."""
    dataset = faces.dataset
    training = dataset.faces.splits == "train"
    if trial.split == "train" or not training.any():
        return None
    known_keys = image_keys(dataset.faces.images[training])
    is_known = np.isin(image_keys(dataset.faces.images[faces.indices]), known_keys)
    return Copies(proportion(right[is_known]), proportion(right[~is_known]))


def _agreement(faces: TrialFaces, answers: np.ndarray) -> tuple[AgreementGroup, ...]:
    """Judge the answers apart by how much people agree, most votes out of all votes."""
    votes = _votes(faces.dataset, faces.indices)
    if votes is None:
        return ()
    total = votes.sum(axis=1)
    agreed = votes.max(axis=1) / np.maximum(total, 1)
    lower = np.array([limit for limit, _ in _AGREEMENT])
    group_of = np.where(total > 0, np.searchsorted(lower, agreed, side="right") - 1, -1)
    crowd = clear_winners(votes)
    labels = faces.dataset.faces.labels[faces.indices]
    groups = []
    for number, (_, title) in enumerate(_AGREEMENT):
        inside = group_of == number
        by_label = proportion(answers[inside] == labels[inside])
        if by_label is not None:
            clear = inside & (crowd >= 0)
            groups.append(AgreementGroup(title, by_label, proportion(answers[clear] == crowd[clear])))
    return tuple(groups)


def _votes(dataset: StoredDataset, indices: np.ndarray) -> np.ndarray | None:
    return None if dataset.votes is None else dataset.votes[indices].astype(np.int64)


def compare(names: tuple[str, str], first: np.ndarray, second: np.ndarray, labels: np.ndarray) -> Comparison:
    """Compare the answers of two models to the same faces.

    McNemar 1947, "Note on the sampling error of the difference between correlated proportions": only
    faces that one gets right and the other wrong tell the two apart. The test is the exact one.

    Args:
        names: of the models.
        first: int (n,), the answers of the first.
        second: int (n,), the answers of the second.
        labels: int (n,).
    """
    right, other = first == labels, second == labels
    only_first, only_second = int((right & ~other).sum()), int((other & ~right).sum())
    decided = only_first + only_second
    p_value = float(binomtest(only_first, decided).pvalue) if decided else 1.0
    both, neither = int((right & other).sum()), int((~right & ~other).sum())
    return Comparison(*names, both, only_first, only_second, neither, p_value)
