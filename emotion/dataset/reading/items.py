"""What readers yield: a face, or an item that had to be skipped; and how a picture becomes a face."""

import lzma
import tarfile
import zipfile
import zlib
from typing import NamedTuple

import cv2
import numpy as np

from emotion.dataset.face_dataset import SkippedItem
from emotion.dataset.reading.pixels import to_size

# What damaged, encrypted and exotically compressed members of an archive raise.
ARCHIVE_ERRORS = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
)

# A table of names is as wide as its longest one.
MAX_NAME_LENGTH = 250


class Face(NamedTuple):
    """One labelled face of a source.

    Attributes:
        image: uint8 (48, 48).
        label: 0 to 6.
        split: "train", "validation", "test", or "" where the source does not say.
        name: what it is called there.
    """

    image: np.ndarray
    label: int
    split: str
    name: str


Item = Face | SkippedItem


class Key(NamedTuple):
    """What a source says of a face, in the words of a folder, a column or a list; "" for nothing."""

    label: str
    split: str


class Clue(NamedTuple):
    """What such words mean: the label, 0 to 6, and the split, "" where nobody knows."""

    label: int
    split: str


def to_face(picture: np.ndarray) -> np.ndarray:
    """Turn RGB uint8 (height, width, 3) into grey uint8 (48, 48)."""
    return to_size(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))


def printable(name: str) -> str:
    """Return a file's name as text that can be written anywhere; bytes that are no text become "?"."""
    return name.encode("utf-8", errors="replace").decode("utf-8")
