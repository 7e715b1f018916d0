"""What took long to compute, kept in the dataset's folder: for every visitor, and after a restart."""

import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from emotion.dataset.stored_dataset import CACHE, DESCRIPTION, StoredDataset
from emotion.errors import FileError
from emotion.files import write_arrays

Arrays = dict[str, np.ndarray]


def cached_arrays(dataset: StoredDataset, key: str, compute: Callable[[], Arrays]) -> Arrays:
    """Return named arrays from the dataset's folder, computing them the first time.

    Args:
        dataset: its fingerprint becomes part of the file's name, so changed faces are computed anew.
        key: what the arrays are, with the version of how they are computed; part of the file's name.
        compute: called when they are not there yet.
    """
    path = _path(dataset, key)
    known = _load(path)
    if known is not None:
        return known
    arrays = compute()
    _save(path, arrays)
    return arrays


def is_cached(dataset: StoredDataset, key: str) -> bool:
    """Return whether `cached_arrays` has nothing to compute."""
    return _load(_path(dataset, key)) is not None


def _path(dataset: StoredDataset, key: str) -> Path:
    return dataset.folder / CACHE / f"{key}-{dataset.description.fingerprint}.npz"


def _load(path: Path) -> Arrays | None:
    try:
        with path.open("rb") as file, np.load(file) as content:
            return dict(content)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _save(path: Path, arrays: Arrays) -> None:
    """Keep the arrays; a disk that is full or read-only only costs their computation next time."""
    with suppress(FileError, OSError):
        if not (path.parent.parent / DESCRIPTION).is_file():
            return  # it was read from a path, where nothing is to be written
        path.parent.mkdir(exist_ok=True)
        write_arrays(path, arrays)
