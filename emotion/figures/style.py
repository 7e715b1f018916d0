"""Data to Plotly figures, as pure functions; pages and exported files share them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import plotly.graph_objects as go

from emotion.labels import COLORS, EMOTIONS, UNCERTAIN, UNCERTAIN_COLOR, how_sure


def probability_bars(probabilities: np.ndarray) -> go.Figure:
    """Draw seven probabilities (7,) as horizontal bars, the most probable on top."""
    order = np.argsort(probabilities)  # Plotly draws the first bar at the bottom
    names = [EMOTIONS[index] for index in order]
    values = [float(probabilities[index]) for index in order]
    figure = emotion_bars(
        names,
        values,
        [how_sure(value) for value in values],
        [f"{name}: {how_sure(value, 1)}<extra></extra>" for name, value in zip(names, values, strict=True)],
    )
    # The same scale for every face, so that bars can be compared across cards.
    return figure.update_xaxes(range=[0, 1.15])


def emotion_counts(verdicts: Iterable[str]) -> go.Figure:
    """Draw how often each emotion, or "uncertain", was the answer."""
    counts = Counter(verdicts)
    names = [name for name in (*EMOTIONS, UNCERTAIN) if name in EMOTIONS or counts[name]]
    return emotion_bars(
        names[::-1],
        [counts[name] for name in reversed(names)],
        [str(counts[name]) for name in reversed(names)],
        "%{y}: %{x} faces<extra></extra>",
    )


def emotion_bars(
    names: list[str], values: list[float], texts: list[str], hover: str | list[str]
) -> go.Figure:
    """Draw horizontal bars from the bottom up, each in its emotion's colour, its text beside it."""
    figure = go.Figure(
        go.Bar(
            x=values,
            y=names,
            orientation="h",
            marker_color=[COLORS.get(name, UNCERTAIN_COLOR) for name in names],
            text=texts,
            textposition="outside",
            cliponaxis=False,
            hovertemplate=hover,
        )
    )
    # Room for the text beside the longest bar.
    figure.update_xaxes(range=[0, 1.15 * (max(values) or 1)], visible=False, fixedrange=True)
    figure.update_yaxes(fixedrange=True, ticksuffix=" ")
    figure.update_layout(height=30 * len(names) + 5, margin={"l": 0, "r": 0, "t": 0, "b": 0}, bargap=0.25)
    return figure
