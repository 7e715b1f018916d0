"""Files of Keras 2: their configs told as Keras 3 writes them, built, and filled with their weights."""

import json
import zipfile

import h5py
import numpy as np
import pytest

from emotion.exchange.file_check import check_config
from emotion.exchange.keras2 import as_keras_3, in_float32, without_augmentation
from emotion.models.card import ModelError

FACES = np.random.default_rng(0).uniform(0, 1, (4, 48, 48, 1)).astype(np.float32)


def old_layer(name: str, own: str, inbound=None, **settings) -> dict:
    """A layer as Keras 2 wrote it into HDF5 files: without a module."""
    layer = {"class_name": name, "config": {"name": own, "trainable": True, "dtype": "float32", **settings}}
    return layer if inbound is None else layer | {"name": own, "inbound_nodes": inbound}


def old_functional() -> dict:
    """A network with what Keras 2 wrote and Keras 3 no longer knows."""
    kernel = {"class_name": "GlorotUniform", "config": {"seed": None}}
    layers = [
        old_layer("InputLayer", "input_1", [], batch_input_shape=[None, 48, 48, 1],
                  sparse=False, ragged=False),
        old_layer("Conv2D", "conv2d", [[["input_1", 0, 0, {}]]], filters=4, kernel_size=[3, 3],
                  activation="linear", kernel_initializer=kernel,
                  kernel_regularizer={"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.01}}),
        old_layer("BatchNormalization", "bn", [[["conv2d", 0, 0, {}]]], axis=[3], momentum=0.99,
                  epsilon=0.001),
        old_layer("LeakyReLU", "leaky", [[["bn", 0, 0, {}]]], alpha=0.3),
        old_layer("SeparableConv2D", "separable", [[["leaky", 0, 0, {}]]], filters=4, kernel_size=[3, 3],
                  groups=1, kernel_initializer=kernel, kernel_regularizer=None, kernel_constraint=None,
                  padding="same"),
        old_layer("DepthwiseConv2D", "depthwise", [[["separable", 0, 0, {}]]], kernel_size=[3, 3], groups=1,
                  kernel_initializer=kernel, padding="same", depth_multiplier=1),
        old_layer("Add", "add", [[["leaky", 0, 0, {}], ["depthwise", 0, 0, {}]]]),
        old_layer("GlobalAveragePooling2D", "mean", [[["add", 0, 0, {}]]], data_format="channels_last"),
        old_layer("Dense", "dense", [[["mean", 0, 0, {}]]], units=7, activation="softmax"),
    ]  # fmt: skip
    ends = {"input_layers": [["input_1", 0, 0]], "output_layers": [["dense", 0, 0]]}
    return {"class_name": "Model", "config": {"name": "model", "layers": layers, **ends}}


def old_sequential() -> dict:
    layers = [
        old_layer("Conv2D", "conv2d", batch_input_shape=[None, 48, 48, 1], filters=4, kernel_size=[3, 3],
                  activation="relu"),
        old_layer("MaxPooling2D", "pool", pool_size=[4, 4]),
        old_layer("Flatten", "flatten", data_format="channels_last"),
        old_layer("Dropout", "dropout", rate=0.2, noise_shape=None, seed=None),
        old_layer("Dense", "dense", units=7, activation="softmax"),
    ]  # fmt: skip
    return {"class_name": "Sequential", "config": {"name": "sequential", "layers": layers}}


def with_modules(config: dict) -> dict:
    """The same as Keras 2.13 to 2.15 wrote it into `.keras` files."""
    text = json.dumps(config["config"])
    inner = json.loads(text)
    for layer in inner["layers"]:
        layer |= {"module": "keras.layers", "registered_name": None, "build_config": {"input_shape": [None]}}
    kind = config["class_name"]
    module = "keras" if kind == "Sequential" else "keras.src.engine.functional"
    kind = kind if kind == "Sequential" else "Functional"
    return {"class_name": kind, "module": module, "registered_name": kind, "config": inner}


OLD = {"functional": old_functional, "sequential": old_sequential}


@pytest.mark.parametrize("kind", OLD)
def test_what_it_becomes_passes_the_check(kind):
    for config in (OLD[kind](), with_modules(OLD[kind]())):
        with pytest.raises(ModelError):
            check_config(config | {"module": "keras.src.engine.functional"})
        made = as_keras_3(config)
        check_config(made)
        assert as_keras_3(made) == made
        assert "batch_input_shape" not in json.dumps(made)


@pytest.mark.parametrize(
    "layer",
    [
        old_layer("Lambda", "x", function=["code", None, None]),
        old_layer("TFOpLambda", "x", function="math.truediv"),
        old_layer("MyLayer", "x"),
        old_layer("Dense", "x") | {"module": "mine"},
        old_layer("Dense", "x") | {"registered_name": "mine>Dense"},
    ],
    ids=lambda layer: json.dumps(layer)[:40],
)
def test_what_could_run_code_is_still_refused(layer):
    config = old_sequential()
    config["config"]["layers"].append(layer)
    with pytest.raises(ModelError, match=r"Lambda|MyLayer|'Dense'|mine>Dense"):
        check_config(as_keras_3(config))


NO_CONFIGS = (
    None, [], "x", {}, {"class_name": "Sequential"}, {"class_name": ["Model"]},
    {"class_name": "Sequential", "config": 3},
    {"class_name": "Model", "config": {"layers": [1, {"class_name": 2}]}},
)  # fmt: skip


@pytest.mark.parametrize("config", NO_CONFIGS)
def test_what_is_no_config_comes_back(config):
    as_keras_3(config)
    in_float32(config)


def test_layers_that_only_train_give_pictures_on_as_they_are():
    layer = {
        "class_name": "RandomShear",
        "module": "keras.layers",
        "config": {"name": "x", "x_factor": [-1, 1]},
    }
    expected = {"class_name": "Identity", "module": "keras.layers", "config": {"name": "x"}}
    assert without_augmentation({"layers": [layer]}) == {"layers": [expected]}
    assert without_augmentation(layer | {"module": "mine"}) == layer | {"module": "mine"}


def test_half_precision_becomes_single():
    policy = {"class_name": "DTypePolicy", "module": "keras", "config": {"name": "mixed_float16"}}
    made = in_float32({"layers": [{"dtype": policy}, {"dtype": "float16"}, {"dtype": "int32"}]})
    assert [layer["dtype"] if isinstance(layer["dtype"], str) else layer["dtype"]["config"]["name"]
            for layer in made["layers"]] == ["float32", "float32", "int32"]  # fmt: skip


def new_model(config):
    """The network that a config means, with weights of chance."""
    import keras

    keras.utils.set_random_seed(3)
    model = keras.saving.deserialize_keras_object(as_keras_3(config))
    model.set_weights(
        [np.random.default_rng(len(w.shape)).uniform(0.01, 0.2, w.shape) for w in model.weights]
    )
    return model


@pytest.mark.slow
@pytest.mark.parametrize("kind", OLD)
@pytest.mark.parametrize("form", ["hdf5", "keras", "misnamed"])
def test_the_network_answers_as_it_did(tmp_path, kind, form):
    from emotion.exchange.loading import load_foreign

    model = new_model(OLD[kind]())
    if form == "keras":
        path = tmp_path / "old.keras"
        model.save(tmp_path / "new.keras")
        with zipfile.ZipFile(tmp_path / "new.keras") as new, zipfile.ZipFile(path, "w") as old:
            for name in new.namelist():
                config = json.dumps(with_modules(OLD[kind]()))
                old.writestr(name, config if name == "config.json" else new.read(name))
    else:
        model.save(tmp_path / "old.h5")
        with h5py.File(tmp_path / "old.h5", "r+") as file:
            file.attrs["model_config"] = json.dumps(OLD[kind]())
        path = (tmp_path / "old.h5").rename(tmp_path / ("old.h5" if form == "hdf5" else "old.keras"))
    expected = np.asarray(model(FACES))
    assert np.ptp(expected, axis=0).max() > 0
    assert np.allclose(np.asarray(load_foreign(path)(FACES)), expected, atol=1e-6)


@pytest.mark.slow
def test_hdf5_files_that_are_no_whole_model(tmp_path):
    from emotion.exchange.loading import load_foreign

    model = new_model(old_sequential())
    model.save_weights(tmp_path / "only.weights.h5")
    with pytest.raises(ModelError, match="holds weights only, not the network"):
        load_foreign(tmp_path / "only.weights.h5")
    model.save(tmp_path / "lambda.h5")
    with h5py.File(tmp_path / "lambda.h5", "r+") as file:
        config = old_sequential()
        config["config"]["layers"].insert(1, old_layer("Lambda", "x", function=["gASV", None, None]))
        file.attrs["model_config"] = json.dumps(config)
    with pytest.raises(ModelError, match="has a Lambda layer"):
        load_foreign(tmp_path / "lambda.h5")
    with h5py.File(tmp_path / "linked.h5", "w") as file:
        file["model_weights"] = h5py.ExternalLink("/etc/passwd", "/")
        file.attrs["model_config"] = json.dumps(old_sequential())
    with pytest.raises(ModelError, match="point to other files"):
        load_foreign(tmp_path / "linked.h5")
    (tmp_path / "damaged.h5").write_bytes((tmp_path / "lambda.h5").read_bytes()[:3000])
    with pytest.raises(ModelError, match="weights in the file are damaged"):
        load_foreign(tmp_path / "damaged.h5")
