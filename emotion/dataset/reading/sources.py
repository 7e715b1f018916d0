"""Read labelled faces in the three forms people have them: a folder, a zip, the challenge's CSV.

The form is recognised by looking at the content, not at the name:

* a folder or a zip with `<split>/<class>/<picture>`, at any depth, or with `<class>/<picture>`;
* a CSV with the columns `emotion`, `pixels` and, optionally, `Usage` (Goodfellow et al. 2013,
  "Challenges in Representation Learning"), also inside a zip or a folder.

What cannot be read is skipped and listed; nothing is ever unpacked to disk, and one face at a time
is held in memory. One thread reads: at 0.1 ms a face, threads would wait for each other.
"""

import csv
import struct
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotion.dataset.face_dataset import DatasetError, FaceDataset, SkippedItem
from emotion.dataset.reading.challenge_csv import count_rows, is_challenge_table, read_rows
from emotion.dataset.reading.items import ARCHIVE_ERRORS, Face, Item
from emotion.dataset.reading.pictures import folder_items, zip_items
from emotion.dataset.splits import settle_splits

# Beyond what one member may raise: a mangled directory, a table that is none.
_DAMAGE = (*ARCHIVE_ERRORS, struct.error, IndexError, csv.Error)


@dataclass(frozen=True)
class FaceSource:
    """An opened source.

    Attributes:
        total: about how many items it has.
        items: the faces, one after the other, and what had to be skipped.
    """

    total: int
    items: Iterator[Item]


@contextmanager
def open_source(source: Path | str) -> Iterator[FaceSource]:
    """Open a folder, a zip or a CSV of labelled faces, to read it face by face.

    Raises:
        DatasetError: nothing is there, the form is not known, or it would unpack to an absurd size;
            from within the items: the source is damaged.
    """
    source = Path(source)
    with ExitStack() as stack:
        try:
            total, items = _open(source, stack)
        except DatasetError:
            raise
        except OSError as error:
            raise DatasetError(
                f"{source} cannot be read: {error.strerror or 'it may be damaged'}."
            ) from error
        except _DAMAGE as error:
            raise _damaged(source) from error
        yield FaceSource(total, _guarded(items, source))


def _open(source: Path, stack: ExitStack) -> tuple[int, Iterator[Item]]:
    """Return how many items there are, and the items; `stack` closes what they are read from."""
    if source.is_dir():
        return folder_items(source)
    if not source.is_file():
        raise DatasetError(f"There is no dataset at {source}.")
    if zipfile.is_zipfile(source):
        return zip_items(stack.enter_context(zipfile.ZipFile(source)))
    file = stack.enter_context(source.open("rb"))
    if not is_challenge_table(file):
        raise DatasetError(
            f"{source.name} is neither a folder, nor a zip, nor a CSV with the columns emotion and pixels."
        )
    return count_rows(file), read_rows(file)


def _guarded(items: Iterator[Item], source: Path) -> Iterator[Item]:
    """Yield the items; turn what a damaged source raises into one sentence."""
    try:
        yield from items
    except DatasetError:
        raise
    except _DAMAGE as error:
        raise _damaged(source) from error


def _damaged(source: Path) -> DatasetError:
    return DatasetError(f"{source.name} could not be read to its end; it may be damaged.")


def nothing_found(source: Path, skipped: tuple[SkippedItem, ...] | list[SkippedItem]) -> DatasetError:
    """Return the error for a source without a single face."""
    hint = f" The first problem: {skipped[0].where}: {skipped[0].reason}" if skipped else ""
    return DatasetError(
        f"{source.name} holds no labelled faces; expected are folders such as train/happy, "
        f"or a CSV with the columns emotion and pixels.{hint}"
    )


def read_dataset(source: Path | str) -> FaceDataset:
    """Read a folder, a zip or a CSV of labelled faces into memory.

    Pictures of any size and colour become 48x48 grey.

    Raises:
        DatasetError: nothing is there, the form is not known, or no face could be read.
    """
    return read_with_note(source)[0]


def read_with_note(source: Path | str) -> tuple[FaceDataset, str]:
    """Do what `read_dataset` does, and say in a sentence how the splits came about."""
    source = Path(source)
    faces: list[Face] = []
    skipped: list[SkippedItem] = []
    with open_source(source) as opened:
        for item in opened.items:
            if isinstance(item, SkippedItem):
                skipped.append(item)
            else:
                faces.append(item)
    if not faces:
        raise nothing_found(source, skipped)
    images = np.stack([face.image for face in faces])
    labels = np.array([face.label for face in faces], dtype=np.int64)
    splits, note = settle_splits(np.array([face.split for face in faces], dtype="U10"), labels, images)
    return FaceDataset(images, labels, splits, np.array([face.name for face in faces]), tuple(skipped)), note
