"""Draw on live frames. OpenCV, which lets other threads run meanwhile; Pillow only for letters, kept."""

import math
from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from emotion.labels import EMOTIONS, color_rgb, how_sure
from emotion.live.frames import HeatMap, LiveFace
from emotion.photos.drawing import place_label, text_color

Color = tuple[int, int, int]

# P. Tol, "Colour Schemes" (2021), scheme "bright": tells faces apart, beside their numbers. Emotions have
# colours of their own, which label and bars are drawn in.
FACE_COLORS: tuple[Color, ...] = (
    (68, 119, 170),
    (238, 102, 119),
    (34, 136, 51),
    (204, 187, 68),
    (102, 204, 238),
    (170, 51, 119),
)
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)

# Shares of the picture's longer side.
_FONT_SHARE = 1 / 36
_BAR_FONT_SHARE = 1 / 49
_MIN_FONT_PIXELS = 10
# A label may be this much wider than its face, or so many letter heights wide, before it is shortened.
_LABEL_OVERHANG = 1.6
_LABEL_HEIGHTS = 7.5
# How much of the picture is left behind the bars.
_BEHIND_BARS = 0.35
# How much colour is laid over what speaks loudest.
_HEAT_OPACITY = 0.6


def face_color(number: int) -> Color:
    """Return the colour that stays with a face, as red, green, blue."""
    return FACE_COLORS[(number - 1) % len(FACE_COLORS)]


def draw_faces(image: np.ndarray, faces: Sequence[LiveFace], show_bars: bool = False) -> np.ndarray:
    """Return a copy of the frame with every face framed, numbered and named; with its heat, if it has one.

    Args:
        image: RGB uint8 (height, width, 3).
        faces: with boxes in pixels of that frame.
        show_bars: the seven probabilities beside each face.
    """
    canvas = image.copy()
    for face in faces:
        if face.heat is not None:
            _draw_heat(canvas, face.heat)
    for face in faces:
        _draw_frame(canvas, face)
    for face in faces if show_bars else ():
        _draw_bars(canvas, face)
    for face in faces:
        _draw_label(canvas, face)
    return canvas


def draw_notice(image: np.ndarray, text: str) -> np.ndarray:
    """Return a copy of the frame with a short text in its upper left corner."""
    canvas = image.copy()
    patch = _text_patch(f" {text} ", _font_pixels(image), _WHITE, _BLACK)
    _paste(canvas, patch, 0, 0)
    return canvas


def _font_pixels(image: np.ndarray, share: float = _FONT_SHARE) -> int:
    return max(_MIN_FONT_PIXELS, round(max(image.shape[:2]) * share))


def _draw_frame(canvas: np.ndarray, face: LiveFace) -> None:
    x, y, width, height = face.box
    corners = ((round(x), round(y)), (round(x + width), round(y + height)))
    thick = max(2, round(max(canvas.shape[:2]) / 320))
    # A dark rim sets the coloured line off from a background of the same colour.
    cv2.rectangle(canvas, *corners, _BLACK, thick + 2, cv2.LINE_AA)
    cv2.rectangle(canvas, *corners, face_color(face.number), thick, cv2.LINE_AA)


def _draw_label(canvas: np.ndarray, face: LiveFace) -> None:
    pixels = _font_pixels(canvas)
    badge = _text_patch(
        f" {face.number} ", pixels, text_color(face_color(face.number)), face_color(face.number)
    )
    color = color_rgb(face.verdict)
    texts = (f" {face.verdict} {how_sure(face.confidence)} ", f" {face.verdict} ")
    patches = (_text_patch(text, pixels, text_color(color), color) for text in texts)
    limit = min(max(face.box[2] * _LABEL_OVERHANG, _LABEL_HEIGHTS * pixels), canvas.shape[1])
    # In a crowd only the number is left; the panel beside the picture tells the rest.
    wide = (np.hstack([badge, patch]) for patch in patches)
    label = next((patch for patch in wide if patch.shape[1] <= limit), badge)
    left, top = place_label(face.box, label.shape[1::-1], canvas.shape[1::-1])
    _paste(canvas, label, round(left), round(top))


def _draw_bars(canvas: np.ndarray, face: LiveFace) -> None:
    """Draw the probabilities on a darkened panel right of the face, else left of it, else over it."""
    pixels = _font_pixels(canvas, _BAR_FONT_SHARE)
    names = [_text_patch(f" {name} ", pixels, _WHITE, None) for name in EMOTIONS]
    name_width, row = max(patch.shape[1] for patch in names), names[0].shape[0]
    width, height = name_width + 5 * row, row * len(EMOTIONS)
    x, y, box_width, _ = face.box
    picture_height, picture_width = canvas.shape[:2]
    gap = max(4, row // 3)
    left = next(
        (
            round(edge)
            for edge in (x + box_width + gap, x - width - gap)
            if edge >= 0 and edge + width <= picture_width
        ),
        round(min(max(0, x), max(0, picture_width - width))),
    )
    top = round(min(max(0, y), max(0, picture_height - height)))
    panel = canvas[top : top + height, left : left + width]
    if not panel.size:
        return
    cv2.convertScaleAbs(panel, panel, _BEHIND_BARS)
    for index, (name, patch) in enumerate(zip(EMOTIONS, names, strict=True)):
        line = panel[index * row : (index + 1) * row]
        _paste(line, patch, 0, 0, is_light=True)
        length = round(float(face.probabilities[index]) * (width - name_width - 4))
        cv2.rectangle(line, (name_width, 2), (name_width + max(1, length), row - 3), color_rgb(name), -1)


def _draw_heat(canvas: np.ndarray, heat: HeatMap) -> None:
    """Colour the square that the model saw, in the colours that `explanation.overlay` uses."""
    reach = heat.side / math.sqrt(2)  # half the diagonal: however the square is turned
    left, top = (max(0, math.floor(value - reach)) for value in heat.centre)
    right, bottom = (max(0, math.ceil(value + reach)) for value in heat.centre)
    region = canvas[top:bottom, left:right]
    if not region.size:
        return
    count = len(heat.values)
    radians = math.radians(heat.turn)
    cosine, sine = math.cos(radians), math.sin(radians)
    turn = np.array([[cosine, -sine], [sine, cosine]]) * heat.side / count
    # OpenCV counts from the first pixel's centre, not from its corner.
    shift = np.array(heat.centre) - (left, top) - turn @ (count / 2, count / 2) + turn @ (0.5, 0.5) - 0.5
    levels = np.rint(255 * heat.values).astype(np.uint8)
    warped = cv2.warpAffine(levels, np.column_stack([turn, shift]), region.shape[1::-1])
    colors = cv2.cvtColor(cv2.applyColorMap(warped, cv2.COLORMAP_PLASMA), cv2.COLOR_BGR2RGB)
    opacity = _HEAT_OPACITY * np.sqrt(warped[..., None] / np.float32(255))
    region[:] = (region + opacity * (colors - region.astype(np.float32))).astype(np.uint8)


@lru_cache(maxsize=1024)
def _text_patch(text: str, pixels: int, color: Color, background: Color | None) -> np.ndarray:
    """Return a line of text as RGB uint8 (height, width, 3); without a background, on black."""
    font = _font(pixels)
    ascent, descent = font.getmetrics()
    pad = max(1, round(pixels * 0.15))
    size = (max(1, round(font.getlength(text))), ascent + descent + 2 * pad)
    patch = Image.new("RGB", size, background or _BLACK)
    ImageDraw.Draw(patch).text((0, pad), text, fill=color, font=font)
    return np.asarray(patch)


@lru_cache(maxsize=16)
def _font(pixels: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(pixels)
    assert isinstance(font, ImageFont.FreeTypeFont)  # noqa: S101 - for the types: with a size, it is one
    return font


def _paste(canvas: np.ndarray, patch: np.ndarray, left: int, top: int, is_light: bool = False) -> None:
    """Put a patch on the canvas, cut at its edges; light text on black lets the canvas shine through."""
    target = canvas[top : top + patch.shape[0], left : left + patch.shape[1]]
    source = patch[: target.shape[0], : target.shape[1]]
    target[:] = np.maximum(target, source) if is_light else source
