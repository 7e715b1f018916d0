"""Measure what 8-bit weights do to a model: speed, size, accuracy.

    python benchmarks/quantization.py fer2013.zip [--split test] [--votes FILE] [--model NAME] [--json]

Exports the model's Keras file to LiteRT twice, with float weights (the baseline) and dynamic-range
quantised as `emotion/training/finish.py` ships it, and lets both predict the same faces, in turn, on
one thread. Needs TensorFlow; says nothing about a machine that is busy with something else.
"""

import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from model_options import read_command_line

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROUNDS = 300
FORMS = ("float", "quantised")


def export(keras_file: Path, folder: Path) -> dict[str, Path]:
    """Write both forms into a folder."""
    import keras
    from tensorflow import lite

    model = keras.models.load_model(keras_file, compile=False)
    paths = {form: folder / f"{form}.tflite" for form in FORMS}
    for form, path in paths.items():
        options = {"optimizations": [lite.Optimize.DEFAULT]} if form == "quantised" else {}
        model.export(path, format="litert", verbose=False, **options)
    return paths


def load(path: Path):
    """Return a function from uint8 (n, 48, 48) to probabilities (n, 7)."""
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(model_path=str(path), num_threads=1).get_signature_runner()
    (name,) = runner.get_input_details()
    return lambda faces: runner(**{name: faces[..., None].astype(np.float32)})["probabilities"]


def measure(models: dict, images: np.ndarray, labels: np.ndarray) -> dict[str, dict]:
    """Return milliseconds a face (median, in turn) and accuracy of each form."""
    times: dict[str, list[float]] = {form: [] for form in models}
    for number in range(ROUNDS):
        face = images[number % len(images)][None]
        for form, predict in models.items():
            started = time.perf_counter()
            predict(face)
            times[form].append(1000 * (time.perf_counter() - started))
    answers = {
        form: np.concatenate([predict(images[i : i + 64]) for i in range(0, len(images), 64)])
        for form, predict in models.items()
    }
    return {
        form: {
            "milliseconds": round(float(np.median(times[form])), 3),
            "accuracy": round(float((answers[form].argmax(axis=1) == labels).mean()), 4),
            "largest_difference": round(float(np.abs(answers[form] - answers["float"]).max()), 4),
        }
        for form in models
    }


def main() -> None:
    """Print the figures."""
    options, faces = read_command_line(__doc__.partition("\n")[0])
    with tempfile.TemporaryDirectory() as temporary:
        paths = export(options.folder / "model.keras", Path(temporary))
        figures = measure({form: load(path) for form, path in paths.items()}, faces.images, faces.labels)
        for form, path in paths.items():
            figures[form]["megabytes"] = round(path.stat().st_size / 1e6, 2)
    ratio = figures["float"]["milliseconds"] / figures["quantised"]["milliseconds"]
    if options.json:
        print(json.dumps({"model": options.folder.name, **figures, "speedup": round(ratio, 2)}))
        return
    for form, values in figures.items():
        print(
            f"{form:10} {values['milliseconds']:6.2f} ms a face  {values['megabytes']:5.2f} MB  "
            f"accuracy {values['accuracy']:.2%}  largest difference {values['largest_difference']:.4f}"
        )
    print(f"quantised is {ratio:.1f} times as fast")


if __name__ == "__main__":
    main()
