"""Baseline correction: what a face shows beyond what the model says of it at rest.

A model may call one person's resting face sad and another's angry. Where a stretch is known in which somebody
rested, the difference of logits to it says what changed. It makes assumptions (that they did rest, that what
the model sees in a face adds up), so it is off unless asked for, and a corrected table says so in its column
`corrected`.
"""

import numpy as np
import pandas as pd

from emotion.labels import EMOTIONS, UNCERTAIN
from emotion.photos.analysis import is_uncertain
from emotion.recordings.markers import Marker
from emotion.recordings.recording import RecordingError
from emotion.recordings.statistics import within
from emotion.recordings.valence import valence_index

# Probabilities below this are taken for it: a logarithm of 0 would outweigh all else.
_LEAST = 1e-4
_NEUTRAL = EMOTIONS.index("neutral")


def correct_baseline(faces: pd.DataFrame, rest: Marker) -> pd.DataFrame:
    """Return the table with every face's answers taken relative to its rest.

    For each face, the mean logits (logarithms of the probabilities) of its resting frames are taken off those
    of every frame; in their place come those of a face of which nothing is known but that it is neutral as
    often as resting faces are: the mean resting probability of neutral of all faces, the rest of it even.
    Then probabilities are made to sum to 1 again, and verdict and valence index follow from them.

    Args:
        faces: the table FACES of a recording.
        rest: when all of them rested.

    Returns:
        A new table, with the column `corrected`, true in the rows of faces that were seen at rest; the others
        stay as they were.

    Raises:
        RecordingError: nobody was seen in that time.
    """
    resting = within(faces, rest)
    if not len(resting):
        raise RecordingError(
            f"Nobody was seen between {rest.start:g} and {rest.end:g} s: there is no rest to compare with."
        )
    logits = _logits(faces)
    corrected = np.zeros(len(faces), bool)
    expected = _expected(float(resting["neutral"].mean()))
    numbers, at_rest = faces["face"].to_numpy(), faces.index.isin(resting.index)
    for number in np.unique(resting["face"]):
        mine = numbers == number
        logits[mine] += expected - logits[mine & at_rest].mean(axis=0)
        corrected |= mine
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    table = faces.copy()
    table.loc[corrected, list(EMOTIONS)] = probabilities[corrected]
    table.loc[corrected, "valence"] = valence_index(probabilities[corrected]).astype(np.float32)
    table.loc[corrected, "verdict"] = [_verdict(row) for row in probabilities[corrected]]
    return table.assign(corrected=corrected)


def _logits(faces: pd.DataFrame) -> np.ndarray:
    return np.log(np.maximum(faces[list(EMOTIONS)].to_numpy(np.float64), _LEAST))


def _expected(neutral: float) -> np.ndarray:
    """Return the logits of a face at rest, float64 (7,)."""
    share = float(np.clip(neutral, 1 / len(EMOTIONS), 1 - _LEAST * len(EMOTIONS)))
    probabilities = np.full(len(EMOTIONS), (1 - share) / (len(EMOTIONS) - 1))
    probabilities[_NEUTRAL] = share
    return np.log(probabilities)


def _verdict(probabilities: np.ndarray) -> str:
    return UNCERTAIN if is_uncertain(probabilities) else EMOTIONS[int(probabilities.argmax())]
