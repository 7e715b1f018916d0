"""What faces are drawn with: smooth curves in face units, colours, and a canvas of any size.

Equal calls give equal pixels on any machine: positions are rounded to sixteenths of a pixel before
they reach OpenCV, so that the last digit of a sine cannot show, and colours are blended by single
additions and multiplications, which round alike everywhere.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import accumulate, pairwise

import cv2
import numpy as np

from emotion.synthetic.look import Color, Pose

Points = Sequence[tuple[float, float]] | np.ndarray
Outlines = np.ndarray | list[np.ndarray]

WHITE: Color = (252, 250, 246)
INK: Color = (34, 24, 26)

_SHIFT = 4  # OpenCV takes positions as whole sixteenths of a pixel
_FAINT = 0.05  # a colour laid on more thinly than this would not be seen
_STEPS = 6  # straight pieces a curve has between two of its control points


@lru_cache(maxsize=64)
def _spline(count: int, closed: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return two matrices: control points to a Catmull-Rom curve through them, and to its slopes."""
    padded = np.zeros((count + 3 if closed else count + 2, count))
    if closed:
        for row in range(count + 3):
            padded[row, (row - 1) % count] = 1.0
    else:
        padded[1:-1] = np.eye(count)
        padded[0, :2] = (2.0, -1.0)
        padded[-1, -2:] = (-1.0, 2.0)
    basis = 0.5 * np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]])
    time = np.arange(_STEPS + 1) / _STEPS
    zero, one = np.zeros_like(time), np.ones_like(time)
    place = np.stack([one, time, time**2, time**3], axis=1) @ basis
    slope = np.stack([zero, one, 2 * time, 3 * time**2], axis=1) @ basis
    segments = count if closed else count - 1

    def join(piece: np.ndarray) -> np.ndarray:
        rows = [piece[:-1] @ padded[start : start + 4] for start in range(segments)]
        if not closed:
            rows.append(piece[-1:] @ padded[segments - 1 : segments + 3])
        return np.concatenate(rows)

    return join(place), join(slope)


def curve(points: Points) -> np.ndarray:
    """Return a smooth line, shape (n, 2), through the control points."""
    return _spline(len(points))[0] @ np.asarray(points)


def blob(points: Points) -> np.ndarray:
    """Return a smooth closed outline through the control points."""
    return _spline(len(points), True)[0] @ np.asarray(points)


@lru_cache(maxsize=1)
def _circle() -> np.ndarray:
    angle = np.arange(32) * (2 * math.pi / 32)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def ellipse(x: float, y: float, width: float, height: float) -> np.ndarray:
    """Return the outline of an ellipse given by its centre and its half axes."""
    return _circle() * (width, height) + (x, y)


@lru_cache(maxsize=256)
def _half_widths(widths: tuple[float, ...], length: int) -> np.ndarray:
    """Return half of the widths, spread evenly over `length` points, times the sides of a slope."""
    along = np.interp(np.linspace(0, len(widths) - 1, length), np.arange(len(widths)), widths)
    return along[:, None] / 2 * (-1, 1)


def ribbon(points: Points, *widths: float) -> np.ndarray:
    """Return the outline of a smooth line whose width runs through `widths` from end to end."""
    place, slope = _spline(len(points))
    control = np.asarray(points)
    line, direction = place @ control, slope @ control
    length = np.sqrt(direction[:, :1] ** 2 + direction[:, 1:] ** 2)
    side = (direction / np.maximum(length, 1e-9))[:, ::-1] * _half_widths(widths, len(line))
    return np.concatenate([line + side, (line - side)[::-1]])


def moved(points: np.ndarray, x: float, y: float) -> np.ndarray:
    """Return the points moved by x and y."""
    return points + np.array((x, y))


def mirrored(outline: np.ndarray) -> list[np.ndarray]:
    """Return an outline of the right side of the face, and its mirror image on the left."""
    return [outline, outline * (-1, 1)]


def both_sides(right_half: Points) -> np.ndarray:
    """Complete a half outline that runs down the right side by its mirror image up the left."""
    half = np.asarray(right_half)
    return np.concatenate([half, half[half[:, 0] != 0][::-1] * (-1, 1)])


def mix(first: Color, second: Color, share: float) -> Color:
    """Return the colour that lies `share` (0 to 1) of the way from the first to the second."""
    return (
        round(first[0] + (second[0] - first[0]) * share),
        round(first[1] + (second[1] - first[1]) * share),
        round(first[2] + (second[2] - first[2]) * share),
    )


def shade(color: Color, strength: float = 1.0) -> Color:
    """Return the colour in shadow: darker, and warmer, as skin is."""
    red, green, blue = color
    return mix(color, (round(red * 0.66), round(green * 0.54), round(blue * 0.52)), strength)


def lit(color: Color) -> Color:
    """Return the colour where warm light falls on it."""
    return mix(color, (255, 246, 232), 0.55)


def _lay(region: np.ndarray, over: np.ndarray | tuple[int, ...], mask: np.ndarray, strength: float) -> None:
    """Lay a colour or an image over a region, as far as the mask (0 to 255) times `strength` says."""
    weight = mask.astype(np.float32)
    weight *= np.float32(strength / 255)
    for channel in range(region.shape[2]):
        below = region[..., channel]
        above = over[channel] if isinstance(over, tuple) else over[..., channel]
        change = np.subtract(above, below, dtype=np.float32)
        change *= weight
        change += below
        change += np.float32(0.5)
        below[:] = change


def _box_width(sigma: float) -> int:
    """Return the width of the box that blurs, used twice, about like a Gaussian of `sigma` pixels."""
    return min(round(math.sqrt(6 * sigma**2 + 1)), 255)


def _blurred(mask: np.ndarray, width: int) -> np.ndarray:
    """Return the mask blurred twice by a box: close to a Gaussian, and as fast for any width.

    OpenCV sums up to 256 pixels in whole numbers. Its other quick blurs, and boxes of more pixels,
    are rounded by one way or another depending on the processor and on the number of threads.
    """
    if width < 2:
        return mask
    for box in [(width, width)] if width <= 16 else [(width, 1), (1, width)]:
        # The middle of an even box lies between two pixels: once to the left of it, once to the right.
        mask = cv2.blur(mask, box)
        mask = cv2.blur(mask, box, anchor=((box[0] - 1) // 2, (box[1] - 1) // 2))
    return mask


class Canvas:
    """Pixels, and the way from face units to them.

    `pixels` is uint8 of shape (size, size, 1) when `grey`, else (size, size, 3) in red, green, blue.
    `frame` says what the points passed in belong to: "body" (upright), "head" (tilted with the
    head) or "face" (on the front of the head, so that they also slide when the head turns).
    """

    def __init__(self, size: int, pose: Pose, grey: bool = False):
        self.size = size
        self.pose = pose
        self.grey = grey
        self.unit = pose.unit * size
        self.frame = "body"
        self.pixels = np.zeros((size, size, 1 if grey else 3), np.uint8)
        cosine, sine = math.cos(pose.roll), math.sin(pose.roll)
        self._scale = self.unit * (1 << _SHIFT)
        self._turn = np.array([[cosine, sine], [-sine, cosine]]) * self._scale
        self._slide = np.array([pose.yaw, pose.pitch]) @ self._turn
        self._center = (np.array(pose.center) * size - 0.5) * (1 << _SHIFT)

    def place(self, outlines: Outlines) -> tuple[list[np.ndarray], tuple[int, int, int, int]]:
        """Return outlines in sixteenths of a pixel, int32, and left, top, right, bottom in pixels."""
        parts = outlines if isinstance(outlines, list) else [outlines]
        points = np.concatenate(parts) if len(parts) > 1 else parts[0]
        placed = points * self._scale if self.frame == "body" else points @ self._turn
        if self.frame == "face":
            # A face bulges: what lies in its middle slides the most when the head turns.
            placed += (1 - 1.1 * points[:, :1] ** 2) * self._slide
        placed += self._center
        placed = np.rint(placed, out=placed).astype(np.int32)
        x, y, width, height = cv2.boundingRect(placed)
        box = (x >> _SHIFT, y >> _SHIFT, (x + width) >> _SHIFT, (y + height) >> _SHIFT)
        if len(parts) == 1:
            return [placed], box
        ends = accumulate(map(len, parts), initial=0)
        return [placed[start:end] for start, end in pairwise(ends)], box

    def shows(self, outline: np.ndarray) -> bool:
        """Return whether an outline may touch the canvas."""
        rows, columns = self._crop(self.place(outline)[1], 1)
        return rows.start < rows.stop and columns.start < columns.stop

    def _crop(self, box: tuple[int, int, int, int], margin: int) -> tuple[slice, slice]:
        """Return the rows and the columns of the canvas that a box with a margin covers."""
        left, top, right, bottom = box
        rows = slice(max(top - margin, 0), max(min(bottom + margin, self.size), 0))
        return rows, slice(max(left - margin, 0), max(min(right + margin, self.size), 0))

    def tone(self, color: Color) -> tuple[int, ...]:
        """Return the colour as this canvas takes it: itself, or its brightness (ITU-R BT.601)."""
        red, green, blue = color
        return ((299 * red + 587 * green + 114 * blue + 500) // 1000,) if self.grey else color

    def fill(self, outlines: Outlines, color: Color) -> None:
        """Fill outlines (that do not overlap) with one colour, their edges smooth."""
        cv2.fillPoly(self.pixels, self.place(outlines)[0], self.tone(color), cv2.LINE_AA, _SHIFT)

    def soft(self, outlines: Outlines, color: Color, strength: float = 1.0, blur: float = 0.05) -> None:
        """Breathe a colour onto outlines (that do not overlap) whose edges fade over `blur` face units."""
        if strength < _FAINT:
            return
        placed, box = self.place(outlines)
        width = _box_width(blur * self.unit)
        rows, columns = self._crop(box, width + 1)
        region = self.pixels[rows, columns]
        if not region.size:
            return
        mask = np.zeros(region.shape[:2], np.uint8)
        corner = (-columns.start << _SHIFT, -rows.start << _SHIFT)
        cv2.fillPoly(mask, placed, 255, cv2.LINE_AA, _SHIFT, corner)
        _lay(region, self.tone(color), _blurred(mask, width), min(strength, 1.0))

    @contextmanager
    def inside(self, outlines: Outlines) -> Iterator[None]:
        """Keep what is painted meanwhile within outlines (that do not overlap)."""
        before = self.pixels.copy()
        placed, box = self.place(outlines)
        mask = np.zeros((self.size, self.size), np.uint8)
        cv2.fillPoly(mask, placed, 255, cv2.LINE_AA, _SHIFT)
        yield
        crop = self._crop(box, 2)
        _lay(before[crop], self.pixels[crop], mask[crop], 1.0)
        self.pixels = before
