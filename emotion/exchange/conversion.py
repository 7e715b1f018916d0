"""Between Keras's own files and other formats. Imports Keras: only for processes of their own."""

import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from emotion.exchange.file_check import MAX_UNPACKED_BYTES, check_file
from emotion.faces import FACE_SIZE
from emotion.labels import EMOTIONS
from emotion.models.card import ModelError

_FACE = (FACE_SIZE, FACE_SIZE, 1)


def load_trusted(path: Path) -> keras.Model:
    """Load a model's `.keras` file: one of this product's own, or one that passed `load_foreign`.

    Raises:
        ModelError: Keras cannot read it.
    """
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"Keras cannot load {path.name}: it is damaged, or of a later version.") from error


def load_foreign(path: Path) -> keras.Model:
    """Load a `.keras` file that somebody brought.

    Args:
        path: is checked again with `check_file`: nothing else may reach Keras.

    Raises:
        ModelError: it is none, could run code, or takes or gives something else than is needed.
    """
    if check_file(path) != "keras":
        raise ModelError("The file is no Keras model.")
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except MemoryError as error:
        raise ModelError("The model is too large for this computer's memory.") from error
    # Keras raises whatever its parts raise; what a stranger's file breaks is never a fault of this program.
    except Exception as error:
        raise ModelError("Keras cannot load the file: it is damaged, or of a later version.") from error
    _check_shapes(model)
    return model


def _check_shapes(model: keras.Model) -> None:
    inputs, outputs = model.inputs, model.outputs
    if len(inputs) != 1:
        raise ModelError(f"The model takes {len(inputs)} inputs, not one picture.")
    shape = tuple(inputs[0].shape[1:])
    if shape != _FACE:
        raise ModelError(f"The model takes pictures of {_words(shape)}, not of {_words(_FACE)} (grey).")
    # This product's own models give their activation maps as well.
    scores = model.output["probabilities"] if is_own(model) else outputs[0]
    if len(outputs) != 1 and not is_own(model):
        raise ModelError(f"The model gives {len(outputs)} outputs, not one.")
    shape = tuple(scores.shape[1:])
    if shape != (len(EMOTIONS),):
        raise ModelError(f"The model gives {_words(shape)} numbers for a face, not {len(EMOTIONS)}.")


def is_own(model: keras.Model) -> bool:
    """Return whether a model has the outputs that this product's own models have."""
    output = getattr(model, "output", None)  # a sequential model that was loaded has none
    return isinstance(output, dict) and set(output) == {"probabilities", "activation_maps"}


def _words(shape: tuple[Any, ...]) -> str:
    return " x ".join(str(size) for size in shape) or "no"


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


def write_onnx(model: keras.Model, path: Path) -> None:
    """Write a model in ONNX's format; needs the packages `tf2onnx` and `onnx`."""
    model(np.zeros((1, *_FACE), np.float32))  # Keras exports only what has been called
    model.export(path, format="onnx", verbose=False)


def count_parameters(model: keras.Model) -> int:
    """Return how many numbers a model has learned."""
    return int(sum(np.prod(weight.shape) for weight in model.trainable_weights))


def check_weights(path: Path) -> None:
    """Check the weights of a `.keras` file before Keras reads them: plain arrays of a sane size.

    Raises:
        ModelError: they are damaged, lie in other files, or unpack to too much.
    """
    try:
        with (
            zipfile.ZipFile(path) as archive,
            archive.open("model.weights.h5") as member,
            h5py.File(member, "r") as file,
        ):
            _check_group(file)
    except (OSError, RuntimeError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ModelError("The weights in the file are damaged.") from error


def _check_group(file: h5py.File) -> None:
    total = 0
    groups: list[h5py.Group] = [file]
    seen = 0
    while groups:
        group = groups.pop()
        for name in group:
            seen += 1
            link = group.get(name, getlink=True)
            item = group[name] if isinstance(link, h5py.HardLink) else None
            if item is None or seen > 100_000:
                raise ModelError("The weights in the file point to other files, which a model's never do.")
            if isinstance(item, h5py.Group):
                groups.append(item)
                continue
            if item.external or item.is_virtual:
                raise ModelError("The weights in the file point to other files, which a model's never do.")
            total += item.size * item.dtype.itemsize
            if total > MAX_UNPACKED_BYTES:
                raise ModelError(f"Unpacked, the weights have more than {MAX_UNPACKED_BYTES / 1e6:.0f} MB.")
