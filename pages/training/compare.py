"""Several runs side by side: their curves in one chart, and only those settings in which they differ."""

import pandas as pd
import streamlit as st

from emotion.figures import training as figures
from emotion.labels import in_percent
from emotion.runs.run import Run
from emotion.training.metrics import METRICS, read_metrics
from pages.shared.chart import show_chart
from pages.training.words import STATUS_WORDS, differences, moment, training_time


def show_comparison(chosen: list[Run]) -> None:
    """Draw the curves of some runs, and a table of what differs.

    Args:
        chosen: two or more, at most `figures.MAX_COMPARED`.

    Raises:
        ConfigError: the settings of one of them cannot be read.
    """
    st.subheader("Side by side", anchor=False)
    part = st.segmented_control(
        "Curves of the", ["validation", "training"], default="validation", required=True, key="training-part"
    )
    names = distinct_names(chosen)
    epochs = {name: _epochs(run) for name, run in zip(names, chosen, strict=True)}
    for column, quantity in zip(st.columns(2, gap="medium"), ("accuracy", "loss"), strict=True):
        with column:
            st.markdown(f"**{quantity.capitalize()}** of the {part}")
            show_chart(
                figures.comparison(epochs, quantity, part == "validation"),
                f"training-compare-{quantity}",
                f"{quantity.capitalize()} of the {part}: {', '.join(names)}",
            )
    st.markdown("**What differs**")
    st.dataframe(
        comparison_table(chosen), key="training-differences", alt="Results, and the settings that differ"
    )


def distinct_names(chosen: list[Run]) -> list[str]:
    """Return what to call each run so that no two are called the same."""
    names = [run.name for run in chosen]
    return [run.name if names.count(run.name) == 1 else f"{run.name} ({run.id})" for run in chosen]


def comparison_table(chosen: list[Run]) -> pd.DataFrame:
    """Return one row for the accuracy and for each result and setting that differs, one column a run.

    Raises:
        ConfigError: the settings of one of them cannot be read.
    """
    results = {
        "Best validation accuracy": [
            "–" if run.val_accuracy is None else in_percent(run.val_accuracy, 2) for run in chosen
        ],
        "Epochs done": [str(run.epoch) for run in chosen],
        "State": [STATUS_WORDS[run.status].name for run in chosen],
        "Started": [moment(run.started_at) for run in chosen],
        "Training time": [training_time(_epochs(run)) for run in chosen],
    }
    accuracy = "Best validation accuracy"  # shown even where it is the same
    results = {name: row for name, row in results.items() if name == accuracy or len(set(row)) > 1}
    settings = differences([run.config for run in chosen])
    return pd.DataFrame.from_dict(results | settings, orient="index", columns=distinct_names(chosen))


def _epochs(run: Run) -> list[dict]:
    return read_metrics(run.folder / METRICS)
