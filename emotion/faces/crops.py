"""Cut a found face out as the models were taught to see faces: FER-2013's frame, 48x48, grey."""

from collections.abc import Sequence

import cv2
import numpy as np

from emotion.faces import FACE_SIZE
from emotion.faces.detector import DetectedFace, check_rgb
from emotion.faces.geometry import cut_square

# FER-2013's frame: a square about the middle of the detector's box, its side this many longer sides of the
# box. `benchmarks/crop_relation.py FER_ZIP --sample 6000` measures 0.925 (and 0.992 without making up for
# the surroundings that FER-2013's faces lack). By the box and not by the eyes, since the eyes draw together
# when a head turns aside; by the longer side, which is the head's height however it lies.
FRAME_SIDE = 0.93

# Half of FER-2013's own faces are tilted by up to 4 degrees, 90 % by up to 15: the models know small tilts,
# and below the first angle the measurement is as uncertain as the tilt. From the second on heads are turned
# fully upright; between the two by a growing part, so that a live crop does not jump.
FREE_ROLL = 5.0
FULL_ROLL = 15.0

# The longer side of the box, in pixels, below which too little of a face is left to read an expression.
SMALL_FACE_PIXELS = 40


def crop_face(image: np.ndarray, face: DetectedFace) -> np.ndarray:
    """Cut one face out of a picture, a tilted head turned upright by the line of the eyes.

    A small face is enlarged, see `SMALL_FACE_PIXELS`. What lies outside the picture repeats its edge: a
    black border, which hardly any of FER-2013's faces have, would add lines that the models do not know,
    and a mirrored one a second mouth.

    Args:
        image: RGB uint8 (height, width, 3).
        face: the face, in pixels of that picture.

    Returns:
        The uint8 (48, 48) grey face, values 0 to 255.

    Raises:
        ValueError: `image` is anything else.
    """
    return cut_frame(image, face, FRAME_SIDE, upright_turn(face.roll))


def crop_faces(image: np.ndarray, faces: Sequence[DetectedFace]) -> np.ndarray:
    """Return the crops of n faces, uint8 (n, 48, 48); n may be 0. Else as `crop_face`."""
    check_rgb(image)
    crops = [crop_face(image, face) for face in faces]
    return np.array(crops, dtype=np.uint8).reshape(-1, FACE_SIZE, FACE_SIZE)


def cut_frame(image: np.ndarray, face: DetectedFace, frame_side: float, turn: float) -> np.ndarray:
    """Cut a uint8 (48, 48) grey square about the middle of the face's box.

    Args:
        image: RGB uint8 (height, width, 3).
        face: the face, in pixels of that picture.
        frame_side: side of the square, in longer sides of the box.
        turn: the tilt that comes out upright, in degrees clockwise.

    Raises:
        ValueError: `image` is anything else.
    """
    check_rgb(image)
    x, y, width, height = face.whole_box or face.box
    centre = (x + width / 2, y + height / 2)
    side = frame_side * max(width, height)
    square, _ = cut_square(image, centre, side, turn, FACE_SIZE, cv2.BORDER_REPLICATE)
    return cv2.cvtColor(square, cv2.COLOR_RGB2GRAY)


def upright_turn(roll: float) -> float:
    """Return by how many degrees a head of this tilt is turned back, both -180 to 180."""
    part = (abs(roll) - FREE_ROLL) / (FULL_ROLL - FREE_ROLL)
    return roll * min(1.0, max(0.0, part))
