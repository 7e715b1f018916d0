"""The valence index: how much more a face shows what is pleasant than what is not."""

import numpy as np

from emotion.labels import EMOTIONS

# FaceReader's rule: "the intensity of 'happy' minus the intensity of the negative expression with the highest
# intensity" (Noldus, "FaceReader Methodology Note"). Surprise counts on neither side.
NEGATIVE = ("angry", "disgust", "fear", "sad")
_NEGATIVE = [EMOTIONS.index(name) for name in NEGATIVE]
_HAPPY = EMOTIONS.index("happy")


def valence_index(probabilities: np.ndarray) -> np.ndarray:
    """Return happy minus the strongest of the negative ones, -1 to 1.

    It is an index of seven probabilities, which say how sure a model is. It is no measured intensity of an
    expression, and nobody's feeling.

    Args:
        probabilities: (..., 7), in the order of `emotion.labels.EMOTIONS`.

    Returns:
        Of the shape (...).

    Raises:
        ValueError: the last axis is not of seven.
    """
    probabilities = np.asarray(probabilities)
    if not probabilities.ndim or probabilities.shape[-1] != len(EMOTIONS):
        raise ValueError(f"probabilities must have the shape (..., {len(EMOTIONS)})")
    return np.asarray(probabilities[..., _HAPPY] - probabilities[..., _NEGATIVE].max(axis=-1))
