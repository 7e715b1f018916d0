"""Where things are when a picture is scaled, turned or cut: pure functions.

Points are x, y in pixels, measured from the picture's top left corner (a pixel's centre lies at 0.5).
Rows are YuNet's: x, y, width, height, five landmarks (x, y), score.
"""

import math
from collections.abc import Callable

import cv2
import numpy as np

# Pixels; keeps the memory small when a face fills a photograph of 50 megapixels.
LARGEST_CUT = 2048


def scaled_size(width: int, height: int, side: int) -> tuple[int, int]:
    """Return width and height scaled so that the longer is `side`, neither below one pixel."""
    scale = side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def resize(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return a uint8 picture (height, width[, 3]) at a size (width, height), averaged where it shrinks."""
    width, height = size
    # Halves are taken several times as fast as other parts. An odd row or column is left out: half a pixel
    # in more than a thousand, before the picture shrinks further.
    while min(picture.shape[1] / width, picture.shape[0] / height) > 2:
        half = (picture.shape[1] // 2, picture.shape[0] // 2)
        picture = cv2.resize(picture[: 2 * half[1], : 2 * half[0]], half, interpolation=cv2.INTER_AREA)
    shrinks = max(size) < max(picture.shape[:2])
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def turn_back_matrix(quarter_turns: int, width: int, height: int) -> np.ndarray:
    """Return the (2, 3) matrix from points of `np.rot90(image, quarter_turns)` to points of the image.

    `width` and `height` are the unturned image's.
    """
    return np.array(
        (
            ((1, 0, 0), (0, 1, 0)),
            ((0, -1, width), (1, 0, 0)),
            ((-1, 0, width), (0, -1, height)),
            ((0, 1, 0), (-1, 0, height)),
        )[quarter_turns % 4],
        dtype=np.float64,
    )


def move_rows(rows: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return YuNet's rows (n, 15 or more) with boxes and landmarks moved by a (2, 3) affine matrix.

    A box keeps upright sides about its moved centre; the sides change places where it is laid on its side.
    """
    moved = rows.copy()
    linear, shift = matrix[:, :2], matrix[:, 2]
    moved[:, 4:14] = (rows[:, 4:14].reshape(-1, 5, 2) @ linear.T + shift).reshape(-1, 10)
    sides = rows[:, 2:4] * np.hypot(*linear)
    if abs(linear[0, 1]) + abs(linear[1, 0]) > abs(linear[0, 0]) + abs(linear[1, 1]):
        sides = sides[:, ::-1]
    moved[:, :2] = (rows[:, :2] + rows[:, 2:4] / 2) @ linear.T + shift - sides / 2
    moved[:, 2:4] = sides
    return moved


def merge_rows(rows: np.ndarray, threshold: float) -> np.ndarray:
    """Return the rows (n, 15 or more), best score first, less those whose box lies on one of higher score.

    `threshold` is the intersection over the smaller box, 0 to 1, above which it does: a part of a face
    that passed for a face lies inside the true box, where intersection over union is small.
    """
    return _keep_best(rows, threshold, lambda shared, first, others: shared / np.minimum(first, others))


def suppress(rows: np.ndarray, threshold: float) -> np.ndarray:
    """Return the rows (n, 15 or more), best score first, less those on a better (intersection over union)."""
    return _keep_best(rows, threshold, lambda shared, first, others: shared / (first + others - shared))


def roll_of(landmarks: np.ndarray) -> float:
    """Return the tilt of the line from right to left eye of (5, 2) landmarks, in degrees clockwise."""
    across, down = landmarks[1] - landmarks[0]
    return math.degrees(math.atan2(down, across))


def roll_of_row(row: np.ndarray) -> float:
    """Return the tilt of one of YuNet's rows in degrees clockwise, as `roll_of`."""
    return roll_of(row[4:14].reshape(5, 2))


def turn_between(roll: float, other: float) -> float:
    """Return by how many degrees two tilts differ, 0 to 180."""
    return abs((roll - other + 180) % 360 - 180)


def cut_square(
    image: np.ndarray,
    centre: tuple[float, float],
    side: float,
    roll: float,
    size: int,
    border: int = cv2.BORDER_CONSTANT,
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a square out of a picture, turned and scaled.

    Args:
        image: uint8 (height, width, 3) or (height, width).
        centre: x, y of the square's centre, in pixels of the picture.
        side: side of the square, in pixels of the picture.
        roll: how far the square is turned, in degrees clockwise; a head with this tilt comes out upright.
        size: side of the result, in pixels.
        border: what lies outside the picture, as OpenCV names it; black by default.

    Returns:
        The uint8 (size, size[, 3]) square, and the (2, 3) matrix from its points to points of the picture.
    """
    # cv2.warpAffine looks at four pixels only, so a strong shrink would leave most of the face out. The
    # square is cut at a whole multiple of its size, about pixel for pixel, and then averaged.
    multiple = max(1, min(math.ceil(side / size), LARGEST_CUT // size))
    cosine, sine = math.cos(math.radians(roll)), math.sin(math.radians(roll))
    turn = np.array([[cosine, -sine], [sine, cosine]]) * side / size
    matrix = np.column_stack([turn, np.asarray(centre) - turn @ (size / 2, size / 2)])
    fine_turn = turn / multiple
    # OpenCV counts from the first pixel's centre, not from its corner.
    fine_matrix = np.column_stack([fine_turn, matrix[:, 2] + fine_turn @ (0.5, 0.5) - 0.5])
    square = cv2.warpAffine(
        image,
        fine_matrix,
        (size * multiple, size * multiple),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=border,
    )
    if multiple > 1:
        square = cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA)
    return square, matrix


def _keep_best(rows: np.ndarray, threshold: float, overlap: Callable[..., np.ndarray]) -> np.ndarray:
    """Return the rows, best score first, less those that overlap a better one by more than the threshold.

    `overlap` is given the area that boxes share with a first one, the area of the first, and theirs.
    """
    rows = rows[np.argsort(-rows[:, 14], kind="stable")]
    low, high, area = rows[:, :2], rows[:, :2] + rows[:, 2:4], rows[:, 2] * rows[:, 3]
    kept, left = [], np.arange(len(rows))
    while len(left):  # a turn a face, over what is left of the candidates, of which each face has dozens
        best, left = left[0], left[1:]
        kept.append(best)
        sides = np.minimum(high[best], high[left]) - np.maximum(low[best], low[left])
        shared = sides.clip(0).prod(axis=1)
        left = left[overlap(shared, area[best], area[left]) <= threshold]
    return rows[np.array(kept, dtype=int)]
