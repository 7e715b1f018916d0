"""Find the faces in a picture: one small interface, and YuNet behind it.

YuNet (Wu, Peng and Yu 2023, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence
Research 20) gives a box and five landmarks for each face; `emotion.faces.yunet` runs it.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from emotion.faces.geometry import (
    cut_square,
    merge_rows,
    move_rows,
    resize,
    roll_of,
    roll_of_row,
    scaled_size,
    turn_back_matrix,
    turn_between,
)
from emotion.faces.yunet import Network

Box = tuple[float, float, float, float]

# The shares and times below are what `python benchmarks/detection.py FER_ZIP --sample 150` measures.

# OpenCV's default, 0.9, finds 85 % of bare FER-2013 crops at the best size, this 99 %. What passes for a face
# at 0.6 and is none (a cup, a letter, a galaxy) is not seen again at the second look.
SCORE_THRESHOLD = 0.6
# Small faces reach less, but the second look is sure of them: it is given what reaches the first score, at
# most so many, or as many as there are others, and must itself reach the last.
WEAK_SCORE = 0.1
MAX_WEAK = 10
CONFIRMED_SCORE = 0.85
# Two boxes of two searches are the same face above this overlap, of the smaller box.
MERGE_THRESHOLD = 0.5

# A photograph is shrunk to this longest side; 480 without turned searches suits live video: two thirds of
# the time, but more small faces missed. One larger than the second side is shrunk by no more than one of that
# side, so that a drawn face of 53 pixels is found in pictures of 12, 24 and 48 megapixels.
LONGEST_SIDE = 960
LARGE_SIDE = 3200
# YuNet misses faces of more than some 400 pixels, and very small ones. Of bare FER-2013 crops, each a face
# that fills its picture, it finds 99 % at this side, 89 % at 480, 11 % at 960 and 75 % at their own 48. So
# small pictures are enlarged to it, and those above the second side are searched once more at it.
CLOSE_UP_SIDE = 256
ONE_SEARCH_SIDE = 480
# Of the surest faces so many are looked at again and returned: a picture of a crowd must not take minutes.
MAX_FACES = 1000

# A face on its side or upside down is often found as a poor upright one. So a picture with no face of the
# first score is searched turned as well; a turn must reach the second and beat upright by the third. Of bare
# FER-2013 crops this finds the turn of 95 % on their side and 80 % upside down, and turns 1 % of the upright.
UPRIGHT_SCORE = 0.9
TURNED_SCORE = 0.85
TURNED_GAIN = 0.04
# Where an upright face is confirmed with this score, looks at that face alone tell whether turned searches
# are worth while. Where none is, nothing tells: of small faces on their side, a third leaves no trace in an
# upright search.
CLEAR_SCORE = 0.8
TURN_LOOK_SIDE = 160
TURN_LOOK_FACE_SIDES = 5 / 3

# The landmarks of a small face are a template laid on the box: of a true tilt they show a tenth when the
# face is 96 pixels high, six tenths at 144, eight at 192. So each face is looked at again, enlarged to the
# first side in a region of the second (the third where it is doubtful: with more around it, what is no face
# is dropped), and turned upright until the tilt changes by less than so many degrees. What a search has
# surely seen at about that size need not be enlarged.
REGION_FACE_SIDE = 192
REGION_SIDE = 256
DOUBTFUL_REGION_SIDE = 320
REGION_ROLL = 6.0
MAX_LOOKS = 3
SEEN_LARGE = (160, 320)


@dataclass(frozen=True, eq=False)
class DetectedFace:
    """One face in a picture.

    Attributes:
        box: x, y, width, height in pixels, inside the picture.
        landmarks: float32 (5, 2), x and y in pixels, of the person's right eye, left eye, tip of the nose,
            right and left corner of the mouth; they may lie outside the picture.
        score: how sure the detector is, 0 to 1.
        whole_box: the box before it was clipped to the picture, by which the crop is cut; None where that
            is not known.

    Raises:
        ValueError: a shape or value is not as above.
    """

    box: Box
    landmarks: np.ndarray
    score: float
    whole_box: Box | None = None

    def __post_init__(self) -> None:
        for name, box in (("box", self.box), ("whole_box", self.whole_box or self.box)):
            if len(box) != 4 or not all(map(math.isfinite, box)) or min(box[2:]) <= 0:
                raise ValueError(f"{name} must be finite (x, y, width > 0, height > 0), got {box}")
        landmarks = np.asarray(self.landmarks, dtype=np.float32)
        if landmarks.shape != (5, 2) or not np.isfinite(landmarks).all():
            raise ValueError(f"landmarks must be finite with shape (5, 2), got shape {landmarks.shape}")
        if not 0 <= self.score <= 1:
            raise ValueError(f"score must be between 0 and 1, got {self.score}")
        object.__setattr__(self, "landmarks", landmarks)

    @property
    def roll(self) -> float:
        """The tilt of the head in degrees, -180 to 180, positive clockwise, by the line of the eyes."""
        return roll_of(self.landmarks)


class FaceDetector(Protocol):
    """Anything that finds faces."""

    def detect(self, image: np.ndarray) -> list[DetectedFace]:
        """Return the faces of an RGB uint8 (height, width, 3) picture."""
        ...


class YuNetDetector:
    """The YuNet detector; one instance serves any number of threads at once.

    Args:
        longest_side: larger pictures are shrunk to this many pixels for the search; with `look_twice`
            those of more than `LARGE_SIDE` by no more than one of that side.
        try_turned: look for faces on their side or upside down where none is surely upright.
        look_twice: look at each face again, enlarged, which corrects its landmarks and drops what is no face.

    Raises:
        FaceModelError: the weights are missing or unreadable.
    """

    def __init__(
        self, longest_side: int = LONGEST_SIDE, try_turned: bool = True, look_twice: bool = True
    ) -> None:
        self.longest_side = longest_side
        self.try_turned = try_turned
        self.look_twice = look_twice
        self._network = Network()

    def detect(self, image: np.ndarray) -> list[DetectedFace]:
        """Return the faces of a picture in reading order: rows from the top, each from left to right.

        Of more than `MAX_FACES` the surest are returned.

        Args:
            image: RGB uint8 (height, width, 3).

        Raises:
            ValueError: `image` is anything else.
        """
        check_rgb(image)
        if 0 in image.shape:
            return []
        rows = self._search(image, WEAK_SCORE if self.look_twice else SCORE_THRESHOLD)
        faces = self._confirm(image, rows)
        if self.try_turned and self._may_be_turned(image, rows, faces):
            turned = max(
                (self._search(image, SCORE_THRESHOLD, turns) for turns in (1, 2, 3)), key=_best_score
            )
            if _best_score(turned) >= max(TURNED_SCORE, _best_score(rows) + TURNED_GAIN):
                faces = self._confirm(image, turned)
        height, width = image.shape[:2]
        return reading_order([face for row in faces if (face := face_from_row(row, width, height))])

    def _confirm(self, picture: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the rows (n, 15) of the faces among what a search has found, best first."""
        sure = int((rows[:, 14] >= SCORE_THRESHOLD).sum())
        rows = rows[: min(sure + max(sure, MAX_WEAK), MAX_FACES)]
        if not self.look_twice:
            return rows[:, :15]
        seen = [row for found in rows if (row := self._look_again(picture, found)) is not None]
        return merge_rows(np.array(seen).reshape(-1, 15), MERGE_THRESHOLD)

    def _search(self, picture: np.ndarray, lowest_score: float, quarter_turns: int = 0) -> np.ndarray:
        """Return what is found in the picture when turned, best first, in pixels of the picture as it is.

        The rows (n, 16) end with the longer side of the box in pixels of the search.
        """
        height, width = picture.shape[:2]
        found = []
        longest, limit = max(width, height), self.longest_side
        if self.look_twice:
            limit = round(limit * max(1, longest / LARGE_SIDE))
        for side in search_sides(longest, limit):
            size = scaled_size(width, height, side)
            picture = resize(picture, size)
            seen = self._network.run(np.rot90(picture, quarter_turns), lowest_score)
            rows = move_rows(seen, turn_back_matrix(quarter_turns, *size))
            scale = np.array([[width / size[0], 0, 0], [0, height / size[1], 0]])
            found.append(np.column_stack([move_rows(rows, scale), seen[:, 2:4].max(axis=1)]))
        return merge_rows(np.concatenate(found), MERGE_THRESHOLD)

    def _may_be_turned(self, picture: np.ndarray, rows: np.ndarray, faces: np.ndarray) -> bool:
        """Return whether faces may lie turned, given what an upright search found and what was confirmed."""
        if _best_score(rows) >= UPRIGHT_SCORE:
            return False
        if _best_score(faces) < CLEAR_SCORE:
            return True
        upright, *turned = (
            _best_score(self._look_at(picture, faces[0], roll, TURN_LOOK_FACE_SIDES, TURN_LOOK_SIDE)[0])
            for roll in (0, 90, 180, 270)
        )
        return max(turned) > upright

    def _look_again(self, picture: np.ndarray, row: np.ndarray) -> np.ndarray | None:
        """Return the row (15,) of a found face as it is seen enlarged and upright, None where it is not."""
        was_sure, seen, row, side = row[14] >= SCORE_THRESHOLD, None, row[:15], row[15]
        roll, turned = roll_of_row(row), 90.0 * round(roll_of_row(row) / 90)
        if row[14] >= UPRIGHT_SCORE and SEEN_LARGE[0] <= side <= SEEN_LARGE[1]:
            seen = row
            if turn_between(roll, turned) < REGION_ROLL:
                return seen
            turned = roll
        region_side = REGION_SIDE if row[14] >= CLEAR_SCORE else DOUBTFUL_REGION_SIDE
        for _ in range(MAX_LOOKS):
            rows, matrix = self._look_at(picture, row, turned, region_side / REGION_FACE_SIDE, region_side)
            distance = np.abs(rows[:, :2] + rows[:, 2:4] / 2 - region_side / 2).max(axis=1)
            rows = rows[distance < REGION_FACE_SIDE / 3]  # further off is a neighbour
            if not len(rows):
                break
            seen = row = move_rows(rows[:1], matrix)[0]
            if turn_between(roll_of_row(row), turned) < REGION_ROLL:
                break
            turned = roll_of_row(row)
        return seen if was_sure or row[14] >= CONFIRMED_SCORE else None

    def _look_at(
        self, picture: np.ndarray, row: np.ndarray, roll: float, face_sides: float, side: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what is seen in a square around a face, best first, and the matrix back to the picture.

        The square is turned by `roll`, has so many longer sides of the face's box, scaled to `side` pixels.
        """
        x, y, width, height = row[:4]
        centre = (x + width / 2, y + height / 2)
        region, matrix = cut_square(picture, centre, max(width, height) * face_sides, roll, side)
        return self._network.run(region, SCORE_THRESHOLD), matrix


def check_rgb(image: np.ndarray) -> None:
    """Raise ValueError unless `image` is uint8 (height, width, 3)."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"image must be uint8 (height, width, 3), got {image.dtype} {image.shape}")


def search_sides(longest: int, limit: int) -> list[int]:
    """Return the longest sides, in pixels, at which a picture with this longest side is searched."""
    side = max(CLOSE_UP_SIDE, min(longest, limit))
    return [side] if side <= ONE_SEARCH_SIDE else [side, CLOSE_UP_SIDE]


def reading_order(faces: list[DetectedFace]) -> list[DetectedFace]:
    """Return the faces by rows from the top, each row from left to right.

    A row is what has its centre less than half a face's height below the centre of its topmost face.
    """
    rows: list[list[DetectedFace]] = []
    for face in sorted(faces, key=lambda face: face.box[1] + face.box[3] / 2):
        if rows:
            _, top, _, height = rows[-1][0].box
            if face.box[1] + face.box[3] / 2 < top + height:
                rows[-1].append(face)
                continue
        rows.append([face])
    return [face for row in rows for face in sorted(row, key=lambda face: face.box[0])]


def _best_score(rows: np.ndarray) -> float:
    return float(rows[:, 14].max(initial=0))


def face_from_row(row: np.ndarray, width: int, height: int) -> DetectedFace | None:
    """Return the face of one row, or None where it lies outside the picture."""
    x, y, box_width, box_height = map(float, row[:4])
    left, top = max(x, 0.0), max(y, 0.0)
    right, bottom = min(x + box_width, float(width)), min(y + box_height, float(height))
    if right <= left or bottom <= top:
        return None
    return DetectedFace(
        box=(left, top, right - left, bottom - top),
        landmarks=row[4:14].reshape(5, 2),
        score=float(np.clip(row[14], 0, 1)),
        whole_box=(x, y, box_width, box_height),
    )
