"""What took long to find out about models, kept below `data/.models`; it may be removed at any time.

Every file's name holds the model's version and the faces' fingerprint: what has changed is found out anew.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from emotion import paths
from emotion.dataset.stored_dataset import VOTES
from emotion.errors import FileError
from emotion.evaluation.report import Robustness
from emotion.evaluation.trial import TrialFaces
from emotion.files import disk_errors, sweep, write_json
from emotion.models.registry import model_version

# To be counted up when what is computed changes.
_VERSION = 3
_MAX_FILES = 400
Result = TypeVar("Result")


def load_robustness(faces: TrialFaces, count: int | None) -> Robustness | None:
    """Return the robustness of a model on so many faces of the trial; None while it is not measured."""
    measured = load(robustness_path(faces, count), Robustness.from_dict)
    return measured and replace(measured, model=faces.trial.model)


def robustness_path(faces: TrialFaces, count: int | None) -> Path:
    """Return where the robustness of a model on so many faces (None: all) lies, or would lie."""
    return results_folder() / f"{key('robustness', faces, str(count or 'all'))}.json"


def forms_path(faces: TrialFaces) -> Path:
    """Return where the figures of a model's two LiteRT forms lie, or would lie."""
    return results_folder() / f"{key('forms', faces)}.json"


def timing_path(version: str) -> Path:
    """Return where the speed of a model on this machine lies, or would lie."""
    return results_folder() / f"timing-{_VERSION}-{version}.json"


def converted_path(name: str, form: str, suffix: str) -> Path:
    """Return where a model converted to another form lies, or would lie."""
    return results_folder() / f"model-{_VERSION}-{model_version(name)}-{form}{suffix}"


def results_folder() -> Path:
    """Return where all of it lies."""
    return paths.home() / "data" / ".models"


def load(path: Path, read: Callable[[Mapping[str, Any]], Result]) -> Result | None:
    """Return what `read` makes of a kept JSON object; None where there is none, or another."""
    try:
        return read(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def save_json(path: Path, content: dict[str, Any]) -> None:
    """Keep a result under one of the paths above; a disk that refuses only costs finding it out again."""
    with suppress(FileError), keeping():
        write_json(path, content)


@contextmanager
def keeping() -> Iterator[None]:
    """Have the folder ready, and rid of what was left half written; afterwards, the oldest of too much goes.

    Raises:
        FileError: the disk refuses.
    """
    with disk_errors("The result could not be kept"):
        results_folder().mkdir(parents=True, exist_ok=True)
    sweep(results_folder())
    yield
    with suppress(OSError):  # what another process removes at the same moment is gone as well
        files = sorted(results_folder().glob("[!.]*"), key=lambda path: path.stat().st_mtime_ns)
        for path in files[:-_MAX_FILES]:
            path.unlink(missing_ok=True)


def key(kind: str, faces: TrialFaces, *more: str) -> str:
    """Return what a result is known by: the model and the faces, and what counts as right."""
    dataset, trial = faces.dataset, faces.trial
    digest = hashlib.sha256(f"{trial.against} {trial.without_copies}".encode())
    if dataset.votes is not None:
        digest.update(str((dataset.folder / VOTES).stat().st_mtime_ns).encode())
    if trial.honour_exclusions:
        digest.update(np.packbits(dataset.excluded).tobytes())
    of_what = (model_version(trial.model), dataset.description.fingerprint, trial.split, *more)
    return f"{kind}-{_VERSION}-{'-'.join(of_what)}-{digest.hexdigest()[:12]}"
