"""Bars as all figures draw them, and the figures of pictures; pure functions from data to Plotly."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import plotly.graph_objects as go

from emotion.labels import COLORS, EMOTIONS, UNCERTAIN, UNCERTAIN_COLOR, how_sure, parse_emotion

# Streamlit's theme does not reach a bar of no class; this blue stands out on light and dark ground.
_PLAIN = "#5C7CFA"
_ROW_HEIGHT = 30


def probability_bars(probabilities: np.ndarray) -> go.Figure:
    """Draw seven probabilities (7,) as horizontal bars, the most probable on top."""
    order = np.argsort(-probabilities)
    names = [EMOTIONS[index] for index in order]
    values = [float(probabilities[index]) for index in order]
    hover = ["%{y}: " + how_sure(value, 1) + "<extra></extra>" for value in values]
    figure = rows(names, values, [how_sure(value) for value in values], hover)
    # The same scale for every face, so that bars can be compared across cards.
    return figure.update_xaxes(range=[0, 1.15])


def emotion_counts(verdicts: Iterable[str]) -> go.Figure:
    """Draw how often each emotion, or "uncertain", was the answer."""
    counts = Counter(verdicts)
    names = [name for name in (*EMOTIONS, UNCERTAIN) if name in EMOTIONS or counts[name]]
    values = [counts[name] for name in names]
    return rows(names, values, [str(value) for value in values], "%{y}: %{x} faces<extra></extra>")


def rows(
    names: Sequence[str], values: Sequence[float], texts: Sequence[str], hover: str | list[str]
) -> go.Figure:
    """Draw horizontal bars from the top down, each in its emotion's colour, its text beside it."""
    figure = go.Figure(
        go.Bar(
            x=list(values),
            y=list(names),
            orientation="h",
            marker_color=[_color(name) for name in names],
            text=list(texts),
            textposition="outside",
            cliponaxis=False,
            hovertemplate=hover,
        )
    )
    # Room for the text beside the longest bar, on a phone too.
    figure.update_xaxes(range=[0, 1.4 * (max(values, default=0) or 1)], visible=False, fixedrange=True)
    figure.update_yaxes(autorange="reversed", fixedrange=True, ticksuffix=" ", type="category")
    figure.update_layout(
        height=max(1, len(names)) * _ROW_HEIGHT + 5, margin={"l": 0, "r": 0, "t": 0, "b": 0}, bargap=0.25
    )
    return figure


def _color(name: str) -> str:
    emotion = parse_emotion(name)
    return COLORS[emotion] if emotion else UNCERTAIN_COLOR if name == UNCERTAIN else _PLAIN
