"""Measure what averaging a face and its mirror image does to a model's accuracy.

    python benchmarks/mirror.py fer2013.zip [--split test] [--votes FILE] [--model NAME] [--json]

Takes the network out of the model's Keras file and asks it about each face alone (the baseline), and about
the face and its mirror image, whose logits are averaged. That is `average_mirrored` of a run's settings, and
twice the work. Needs TensorFlow.
"""

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
    alone, mirrored = (network.predict(side, verbose=0)[0] for side in (images, images[:, :, ::-1]))
    answers = {
        "alone": alone,
        "averaged": alone + mirrored,
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
