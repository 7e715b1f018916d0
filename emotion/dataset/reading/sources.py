"""Read labelled faces as people have them: pictures in folders, tables of pixels, lists of pictures.

The form is recognised by looking at the content, not at the name:

* a folder, a zip or a tar with `<split>/<class>/<picture>`, at any depth and in any order of the two;
* a CSV with the columns `emotion`, `pixels` and, optionally, `Usage` (Goodfellow et al. 2013,
  "Challenges in Representation Learning"), also packed, also inside a folder or an archive;
* pictures and a list of what they show: a table, AffectNet's arrays, YOLO's boxes, names as JAFFE has them.

First all names are looked at, and what is understood becomes a plan; what is not becomes a question, and
nothing is read before it is answered. What cannot be read is skipped and listed; nothing is ever unpacked to
disk, and one face at a time is held in memory. One thread reads: at 0.1 ms a face, threads would wait for
each other.
"""

import bz2
import gzip
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np

from emotion.dataset.face_dataset import DatasetError, FaceDataset, SkippedItem
from emotion.dataset.reading.answers import NOTHING_SAID, Answers
from emotion.dataset.reading.contents import (
    MAX_TABLE_BYTES,
    BoundedTarInfo,
    Contents,
    Entry,
    of_folder,
    of_tar,
    of_zip,
)
from emotion.dataset.reading.items import ARCHIVE_ERRORS, Face, Item
from emotion.dataset.reading.plan import Plan
from emotion.dataset.reading.questions import in_one_text
from emotion.dataset.reading.survey import Survey, survey
from emotion.dataset.splits import settle_splits
from emotion.labels import EMOTIONS

# Beyond what one member may raise: a mangled directory.
_DAMAGE = (*ARCHIVE_ERRORS, struct.error, IndexError)
_PACKED = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\0": "xz"}  # by their first bytes
_LFS = b"version https://git-lfs"


@dataclass(frozen=True)
class FaceSource:
    """An opened source.

    Attributes:
        plan: what is understood of it; with a question in it, no item can be read.
        total: about how many items it has.
        items: the faces, one after the other, and what had to be skipped.
        example: returns an example, uint8 (48, 48), of a word for a label; None where there is none.
    """

    plan: Plan
    total: int
    items: Iterator[Item]
    example: Callable[[str], np.ndarray | None]


@contextmanager
def open_source(source: Path | str, answers: Answers = NOTHING_SAID) -> Iterator[FaceSource]:
    """Open a source of labelled faces, to read it face by face.

    Args:
        source: a folder, a zip, a tar or a table.
        answers: what somebody says where it does not speak for itself.

    Raises:
        DatasetError: nothing is there, the form is not known, it has no faces, or it would unpack to an
            absurd size; from within the items: the source is damaged, or a question is not answered.
    """
    source = Path(source)
    with ExitStack() as stack:
        try:
            found = survey(_open(source, stack), answers, source.name)
        except DatasetError:
            raise
        except OSError as error:
            raise DatasetError(
                f"{source} cannot be read: {error.strerror or 'it may be damaged'}."
            ) from error
        except _DAMAGE as error:
            raise _damaged(source) from error
        yield FaceSource(found.plan, found.total, _guarded(found, source), found.example)


def _open(source: Path, stack: ExitStack) -> Contents:
    """Return what a source has; `stack` closes what it is read from."""
    if source.is_dir():
        return of_folder(source)
    if not source.is_file():
        raise DatasetError(f"There is no dataset at {source}.")
    if zipfile.is_zipfile(source):
        return of_zip(stack.enter_context(zipfile.ZipFile(source)))
    with source.open("rb") as file:
        start = file.read(64)
    if start.startswith(_LFS):
        raise DatasetError(
            f"{source.name} is only a pointer of Git LFS to a file that was not downloaded; run git lfs pull."
        )
    if start.startswith(b"\x93NUMPY"):
        raise DatasetError(
            f"{source.name} is a NumPy array without labels; expected are pictures in folders such as "
            "train/happy, or a table with emotions and pixels."
        )
    archive = None
    with suppress(tarfile.ReadError):  # it is none
        archive = stack.enter_context(tarfile.TarFile.open(source, tarinfo=BoundedTarInfo))
    if archive is not None:
        return of_tar(archive)
    packed = next((kind for magic, kind in _PACKED.items() if start.startswith(magic)), "")
    size = MAX_TABLE_BYTES if packed else source.stat().st_size
    return Contents(tables=[Entry(source.name, size, lambda: _open_file(source, packed), source)])


def _open_file(source: Path, packed: str) -> IO[bytes]:
    if packed == "gz":
        return cast(IO[bytes], gzip.open(source))
    if packed == "bz2":
        return cast(IO[bytes], bz2.open(source))
    return cast(IO[bytes], lzma.open(source)) if packed else source.open("rb")


def _guarded(found: Survey, source: Path) -> Iterator[Item]:
    """Yield the items; turn what a damaged source raises into one sentence."""
    found.plan.require_answers()
    try:
        yield from found.items()
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
    """Read a source of labelled faces into memory.

    Pictures of any size and colour become 48x48 grey.

    Raises:
        DatasetError: nothing is there, the form is not known, something has to be asked, or no face could be
            read.
    """
    return read_with_note(source)[0]


def read_with_note(source: Path | str) -> tuple[FaceDataset, str]:
    """Do what `read_dataset` does, and say in a sentence or more what was understood."""
    source = Path(source)
    faces: list[Face] = []
    skipped: list[SkippedItem] = []
    with open_source(source) as opened:
        if opened.plan.questions:
            raise DatasetError(
                f"{source.name} has to be imported first, as it does not say all itself (python -m emotion "
                f"datasets import): {in_one_text(opened.plan.questions)}"
            )
        for item in opened.items:
            if isinstance(item, SkippedItem):
                skipped.append(item)
            else:
                faces.append(item)
    if not faces:
        raise nothing_found(source, skipped)
    images = np.stack([face.image for face in faces])
    labels = np.array([face.label for face in faces], dtype=np.int64)
    require_classes(opened.plan, labels, skipped)
    splits, note = settle_splits(np.array([face.split for face in faces], dtype="U10"), labels, images)
    dataset = FaceDataset(images, labels, splits, np.array([face.name for face in faces]), tuple(skipped))
    return dataset, " ".join([note, *opened.plan.sentences()])


def require_classes(
    plan: Plan, labels: np.ndarray, skipped: list[SkippedItem] | tuple[SkippedItem, ...]
) -> None:
    """Raise `DatasetError` if of a whole class that the source has nothing could be read.

    Args:
        plan: of the source.
        labels: int (n,), of the faces that were read.
        skipped: what was left out.
    """
    read = {EMOTIONS[label] for label in set(labels.tolist())}
    lost = [name for name, count in plan.counts.items() if count and name not in read]
    if lost:
        first = skipped[0]
        raise DatasetError(
            f"None of the pictures of {', '.join(lost)} can be read (the first problem: {first.where}: "
            f"{first.reason.rstrip('.')}); mend them, or leave them out by --map {lost[0]}=none."
        )
