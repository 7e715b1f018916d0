"""Figures of a live session, as pure functions."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from emotion.figures.style import rows
from emotion.labels import COLORS, EMOTIONS, UNCERTAIN, how_sure, in_percent
from emotion.live.history import AWAY_SECONDS

# More points a line than this nobody sees, and a page drawn anew each second would feel them.
MAX_POINTS = 150
# Beside the colours, for those who cannot tell them apart.
_DASHES = ("dash", "dashdot", "dot", "solid", "longdash", "longdashdot", "2px,6px")
_MARGIN = {"l": 0, "r": 0, "t": 8, "b": 0}


def probability_lines(samples: np.ndarray, start: float, end: float) -> go.Figure:
    """Draw the seven probabilities of one face over time; a gap where it was away.

    Args:
        samples: of one face, oldest first, see `LiveHistory.samples`.
        start: seconds at the left edge.
        end: seconds at the right edge.
    """
    thinned = samples[:: max(1, -(-len(samples) // MAX_POINTS))]
    seconds, values = thinned["seconds"], thinned["probabilities"].astype(float)
    # Away is measured before thinning: a point is off the line where a gap lies before it.
    gaps = np.flatnonzero(np.diff(samples["seconds"]) > AWAY_SECONDS) + 1
    breaks = np.searchsorted(seconds, samples["seconds"][gaps])
    seconds = np.insert(seconds, breaks, samples["seconds"][gaps - 1])
    values = np.insert(values, breaks, np.nan, axis=0)
    figure = go.Figure()
    for index, (name, dash) in enumerate(zip(EMOTIONS, _DASHES, strict=True)):
        figure.add_scatter(
            x=seconds,
            y=values[:, index],
            name=name,
            mode="lines",
            line={"color": COLORS[name], "dash": dash, "width": 2},
            customdata=[how_sure(value) for value in values[:, index]],
            hovertemplate="%{customdata}",
        )
    figure.update_yaxes(range=[0, 1], tickformat=".0%", fixedrange=True)
    ticks = _ticks(start, end)
    figure.update_xaxes(
        range=[start, end],
        tickvals=ticks,
        ticktext=[clock(tick) for tick in ticks],
        fixedrange=True,
    )
    return figure.update_layout(
        height=250,
        margin=_MARGIN,
        hovermode="x unified",
        legend={"orientation": "h", "y": -0.15, "x": 0.5, "xanchor": "center"},
    )


def verdict_shares(shares: Mapping[str, float]) -> go.Figure:
    """Draw the share of time, 0 to 1, of each verdict as bars; "uncertain" only if there was any."""
    names = [name for name in (*EMOTIONS, UNCERTAIN) if name in EMOTIONS or shares[name] > 0]
    values = [shares[name] for name in names]
    figure = rows(names, values, [in_percent(value, 0) for value in values], "%{y}: %{x:.1%}<extra></extra>")
    return figure.update_xaxes(range=[0, 1.25])  # the same scale at all times, so that bars do not jump


def clock(seconds: float) -> str:
    """Return seconds as minutes and seconds: 1:05."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def _ticks(start: float, end: float) -> list[float]:
    """Return round seconds between two times, some five of them."""
    step = next((step for step in (5, 10, 15, 30, 60, 120, 300) if (end - start) / step <= 6), 600)
    first = -(-start // step) * step
    return [float(value) for value in np.arange(first, end + 1e-6, step)]
