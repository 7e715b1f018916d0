"""`python -m emotion.evaluation.tasks TASK`: evaluates models in a process of its own.

A cancelled task ends with its process. TASK is JSON, what `tasks.Task` writes; what is done is said on
standard output, one JSON object a line, as `emotion.jobs` reads it. What models say is then known.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import numpy as np

from emotion.errors import ReadableError
from emotion.evaluation import cache, robustness
from emotion.evaluation.answers import ask
from emotion.evaluation.comparison import Comparison
from emotion.evaluation.metrics import compare_answers, evaluate_trial
from emotion.evaluation.report import Report, Robustness
from emotion.evaluation.trial import TrialFaces, trial_faces
from emotion.jobs.progress import OnProgress, Reporter, end_with_parent
from emotion.models.classifier import Classifier
from emotion.models.registry import model_folder, model_version
from emotion.models.tasks import Task

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
    cache.save_json(cache.robustness_path(faces, count), measured.to_dict())
    return measured


def run(task: Task, on_progress: OnProgress) -> None:
    """Do a task."""
    trials = task.trials()
    faces = trial_faces(trials[0])
    if task.kind == "compare":
        compare(faces, trials[1].model, on_progress)
    elif task.kind == "robustness":
        count = len(trials)
        for number, trial in enumerate(trials):

            def progress(done: int, total: int, number: int = number) -> None:
                on_progress(number * total + done, count * total)

            measure_robustness(faces.of(trial.model), task.faces, progress)
    else:
        evaluate(faces, on_progress)


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
