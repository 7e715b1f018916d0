"""Measure what the constants of `emotion.faces.detector` rest on.

    python benchmarks/detection.py SOURCE [--sample 200] [--json]

SOURCE is FER-2013 as a folder, a zip or the challenge's CSV. Four measurements:

1. Found: of bare crops, each a face that fills its picture, how many one search finds at which size.
2. Turned: of crops on their side or upside down, how many are found as such, and how many upright ones
   are taken for turned.
3. Tilt: how much of a true tilt the landmarks show, by the face's height, at the first look and the second.
4. Time: what turned searches and the second look cost for a video's picture with one face.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.crop_relation import CANVAS, best_face, longer_side, read_command_line, set_into_picture
from emotion.faces import detector as faces
from emotion.faces.detector import YuNetDetector

SEARCH_SIDES = (48, 256, 480, 960)
OPENCV_SCORE = 0.9
FACE_HEIGHTS = (96, 144, 192, 288)
TILT = 20
MIDDLE = (CANVAS[1] / 2, CANVAS[0] / 2)
TIMED_PICTURES = 20
TIMED_ROUNDS = 3
BASELINE = "look_twice=False"


def one_search(side: int, detector: YuNetDetector, picture: np.ndarray) -> faces.DetectedFace | None:
    """Return the surest face when grey `picture` is searched once, scaled to this longest side."""
    with patch.multiple(faces, CLOSE_UP_SIDE=side, ONE_SEARCH_SIDE=side):
        return best_face(detector, picture)


def measure_found(images: np.ndarray) -> dict:
    """Return the share of bare crops found, by the side they are scaled to and by the lowest score."""
    plain = YuNetDetector(try_turned=False, look_twice=False)
    table = {}
    for side in SEARCH_SIDES:
        scores = [face.score if (face := one_search(side, plain, image)) else 0 for image in images]
        table[side] = {
            f"score {lowest}": float(np.mean(np.array(scores) >= lowest))
            for lowest in (faces.SCORE_THRESHOLD, OPENCV_SCORE)
        }
    return table


def measure_turned(images: np.ndarray) -> dict:
    """Return the shares of crops whose quarter turn is found, and of upright crops taken for turned."""
    detector = YuNetDetector()
    seen = {turns: [turns_seen(detector, np.rot90(image, turns)) for image in images] for turns in range(4)}
    shares = {f"turned by {90 * turns}": float(np.mean(np.equal(seen[turns], turns))) for turns in (1, 2, 3)}
    return {**shares, "upright, taken for turned": float(np.mean(np.greater(seen[0], 0)))}


def turns_seen(detector: YuNetDetector, picture: np.ndarray) -> int:
    """Return by how many quarter turns to the left the face of a grey picture is seen turned; -1 for none."""
    face = best_face(detector, np.ascontiguousarray(picture))
    return round(-face.roll / 90) % 4 if face else -1


def measure_tilt(images: np.ndarray) -> dict:
    """Return which share of a true tilt is seen (the median face), by face height and look."""
    first, second = (YuNetDetector(try_turned=False, look_twice=twice) for twice in (False, True))
    # One search at the picture's own size, for the face to have the height meant in the network.
    looks = {"first look": partial(one_search, CANVAS[1], first), "second look": partial(best_face, second)}
    sides = [(image, longer_side(face)) for image in images if (face := best_face(second, image))]
    table: dict[int, dict] = {}
    for height in FACE_HEIGHTS:
        pairs = [tilted_pair(image, height / side) for image, side in sides]
        table[height] = {name: median_share(look, pairs) for name, look in looks.items()}
    return table


def tilted_pair(image: np.ndarray, enlargement: float) -> list[np.ndarray]:
    """Return two grey pictures of a face, tilted to the left and to the right."""
    return [set_into_picture(image, enlargement, tilt, MIDDLE) for tilt in (-TILT, TILT)]


def median_share(look: Callable, pairs: list[list[np.ndarray]]) -> float | None:
    """Return the median share of the tilt that `look` sees, None where it finds no face in both of a pair.

    The difference of a pair is free of the tilt that the face had of itself.
    """
    seen = [list(map(look, pair)) for pair in pairs]
    shares = [(right.roll - left.roll) / (2 * TILT) for left, right in seen if left and right]
    return statistics.median(shares) if shares else None


def measure_time(images: np.ndarray) -> dict:
    """Return the median milliseconds of `detect` for 640x480 pixels, and their ratio to the baseline's."""
    detectors = {
        "default": YuNetDetector(),
        "480, try_turned=False": YuNetDetector(480, try_turned=False),
        BASELINE: YuNetDetector(look_twice=False),
    }
    grey = (set_into_picture(image, 4.0, 0, MIDDLE) for image in images)
    pictures = [cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB) for picture in grey]
    # Only pictures with one face, and each detector on each in turn: what else runs here hits all alike.
    pictures = [picture for picture in pictures if len(detectors["default"].detect(picture)) == 1]
    taken: dict[str, list[float]] = {name: [] for name in detectors}
    for picture in pictures[:TIMED_PICTURES] * TIMED_ROUNDS:
        for name, detector in detectors.items():
            start = time.perf_counter()
            detector.detect(picture)
            taken[name].append(1000 * (time.perf_counter() - start))
    if not pictures:
        return {}
    medians = {name: statistics.median(times) for name, times in taken.items()}
    return {name: {"ms": each, "ratio": each / medians[BASELINE]} for name, each in medians.items()}


def print_table(result: dict) -> None:
    """Print the figures for people."""
    print(f"{result['faces']} faces")
    for title, key in (("Bare crops found, by search side", "found"), ("Tilt shown, by height", "tilt")):
        print(title)
        for size, row in result[key].items():
            cells = (f"{name} {'-' if share is None else f'{share:.1%}'}" for name, share in row.items())
            print(f"  {size:4} px   " + "   ".join(cells))
    print("Quarter turns seen")
    for name, share in result["turned"].items():
        print(f"  {name:26}{share:7.1%}")
    print(f"Milliseconds for {CANVAS[1]}x{CANVAS[0]} pixels with one face, and ratio to {BASELINE}")
    for name, row in result["time"].items():
        print(f"  {name:26}{row['ms']:7.1f}{row['ratio']:7.2f}")


def main() -> None:
    """Run the four measurements."""
    images, as_json = read_command_line(__doc__.splitlines()[0], sample=200)
    result = {
        "faces": len(images),
        "found": measure_found(images),
        "turned": measure_turned(images),
        "tilt": measure_tilt(images),
        "time": measure_time(images),
    }
    if as_json:
        print(json.dumps(result))
    else:
        print_table(result)


if __name__ == "__main__":
    main()
