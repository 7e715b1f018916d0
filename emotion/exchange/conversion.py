"""Between Keras's own files and other formats. Imports Keras: only for processes of their own."""

from pathlib import Path

import keras
import numpy as np

from emotion.models.card import ModelError
from emotion.models.reading import Reading


def load_trusted(path: Path) -> keras.Model:
    """Load a model's `.keras` file: one of this product's own, or one that an import has written.

    Raises:
        ModelError: Keras cannot read it.
    """
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"Keras cannot load {path.name}: it is damaged, or of a later version.") from error


def write_litert(model: keras.Model, path: Path, quantised: bool) -> None:
    """Write a model in LiteRT's format.

    Args:
        model: with the default backend's weights.
        path: of the file.
        quantised: store weights with 8 bits (dynamic-range quantisation): a quarter of the size.
    """
    from tensorflow import lite  # the one step that needs TensorFlow itself

    options = {"optimizations": [lite.Optimize.DEFAULT]} if quantised else {}
    model.export(path, format="litert", verbose=False, **options)


def write_onnx(model: keras.Model, path: Path, reading: Reading) -> None:
    """Write a model in ONNX's format; needs the packages `tf2onnx` and `onnx`.

    Args:
        model: with the default backend's weights.
        path: of the file.
        reading: how the model is asked.
    """
    model(np.zeros((1, *reading.shape), np.float32))  # Keras exports only what has been called
    model.export(path, format="onnx", verbose=False)


def count_parameters(model: keras.Model) -> int:
    """Return how many numbers a model has learned."""
    return int(sum(np.prod(weight.shape) for weight in model.trainable_weights))
