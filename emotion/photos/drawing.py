"""Draw an analysis on its picture: frames and labels that stay readable on anything."""

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
# A label may be this much wider than its face before it is shortened.
_LABEL_OVERHANG = 1.5


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
    for face, box in zip(analysis.faces, boxes, strict=True):
        _draw_label(draw, face, box, font, (width, height))
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


def _draw_frame(draw: ImageDraw.ImageDraw, box: Box, color: tuple[int, int, int], line_width: int) -> None:
    x, y, box_width, box_height = box
    corners = [x, y, x + box_width, y + box_height]
    radius = min(box_width, box_height) * 0.06
    # A dark rim sets the coloured line off from a background of the same colour.
    rim = [corners[0] - 1, corners[1] - 1, corners[2] + 1, corners[3] + 1]
    draw.rounded_rectangle(rim, radius, outline=(0, 0, 0), width=line_width + 2)
    draw.rounded_rectangle(corners, radius, outline=color, width=line_width)


def _draw_label(
    draw: ImageDraw.ImageDraw, face: FaceAnalysis, box: Box, font: Any, picture: tuple[int, int]
) -> None:
    padding = font.size * 0.3
    texts = [
        f"{face.number}  {face.verdict} {how_sure(face.confidence)}",
        f"{face.number}  {face.verdict}",
    ]
    limit = min(box[2] * _LABEL_OVERHANG, picture[0] - 2 * padding)
    # In a crowd only the number is left; cards and tables tell the rest.
    text = next((text for text in texts if font.getlength(text) <= limit), str(face.number))
    ascent, descent = font.getmetrics()
    size = (font.getlength(text) + 2 * padding, ascent + descent + padding * 0.6)
    left, top = place_label(box, size, picture)
    color = color_rgb(face.verdict)
    draw.rounded_rectangle([left, top, left + size[0], top + size[1]], padding * 0.6, fill=color)
    draw.text((left + padding, top + padding * 0.3), text, fill=text_color(color), font=font)
