"""Evaluates models: what the commands `evaluate`, `models compare` and `models robustness` do.

What models say is known afterwards.
"""

import os
from dataclasses import asdict, replace

import numpy as np

from emotion.evaluation import cache, robustness
from emotion.evaluation.answers import ask
from emotion.evaluation.comparison import Comparison
from emotion.evaluation.metrics import compare_answers, evaluate_trial
from emotion.evaluation.report import Report, Robustness
from emotion.evaluation.trial import TrialFaces
from emotion.jobs.progress import OnProgress
from emotion.models.classifier import Classifier
from emotion.models.registry import model_folder, model_version

THREADS = min(4, os.cpu_count() or 1)


def evaluate(faces: TrialFaces, on_progress: OnProgress = lambda done, total: None) -> Report:
    """Return the report of a trial; the model is asked what it has not been asked before.

    Raises:
        ModelError: there is no such model, or it cannot be used.
    """
    return evaluate_trial(faces, *_answers(faces, on_progress))


def _answers(faces: TrialFaces, on_progress: OnProgress) -> tuple[np.ndarray, float]:
    """Return what the model says of the trial's faces, and how many seconds that took now."""
    name = faces.trial.model
    return ask(faces.dataset, faces.indices, model_version(name), lambda: _classifier(name), on_progress)


def _classifier(name: str) -> Classifier:
    return Classifier(model_folder(name), threads=THREADS)


def compare(faces: TrialFaces, other: str, on_progress: OnProgress = lambda done, total: None) -> Comparison:
    """Return the comparison of the trial's model with another on the same faces.

    Raises:
        ModelError: there is no such model, or it cannot be used.
    """
    # Each is half of the work: what is known already passes in no time.
    first, _ = _answers(faces, lambda done, total: on_progress(done, 2 * total))
    second, _ = _answers(faces.of(other), lambda done, total: on_progress(total + done, 2 * total))
    return compare_answers(faces, other, first, second)


def measure_robustness(
    faces: TrialFaces, count: int | None, on_progress: OnProgress = lambda done, total: None
) -> Robustness:
    """Return how a model's accuracy falls as pictures get worse.

    Args:
        faces: the model, and which faces.
        count: at most about so many of them, drawn with each class's share; None for all.
        on_progress: told how many predictions are done, and of how many.

    Raises:
        ModelError: there is no such model, or it cannot be used.
    """
    known = cache.load_robustness(faces, count)
    if known is not None:
        return known
    chosen = robustness.stratified_subset(faces.labels, count or len(faces), seed=0)
    images, classifier = faces.images[chosen], _classifier(faces.trial.model)
    curves = robustness.measure(classifier, images, faces.labels[chosen], on_progress)
    measured = replace(curves, against=faces.trial.against)
    cache.save_json(cache.robustness_path(faces, count), asdict(measured))
    return measured
