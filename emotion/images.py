"""Pictures from strangers: untrusted bytes in, an RGB array or one clear sentence out.

Embedded colour profiles are ignored: a wide-gamut photo comes out slightly paler, which matters
little to a face, and one more parser of untrusted data stays out of reach.
"""

import io
import math
import stat
import warnings
from pathlib import Path

import numpy as np
import pillow_heif

# Imported for registering their formats: were one missing, Pillow would import every plugin it has.
from PIL import (
    AvifImagePlugin,  # noqa: F401
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,  # noqa: F401
    Image,
    JpegImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
)

from emotion.errors import ReadableError

# Phones write 5 to 25 MB per photo, even at 48 megapixels; this leaves room for a large PNG.
MAX_FILE_BYTES = 50_000_000
# The largest photo of the common 50-megapixel phone cameras. Decoding it takes up to 400 MB.
MAX_PIXELS = 8192 * 6144
# OpenCV's warping functions refuse sides of 32767 and more; phone panoramas are half as wide.
MAX_SIDE = 32_000
# Converted at a time, so that only the decoded picture and the result are ever held in full.
_STRIP_PIXELS = 1_000_000

# All names under which the formats below are kept, and with them what is looked for in folders and archives.
SUPPORTED_EXTENSIONS: tuple[str, ...] = (
    "jpg",
    "jpeg",
    "jpe",
    "jfif",
    "mpo",
    "png",
    "apng",
    "webp",
    "bmp",
    "gif",
    "tif",
    "tiff",
    "heic",
    "heics",
    "heif",
    "heifs",
    "hif",
    "avif",
    "avifs",
)

# AVIF before HEIF: both claim the general "mif1" container, but only AVIF looks inside before it
# accepts, so that the other one still gets its turn.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF", "HEIF")

_TRANSPOSE_BY_ORIENTATION = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION_TAG = 0x0112
_TILE_WIDTH_TAG = 0x0142
_TILE_LENGTH_TAG = 0x0143

_EMPTY = "This file is empty; please choose another one."
_NOT_A_PICTURE = (
    "This file is not a picture that can be read here; "
    "please choose a JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC or AVIF file."
)
_DAMAGED = (
    "This picture is damaged, incomplete or of a rare kind and cannot be read; "
    "please save it again as JPEG or PNG."
)
_NO_MEMORY = "There is not enough memory to open this picture; please make it smaller and try again."

pillow_heif.register_heif_opener()

# Pillow warns about odd metadata and large pictures. This module's answer is a picture or an
# ImageError, so the warnings would only be noise in the log. Set once, for Pillow's own modules
# only, because `warnings.catch_warnings` is not safe while several threads decode. (The C library
# for compressed TIFF still writes a line about damaged ones, which nothing in Pillow can silence.)
warnings.filterwarnings("ignore", module=r"PIL\.")


class ImageError(ReadableError):
    """A picture cannot be used; the message is one plain sentence that can be shown to anyone."""


def decode_image(data: bytes) -> np.ndarray:
    """Return the picture in `data` as an array of shape (height, width, 3), uint8, RGB, 0 to 255.

    `data` is the content of a JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC or AVIF file; of several
    frames the first one counts. The picture is turned upright as its metadata asks, transparent
    parts become white, and 16-bit grey is scaled to 8 bit. The array is contiguous and writable.

    Raises ImageError, and nothing else, when the bytes are empty, no supported picture, damaged,
    more than `MAX_FILE_BYTES` long, of more than `MAX_PIXELS` pixels, or with a side longer than
    `MAX_SIDE`. Sizes are checked before any pixel is decoded.
    """
    if not data:
        raise ImageError(_EMPTY)
    _check_file_bytes(len(data))
    try:
        return _decode(data)
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError(_NO_MEMORY) from error
    except Image.DecompressionBombError as error:
        raise ImageError(_too_many_pixels()) from error
    except Exception as error:
        # Broad on purpose: on damaged data Pillow's decoders raise OSError, SyntaxError, ValueError,
        # struct.error, KeyError, OverflowError and more, and no list of them is ever complete.
        raise ImageError(_DAMAGED if _has_known_signature(data) else _NOT_A_PICTURE) from error


def read_image(path: Path | str) -> np.ndarray:
    """Return the picture in the file at `path`, as `decode_image` does.

    Raises ImageError, and nothing else, for what `decode_image` refuses, and when the file is
    missing, may not be read, or is no ordinary file (a folder, a pipe, a device).
    """
    path = Path(path)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ImageError("This is a folder; please choose a picture file.")
        if not stat.S_ISREG(status.st_mode):  # Opening a pipe or a device could wait for ever.
            raise ImageError("This is not an ordinary file; please choose a picture file.")
        _check_file_bytes(status.st_size)
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)  # Bounded, should the file have grown meanwhile.
    except FileNotFoundError as error:
        raise ImageError("This file does not exist; please check its name.") from error
    except PermissionError as error:
        raise ImageError("This file may not be read; please check its permissions.") from error
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL character.
        raise ImageError("This file cannot be opened; please choose another one.") from error
    return decode_image(data)


def _decode(data: bytes) -> np.ndarray:
    image: Image.Image = Image.open(io.BytesIO(data), formats=_FORMATS)
    _check_size(image)
    image.load()
    _check_size(image)  # Again: pillow-heif provides for a size that changes while decoding.
    method = _upright_method(image)
    if method is not None:
        image = image.transpose(method)
    return _to_rgb_array(image)


def _check_file_bytes(count: int) -> None:
    if count > MAX_FILE_BYTES:
        megabytes = MAX_FILE_BYTES // 1_000_000
        raise ImageError(f"This file is larger than {megabytes} MB; please choose a smaller picture.")


def _check_size(image: Image.Image) -> None:
    # A TIFF states the size of its tiles on its own, and each is decoded whole, even the part that
    # lies outside the picture: a tiny file could ask for gigabytes that way.
    tags = getattr(image, "tag_v2", {})
    tile_pixels = tags.get(_TILE_WIDTH_TAG, 0) * tags.get(_TILE_LENGTH_TAG, 0)
    if max(image.width * image.height, tile_pixels) > MAX_PIXELS:
        raise ImageError(_too_many_pixels())
    if max(image.size) > MAX_SIDE:
        raise ImageError(f"This picture is longer than {MAX_SIDE} pixels; please cut it to a smaller part.")


def _too_many_pixels() -> str:
    return f"This picture has more than {MAX_PIXELS // 1_000_000} million pixels; please make it smaller."


def _has_known_signature(data: bytes) -> bool:
    accepts = (Image.OPEN[name][1] for name in _FORMATS)
    return any(accept(data[:16]) for accept in accepts if accept)


def _upright_method(image: Image.Image) -> Image.Transpose | None:
    # HEIC keeps its rotation outside EXIF, and the decoder has already applied it.
    if image.format == "HEIF":
        return None
    try:
        # ImageOps.exif_transpose would also write the EXIF block anew, which fails on damaged ones.
        return _TRANSPOSE_BY_ORIENTATION.get(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # noqa: BLE001 - as in decode_image; damaged metadata must not lose the picture.
        return None


def _to_rgb_array(image: Image.Image) -> np.ndarray:
    width, height = image.size
    full_scale = _full_scale(image)
    pixels = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        strip = image.crop((0, top, width, bottom))
        if full_scale is None:
            pixels[top:bottom] = np.asarray(_to_rgb(strip))
        else:
            grey = np.nan_to_num(np.asarray(strip, np.float32)).clip(0, full_scale)
            pixels[top:bottom] = np.rint(grey * (255 / full_scale))[..., None]
    return pixels


def _full_scale(image: Image.Image) -> float | None:
    """Return the value that stands for white in a grey picture of more than 8 bit, else None."""
    if image.mode.startswith("I;16"):
        return 65535
    if image.mode not in ("I", "F"):
        return None
    # These modes have no fixed range: take the first usual one that holds every value.
    peak = float(np.asarray(image.getextrema(), np.float64)[1])
    if not math.isfinite(peak):
        return 1
    return next((scale for scale in (1, 255, 65535) if peak <= scale), peak)


def _to_rgb(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    on_white = Image.new("RGB", image.size, "white")
    on_white.paste(rgba, mask=rgba)
    return on_white
