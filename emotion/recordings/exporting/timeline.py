"""A person over time as a drawing, SVG: what was shown as a band of colours, the valence as a line."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from emotion.labels import COLORS, UNCERTAIN, UNCERTAIN_COLOR, color_rgb
from emotion.photos.drawing import text_color
from emotion.recordings.markers import Marker
from emotion.recordings.statistics import VERDICTS, durations

WIDTH, HEIGHT = 720, 104
_BAND_TOP, _BAND_HEIGHT = 14, 26
_LINE_TOP, _LINE_HEIGHT = 46, 44
# So many columns at most, however long it is: in each, what was shown for longest.
_COLUMNS = 360
# A stretch of so many has room for any name.
_NAMED_COLUMNS = 32


def timeline(faces: pd.DataFrame, frames: pd.DataFrame, face: int, markers: Sequence[Marker] = ()) -> Markup:
    """Return the drawing of one person, as an SVG element.

    Args:
        faces: the table FACES of a recording; not empty.
        frames: its table FRAMES.
        face: the person's number.
        markers: drawn as lines, with their labels.
    """
    mine = faces["face"] == face
    rows = faces[mine]
    start = float(frames["seconds"].iloc[0])
    length = max(float(frames["seconds"].iloc[-1]) - start, 1e-3)
    lasts = durations(faces, frames)[mine.to_numpy()]
    columns = np.minimum(((rows["seconds"].to_numpy() - start) / length * _COLUMNS).astype(int), _COLUMNS - 1)
    # A row lasts over as many columns as its time takes, where frames are further apart than columns.
    over = np.maximum(1, np.ceil(lasts / length * _COLUMNS).astype(int))
    parts = [*_band(rows, lasts, columns, over), *_valence(rows, columns, over)]
    parts += [_marker(marker, start, length) for marker in markers if start <= marker.start <= start + length]
    title = f"What face {face} showed over time"
    return Markup(  # noqa: S704 - numbers and our own words; labels are escaped
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">{"".join(parts)}</svg>'
    )


def legend() -> list[tuple[str, str]]:
    """Return the name and colour of each verdict."""
    return [(name, color(name)) for name in VERDICTS]


def color(verdict: str) -> str:
    """Return the colour of a verdict, as in style sheets."""
    return UNCERTAIN_COLOR if verdict == UNCERTAIN else COLORS[verdict]


def _band(rows: pd.DataFrame, lasts: np.ndarray, columns: np.ndarray, over: np.ndarray) -> list[str]:
    places = rows["verdict"].map({name: place for place, name in enumerate(VERDICTS)}).to_numpy()
    weights = np.zeros((_COLUMNS + 1, len(VERDICTS)))
    for column, count, place, last in zip(columns, over, places, np.maximum(lasts, 1e-9), strict=True):
        weights[column : column + count, place] += last / count
    shown = np.where(weights.any(axis=1), weights.argmax(axis=1), -1)[:_COLUMNS]
    borders = np.flatnonzero(np.diff(shown, prepend=-2, append=-2))
    return [
        _block(VERDICTS[shown[first]], first, last)
        for first, last in pairwise(borders.tolist())
        if shown[first] >= 0
    ]


def _block(verdict: str, first: int, last: int) -> str:
    """Return a stretch of the band, with its name where that has room: colour is never all that tells."""
    block = (
        f'<rect x="{_x(first)}" y="{_BAND_TOP}" width="{_x(last - first)}" height="{_BAND_HEIGHT}" '
        f'fill="{color(verdict)}"><title>{verdict}</title></rect>'
    )
    if last - first < _NAMED_COLUMNS:
        return block
    red, green, blue = text_color(color_rgb(verdict))
    return block + (
        f'<text x="{_x((first + last) / 2)}" y="{_BAND_TOP + _BAND_HEIGHT / 2 + 4}" font-size="12" '
        f'text-anchor="middle" fill="rgb({red},{green},{blue})">{verdict}</text>'
    )


def _valence(rows: pd.DataFrame, columns: np.ndarray, over: np.ndarray) -> list[str]:
    sums, counts = np.zeros(_COLUMNS + 1), np.zeros(_COLUMNS + 1)
    for column, count, value in zip(columns, over, rows["valence"].to_numpy(float), strict=True):
        sums[column : column + count] += value
        counts[column : column + count] += 1
    middle = _LINE_TOP + _LINE_HEIGHT / 2
    parts = [f'<path d="M0 {middle}H{WIDTH}" stroke="#999" stroke-dasharray="2 3"/>']
    here = np.flatnonzero(counts[:_COLUMNS] > 0)
    for stretch in np.split(here, np.flatnonzero(np.diff(here) > 1) + 1):
        points = " ".join(
            f"{_x(column + 0.5)},{middle - sums[column] / counts[column] * _LINE_HEIGHT / 2:.1f}"
            for column in stretch
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="#222" stroke-width="1.2"/>')
    return parts


def _marker(marker: Marker, start: float, length: float) -> str:
    at = f"{(marker.start - start) / length * WIDTH:.1f}"
    return (
        f'<path d="M{at} 10V{HEIGHT}" stroke="#222"/>'
        f'<text x="{at}" y="9" font-size="9" dx="2">{escape(marker.label[:40])}</text>'
    )


def _x(column: float) -> str:
    return f"{column / _COLUMNS * WIDTH:.1f}"
