"""Measure what detection and cropping cost a model, with tilted heads turned upright and without.

    python benchmarks/crop_accuracy.py fer2013.zip [--votes FILE] [--sample 1000] [--model NAME] [--json]

FER-2013's test faces are set into larger pictures, enlarged and tilted (see crop_relation.py), found and
cut out again. The model predicts the faces as they were (the baseline), the crops turned upright, and the
crops left as they are.
"""

import json

from crop_relation import TILTS, round_trip
from model_options import read_command_line

from emotion.faces.detector import YuNetDetector
from emotion.models.classifier import Classifier


def main() -> None:
    """Print accuracies, a line for each range of tilts."""
    options, faces = read_command_line(__doc__.partition("\n")[0], sample=1000)
    classifier = Classifier(options.folder, threads=2)
    detector = YuNetDetector(try_turned=False)
    results = {}
    for low, high in TILTS:
        trip = round_trip(faces.images, detector, (low, high))
        labels = faces.labels[trip.kept]
        results[f"{low} to {high} degrees"] = {"found": round(len(labels) / len(faces), 4)} | {
            name: round(float((classifier.predict(crops).probabilities.argmax(axis=1) == labels).mean()), 4)
            for name, crops in (
                ("original", trip.originals),
                ("aligned", trip.aligned),
                ("unaligned", trip.unaligned),
            )
        }
    if options.json:
        print(json.dumps({"model": classifier.card.name, "n": len(faces), "tilted": results}))
        return
    print(f"{classifier.card.name}, {len(faces):,} test faces")
    for tilt, figures in results.items():
        print(f"tilted {tilt:18}" + "".join(f"{name} {value:.1%}   " for name, value in figures.items()))


if __name__ == "__main__":
    main()
