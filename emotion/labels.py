"""The seven emotions: their order, their names, and the colours that stand for them.

The order is the one of the FER-2013 challenge file (0 angry ... 6 neutral), so that its numeric
labels are indices into `EMOTIONS`.
"""

import numpy as np

EMOTIONS: tuple[str, ...] = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

# Okabe and Ito's palette ("Color Universal Design", 2008), chosen there so that people with any
# form of colour blindness can tell the colours apart. Never the only carrier of meaning: a name
# always stands beside the colour.
COLORS: dict[str, str] = {
    "angry": "#D55E00",
    "disgust": "#009E73",
    "fear": "#CC79A7",
    "happy": "#E69F00",
    "sad": "#0072B2",
    "surprise": "#56B4E9",
    "neutral": "#7F7F7F",
}

UNCERTAIN = "uncertain"
UNCERTAIN_COLOR = "#595959"

_SPELLINGS: dict[str, str] = {
    "anger": "angry",
    "disgusted": "disgust",
    "fearful": "fear",
    "happiness": "happy",
    "sadness": "sad",
    "surprised": "surprise",
    **{name: name for name in EMOTIONS},
    **{str(index): name for index, name in enumerate(EMOTIONS)},
}


def parse_emotion(text: str) -> str | None:
    """Return the emotion that a folder or a column calls `text`, or None when it is none of them.

    Case and surrounding space do not matter; the usual other spellings ("happiness", "anger", ...)
    and the challenge's numbers "0" to "6" are understood.
    """
    return _SPELLINGS.get(text.strip().lower())


def by_emotion(probabilities: np.ndarray) -> dict[str, float]:
    """Return seven probabilities (7,) by the emotions' names, rounded to what is meaningful."""
    return {name: round(float(value), 4) for name, value in zip(EMOTIONS, probabilities, strict=True)}


def how_sure(probability: float, digits: int = 0) -> str:
    """Return how sure a model is, 0 to 1, in percent; 99 (99.9, ...) at most, as no model can promise 100."""
    return f"{min(probability, 1 - 0.01 / 10**digits):.{digits}%}"


def in_percent(share: float, digits: int = 1) -> str:
    """Return a measured or counted share, 0 to 1, in percent; for how sure a model is, see above."""
    return f"{share:.{digits}%}"


def color_rgb(name: str) -> tuple[int, int, int]:
    """Return the colour of an emotion (or of "uncertain") as red, green, blue, each 0 to 255."""
    color = UNCERTAIN_COLOR if name == UNCERTAIN else COLORS[name]
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
