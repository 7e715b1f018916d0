"""A painter of drawn people: one face, described by numbers, on a canvas of any size.

What a face looks like (`Look`), how it is held (`Pose`) and what its muscles do (`Actions`) are three
small records; `paint_person` turns them into pixels. Lengths are in face units: the eyes lie on
y = 0 around x = 0, the chin near y = 1.1, the top of the skull near y = -1, and y grows downwards.

Equal records give equal pixels on any machine: positions are rounded to sixteenths of a pixel before
they reach OpenCV, so that the last digit of a sine cannot show, and colours are blended by single
additions and multiplications, which round alike everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

import cv2
import numpy as np

Color = tuple[int, int, int]
Points = Sequence[tuple[float, float]] | np.ndarray
Outlines = np.ndarray | list[np.ndarray]

_SHIFT = 4  # OpenCV takes positions as whole sixteenths of a pixel
_FAINT = 0.05  # a colour laid on more thinly than this would not be seen
_STEPS = 6  # straight pieces a curve has between two of its control points
_WHITE: Color = (252, 250, 246)
_INK: Color = (34, 24, 26)
HAIR_STYLES = ("bald", "cropped", "parted", "fringe", "bob", "long", "afro", "bun", "scarf")
BEARDS = ("stubble", "moustache", "full")


@dataclass(frozen=True)
class Actions:
    """What the muscles of a face do, each from 0 (at rest) to about 1 (fully).

    The names are those of the action units of the Facial Action Coding System (P. Ekman and
    W. V. Friesen, "Facial Action Coding System", Consulting Psychologists Press, 1978).
    """

    inner_brow_raiser: float = 0.0  # AU1
    outer_brow_raiser: float = 0.0  # AU2
    brow_lowerer: float = 0.0  # AU4
    upper_lid_raiser: float = 0.0  # AU5
    cheek_raiser: float = 0.0  # AU6
    lid_tightener: float = 0.0  # AU7
    nose_wrinkler: float = 0.0  # AU9
    lip_corner_puller: float = 0.0  # AU12
    lip_corner_depressor: float = 0.0  # AU15
    lower_lip_depressor: float = 0.0  # AU16
    lip_stretcher: float = 0.0  # AU20
    lip_tightener: float = 0.0  # AU23
    lips_part: float = 0.0  # AU25
    jaw_drop: float = 0.0  # AU26


@dataclass(frozen=True)
class Look:
    """What one person looks like; lengths in face units, colours in red, green, blue."""

    skin: Color = (224, 172, 132)
    hair: Color = (58, 40, 32)
    iris: Color = (92, 62, 40)
    shirt: Color = (62, 104, 122)
    background: Color = (233, 240, 245)
    hair_style: str = "parted"  # one of HAIR_STYLES
    beard: str = "none"  # or one of BEARDS
    glasses: bool = False
    face_width: float = 0.80
    jaw_width: float = 0.60
    chin_width: float = 0.27
    chin_height: float = 1.12
    eye_size: float = 1.0
    eye_distance: float = 0.36
    eye_tilt: float = 0.0
    brow_height: float = 0.25
    brow_weight: float = 1.0
    brow_arch: float = 0.04
    nose_length: float = 0.43
    nose_width: float = 0.15
    mouth_width: float = 0.29
    mouth_height: float = 0.73
    lip_weight: float = 1.0
    lip_color: float = 0.4
    age: float = 0.2
    lopsided: float = 0.0
    parting: float = 0.3
    gaze: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Pose:
    """Where a face lies on the canvas (shares of its side), how it is turned, where light comes from.

    `unit` is the length of one face unit, `roll` the tilt in radians, `yaw` and `pitch` how far the
    features slide over the head in face units, `light` the side of the light from -1 (left) to 1.
    """

    unit: float
    center: tuple[float, float]
    roll: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    light: float = -0.6


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


def _curve(points: Points) -> np.ndarray:
    """Return a smooth line, shape (n, 2), through the control points."""
    return _spline(len(points))[0] @ np.asarray(points)


def _blob(points: Points) -> np.ndarray:
    """Return a smooth closed outline through the control points."""
    return _spline(len(points), True)[0] @ np.asarray(points)


@lru_cache(maxsize=1)
def _circle() -> np.ndarray:
    angle = np.arange(32) * (2 * math.pi / 32)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _ellipse(x: float, y: float, width: float, height: float) -> np.ndarray:
    """Return the outline of an ellipse given by its centre and its half axes."""
    return _circle() * (width, height) + (x, y)


@lru_cache(maxsize=256)
def _half_widths(widths: tuple[float, ...], length: int) -> np.ndarray:
    """Return half of the widths, spread evenly over `length` points, times the sides of a slope."""
    along = np.interp(np.linspace(0, len(widths) - 1, length), np.arange(len(widths)), widths)
    return along[:, None] / 2 * (-1, 1)


def _ribbon(points: Points, *widths: float) -> np.ndarray:
    """Return the outline of a smooth line whose width runs through `widths` from end to end."""
    place, slope = _spline(len(points))
    control = np.asarray(points)
    line, direction = place @ control, slope @ control
    length = np.sqrt(direction[:, :1] ** 2 + direction[:, 1:] ** 2)
    side = (direction / np.maximum(length, 1e-9))[:, ::-1] * _half_widths(widths, len(line))
    return np.concatenate([line + side, (line - side)[::-1]])


def _moved(points: np.ndarray, x: float, y: float) -> np.ndarray:
    return points + np.array((x, y))


def _mirrored(outline: np.ndarray) -> list[np.ndarray]:
    """Return an outline of the right side of the face, and its mirror image on the left."""
    return [outline, outline * (-1, 1)]


def _both_sides(right_half: Points) -> np.ndarray:
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


def _shade(color: Color, strength: float = 1.0) -> Color:
    """Return the colour in shadow: darker, and warmer, as skin is."""
    red, green, blue = color
    return mix(color, (round(red * 0.66), round(green * 0.54), round(blue * 0.52)), strength)


def _lit(color: Color) -> Color:
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


def paint_person(canvas: Canvas, look: Look, actions: Actions) -> None:
    """Paint background, shoulders, head and face onto the canvas, from the back to the front."""
    canvas.frame = "body"
    canvas.pixels[:] = canvas.tone(look.background)
    canvas.frame = "head"
    _paint_back_hair(canvas, look)
    canvas.frame = "body"
    _paint_body(canvas, look, actions)
    canvas.frame = "head"
    outline = _head_outline(look, actions)
    _paint_head(canvas, look, outline)
    with canvas.inside(outline):
        canvas.frame = "face"
        _paint_skin(canvas, look, actions)
        _paint_nose(canvas, look, actions)
        if look.beard != "none":
            _paint_beard(canvas, look, actions)
        _paint_mouth(canvas, look, actions)
    _paint_eyes(canvas, look, actions)
    _paint_brows(canvas, look, actions)
    if look.glasses:
        _paint_glasses(canvas, look)
    canvas.frame = "head"
    _paint_front_hair(canvas, look, actions)


def _paint_body(canvas: Canvas, look: Look, actions: Actions) -> None:
    """Paint neck and shoulders; the chin's shadow on the neck is what lifts the head off it."""
    covered = look.hair_style == "scarf"
    neck_color = look.hair if covered else mix(look.skin, _shade(look.skin), 0.35)
    side = np.concatenate([_curve([(0.45, 0.5), (0.43, 1.0), (0.46, 1.30), (0.60, 1.52)]), [(0.60, 2.4)]])
    neck = _both_sides(side)
    canvas.fill(neck, neck_color)
    with canvas.inside(neck):
        canvas.soft(_ellipse(0.0, 1.05 + 0.14 * actions.jaw_drop, 0.52, 0.24), _shade(neck_color), 0.8, 0.06)
    collar = _curve([(0.40, 1.47), (0.27, 1.68), (0, 1.77), (-0.27, 1.68), (-0.40, 1.47)])
    right = _curve([(0.40, 1.47), (0.62, 1.50), (1.05, 1.64), (1.36, 1.90), (1.50, 2.5), (1.55, 3.2)])
    torso = np.concatenate([right, (right * (-1, 1))[::-1], collar[::-1]])
    if not canvas.shows(torso):  # as in a tight crop
        return
    canvas.fill(torso, look.shirt)
    dark = mix(look.shirt, _INK, 0.3)
    canvas.fill(_ribbon(collar[::6], 0.02, 0.05, 0.02), dark)
    with canvas.inside(torso):
        far = -1 if canvas.pose.light > 0 else 1
        canvas.soft(_ellipse(1.3 * far, 2.2, 0.45, 0.8), dark, 0.5, 0.2)


def _head_outline(look: Look, actions: Actions) -> np.ndarray:
    wide, chin, drop = look.face_width, look.chin_height, 0.14 * actions.jaw_drop
    right = [
        (0, -1.06),
        (0.48 * wide, -0.98),
        (0.86 * wide, -0.64),
        (wide, -0.08),
        (0.97 * wide, 0.32),
        (look.jaw_width, 0.74 + drop / 2),
        (look.chin_width, chin - 0.05 + drop),
        (0, chin + drop),
    ]
    return _blob(_both_sides(right))


def _paint_head(canvas: Canvas, look: Look, outline: np.ndarray) -> None:
    """Paint ears and skin, with the soft light and shadow that make the head round."""
    skin, dark, bright = look.skin, _shade(look.skin), _lit(look.skin)
    wide, chin, light = look.face_width, float(outline[:, 1].max()), canvas.pose.light
    if look.hair_style not in ("scarf", "long", "bob"):
        canvas.fill(_mirrored(_ellipse(wide + 0.02, 0.10, 0.10, 0.20)), mix(skin, dark, 0.25))
        canvas.soft(_mirrored(_ellipse(wide + 0.03, 0.10, 0.045, 0.11)), dark, 0.7, 0.02)
    canvas.fill(outline, skin)
    upper = [(1.15 * wide, -0.7), (1.25 * wide, 0.1), (wide, 1.1), (0.60 * wide, 1.25)]
    edge = _blob([*upper, (0.80 * wide, 0.65), (0.98 * wide, 0.1), (0.93 * wide, -0.5)])
    with canvas.inside(outline):
        # Shadow gathers along both edges, most on the side away from the light.
        for side in (-1, 1):
            canvas.soft(edge * (side, 1), dark, 0.34 - 0.30 * side * light, 0.09)
        canvas.soft(_ellipse(0, chin + 0.12, 0.5, 0.10), dark, 0.45, 0.08)
        canvas.soft(_ellipse(0.18 * light, -0.48, 0.36, 0.17), bright, 0.5, 0.12)
        canvas.soft(_ellipse(0, chin - 0.10, 0.12, 0.06), bright, 0.35, 0.05)


def _paint_skin(canvas: Canvas, look: Look, actions: Actions) -> None:
    """Paint the cheeks, and the lines that skin folds into when muscles pull."""
    lift = 0.08 * max(actions.cheek_raiser, actions.lip_corner_puller)
    blush = mix(look.skin, (214, 84, 74), 0.38)
    canvas.soft(_mirrored(_ellipse(0.47, 0.38 - lift, 0.19, 0.13)), blush, 0.55, 0.09)
    strength = 0.30 + 0.35 * actions.cheek_raiser
    canvas.soft(_mirrored(_ellipse(0.45, 0.26 - lift, 0.15, 0.07)), _lit(look.skin), strength, 0.06)
    dark = _shade(look.skin, 1.25)
    _paint_brow_folds(canvas, look, actions, dark)
    _paint_cheek_folds(canvas, look, actions, dark)
    bridge = [
        _ribbon([(-0.10, y + 0.03), (0, y), (0.10, y + 0.03)], 0.005, 0.032, 0.005) for y in (-0.05, 0.04)
    ]
    canvas.soft(bridge, dark, 0.75 * actions.nose_wrinkler, 0.012)


def _paint_brow_folds(canvas: Canvas, look: Look, actions: Actions, dark: Color) -> None:
    """Paint the lines across the forehead, and the upright ones between the brows."""
    # Raised by its inner ends alone, the brow wrinkles the middle of the forehead only.
    half = 0.22 + 0.22 * actions.outer_brow_raiser
    bend = 0.03 - 0.06 * min(actions.outer_brow_raiser, 1.0)
    lines = [
        _ribbon([(-half, y + bend), (-half / 2, y), (half / 2, y), (half, y + bend)], 0.005, 0.032, 0.005)
        for y in (-0.48, -0.58)
    ]
    raised = (actions.inner_brow_raiser + actions.outer_brow_raiser) / 2
    canvas.soft(lines, dark, raised * (0.45 + 0.5 * look.age) + 0.3 * max(look.age - 0.5, 0), 0.012)
    frown = _ribbon([(0.085, -0.36), (0.07, -0.26), (0.085, -0.15)], 0.005, 0.035, 0.005)
    canvas.soft(_mirrored(frown), dark, actions.brow_lowerer * (0.6 + 0.3 * look.age), 0.012)


def _paint_cheek_folds(canvas: Canvas, look: Look, actions: Actions, dark: Color) -> None:
    """Paint the folds from the nose to the corners of the mouth, and the crow's feet."""
    smile, sneer = actions.lip_corner_puller, actions.nose_wrinkler
    top = look.nose_length - 0.03 - 0.06 * sneer
    spread = 0.10 * smile + 0.06 * actions.lip_stretcher
    beside = [
        (look.nose_width + 0.06, top),
        (look.nose_width + 0.14 + spread / 2, top + 0.12),
        (look.mouth_width + 0.08 + spread, look.mouth_height - 0.08 - 0.03 * smile),
        (look.mouth_width + 0.09 + spread, look.mouth_height + 0.03),
    ]
    strength = 0.08 + 0.25 * look.age + 0.25 * smile + 0.4 * sneer + 0.15 * actions.lip_corner_depressor
    canvas.soft(_mirrored(_ribbon(beside, 0.01, 0.045, 0.008)), dark, min(strength, 0.65), 0.018)
    x = look.eye_distance + 0.23
    feet = [
        _ribbon([(x, 0.02 + y / 3), (x + 0.06, 0.02 + y), (x + 0.10, 0.03 + 1.6 * y)], 0.02, 0.004)
        for y in (-0.05, 0.05)
    ]
    feet += [each * (-1, 1) for each in feet]
    canvas.soft(feet, dark, actions.cheek_raiser * (0.2 + 0.5 * look.age), 0.01)


def _paint_nose(canvas: Canvas, look: Look, actions: Actions) -> None:
    dark, bright, line = _shade(look.skin), _lit(look.skin), _shade(look.skin, 1.5)
    lit = -1 if canvas.pose.light < 0 else 1
    wide = look.nose_width * (1 + 0.22 * actions.nose_wrinkler + 0.08 * actions.lip_corner_puller)
    tip = look.nose_length - 0.05 * actions.nose_wrinkler
    slide = np.array([0.25 * canvas.pose.yaw, 0])  # the nose stands out, so it slides further
    outer = [(0.10, -0.16), (0.07, 0.05), (0.08, tip - 0.12), (wide, tip), (wide * 0.9, tip + 0.04)]
    flank = np.array([*outer, (0.03, tip + 0.02), (0.02, 0.1), (0.05, -0.16)])
    for side, strength in ((-lit, 0.55), (lit, 0.16)):
        canvas.soft(flank * (side, 1) + slide, dark, strength, 0.03)
    canvas.soft(_ellipse(slide[0], tip + 0.055, wide * 0.95, 0.035), dark, 0.75, 0.022)
    shines = [_ellipse(slide[0] + 0.01 * lit, 0.14, 0.028, tip - 0.27)]
    shines.append(_ellipse(slide[0] + 0.02 * lit, tip - 0.05, 0.055, 0.045))
    canvas.soft(shines, bright, 0.6, 0.025)
    wing = _ribbon(
        [(wide * 0.92, tip - 0.07), (wide * 1.08, tip), (wide * 0.85, tip + 0.05)], 0.008, 0.028, 0.012
    )
    canvas.soft([each + slide for each in _mirrored(wing)], line, 0.7, 0.008)
    nostril = _ellipse(wide * 0.48, tip + 0.035, 0.042, 0.02)
    canvas.soft([each + slide for each in _mirrored(nostril)], mix(line, _INK, 0.6), 0.8, 0.010)


def _lid_heights(look: Look, actions: Actions) -> tuple[float, float]:
    """Return how far the upper and the lower lid stand from the line between the eye's corners."""
    open_up = 1 + 0.42 * actions.upper_lid_raiser - 0.30 * actions.lid_tightener
    open_up -= 0.20 * actions.cheek_raiser + 0.25 * actions.nose_wrinkler
    open_up -= 0.22 * actions.inner_brow_raiser * actions.lip_corner_depressor  # sad lids hang
    open_down = 1 + 0.15 * actions.upper_lid_raiser - 0.40 * actions.lid_tightener
    open_down -= 0.50 * actions.cheek_raiser + 0.40 * actions.nose_wrinkler
    return 0.115 * look.eye_size * max(open_up, 0.25), 0.072 * look.eye_size * max(open_down, 0.15)


def _paint_eyes(canvas: Canvas, look: Look, actions: Actions) -> None:
    half = 0.18 * look.eye_size
    upper, lower = _lid_heights(look, actions)
    tilt = look.eye_tilt - 0.03 * actions.inner_brow_raiser * actions.lip_corner_depressor
    here = np.array([look.eye_distance, 0.0])
    outer = (half, -tilt)
    lid = [(-half, 0.02), (-0.62 * half, -0.70 * upper), (0, -upper), (0.62 * half, -0.75 * upper), outer]
    under = [outer, (0.6 * half, 0.75 * lower), (0, lower), (-0.6 * half, 0.7 * lower)]
    lid, under = np.array(lid) + here, np.array(under) + here
    dark = _shade(look.skin)
    canvas.soft(_mirrored(_ellipse(here[0], -0.03, half * 1.25, 0.17)), dark, 0.30, 0.06)
    crease = _ribbon(_moved(lid[1:], 0.012, -0.052 + 0.02 * actions.upper_lid_raiser), 0.006, 0.024, 0.006)
    canvas.soft(_mirrored(crease), _shade(look.skin, 1.3), 0.6, 0.008)
    strength = 0.10 + 0.3 * look.age + 0.45 * max(actions.cheek_raiser, actions.lid_tightener)
    bag = _ribbon(_moved(under[1:], 0, 0.055), 0.006, 0.028, 0.006)
    canvas.soft(_mirrored(bag), dark, strength, 0.012)
    opening = np.concatenate([_curve(lid), _curve([*under, lid[0]])[1:-1]])
    with canvas.inside(_mirrored(opening)):
        _paint_eyeballs(canvas, look, upper, half)
    canvas.soft(_mirrored(_ribbon(under, 0.016, 0.012, 0.004)), _shade(look.skin, 1.6), 0.75, 0.006)
    lashes = _ribbon(_moved(lid, 0, -0.006), 0.006, 0.030, 0.036, 0.036, 0.012)
    canvas.fill(_mirrored(lashes), mix(_INK, look.skin, 0.06))


def _paint_eyeballs(canvas: Canvas, look: Look, upper: float, half: float) -> None:
    canvas.fill(_mirrored(_ellipse(look.eye_distance, 0, half * 1.3, half * 1.3)), (247, 244, 240))
    gaze_x, gaze_y = look.gaze
    y, radius = 0.03 * gaze_y - 0.012, 0.096 * look.eye_size
    eyes = (0.06 * gaze_x - look.eye_distance, 0.06 * gaze_x + look.eye_distance)
    canvas.fill([_ellipse(x, y, radius, radius) for x in eyes], mix(look.iris, _INK, 0.55))
    canvas.fill([_ellipse(x, y + 0.006, radius * 0.82, radius * 0.82) for x in eyes], look.iris)
    canvas.fill([_ellipse(x, y, radius * 0.46, radius * 0.46) for x in eyes], _INK)
    shadow = _mirrored(_ellipse(look.eye_distance, -upper - 0.02, half * 1.2, 0.045))
    canvas.soft(shadow, (60, 44, 48), 0.5, 0.022)
    glint = 0.035 if canvas.pose.light > 0 else -0.035
    canvas.fill([_ellipse(x + glint, y - 0.036, 0.024, 0.024) for x in eyes], _WHITE)


def _paint_brows(canvas: Canvas, look: Look, actions: Actions) -> None:
    weight = look.brow_weight
    shapes = [
        _ribbon(_brow_line(look, actions, side), 0.034 * weight, 0.076 * weight, 0.066 * weight, 0.014)
        for side in (-1, 1)
    ]
    canvas.soft([_moved(shape, 0, 0.03) for shape in shapes], _shade(look.skin), 0.3, 0.03)
    canvas.fill(shapes, _brow_color(look))


def _brow_line(look: Look, actions: Actions, side: int) -> np.ndarray:
    raised = actions.inner_brow_raiser * (1 + look.lopsided * side)
    # With the inner ends pulled up, the lowerer draws the brows together more than down.
    inner_up = 0.14 * raised - 0.10 * actions.brow_lowerer + 0.07 * min(actions.brow_lowerer, raised)
    inner_up -= 0.05 * actions.nose_wrinkler
    outer_up = 0.11 * actions.outer_brow_raiser * (1 + look.lopsided * side)
    outer_up -= 0.03 * actions.brow_lowerer + 0.02 * actions.nose_wrinkler
    x, base = 0.155 - 0.05 * actions.brow_lowerer, -look.brow_height - 0.02
    line = [
        (x, base + 0.005 - inner_up),
        (x + 0.12, base - 0.018 - 0.72 * inner_up - 0.28 * outer_up),
        (x + 0.28, base - look.brow_arch - 0.2 * inner_up - 0.8 * outer_up),
        (look.eye_distance + 0.24, base + 0.04 - outer_up),
    ]
    return np.array(line) * (side, 1)


def _brow_color(look: Look) -> Color:
    base = (52, 38, 34) if look.hair_style == "scarf" else look.hair
    return mix(mix(base, _INK, 0.35), look.skin, 0.10)


def _mouth_lines(look: Look, actions: Actions) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return four lines from the left corner to the right: the upper lip's edges, then the lower lip's."""
    smile, frown = actions.lip_corner_puller, actions.lip_corner_depressor
    stretch, press, sneer = actions.lip_stretcher, actions.lip_tightener, actions.nose_wrinkler
    across = np.linspace(-1, 1, 9)
    dome = 1 - across**2
    # A stretched mouth opens like a slot, any other like a lens.
    flat = min(stretch + 0.5 * actions.lower_lip_depressor, 1.0)
    # A dropped jaw rounds the mouth unless smiling or stretching holds its corners apart.
    rounding = min(actions.jaw_drop, 1.0) * max(0.0, 1 - stretch - smile)
    lens = dome + flat * (across**2 - across**4) + 1.1 * rounding * (np.sqrt(dome) - dome)
    half = look.mouth_width * (1 + 0.38 * smile + 0.22 * stretch - 0.30 * rounding - 0.10 * press)
    corner = 0.10 * frown - 0.11 * smile + 0.025 * stretch
    line = look.mouth_height + corner * (1 + 0.6 * look.lopsided * across) * across**2
    line += dome * (0.025 * smile - 0.045 * frown - 0.05 * sneer) + 0.04 * actions.jaw_drop
    gap = 0.31 * actions.jaw_drop + 0.13 * actions.lips_part * (1 + 0.5 * min(smile, 1.0))
    upper_in = line - lens * (0.28 * gap * (1 - 0.8 * min(smile, 1.0)))
    lower_in = line + lens * (0.72 * gap + 0.02 * actions.lower_lip_depressor)
    thick = 0.075 * look.lip_weight * (1 - 0.6 * min(press, 1.0)) * (1 - 0.22 * smile - 0.2 * stretch)
    bow = np.array([0, 0.50, 0.80, 1.02, 0.86, 1.02, 0.80, 0.50, 0])
    full = np.array([0, 0.48, 0.84, 1.03, 1.08, 1.03, 0.84, 0.48, 0])
    lines = (upper_in - thick * 0.85 * bow, upper_in, lower_in, lower_in + thick * 1.15 * full)
    outer_up, inner_up, inner_down, outer_down = (np.stack([half * across, y], axis=1) for y in lines)
    return outer_up, inner_up, inner_down, outer_down


def _paint_mouth(canvas: Canvas, look: Look, actions: Actions) -> None:
    outer_up, inner_up, inner_down, outer_down = _mouth_lines(look, actions)
    lip = mix(look.skin, (186, 62, 72), look.lip_color)
    dark, line = _shade(look.skin), mix(_shade(lip, 1.3), _INK, 0.25)
    below = float(outer_down[4, 1])
    shadows = [_ellipse(0, below + 0.05, 0.17, 0.035), _ellipse(0, outer_up[4, 1] - 0.07, 0.03, 0.04)]
    canvas.soft(shadows, dark, 0.4, 0.03)
    frown = actions.lip_corner_depressor
    crease = _ribbon([(0.31, below), (0.35, below + 0.13)], 0.05, 0.01)
    canvas.soft(_mirrored(crease), dark, 0.5 * frown, 0.02)
    # The corners sink into the cheeks.
    x, y = outer_up[-1]
    hook = 0.04 * (frown - actions.lip_corner_puller)
    corner = _ribbon([(x - 0.03, y), (x, y), (x + 0.03, y + hook)], 0.02, 0.035, 0.015)
    canvas.soft(_mirrored(corner), _shade(look.skin, 1.4), 0.5, 0.014)
    canvas.fill(np.concatenate([_curve(inner_down), _curve(outer_down)[::-1]]), mix(lip, look.skin, 0.12))
    canvas.fill(np.concatenate([_curve(outer_up), _curve(inner_up)[::-1]]), mix(lip, _shade(lip), 0.45))
    canvas.soft(_ellipse(0.03 * canvas.pose.light, below - 0.05, 0.09, 0.015), _WHITE, 0.30, 0.015)
    gap = float(inner_down[4, 1] - inner_up[4, 1])
    if gap > 0.03:
        bared = 0.34 + 0.3 * min(actions.lip_corner_puller, 1.0) - 0.16 * min(actions.jaw_drop, 1.0)
        _paint_open_mouth(canvas, inner_up, inner_down, bared)
    else:
        canvas.fill(_ribbon(inner_up, 0.010, 0.026, 0.024, 0.026, 0.010), line)


def _paint_open_mouth(canvas: Canvas, inner_up: np.ndarray, inner_down: np.ndarray, bared: float) -> None:
    """Paint what shows between the lips: the dark, the tongue, and teeth over `bared` of the gap."""
    upper, opening = _curve(inner_up), np.concatenate([_curve(inner_up), _curve(inner_down)[::-1]])
    middle, width = float(inner_up[4, 1]), float(inner_up[-1, 0])
    gap = float(inner_down[4, 1]) - middle
    canvas.fill(opening, (74, 26, 32))
    with canvas.inside(opening):
        if gap > 0.12:
            canvas.soft(_ellipse(0, middle + gap * 1.02, width * 0.62, gap * 0.36), (196, 92, 96), 0.9, 0.02)
        if gap > 0.05:
            teeth = _moved(upper, 0, min(gap * bared, 0.11))[::-1]
            canvas.fill(np.concatenate([_moved(upper, 0, -0.03), teeth]), (246, 242, 234))
        canvas.soft(_ribbon(inner_up, 0.03, 0.03), (90, 50, 52), 0.6, 0.015)
        canvas.soft(_mirrored(_ellipse(width, middle, 0.05, 0.2)), (74, 26, 32), 0.6, 0.03)


def _paint_beard(canvas: Canvas, look: Look, actions: Actions) -> None:
    hair = mix(_brow_color(look), look.skin, 0.12)
    drop = 0.14 * actions.jaw_drop
    outer_up, _, _, outer_down = _mouth_lines(look, actions)
    top = float(outer_up[4, 1])
    reach, corner = outer_up[-1].tolist()
    if look.beard != "moustache":
        wide, chin = look.face_width, look.chin_height + drop
        right = [
            (0.0, top - 0.09),
            (reach + 0.01, min(top, corner) - 0.05),
            (reach + 0.20, min(0.58, corner - 0.10)),
            (0.80 * wide, 0.28),
            (0.97 * wide, 0.14),
            (0.96 * wide, 0.34),
            (look.jaw_width - 0.01, 0.74 + drop / 2),
            (look.chin_width, chin - 0.06),
            (0.0, chin - 0.01),
        ]
        strength, blur = (0.32, 0.05) if look.beard == "stubble" else (1.0, 0.02)
        canvas.soft(_blob(_both_sides(right)), hair, strength, blur)
        if look.beard == "full":
            canvas.soft(_ellipse(0, outer_down[4, 1], 0.18, 0.05), look.skin, 0.7, 0.03)
    if look.beard != "stubble":
        half = _ribbon([(reach, top + 0.06), (reach * 0.55, top - 0.045), (0, top - 0.06)], 0.02, 0.10, 0.075)
        canvas.fill(_mirrored(half), hair)


def _paint_glasses(canvas: Canvas, look: Look) -> None:
    frame = (48, 44, 52)
    rim = _ellipse(look.eye_distance, 0.02, 0.29, 0.235)
    lens = _ellipse(look.eye_distance, 0.02, 0.262, 0.207)
    ring = np.concatenate([rim, rim[:1], lens[:1], lens[::-1]])
    start, gap = look.eye_distance + 0.28, look.eye_distance - 0.275
    arm = _ribbon([(start, -0.03), (look.face_width - 0.02, -0.05)], 0.028, 0.028)
    canvas.soft(_mirrored(lens), _WHITE, 0.08, 0.01)
    canvas.fill(_mirrored(ring), frame)
    canvas.fill([*_mirrored(arm), _ribbon([(-gap, 0), (0, -0.03), (gap, 0)], 0.028, 0.028)], frame)


def _hair_edge(look: Look) -> list[tuple[float, float]]:
    """Return the outer edge of the hair on the right side, from the top of the head down."""
    wide = look.face_width
    if look.hair_style in ("long", "bob"):
        return [(0, -1.22), (0.72 * wide, -1.06), (wide + 0.16, -0.5), (wide + 0.20, 0.3)]
    lift = {"cropped": 0.0, "bald": -0.06}.get(look.hair_style, 0.08)
    return [
        (0, -1.08 - lift),
        (0.72 * wide, -0.94 - lift),
        (wide + 0.04 + lift / 2, -0.35),
        (wide + 0.01, 0.04),
    ]


def _paint_back_hair(canvas: Canvas, look: Look) -> None:
    """Paint the hair (or the scarf) that lies behind the head."""
    wide, deep = look.face_width, mix(look.hair, _INK, 0.3)
    if look.hair_style == "long":
        right = [*_hair_edge(look), (wide + 0.24, 1.3), (0.6, 1.9), (0, 1.9)]
        canvas.fill(_blob(_both_sides(right)), deep)
    elif look.hair_style == "bob":
        right = [*_hair_edge(look), (wide + 0.12, 0.92), (0.5, 1.0), (0, 0.9)]
        canvas.fill(_blob(_both_sides(right)), deep)
    elif look.hair_style == "afro":
        angle = np.arange(120) * (2 * math.pi / 120)
        wave = 1 + 0.025 * np.sin(18 * angle)
        ring = np.stack([(wide + 0.42) * wave * np.cos(angle), 1.02 * wave * np.sin(angle)], axis=1)
        canvas.fill(_moved(ring, 0, -0.42), look.hair)
    elif look.hair_style == "bun":
        canvas.fill(_ellipse(0, -1.28, 0.34, 0.30), deep)
        canvas.soft(_ellipse(-0.08, -1.36, 0.12, 0.08), mix(look.hair, _WHITE, 0.3), 0.5, 0.05)
    elif look.hair_style == "scarf":
        right = [(0, -1.25), (0.8 * wide, -1.08), (wide + 0.17, -0.4), (wide + 0.18, 0.4), (wide + 0.1, 1.1)]
        canvas.fill(_blob(_both_sides([*right, (wide + 0.3, 1.7), (0, 1.9)])), deep)


def _paint_front_hair(canvas: Canvas, look: Look, actions: Actions) -> None:
    """Paint the hair over the forehead, with its shine."""
    if look.hair_style == "scarf":
        _paint_scarf(canvas, look)
        return
    shape = _front_hair(look)
    if look.hair_style == "bald":
        with canvas.inside(_head_outline(look, actions)):
            canvas.soft(shape, mix(look.hair, look.skin, 0.3), 0.35, 0.05)
        return
    canvas.fill(shape, look.hair)
    shine, deep = mix(look.hair, (255, 240, 220), 0.28), mix(look.hair, _INK, 0.4)
    side = 1 if canvas.pose.light > 0 else -1
    with canvas.inside(shape):
        canvas.soft(_ellipse(-0.75 * side, -0.6, 0.25, 0.6), deep, 0.5, 0.12)
        gleam = _ribbon([(0.15 * side, -0.98), (0.45 * side, -0.88), (0.68 * side, -0.62)], 0.03, 0.12, 0.03)
        canvas.soft(gleam, shine, 0.7, 0.05)


def _front_hair(look: Look) -> np.ndarray:
    """Return the outline of the hair that lies over the head: its outer edge, then the hairline."""
    wide, part = look.face_width, look.parting
    edge = np.array(_hair_edge(look))
    hangs = look.hair_style in ("long", "bob")
    if hangs:
        edge = np.concatenate([edge, [(wide + 0.12, 0.9 if look.hair_style == "bob" else 1.3)]])
    if look.hair_style == "fringe":
        front = [(0.72 * wide, -0.46), (0.2, -0.48), (-0.3, -0.46), (-0.72 * wide, -0.47)]
    elif hangs or look.hair_style == "parted":
        front = [(0.74 * wide, -0.50), (part, -0.80), (part - 0.25, -0.62), (-0.76 * wide, -0.42)]
    else:
        front = [(0.76 * wide, -0.56), (0.3, -0.70), (-0.3, -0.70), (-0.76 * wide, -0.56)]
    below = [(wide + 0.06, 0.85), (0.93 * wide, 0.35)] if hangs else [(0.95 * wide, 0.04)]
    side = [*below, (0.90 * wide, -0.18)]
    left = [(-x, y) for x, y in side[::-1]]
    outer = _curve(np.concatenate([edge[:0:-1] * (-1, 1), edge]))
    return np.concatenate([outer, _curve([*side, *front, *left])])


def _paint_scarf(canvas: Canvas, look: Look) -> None:
    wide = look.face_width
    outer = [
        (0, -1.25),
        (0.8 * wide, -1.06),
        (wide + 0.16, -0.4),
        (wide + 0.16, 0.4),
        (0.70, 1.15),
        (0, 1.50),
    ]
    inner = [
        (0, -0.66),
        (0.55 * wide, -0.56),
        (0.88 * wide, -0.1),
        (0.88 * wide, 0.35),
        (0.52, 0.98),
        (0, 1.22),
    ]
    ring_out, ring_in = _blob(_both_sides(outer)), _blob(_both_sides(inner))
    shape = np.concatenate([ring_out, ring_out[:1], ring_in[:1], ring_in[::-1]])
    canvas.fill(shape, look.hair)
    with canvas.inside(shape):
        seam = np.concatenate([ring_in, ring_in[:1]])[::4]
        canvas.soft(_ribbon(seam, 0.06, 0.06), mix(look.hair, _INK, 0.5), 0.6, 0.03)
        gleam = _ellipse(0.3 * canvas.pose.light, -0.98, 0.4, 0.08)
        canvas.soft(gleam, mix(look.hair, _WHITE, 0.35), 0.6, 0.06)
