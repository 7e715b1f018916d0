"""Models in LiteRT's format, opened: those this product makes, and those made elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from emotion.faces import FACE_SIZE
from emotion.labels import EMOTIONS

# From float32 (n, *shape) to scores (n, classes) and, of this product's models, maps (n, height, width, 7).
Runner = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]
_FACE = (FACE_SIZE, FACE_SIZE, 1)
# What the interpreter raises of files that are none.
_BROKEN = (ValueError, RuntimeError, StopIteration, OSError, MemoryError)


# A face has 48 pixels a side: what is made of it for a larger picture than this holds nothing of it.
MAX_SIDE = 512
# Contempt is what datasets have beside the seven.
CLASSES = (len(EMOTIONS), len(EMOTIONS) + 1)
# What all tensors of a model may take for one face. A VGG-16 at 224 x 224 takes 0.7 GB, its weights included.
MAX_TENSOR_BYTES = 1_500_000_000


class LiteRTError(ValueError):
    """A file cannot be used; the message goes on a sentence whose subject is the file."""


def open_interpreter(content: bytes, watched: bool = False) -> Any:
    """Return LiteRT's interpreter of a file, with one thread.

    Args:
        content: of the file.
        watched: keep what each operation gives, to be looked at afterwards; slower.

    Raises:
        ValueError, RuntimeError: it is no such file, or needs operations that LiteRT lacks.
    """
    # Imported here: pages that only list models need not load the runtime.
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    if not watched:
        return Interpreter(model_content=content, num_threads=1)
    return Interpreter(
        model_content=content,
        num_threads=1,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )


def open_own(content: bytes) -> Runner:
    """Open a model with the outputs `probabilities` and `activation_maps`.

    Args:
        content: of the file.

    Raises:
        LiteRTError: it is damaged, or takes or gives something else.
    """
    try:
        runner = open_interpreter(content).get_signature_runner()
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


@dataclass(frozen=True)
class Plain:
    """A model made elsewhere, opened.

    Attributes:
        run: from float32 (n, *shape) to scores, float32 (n, classes); the second of the pair is None.
        shape: of what it takes for one face.
        classes: how many scores it gives for a face.
    """

    run: Runner
    shape: tuple[int, ...]
    classes: int


def open_plain(content: bytes) -> Plain:
    """Open a model made elsewhere, whatever its input and its output of scores are called.

    Whole numbers and half floats, in and out, are brought to and from float32 as the file says.

    Args:
        content: of the file.

    Raises:
        LiteRTError: it is damaged, needs operations that LiteRT lacks, or takes or gives something else.
    """
    try:
        interpreter = open_interpreter(content)
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    except _BROKEN as error:
        raise LiteRTError(_why_broken(error, "is damaged")) from error
    if len(inputs) != 1:
        raise LiteRTError(f"takes {len(inputs)} inputs, not one picture")
    shape = _picture_shape(inputs[0])
    target = outputs[_find_scores(outputs)]
    source, classes = inputs[0]["index"], int(target["shape"][-1])

    def allocate(count: int) -> None:
        try:
            interpreter.resize_tensor_input(source, (count, *shape))
            interpreter.allocate_tensors()
        except _BROKEN as error:
            raise LiteRTError(_why_broken(error, "fails when it is shown a face")) from error
        _check_memory(interpreter)

    def run(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        if tuple(interpreter.get_input_details()[0]["shape"]) != faces.shape:
            allocate(len(faces))
        interpreter.set_tensor(source, _quantise(faces, inputs[0]))
        interpreter.invoke()
        scores = _dequantise(interpreter.get_tensor(target["index"]), target)
        return scores.reshape(len(faces), classes), None

    allocate(1)
    return Plain(run, shape, classes)


def _why_broken(error: BaseException, otherwise: str) -> str:
    """Return what is wrong with a file, from what the interpreter says of it."""
    text = str(error)
    if "Select TensorFlow op" in text or "Flex" in text:
        return (
            "needs operations of TensorFlow itself (Select TF ops), which LiteRT alone lacks; "
            "convert it with the built-in operations only"
        )
    if "custom op" in text:
        return "needs an operation of somebody's own making, which LiteRT lacks"
    return otherwise


def _check_memory(interpreter: Any) -> None:
    # Counted, not measured: a model that would fill the memory with every face must not be let in.
    sizes = [
        float(np.prod(details["shape"], dtype=np.float64)) * np.dtype(details["dtype"]).itemsize
        for details in interpreter.get_tensor_details()
    ]
    if sum(sizes) > MAX_TENSOR_BYTES:
        raise LiteRTError(
            f"takes {sum(sizes) / 1e9:.1f} GB for a single face; "
            f"up to {MAX_TENSOR_BYTES / 1e9:.1f} GB are allowed here"
        )


def _quantise(values: np.ndarray, details: dict[str, Any]) -> np.ndarray:
    """Return values, float32, as an input wants them."""
    kind = details["dtype"]
    scale, zero = details["quantization"]
    if np.issubdtype(kind, np.integer):
        limits = np.iinfo(kind)
        values = np.clip(np.rint(values / (scale or 1) + zero), limits.min, limits.max)
    return values.astype(kind)


def _dequantise(values: np.ndarray, details: dict[str, Any]) -> np.ndarray:
    """Return, float32, what an output gives."""
    scale, zero = details["quantization"]
    if np.issubdtype(details["dtype"], np.integer) and scale:
        return (values.astype(np.float32) - np.float32(zero)) * np.float32(scale)
    return values.astype(np.float32)


def _find_scores(outputs: list[dict[str, Any]]) -> int:
    """Return which of the outputs, as the interpreter describes them, has the scores."""
    found = [
        number
        for number, details in enumerate(outputs)
        if len(details["shape"]) == 2 and details["shape"][-1] in CLASSES
    ]
    if len(found) > 1:
        raise LiteRTError(f"gives {len(found)} answers for a face, and nobody knows which one counts")
    if not found:
        shapes = " and ".join(_shape_text(details["shape"]) for details in outputs) or "nothing"
        raise LiteRTError(
            f"gives {shapes} numbers for a face, not {len(EMOTIONS)}, nor {len(EMOTIONS) + 1} with contempt"
        )
    return found[0]


def _shape_text(shape: Any) -> str:
    """Return a shape without its first number, the batch, in words."""
    return " x ".join("any" if size < 0 else str(int(size)) for size in shape[1:]) or "no"


def _picture_shape(details: dict[str, Any]) -> tuple[int, ...]:
    """Return the shape of a picture that an input takes, without its batch; sides of any size: a face's."""
    told = tuple(int(size) for size in details.get("shape_signature", details["shape"]))
    shape = told[1:]
    sides: tuple[int, ...]
    if len(shape) == 3 and shape[2] not in (1, 3) and shape[0] in (1, 3):
        sides = shape[1:]
    else:
        sides = shape[:2] if len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3)) else ()
    if len(shape) == 1:
        side = round(max(shape[0], 0) ** 0.5)
        sides = (side, side) if side * side == shape[0] else ()
    if not sides or 0 in sides:
        raise LiteRTError(f"takes {_shape_text(told)} numbers, which is no grey or colour picture")
    if max(sides) > MAX_SIDE:
        raise LiteRTError(
            f"takes pictures of {_shape_text(told)}; up to {MAX_SIDE} pixels a side are possible"
        )
    return tuple(FACE_SIZE if size < 0 else size for size in shape)


def _check_input(details: dict[str, Any]) -> None:
    shape = tuple(details.get("shape_signature", details["shape"]))
    if tuple(shape[1:]) != _FACE:
        raise LiteRTError(
            f"takes pictures of {_shape_text(shape)}, not of {FACE_SIZE} x {FACE_SIZE} x 1 (grey)"
        )
    if details["dtype"] != np.float32:
        raise LiteRTError("takes whole numbers; convert it with floating-point inputs and outputs")
