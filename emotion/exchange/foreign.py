"""Well-known files that are no model this product reads: what each is, and what can be done with it."""

from pathlib import Path

from emotion.models.card import ModelError

_MODELS = (".keras", ".h5", ".hdf5", ".tflite")
_TO_LITERT = "and import the .tflite file that this makes"
_SAVED_MODEL = (
    "a TensorFlow SavedModel, which holds code and no layers; convert it with "
    f"tf.lite.TFLiteConverter.from_saved_model {_TO_LITERT}"
)
_ONNX = f"This is an ONNX model; convert it with onnx2tf (onnx2tf -i FILE.onnx) {_TO_LITERT}."
_PYTORCH = (
    "This is a PyTorch file, which is a pickle and could run any code when opened; "
    f"export it there with torch.onnx.export, convert that with onnx2tf {_TO_LITERT}."
)
_PICKLE = "This is a pickle, which could run any code when opened; save the model as .keras."
_CUT = "The file is cut off: it begins as a Keras model and lacks its end; fetch it again."
# By the first bytes of a file. The pointer's is of the Git LFS specification, version 1.
_BY_START: tuple[tuple[bytes, str], ...] = (
    (
        b"version https://git-lfs.github.com/",
        "This is only a pointer to the model: the repository keeps it in Git LFS, which a download as ZIP "
        "leaves out; open the file on its page there and choose 'Download raw file', or run 'git lfs pull'.",
    ),
    (b"\x80", _PICKLE),
    (b"\x1f\x8b", "This is a packed archive (gzip); unpack it, and import the model in it."),
    (b"Rar!", "This is a packed archive (RAR); unpack it, and import the model in it."),
    (b"7z\xbc\xaf", "This is a packed archive (7z); unpack it, and import the model in it."),
)
_BY_SUFFIX: dict[str, str] = {
    ".onnx": _ONNX,
    ".pb": f"This is a graph of TensorFlow, a part of {_SAVED_MODEL}.",
    ".pt": _PYTORCH,
    ".pth": _PYTORCH,
    ".ckpt": "This is a checkpoint, weights without the network they belong to; save the model as .keras.",
    ".index": "This is a checkpoint, weights without the network they belong to; save the model as .keras.",
    ".safetensors": "The file holds weights only, not the network they belong to; save the model as .keras.",
    ".mlmodel": "This is a Core ML model, which LiteRT cannot run; import the model it was made from.",
}
_ARCHITECTURE = (
    "The file holds a network's architecture only, without its weights; load both in Keras, "
    "and save the whole model with model.save('model.keras')."
)
_NO_MODEL = "The file is no model: neither Keras (.keras, .h5) nor LiteRT (.tflite)."


def refuse_folder(path: Path) -> None:
    """Say what a folder is that was named as a model.

    Raises:
        ModelError: always.
    """
    if (path / "saved_model.pb").is_file():
        raise ModelError(f"This folder is {_SAVED_MODEL}.")
    if (path / "config.json").is_file() and (path / "model.weights.h5").is_file():
        raise ModelError("This folder is a Keras model, unpacked; pack its files as a zip called NAME.keras.")
    raise ModelError("This is a folder; choose the model's file, .keras, .h5 or .tflite.")


def refuse_other(path: Path, start: bytes) -> None:
    """Say what a file is that is neither a zip nor of a format that is read here.

    Args:
        path: of the file.
        start: its first bytes, some hundred.

    Raises:
        ModelError: always.
    """
    if not start:
        raise ModelError("The file is empty.")
    for mark, sentence in _BY_START:
        if start.startswith(mark):
            raise ModelError(sentence)
    if start.startswith(b"PK\x03\x04"):
        raise ModelError(_CUT)
    text = start.lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html")):
        raise ModelError("This is a web page, not a model: the download went wrong; fetch the file itself.")
    if text.startswith(b"{") and b"class_name" in text:
        raise ModelError(_ARCHITECTURE)
    # ONNX is a protobuf without a mark: a small version, then who made it.
    if start[:1] == b"\x08" and start[2:3] == b"\x12":
        raise ModelError(_ONNX)
    raise ModelError(_BY_SUFFIX.get(path.suffix.lower(), _NO_MODEL))


def refuse_zip(names: list[str], wanted: set[str]) -> None:
    """Say what a zip is that holds something else than a Keras model; where it may be one, do nothing.

    Args:
        names: of what is in it.
        wanted: of what a Keras model's zip holds.

    Raises:
        ModelError: it is another one that is known.
    """
    plain = [name for name in names if not name.startswith("__MACOSX/")]
    if any(name.rpartition("/")[2] == "data.pkl" for name in plain):
        raise ModelError(_PYTORCH)
    if any(name.rpartition("/")[2] == "saved_model.pb" for name in plain):
        raise ModelError(f"This zip holds {_SAVED_MODEL}.")
    others = [name for name in plain if name.rpartition("/")[2] not in wanted]
    model = next((name for name in others if name.lower().endswith(_MODELS)), None)
    if model is not None:
        raise ModelError(f"This zip holds {model[:80]!r}; unpack it, and import that.")
    files = {name for name in plain if not name.endswith("/")}
    folders = {name.rpartition("/")[0] for name in files}
    if len(folders) == 1 and "" not in folders and {name.rpartition("/")[2] for name in files} == wanted:
        raise ModelError(
            f"The file was packed anew, with its parts in a folder {folders.pop()[:60]!r}; "
            "pack the three parts themselves, without the folder."
        )
    if "model.weights.h5" in files and "config.json" not in files:
        raise ModelError(
            "The file holds weights only, not the network they belong to; save the model as .keras."
        )
