"""What readers yield: a face, or an item that had to be skipped; and how a picture becomes a face."""

import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import NamedTuple

import cv2
import numpy as np

from emotion.dataset.face_dataset import SkippedItem
from emotion.dataset.splits import SPLIT_NAMES
from emotion.faces import FACE_SIZE
from emotion.images import ImageError
from emotion.labels import EMOTIONS, parse_emotion

# What damaged, encrypted and exotically compressed members of an archive raise.
ARCHIVE_ERRORS = (
    zipfile.BadZipFile,
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


def picture_item(name: str, load: Callable[[], np.ndarray]) -> Item:
    """Label one picture by the folders it lies in, and read it.

    Args:
        name: its path within the source, with "/".
        load: returns RGB uint8 (height, width, 3), or raises what a picture or an archive may raise.
    """
    if len(name) > MAX_NAME_LENGTH:
        return SkippedItem(name[:MAX_NAME_LENGTH] + "…", "Its name is too long.")
    folders = PurePosixPath(name).parts[:-1]
    emotion = parse_emotion(folders[-1]) if folders else None
    if emotion is None:
        return SkippedItem(name, "Its folder is not named after one of the seven emotions.")
    # The nearest folder decides: what is wrapped around may be called anything.
    split = next((SPLIT_NAMES[part.lower()] for part in folders[::-1] if part.lower() in SPLIT_NAMES), "")
    try:
        picture = load()
    except ImageError as error:
        return SkippedItem(name, str(error))
    except ARCHIVE_ERRORS:
        # The other members may be fine.
        return SkippedItem(name, "It cannot be taken out of the archive.")
    return Face(to_face(picture), EMOTIONS.index(emotion), split, name)


def to_face(picture: np.ndarray) -> np.ndarray:
    """Turn RGB uint8 (height, width, 3) into grey uint8 (48, 48)."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    if grey.shape == (FACE_SIZE, FACE_SIZE):
        return grey
    shrinks = min(grey.shape) > FACE_SIZE
    return cv2.resize(
        grey, (FACE_SIZE, FACE_SIZE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )


def printable(name: str) -> str:
    """Return a file's name as text that can be written anywhere; bytes that are no text become "?"."""
    return name.encode("utf-8", errors="replace").decode("utf-8")
