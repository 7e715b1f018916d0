"""A dataset as it lies on disk: what its files are called, what they say, how they are opened.

    images.npy         uint8 (n, 48, 48), opened memory-mapped
    index.npy          one row a face: its split, its label, its name in the source
    description.json   where it came from, how many faces of what
    report.json        what the import left out, and why
    votes.npy          uint8 (n, 10), only where votes were attached
    exclusions.json    only where faces were excluded
    cache/             what took long to compute; may be removed at any time

`format` in `description.json` is the version of the whole folder: whatever changes in one of these files
raises it, and `read_description` is where an older folder is brought forward. The cache needs none.

The table is NumPy's own format rather than Parquet: it opens in 5 ms, in any process, without the
0.2 s that importing a Parquet reader takes.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotion.dataset.face_dataset import DatasetError, FaceDataset, SkippedItem
from emotion.files import read_object, write_json
from emotion.labels import EMOTIONS

FORMAT_VERSION = 1
IMAGES, INDEX, DESCRIPTION, REPORT = "images.npy", "index.npy", "description.json", "report.json"
VOTES, EXCLUSIONS, CACHE = "votes.npy", "exclusions.json", "cache"
# In this order splits are named and shown.
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class DatasetDescription:
    """What is known of a dataset without opening it.

    Attributes:
        name: of the dataset and its folder.
        source: the name of the file or folder it was imported from.
        created: when, as ISO 8601 in UTC.
        split_note: one sentence: how the split into training and test came about.
        fingerprint: 16 hexadecimal digits that differ where a face, a label or a split does.
        counts: split -> emotion -> faces; the splits that have faces, each with all seven emotions.
        skipped: how many items of the source were left out.
        has_votes: whether votes are attached.
    """

    name: str
    source: str
    created: str
    split_note: str
    fingerprint: str
    counts: dict[str, dict[str, int]]
    skipped: int
    has_votes: bool

    @property
    def faces(self) -> int:
        """How many faces there are."""
        return sum(sum(classes.values()) for classes in self.counts.values())

    def split_sizes(self) -> dict[str, int]:
        """Return how many faces each split has."""
        return {split: sum(classes.values()) for split, classes in self.counts.items()}

    def class_sizes(self, splits: Iterable[str] | None = None) -> dict[str, int]:
        """Return how many faces each of the seven emotions has, in some splits or in all."""
        parts = [self.counts[split] for split in (self.counts if splits is None else splits)]
        return {name: sum(part[name] for part in parts) for name in EMOTIONS}


@dataclass(frozen=True, eq=False)
class StoredDataset:
    """An opened dataset.

    Attributes:
        description: what is known of it.
        faces: the faces; `faces.images` is a read-only memory map.
        votes: uint8 (n, 10), how many people voted for each of `votes.VOTE_COLUMNS`; a face without
            votes has zeros. None where no votes are attached.
        excluded: bool (n,), the faces that people have excluded.
        folder: where it lies.
    """

    description: DatasetDescription
    faces: FaceDataset
    votes: np.ndarray | None
    excluded: np.ndarray
    folder: Path

    def __len__(self) -> int:
        return len(self.faces)

    @property
    def name(self) -> str:
        """The dataset's name."""
        return self.description.name

    def without_excluded(self) -> FaceDataset:
        """Return the faces that are not excluded."""
        return self.faces.take(~self.excluded) if self.excluded.any() else self.faces

    def skipped_items(self) -> tuple[SkippedItem, ...]:
        """Return what the import left out."""
        return read_report(self.folder)


def count_classes(labels: np.ndarray, splits: np.ndarray) -> dict[str, dict[str, int]]:
    """Return split -> emotion -> faces, for the splits that have faces.

    Args:
        labels: int (n,).
        splits: str (n,).
    """
    counts = {}
    for split in SPLITS:
        numbers = np.bincount(labels[splits == split], minlength=len(EMOTIONS))
        if numbers.any():
            counts[split] = dict(zip(EMOTIONS, numbers.tolist(), strict=True))
    return counts


def write_description(folder: Path, description: DatasetDescription) -> None:
    """Write `description.json`; the name and the votes are told by the folder itself."""
    content = {"format": FORMAT_VERSION} | asdict(description)
    write_json(folder / DESCRIPTION, content)


def read_description(folder: Path) -> DatasetDescription:
    """Read what `write_description` wrote.

    Raises:
        DatasetError: it is missing, damaged, or of a later version of the product.
    """
    try:
        content = read_object(folder / DESCRIPTION) or {}
        if content.pop("format") != FORMAT_VERSION:
            raise DatasetError(
                f"The dataset {folder.name!r} was made by another version of this program; "
                "use that one, or import it again."
            )
        found = DatasetDescription(**(content | {"has_votes": (folder / VOTES).is_file()}))
        sum(found.split_sizes().values())  # of the fields, these alone are no plain words
        return found
    except (KeyError, TypeError, AttributeError) as error:
        raise DatasetError(f"The dataset {folder.name!r} is damaged; import it again.") from error


def read_report(folder: Path) -> tuple[SkippedItem, ...]:
    """Return what the import left out; nothing where the report is missing or damaged."""
    try:
        rows = json.loads((folder / REPORT).read_text(encoding="utf-8"))
        return tuple(SkippedItem(where, reason) for where, reason in rows)
    except (OSError, ValueError, TypeError):
        return ()


def read_stored(folder: Path) -> StoredDataset:
    """Open the dataset in `folder`.

    Raises:
        DatasetError: it is damaged.
    """
    description = read_description(folder)
    try:
        images = np.load(folder / IMAGES, mmap_mode="r")
        index = np.load(folder / INDEX)
        faces = FaceDataset(
            images,
            index["label"].astype(np.int64),
            np.ascontiguousarray(index["split"]),
            np.ascontiguousarray(index["name"]),
        )
        votes = np.load(folder / VOTES) if description.has_votes else None
    except (OSError, EOFError, ValueError, IndexError, KeyError) as error:
        raise DatasetError(f"The dataset {folder.name!r} is damaged; import it again.") from error
    if votes is not None and len(votes) != len(faces):
        raise DatasetError(f"The votes of the dataset {folder.name!r} are damaged; attach them again.")
    return StoredDataset(description, faces, votes, _excluded(folder, len(faces)), folder)


def read_exclusions(folder: Path) -> list[dict[str, Any]]:
    """Return the entries of the exclusion list: `{"reason": str, "indices": [int, ...]}`.

    Raises:
        DatasetError: it cannot be read.
    """
    path = folder / EXCLUSIONS
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return [
            {"reason": str(entry["reason"]), "indices": list(map(int, entry["indices"]))} for entry in entries
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        # Not "none": training would use faces that someone has taken out.
        raise DatasetError(
            f"The exclusion list of {folder.name!r} cannot be read; remove {path}, and no face is excluded."
        ) from error


def _excluded(folder: Path, count: int) -> np.ndarray:
    mask = np.zeros(count, dtype=bool)
    for entry in read_exclusions(folder):
        mask[[index for index in entry["indices"] if 0 <= index < count]] = True
    return mask
