"""Measure what calling weak answers uncertain does: how many there are, and how right the others.

    python benchmarks/uncertain.py fer2013.zip [--split test] [--votes FILE] [--model NAME] [--json]

The two limits in `emotion/photos/analysis.py` are judged by this.
"""

import json

import numpy as np
from model_options import read_command_line

from emotion.models.classifier import Classifier
from emotion.photos.analysis import is_uncertain


def main() -> None:
    """Print the figures."""
    options, faces = read_command_line(__doc__.partition("\n")[0])
    classifier = Classifier(options.folder, threads=2)
    probabilities = classifier.predict(faces.images).probabilities
    right = probabilities.argmax(axis=1) == faces.labels
    uncertain = np.array([is_uncertain(row) for row in probabilities])
    figures = {
        "model": classifier.card.name,
        "n": len(faces),
        "accuracy": round(float(right.mean()), 4),
        "uncertain": round(float(uncertain.mean()), 4),
        "accuracy_of_uncertain": round(float(right[uncertain].mean()), 4),
        "accuracy_of_certain": round(float(right[~uncertain].mean()), 4),
    }
    if options.json:
        print(json.dumps(figures))
        return
    print(f"{figures['model']} on {figures['n']:,} faces: {figures['accuracy']:.1%} right")
    print(f"uncertain: {figures['uncertain']:.1%}, of which {figures['accuracy_of_uncertain']:.1%} right")
    print(f"the others: {figures['accuracy_of_certain']:.1%} right")


if __name__ == "__main__":
    main()
