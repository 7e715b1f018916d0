"""Measure how FER-2013 frames a face, and how well `emotion.faces.crops` cuts that frame out of a picture.

    python benchmarks/crop_relation.py SOURCE [--sample 600] [--json]

SOURCE is FER-2013 as a folder, a zip or the challenge's CSV. Three measurements:

1. The frame: where the detector sees the box and the eyes in FER-2013's own pictures.
2. The side: without a neck and hair around it a face looks smaller to the detector, so 1 alone would cut
   photographs too loosely. FER-2013's loosely framed faces have surroundings: they are cut with several
   sides, found again in the crop, and the side is taken at which they look as large as in 1.
   `emotion.faces.crops.FRAME_SIDE` is this side.
3. The round trip: faces are set into larger grey pictures, enlarged and tilted, found and cut out again.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.reading.sources import read_dataset
from emotion.faces import FACE_SIZE
from emotion.faces.crops import FRAME_SIDE, crop_face, cut_frame
from emotion.faces.detector import DetectedFace, FaceDetector, YuNetDetector

SIDES = (0.85, 0.9, 0.95, 1.0, 1.05)
# A face this small in its frame has surroundings.
LOOSE_SIDE = 0.8
FEWEST_LOOSE_FACES = 10
ENLARGEMENT = (1.0, 6.0)
TILTS = ((0, 0), (0, 10), (10, 25))
ROUND_TRIP_FACES = 300
CANVAS = (480, 640)
FEATHER = 4


@dataclass(frozen=True)
class RoundTrip:
    """Faces that were set into pictures and cut out again.

    Attributes:
        kept: (n,), the index of each face among those that were set into pictures.
        originals: uint8 (n, 48, 48), the faces as they were.
        aligned: uint8 (n, 48, 48), turned upright.
        unaligned: uint8 (n, 48, 48), not turned.
        tilts: (n,), the degrees by which each face was tilted, positive clockwise.
        rolls: (n,), the degrees by which the detector saw it tilted.
        pictures: how many pictures there were, those without a found face included.
    """

    kept: np.ndarray
    originals: np.ndarray
    aligned: np.ndarray
    unaligned: np.ndarray
    tilts: np.ndarray
    rolls: np.ndarray
    pictures: int


def read_faces(source: Path, sample: int) -> np.ndarray:
    """Return `sample` training faces, uint8 (n, 48, 48); the same ones every time.

    Raises:
        DatasetError: there is no such dataset, or it has no training faces.
    """
    images = read_dataset(source).split("train").images
    return images[np.random.default_rng(0).permutation(len(images))[:sample]]


def read_command_line(description: str, sample: int) -> tuple[np.ndarray, bool]:
    """Return the faces that the command line asks for, and whether to print JSON."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("source", type=Path, help="FER-2013 as a folder, a zip or a CSV")
    parser.add_argument("--sample", type=int, default=sample, help=f"faces to use (default {sample})")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if options.sample < 1:
        parser.error("--sample must be 1 or more")
    try:
        return read_faces(options.source, options.sample), options.json
    except DatasetError as error:
        parser.error(str(error))


def best_face(detector: FaceDetector, grey: np.ndarray) -> DetectedFace | None:
    """Return the surest face of a uint8 (height, width) picture."""
    faces = detector.detect(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB))
    return max(faces, key=lambda face: face.score, default=None)


def longer_side(face: DetectedFace) -> float:
    """Return the longer side of the face's whole box in pixels."""
    return max((face.whole_box or face.box)[2:])


def measure_frame(images: np.ndarray, faces: list[DetectedFace | None]) -> dict:
    """Return the detection rate and the quartiles of FER-2013's frame seen from box and eyes."""
    found = [face for face in faces if face]
    boxes = np.array([face.whole_box or face.box for face in found])
    eyes = np.array([face.landmarks[:2] for face in found], dtype=float)
    sides = boxes[:, 2:].max(axis=1)
    offset = (FACE_SIZE / 2 - boxes[:, :2] - boxes[:, 2:] / 2) / sides[:, None]
    distance = np.hypot(*(eyes[:, 1] - eyes[:, 0]).T)
    measured = {
        "frame side / box's longer side": FACE_SIZE / sides,
        "frame side / box width": FACE_SIZE / boxes[:, 2],
        "frame side / box height": FACE_SIZE / boxes[:, 3],
        "frame side / eye distance": FACE_SIZE / distance,
        "frame centre right of box centre / box's longer side": offset[:, 0],
        "frame centre below box centre / box's longer side": offset[:, 1],
        "eyes' middle x / frame side": eyes[:, :, 0].mean(axis=1) / FACE_SIZE,
        "eyes' middle y / frame side": eyes[:, :, 1].mean(axis=1) / FACE_SIZE,
        "eye distance / frame side": distance / FACE_SIZE,
        "roll in degrees": np.array([face.roll for face in found]),
    }
    quartiles = {name: quartiles_of(values) for name, values in measured.items()}
    return {"faces": len(images), "detection_rate": len(found) / len(images), "quartiles": quartiles}


def measure_side(images: np.ndarray, faces: list[DetectedFace | None], detector: FaceDetector) -> dict:
    """Return how large loosely framed faces look when cut with each of SIDES, and the side to cut with."""
    sides = [longer_side(face) / FACE_SIZE for face in faces if face]
    target = float(np.median(sides))
    loose = [
        (image, face)
        for image, face in zip(images, faces, strict=True)
        if face
        and longer_side(face) < LOOSE_SIDE * FACE_SIZE
        and inside(face, max(SIDES) * longer_side(face))
    ]
    if len(loose) < FEWEST_LOOSE_FACES:
        return {"faces": len(loose), "target": target, "seen": {}, "side": None}
    seen = []
    for side in SIDES:
        cuts = (cut_frame(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB), face, side, 0.0) for image, face in loose)
        again = (best_face(detector, cut) for cut in cuts)
        seen.append(float(np.median([longer_side(face) / FACE_SIZE for face in again if face])))
    # A larger cut makes the face look smaller: both lists are turned round, np.interp wants them rising.
    best = float(np.interp(target, seen[::-1], SIDES[::-1]))
    return {"faces": len(loose), "target": target, "seen": dict(zip(SIDES, seen, strict=True)), "side": best}


def inside(face: DetectedFace, side: float) -> bool:
    """Return whether a square about the face's centre lies inside FER-2013's frame."""
    x, y, width, height = face.whole_box or face.box
    return all(side / 2 <= middle <= FACE_SIZE - side / 2 for middle in (x + width / 2, y + height / 2))


def set_into_picture(
    face: np.ndarray, enlargement: float, tilt: float, middle: tuple[float, float]
) -> np.ndarray:
    """Return a grey uint8 picture with the face in it, enlarged, tilted, its edges fading out."""
    height, width = CANVAS
    matrix = cv2.getRotationMatrix2D((FACE_SIZE / 2 - 0.5, FACE_SIZE / 2 - 0.5), -tilt, enlargement)
    matrix[:, 2] += np.array(middle) - FACE_SIZE / 2 + 0.5
    to_edge = np.minimum(np.arange(FACE_SIZE) + 0.5, FACE_SIZE - np.arange(FACE_SIZE) - 0.5) / FEATHER
    mask = np.minimum.outer(to_edge, to_edge).clip(0, 1).astype(np.float32)
    mask = cv2.warpAffine(mask, matrix, (width, height))
    drawn = cv2.warpAffine(face, matrix, (width, height), flags=cv2.INTER_CUBIC)
    return (drawn * mask + face.mean() * (1 - mask)).clip(0, 255).astype(np.uint8)


def round_trip(
    images: np.ndarray, detector: FaceDetector, tilt_range: tuple[float, float], seed: int = 0
) -> RoundTrip:
    """Set each face into a picture, tilted to either side by an angle in `tilt_range`, and cut it out again.

    Faces that are not found are left out of the result.
    """
    generator = np.random.default_rng(seed)
    kept: list[int] = []
    aligned, unaligned, tilts, rolls = [], [], [], []
    for index, image in enumerate(images):
        tilt = generator.uniform(*tilt_range) * generator.choice((-1, 1))
        middle = (generator.uniform(280, 360), generator.uniform(200, 280))
        picture = set_into_picture(image, generator.uniform(*ENLARGEMENT), tilt, middle)
        face = best_face(detector, picture)
        if face is None:
            continue
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
        kept.append(index)
        aligned.append(crop_face(picture, face))
        unaligned.append(cut_frame(picture, face, FRAME_SIDE, turn=0.0))
        tilts.append(tilt)
        rolls.append(face.roll)
    return RoundTrip(
        kept=np.array(kept, dtype=int),
        originals=images[kept],
        aligned=np.array(aligned).reshape(-1, FACE_SIZE, FACE_SIZE),
        unaligned=np.array(unaligned).reshape(-1, FACE_SIZE, FACE_SIZE),
        tilts=np.array(tilts),
        rolls=np.array(rolls),
        pictures=len(images),
    )


def summarise(trip: RoundTrip) -> dict:
    """Return the detection rate, the correlations with the original and the error of the roll."""
    return {
        "pictures": trip.pictures,
        "detection_rate": len(trip.originals) / trip.pictures,
        "correlation aligned": quartiles_of(correlations(trip.originals, trip.aligned)),
        "correlation unaligned": quartiles_of(correlations(trip.originals, trip.unaligned)),
        # FER-2013's faces have a tilt of their own, which is part of this error.
        "roll error in degrees": quartiles_of(np.abs(trip.rolls - trip.tilts)),
    }


def correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the correlation of the pixels of each pair of two (n, 48, 48) arrays."""
    flat = [images.reshape(len(images), -1).astype(float) for images in (first, second)]
    centred = [images - images.mean(axis=1, keepdims=True) for images in flat]
    lengths = [np.linalg.norm(images, axis=1) + 1e-9 for images in centred]
    return (centred[0] * centred[1]).sum(axis=1) / (lengths[0] * lengths[1])


def quartiles_of(values: Iterable[float]) -> list[float]:
    """Return the 25th, 50th and 75th percentile."""
    return [round(float(value), 3) for value in np.percentile(np.asarray(values), (25, 50, 75))]


def main() -> None:
    """Run the three measurements."""
    images, as_json = read_command_line(__doc__.splitlines()[0], sample=600)
    # FER-2013's faces are upright; turned searches would only cost time.
    detector = YuNetDetector(try_turned=False)
    faces = [best_face(detector, image) for image in images]
    result = {
        "frame": measure_frame(images, faces),
        "side": measure_side(images, faces, detector),
        "round_trip": {
            f"tilted {low} to {high} degrees": summarise(
                round_trip(images[:ROUND_TRIP_FACES], detector, (low, high))
            )
            for low, high in TILTS
        },
    }
    if as_json:
        print(json.dumps(result))
    else:
        print_table(result)


def print_table(result: dict) -> None:
    """Print the figures for people."""
    frame, side = result["frame"], result["side"]
    print(f"FER-2013's frame, {frame['faces']} faces, {frame['detection_rate']:.1%} found (quartiles)")
    for name, values in frame["quartiles"].items():
        print(f"  {name:55}" + "".join(f"{value:9.3f}" for value in values))
    print(f"The side to cut with, {side['faces']} loosely framed faces; wanted is {side['target']:.3f}")
    for cut, seen in side["seen"].items():
        print(f"  cut at {cut:.2f} box sides: the face then fills {seen:.3f} of the frame")
    print(f"  side: {side['side']:.3f}" if side["side"] else "  too few of them: take a larger sample")
    for name, trip in result["round_trip"].items():
        print(
            f"Round trip, {name}: {trip['pictures']} pictures, {trip['detection_rate']:.1%} found (quartiles)"
        )
        for key in ("correlation aligned", "correlation unaligned", "roll error in degrees"):
            print(f"  {key:55}" + "".join(f"{value:9.3f}" for value in trip[key]))


if __name__ == "__main__":
    main()
