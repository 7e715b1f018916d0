"""What Keras 2 wrote of a network, told as Keras 3 writes it. Text to text: nothing is built or run here."""

from typing import Any

_INITIALIZERS = frozenset(
    {"Zeros", "Ones", "Constant", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling",
     "Orthogonal", "Identity", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal",
     "LecunUniform"}
)  # fmt: skip
_REGULARIZERS = frozenset({"L1", "L2", "L1L2", "OrthogonalRegularizer"})
_CONSTRAINTS = frozenset({"MaxNorm", "NonNeg", "UnitNorm", "MinMaxNorm"})
_MODELS = {"Functional": "keras.src.models.functional", "Model": "keras.src.models.functional"}
# What only Keras 2 has, and what says nothing of how a trained network answers.
_GONE = frozenset({"batch_input_shape", "input_dtype", "time_major", "implementation", "fused", "adjustment"})
_NO_INPUT = frozenset({"sparse", "ragged", "optional", "batch_input_shape", "shape"})
# Where each of these goes, in layers that Keras 3 gives fewer settings.
_SINGLE = frozenset({"DepthwiseConv2D", "DepthwiseConv1D", "SeparableConv2D", "SeparableConv1D"})
_NOT_SINGLE = frozenset(
    {"groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint", "filters"}
)  # fmt: skip
# They change pictures in training, and give them on as they are when the network is asked.
AUGMENTING = frozenset(
    """
    RandomFlip RandomRotation RandomTranslation RandomZoom RandomContrast RandomBrightness RandomErasing
    RandomShear RandomSharpness RandomGrayscale RandomGaussianBlur RandomColorJitter RandomColorDegeneration
    RandomHue RandomSaturation RandomInvert RandomPosterization RandomPerspective RandomElasticTransform
    RandAugment AugMix CutMix MixUp
    """.split()  # noqa: SIM905 - many names, to be read
)
_HALF = ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16")
_POLICIES = ("Policy", "DTypePolicy")
_OWN_MODULES = ("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras")


def as_keras_3(config: Any) -> Any:
    """Return the config of a network as Keras 3 would have written it; one that it has written, as it is.

    What is no config, or names what Keras does not know, comes back as it is: checking it is another's work.
    """
    return _model(config) if _is_of_keras_2(config) else config


def in_float32(value: Any) -> Any:
    """Return a config, or a part of one, that calculates with 32 bits where it did with 16.

    Half precision saves a GPU's memory; LiteRT has no operations for it, and the weights have 32 bits.
    """
    if isinstance(value, list):
        return [in_float32(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: in_float32(item) for key, item in value.items()}
    if made.get("dtype") in _HALF:
        made["dtype"] = "float32"
    if made.get("class_name") in _POLICIES and isinstance(made.get("config"), dict):
        name = made["config"].get("name")
        made["config"] = {"name": "float32" if name in _HALF else name}
    return made


def without_augmentation(value: Any) -> Any:
    """Return a config, or a part of one, whose layers that do nothing but in training are named as such.

    Keras cannot read back all that it writes of them: `RandomShear(0.1)`, for one.
    """
    if isinstance(value, list):
        return [without_augmentation(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: without_augmentation(item) for key, item in value.items()}
    name, config = made.get("class_name"), made.get("config")
    if made.get("module") == "keras.layers" and name in AUGMENTING and isinstance(config, dict):
        kept = {key: config[key] for key in ("name", "dtype") if key in config}
        made |= {"class_name": "Identity", "config": kept}
    return made


def _is_of_keras_2(config: Any) -> bool:
    if not isinstance(config, dict) or config.get("class_name") not in ("Sequential", *_MODELS):
        return False
    text = [config.get("module", "")]
    inner = config.get("config")
    layers = inner.get("layers") if isinstance(inner, dict) else inner
    for layer in layers if isinstance(layers, list) else ():
        if isinstance(layer, dict):
            text.append(layer.get("module", ""))
            if isinstance(layer.get("config"), dict) and "batch_input_shape" in layer["config"]:
                return True
    # HDF5 files name no modules, whichever Keras wrote them; `.keras` files of Keras 2 those of its time.
    return any(not name or ".engine." in str(name) or str(name).startswith("tf_keras") for name in text)


def _model(part: dict[str, Any]) -> dict[str, Any]:
    config, name = part.get("config"), part["class_name"]
    if isinstance(config, list):  # before Keras 2.2.3, a sequential model was a list of layers
        config = {"name": "sequential", "layers": config}
    if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
        return part
    config = dict(config)
    config.pop("build_input_shape", None)
    layers = [_part(layer) for layer in config["layers"]]
    if name == "Sequential":
        layers = _with_input(config["layers"], layers)
    kind = "Sequential" if name == "Sequential" else "Functional"
    kept = {key: _part(value) for key, value in config.items() if key != "layers"}
    if not isinstance(kept.get("dtype", ""), str | dict):
        kept.pop("dtype")
    return _entry(part, kind, _MODELS.get(name, "keras"), kept | {"layers": layers})


def _with_input(old: list[Any], new: list[Any]) -> list[Any]:
    """Return a sequential model's layers, with an input layer where the first one told the shape itself."""
    first = old[0] if old and isinstance(old[0], dict) else {}
    config = first.get("config")
    if not isinstance(config, dict):
        return new
    shape = config.get("batch_input_shape")
    if shape is None or first.get("class_name") == "InputLayer":
        return new
    told = {"batch_shape": shape, "dtype": "float32", "name": f"{config.get('name', 'first')}_input"}
    return [_entry({}, "InputLayer", "keras.layers", told), *new]


def _part(value: Any) -> Any:
    """Return a part of a config, whatever it is, as Keras 3 would have written it."""
    if isinstance(value, list):
        return [_part(item) for item in value]
    if not isinstance(value, dict):
        return value
    name = value.get("class_name")
    if not isinstance(name, str):
        return {key: _part(item) for key, item in value.items()}
    if name in ("Sequential", *_MODELS):
        return _model(value)
    config = value.get("config")
    if name in _POLICIES and isinstance(config, dict):
        return config.get("name", "float32")
    if str(name).startswith("__") or not isinstance(config, dict):
        return value
    module = value.get("module")
    if module is not None and not str(module).startswith(_OWN_MODULES):
        return value
    for known, place in (
        (_INITIALIZERS, "keras.initializers"),
        (_REGULARIZERS, "keras.regularizers"),
        (_CONSTRAINTS, "keras.constraints"),
    ):
        if name in known and "name" not in config:
            return {"class_name": name, "module": place, "config": config, "registered_name": None}
    name = {"BatchNormalizationV1": "BatchNormalization"}.get(name, name)
    return _entry(value, name, "keras.layers", _settings(name, config))


def _settings(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Return a layer's settings, those left out that Keras 3 does not know."""
    if name == "InputLayer":
        shape = config.get("batch_shape", config.get("batch_input_shape"))
        return {key: _part(value) for key, value in config.items() if key not in _NO_INPUT} | {
            "batch_shape": shape
        }
    kept = {key: _part(value) for key, value in config.items() if key not in _GONE}
    if name in _SINGLE:
        kept = {key: value for key, value in kept.items() if key not in _NOT_SINGLE or key == "filters"}
    if name.startswith("Depthwise"):
        kept.pop("filters", None)
    if name == "BatchNormalization":
        for key in ("renorm", "renorm_clipping", "renorm_momentum", "virtual_batch_size"):
            kept.pop(key, None)
        if isinstance(kept.get("axis"), list) and len(kept["axis"]) == 1:
            kept["axis"] = kept["axis"][0]
    return kept


def _entry(old: dict[str, Any], name: str, module: str, config: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of a layer or a model, what it is joined to as the old one has it."""
    registered = old.get("registered_name")
    entry = {
        "module": module,
        "class_name": name,
        "config": config,
        "registered_name": None if registered in (None, "Functional", "Model", "Sequential") else registered,
    }
    if "inbound_nodes" in old:
        entry["inbound_nodes"] = old["inbound_nodes"]
        entry["name"] = old.get("name", config.get("name"))
    return entry
