"""Measure which faces are found, how upright they are seen, what passes for a face, and the time it takes.

    python benchmarks/recall.py SOURCE [--sample 100] [--json]

SOURCE is FER-2013 as a folder, a zip or the challenge's CSV. Its faces are shown bare, set into grey pictures
at several sizes, tilted, on their side and upside down, and by the hundred; pictures of nobody are
scikit-image's. Run it before and after a change of `emotion.faces`: faces must not be lost.

Found: a face of about the right place and size. Upright: found, with a tilt less than 45 degrees from the
true one. Off: the median error of the tilt in degrees (the faces have a tilt of their own, which is part of
it). False: what is found and is no face. Time: milliseconds of the processor a picture.
"""

import json
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from skimage import data

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.crop_relation import CANVAS, read_command_line, set_into_picture
from emotion.faces import FACE_SIZE
from emotion.faces.detector import DetectedFace, YuNetDetector
from emotion.faces.geometry import turn_between

HEIGHT, WIDTH = CANVAS
NOBODY = ("coffee", "rocket", "retina", "hubble_deep_field", "cat", "coins", "page", "text", "moon", "brick",
          "grass", "gravel", "clock", "immunohistochemistry", "horse", "colorwheel")  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A picture, RGB uint8 (height, width, 3), and its faces: middle x, y and side; all of one tilt."""

    picture: np.ndarray
    faces: list[tuple[float, float, float]]
    tilt: float = 0


def cases(images: np.ndarray) -> Iterator[tuple[str, list[Case]]]:
    """Yield names and cases, the same ones every time."""
    chance = np.random.default_rng(5)
    half = images[: max(1, len(images) // 2)]
    yield "bare, 48x48", [Case(rgb(image), [(24, 24, 48)]) for image in images]
    large = (cv2.resize(image, (200, 200), interpolation=cv2.INTER_CUBIC) for image in half)
    yield "bare, 200x200", [Case(rgb(image), [(100, 100, 200)]) for image in large]
    for side in (24, 36, 48, 96, 192, 336):
        yield f"{side} px", [set_in(image, side, 0, chance) for image in (images if side < 192 else half)]
    for low, high in ((10, 25), (25, 45)):
        tilts = chance.uniform(low, high, len(half)) * chance.choice((-1, 1), len(half))
        pairs = zip(half, tilts, strict=True)
        yield f"tilted {low}-{high}", [set_in(*pair_side(pair, chance), chance) for pair in pairs]
    for turns in (1, 2, 3):
        yield f"bare, turned {90 * turns}", [turned(Case(rgb(i), [(24, 24, 48)]), turns) for i in half]
        sides = chance.choice((48, 72, 96, 192), len(half))
        set_ins = (set_in(image, side, 0, chance) for image, side in zip(half, sides, strict=True))
        yield f"48-192 px, turned {90 * turns}", [turned(case, turns) for case in set_ins]
    crowds = (((960, 720), 24), ((960, 720), 32), ((960, 720), 48), ((960, 720), 64), ((1920, 1080), 60))
    yield "crowds", [crowd(images, size, side) for size, side in crowds]
    yield "nobody", list(nobody(chance))


def rgb(image: np.ndarray) -> np.ndarray:
    """Return an RGB uint8 picture of a grey or coloured one."""
    image = image.astype(np.uint8) * 255 if image.dtype == bool else image
    return (
        cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if image.ndim == 2 else np.ascontiguousarray(image[..., :3])
    )


def set_in(image: np.ndarray, side: float, tilt: float, chance: np.random.Generator) -> Case:
    """Return a picture of 640x480 with one face somewhere in it."""
    margin = min(0.6 * side, HEIGHT / 2 - 1)
    middle = (chance.uniform(margin, WIDTH - margin), chance.uniform(margin, HEIGHT - margin))
    picture = set_into_picture(image, side / FACE_SIZE, tilt, middle)
    return Case(rgb(picture), [(*middle, side)], tilt)


def pair_side(pair: tuple[np.ndarray, float], chance: np.random.Generator) -> tuple[np.ndarray, float, float]:
    """Return image, a side by chance, and tilt."""
    return pair[0], chance.uniform(48, 288), pair[1]


def turned(case: Case, turns: int) -> Case:
    """Return the case turned to the left by so many quarters."""
    height, width = case.picture.shape[:2]
    faces = [
        (*((x, y), (y, width - x), (width - x, height - y), (height - y, x))[turns], side)
        for x, y, side in case.faces
    ]
    return Case(np.ascontiguousarray(np.rot90(case.picture, turns)), faces, case.tilt - 90 * turns)


def crowd(images: np.ndarray, size: tuple[int, int], side: int) -> Case:
    """Return a picture (width, height) full of faces."""
    picture = np.full(size[::-1], 128, np.uint8)
    gap, faces = side // 3, []
    for y in range(gap, size[1] - side - gap, side + gap):
        for x in range(gap, size[0] - side - gap, side + gap):
            image = images[len(faces) % len(images)]
            method = cv2.INTER_AREA if side < FACE_SIZE else cv2.INTER_CUBIC
            picture[y : y + side, x : x + side] = cv2.resize(image, (side, side), interpolation=method)
            faces.append((x + side / 2, y + side / 2, side))
    return Case(rgb(picture), faces)


def nobody(chance: np.random.Generator) -> Iterator[Case]:
    """Yield pictures without a face, in three turns."""
    pictures = [rgb(getattr(data, name)()) for name in NOBODY]
    pictures += [cv2.resize(each, (1600, 1200), interpolation=cv2.INTER_CUBIC) for each in pictures[:8]]
    noise = [chance.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8) for _ in range(4)]
    pictures += [cv2.GaussianBlur(each, (0, 0), 2.0 ** (n + 1)) for n, each in enumerate(noise)]
    for picture in pictures:
        for turns in range(3):
            yield turned(Case(picture, []), turns)


def is_at(found: DetectedFace, face: tuple[float, float, float]) -> bool:
    """Return whether a found face is about where a face is, and as large."""
    (x, y, width, height), (middle_x, middle_y, side) = found.box, face
    off = max(abs(x + width / 2 - middle_x), abs(y + height / 2 - middle_y))
    return off < 0.3 * side and 0.4 * side < max(width, height) < 1.7 * side


def measure(detector: YuNetDetector, several: list[Case]) -> dict:
    """Return the figures of one kind of picture."""
    faces = found = upright = false = 0
    errors, spent = [], []
    for case in several:
        started = time.process_time()
        left = detector.detect(case.picture)
        spent.append(1000 * (time.process_time() - started))
        for face in case.faces:
            faces += 1
            best = max((one for one in left if is_at(one, face)), key=lambda one: one.score, default=None)
            if best is None:
                continue
            left.remove(best)
            errors.append(turn_between(best.roll, case.tilt))
            found, upright = found + 1, upright + (errors[-1] < 45)
        false += len(left)
    return {
        "pictures": len(several),
        "faces": faces,
        "found": found / faces if faces else None,
        "upright": upright / faces if faces else None,
        "off": statistics.median(errors) if errors else None,
        "false": false,
        "ms": statistics.mean(spent),
    }


def main() -> None:
    """Measure and print."""
    images, as_json = read_command_line(__doc__.splitlines()[0], sample=100)
    detector = YuNetDetector()
    result = {}
    if not as_json:
        print(f"{'':26}pictures   faces   found  upright   off  false      ms")
    for name, several in cases(images):
        row = result[name] = measure(detector, several)
        if as_json:
            continue
        shares = "".join(
            f"{'-' if row[k] is None else format(row[k], '.1%'):>9}" for k in ("found", "upright")
        )
        off = "-" if row["off"] is None else format(row["off"], ".1f")
        print(
            f"{name:26}{row['pictures']:8}{row['faces']:8}{shares}{off:>6}{row['false']:7}{row['ms']:8.1f}",
            flush=True,
        )
    if as_json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
