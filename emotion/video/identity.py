"""Who is who in a film: a face that returns gets its old number back where it is sure to be the same.

The models that ship tell expressions, and no feature that tells people apart. So faces are compared by what
anyone sees from afar: the colours of face, hair and clothes, coarsely, averaged over the first looks. That
tells apart the few people of one film in one light; it is no recognition of anyone, knows no one from another
film, and is forgotten with the film: nothing of it is kept on disk.

`python benchmarks/identity.py` measures it on 60 drawn people who come back to a film, with another
expression, the head held otherwise and noise, among four people; or come to it as a fifth. 97 of 100 who come
back get their old number, 1 of 1,000 another's, the others a new one; 2 of 100 newcomers are taken for
somebody else. Real people in changing light are harder: more of them will get a new number, and people who
dress alike may be taken for each other.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from emotion.faces.detector import DetectedFace
from emotion.faces.geometry import cut_square

# Two mean appearances whose cosine reaches the first are the same person, if the second best is further off
# by the second. Measured as above: 0.98 takes 6 % of the newcomers for somebody else.
SAME = 0.99
MARGIN = 0.003
# Below this, a face that seems to go on where another was is not that one. Of the cosines of two looks at one
# drawn person, 2 of 1,000 are below it; of those at two people, 94 of 100.
DIFFERENT = 0.93
# So many looks are averaged before somebody is compared with those who are gone.
LOOKS = 3
# How fast a person's mean appearance follows what is seen.
_FOLLOW = 0.05

# In the longer sides of a face's box: the square around it, and the one below it for the clothes.
_FACE_SIDE, _CLOTHES_SIDE, _CLOTHES_BELOW = 1.5, 0.7, 1.05
_FACE_CELLS, _CLOTHES_CELLS = 5, 2
_PIXELS_PER_CELL = 8
# Light changes more than colour does.
_LIGHTNESS = 0.5
# Beside the colours of the cells, which are vectors about grey, so that the angle between two faint ones is
# small.
_GREY = 20.0


def appearance(image: np.ndarray, face: DetectedFace) -> np.ndarray:
    """Return what a person looks like, to be compared by cosine.

    Args:
        image: RGB uint8 (height, width, 3).
        face: in pixels of that picture.

    Returns:
        float64 (88,), of length 1.
    """
    x, y, width, height = face.whole_box or face.box
    side = max(width, height)
    centre = (x + width / 2, y + height / 2)
    below = (centre[0], centre[1] + _CLOTHES_BELOW * side)
    parts = [
        _cells(image, centre, _FACE_SIDE * side, face.roll, _FACE_CELLS),
        _cells(image, below, _CLOTHES_SIDE * side, 0.0, _CLOTHES_CELLS),
        np.array([_GREY]),
    ]
    return _unit(np.concatenate(parts))


class People:
    """The people of one film, by number; what they look like is known while the film is read."""

    def __init__(self) -> None:
        self._looks: dict[int, np.ndarray] = {}
        self._last_seen: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._looks)

    def recall(self, looks: Sequence[np.ndarray], since: float) -> int:
        """Return the number of whoever looks like that: an old one where it is sure, else a new one.

        Args:
            looks: of one person, see `appearance`; one or more.
            since: when the person came, in seconds: who was seen then or later is somebody else.
        """
        mean = _unit(np.mean(looks, axis=0))
        likeness = sorted(
            ((float(known @ mean), number) for number, known in self._looks.items()), reverse=True
        )
        best, second = [*likeness, (-1.0, 0), (-1.0, 0)][:2]
        # Whoever is here at the same time counts for the margin: a twin leaves it open who it is.
        if best[0] >= SAME and best[0] - second[0] >= MARGIN and self._last_seen[best[1]] < since:
            return best[1]
        return self.add(looks)

    def add(self, looks: Sequence[np.ndarray]) -> int:
        """Return the number of somebody who looks like that and is new."""
        number = len(self._looks) + 1
        self._looks[number] = _unit(np.mean(looks, axis=0))
        return number

    def see(self, number: int, look: np.ndarray, seconds: float) -> None:
        """Take in how somebody looks at a time."""
        self._looks[number] = _unit(self._looks[number] + _FOLLOW * (look - self._looks[number]))
        self._last_seen[number] = seconds

    def may_be(self, number: int, look: np.ndarray) -> bool:
        """Return whether somebody may look like that; for a face that seems to go on where theirs was."""
        return are_alike(self._looks[number], look)


def are_alike(first: np.ndarray, second: np.ndarray) -> bool:
    """Return whether two looks, see `appearance`, may be of one person who did not leave in between."""
    return float(first @ second) >= DIFFERENT


def _cells(
    image: np.ndarray, centre: tuple[float, float], side: float, roll: float, count: int
) -> np.ndarray:
    """Return the mean colours of a square's cells, CIELAB about grey, float64 (count * count * 3,)."""
    square, _ = cut_square(image, centre, side, roll, _PIXELS_PER_CELL * count, cv2.BORDER_REPLICATE)
    cells = cv2.resize(square, (count, count), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(cells, cv2.COLOR_RGB2LAB).astype(np.float64) - 128
    return (lab * (_LIGHTNESS, 1, 1)).ravel() / count


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.linalg.norm(vector))
