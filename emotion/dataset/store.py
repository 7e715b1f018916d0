"""The datasets on disk, below `data/`: list, open, delete, exclude faces, attach votes."""

import shutil
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from emotion import paths
from emotion.dataset.builtin import BUILTIN_FACES, draw_dataset
from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.stored_dataset import (
    EXCLUSIONS,
    VOTES,
    DatasetDescription,
    StoredDataset,
    read_description,
    read_exclusions,
    read_stored,
    write_description,
)
from emotion.dataset.votes import match_votes
from emotion.dataset.writer import DatasetWriter, check_name, remove_abandoned
from emotion.files import disk_errors, locked, replacing, write_json

SYNTHETIC = "synthetic"
# To be counted up whenever the drawing changes: the faces on disk are then drawn anew.
_SYNTHETIC_VERSION = 1
# Two visitors may be the first at the same moment.
_DRAWING = threading.Lock()


def datasets_folder() -> Path:
    """Return the folder of all datasets."""
    return paths.home() / "data"


def dataset_folder(name: str) -> Path:
    """Return where the dataset of that name lies, or would lie.

    Raises:
        DatasetError: no dataset can have such a name.
    """
    if name == SYNTHETIC:
        return datasets_folder() / f".{SYNTHETIC}-v{_SYNTHETIC_VERSION}"
    check_name(name)
    return datasets_folder() / name


def list_datasets() -> list[DatasetDescription]:
    """Return what there is, the built-in faces first; folders that are damaged are left out.

    The very first call draws the built-in faces, which takes some seconds.
    """
    folder = dataset_folder(SYNTHETIC)
    try:
        descriptions = [read_description(folder)]
    except DatasetError:  # not drawn yet, or damaged
        descriptions = [open_dataset(SYNTHETIC).description]
    for folder in sorted(datasets_folder().glob("[!.]*/")):
        with suppress(DatasetError):
            descriptions.append(read_description(folder))
    return descriptions


def open_dataset(name: str) -> StoredDataset:
    """Open a dataset; its images stay on disk, memory-mapped.

    Raises:
        DatasetError: there is none of that name, or it is damaged.
    """
    if name == SYNTHETIC:
        return _open_synthetic()
    return read_stored(_existing_folder(name))


def is_imported(name: str) -> bool:
    """Return whether there is a dataset of that name; there always is the built-in one."""
    try:
        return name == SYNTHETIC or dataset_folder(name).is_dir()
    except DatasetError:
        return False


def delete_dataset(name: str) -> None:
    """Remove a dataset from disk.

    Raises:
        DatasetError: there is none of that name, or it is the built-in one.
        FileError: it is in use.
    """
    if name == SYNTHETIC:
        raise DatasetError("The built-in dataset cannot be deleted.")
    folder = _existing_folder(name)
    doomed = folder.with_name(f".partial-deleted-{name}-{datetime.now(UTC):%H%M%S%f}")
    with disk_errors(f"The dataset {name!r} cannot be deleted"):
        folder.rename(doomed)  # gone at once, and never half there
    shutil.rmtree(doomed, ignore_errors=True)
    remove_abandoned(datasets_folder())


def exclude(name: str, indices: np.ndarray, reason: str) -> None:
    """Put faces on the dataset's exclusion list, which training and evaluation can honour.

    Args:
        name: of the dataset.
        indices: int (k,), which faces.
        reason: why, in a few words.

    Raises:
        DatasetError: there is no such dataset.
        FileError: the disk refuses.
        ValueError: an index lies outside of the dataset.
    """
    dataset = open_dataset(name)
    indices = np.unique(np.asarray(indices, dtype=np.int64))
    if len(indices) and not 0 <= indices[0] <= indices[-1] < len(dataset):
        raise ValueError(f"indices must lie between 0 and {len(dataset) - 1}")
    entry = {"reason": reason, "indices": indices.tolist()}
    path = dataset.folder / EXCLUSIONS
    with locked(path):
        write_json(path, [*read_exclusions(dataset.folder), entry])


def clear_exclusions(name: str) -> None:
    """Take every face off the dataset's exclusion list.

    Raises:
        DatasetError: there is no such dataset.
        FileError: the disk refuses.
    """
    folder = open_dataset(SYNTHETIC).folder if name == SYNTHETIC else _existing_folder(name)
    path = folder / EXCLUSIONS
    with disk_errors(f"{path} could not be removed"), locked(path):
        path.unlink(missing_ok=True)


def attach_votes(name: str, table: Path | bytes) -> int:
    """Attach how ten people voted on each face, and return on how many faces.

    Args:
        name: of the dataset.
        table: the file, or its content; see `votes.match_votes` for what it looks like.

    Raises:
        DatasetError: there is no such dataset, the table cannot be read, or is one of other faces.
        FileError: the disk refuses.
    """
    dataset = open_dataset(name)
    votes = match_votes(table, dataset.faces.names, dataset.faces.labels)
    with replacing(dataset.folder / VOTES) as partial:
        np.save(partial, votes)
    return int(votes.any(axis=1).sum())


def _existing_folder(name: str) -> Path:
    if is_imported(name):
        return dataset_folder(name)
    known = ", ".join([SYNTHETIC, *sorted(path.name for path in datasets_folder().glob("[!.]*/"))])
    raise DatasetError(f"There is no dataset called {name!r}; known are: {known}.")


def _open_synthetic() -> StoredDataset:
    folder = dataset_folder(SYNTHETIC)
    with _DRAWING:
        if not folder.is_dir():
            _draw_synthetic(folder)
        try:
            return read_stored(folder)
        except DatasetError:
            if any((folder / name).is_file() for name in (EXCLUSIONS, VOTES)):
                raise  # what somebody has added is not thrown away
            # Nobody can import it again, and nothing of anybody's is lost.
            shutil.rmtree(folder, ignore_errors=True)
            _draw_synthetic(folder)
            return read_stored(folder)


def _draw_synthetic(folder: Path) -> None:
    faces = draw_dataset(BUILTIN_FACES, seed=0)
    with DatasetWriter(folder) as writer:
        for row in zip(faces.images, faces.labels, faces.splits, faces.names, strict=True):
            writer.add(row[0], int(row[1]), str(row[2]), str(row[3]))
        description = writer.complete("drawn by this product", ()).description
        note = "Every sixth of the drawn faces is for the test."
        write_description(writer.folder, replace(description, name=SYNTHETIC, split_note=note))
        with suppress(DatasetError):  # another process was faster: its faces are the same
            writer.publish()
