"""Draw an analysis on its picture: frames and labels that stay readable on anything."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from emotion.faces.detector import Box
from emotion.labels import color_rgb, how_sure
from emotion.photos.analysis import Analysis, FaceAnalysis

# Shares of the picture's longer side: shown 500 pixels wide, a label's letters are 14 pixels high.
_FONT_SHARE = 1 / 36
_LINE_SHARE = 1 / 260
_MIN_FONT_PIXELS = 11
# Beside a label's text, as a share of the font's size.
_PADDING = 0.3

Corner = tuple[float, float]


def draw_analysis(image: np.ndarray, analysis: Analysis) -> np.ndarray:
    """Return a copy of the picture with every face framed, numbered and named.

    Args:
        image: RGB uint8 (height, width, 3), the analysed picture or a scaled copy of it.
        analysis: what was found in it.

    Returns:
        RGB uint8 of the same shape.
    """
    height, width = image.shape[:2]
    scale = width / analysis.width
    canvas = Image.fromarray(image)
    draw = ImageDraw.Draw(canvas)
    longer_side = max(height, width)
    font = ImageFont.load_default(max(_MIN_FONT_PIXELS, longer_side * _FONT_SHARE))
    line_width = max(2, round(longer_side * _LINE_SHARE))
    # All frames first, so that no frame crosses a label.
    boxes = [tuple(value * scale for value in face.face.box) for face in analysis.faces]
    for face, box in zip(analysis.faces, boxes, strict=True):
        _draw_frame(draw, box, color_rgb(face.verdict), line_width)
    texts, corners = _place_labels([_forms(face) for face in analysis.faces], boxes, font, (width, height))
    for face, text, corner in zip(analysis.faces, texts, corners, strict=True):
        if corner is not None:
            _draw_label(draw, text, corner, color_rgb(face.verdict), font)
    return np.asarray(canvas)


def text_color(background: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return black or white, whichever stands out more from the background (WCAG 2.2 contrast)."""
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in (value / 255 for value in background)
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return (0, 0, 0) if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else (255, 255, 255)


def place_label(
    box: tuple[float, float, float, float], size: tuple[float, float], picture: tuple[int, int]
) -> tuple[float, float]:
    """Return where the top left corner of a label goes: above the box, else below, else inside.

    Args:
        box: x, y, width, height of the face.
        size: width and height of the label.
        picture: width and height of the picture, which the label does not leave.
    """
    x, y, _, box_height = box
    left = min(max(0.0, x), max(0.0, picture[0] - size[0]))
    if y >= size[1]:
        top = y - size[1]
    elif y + box_height + size[1] <= picture[1]:
        top = y + box_height
    else:
        top = max(0.0, y)
    return left, top


def place_labels(
    boxes: Sequence[Box], sizes: Sequence[tuple[float, float]], picture: tuple[int, int]
) -> list[Corner | None]:
    """Return where the top left corner of each face's label goes, so that none hides a face or another label.

    Tried are above and below the box, from its left edge and up to its right one, then inside of it; the
    largest faces choose first. A label that fits nowhere is left out.

    Args:
        boxes: x, y, width, height of each face.
        sizes: width and height of each label.
        picture: width and height of the picture, which no label leaves.
    """
    corners: list[Corner | None] = [None] * len(boxes)
    taken: list[Box] = []
    for number in sorted(range(len(boxes)), key=lambda number: -boxes[number][2] * boxes[number][3]):
        x, y, box_width, box_height = boxes[number]
        width, height = sizes[number]
        if width > picture[0] or height > picture[1]:
            continue
        others = [*taken, *(box for other, box in enumerate(boxes) if other != number)]
        for left in (x, x + box_width - width):
            for top in (y - height, y + box_height, y):
                # Pushed in from the sides, but not from above or below: there, the next place is better.
                corner = (min(max(0.0, left), picture[0] - width), max(0.0, top) if top == y else top)
                label = (*corner, width, height)
                fits = corner[1] >= 0 and corner[1] + height <= picture[1]
                if corners[number] is None and fits and not any(_overlap(label, other) for other in others):
                    corners[number] = corner
                    taken.append(label)
    return corners


def _overlap(one: Box, other: Box) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )


def _place_labels(
    forms: Sequence[tuple[str, ...]], boxes: Sequence[Box], font: Any, picture: tuple[int, int]
) -> tuple[list[str], list[Corner | None]]:
    """Return what the labels say, all in the longest form for which there is room, and where they go.

    Of the shortest form, a number, those without room are left out; cards and tables tell the rest.
    """
    texts: list[str] = []
    corners: list[Corner | None] = []
    for form in range(len(forms[0]) if forms else 0):
        texts = [of_face[form] for of_face in forms]
        corners = place_labels(boxes, [_label_size(text, font) for text in texts], picture)
        if None not in corners:
            break
    return texts, corners


def _draw_frame(draw: ImageDraw.ImageDraw, box: Box, color: tuple[int, int, int], line_width: int) -> None:
    x, y, box_width, box_height = box
    corners = [x, y, x + box_width, y + box_height]
    radius = min(box_width, box_height) * 0.06
    # A dark rim sets the coloured line off from a background of the same colour.
    rim = [corners[0] - 1, corners[1] - 1, corners[2] + 1, corners[3] + 1]
    draw.rounded_rectangle(rim, radius, outline=(0, 0, 0), width=line_width + 2)
    draw.rounded_rectangle(corners, radius, outline=color, width=line_width)


def _forms(face: FaceAnalysis) -> tuple[str, str, str]:
    """Return what a label may say, from much to little."""
    named = f"{face.number}  {face.verdict}"
    return f"{named} {how_sure(face.confidence)}", named, str(face.number)


def _label_size(text: str, font: Any) -> tuple[float, float]:
    padding = font.size * _PADDING
    ascent, descent = font.getmetrics()
    return font.getlength(text) + 2 * padding, ascent + descent + padding * 0.6


def _draw_label(
    draw: ImageDraw.ImageDraw, text: str, corner: tuple[float, float], color: tuple[int, int, int], font: Any
) -> None:
    (left, top), (width, height), padding = corner, _label_size(text, font), font.size * _PADDING
    draw.rounded_rectangle([left, top, left + width, top + height], padding * 0.6, fill=color)
    draw.text((left + padding, top + padding * 0.3), text, fill=text_color(color), font=font)
