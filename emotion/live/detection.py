"""Find faces in a video: search a whole frame now and then, look for known faces where they are expected."""

from collections.abc import Sequence

import numpy as np

from emotion.faces.detector import (
    MERGE_THRESHOLD,
    SCORE_THRESHOLD,
    DetectedFace,
    YuNetDetector,
    check_rgb,
    face_from_row,
    reading_order,
)
from emotion.faces.geometry import cut_square, merge_rows, move_rows
from emotion.live.tracking import Track

# What follows was measured on 400 FER-2013 test faces, set into pictures of 640x480 and tilted.

# A frame is shrunk to this longest side for the search. It finds 88 % of them, 640 pixels 93 %, 320 pixels
# 71 %; the network takes 3.5 ms, 6.5 ms, 1.6 ms (one thread).
SEARCH_SIDE = 480
# A known face is looked for in a square of this side, in 0.6 ms. After ten looks heads tilted by 10 to 25
# degrees are seen 5.5 degrees off (the median; 9.8 by the search alone, 5.5 by the two looks of a
# photograph), and emotions are named as well as in photographs, within a point. 192 and 224 pixels do no
# better; 320 loses 4 points fewer of these faces, which have no hair around them, in four times the time.
LOOK_SIDE = 160
# So many longer sides of the face is that square's side.
LOOK_FACE_SIDES = 5 / 3


class LiveDetector(YuNetDetector):
    """YuNet for video; one instance serves any number of threads at once.

    A known face is found again in a fraction of the time that a search takes, and more exactly: it is
    enlarged, and turned upright as far as it was tilted the last time, so that the tilt is corrected from
    frame to frame.

    Raises:
        FaceModelError: the weights are missing or unreadable.
    """

    def __init__(self) -> None:
        super().__init__(longest_side=SEARCH_SIDE, try_turned=False, look_twice=False)

    def find(self, image: np.ndarray, known: Sequence[Track], search: bool) -> list[DetectedFace]:
        """Return, in reading order, the faces where known ones are expected and, if asked for, anywhere.

        Args:
            image: RGB uint8 (height, width, 3).
            known: where to look; moved to the time of the picture.
            search: search the whole picture as well.

        Raises:
            ValueError: `image` is anything else.
        """
        check_rgb(image)
        looked = np.concatenate([np.empty((0, 15)), *(self._look(image, track) for track in known)])
        # Of two that lie on each other the better score is kept; a look shall win over a search.
        looked[:, 14] += 1
        searched = self._search(image, SCORE_THRESHOLD)[:, :15] if search else np.empty((0, 15))
        rows = merge_rows(np.concatenate([looked, searched]), MERGE_THRESHOLD)
        rows[:, 14] -= rows[:, 14] > 1
        height, width = image.shape[:2]
        found = (face_from_row(row, width, height) for row in rows)
        return reading_order([face for face in found if face is not None])

    def _look(self, image: np.ndarray, track: Track) -> np.ndarray:
        """Return the rows (n, 15) seen around a known face; a neighbour may be among them."""
        side = float(track.size.max()) * LOOK_FACE_SIDES
        centre = (float(track.centre[0]), float(track.centre[1]))
        region, matrix = cut_square(image, centre, side, track.roll, LOOK_SIDE)
        return move_rows(self._network.run(region, SCORE_THRESHOLD), matrix)
