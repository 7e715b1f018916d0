"""Labelled faces by what people call them: an imported dataset's name, or a path."""

from pathlib import Path

import numpy as np

from emotion import paths
from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.reading.sources import read_with_note
from emotion.dataset.store import SYNTHETIC, is_imported, open_dataset
from emotion.dataset.stored_dataset import DatasetDescription, StoredDataset, count_classes


def is_path(source: str) -> bool:
    """Return whether `source` means a path: one that exists wins over an imported dataset's name."""
    return source != SYNTHETIC and (paths.find(source) is not None or not is_imported(source))


def open_source(source: str, needs: str = "") -> StoredDataset:
    """Open the imported dataset of that name, or read what is at a path into memory, to be treated alike.

    The command line makes paths absolute: what can be a name is one, whatever lies around.

    Args:
        source: a name, or a path of any form that can be imported.
        needs: what only an imported dataset has and is asked for, in words.

    Raises:
        DatasetError: there is neither, it cannot be read, or it is a path and needs something.
    """
    found = paths.find(source)
    path = found or Path(source)
    is_name = path.name == source and not path.suffix and found is None
    if is_imported(source) or is_name:
        return open_dataset(source)
    if needs:
        raise DatasetError(
            f"Only an imported dataset has {needs}: import it first, python -m emotion datasets import PATH."
        )
    faces, note = read_with_note(path)
    description = DatasetDescription(
        name=source,
        source=path.name,
        created="",
        split_note=note,
        fingerprint=faces.fingerprint(),
        counts=count_classes(faces.labels, faces.splits),
        skipped=len(faces.skipped),
        has_votes=False,
    )
    return StoredDataset(description, faces, None, np.zeros(len(faces), bool), path)
