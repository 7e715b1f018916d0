"""What took long to find out about models, kept below `data/.models`; it may be removed at any time.

Every file's name holds the model's version and the faces' fingerprint: what has changed is found out anew.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotion import paths
from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.store import open_dataset
from emotion.dataset.stored_dataset import VOTES, StoredDataset
from emotion.dataset.votes import clear_winners, require_votes
from emotion.evaluation.report import Comparison, Report, Robustness
from emotion.files import write_arrays, write_json
from emotion.models.registry import model_version

# To be counted up when what is computed changes.
_VERSION = 2
_MAX_FILES = 400


@dataclass(frozen=True)
class Trial:
    """One model on one split of one dataset.

    Attributes:
        model: its name.
        dataset: an imported dataset's name, or "synthetic".
        split: "train", "validation" or "test".
        honour_exclusions: leave out the faces on the dataset's exclusion list.
        against: what counts as right: the "labels", or what most people saw, by their "votes".
    """

    model: str
    dataset: str
    split: str
    honour_exclusions: bool = False
    against: str = "labels"


@dataclass(frozen=True)
class TrialFaces:
    """The faces of a trial.

    Attributes:
        dataset: where they are from.
        indices: int64 (n,), which of its faces, ascending.
        labels: int64 (n,), the right answers.
        excluded: how many were left out because they are on the exclusion list.
        unclear: how many were left out because most people saw none of the seven emotions.
    """

    dataset: StoredDataset
    indices: np.ndarray
    labels: np.ndarray
    excluded: int
    unclear: int = 0


def trial_faces(trial: Trial) -> TrialFaces:
    """Return the faces of a trial.

    Raises:
        DatasetError: there is no such dataset, or it has no such faces, or no votes.
    """
    dataset = open_dataset(trial.dataset)
    in_split = dataset.faces.splits == trial.split
    if not in_split.any():
        known = ", ".join(dataset.description.counts)
        raise DatasetError(f"The dataset {trial.dataset!r} has no split {trial.split!r}; it has: {known}.")
    kept = in_split & ~dataset.excluded if trial.honour_exclusions else in_split
    if not kept.any():
        raise DatasetError(f"All faces of {trial.dataset!r}, {trial.split}, are excluded.")
    indices, excluded = np.flatnonzero(kept), int(in_split.sum() - kept.sum())
    if trial.against != "votes":
        return TrialFaces(dataset, indices, dataset.faces.labels[indices], excluded)
    seen = clear_winners(require_votes(dataset)[indices])
    is_clear = seen >= 0
    if not is_clear.any():
        raise DatasetError(f"Most people saw none of the seven emotions in {trial.dataset!r}, {trial.split}.")
    return TrialFaces(dataset, indices[is_clear], seen[is_clear], excluded, int((~is_clear).sum()))


def load_probabilities(trial: Trial) -> np.ndarray | None:
    """Return what the model says of the trial's faces, float32 (n, 7); None while nobody has asked it.

    Raises:
        DatasetError, ModelError: there is no such model, dataset or split.
    """
    faces = trial_faces(trial)
    everything = _load_arrays(_predictions_path(trial, faces.dataset))
    if everything is None:
        return None
    # Kept are the answers to the whole split, excluded faces or not.
    place = np.searchsorted(np.flatnonzero(faces.dataset.faces.splits == trial.split), faces.indices)
    return everything[place]


def save_probabilities(trial: Trial, dataset: StoredDataset, probabilities: np.ndarray) -> None:
    """Keep what the model says, float32 (n, 7), of all faces of the trial's split, excluded or not."""
    path = _predictions_path(trial, dataset)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_arrays(path, {"probabilities": probabilities})
    _prune()


def load_report(trial: Trial) -> Report | None:
    """Return the report of a trial; None while it has not been evaluated.

    Raises:
        DatasetError, ModelError: there is no such model, dataset or split.
    """
    content = load_json(report_path(trial))
    try:
        return None if content is None else Report.from_dict(content)
    except (KeyError, TypeError):
        return None


def load_comparison(first: Trial, second: Trial) -> Comparison | None:
    """Return the comparison of two models on the same faces; None while nobody has asked for it."""
    content = load_json(comparison_path(first, second))
    try:
        # The models may have been renamed since.
        named = {"first": first.model, "second": second.model}
        return None if content is None else Comparison(**(content | named))
    except TypeError:
        return None


def load_robustness(trial: Trial, faces: int | None) -> Robustness | None:
    """Return the robustness of a model on so many faces of the trial; None while it is not measured."""
    content = load_json(robustness_path(trial, faces))
    try:
        return None if content is None else Robustness.from_dict(content)
    except (KeyError, TypeError):
        return None


def save_json(path: Path, content: dict[str, Any]) -> None:
    """Keep a result under one of the paths below."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, content)
    _prune()


def report_path(trial: Trial) -> Path:
    """Return where the report of a trial lies, or would lie."""
    dataset = open_dataset(trial.dataset)
    return _folder() / f"report-{_key(trial, dataset)}-{_stamp(trial, dataset)}.json"


def comparison_path(first: Trial, second: Trial) -> Path:
    """Return where the comparison of two models lies, or would lie."""
    dataset = open_dataset(first.dataset)
    other = model_version(second.model)
    return _folder() / f"comparison-{_key(first, dataset)}-{other}-{_stamp(first, dataset)}.json"


def robustness_path(trial: Trial, faces: int | None) -> Path:
    """Return where the robustness of a model on so many faces (None: all) lies, or would lie."""
    dataset = open_dataset(trial.dataset)
    stamp = _stamp(trial, dataset)
    return _folder() / f"robustness-{_key(trial, dataset)}-{faces or 'all'}-{stamp}.json"


def timing_path(version: str) -> Path:
    """Return where the speed of a model on this machine lies, or would lie."""
    return _folder() / f"timing-{_VERSION}-{version}.json"


def forms_path(trial: Trial) -> Path:
    """Return where the figures of a model's two LiteRT forms lie, or would lie."""
    dataset = open_dataset(trial.dataset)
    return _folder() / f"forms-{_key(trial, dataset)}-{_stamp(trial, dataset)}.json"


def converted_path(name: str, form: str, suffix: str) -> Path:
    """Return where a model converted to another form lies, or would lie."""
    return _folder() / f"model-{_VERSION}-{model_version(name)}-{form}{suffix}"


def _folder() -> Path:
    return paths.home() / "data" / ".models"


def _predictions_path(trial: Trial, dataset: StoredDataset) -> Path:
    return _folder() / f"answers-{_key(trial, dataset)}.npz"


def _key(trial: Trial, dataset: StoredDataset) -> str:
    return f"{_VERSION}-{model_version(trial.model)}-{dataset.description.fingerprint}-{trial.split}"


def _stamp(trial: Trial, dataset: StoredDataset) -> str:
    """Return what tells trials apart beside the model and the faces: votes, exclusions, what is right."""
    digest = hashlib.sha256()
    if dataset.votes is not None:
        digest.update(str((dataset.folder / VOTES).stat().st_mtime_ns).encode())
    digest.update(trial.against.encode())
    if trial.honour_exclusions:
        digest.update(np.packbits(dataset.excluded).tobytes())
    return digest.hexdigest()[:12]


def _load_arrays(path: Path) -> np.ndarray | None:
    try:
        with path.open("rb") as file, np.load(file) as content:
            return content["probabilities"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def load_json(path: Path) -> dict[str, Any] | None:
    """Return the content of a kept JSON object; None where there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _prune() -> None:
    """Remove what has not been touched for longest, when there is too much."""
    with suppress(OSError):  # what another process removes at the same moment is gone as well
        files = sorted(_folder().iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for path in files[:-_MAX_FILES]:
            path.unlink(missing_ok=True)
