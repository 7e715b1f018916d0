"""Files that somebody brings: what is hostile or no model gets one sentence, before anything opens it."""

import io
import json
import pickle
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from emotion import paths
from emotion.exchange import file_check
from emotion.exchange.file_check import check_config, check_file
from emotion.models.card import ModelError

WEIGHTS = "model.weights.h5"


class Hostile:
    def __reduce__(self):
        return print, ("this must never be printed",)


def layer(name: str, module: str | None = "keras.layers", **extra) -> dict:
    return {"class_name": name, "module": module, "registered_name": None, "config": {"name": "x"}} | extra


def model_config(*layers: dict) -> dict:
    return {
        "class_name": "Sequential",
        "module": "keras",
        "registered_name": None,
        "config": {"layers": [layer("InputLayer"), *layers]},
        "compile_config": {"loss": layer("MyOwnLoss", "my_module")},  # never read
    }


def keras_file(folder: Path, config=None, **members) -> Path:
    path = folder / "model.keras"
    content = {"config.json": json.dumps(config or model_config(layer("Dense"))), "metadata.json": "{}"}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in ({**content, WEIGHTS: b"x"} | members).items():
            if data is not None:
                archive.writestr(name, data)
    return path


@pytest.mark.parametrize("suffix", ["keras", "litert"])
def test_this_products_own_files_pass(suffix):
    name = {"keras": "model.keras", "litert": "model.tflite"}[suffix]
    assert check_file(paths.shipped_models_folder() / "crowd" / name) == suffix


@pytest.mark.parametrize(
    "part",
    [
        layer("Dense"),
        layer("Functional", "keras.src.models.functional", registered_name="Functional"),
        layer("Flip", "keras.src.ops.numpy", registered_name="Flip"),
        layer("HeNormal", "keras.initializers"),
        layer("L2", "keras.regularizers"),
        layer("DTypePolicy", "keras"),
        layer("function", "builtins", config="relu", registered_name="function"),
        layer("__keras_tensor__", None),
    ],
    ids=lambda part: part["class_name"],
)
def test_what_only_calculates_passes(part):
    check_config(model_config(part))


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (layer("Lambda"), "has a Lambda layer"),
        (layer("__lambda__", "builtins"), "has a Lambda layer"),
        (layer("Dense", config={"activation": layer("__lambda__", None)}), "has a Lambda layer"),
        (layer("MyLayer", "my_module", registered_name="mine>MyLayer"), "needs 'MyLayer', which is not one"),
        (layer("Dense", registered_name="mine>Dense"), "needs 'mine>Dense', a part of somebody's own making"),
        (layer("Dense", "my_module"), "needs 'Dense', which is not one"),
        (layer("function", "os", config="system"), "needs 'function'"),
        (layer("function", "builtins", config="eval"), "needs 'function'"),
        (layer("function", "keras.utils", config="get_file"), "needs 'function'"),
        (layer("TorchModuleWrapper"), "needs 'TorchModuleWrapper'"),
        (layer("TFSMLayer"), "needs 'TFSMLayer'"),
        (layer("StringLookup"), "needs 'StringLookup'"),
        (layer("Model", "tensorflow.keras"), "needs 'Model'"),
        (layer(["Dense"]), "config is damaged"),
        (layer("Dense", config={"a": [{"b": layer("Lambda")}]}), "has a Lambda layer"),
    ],
    ids=lambda value: value["class_name"] if isinstance(value, dict) and len(str(value)) < 90 else None,
)
def test_what_could_run_code_is_refused(tmp_path, part, message):
    with pytest.raises(ModelError, match=message):
        check_file(keras_file(tmp_path, model_config(part)))


@pytest.mark.parametrize("config", [[], {}, {"class_name": "Dense"}, {"class_name": "Lambda"}, "x", 3])
def test_a_config_of_something_else_is_refused(config):
    with pytest.raises(ModelError, match="no Keras model of the functional or sequential kind"):
        check_config(config)


def test_endless_nesting_is_refused(tmp_path):
    config = model_config()
    config["config"] = json.loads("[" * 500 + "]" * 500)
    with pytest.raises(ModelError, match="nested too deeply"):
        check_file(keras_file(tmp_path, config))
    deeper = '{"class_name": "Model", "config": ' + "[" * 200_000 + "]" * 200_000 + "}"
    with pytest.raises(ModelError, match=r"nested too deeply|damaged"):
        check_file(keras_file(tmp_path, **{"config.json": deeper}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"hello", "is no model: neither Keras"),
        (pickle.dumps(Hostile()), "is a pickle, which could run any code"),
        (b"PK\x03\x04 half a zip", "is cut off"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "only a pointer .* Git LFS"),
        (b"<!DOCTYPE html><html><body>404", "is a web page"),
        (b'{"class_name": "Functional", "config": {}}', "architecture only, without its weights"),
        (b"\x08\x08\x12\x07pytorch", "is an ONNX model; convert it with onnx2tf"),
        (b"\x1f\x8b\x08", "is a packed archive"),
    ],
)
def test_other_files(tmp_path, content, message):
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=message):
        check_file(path)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"weights.pkl": pickle.dumps(Hostile())}, "holds 'weights.pkl'"),
        ({"../../evil.py": b"x"}, "holds '../../evil.py'"),
        ({"assets/vocabulary.txt": b"/etc/passwd"}, "holds 'assets/vocabulary.txt'"),
        ({WEIGHTS: None}, "no whole Keras model"),
        ({"config.json": b"{"}, "damaged Keras model"),
        ({"config.json": b"\xff\xfe"}, "damaged Keras model"),
        ({"archive/data.pkl": b"x"}, "is a PyTorch file, which is a pickle"),
        ({"x/saved_model.pb": b"x"}, "zip holds a TensorFlow SavedModel"),
        ({"x/mine.keras": b"x"}, "zip holds 'x/mine.keras'; unpack it"),
    ],
)
def test_zips_of_something_else(tmp_path, members, message):
    with pytest.raises(ModelError, match=message):
        check_file(keras_file(tmp_path, **members))


def test_sizes_are_limited(tmp_path, monkeypatch):
    bomb = keras_file(tmp_path, **{WEIGHTS: b"0" * 3_000_000})
    assert bomb.stat().st_size < 10_000
    assert check_file(bomb) == "keras"
    monkeypatch.setattr(file_check, "MAX_UNPACKED_BYTES", 2_000_000)
    with pytest.raises(ModelError, match=r"Unpacked, the file has more than 2 MB"):
        check_file(bomb)
    monkeypatch.setattr(file_check, "MAX_CONFIG_BYTES", 100)
    monkeypatch.setattr(file_check, "MAX_UNPACKED_BYTES", 4_000_000)
    with pytest.raises(ModelError, match="config is too large"):
        check_file(bomb)
    monkeypatch.setattr(file_check, "MAX_FILE_BYTES", 1000)
    with pytest.raises(ModelError, match="a model may have up to"):
        check_file(bomb)


def test_a_missing_file(tmp_path):
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        check_file(tmp_path / "none.keras")


def test_an_hdf5_file_is_looked_at_in_a_process_of_its_own(tmp_path):
    (tmp_path / "model.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"0" * 50)
    assert check_file(tmp_path / "model.h5") == "hdf5"


@pytest.mark.parametrize(
    ("suffix", "message"),
    [(".onnx", "is an ONNX model"), (".pt", "is a PyTorch file"), (".pb", "graph of TensorFlow"),
     (".safetensors", "holds weights only"), (".mlmodel", "is a Core ML model")],
)  # fmt: skip
def test_other_formats_are_known_by_their_names_too(tmp_path, suffix, message):
    (tmp_path / f"model{suffix}").write_bytes(b"something")
    with pytest.raises(ModelError, match=message):
        check_file(tmp_path / f"model{suffix}")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["saved_model.pb", "variables/x"], "This folder is a TensorFlow SavedModel"),
        (["config.json", WEIGHTS, "metadata.json"], "This folder is a Keras model, unpacked"),
        ([], "This is a folder"),
    ],
)
def test_folders(tmp_path, names, message):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ModelError, match=message):
        check_file(tmp_path)


def test_what_was_packed_anew_with_its_folder(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        for name in ("config.json", "metadata.json", WEIGHTS):
            archive.writestr(f"mine/{name}", b"x")
    with pytest.raises(ModelError, match="packed anew, with its parts in a folder 'mine'"):
        check_file(tmp_path / "model.keras")


def weights(write) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write(file)
    return buffer.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda file: file.update({"a": h5py.ExternalLink("/etc/passwd", "/")}), "point to other files"),
        (lambda file: file.update({"a": h5py.SoftLink("/b")}), "point to other files"),
        (
            lambda file: file.create_dataset("a", (4,), "u1", external=[("/etc/passwd", 0, 4)]),
            "point to other files",
        ),
        (
            lambda file: file.create_dataset("a", (200_000_000,), "f8", chunks=(1000,), compression="gzip"),
            "Unpacked, the weights have more than",
        ),
    ],
    ids=["external link", "soft link", "external storage", "bomb"],
)
def test_weights_that_are_none(tmp_path, write, message):
    from emotion.exchange.loading import check_weights

    with pytest.raises(ModelError, match=message):
        check_weights(keras_file(tmp_path, **{WEIGHTS: weights(write)}))


@pytest.mark.slow
def test_plain_and_damaged_weights(tmp_path):
    from emotion.exchange.loading import check_weights

    check_weights(keras_file(tmp_path, **{WEIGHTS: weights(lambda file: file.update({"a/b": np.ones(3)}))}))
    with pytest.raises(ModelError, match="weights in the file are damaged"):
        check_weights(keras_file(tmp_path, **{WEIGHTS: b"no weights"}))
