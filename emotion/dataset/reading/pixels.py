"""A face as a text of numbers, in all the ways that people write them."""

import math

import cv2
import numpy as np

from emotion.faces import FACE_SIZE

_SIDES = (8, 1000)
_MARKS = str.maketrans(dict.fromkeys("[](),;|\t\r\n", " "))


def are_pixels(text: str) -> bool:
    """Return whether a text is likely one of pixels: long, and of numbers."""
    start = text[:200].strip(" [(-")
    return len(text) >= 2 * _SIDES[0] ** 2 - 1 and start[:1].isdigit() and not any(map(str.isalpha, start))


def parse_pixels(text: str, is_unit: bool = False) -> np.ndarray | str:
    """Return the face, uint8 (side, side), or in a sentence why there is none.

    Args:
        text: grey values, row by row, with spaces, commas or brackets between them.
        is_unit: they lie between 0 and 1.
    """
    try:
        values = np.frombuffer(bytes(map(int, text.split())), np.uint8)  # most are so, and this is fast
    except ValueError:
        read = _parse_slowly(text, is_unit)
        if isinstance(read, str):
            return read
        values = read
    side = math.isqrt(len(values))
    if side * side != len(values) or not _SIDES[0] <= side <= _SIDES[1]:
        colour = math.isqrt(len(values) // 3) ** 2 * 3 == len(values)
        return (
            f"It has {len(values):,} pixels, which are no square picture; expected are {FACE_SIZE**2:,} of "
            f"{FACE_SIZE}x{FACE_SIZE}, or another square{', grey and not of three colours' * colour}."
        )
    return values.reshape(side, side)


def is_unit(text: str) -> bool:
    """Return whether pixels are written as shares of white, 0 to 1."""
    values = _numbers(text)
    return values is not None and bool(len(values)) and _lie_in_unit(values)


def to_size(face: np.ndarray) -> np.ndarray:
    """Return a grey picture as uint8 (48, 48); what is not square is squashed."""
    if face.shape == (FACE_SIZE, FACE_SIZE):
        return face
    shrinks = min(face.shape) > FACE_SIZE
    return cv2.resize(
        face, (FACE_SIZE, FACE_SIZE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )


def _parse_slowly(text: str, is_unit: bool) -> np.ndarray | str:
    if "..." in text:
        return "Its pixels were shortened to '...' when the table was written."
    values = _numbers(text)
    if values is None:
        if "\n" in text:
            return "Its pixels run over several lines; a quotation mark may not be closed."
        return "Its pixels are no numbers."
    if is_unit and len(values) and values.min() >= 0 and values.max() <= 1:
        return np.rint(255 * values).astype(np.uint8)
    if not len(values) or values.min() < 0 or values.max() > 255 or (values % 1).any():
        return "Its pixels are no whole numbers from 0 to 255."
    return values.astype(np.uint8)


def _numbers(text: str) -> np.ndarray | None:
    try:
        values = np.array(text.translate(_MARKS).split(), np.float64)
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None


def _lie_in_unit(values: np.ndarray) -> bool:
    return bool(values.min() >= 0 and values.max() <= 1 and (values % 1).any())
