"""Drawn faces with the seven expressions: the built-in dataset, and example pictures.

Every face is painted from numbers that a seeded generator draws, so nobody's picture is in it and
any amount can be had. Which muscles an expression moves follows P. Ekman and W. V. Friesen, "Facial
Action Coding System" (Consulting Psychologists Press, 1978); how strongly varies from face to face.
"""

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TypeVar

import cv2
import numpy as np

from emotion.faces import FACE_SIZE
from emotion.labels import EMOTIONS
from emotion.synthetic.canvas import Canvas, mix
from emotion.synthetic.look import BEARDS, HAIR_STYLES, Actions, Color, Look, Pose
from emotion.synthetic.painter import paint_person

_T = TypeVar("_T")

MIN_SIZE = 16

# The full expression of each emotion: its action units at their strongest.
EXPRESSIONS: dict[str, Actions] = {
    "angry": Actions(brow_lowerer=1.0, upper_lid_raiser=0.5, lid_tightener=0.8, lip_tightener=1.0),
    "disgust": Actions(
        nose_wrinkler=1.0, brow_lowerer=0.4, lip_corner_depressor=0.6, lower_lip_depressor=0.7, lips_part=0.3
    ),
    "fear": Actions(
        inner_brow_raiser=1.0,
        outer_brow_raiser=0.5,
        brow_lowerer=0.6,
        upper_lid_raiser=0.9,
        lip_stretcher=1.0,
        lips_part=0.4,
        jaw_drop=0.4,
    ),
    "happy": Actions(cheek_raiser=0.9, lip_corner_puller=1.0, lips_part=1.0),
    "sad": Actions(inner_brow_raiser=1.0, brow_lowerer=0.6, lip_corner_depressor=1.0),
    "surprise": Actions(
        inner_brow_raiser=1.0, outer_brow_raiser=1.0, upper_lid_raiser=0.9, lips_part=0.2, jaw_drop=1.0
    ),
    "neutral": Actions(),
}


def _palette(codes: str) -> tuple[Color, ...]:
    """Return the colours of hexadecimal codes, as on web pages."""
    return tuple((red, green, blue) for red, green, blue in map(bytes.fromhex, codes.split()))


_SKINS = _palette("fadac4 f4ccae eaba96 dca880 ca926a b07854 926042 704834")
_DARK_HAIR = _palette("221c1e 302422 422e26")
_HAIR = (*_DARK_HAIR, *_palette("62422c 8c5834 a85430 cca062 969496"))
_IRISES = _palette("543826 6e4c2c 4a684c 4c7498 68747c")
_SHIRTS = _palette("3e687a 324268 ce9e42 cc6858 5c626e 548062 7c4e70 ece8e0")
_BACKGROUNDS = _palette("e2ecf4 f4e9dc e0eee4 f0e2ea dee2f4 eeeeea")
_BEARDED_STYLES = ("bald", "cropped", "parted", "afro")


def _check(emotion: str, size: int) -> None:
    if emotion not in EMOTIONS:
        raise ValueError(f"unknown emotion {emotion!r}; known are {', '.join(EMOTIONS)}")
    if size < MIN_SIZE:
        raise ValueError(f"a face needs at least {MIN_SIZE} pixels a side, not {size}")


def _pick(rng: np.random.Generator, choices: Sequence[_T]) -> _T:
    return choices[int(rng.integers(len(choices)))]


def _draw_look(rng: np.random.Generator) -> Look:
    """Draw a person: colours and styles, then the lengths of the face."""
    tone = int(rng.integers(len(_SKINS)))
    dark = tone >= 5  # fair hair and light eyes go with light skin only
    hair, iris = _pick(rng, _DARK_HAIR if dark else _HAIR), _pick(rng, _IRISES[:2] if dark else _IRISES)
    style = _pick(rng, HAIR_STYLES)
    bearded = style in _BEARDED_STYLES and rng.random() < 0.4
    lengths = {
        field.name: rng.uniform(*field.metadata["between"]) for field in fields(Look) if field.metadata
    }
    return Look(
        skin=_SKINS[tone],
        hair=mix(_pick(rng, _SHIRTS), (40, 40, 60), 0.25) if style == "scarf" else hair,
        iris=iris,
        shirt=_pick(rng, _SHIRTS),
        background=_pick(rng, _BACKGROUNDS),
        hair_style=style,
        beard=_pick(rng, BEARDS) if bearded else "none",
        glasses=bool(rng.random() < 0.12),
        gaze=(rng.random() - 0.5, rng.random() - 0.5),
        **lengths,
    )


def _draw_actions(emotion: str, rng: np.random.Generator, weakest: float) -> Actions:
    """Draw how strongly a face shows the emotion, how evenly, and what else its muscles do."""
    intensity = weakest + (1.08 - weakest) * rng.random()
    full = EXPRESSIONS[emotion]
    strengths = {
        field.name: intensity * (0.7 + 0.5 * rng.random()) * getattr(full, field.name)
        + 0.14 * rng.random() ** 2
        for field in fields(Actions)
    }
    if emotion == "happy" and rng.random() < 0.2:
        strengths["lips_part"] = 0.0  # a smile may keep its lips together
    return Actions(**strengths)


def _cast(emotion: str, seed: int, weakest: float) -> tuple[Look, Actions, np.random.Generator]:
    """Return the seed's person (one for all emotions), the expression, and a generator for the rest."""
    rng = np.random.default_rng([seed, 1 + EMOTIONS.index(emotion)])
    return _draw_look(np.random.default_rng([seed, 0])), _draw_actions(emotion, rng, weakest), rng


def draw_face(emotion: str, seed: int, size: int = FACE_SIZE) -> np.ndarray:
    """Return a drawn face, cut as tightly as those of FER-2013: grey, uint8, shape (size, size).

    `seed` (0 or more) stands for a person and a moment: equal arguments give equal pixels, and one
    seed gives the same person whatever the emotion. Expressions are of any strength from faint to
    full, and now and then hard to tell, as in life.

    Raises ValueError for an emotion that is not in EMOTIONS, and for a size below MIN_SIZE.
    """
    _check(emotion, size)
    look, actions, rng = _cast(emotion, seed, weakest=0.45)
    span = rng.random(12) * 2 - 1
    pose = Pose(
        unit=0.47 * (1 + 0.07 * span[0]),
        center=(0.5 + 0.035 * span[1], 0.42 + 0.03 * span[2]),
        roll=0.12 * span[3],
        yaw=0.13 * span[4],
        pitch=0.05 * span[5],
        light=float(span[6]),
    )
    grey = round(128 + 110 * span[7])
    canvas = Canvas(2 * size, pose, grey=True)
    paint_person(canvas, replace(look, background=(grey, grey, grey)), actions)
    face = cv2.resize(canvas.pixels[..., 0], (size, size), interpolation=cv2.INTER_AREA)
    return _photograph(face, rng, span[8:])


def _photograph(image: np.ndarray, rng: np.random.Generator, span: np.ndarray) -> np.ndarray:
    """Do to a drawing what a camera does: light from one side, exposure, a little blur, noise.

    In whole numbers as far as it goes, for the same result everywhere.
    """
    size = len(image)
    ramp = np.arange(size) * 2 - (size - 1)
    across, down = round(72 * span[0]), round(38 * span[1])
    light = 256 + (across * ramp[None, :] + down * ramp[:, None]) // size
    # A camera exposes for the face: a dark one comes out brighter, a bright one darker.
    middle = image[size // 4 : size - size // 4, size // 4 : size - size // 4]
    mean = int(middle.sum()) // middle.size
    contrast = round(256 * (1.15 + 0.30 * span[2]))
    brightness = (mean + 126) // 2 + round(26 * span[3])
    levels = ((image.astype(np.int64) - mean) * contrast * light >> 16) + brightness
    image = np.clip(levels, 0, 255).astype(np.uint8)
    sigma = rng.random() * size / 70
    if sigma > 0.3:
        image = cv2.GaussianBlur(image, (0, 0), sigma)
    reach = int(rng.integers(1, 6))
    noise = rng.integers(-reach, reach + 1, image.shape) + rng.integers(-reach, reach + 1, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def draw_portrait(emotion: str, seed: int, size: int = 480) -> np.ndarray:
    """Return head and shoulders of the seed's person before a plain wall: RGB, uint8, (size, size, 3).

    It is the person of `draw_face` with a clear expression; face detectors find the face from a
    size of about 160 on. Equal arguments give equal pixels.

    Raises ValueError for an emotion that is not in EMOTIONS, and for a size below MIN_SIZE.
    """
    _check(emotion, size)
    look, actions, rng = _cast(emotion, seed, weakest=0.85)
    span = rng.random(6) * 2 - 1
    pose = Pose(
        unit=0.262 * (1 + 0.03 * span[0]),
        center=(0.5 + 0.01 * span[1], 0.45 + 0.01 * span[2]),
        roll=0.06 * span[3],
        yaw=0.06 * span[4],
        pitch=0.01,
        light=-0.7 if span[5] < 0 else 0.7,
    )
    canvas = Canvas(2 * size, pose)
    paint_person(canvas, look, actions)
    return cv2.resize(canvas.pixels, (size, size), interpolation=cv2.INTER_AREA)


def make_group_picture(
    emotions: Sequence[str], seed: int, columns: int | None = None, face_size: int = 320
) -> np.ndarray:
    """Return portraits of different people, one for each emotion given, row by row in one picture.

    The picture is RGB, uint8, of shape (rows * face_size, columns * face_size, 3). Without `columns`
    it becomes about half again as wide as high; cells left over stay plain.

    Raises ValueError for no emotions, an unknown one, fewer than one column, and a face_size below
    MIN_SIZE.
    """
    if not emotions:
        raise ValueError("a group picture needs at least one emotion")
    if columns is None:
        columns = min(len(emotions), math.ceil(math.sqrt(1.5 * len(emotions))))
    if columns < 1:
        raise ValueError(f"a group picture needs at least one column, not {columns}")
    rows = math.ceil(len(emotions) / columns)
    picture = np.full((rows * face_size, columns * face_size, 3), 240, np.uint8)
    seeds = np.random.default_rng(seed).integers(2**32, size=len(emotions)).tolist()
    for index, (emotion, face_seed) in enumerate(zip(emotions, seeds, strict=True)):
        top, left = index // columns * face_size, index % columns * face_size
        picture[top : top + face_size, left : left + face_size] = draw_portrait(emotion, face_seed, face_size)
    return picture


def generate(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return a dataset of `count` drawn faces: images and labels.

    Images are uint8 of shape (count, 48, 48); labels are int64 of shape (count,), indices into
    EMOTIONS. The classes are as equal in number as `count` allows, in an order that `seed` (0 or
    more) shuffles. Equal arguments give equal arrays; a smaller count does not give the beginning of
    a larger one. Some 400 faces a second on one core.

    Raises ValueError for a negative count or seed.
    """
    if count < 0:
        raise ValueError(f"cannot draw {count} faces")
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count, dtype=np.int64) % len(EMOTIONS))
    seeds = rng.integers(2**32, size=count)
    images = np.empty((count, FACE_SIZE, FACE_SIZE), np.uint8)
    for image, label, face_seed in zip(images, labels.tolist(), seeds.tolist(), strict=True):
        image[:] = draw_face(EMOTIONS[label], face_seed)
    return images, labels
