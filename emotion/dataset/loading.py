"""Labelled faces by what people call them: an imported dataset's name, or a path."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emotion.dataset.face_dataset import DatasetError, FaceDataset
from emotion.dataset.reading.sources import read_with_note
from emotion.dataset.store import SYNTHETIC, is_imported, open_dataset


@dataclass(frozen=True, eq=False)
class LoadedFaces:
    """Faces, and what a person should know of them.

    Attributes:
        faces: of an imported dataset memory-mapped, unless some are excluded.
        split_note: one sentence: how the splits came about.
        excluded: how many faces were left out because they are on the exclusion list.
    """

    faces: FaceDataset
    split_note: str
    excluded: int = 0


def is_path(source: str) -> bool:
    """Return whether `source` means a path: one that exists wins over an imported dataset's name."""
    return source != SYNTHETIC and (Path(source).expanduser().exists() or not is_imported(source))


def load_faces(source: str, honour_exclusions: bool = False) -> LoadedFaces:
    """Return the faces of a path that exists, or else of the imported dataset of that name.

    Args:
        source: a folder, a zip, a CSV, or a name.
        honour_exclusions: leave out what is on the dataset's exclusion list.

    Raises:
        DatasetError: there is neither, or it cannot be read; or it is a path, which has no such list.
    """
    if not is_path(source):
        return load_imported(source, honour_exclusions)
    faces, note = read_with_note(Path(source).expanduser())
    if honour_exclusions:
        raise DatasetError(f"Only an imported dataset has an exclusion list; import {source} first.")
    return LoadedFaces(faces, note)


def load_imported(name: str, honour_exclusions: bool = False) -> LoadedFaces:
    """Return the faces of an imported dataset.

    Raises:
        DatasetError: there is none of that name, or it is damaged.
    """
    dataset = open_dataset(name)
    note = dataset.description.split_note
    if not honour_exclusions:
        return LoadedFaces(dataset.faces, note)
    return LoadedFaces(dataset.without_excluded(), note, int(dataset.excluded.sum()))
