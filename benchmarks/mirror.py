"""Measure what averaging a face and its mirror image does to a model's accuracy.

    python benchmarks/mirror.py fer2013.zip [--split test] [--model NAME] [--json]

Takes the network out of the model's Keras file (the baseline: the face alone) and compares it with the
whole model. Needs TensorFlow.
"""

from __future__ import annotations

import json
import os

import numpy as np
from model_options import read_command_line

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main() -> None:
    """Print both accuracies."""
    options, faces = read_command_line(__doc__.partition("\n")[0])
    import keras

    model = keras.models.load_model(options.folder / "model.keras", compile=False)
    (network,) = (layer for layer in model.layers if isinstance(layer, keras.Model))
    images = faces.images[..., None].astype(np.float32)
    answers = {
        "alone": network.predict(images, verbose=0)[0],
        "averaged": model.predict(images, verbose=0)["probabilities"],
    }
    accuracies = {
        name: round(float((scores.argmax(axis=1) == faces.labels).mean()), 4)
        for name, scores in answers.items()
    }
    if options.json:
        print(json.dumps({"model": options.folder.name, "n": len(faces)} | accuracies))
        return
    print(f"{options.folder.name} on {len(faces):,} faces, float weights")
    for name, accuracy in accuracies.items():
        print(f"{name:10} {accuracy:.2%}")


if __name__ == "__main__":
    main()
