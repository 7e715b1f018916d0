"""What black and white are to a foreign model: the ranges people use, and what a model itself tells."""

import math
from collections.abc import Sequence

import numpy as np

from emotion.models.card import ModelError
from emotion.models.reading import FULL_RANGE, Range

# In the order in which they are assumed where nothing tells.
RANGES: dict[str, Range] = {"0-1": (0.0, 1.0), "0-255": FULL_RANGE, "minus1-1": (-1.0, 1.0)}
AUTO = "auto"
HELP = (
    "0-1, 0-255, minus1-1, LOW..HIGH, or MEAN/DEVIATION of pictures from 0 to 1, where they were "
    "standardised so (for three channels: R,G,B/R,G,B)"
)
# Inputs that shift and scale by themselves are watched at these.
WATCHED_AT = (0.0, 1.0, 255.0)
# How bright pictures of faces are, and how much that varies, as shares of their range.
_USUAL_MEAN, _USUAL_DEVIATION = 0.5, 0.25
_FAR = 0.3


def parse_range(text: str) -> tuple[Range, ...] | None:
    """Return what a text says black and white are, for all channels or for each; None for "auto".

    Raises:
        ModelError: it says nothing of the kind.
    """
    text = text.strip().lower().replace("−", "-")
    if text in ("", AUTO):
        return None
    named = RANGES.get({"-1-1": "minus1-1", "-1..1": "minus1-1"}.get(text, text))
    if named is not None:
        return (named,)
    try:
        if ".." in text:
            low, high = (float(part) for part in text.split(".."))
            pairs = [(low, high)]
        else:
            means, deviations = ([float(word) for word in part.split(",")] for part in text.split("/"))
            pairs = [_standardised(*pair) for pair in zip(means, deviations, strict=True)]
        if len(pairs) in (1, 3) and all(math.isfinite(low) and math.isfinite(high) for low, high in pairs):
            if any(low == high for low, high in pairs):
                raise ValueError(text)
            return tuple(pairs)
    except (ValueError, ZeroDivisionError):
        pass  # told below
    raise ModelError(f"The range {text[:60]!r} is none; a range is {AUTO}, {HELP}.")


def _standardised(mean: float, deviation: float) -> Range:
    """Return black and white of pictures that were standardised."""
    white = 255 if deviation > 1 else 1  # such a deviation can only be one of pictures from 0 to 255
    return -mean / deviation, (white - mean) / deviation


def range_text(ranges: Sequence[Range]) -> str:
    """Return ranges as `parse_range` reads them."""
    for name, known in RANGES.items():
        if tuple(ranges) == (known,):
            return name
    if len(ranges) == 1:
        return f"{ranges[0][0]!r}..{ranges[0][1]!r}"
    means = ",".join(repr(-low / (high - low)) for low, high in ranges)
    return f"{means}/{','.join(repr(1 / (high - low)) for low, high in ranges)}"


def range_words(ranges: Sequence[Range]) -> str:
    """Return in words what black and white are."""
    return "; ".join(f"{low:g} (black) to {high:g} (white)" for low, high in ranges)


def range_behind(seen: np.ndarray) -> Range | None:
    """Return the range that a model's own first steps are made for; None where they do not tell.

    Args:
        seen: float (3, channels), what its first layer with weights gets where the model is shown
            nothing but each of `WATCHED_AT`.
    """
    values = seen.reshape(len(WATCHED_AT), -1).astype(np.float64)
    if not np.isfinite(values).all():
        return None
    offset, scale = values[0].mean(), (values[2] - values[0]).mean() / (WATCHED_AT[2] - WATCHED_AT[0])
    # What is averaged on the way comes in single precision.
    is_straight = abs(values[1].mean() - offset - scale) <= 1e-3 * abs(values[2] - values[0]).mean()
    if not is_straight or scale <= 0 or (abs(scale - 1) < 1e-6 and abs(offset) < 1e-6):
        return None
    for known in (FULL_RANGE, RANGES["0-1"], RANGES["minus1-1"]):
        low, high = (scale * end + offset for end in known)
        if any(
            np.allclose((low, high), made, atol=0.02) for made in ((0, 1), (-1, 1), (-0.5, 0.5), (0, 255))
        ):
            return known
    # Standardised then: by the range in which its mean and its deviation are those of pictures of faces.
    mean, deviation = -offset / scale, 1 / scale
    far = {
        known: abs((mean - known[0]) / (known[1] - known[0]) - _USUAL_MEAN)
        + abs(deviation / (known[1] - known[0]) - _USUAL_DEVIATION)
        for known in RANGES.values()
    }
    nearest = min(far, key=far.__getitem__)
    return nearest if far[nearest] <= _FAR else None
