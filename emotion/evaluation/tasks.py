"""`python -m emotion.evaluation.tasks TASK`: evaluates models in a process of its own.

scikit-learn and SciPy stay out of the app this way, and a cancelled task ends with its process. TASK is
JSON, what `tasks.Task` writes; what is done is said on standard output, one JSON object a line, as
`emotion.jobs` reads it. The results lie where `cache.py` finds them.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace

import numpy as np

from emotion.errors import ReadableError
from emotion.evaluation import cache, robustness
from emotion.evaluation.cache import Trial
from emotion.evaluation.report import Comparison, Report, Robustness
from emotion.jobs.progress import OnProgress, Reporter, end_with_parent
from emotion.labels import EMOTIONS
from emotion.models.classifier import Classifier
from emotion.models.registry import model_folder
from emotion.models.tasks import Task

_BLOCK = 64
THREADS = min(4, os.cpu_count() or 1)


def evaluate(trial: Trial, on_progress: OnProgress = lambda done, total: None) -> Report:
    """Return the report of a trial, from what is kept or anew; it is kept afterwards.

    Raises:
        DatasetError, ModelError: there is no such model, dataset or split.
    """
    known = cache.load_report(trial)
    if known is not None:
        return known
    from emotion.evaluation.building import build_report

    probabilities, seconds = _probabilities(trial, on_progress)
    report = build_report(trial, cache.trial_faces(trial), probabilities, seconds)
    cache.save_json(cache.report_path(trial), report.to_dict())
    return report


def _probabilities(trial: Trial, on_progress: OnProgress) -> tuple[np.ndarray, float]:
    """Return what the model says of the trial's faces, and how many seconds that took now."""
    known = cache.load_probabilities(trial)
    if known is not None:
        return known, 0.0
    dataset = cache.trial_faces(trial).dataset
    indices = np.flatnonzero(dataset.faces.splits == trial.split)
    classifier = Classifier(model_folder(trial.model), threads=THREADS)
    answers = np.zeros((len(indices), len(EMOTIONS)), np.float32)
    started = time.perf_counter()
    for start in range(0, len(indices), _BLOCK):
        block = indices[start : start + _BLOCK]
        answers[start : start + len(block)] = classifier.predict(dataset.faces.images[block]).probabilities
        on_progress(start + len(block), len(indices))
    seconds = time.perf_counter() - started
    cache.save_probabilities(trial, dataset, answers)
    return answers[np.searchsorted(indices, cache.trial_faces(trial).indices)], seconds


def compare(first: Trial, second: Trial, on_progress: OnProgress = lambda done, total: None) -> Comparison:
    """Return the comparison of two models on the same faces, which are evaluated where they are not yet.

    Raises:
        DatasetError, ModelError: there is no such model, dataset or split.
    """
    from emotion.evaluation.building import compare as compare_answers

    # Each is half of the work: what is known already passes in no time.
    evaluate(first, lambda done, total: on_progress(done, 2 * total))
    evaluate(second, lambda done, total: on_progress(total + done, 2 * total))
    answers = [_probabilities(trial, on_progress)[0].argmax(axis=1) for trial in (first, second)]
    labels = cache.trial_faces(first).labels
    comparison = compare_answers((first.model, second.model), answers[0], answers[1], labels)
    cache.save_json(cache.comparison_path(first, second), comparison.to_dict())
    return comparison


def measure_robustness(
    trial: Trial, faces: int | None, on_progress: OnProgress = lambda done, total: None
) -> Robustness:
    """Return how a model's accuracy falls as pictures get worse.

    Args:
        trial: the model, and which faces.
        faces: at most about so many of them, drawn with each class's share; None for all.
        on_progress: told how many predictions are done, and of how many.

    Raises:
        DatasetError, ModelError: there is no such model, dataset or split.
    """
    known = cache.load_robustness(trial, faces)
    if known is not None:
        return known
    found = cache.trial_faces(trial)
    chosen = robustness.stratified_subset(found.labels, faces or len(found.indices), seed=0)
    images = found.dataset.faces.images[found.indices[chosen]]
    classifier = Classifier(model_folder(trial.model), threads=THREADS)
    curves = robustness.measure(classifier, images, found.labels[chosen], on_progress)
    measured = replace(curves, against=trial.against)
    cache.save_json(cache.robustness_path(trial, faces), measured.to_dict())
    return measured


def run(task: Task, on_progress: OnProgress) -> None:
    """Do a task."""
    trials = task.trials()
    if task.kind == "compare":
        compare(trials[0], trials[1], on_progress)
    elif task.kind == "robustness":
        count = len(trials)
        for number, trial in enumerate(trials):

            def progress(done: int, total: int, number: int = number) -> None:
                on_progress(number * total + done, count * total)

            measure_robustness(trial, task.faces, progress)
    else:
        evaluate(trials[0], on_progress)


def main() -> int:
    """Do the task that the command line names."""
    reporter = Reporter()
    end_with_parent()
    try:
        run(Task.from_json(sys.argv[1]), reporter.progress)
    except ReadableError as error:
        reporter.error(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
