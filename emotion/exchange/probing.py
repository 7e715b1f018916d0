"""What a foreign LiteRT model does with a face: found out by showing it some."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from emotion.exchange.ranges import RANGES, WATCHED_AT, range_behind
from emotion.models.card import ModelError
from emotion.models.litert import LiteRTError, Plain, open_interpreter, open_own, open_plain
from emotion.models.reading import FULL_RANGE, Range, Reading
from emotion.synthetic.faces import generate

_FACES = 5
_TOLERANCE = 1e-3
# A film or a webcam would stand still; the slowest of the common networks takes a tenth of it.
MAX_SECONDS_A_FACE = 5.0
# The largest weight of a first layer is some 0.1 to 1, whatever a network was trained on.
_SMALL_WEIGHT = 0.02
_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "CONV_3D")
_PASSING = ("RESHAPE", "CAST", "DEQUANTIZE", "QUANTIZE", "SQUEEZE")


@dataclass(frozen=True)
class Probed:
    """What has been found out.

    Attributes:
        reading: how the model is asked and read, its classes still to be named.
        classes: how many scores it gives.
        range_from: how its range is known: "told" by a person, "found" in the model, "tried" on faces with
            labels, or "assumed".
    """

    reading: Reading
    classes: int
    range_from: str


def probe(content: bytes, told: Sequence[Range] | None = None, found: Range | None = None) -> Probed:
    """Return how a model in LiteRT's format is asked and read.

    Call it in a process of its own: a hostile file may crash the interpreter.

    Args:
        content: of the file.
        told: what black and white are to it, as somebody says; of a model made by this product, that is
            known, whatever is said.
        found: what they are by the model it was converted from, where that told.

    Raises:
        ModelError: it is none that could be used; one sentence.
    """
    try:
        try:
            run = open_own(content)
        except LiteRTError:
            return _probe_plain(content, told, found)
        faces = generate(_FACES, seed=0)[0]
        answers = np.concatenate([run(face[None])[0] for face in Reading().prepare(faces)])
        _check_scores(answers, "has it been trained?")
        return Probed(Reading(), len(Reading().classes), "found")
    except LiteRTError as error:
        raise ModelError(f"The model {error}.") from error


def _probe_plain(content: bytes, told: Sequence[Range] | None, found: Range | None) -> Probed:
    plain = open_plain(content)
    reading = Reading(is_own=False, shape=plain.shape)
    range_from = "told" if told else "found"
    if not told and found is None:
        found = _find_range(content, plain.shape)
    if told or found is not None:
        candidates: list[tuple[Range, ...]] = [tuple(told or (found,))]  # type: ignore[arg-type]
    else:
        range_from, candidates = "assumed", [(known,) for known in RANGES.values()]
    for number, ranges in enumerate(candidates):
        reading = replace(reading, ranges=ranges)
        if len(ranges) not in (1, reading.size[2]):
            raise LiteRTError(f"takes {reading.size[2]} channel, not {len(ranges)}")
        scores = _ask(plain, reading)
        # One that sees no difference between faces in one range may see it in another.
        if number == len(candidates) - 1 or _differ(scores):
            break
    _check_scores(scores, "does it expect another range of input?" if told else "has it been trained?")
    return Probed(replace(reading, scores=_kind_of(scores, _last_step(content))), plain.classes, range_from)


def _ask(plain: Plain, reading: Reading) -> np.ndarray:
    """Return the scores of some faces, float32 (n, classes)."""
    faces = reading.prepare(generate(_FACES, seed=0)[0])
    started = time.perf_counter()
    try:
        first = plain.run(faces[:1])[0]
        seconds = time.perf_counter() - started
        if seconds > MAX_SECONDS_A_FACE:
            raise LiteRTError(
                f"takes {seconds:.0f} s for a single face on this machine; "
                f"more than {MAX_SECONDS_A_FACE:g} s are too long for a page"
            )
        return np.concatenate([first, *(plain.run(face[None])[0] for face in faces[1:])])
    except (RuntimeError, MemoryError) as error:
        raise LiteRTError("fails when it is shown a face") from error


def _differ(scores: np.ndarray) -> bool:
    return bool(np.isfinite(scores).all() and np.ptp(scores, axis=0).max() > 0)


def _check_scores(scores: np.ndarray, doubt: str) -> None:
    if not np.isfinite(scores).all():
        raise ModelError("The model gives no numbers for a face.")
    if not _differ(scores):
        raise ModelError(f"The model gives every face the same answer; {doubt}")


def _kind_of(scores: np.ndarray, last_step: str) -> str:
    """Return what scores are, one of `reading.SCORES`."""
    if scores.min() >= -_TOLERANCE and np.abs(scores.sum(axis=1) - 1).max() < _TOLERANCE * scores.shape[1]:
        return "probabilities"
    return "sigmoids" if last_step == "LOGISTIC" else "logits"


def _last_step(content: bytes) -> str:
    """Return the operation that gives the scores, as LiteRT calls it."""
    interpreter = open_interpreter(content, watched=True)
    steps = interpreter._get_ops_details()
    names = [step["op_name"] for step in steps if step["op_name"] not in _PASSING]
    return names[-1] if names else ""


def _find_range(content: bytes, shape: tuple[int, ...]) -> Range | None:
    """Return the range that the model's own first steps are made for; None where they do not tell."""
    interpreter = open_interpreter(content, watched=True)
    source = interpreter.get_input_details()[0]
    if source["dtype"] != np.float32:
        return _range_of_whole_numbers(source)
    first = interpreter._get_ops_details()[0]
    if first["op_name"] == "QUANTIZE":  # it goes on with whole numbers, made for the range that it was shown
        tensors = {details["index"]: details for details in interpreter.get_tensor_details()}
        return _range_of_whole_numbers(tensors[int(first["outputs"][0])])
    weighted = next((step for step in interpreter._get_ops_details() if step["op_name"] in _WEIGHTED), None)
    if weighted is None:
        return None
    watched = int(weighted["inputs"][0])
    interpreter.resize_tensor_input(source["index"], (1, *shape))
    interpreter.allocate_tensors()
    seen = []
    for value in WATCHED_AT:
        interpreter.set_tensor(source["index"], np.full((1, *shape), value, np.float32))
        interpreter.invoke()
        values = interpreter.get_tensor(watched).astype(np.float32)
        # The median: what pads a picture stands at its edges.
        seen.append(np.median(values.reshape(-1, values.shape[-1]), axis=0))
    found = range_behind(np.stack(seen))
    if found is None and _holds_a_division(interpreter, weighted):
        return FULL_RANGE
    return found


def _holds_a_division(interpreter: Any, weighted: dict[str, Any]) -> bool:
    """Return whether the first layer's weights are so small that a division by 255 was made part of them.

    The converter does that with a division right before a convolution.
    """
    if weighted["op_name"] not in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        return False
    place = int(weighted["inputs"][1])
    tensors = {details["index"]: details for details in interpreter.get_tensor_details()}
    try:
        weights = interpreter.get_tensor(place)
    except ValueError:  # they are made on the way, of smaller ones
        return False
    scales = tensors[place]["quantization_parameters"]["scales"]
    largest = float(np.abs(weights.astype(np.float32)).max()) * (float(scales.max()) if len(scales) else 1.0)
    return 0 < largest < _SMALL_WEIGHT


def _range_of_whole_numbers(source: dict[str, Any]) -> Range | None:
    """Return the range whose ends are those of the whole numbers that an input takes."""
    if not np.issubdtype(source["dtype"], np.integer):
        return None
    scale, zero = source["quantization"]
    limits = np.iinfo(source["dtype"])
    if not scale:  # the values of a picture as they are
        return FULL_RANGE if limits.max >= FULL_RANGE[1] else None
    ends = (scale * (limits.min - zero), scale * (limits.max - zero))
    near = [known for known in RANGES.values() if np.allclose(ends, known, atol=0.02 * (known[1] - known[0]))]
    return near[0] if near else None
