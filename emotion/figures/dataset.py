"""What is in a dataset, as Plotly figures: pure functions from counts to charts."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from emotion.figures.style import rows
from emotion.labels import COLORS, EMOTIONS, in_percent

# Lines of the same colour family are told apart by their dash as well.
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid")


def class_balance(counts: Mapping[str, int]) -> go.Figure:
    """Draw how many faces each class of one split has, with its share; a class without any stays visible.

    Args:
        counts: of each emotion; a missing one counts as 0.
    """
    values = [int(counts.get(name, 0)) for name in EMOTIONS]
    total = sum(values) or 1
    texts = [f"{value:,} · {in_percent(value / total)}" if value else "none" for value in values]
    return rows(EMOTIONS, values, texts, "%{y}: %{x:,} faces<extra></extra>")


def split_sizes(counts: Mapping[str, Mapping[str, int]]) -> go.Figure:
    """Draw how many faces each split has, and its share of all.

    Args:
        counts: of each split, of each emotion.
    """
    sizes = {split: sum(classes.values()) for split, classes in counts.items()}
    total = sum(sizes.values()) or 1
    texts = [f"{size:,} · {in_percent(size / total, 0)}" for size in sizes.values()]
    return rows(list(sizes), list(sizes.values()), texts, "%{y}: %{x:,} faces<extra></extra>")


def class_weights(weights: Mapping[str, float]) -> go.Figure:
    """Draw what a mistake on a face of each class would cost; classes without faces are left out."""
    names = [name for name in EMOTIONS if name in weights]
    values = [float(weights[name]) for name in names]
    return rows(names, values, [f"× {value:.2f}" for value in values], "%{y}: × %{x:.2f}<extra></extra>")


def agreement(shares: Mapping[str, float]) -> go.Figure:
    """Draw for each class the share (0 to 1) of faces whose label the crowd agrees with.

    Classes without voted faces, missing or NaN, are left out.
    """
    names = [name for name in EMOTIONS if np.isfinite(shares.get(name, np.nan))]
    values = [float(shares[name]) for name in names]
    figure = rows(names, values, [in_percent(value, 0) for value in values], "%{y}: %{x:.1%}<extra></extra>")
    return figure.update_xaxes(range=[0, 1.25])


def vote_bars(votes: Mapping[str, int]) -> go.Figure:
    """Draw how people voted on one face, the answer given most often on top; answers of none left out."""
    given = sorted(((name, int(count)) for name, count in votes.items() if count), key=lambda pair: -pair[1])
    names = [name for name, _ in given]
    values = [count for _, count in given]
    return rows(names, values, [str(value) for value in values], "%{y}: %{x} votes<extra></extra>")


def histograms(edges: np.ndarray, counts: Mapping[str, np.ndarray], title: str) -> go.Figure:
    """Draw how a measure is spread within each class, as shares of the class, so that small ones compare.

    Args:
        edges: float (bins + 1,), where the bins begin and end.
        counts: of each emotion the faces in each bin, (bins,); classes without faces are left out.
        title: what the measure is called.
    """
    figure = go.Figure()
    edges = np.asarray(edges)
    middles = (edges[:-1] + edges[1:]) / 2
    for name, dash in zip(EMOTIONS, _DASHES, strict=True):
        in_bins = np.asarray(counts.get(name, ()), dtype=float)
        if in_bins.sum() == 0:
            continue
        figure.add_scatter(
            x=middles,
            y=in_bins / in_bins.sum(),
            name=name,
            mode="lines",
            line={"color": COLORS[name], "dash": dash, "width": 2},
            hovertemplate="%{y:.1%}",
        )
    figure.update_xaxes(title_text=title, fixedrange=True)
    figure.update_yaxes(
        tickformat=".0%", title_text="share of the class", fixedrange=True, rangemode="tozero"
    )
    figure.update_layout(
        height=300,
        hovermode="x unified",
        showlegend=True,
        legend={"orientation": "h", "y": -0.28, "x": 0.5, "xanchor": "center"},
        margin={"l": 0, "r": 10, "t": 10, "b": 0},
    )
    return figure
