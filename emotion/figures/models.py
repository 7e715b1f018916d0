"""What evaluations found, as Plotly figures: pure functions from reports to charts."""

from collections.abc import Sequence

import plotly.graph_objects as go

from emotion.evaluation.comparison import Comparison
from emotion.evaluation.report import (
    AgreementGroup,
    CoveragePoint,
    ReliabilityBin,
    RobustnessCurve,
)
from emotion.evaluation.robustness import CORRUPTIONS
from emotion.labels import EMOTIONS, how_sure, in_percent

# Okabe and Ito's blue and orange; lines, marks and patterns tell the two apart as well.
FIRST, SECOND = "#0072B2", "#D55E00"
_GREY = "#8A8F9C"
# The same on a light page and on a dark one; the text on a cell is dark, or white where the cell is dark.
_SHADES = [[0, "#EEF2FF"], [1, "#1E3A8A"]]
_INK, _INK_ON_DARK, _DARK_FROM = "#1C2333", "#FFFFFF", 0.6
_MARGIN = {"l": 0, "r": 10, "t": 10, "b": 0}
_LEGEND = {"orientation": "h", "y": -0.25, "x": 0.5, "xanchor": "center"}


def confusion(
    counts: Sequence[Sequence[int]], as_shares: bool, chosen: tuple[int, int] | None = None
) -> go.Figure:
    """Draw a confusion matrix, rows the label, columns the answer; its cells can be chosen as points.

    Args:
        counts: 7 rows of 7.
        as_shares: write and shade shares of the row instead of counts.
        chosen: row and column of a cell to frame.
    """
    totals = [sum(row) or 1 for row in counts]
    shares = [[count / total for count in row] for row, total in zip(counts, totals, strict=True)]
    cells = [(row, column) for row in range(len(EMOTIONS)) for column in range(len(EMOTIONS))]
    figure = go.Figure(
        go.Heatmap(
            z=shares, x=EMOTIONS, y=EMOTIONS, colorscale=_SHADES, zmin=0, zmax=1, showscale=False,
            hoverinfo="skip", xgap=2, ygap=2,
        )
    )  # fmt: skip
    # A heat map's cells cannot be chosen; these points, drawn as their numbers, can.
    figure.add_scatter(
        x=[EMOTIONS[column] for _, column in cells],
        y=[EMOTIONS[row] for row, _ in cells],
        mode="markers+text",
        marker={"size": 44, "symbol": "square", "opacity": 0, "color": _GREY},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        textfont={
            "size": 13,
            "color": [_INK_ON_DARK if shares[r][c] > _DARK_FROM else _INK for r, c in cells],
        },
        text=[in_percent(shares[r][c], 0) if as_shares else f"{counts[r][c]:,}" for r, c in cells],
        customdata=[[counts[r][c], shares[r][c]] for r, c in cells],
        hovertemplate="label %{y}, answer %{x}: %{customdata[0]:,} (%{customdata[1]:.1%} of the label)"
        "<extra></extra>",
    )
    if chosen is not None:
        row, column = chosen
        figure.add_shape(
            type="rect", x0=column - 0.5, x1=column + 0.5, y0=row - 0.5, y1=row + 0.5,
            line={"color": SECOND, "width": 3},
        )  # fmt: skip
    edges = [-0.5, len(EMOTIONS) - 0.5]
    figure.update_xaxes(title_text="answer of the model", range=edges, fixedrange=True, showgrid=False)
    figure.update_yaxes(
        title_text="label", range=edges[::-1], fixedrange=True, showgrid=False, ticksuffix=" "
    )
    return figure.update_layout(
        height=420, showlegend=False, margin=_MARGIN, clickmode="event+select", dragmode=False
    )


def reliability(bins: Sequence[ReliabilityBin]) -> go.Figure:
    """Draw how right answers are against how sure the model is of them; the diagonal is what should be."""
    figure = go.Figure()
    figure.add_bar(
        x=[(item.low + item.high) / 2 for item in bins],
        y=[item.accuracy for item in bins],
        width=[item.high - item.low for item in bins],
        name="how many are right",
        marker={"color": FIRST, "line": {"width": 1, "color": "rgba(128,128,128,0.6)"}},
        customdata=[[how_sure(item.confidence), item.count] for item in bins],
        hovertemplate="%{customdata[1]:,} answers, on average %{customdata[0]} sure: %{y:.0%} right"
        "<extra></extra>",
    )
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="what should be", line={"color": _GREY, "dash": "dash"},
        hoverinfo="skip",
    )  # fmt: skip
    figure.update_xaxes(title_text="how sure the model is", tickformat=".0%", range=[0, 1], fixedrange=True)
    figure.update_yaxes(title_text="right", tickformat=".0%", range=[0, 1.02], fixedrange=True)
    return figure.update_layout(height=320, margin=_MARGIN, legend=_LEGEND, bargap=0)


def coverage(points: Sequence[CoveragePoint]) -> go.Figure:
    """Draw how right a model is that answers only the faces it is surest of."""
    figure = go.Figure(
        go.Scatter(
            x=[item.coverage for item in points],
            y=[item.accuracy for item in points],
            customdata=[how_sure(item.confidence) for item in points],
            mode="lines",
            line={"color": FIRST, "width": 2},
            hovertemplate="answering %{x:.0%} of the faces (at least %{customdata} sure): "
            "%{y:.1%} right<extra></extra>",
        )
    )
    figure.update_xaxes(title_text="faces it answers", tickformat=".0%", range=[0, 1.02], fixedrange=True)
    figure.update_yaxes(title_text="right among them", tickformat=".0%", fixedrange=True)
    return figure.update_layout(height=320, margin=_MARGIN, showlegend=False)


def agreement(groups: Sequence[AgreementGroup]) -> go.Figure:
    """Draw accuracy against how much people agree, by the dataset's label and by what most people say."""
    figure = go.Figure()
    titles = [f"{group.title}<br>{group.by_label.n:,} faces" for group in groups]
    for name, parts, color, pattern in (
        ("equals the label", [group.by_label for group in groups], FIRST, ""),
        ("equals what most people say", [group.by_crowd for group in groups], SECOND, "/"),
    ):
        figure.add_bar(
            x=titles,
            y=[None if part is None else part.share for part in parts],
            name=name,
            marker={"color": color, "pattern": {"shape": pattern}},
            error_y={
                "type": "data",
                "array": [0 if part is None else part.high - part.share for part in parts],
                "arrayminus": [0 if part is None else part.share - part.low for part in parts],
                "color": _GREY,
            },
            hovertemplate="%{y:.1%}<extra>" + name + "</extra>",
        )
    figure.update_xaxes(title_text="votes for the answer given most often", fixedrange=True)
    figure.update_yaxes(tickformat=".0%", range=[0, 1], fixedrange=True)
    legend = _LEGEND | {"y": -0.4}
    return figure.update_layout(height=340, margin=_MARGIN, legend=legend, barmode="group")


def comparison(result: Comparison) -> go.Figure:
    """Draw how many faces both, one or none of two models get right, as one bar."""
    parts = (
        ("both right", result.both, "#009E73", ""),
        (f"only {result.first}", result.only_first, FIRST, ""),
        (f"only {result.second}", result.only_second, SECOND, "/"),
        ("both wrong", result.neither, _GREY, "."),
    )
    figure = go.Figure()
    for name, count, color, pattern in parts:
        share = count / result.n
        figure.add_bar(
            x=[share],
            y=[""],
            orientation="h",
            name=f"{name}: {count:,}",
            marker={"color": color, "pattern": {"shape": pattern}},
            hovertemplate=f"{name}: {count:,} faces ({in_percent(share)})<extra></extra>",
        )
    figure.update_xaxes(tickformat=".0%", range=[0, 1], fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True)
    legend = {"orientation": "h", "y": -0.4, "x": 0, "traceorder": "normal"}
    return figure.update_layout(barmode="stack", height=170, margin=_MARGIN, legend=legend)


def robustness(kind: str, curves: Sequence[tuple[str, RobustnessCurve]]) -> go.Figure:
    """Draw how accuracy falls as pictures get worse in one way, of one model or several.

    Args:
        kind: a key of `robustness.CORRUPTIONS`.
        curves: each model's name and curve.
    """
    figure = go.Figure()
    looks = ((FIRST, "solid", "circle"), (SECOND, "dash", "square"))
    for (name, curve), (color, dash, symbol) in zip(curves, looks, strict=False):
        figure.add_scatter(
            x=[f"{level:g}" for level in curve.levels],
            y=curve.accuracy,
            name=name,
            mode="lines+markers",
            line={"color": color, "dash": dash, "width": 2},
            marker={"symbol": symbol, "size": 7},
            hovertemplate="%{x}: %{y:.1%}<extra>" + name + "</extra>",
        )
    figure.update_xaxes(title_text=CORRUPTIONS[kind].title, type="category", fixedrange=True)
    figure.update_yaxes(tickformat=".0%", range=[0, 1], fixedrange=True)
    return figure.update_layout(height=230, margin=_MARGIN, showlegend=False)
