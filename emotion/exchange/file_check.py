"""A model file that somebody brings, looked at before anything opens it: what is it, and is it harmless?

Nothing here runs, unpickles or builds anything: a `.keras` file is a zip, and what its `config.json`
wants built is compared with a list of what is known to only calculate.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

from emotion.exchange.foreign import refuse_folder, refuse_other, refuse_zip
from emotion.exchange.keras2 import AUGMENTING, as_keras_3
from emotion.models.card import ModelError

MAX_FILE_BYTES = 200_000_000
MAX_UNPACKED_BYTES = 400_000_000
MAX_CONFIG_BYTES = 10_000_000
_START_BYTES = 512
_MAX_DEPTH = 100
_MEMBERS = {"config.json", "metadata.json", "model.weights.h5"}
_TFLITE_MARK = b"TFL3"  # at offset 4, the identifier of the FlatBuffers file
_HDF5_MARK = b"\x89HDF\r\n\x1a\n"

# Layers that calculate, and nothing else: no code of the file's own, no file read, no network.
_LAYERS = frozenset(
    """
    InputLayer Dense EinsumDense Identity Activation ReLU LeakyReLU PReLU ELU Softmax Flatten Reshape Permute
    RepeatVector Masking ActivityRegularization
    Conv1D Conv2D Conv1DTranspose Conv2DTranspose
    SeparableConv1D SeparableConv2D DepthwiseConv1D DepthwiseConv2D
    MaxPooling1D MaxPooling2D AveragePooling1D AveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D
    GlobalAveragePooling1D GlobalAveragePooling2D AdaptiveAveragePooling2D AdaptiveMaxPooling2D
    BatchNormalization LayerNormalization GroupNormalization UnitNormalization RMSNormalization
    SpectralNormalization
    Dropout SpatialDropout1D SpatialDropout2D GaussianDropout GaussianNoise AlphaDropout
    ZeroPadding1D ZeroPadding2D Cropping1D Cropping2D UpSampling1D UpSampling2D
    Rescaling Resizing CenterCrop Normalization
    RandomCrop AutoContrast Equalization Solarization CLAHE
    Add Subtract Multiply Average Maximum Minimum Concatenate Dot
    Attention AdditiveAttention MultiHeadAttention GroupQueryAttention Embedding
    LSTM GRU SimpleRNN LSTMCell GRUCell SimpleRNNCell Bidirectional TimeDistributed
    """.split()  # noqa: SIM905 - a hundred names, to be read
)
_MODELS = frozenset({"Functional", "Sequential", "Model"})
_OPERATIONS = frozenset({"keras.src.ops.numpy", "keras.src.ops.nn", "keras.src.ops.math"})
# Of these, every class is a few numbers.
_PLAIN_MODULES = frozenset(
    {"keras.initializers", "keras.regularizers", "keras.constraints", "keras.dtype_policies"}
)
# Not classes, but notes about tensors and numbers.
_NOTES = frozenset({"__keras_tensor__", "__tensor__", "__numpy__", "__tuple__", "__slice__", "__ellipsis__"})
_ACTIVATIONS = frozenset(
    {"linear", "relu", "relu6", "elu", "selu", "silu", "swish", "gelu", "mish", "sigmoid", "hard_sigmoid",
     "hard_silu", "tanh", "softmax", "softplus", "softsign", "leaky_relu", "exponential", "log_softmax"}
)  # fmt: skip


def check_file(path: Path) -> str:
    """Return what a file is, "keras", "hdf5" or "litert", if it may be opened in a process of its own.

    What an HDF5 file wants built is looked at in that process, by `check_config`: reading it takes a library
    that a hostile file may crash.

    Raises:
        ModelError: it is something else, too large, damaged, or holds what could run code.
    """
    if path.is_dir():
        refuse_folder(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(_START_BYTES)
    except OSError as error:
        raise ModelError(f"The file cannot be read: {error.strerror}.") from error
    if size > MAX_FILE_BYTES:
        raise ModelError(
            f"The file has {size / 1e6:,.0f} MB; a model may have up to {MAX_FILE_BYTES / 1e6:.0f} MB."
        )
    if start[4:8] == _TFLITE_MARK:
        return "litert"
    if start.startswith(_HDF5_MARK):
        return "hdf5"
    if not zipfile.is_zipfile(path):
        refuse_other(path, start)
    check_config(read_config(path))
    return "keras"


def read_config(path: Path) -> Any:
    """Return the content of a `.keras` file's `config.json` after a look at what else is in the zip.

    What Keras 2 wrote is told as Keras 3 would write it.

    Raises:
        ModelError: the file is damaged, too large, or holds something else.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            refuse_zip(names, _MEMBERS)
            strange = next((name for name in names if name not in _MEMBERS), None)
            if strange is not None:
                raise ModelError(f"The file holds {strange[:60]!r}, which no plain Keras model does.")
            if sorted(names) != sorted(_MEMBERS):
                raise ModelError("The file is no whole Keras model: its config or its weights are missing.")
            if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
                raise ModelError(f"Unpacked, the file has more than {MAX_UNPACKED_BYTES / 1e6:.0f} MB.")
            if archive.getinfo("config.json").file_size > MAX_CONFIG_BYTES:
                raise ModelError("The file's config is too large to be one.")
            # Never more than the size that was just checked: zipfile stops there, whatever follows.
            return as_keras_3(json.loads(archive.read("config.json")))
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError) as error:
        raise ModelError("The file is a damaged Keras model.") from error
    except RecursionError as error:
        raise ModelError("The file's config is nested too deeply to be one.") from error


def check_config(config: Any) -> None:
    """Check that a Keras config asks for nothing but known layers, models and numbers.

    Raises:
        ModelError: it asks for something else.
    """
    if not isinstance(config, dict) or config.get("class_name") not in _MODELS:
        raise ModelError("The file is no Keras model of the functional or sequential kind.")
    # How it was trained is not read: with `compile=False`, Keras leaves it alone.
    _check(dict(config, compile_config=None), 0)


def _check(part: Any, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise ModelError("The file's config is nested too deeply to be one.")
    if isinstance(part, list):
        for item in part:
            _check(item, depth + 1)
    elif isinstance(part, dict):
        if "class_name" in part:
            _check_class(part)
        for item in part.values():
            _check(item, depth + 1)


def _check_class(part: dict[str, Any]) -> None:
    name, module = part["class_name"], part.get("module")
    if not isinstance(name, str):
        raise ModelError("The file's config is damaged.")
    if name in ("Lambda", "__lambda__"):
        raise ModelError(
            "The model has a Lambda layer: code that would run here. Rebuild it with ordinary layers."
        )
    is_known = (
        name in _NOTES
        or (name in _LAYERS | AUGMENTING and module == "keras.layers")
        or (name in _MODELS and module in ("keras", "keras.models", "keras.src.models.functional"))
        or (name in _MODELS and module == "keras.src.models.sequential")
        or module in _OPERATIONS
        or module in _PLAIN_MODULES
        or (module == "keras" and name.endswith("DTypePolicy"))
        or (module == "builtins" and name == "function" and part.get("config") in _ACTIVATIONS)
    )
    if not is_known:
        raise ModelError(f"The model needs {name[:60]!r}, which is not one of the layers known to be safe.")
    registered = part.get("registered_name")
    if registered not in (None, name):
        raise ModelError(f"The model needs {str(registered)[:60]!r}, a part of somebody's own making.")
