"""Pictures from untrusted bytes: every form is read rightly, everything else is refused in one sentence."""

import io
import itertools
import os
import re
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from emotion import images, pixels
from emotion.images import ImageError, decode_image, decode_picture, read_image

# pytest resets the filter that the module sets for Pillow's warnings; any other warning is a fault.
pytestmark = [
    pytest.mark.filterwarnings("error"),
    pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin"),
    pytest.mark.filterwarnings("ignore::UserWarning:PIL.JpegImagePlugin"),
    pytest.mark.filterwarnings("ignore::UserWarning:PIL.PngImagePlugin"),
    pytest.mark.filterwarnings("ignore::UserWarning:PIL.Image"),
    pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning"),
]

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF", "HEIF")
LOSSLESS = ("PNG", "BMP", "GIF", "TIFF")
WIDTH, HEIGHT = 64, 48
RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def encode(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def blue_corner() -> Image.Image:
    """Return a red picture whose upper left quarter is blue."""
    image = Image.new("RGB", (WIDTH, HEIGHT), RED)
    image.paste(BLUE, (0, 0, WIDTH // 2, HEIGHT // 2))
    return image


def noise(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def exif_with_orientation(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_claiming(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(bytes(1000)))
        + png_chunk(b"IEND", b"")
    )


def png_with_damaged_pixels() -> bytes:
    data = bytearray(encode(noise(), "PNG"))
    data[len(data) // 2] ^= 0xFF
    return bytes(data)


def bmp_claiming(width: int, height: int) -> bytes:
    return (
        b"BM"
        + struct.pack("<IHHI", 54, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, *[0] * 6)
    )


def tiff_with_tiles(side: int) -> bytes:
    """Return a tiled, deflated grey TIFF of 32 x 32 pixels with (empty) tiles of side x side."""
    pixels = zlib.compress(bytes(32 * 32))
    pixels += bytes(len(pixels) % 2)
    entries = {
        256: 32,
        257: 32,
        258: 8,
        259: 8,
        262: 1,
        277: 1,
        322: side,
        323: side,
        324: 8,
        325: len(pixels),
    }
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries.items())
    return (
        b"II*\0"
        + struct.pack("<I", 8 + len(pixels))
        + pixels
        + struct.pack("<H", len(entries))
        + table
        + bytes(4)
    )


def zip_archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("face.jpg", encode(noise(), "JPEG"))
    return buffer.getvalue()


def without_clutter(error: BaseException) -> str:
    """Return the message after checking that it is one plain sentence."""
    message = str(error)
    assert message.endswith(".")
    assert message[0].isupper()
    assert message.count(". ") == 0
    assert "\n" not in message
    assert "Traceback" not in message
    assert not re.search(r"[A-Za-z]+(Error|Exception|Warning)\b|[/\\<>{}\[\]_]|0x", message)
    return message


def refusal(data: bytes) -> str:
    with pytest.raises(ImageError) as caught:
        decode_image(data)
    return without_clutter(caught.value)


def assert_rgb_array(pixels: np.ndarray) -> None:
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert pixels.flags.writeable


def assert_color(pixel: np.ndarray, expected: tuple[int, int, int], tolerance: int = 0) -> None:
    assert np.abs(pixel.astype(int) - expected).max() <= tolerance, (pixel, expected)


# Forms


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_gives_the_picture(form):
    pixels = decode_image(encode(blue_corner(), form))
    assert_rgb_array(pixels)
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    tolerance = 0 if form in LOSSLESS else 12
    assert_color(pixels[8, 8], BLUE, tolerance)
    assert_color(pixels[8, -8], RED, tolerance)
    assert_color(pixels[-8, 8], RED, tolerance)


def grey_with_alpha() -> Image.Image:
    image = Image.new("LA", (2, 1), (100, 255))
    image.putpixel((1, 0), (100, 0))
    return image


def color_with_alpha() -> Image.Image:
    image = Image.new("RGBA", (3, 1), (*RED, 255))
    image.putpixel((1, 0), (*RED, 0))
    image.putpixel((2, 0), (*RED, 128))
    return image


def palette() -> Image.Image:
    image = Image.new("P", (2, 1), 0)
    image.putpalette([*RED, *BLUE])
    image.putpixel((1, 0), 1)
    return image


def row(values: list[float], dtype: type) -> Image.Image:
    return Image.fromarray(np.array([values], dtype))


def grey(*values: int) -> list[tuple[int, int, int]]:
    return [(value, value, value) for value in values]


def cmyk() -> Image.Image:
    image = Image.new("CMYK", (3, 1), (0, 255, 255, 0))
    image.putpixel((1, 0), (255, 255, 0, 0))
    image.putpixel((2, 0), (0, 0, 0, 0))
    return image


def one_bit() -> Image.Image:
    image = Image.new("1", (2, 1), 0)
    image.putpixel((1, 0), 1)
    return image


MODES = {
    "1-bit": (one_bit(), "PNG", {}, grey(0, 255)),
    "1-bit BMP": (one_bit(), "BMP", {}, grey(0, 255)),
    "1-bit fax TIFF": (one_bit(), "TIFF", {"compression": "group4"}, grey(0, 255)),
    "grey": (row([0, 100, 255], np.uint8), "PNG", {}, grey(0, 100, 255)),
    "grey with one see-through value": (
        row([0, 100, 255], np.uint8),
        "PNG",
        {"transparency": 100},
        grey(0, 255, 255),
    ),
    "grey and alpha": (grey_with_alpha(), "PNG", {}, [(100, 100, 100), WHITE]),
    "colour and alpha": (color_with_alpha(), "PNG", {}, [RED, WHITE, (255, 127, 127)]),
    "colour and alpha, TIFF": (color_with_alpha(), "TIFF", {}, [RED, WHITE, (255, 127, 127)]),
    "colour and alpha, WebP": (
        color_with_alpha(),
        "WEBP",
        {"lossless": True, "exact": True},
        [RED, WHITE, (255, 127, 127)],
    ),
    "colour with one see-through colour": (
        color_with_alpha().convert("RGB"),
        "PNG",
        {"transparency": RED},
        [WHITE, WHITE, WHITE],
    ),
    "palette": (palette(), "PNG", {}, [RED, BLUE]),
    "palette, one see-through colour": (palette(), "PNG", {"transparency": 1}, [RED, WHITE]),
    "palette, graded transparency": (palette(), "PNG", {"transparency": b"\xff\x80"}, [RED, (127, 127, 255)]),
    "palette GIF, see-through": (palette(), "GIF", {"transparency": 1}, [RED, WHITE]),
    "palette TIFF": (palette(), "TIFF", {}, [RED, BLUE]),
    "CMYK TIFF": (cmyk(), "TIFF", {}, [RED, BLUE, WHITE]),
    "16-bit grey PNG": (
        row([0, 256, 257, 32768, 65279, 65535], np.uint16),
        "PNG",
        {},
        grey(0, 1, 1, 128, 254, 255),
    ),
    "16-bit grey TIFF": (
        row([0, 4369, 34952, 65535], np.uint16),
        "TIFF",
        {},
        grey(0, 17, 136, 255),
    ),
    "32-bit grey, 8-bit values": (row([0, 100, 255], np.int32), "TIFF", {}, grey(0, 100, 255)),
    "32-bit grey, 16-bit values": (row([-5, 25700, 65535], np.int32), "TIFF", {}, grey(0, 100, 255)),
    "32-bit grey, large values": (row([0, 2**30, 2**31 - 1], np.int32), "TIFF", {}, grey(0, 128, 255)),
    "float, 0 to 1": (row([-1, 0, 0.5, 1], np.float32), "TIFF", {}, grey(0, 0, 128, 255)),
    "float, 0 to 255": (row([0, 100, 255], np.float32), "TIFF", {}, grey(0, 100, 255)),
    "float, negative only": (row([-3, -2, -1], np.float32), "TIFF", {}, grey(0, 0, 0)),
    "float, not numbers": (row([0, np.nan, 1], np.float32), "TIFF", {}, grey(0, 0, 255)),
    "float, infinite": (row([np.inf, -np.inf, 0.2], np.float32), "TIFF", {}, grey(255, 0, 51)),
    "YCbCr TIFF": (
        Image.new("RGB", (1, 1), RED).convert("YCbCr"),
        "TIFF",
        {},
        [(254, 0, 0)],
    ),
}


@pytest.mark.parametrize("name", MODES)
def test_every_mode_gives_the_right_colors(name):
    image, form, options, expected = MODES[name]
    pixels = decode_image(encode(image, form, **options))
    assert_rgb_array(pixels)
    assert pixels.shape == (1, len(expected), 3)
    for pixel, color in zip(pixels[0], expected, strict=True):
        assert_color(pixel, color, tolerance=1)


def test_16_bit_tiff_of_big_endian_order():
    data = encode(row([0, 0x1234, 0xFFFF], np.dtype(">u2")), "TIFF")
    assert data[:2] == b"MM"
    assert decode_image(data)[0, :, 0].tolist() == [0, 18, 255]


def test_cmyk_jpeg_which_adobe_stores_inverted():
    data = encode(cmyk().resize((48, 16), Image.Resampling.NEAREST), "JPEG", quality=95)
    assert b"Adobe" in data
    pixels = decode_image(data)
    assert_color(pixels[8, 8], RED, 12)
    assert_color(pixels[8, 24], BLUE, 12)
    assert_color(pixels[8, 40], WHITE, 12)


@pytest.mark.parametrize("form", ["AVIF", "HEIF"])
def test_alpha_becomes_white_in_phone_formats(form):
    image = blue_corner().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, WIDTH // 2, HEIGHT))
    pixels = decode_image(encode(image, form))
    assert_color(pixels[24, 8], WHITE, 12)
    assert_color(pixels[24, -8], RED, 12)


def test_phone_avif_and_heic_in_a_general_container_are_told_apart():
    for form in ("AVIF", "HEIF"):
        data = bytearray(encode(blue_corner(), form))
        data[8:12] = b"mif1"
        assert_color(decode_image(bytes(data))[8, 8], BLUE, 12)


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("GIF", {}),
        ("TIFF", {}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {}),
        ("PNG", {}),
        ("MPO", {}),
        ("HEIF", {}),
    ],
)
def test_the_first_frame_counts(form, options):
    first, second = (Image.new("RGB", (WIDTH, HEIGHT), color) for color in (RED, BLUE))
    data = encode(first, form, save_all=True, append_images=[second], **options)
    pixels = decode_image(data)
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert_color(pixels[24, 32], RED, 12)


def test_a_picture_of_several_strips_has_no_seams(monkeypatch):
    monkeypatch.setattr(pixels, "STRIP_PIXELS", 5 * WIDTH)
    image = noise()
    assert np.array_equal(decode_image(encode(image, "PNG")), np.asarray(image))


def test_one_pixel_is_a_picture():
    assert decode_image(encode(Image.new("RGB", (1, 1), RED), "PNG")).tolist() == [[[255, 0, 0]]]


# What is there, and what is said of it


def face_like() -> Image.Image:
    """Return a picture with some contrast in every row."""
    ramp = np.linspace(0, 255, WIDTH).astype(np.uint8)
    return Image.fromarray(np.stack([np.roll(ramp, row) for row in range(HEIGHT)])).convert("RGB")


@pytest.mark.parametrize("form", ["JPEG", "MPO"])
def test_a_jpeg_that_lacks_its_last_two_bytes_is_whole(form):
    data = encode(face_like(), form)
    picture = decode_picture(data[:-2])
    assert (picture.notes, picture.is_whole) == ((), True)
    assert np.array_equal(picture.pixels, decode_image(data))
    assert np.array_equal(decode_image(data[:-2]), picture.pixels)


@pytest.mark.parametrize(
    ("form", "mode", "options"),
    [("JPEG", "RGB", {}), ("JPEG", "L", {}), ("JPEG", "CMYK", {}), ("PNG", "RGB", {}), ("PNG", "L", {}),
     ("PNG", "RGBA", {}), ("PNG", "P", {})],
)  # fmt: skip
@pytest.mark.parametrize("share", [0.6, 0.99])
def test_a_picture_that_is_cut_off_is_shown_as_far_as_it_goes(form, mode, options, share):
    large = noise(64, 256).convert(mode)
    data = encode(large, form, **options)
    picture = decode_picture(data[: int(share * len(data))])
    assert not picture.is_whole
    assert re.fullmatch(r"The file is cut off: only the upper \d+ % of it are there\.", picture.notes[0])
    rows = int(picture.notes[0].split()[8]) * 256 // 100
    assert rows > 100
    assert np.array_equal(picture.pixels[:rows], decode_image(data)[:rows])
    assert (picture.pixels[-2:] == 128).all()
    with pytest.raises(ImageError, match="damaged, incomplete"):  # a dataset or a model wants whole ones
        decode_image(data[: int(share * len(data))])


def test_a_progressive_jpeg_that_is_cut_off_is_shown_coarse():
    data = encode(face_like().resize((256, 256)), "JPEG", progressive=True)
    picture = decode_picture(data[: len(data) * 7 // 10])
    assert "may be coarse" in picture.notes[0]
    assert not picture.is_whole
    assert np.abs(picture.pixels.astype(int) - decode_image(data)).mean() < 40


def test_of_a_picture_of_which_hardly_anything_is_there_nothing_is_shown():
    data = encode(noise(64, 256), "JPEG")
    assert "damaged" in refusal(data[: len(data) // 20])


@pytest.mark.parametrize(("bits", "white"), [(8, 255), (10, 1023), (12, 4095), (14, 16383)])
@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_fewer_bits_in_a_file_of_16_are_stretched_and_told(bits, white, form):
    picture = decode_picture(encode(row([0, white // 2, white], np.uint16), form))
    assert picture.pixels[0, :, 0].tolist() == pytest.approx([0, 127, 255], abs=1)
    assert picture.notes == (f"Its grey values go up to {white:,} at most, which is taken to be white.",)


def png_of_16_bit_colour(values: np.ndarray) -> bytes:
    """Write RGB, (height, width, 3), of 16 bits, which Pillow cannot."""
    height, width = values.shape[:2]
    rows = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, body) for kind, body in parts)


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_colour_of_fewer_bits_in_16_is_no_longer_black(bits):
    values = (np.asarray(face_like(), np.uint16) * 257) >> (16 - bits)
    picture = decode_picture(png_of_16_bit_colour(values))
    coarse = 256 / 2 ** (bits - 8)
    assert np.abs(picture.pixels.astype(int) - np.asarray(face_like())).mean() <= coarse
    assert picture.notes == (
        () if bits == 16 else (f"Its colours use {bits} of 16 bits; they are shown brighter, and coarse.",)
    )


def test_16_bits_that_are_used_are_not_talked_about():
    for values in ([0, 40000], [0, 65535], [0, 0]):
        assert decode_picture(encode(row(values, np.uint16), "PNG")).notes == ()


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "AVIF"])
def test_of_an_animation_that_begins_with_nothing_a_later_frame_is_shown(form):
    black = Image.new("RGB", (WIDTH, HEIGHT))
    faint, full = (Image.blend(black, face_like(), share) for share in (0.05, 1))
    picture = decode_picture(encode(black, form, save_all=True, append_images=[faint, full, full]))
    assert "Its first frame shows nothing; this is its frame 3." in picture.notes
    assert np.abs(picture.pixels.astype(int) - np.asarray(full)).mean() < 30
    picture = decode_picture(encode(full, form, save_all=True, append_images=[black]))
    assert picture.notes == ()


def test_an_animation_of_nothing_shows_its_first_frame():
    frames = [Image.new("RGB", (WIDTH, HEIGHT), (value, 0, 0)) for value in (0, 10, 20)]
    picture = decode_picture(encode(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert picture.notes == ()
    assert_color(picture.pixels[0, 0], (0, 0, 0))


def test_transparency_that_hides_everything_is_left_out_and_told():
    hidden = face_like().convert("RGBA")
    hidden.putalpha(0)
    picture = decode_picture(encode(hidden, "PNG"))
    assert np.array_equal(picture.pixels, np.asarray(face_like()))
    assert picture.notes == ("It is marked as transparent all over, and shown as if it were not.",)


def test_an_empty_line_before_a_picture_does_not_matter():
    data = encode(blue_corner(), "PNG")
    assert np.array_equal(decode_image(b"\r\n" + data), decode_image(data))


# Orientation

# Where the blue upper left quarter of the stored picture ends up (row, column), and whether the
# sides change places, by the EXIF standard's definition of the tag.
ORIENTATIONS = {
    1: ("top", "left", False),
    2: ("top", "right", False),
    3: ("bottom", "right", False),
    4: ("bottom", "left", False),
    5: ("top", "left", True),
    6: ("top", "right", True),
    7: ("bottom", "right", True),
    8: ("bottom", "left", True),
}


def oriented(form: str, orientation: int) -> bytes:
    return encode(blue_corner(), form, exif=exif_with_orientation(orientation))


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_the_picture_is_turned_upright_once(form, orientation):
    vertical, horizontal, swapped = ORIENTATIONS[orientation]
    pixels = decode_image(oriented(form, orientation))
    assert pixels.shape == ((WIDTH, HEIGHT, 3) if swapped else (HEIGHT, WIDTH, 3))
    blue = (8 if vertical == "top" else -8, 8 if horizontal == "left" else -8)
    for place in itertools.product((8, -8), (8, -8)):
        assert_color(pixels[place], BLUE if place == blue else RED, 12)


def test_mirroring_and_transposing_differ():
    """The four corners tell 5 from 1 only by the swapped sides; a square with two marks is stricter."""
    image = Image.new("RGB", (48, 48), RED)
    image.paste(BLUE, (0, 0, 24, 24))
    image.paste((0, 255, 0), (24, 0, 48, 24))
    pixels = decode_image(encode(image, "PNG", exif=exif_with_orientation(5)))
    assert_color(pixels[8, 8], BLUE)
    assert_color(pixels[40, 8], (0, 255, 0))


DAMAGED_EXIF = {
    "no header": b"Exif\0\0" + b"nonsense" * 4,
    "cut off": exif_with_orientation(6)[:-14],
    "offset beyond the end": b"Exif\0\0II*\0\xff\xff\xff\x7f",
    "entries beyond the end": b"Exif\0\0II*\0\x08\0\0\0\xff\xff"
    + b"\x12\x01\x03\0\xff\xff\xff\xff\xff\xff\xff\xff" * 3,
    "orientation 9": exif_with_orientation(9),
    "orientation 0": exif_with_orientation(0),
    "empty": b"Exif\0\0",
}


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (form, name)
        for form in ("JPEG", "PNG", "WEBP", "AVIF", "HEIF")
        for name in DAMAGED_EXIF
        # libavif neither writes nor reads a file with such a block.
        if form != "AVIF" or name not in ("no header", "empty")
    ],
)
def test_damaged_metadata_does_not_lose_the_picture(form, name):
    pixels = decode_image(encode(blue_corner(), form, exif=DAMAGED_EXIF[name]))
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert_color(pixels[8, 8], BLUE, 12)


def test_damaged_metadata_in_a_tiff_does_not_lose_the_picture():
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[0x8769] = 0x7FFFFFF0  # An EXIF block far beyond the end of the file.
    tags.tagtype[0x8769] = 4
    assert_color(decode_image(encode(blue_corner(), "TIFF", tiffinfo=tags))[8, 8], BLUE)


def test_a_damaged_entry_beside_a_good_orientation_still_turns_the_picture():
    entry = struct.pack("<HHI4s", 0x9286, 99, 1, b"junk")
    orientation = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 2) + orientation + entry + bytes(4)
    assert decode_image(encode(blue_corner(), "JPEG", exif=exif)).shape == (WIDTH, HEIGHT, 3)


# Bad input

NOT_PICTURES = {
    "text": b"Dear reader, this is no picture at all.\n" * 20,
    "one byte": b"\xff",
    "zeros": bytes(1000),
    "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    "html": b"<!DOCTYPE html><html><body><img src=face.jpg></body></html>",
    "pdf": b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n",
    "zip": zip_archive(),
    "mp4": b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(100),
    "ppm, which Pillow could read": encode(noise(), "PPM"),
    "ico, which Pillow could read": encode(noise(), "ICO"),
    "eps, which Pillow would hand to Ghostscript": encode(noise(), "EPS"),
    "jpeg 2000, which Pillow could read": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100),
}

DAMAGED_PICTURES = {
    "jpeg start only": b"\xff\xd8\xff\xe0",
    "png signature only": b"\x89PNG\r\n\x1a\n",
    "webp of nothing": b"RIFF\x10\0\0\0WEBPVP8 \x04\0\0\0",
    "heic of nothing": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "avif of nothing": b"\0\0\0\x18ftypavif\0\0\0\0mif1avif",
    "png without width": png_claiming(0, 10),
    "png without height": png_claiming(10, 0),
    "bmp without height": bmp_claiming(10, 0),
    "png with a damaged chunk": png_with_damaged_pixels(),
    "png with too few pixels": png_claiming(500, 500),
    "gif with a damaged body": encode(noise(), "GIF")[:800] + b"\xff" * 400,
    "tiff without tags": b"II*\0\x08\0\0\0\0\0\0\0\0\0",
    **{
        f"{form} cut to {percent} %": data[: len(data) * percent // 100]
        for form in FORMATS
        for data in [encode(noise(), form)]
        for percent in (5, 50, 90)
    },
}


def test_no_bytes_at_all():
    assert "empty" in refusal(b"")


@pytest.mark.parametrize("name", NOT_PICTURES)
def test_other_files_are_refused_with_what_to_choose_instead(name):
    message = refusal(NOT_PICTURES[name])
    assert "not a picture" in message
    assert "JPEG" in message


@pytest.mark.parametrize("name", DAMAGED_PICTURES)
def test_damaged_pictures_are_called_damaged(name):
    assert "damaged" in refusal(DAMAGED_PICTURES[name])


def test_the_cause_is_kept_for_the_log():
    with pytest.raises(ImageError) as caught:
        decode_image(png_with_damaged_pixels())
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    "data",
    [
        png_claiming(30_000, 30_000),
        png_claiming(2**31 - 1, 2**31 - 1),
        png_claiming(10_000, 10_000),
        bmp_claiming(30_000, 30_000),
        tiff_with_tiles(30_000),
    ],
    ids=["png bomb", "largest png", "png below Pillow's own limit", "bmp bomb", "tiff with huge tiles"],
)
def test_bombs_are_refused_without_taking_their_memory(data):
    assert len(data) < 1000
    tracemalloc.start()
    message = refusal(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "million pixels" in message
    assert peak < 5_000_000


def test_tiles_larger_than_the_picture_are_allowed():
    assert decode_image(tiff_with_tiles(32)).shape == (32, 32, 3)


def test_a_48_megapixel_phone_photo_is_not_too_large():
    for size in ((8064, 6048), (6120, 8160), (8192, 6144)):  # iPhone, and the two usual of Android
        images._check_size(Image.new("1", size))


def test_a_very_long_picture_is_refused():
    assert "32000 pixels" in refusal(encode(Image.new("1", (32_001, 1)), "PNG"))


@pytest.mark.parametrize("form", FORMATS)
def test_too_many_pixels_are_refused_from_the_header_alone(form, monkeypatch):
    data = encode(noise(), form)
    really_open = Image.open

    def open_without_load(*args, **kwargs):
        image = really_open(*args, **kwargs)
        image.load = lambda: pytest.fail("decoded before the check")
        return image

    monkeypatch.setattr(Image, "open", open_without_load)
    monkeypatch.setattr(images, "MAX_PIXELS", WIDTH * HEIGHT - 1)
    assert "pixels" in refusal(data)


def test_too_many_bytes_are_refused_before_anything_looks_at_them(monkeypatch):
    data = encode(noise(), "PNG")
    monkeypatch.setattr(images, "MAX_FILE_BYTES", len(data))
    assert decode_image(data).shape == (HEIGHT, WIDTH, 3)
    monkeypatch.setattr(images, "MAX_FILE_BYTES", len(data) - 1)
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("opened before the check"))
    assert "larger than" in refusal(data)


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (MemoryError("malloc"), "memory"),
        (Image.DecompressionBombError("Image size exceeds limit"), "million pixels"),
        (RecursionError("too deep"), "damaged"),
        (SystemError("error return without exception set"), "damaged"),
    ],
)
def test_whatever_pillow_raises_becomes_a_sentence(error, word, monkeypatch):
    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(ImageError) as caught:
        decode_image(encode(noise(), "PNG"))
    assert word in without_clutter(caught.value)
    assert caught.value.__cause__ is error


# Files


def refusal_of_file(path: Path | str) -> str:
    with pytest.raises(ImageError) as caught:
        read_image(path)
    return without_clutter(caught.value)


def test_a_file_is_read_by_its_content_not_its_name(tmp_path):
    path = tmp_path / "Gesicht – 顔.txt"
    path.write_bytes(encode(blue_corner(), "PNG"))
    assert np.array_equal(read_image(path), np.asarray(blue_corner()))
    assert np.array_equal(read_image(str(path)), np.asarray(blue_corner()))


def test_text_renamed_to_jpg(tmp_path):
    path = tmp_path / "face.jpg"
    path.write_text("no face here")
    assert "not a picture" in refusal_of_file(path)


def test_missing_file(tmp_path):
    assert "does not exist" in refusal_of_file(tmp_path / "none.jpg")


def test_directory(tmp_path):
    assert "folder" in refusal_of_file(tmp_path)


def test_name_that_no_system_can_open(tmp_path):
    refusal_of_file("face\0.jpg")
    refusal_of_file(tmp_path / ("x" * 5000))
    file = tmp_path / "file"
    file.write_bytes(b"x")
    refusal_of_file(file / "inside.jpg")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes need a Unix system")
def test_pipe_is_refused_without_waiting_for_a_writer(tmp_path):
    path = tmp_path / "pipe.jpg"
    os.mkfifo(path)
    assert "ordinary" in refusal_of_file(path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a Unix system")
def test_endless_device_is_refused():
    assert "ordinary" in refusal_of_file("/dev/zero")


def test_file_without_permission(tmp_path, monkeypatch):
    path = tmp_path / "secret.png"
    path.write_bytes(encode(noise(), "PNG"))

    def deny(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", deny)  # The tests may run as root, who may read everything.
    assert "permissions" in refusal_of_file(path)


def test_large_file_is_refused_without_reading_it(tmp_path, monkeypatch):
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(images.MAX_FILE_BYTES + 1)
    monkeypatch.setattr(Path, "open", lambda *_, **__: pytest.fail("read before the check"))
    assert "50 MB" in refusal_of_file(path)


# The whole


def test_extensions_are_those_of_the_formats_that_can_be_read():
    known = Image.registered_extensions()
    assert len(set(images.SUPPORTED_EXTENSIONS)) == len(images.SUPPORTED_EXTENSIONS)
    for extension in images.SUPPORTED_EXTENSIONS:
        assert extension == extension.lower()
        assert known[f".{extension}"] in (*FORMATS, "MPO")
    # All that Pillow calls these formats, so that no name is refused whose content is read.
    named = {ending[1:] for ending, form in known.items() if form in (*FORMATS, "MPO")}
    assert named == set(images.SUPPORTED_EXTENSIONS)
    assert {"jfif", "jpe", "hif", "mpo", "apng"} <= named


def test_several_threads_at_once():
    originals = [encode(noise(), form) for form in FORMATS]
    expected = [decode_image(data) for data in originals]
    bad = png_with_damaged_pixels()

    def work(index: int) -> bool:
        if index % 5 == 0:
            refusal(bad)
        return np.array_equal(decode_image(originals[index % 8]), expected[index % 8])

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(200)))


def test_nothing_is_printed_and_no_heavy_library_is_loaded(tmp_path):
    """A fresh process, since pytest captures warnings itself and C libraries write past Python."""
    bad = [*DAMAGED_PICTURES.values(), *NOT_PICTURES.values(), png_claiming(10_000, 10_000)]
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "group4"):
        source = noise().convert("1") if compression == "group4" else noise()
        tiff = bytearray(encode(source, "TIFF", compression=compression))
        tiff[40:200:3] = bytes(len(tiff[40:200:3]))
        bad.append(bytes(tiff))
    odd = [encode(blue_corner(), "JPEG", exif=exif) for exif in DAMAGED_EXIF.values()]
    odd += [encode(image, form, **options) for image, form, options, _ in MODES.values()]
    for number, data in enumerate([*bad, *odd]):
        (tmp_path / str(number)).write_bytes(data)
    code = (
        "import sys; from pathlib import Path; from emotion.images import *\n"
        "for path in Path(sys.argv[1]).iterdir():\n"
        "    try: read_image(path)\n"
        "    except ImageError: pass\n"
        "assert not {'streamlit', 'tensorflow', 'cv2'} & set(sys.modules)"
    )
    command = [sys.executable, "-W", "always", "-c", code, str(tmp_path)]
    root = Path(images.__file__).parents[1]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


SEEDS = [
    *(encode(noise(24, 16), form) for form in FORMATS),
    oriented("JPEG", 6),
    encode(palette(), "PNG", transparency=1),
    encode(noise(24, 16), "TIFF", compression="tiff_lzw"),
    encode(noise(24, 16), "JPEG", progressive=True),
]


@st.composite
def mutated_pictures(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(SEEDS)))
    # Headers and tables stand at the front, where a change is worth more than among the pixels.
    places = st.one_of(st.integers(0, 200), st.integers(0, len(data)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(places)
        match draw(st.sampled_from(["flip", "set", "delete", "insert"])):
            case "flip" if place < len(data):
                data[place] ^= 1 << draw(st.integers(0, 7))
            case "set" if place < len(data):
                data[place] = draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
            case "delete":
                del data[place : place + draw(st.integers(1, 40))]
            case "insert":
                data[place:place] = draw(st.binary(min_size=1, max_size=8))
    return bytes(data)


def decode_or_refuse(data: bytes) -> None:
    try:
        pixels = decode_image(data)
    except ImageError as error:
        without_clutter(error)
    else:
        assert_rgb_array(pixels)
        assert min(pixels.shape) > 0


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300))
def test_random_bytes(data):
    decode_or_refuse(data)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated_pictures())
def test_mutated_pictures(data):
    decode_or_refuse(data)
