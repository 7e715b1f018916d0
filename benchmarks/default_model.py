"""Measure which of the shipped models answers best on faces that the detector cut out of pictures.

    python benchmarks/default_model.py fer2013.zip --votes ferplus_votes.csv [--sample 1500] [--json]

FER-2013's test faces in which most of ten people saw one of the seven emotions (FER+) are set into larger
pictures, tilted by up to 10 degrees (see crop_relation.py), found, and cut out again, as in a photograph
or a webcam's frame. How often does each model say what most people saw, and what FER-2013's label says, for
the faces as they were and cut out? `emotion.models.registry.DEFAULT_MODEL` is the best on those cut out.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from crop_relation import round_trip
from model_options import voted_faces

from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.reading.sources import read_dataset
from emotion.faces.detector import YuNetDetector
from emotion.models.classifier import Classifier
from emotion.models.registry import SHIPPED_MODELS, model_folder

TILTS = (0, 10)


def main() -> None:
    """Print a line for each model."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, help="FER-2013 as a folder, a zip or a CSV")
    parser.add_argument("--votes", type=Path, required=True, help="the votes of FER+ as a CSV")
    parser.add_argument("--sample", type=int, default=1500, help="faces to use (default 1500)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    try:
        images, labels, seen = _faces(options.source, options.votes, options.sample)
    except DatasetError as error:
        parser.error(str(error))
    trip = round_trip(images, YuNetDetector(try_turned=False), TILTS)
    labels, seen = labels[trip.kept], seen[trip.kept]
    models = {}
    for name in SHIPPED_MODELS:
        classifier = Classifier(model_folder(name), threads=2)
        models[name] = {
            f"{faces}, {right}": round(float((answers == truth).mean()), 4)
            for faces, crops in (("cut out", trip.aligned), ("as they were", trip.originals))
            for answers in [classifier.predict(crops).probabilities.argmax(axis=1)]
            for right, truth in (("most people", seen), ("label", labels))
        }
    if options.json:
        print(json.dumps({"faces": len(images), "found": len(seen), "models": models}))
        return
    print(f"{len(images):,} test faces, {len(seen):,} of them found; agreement with:")
    for name, figures in models.items():
        print(f"{name:10}" + "".join(f"   {what} {value:.1%}" for what, value in figures.items()))


def _faces(source: Path, table: Path, sample: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return images uint8 (n, 48, 48), FER-2013's labels (n,), and what most people saw (n,)."""
    test = read_dataset(source).split("test")
    voted = voted_faces(test, table)
    rows = np.random.default_rng(0).permutation(len(voted))[:sample]
    return voted.images[rows], test.labels[voted.rows[rows]], voted.labels[rows]


if __name__ == "__main__":
    main()
