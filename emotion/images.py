"""Pictures from strangers: untrusted bytes in, an RGB array or one clear sentence out.

Embedded colour profiles are ignored: a wide-gamut photo comes out slightly paler, which matters
little to a face, and one more parser of untrusted data stays out of reach.
"""

import io
import stat
import warnings
from dataclasses import dataclass
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
    MpoImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
)

from emotion.errors import ReadableError
from emotion.pixels import (
    find_full_scale,
    has_16_bit_colour,
    load_cut_jpeg,
    load_png,
    shown_frame,
    silence_libtiff,
    stretch_colour,
    to_rgb_array,
    without_empty_alpha,
)

# Phones write 5 to 25 MB per photo, even at 48 megapixels; this leaves room for a large PNG.
MAX_FILE_BYTES = 50_000_000
# The largest photo of the common 50-megapixel phone cameras. Decoding it takes up to 400 MB.
MAX_PIXELS = 8192 * 6144
# OpenCV's warping functions refuse sides of 32767 and more; phone panoramas are half as wide.
MAX_SIDE = 32_000

# AVIF before HEIF: both claim the general "mif1" container, but only AVIF looks inside before it
# accepts, so that the other one still gets its turn.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF", "HEIF")

pillow_heif.register_heif_opener()

# What files with such pictures are called: as Pillow itself says, so that no name is refused whose content
# could be read. MPO is JPEG, of several pictures. The usual ones first.
_USUAL = ("jpg", "jpeg", "png", "webp", "heic", "heif", "avif", "gif", "bmp", "tif", "tiff")
SUPPORTED_EXTENSIONS: tuple[str, ...] = _USUAL + tuple(
    sorted({ending[1:] for ending, form in Image.EXTENSION.items() if form in (*_FORMATS, "MPO")} - {*_USUAL})
)
# In words, for a person.
FORMAT_NAMES = "JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC and AVIF"

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
    f"please choose a {FORMAT_NAMES.replace(' and ', ' or ')} file."
)
_DAMAGED = (
    "This picture is damaged, incomplete or of a rare kind and cannot be read; "
    "please save it again as JPEG or PNG."
)
_NO_MEMORY = "There is not enough memory to open this picture; please make it smaller and try again."

# Pillow warns about odd metadata and large pictures. This module's answer is a picture or an
# ImageError, so the warnings would only be noise in the log. Set once, for Pillow's own modules
# only, because `warnings.catch_warnings` is not safe while several threads decode.
warnings.filterwarnings("ignore", module=r"PIL\.")
silence_libtiff()


class ImageError(ReadableError):
    """A picture cannot be used; the message is one plain sentence that can be shown to anyone."""


@dataclass(frozen=True)
class Picture:
    """A picture that was read.

    Attributes:
        pixels: RGB, uint8 (height, width, 3), 0 to 255, upright; contiguous and writable.
        notes: what a person should know of how it was read, a sentence each; usually none.
        is_whole: whether all of it is there.
    """

    pixels: np.ndarray
    notes: tuple[str, ...] = ()
    is_whole: bool = True


def decode_image(data: bytes) -> np.ndarray:
    """Return the whole picture in `data` as an array of shape (height, width, 3), uint8, RGB, 0 to 255.

    As `decode_picture`, but a picture that is cut off is refused as damaged.
    """
    picture = decode_picture(data)
    if not picture.is_whole:
        raise ImageError(_DAMAGED)
    return picture.pixels


def decode_picture(data: bytes) -> Picture:
    """Return the picture in `data`, as far as it goes, and what is to be said of it.

    `data` is the content of a JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC or AVIF file; of several frames the
    first one that shows something counts. The picture is turned upright as its metadata asks, transparent
    parts become white, and grey of more than 8 bits is scaled to 8. A JPEG or PNG file that lacks its end
    gives what is there, grey below.

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
    """Return the whole picture in the file at `path`, as `decode_image` does.

    Raises ImageError, and nothing else, for what `decode_image` refuses, and when the file is
    missing, may not be read, or is no ordinary file (a folder, a pipe, a device).
    """
    return decode_image(read_bytes(path))


def read_bytes(path: Path | str) -> bytes:
    """Return the content of a file that is to be a picture.

    Raises ImageError, and nothing else, when the file is missing, may not be read, is too large, or is no
    ordinary file.
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
            return file.read(MAX_FILE_BYTES + 1)  # Bounded, should the file have grown meanwhile.
    except FileNotFoundError as error:
        raise ImageError("This file does not exist; please check its name.") from error
    except PermissionError as error:
        raise ImageError("This file may not be read; please check its permissions.") from error
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL character.
        raise ImageError("This file cannot be opened; please choose another one.") from error


def _decode(data: bytes) -> Picture:
    if not _has_known_signature(data) and _has_known_signature(data.lstrip()):
        data = data.lstrip()  # an empty line before the picture, as some servers' scripts print
    opened: Image.Image = Image.open(io.BytesIO(data), formats=_FORMATS)
    _check_size(opened)
    is_deep = has_16_bit_colour(opened)
    image, share, notes = _load(opened, data)
    if is_deep:
        image, bits = stretch_colour(image)
        if bits < 16:
            notes.append(f"Its colours use {bits} of 16 bits; they are shown brighter, and coarse.")
    # Not before: asking some files for their metadata would already decode them, and TIFF turns itself.
    method = _upright_method(opened)
    _check_size(image)  # Again: pillow-heif provides for a size that changes while decoding.
    image, number = shown_frame(image, MAX_PIXELS)
    if number:
        notes.append(f"Its first frame shows nothing; this is its frame {number + 1}.")
    bare = without_empty_alpha(image)
    if bare is not None:
        image = bare
        notes.append("It is marked as transparent all over, and shown as if it were not.")
    if method is not None:
        image = image.transpose(method)
    full_scale, is_guess = find_full_scale(image)
    if is_guess:
        notes.append(f"Its grey values go up to {full_scale:,.0f} at most, which is taken to be white.")
    return Picture(to_rgb_array(image, full_scale), tuple(notes), share == 1)


def _load(image: Image.Image, data: bytes) -> tuple[Image.Image, float, list[str]]:
    """Return the decoded picture, the share of it that is there, and what is to be said of that."""
    rows, is_coarse = image.height, False
    if image.format == "PNG":
        image, rows = load_png(image)
    else:
        try:
            image.load()
        except OSError as error:
            if image.format not in ("JPEG", "MPO") or "truncated" not in str(error):
                raise
            image, rows = load_cut_jpeg(
                data, lambda content: Image.open(io.BytesIO(content), formats=_FORMATS)
            )
            is_coarse = bool(image.info.get("progressive"))
    share = rows / image.height
    if share == 1:
        return image, share, []
    if is_coarse:
        return image, share, ["The file is cut off: parts of the picture may be coarse, or missing."]
    return (
        image,
        share,
        [f"The file is cut off: only the upper {max(1, int(100 * share))} % of it are there."],
    )


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
