"""What a foreign LiteRT model does with a face: found out by showing it some."""

import numpy as np

from emotion.models.card import ModelError, Reading
from emotion.models.litert import LiteRTError, Runner, open_own, open_plain
from emotion.synthetic.faces import generate

_FACES = 5
_TOLERANCE = 1e-3


def probe(content: bytes, largest_input: float) -> Reading:
    """Return how a model in LiteRT's format is asked and read.

    Call it in a process of its own: a hostile file may crash the interpreter.

    Args:
        content: of the file.
        largest_input: what white is to it, 255 or 1; this cannot be found out. Of a model made by this
            product, it is 255 whatever is said.

    Raises:
        ModelError: it is none that could be used; one sentence.
    """
    faces = generate(_FACES, seed=0)[0][..., None].astype(np.float32)
    try:
        run: Runner = open_own(content)
        is_own = True
    except LiteRTError:
        is_own = False
    try:
        if not is_own:
            faces *= largest_input / 255
            run = open_plain(content)
        scores = np.concatenate([_ask(run, face[None]) for face in faces])
    except LiteRTError as error:
        raise ModelError(f"The model {error}.") from error
    if not np.isfinite(scores).all():
        raise ModelError("The model gives no numbers for a face.")
    if np.ptp(scores, axis=0).max() == 0:
        raise ModelError("The model gives every face the same answer; does it expect another range of input?")
    return Reading(
        is_own=is_own,
        largest_input=255.0 if is_own else largest_input,
        gives_logits=not _are_probabilities(scores),
    )


def _ask(run: Runner, faces: np.ndarray) -> np.ndarray:
    try:
        return run(faces)[0]
    except (ValueError, RuntimeError, MemoryError) as error:
        raise LiteRTError("fails when it is shown a face") from error


def _are_probabilities(scores: np.ndarray) -> bool:
    sums = scores.sum(axis=1)
    return bool(scores.min() >= -_TOLERANCE and np.abs(sums - 1).max() < _TOLERANCE)
