"""The faces of a dataset whose label a model doubts."""

import numpy as np

from emotion.dataset.quality.finding import QualityFinding, singles
from emotion.dataset.quality.searches import LIST_LENGTH
from emotion.dataset.stored_dataset import StoredDataset
from emotion.evaluation.answers import ask
from emotion.jobs.progress import OnProgress
from emotion.models.classifier import Classifier


def find_doubtful(
    dataset: StoredDataset,
    classifier: Classifier,
    on_progress: OnProgress = lambda done, total: None,
) -> QualityFinding:
    """Find the faces whose label a model doubts most; the score is the probability it gives the label.

    A model that was trained on these very faces doubts them less than it should.

    Args:
        dataset: of any size.
        classifier: the model; its answers are kept, also for its evaluation.
        on_progress: told how many faces are done, and of how many.
    """
    labels, everything = dataset.faces.labels, np.arange(len(dataset))
    probabilities, _ = ask(dataset, everything, classifier.version, lambda: classifier, on_progress)
    of_label = probabilities[everything, labels]
    order = np.argsort(of_label, kind="stable")
    found = order[probabilities.argmax(axis=1)[order] != labels[order]][:LIST_LENGTH]
    return QualityFinding(
        "doubtful",
        "Labels the model doubts",
        f"The model {classifier.card.name} gives these labels the least probability. Look before you "
        "exclude: the label may be wrong, or the model.",
        singles(found),
        found,
        of_label[found],
    )
