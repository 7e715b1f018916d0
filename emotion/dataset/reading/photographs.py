"""Whether the pictures of a source are faces, or whole photographs of people; and the faces in those."""

from collections.abc import Callable, Sequence
from functools import cache

import cv2
import numpy as np

from emotion.dataset.reading.items import to_face
from emotion.dataset.reading.labelling import Box
from emotion.faces import FACE_SIZE
from emotion.faces.crops import crop_face
from emotion.faces.detector import YuNetDetector
from emotion.faces.geometry import cut_square
from emotion.images import ImageError

# So many pictures are looked at, evenly chosen.
SAMPLE = 24
# Of a picture that is a face, the detector's box takes 0.93 and more of the side, in the closer datasets; in
# those with hair and neck some 0.6. Below this, half of the picture and more is something else.
_SMALL_FACE = 0.5
_SMALLEST_PHOTOGRAPH = 96  # pixels; what is smaller has no room for a small face
_SQUARE = 1.1  # longer through shorter side


def look_at(pictures: Sequence[Callable[[], np.ndarray]]) -> tuple[str, str]:
    """Return in how many pictures the face is small, and how many are not square; each "" unless most are.

    Args:
        pictures: each returns RGB uint8 (height, width, 3), or raises `ImageError`.
    """
    small = oblong = seen = 0
    for place in np.unique(np.linspace(0, len(pictures) - 1, min(SAMPLE, len(pictures))).astype(int)):
        try:
            picture = pictures[int(place)]()
        except ImageError:
            continue
        seen += 1
        height, width = picture.shape[:2]
        oblong += max(height, width) > _SQUARE * min(height, width)
        small += min(height, width) >= _SMALLEST_PHOTOGRAPH and _has_small_face(picture)
    of = f"of {seen} looked at"
    return (f"{small} {of}" if 2 * small > seen else ""), (f"{oblong} {of}" if 2 * oblong > seen else "")


def cut_largest_face(picture: np.ndarray) -> np.ndarray | None:
    """Return the largest face of a photograph, RGB uint8 (height, width, 3), as uint8 (48, 48), or None."""
    faces = _detector().detect(picture)
    if not faces:
        return None
    return crop_face(picture, max(faces, key=lambda face: face.box[2] * face.box[3]))


def cut_box(picture: np.ndarray, box: Box) -> np.ndarray:
    """Return what lies in a box as uint8 (48, 48); a square about it, so that nothing is squashed.

    Args:
        picture: RGB uint8 (height, width, 3).
        box: middle x and y, width, height, in shares of the picture.
    """
    height, width = picture.shape[:2]
    side = max(box[2] * width, box[3] * height)
    if min(box[2:]) > 0.95 or side < 1:
        return to_face(picture)
    square, _ = cut_square(
        picture, (box[0] * width, box[1] * height), side, 0.0, FACE_SIZE, cv2.BORDER_REPLICATE
    )
    return to_face(square)


def _has_small_face(picture: np.ndarray) -> bool:
    faces = _detector().detect(picture)
    sides = [max(face.box[2:]) for face in faces]
    return bool(sides) and max(sides) < _SMALL_FACE * max(picture.shape[:2])


@cache
def _detector() -> YuNetDetector:
    return YuNetDetector()
