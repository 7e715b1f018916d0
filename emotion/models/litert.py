"""Models in LiteRT's format, opened: those this product makes, and those made elsewhere."""

from collections.abc import Callable
from typing import Any

import numpy as np

from emotion.faces import FACE_SIZE
from emotion.labels import EMOTIONS

# From float32 (n, 48, 48, 1) to scores (n, 7) and, of this product's models, maps (n, height, width, 7).
Runner = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]
_FACE = (FACE_SIZE, FACE_SIZE, 1)
# What the interpreter raises of files that are none.
_BROKEN = (ValueError, RuntimeError, StopIteration, OSError, MemoryError)


class LiteRTError(ValueError):
    """A file cannot be used; the message goes on a sentence whose subject is the file."""


def _interpreter(content: bytes) -> Any:
    # Imported here: pages that only list models need not load the runtime.
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter(model_content=content, num_threads=1)


def open_own(content: bytes) -> Runner:
    """Open a model with the outputs `probabilities` and `activation_maps`.

    Args:
        content: of the file.

    Raises:
        LiteRTError: it is damaged, or takes or gives something else.
    """
    try:
        runner = _interpreter(content).get_signature_runner()
        input_name, details = next(iter(runner.get_input_details().items()))
        outputs = set(runner.get_output_details())
    except _BROKEN as error:
        raise LiteRTError("is damaged") from error
    _check_input(details)
    if not {"probabilities", "activation_maps"} <= outputs:
        raise LiteRTError("lacks an output this product needs")

    def run(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        answer = runner(**{input_name: faces})
        return answer["probabilities"], answer["activation_maps"]

    return run


def open_plain(content: bytes) -> Runner:
    """Open a model made elsewhere, whatever its input and its output of seven scores are called.

    Args:
        content: of the file.

    Raises:
        LiteRTError: it is damaged, needs operations that LiteRT lacks, or takes or gives something else.
    """
    try:
        interpreter = _interpreter(content)
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    except _BROKEN as error:
        raise LiteRTError("is damaged") from error
    if len(inputs) != 1:
        raise LiteRTError(f"takes {len(inputs)} inputs, not one picture")
    _check_input(inputs[0])
    source, target = inputs[0]["index"], outputs[_find_scores(outputs)]["index"]

    def run(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        if tuple(interpreter.get_input_details()[0]["shape"]) != faces.shape:
            interpreter.resize_tensor_input(source, faces.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(source, faces)
        interpreter.invoke()
        return interpreter.get_tensor(target).reshape(len(faces), len(EMOTIONS)), None

    return run


def _find_scores(outputs: list[dict[str, Any]]) -> int:
    """Return which of the outputs, as the interpreter describes them, has the seven scores."""
    found = [
        number
        for number, details in enumerate(outputs)
        if len(details["shape"]) == 2 and details["shape"][-1] == len(EMOTIONS)
    ]
    if len(found) != 1:
        shapes = " and ".join(_shape_text(details["shape"]) for details in outputs) or "nothing"
        raise LiteRTError(f"gives {shapes} numbers for a face, not {len(EMOTIONS)}")
    if outputs[found[0]]["dtype"] != np.float32:
        raise LiteRTError("gives whole numbers; convert it with floating-point inputs and outputs")
    return found[0]


def _shape_text(shape: Any) -> str:
    """Return a shape without its first number, the batch, in words."""
    return " x ".join(str(int(size)) for size in shape[1:]) or "no"


def _check_input(details: dict[str, Any]) -> None:
    shape = tuple(details.get("shape_signature", details["shape"]))
    if tuple(shape[1:]) != _FACE:
        raise LiteRTError(
            f"takes pictures of {_shape_text(shape)}, not of {FACE_SIZE} x {FACE_SIZE} x 1 (grey)"
        )
    if details["dtype"] != np.float32:
        raise LiteRTError("takes whole numbers; convert it with floating-point inputs and outputs")
