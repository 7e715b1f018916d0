"""From what Pillow has opened to pixels: which frame, how much of a cut one, which grey is white."""

import ctypes
import math
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from PIL import Image, ImageChops

# Converted at a time, so that only the decoded picture and the result are ever held in full.
STRIP_PIXELS = 1_000_000
# Of a picture that is cut off, at least so much has to be there.
LEAST_SHARE = 0.1
_CUT_GREY = 128
_JPEG_END = b"\xff\xd9"
# Any bytes that are no marker.
_JPEG_FILLER = bytes(range(1, 201)) * 100
# No row of a picture is all of this: it marks those that were never decoded.
_MARKS: dict[str, int | tuple[int, ...]] = {
    "L": 1, "P": 253, "RGB": (1, 254, 2), "RGBA": (1, 254, 2, 3),
}  # fmt: skip
# A frame whose grey values deviate by less shows nothing, or is still dark.
_NOTHING = 12.0
_MOST_FRAMES = 30
# Of a scanner, a camera, an X-ray detector: 8, 10, 12, 14 or 16 bits, in files of 16.
_DEPTHS = (255, 1023, 4095, 16383, 65535)


def silence_libtiff() -> None:
    """Keep the C library for compressed TIFF from writing lines about damaged ones to the standard error.

    Pillow's wheels bring it as a file of its own; where it is built in (Windows), it cannot be reached.
    """
    folder = Path(PIL.__file__).parent
    for file in [*folder.parent.glob("pillow.libs/libtiff*"), *folder.glob(".dylibs/libtiff*")]:
        library = ctypes.CDLL(str(file))
        for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
            getattr(library, name)(None)


def load_png(image: Image.Image) -> tuple[Image.Image, int]:
    """Decode an opened PNG, also one whose file lacks its end.

    Returns:
        The picture, grey where nothing is left, and how many of its rows are there.

    Raises:
        OSError: it is damaged in another way, or hardly anything is there.
    """
    mark = _MARKS.get(image.mode)
    if mark is None or image.info.get("interlace"):
        image.load()
        return image, image.height
    canvas = Image.new(image.mode, image.size, mark)
    image.im = canvas.im  # decoded into this, so that what was decoded is kept
    try:
        image.load()
        return image, image.height
    except OSError as error:
        if "truncated" not in str(error).lower():
            raise
        marked = _extremes(mark)

        def is_missing(row: int) -> bool:
            return canvas.crop((0, row, image.width, row + 1)).getextrema() == marked

        rows = bisect_left(range(image.height), True, key=is_missing)
        if rows < LEAST_SHARE * image.height:
            raise
    if canvas.mode == "P" and image.palette is not None:
        canvas.putpalette(image.palette)
    return _grey_below(canvas, rows), rows


def _extremes(mark: int | tuple[int, ...]) -> Any:
    """Return what Pillow says of the extremes of a picture that is all of one value."""
    return tuple((value, value) for value in mark) if isinstance(mark, tuple) else (mark, mark)


def load_cut_jpeg(data: bytes, reopen: Callable[[bytes], Image.Image]) -> tuple[Image.Image, int]:
    """Decode a JPEG whose file lacks its end.

    It is decoded twice, with different ends put to it: what comes out the same is what the file itself tells.

    Args:
        data: of the file.
        reopen: opens a picture.

    Returns:
        The picture, and how many of its rows are there: grey below, unless it is a progressive one, which
        gets finer from one pass to the next, and is coarse then.

    Raises:
        OSError: it is damaged in another way, or hardly anything is there.
    """
    image, other = reopen(data + _JPEG_END), reopen(data + _JPEG_FILLER + _JPEG_END)
    image.load()
    other.load()
    different = ImageChops.difference(image, other).getbbox()
    if different is None:
        return image, image.height
    rows = different[1]
    if image.info.get("progressive"):
        return image, rows
    if rows < LEAST_SHARE * image.height:
        raise OSError("hardly anything is there")
    return _grey_below(image, rows), rows


def _grey_below(image: Image.Image, rows: int) -> Image.Image:
    """Return a picture in RGB whose lower rows are grey; it itself where all of them are there."""
    if rows == image.height:
        return image
    image = image.convert("RGB")
    image.paste((_CUT_GREY,) * 3, (0, rows, image.width, image.height))
    return image


def shown_frame(image: Image.Image, most_pixels: int) -> tuple[Image.Image, int]:
    """Return the frame of a decoded picture that stands for it, and its number from 0.

    It is the first, unless that shows nothing or fades in; then the first that shows about as much as any.

    Args:
        image: its first frame is decoded.
        most_pixels: so many are decoded in search of another frame.
    """
    if image.format not in ("GIF", "WEBP", "PNG", "AVIF") or not getattr(image, "is_animated", False):
        return image, 0
    found = [_contrast(image)]
    if found[0] >= _NOTHING:
        return image, 0
    frames = [image.copy()]
    for number in range(1, min(_MOST_FRAMES, most_pixels // (image.width * image.height))):
        try:
            image.seek(number)
            found.append(_contrast(image))
        except Exception:  # noqa: BLE001 - the end, or damage: the frames before are there
            break
        if found[-1] > max(found[:-1]):
            frames.append(image.copy())
        else:
            frames.append(frames[-1])
    best = next(number for number, contrast in enumerate(found) if contrast >= 0.9 * max(found))
    return (frames[best], best) if found[best] >= _NOTHING else (frames[0], 0)


def _contrast(image: Image.Image) -> float:
    return float(np.asarray(to_rgb(image).convert("L").resize((64, 64), Image.Resampling.BOX)).std())


def without_empty_alpha(image: Image.Image) -> Image.Image | None:
    """Return a picture without its transparency where that hides all of something; else None."""
    if image.mode not in ("RGBA", "LA") or image.getchannel("A").getextrema()[1] != 0:
        return None
    bare = image.convert(image.mode[:-1])
    return bare if _contrast(bare) >= _NOTHING else None


def to_rgb_array(image: Image.Image, full_scale: float | None) -> np.ndarray:
    """Return RGB, uint8 (height, width, 3).

    Args:
        image: decoded.
        full_scale: what stands for white, see `find_full_scale`.
    """
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    rows = max(1, STRIP_PIXELS // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        strip = image.crop((0, top, width, bottom))
        if full_scale is None:
            pixels[top:bottom] = np.asarray(to_rgb(strip))
        else:
            grey = np.nan_to_num(np.asarray(strip, np.float32)).clip(0, full_scale)
            pixels[top:bottom] = np.rint(grey * (255 / full_scale))[..., None]
    return pixels


def find_full_scale(image: Image.Image) -> tuple[float | None, bool]:
    """Return what stands for white in grey of more than 8 bit, else None; and whether that is a guess.

    Nothing in such a file says how many of its bits are used: it is taken to be the least usual number that
    holds every value.
    """
    is_16_bit = image.mode.startswith("I;16")
    if not is_16_bit and image.mode not in ("I", "F"):
        return None, False
    # Pillow itself cannot tell the extremes of 16 bits in big-endian order.
    peak = float(np.asarray(image).max() if is_16_bit else image.getextrema()[1])  # type: ignore[arg-type]
    if not math.isfinite(peak) or (image.mode == "F" and peak <= 1):
        return 1, False
    if is_16_bit:
        scale = next(depth for depth in _DEPTHS if peak <= depth) if peak > 0 else _DEPTHS[-1]
        return scale, scale != _DEPTHS[-1]
    if peak <= 1:
        return 1, False
    scale = next((depth for depth in _DEPTHS if peak <= depth), 0)
    return (scale or peak), scale not in (255, 65535)


def has_16_bit_colour(image: Image.Image) -> bool:
    """Return whether a picture, opened and not yet decoded, is colour of 16 bits; Pillow keeps 8."""
    return image.mode in ("RGB", "RGBA") and any(
        ";16" in str(tile.args) for tile in getattr(image, "tile", ())
    )


def stretch_colour(image: Image.Image) -> tuple[Image.Image, int]:
    """Return colour of 16 bits, of which Pillow kept 8, as bright as it is meant, and how many bits it has.

    Of 12 bits, 4 are left that way: coarse, but no longer black.
    """
    extremes = image.convert("RGB").getextrema()
    peak = max(high for _, high in extremes)  # type: ignore[misc]
    bits = next((bits for bits in (10, 12, 14) if peak < 2 ** (bits - 8)), 16)
    if bits == 16 or peak == 0:
        return image, 16
    white = 2 ** (bits - 8) - 1
    table = [min(255, round(value * 255 / white)) for value in range(256)]
    return image.point(table * 3 + list(range(256)) * (image.mode == "RGBA")), bits


def to_rgb(image: Image.Image) -> Image.Image:
    """Return a picture in RGB, white where it is transparent."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    on_white = Image.new("RGB", image.size, "white")
    on_white.paste(rgba, mask=rgba)
    return on_white
