"""A Keras model that somebody brings, built and filled. Imports Keras: only for processes of their own."""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from emotion.exchange.file_check import (
    MAX_CONFIG_BYTES,
    MAX_UNPACKED_BYTES,
    check_config,
    check_file,
    read_config,
)
from emotion.exchange.keras2 import as_keras_3, in_float32, without_augmentation
from emotion.exchange.ranges import WATCHED_AT, range_behind
from emotion.faces import FACE_SIZE
from emotion.models.card import KERAS_FILE, ModelError
from emotion.models.reading import Range

_WEIGHTED = (
    keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D,
    keras.layers.Dense, keras.layers.EinsumDense, keras.layers.LSTM, keras.layers.GRU,
)  # fmt: skip
_ELSEWHERE = "The weights in the file point to other files, which a model's never do."


def load_foreign(path: Path) -> keras.Model:
    """Load a `.keras` or HDF5 file that somebody brought, of Keras 3 or 2.

    Args:
        path: is checked again with `check_file`: nothing else may reach Keras.

    Raises:
        ModelError: it is none, could run code, or holds no network that can be asked.
    """
    kind = check_file(path)
    if kind not in ("keras", "hdf5"):
        raise ModelError("The file is no Keras model.")
    check_weights(path)
    try:
        model = _load_hdf5(path) if kind == "hdf5" else _load_zip(path)
    except ModelError:
        raise
    except MemoryError as error:
        raise ModelError("The model is too large for this computer's memory.") from error
    # Keras raises whatever its parts raise; what a stranger's file breaks is never a fault of this program.
    except Exception as error:
        raise ModelError(
            "Keras cannot load the file: it is damaged, or of a version whose layers differ from today's."
        ) from error
    _check_built(model)
    return model


def _load_zip(path: Path) -> keras.Model:
    config = _for_asking(read_config(path))
    _check_has_input(config)
    with tempfile.TemporaryDirectory(prefix="emotion-keras-") as temporary:
        # Keras goes by the name. What it gets to read is the config that was checked.
        target = Path(temporary) / KERAS_FILE
        with zipfile.ZipFile(path) as archive, zipfile.ZipFile(target, "w") as new:
            for member in archive.namelist():
                new.writestr(member, json.dumps(config) if member == "config.json" else archive.read(member))
        return keras.models.load_model(target, compile=False, safe_mode=True)


def _load_hdf5(path: Path) -> keras.Model:
    with h5py.File(path, "r") as file:
        text = file.attrs.get("model_config")
        if text is None:
            raise ModelError(
                "The file holds weights only, not the network they belong to; build the network as it was, "
                "load them with load_weights, and save the whole with model.save('model.keras')."
            )
    if len(text) > MAX_CONFIG_BYTES:
        raise ModelError("The file's config is too large to be one.")
    config = _for_asking(as_keras_3(json.loads(text)))
    check_config(config)
    _check_has_input(config)
    model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    with tempfile.TemporaryDirectory(prefix="emotion-keras-") as temporary:
        target = Path(temporary) / "model.h5"  # Keras goes by the name
        shutil.copyfile(path, target)
        model.load_weights(target)
    return model


def _for_asking(config: Any) -> Any:
    """Return a config as it is built to be asked, not trained."""
    return without_augmentation(in_float32(config))


def _check_has_input(config: dict[str, Any]) -> None:
    """Check that a sequential model knows what it takes: one never asked has neither that nor weights."""
    layers = config["config"].get("layers") if isinstance(config.get("config"), dict) else None
    if config["class_name"] != "Sequential" or not isinstance(layers, list):
        return
    first = layers[0] if layers and isinstance(layers[0], dict) else {}
    has_shape = first.get("class_name") in ("InputLayer", "Functional", "Sequential")
    if not has_shape and not config["config"].get("build_input_shape") and not config.get("build_config"):
        raise ModelError(
            "The model was saved before it had seen a picture, so it has neither an input size nor weights; "
            "train it, or begin it with keras.Input, and save it again."
        )


def _check_built(model: keras.Model) -> None:
    try:
        inputs, outputs = model.inputs, model.outputs
    except (AttributeError, ValueError):
        inputs = outputs = None
    if not inputs or not outputs:
        raise ModelError(
            "The model does not say what it takes; begin it with keras.Input, and save it again."
        )
    if len(inputs) != 1:
        raise ModelError(f"The model takes {len(inputs)} inputs, not one picture.")


def find_range(model: keras.Model) -> Range | None:
    """Return what black and white are to a model by its own first steps; None where they do not tell.

    What its first layer with weights gets is watched while the model is shown nothing but one value.
    """
    shape = [FACE_SIZE if size is None else size for size in model.inputs[0].shape[1:]]
    seen = []
    for value in WATCHED_AT:
        with _watched(model) as got:
            try:
                model(np.full((1, *shape), value, np.float32), training=False)
            except (ValueError, RuntimeError, TypeError):
                return None  # what it cannot be shown, the import itself will tell
        if not got:
            return None
        values = keras.ops.convert_to_numpy(got[0]).astype(np.float32)
        # The median: what pads a picture stands at its edges.
        seen.append(np.median(values.reshape(-1, values.shape[-1]), axis=0))
    return range_behind(np.stack(seen))


@contextmanager
def _watched(model: keras.Model) -> Iterator[list[Any]]:
    """Yield a list that gets what each layer with weights is given, in the order in which they are asked."""
    got: list[Any] = []
    layers = [layer for layer in model._flatten_layers() if isinstance(layer, _WEIGHTED)]

    def watching(layer: Any) -> Any:
        asked = layer.call

        def call(inputs: Any, *args: Any, **options: Any) -> Any:
            got.append(inputs)
            return asked(inputs, *args, **options)

        return call

    for layer in layers:
        object.__setattr__(layer, "call", watching(layer))
    try:
        yield got
    finally:
        for layer in layers:
            object.__delattr__(layer, "call")


def check_weights(path: Path) -> None:
    """Check the weights of a Keras file before Keras reads them: plain arrays of a sane size.

    Args:
        path: of a `.keras` file, or an HDF5 file.

    Raises:
        ModelError: they are damaged, lie in other files, or unpack to too much.
    """
    try:
        if zipfile.is_zipfile(path):
            with (
                zipfile.ZipFile(path) as archive,
                archive.open("model.weights.h5") as member,
                h5py.File(member, "r") as file,
            ):
                _check_group(file)
        else:
            with h5py.File(path, "r") as file:
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
                raise ModelError(_ELSEWHERE)
            if isinstance(item, h5py.Group):
                groups.append(item)
                continue
            if item.external or item.is_virtual:
                raise ModelError(_ELSEWHERE)
            total += item.size * item.dtype.itemsize
            if total > MAX_UNPACKED_BYTES:
                raise ModelError(f"Unpacked, the weights have more than {MAX_UNPACKED_BYTES / 1e6:.0f} MB.")
