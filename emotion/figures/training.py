"""How training goes, as Plotly figures: pure functions from records to charts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

# A blue and an orange that colour-blind people tell apart (Okabe and Ito, 2008), and a dash.
TRAINING = {"color": "#0072B2", "width": 2}
VALIDATION = {"color": "#D55E00", "width": 2, "dash": "dash"}
# Runs side by side differ in colour, dash and symbol; of more than these, a chart shows only a tangle.
_RUN_STYLES = (
    ("#0072B2", "solid", "circle"),
    ("#D55E00", "dash", "square"),
    ("#009E73", "dot", "diamond"),
    ("#CC79A7", "dashdot", "triangle-up"),
    ("#E69F00", "longdash", "cross"),
    ("#56B4E9", "longdashdot", "x"),
)
MAX_COMPARED = len(_RUN_STYLES)
# More points than that no screen shows, and each one travels to the browser every second.
MAX_BATCH_POINTS = 400
_MARKED_POINTS = 12
_FORMATS = {"accuracy": ".1%", "loss": ".3f"}


def whole_run(records: list[dict[str, Any]]) -> go.Figure:
    """Draw accuracy and loss of training and validation over the epochs, side by side.

    Args:
        records: the lines of epochs of a `metrics.jsonl`.
    """
    figure = make_subplots(rows=1, cols=2, subplot_titles=("Accuracy", "Loss"), horizontal_spacing=0.1)
    epochs = [record["epoch"] for record in records]
    for column, quantity in enumerate(("accuracy", "loss"), start=1):
        for name, key, line in (
            ("training", quantity, TRAINING),
            ("validation", f"val_{quantity}", VALIDATION),
        ):
            figure.add_scatter(
                x=epochs,
                y=[record[key] for record in records],
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                line=line,
                mode="lines+markers",
                marker={"size": 4},
                row=1,
                col=column,
            )
    figure.update_yaxes(tickformat=".0%", row=1, col=1)
    figure.update_xaxes(title_text="epoch")
    figure.update_layout(
        hovermode="x unified",
        legend={"orientation": "h", "y": -0.2, "x": 0.5, "xanchor": "center"},
        margin={"l": 40, "r": 20, "t": 40, "b": 40},
    )
    return figure


def curves(
    epochs: Sequence[dict[str, Any]], batches: Sequence[dict[str, Any]], quantity: str, revision: str
) -> go.Figure:
    """Draw one quantity of training and validation over a run.

    The training within the epochs, as running mean of each, is a thin line behind the others, so
    that a run shows something before its first epoch is over.

    Args:
        epochs: the lines of epochs of a `metrics.jsonl`; may be empty.
        batches: its lines of batches; may be empty.
        quantity: "accuracy" (0 to 1) or "loss".
        revision: as long as it stays the same, a reader's zoom does (Plotly's `uirevision`).
    """
    within = downsample(batches, MAX_BATCH_POINTS)
    done = [record["epoch"] for record in epochs]
    hover = f"%{{y:{_FORMATS[quantity]}}}"
    figure = go.Figure()
    figure.add_scatter(
        x=[position(record) for record in within],
        y=[record[quantity] for record in within],
        name="training",
        legendgroup="training",
        showlegend=not done,
        mode="lines",
        line={"color": TRAINING["color"], "width": 1},
        opacity=0.55 if done else 1.0,
        hoverinfo="skip",
    )
    for name, key, line, symbol in (
        ("training", quantity, TRAINING, "circle"),
        ("validation", f"val_{quantity}", VALIDATION, "diamond"),
    ):
        figure.add_scatter(
            x=done,
            y=[record[key] for record in epochs],
            name=name,
            legendgroup=name,
            mode="lines+markers",
            line=line,
            marker={"size": 6, "symbol": symbol, "maxdisplayed": 60},
            hovertemplate=hover,
        )
    return _over_epochs(figure, _FORMATS[quantity], revision)


def learning_rates(
    epochs: Sequence[dict[str, Any]], batches: Sequence[dict[str, Any]], revision: str
) -> go.Figure:
    """Draw the learning rate over a run; arguments as of `curves`."""
    within = downsample(batches, MAX_BATCH_POINTS)
    points = sorted((position(record), record["learning_rate"]) for record in (*within, *epochs))
    figure = go.Figure()
    figure.add_scatter(
        x=[x for x, _ in points],
        y=[rate for _, rate in points],
        name="learning rate",
        mode="lines",
        line=TRAINING,
        hovertemplate="%{y:.3g}",
    )
    figure.update_yaxes(rangemode="tozero")
    return _over_epochs(figure, "~g", revision).update_layout(showlegend=False)


def comparison(
    runs: Mapping[str, Sequence[dict[str, Any]]], quantity: str, is_validation: bool = True
) -> go.Figure:
    """Draw one quantity of several runs over their epochs.

    Args:
        runs: name -> lines of epochs; at most `MAX_COMPARED`, of which some may be empty.
        quantity: "accuracy" or "loss".
        is_validation: of the validation; else of the training.

    Raises:
        ValueError: there are too many runs.
    """
    if len(runs) > MAX_COMPARED:
        raise ValueError(f"at most {MAX_COMPARED} runs can be told apart, not {len(runs)}")
    key = f"val_{quantity}" if is_validation else quantity
    figure = go.Figure()
    # `zip` ends with the runs: there may be fewer than styles.
    for (name, epochs), (color, dash, symbol) in zip(runs.items(), _RUN_STYLES, strict=False):
        figure.add_scatter(
            x=[record["epoch"] for record in epochs],
            y=[record[key] for record in epochs],
            name=name,
            mode="lines+markers",
            line={"color": color, "dash": dash, "width": 2},
            marker={"size": 8, "symbol": symbol, "maxdisplayed": _MARKED_POINTS},
            hovertemplate=f"%{{y:{_FORMATS[quantity]}}}",
        )
    return _over_epochs(figure, _FORMATS[quantity], key)


def position(record: dict[str, Any]) -> float:
    """Return where a line of `metrics.jsonl` lies, in epochs: 2.5 is half through the third one."""
    if "batch" not in record:
        return float(record["epoch"])
    return record["epoch"] - 1 + record["batch"] / max(1, record["batches"])


def downsample(records: Sequence[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    """Return at most `limit` of the records, evenly spread, the first and the last among them.

    Raises:
        ValueError: the limit is below 2.
    """
    if limit < 2:
        raise ValueError(f"the limit must be at least 2, not {limit}")
    if len(records) <= limit:
        return list(records)
    return [records[index] for index in np.linspace(0, len(records) - 1, limit).round().astype(int)]


def _over_epochs(figure: go.Figure, tick_format: str, revision: str) -> go.Figure:
    """Settle what all charts over epochs have in common."""
    figure.update_xaxes(title_text="epoch", rangemode="tozero", tickformat="~g")
    figure.update_yaxes(tickformat=".1~%" if tick_format.endswith("%") else "~g")
    return figure.update_layout(
        uirevision=revision,
        hovermode="x unified",
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        margin={"l": 55, "r": 10, "t": 10, "b": 45},
    )
