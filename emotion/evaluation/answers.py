"""What models say of a dataset's faces: asked once, and kept for evaluation, comparison and doubtful labels.

Of each model and dataset there is one file, which grows as more of the faces are asked about.
"""

import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from emotion.dataset.stored_dataset import StoredDataset
from emotion.errors import FileError
from emotion.evaluation.cache import keeping, results_folder
from emotion.evaluation.trial import TrialFaces
from emotion.files import locked, write_arrays
from emotion.jobs.progress import OnProgress
from emotion.labels import EMOTIONS
from emotion.models.classifier import Classifier
from emotion.models.registry import model_version

# To be counted up when models are asked in another way.
_VERSION = 1
_BLOCK = 64


def known_answers(version: str, dataset: StoredDataset) -> np.ndarray:
    """Return what a model has said of a dataset's faces, float32 (n, 7); NaN where nobody has asked it.

    Args:
        version: of the model, see `models.card.folder_version`.
        dataset: imported, or read from a path.
    """
    shape = (len(dataset), len(EMOTIONS))
    try:
        with _path(version, dataset).open("rb") as file, np.load(file) as content:
            answers = content["probabilities"]
            if answers.shape == shape:
                return answers
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass
    return np.full(shape, np.nan, np.float32)


def load_probabilities(faces: TrialFaces) -> np.ndarray | None:
    """Return what the model says of the trial's faces, float32 (n, 7); None while nobody has asked it.

    Raises:
        ModelError: there is no such model.
    """
    answers = known_answers(model_version(faces.trial.model), faces.dataset)[faces.indices]
    return None if np.isnan(answers).any() else answers


def ask(
    dataset: StoredDataset,
    indices: np.ndarray,
    version: str,
    load: Callable[[], Classifier],
    on_progress: OnProgress = lambda done, total: None,
) -> tuple[np.ndarray, float]:
    """Return what a model says of some faces, from what is kept or anew; it is kept afterwards.

    Args:
        dataset: where the faces are from.
        indices: int64 (n,), which of them.
        version: of the model.
        load: gives the model, if it must be asked.
        on_progress: told how many faces it has been asked about, and of how many.

    Returns:
        Probabilities float32 (n, 7), and how many seconds the model took for them now.
    """
    answers = known_answers(version, dataset)
    missing = indices[np.isnan(answers[indices, 0])]
    if not len(missing):
        return answers[indices], 0.0
    on_progress(0, len(missing))
    classifier = load()
    started = time.perf_counter()
    answers[missing] = in_blocks(
        classifier, dataset.faces.images, missing, lambda done: on_progress(done, len(missing))
    )
    seconds = time.perf_counter() - started
    # A disk that refuses only costs asking again.
    with suppress(FileError), keeping(), locked(results_folder() / "answers"):
        # Another process may have asked about others meanwhile.
        known = known_answers(version, dataset)
        everything = np.where(np.isnan(answers), known, answers)
        write_arrays(_path(version, dataset), {"probabilities": everything})
    return answers[indices], seconds


def in_blocks(
    classifier: Classifier, images: np.ndarray, indices: np.ndarray, on_progress: Callable[[int], None]
) -> np.ndarray:
    """Return what a model says of some images, float32 (n, 7), holding few of them in memory at a time.

    Args:
        classifier: the model.
        images: uint8 (m, 48, 48), may be memory-mapped.
        indices: int (n,), which of them; at least one.
        on_progress: told how many are done.
    """
    answers = []
    for start in range(0, len(indices), _BLOCK):
        block = indices[start : start + _BLOCK]
        answers.append(classifier.predict(np.asarray(images[block])).probabilities)
        on_progress(start + len(block))
    return np.concatenate(answers)


def _path(version: str, dataset: StoredDataset) -> Path:
    return results_folder() / f"answers-{_VERSION}-{version}-{dataset.description.fingerprint}.npz"
