"""The FER-2013 challenge's own form: a CSV with `emotion`, `pixels` and, mostly, `Usage`."""

import csv
import io
from collections.abc import Iterator
from typing import IO

import numpy as np

from emotion.dataset.face_dataset import SkippedItem
from emotion.dataset.reading.items import Face, Item
from emotion.dataset.splits import SPLIT_NAMES
from emotion.faces import FACE_SIZE
from emotion.labels import EMOTIONS, parse_emotion

# The challenge's own CSV is 300 MB; ten times that cannot be a dataset of 48x48 faces.
MAX_CSV_BYTES = 3_000_000_000
_PIXELS = FACE_SIZE * FACE_SIZE
_BLOCK_BYTES = 1_000_000


def header_of(file: IO[bytes]) -> list[str]:
    """Return the names of the columns, in lower case, from the file's first line."""
    line = file.readline(1000).decode("utf-8-sig", errors="replace")
    return [column.strip().strip('"').strip().lower() for column in line.split(",")]


def is_challenge_table(file: IO[bytes]) -> bool:
    """Return whether the file, at its start, has the columns; it is wound back."""
    columns = header_of(file)
    file.seek(0)
    return {"emotion", "pixels"} <= set(columns)


def count_rows(file: IO[bytes]) -> int:
    """Return about how many rows a table has, from its line breaks; it is wound back to its start."""
    lines = 0
    while block := file.read(_BLOCK_BYTES):
        lines += block.count(b"\n")
    file.seek(0)
    return max(lines - 1, 0)


def read_rows(file: IO[bytes], folder: str = "") -> Iterator[Item]:
    """Yield the faces of a table.

    Args:
        file: at its start; closed afterwards.
        folder: put before the names, to tell several tables apart; "" or with a "/" at its end.
    """
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    reader = csv.reader(text)
    header = [column.strip().lower() for column in next(reader, [])]
    emotion_column, pixels_column = header.index("emotion"), header.index("pixels")
    usage_column = header.index("usage") if "usage" in header else None
    for number, row in enumerate(reader):
        if not row:  # an empty line
            continue
        where = f"{folder}row {number + 1}"
        if len(row) < len(header):
            yield SkippedItem(where, "The row has too few columns.")
            continue
        emotion = parse_emotion(row[emotion_column])
        if emotion is None:
            yield SkippedItem(where, f"{row[emotion_column][:20]!r} is not one of the seven emotions.")
            continue
        face = _parse_pixels(row[pixels_column])
        if face is None:
            yield SkippedItem(where, f"It does not have {_PIXELS} pixels from 0 to 255.")
            continue
        usage = row[usage_column].strip() if usage_column is not None else ""
        split = SPLIT_NAMES.get(usage.lower(), "")
        if usage and not split:
            yield SkippedItem(where, f"{usage[:20]!r} is not the name of a split.")
            continue
        yield Face(face, EMOTIONS.index(emotion), split, f"{folder}{usage or 'row'}_{number:05d}")


def _parse_pixels(text: str) -> np.ndarray | None:
    try:
        values = bytes(map(int, text.split()))  # refuses what does not lie between 0 and 255
    except ValueError:
        return None
    if len(values) != _PIXELS:
        return None
    return np.frombuffer(values, dtype=np.uint8).reshape(FACE_SIZE, FACE_SIZE)
