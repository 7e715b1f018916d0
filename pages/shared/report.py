"""The parts that draw a report: of a model on the page Models, of a run on the page Training."""

from collections.abc import Callable

import streamlit as st

from emotion.evaluation.report import Report
from emotion.figures import models as figures
from emotion.labels import EMOTIONS, in_percent

_SHARE = "%.1f%%"
_BIAS = 0.005  # to neutral, or away from it: from here on, it is told


def show_key_figures(report: Report) -> None:
    """Draw how good the model is, in a row of figures."""
    overall, missing = report.overall, report.missing()
    if missing:
        st.warning(
            f"No faces of: {', '.join(missing)}. The figures say nothing of them.",
            icon=":material/person_off:",
        )
    with st.container(horizontal=True):
        for label, value, meaning in (
            ("Accuracy", in_percent(report.accuracy), "The share of faces whose label the model gives."),
            (
                "Macro F1",
                in_percent(report.macro_f1),
                "The mean of all classes' F1: a rare class counts as much as a frequent one.",
            ),
            (
                "Mean recall",
                in_percent(report.balanced_accuracy),
                "How many of a class's faces it finds, on average over the classes: balanced accuracy.",
            ),
            (
                "Calibration error",
                in_percent(report.ece),
                "How far, on average, the model's confidence lies from how often it is right.",
            ),
        ):
            st.metric(label, value, border=True, help=meaning)
    st.caption(
        f"On endlessly many such faces, the accuracy would lie between {in_percent(overall.low)} and "
        f"{in_percent(overall.high)} (95 % interval, Wilson 1927)."
    )


def show_confusion(
    report: Report, key: str, chosen: tuple[str, str] | None = None, choose: Callable | None = None
) -> None:
    """Draw what is taken for what, as counts or as shares.

    Args:
        report: with at least one face.
        key: tells this matrix from the others on the page.
        chosen: label and answer of a cell to frame.
        choose: called with label and answer when a cell is chosen.
    """
    st.subheader("Confusions", anchor=False)
    numbers = st.segmented_control(
        "Numbers", ["Counts", "Shares of the label"], default="Counts", required=True, key=f"{key}_numbers"
    )
    chart = f"{key}_chart"

    def on_select() -> None:
        points = st.session_state[chart].selection.points
        if points and choose is not None:
            choose(points[0]["y"], points[0]["x"])

    cell = None if chosen is None else (EMOTIONS.index(chosen[0]), EMOTIONS.index(chosen[1]))
    st.plotly_chart(
        figures.confusion(report.confusion_matrix, numbers != "Counts", cell),
        key=chart,
        config={"displayModeBar": False},
        on_select="ignore" if choose is None else on_select,
        selection_mode="points",
        alt=f"Confusion matrix: labels in rows, answers in columns. {report.mistakes_in_words()}",
    )


def show_classes(report: Report, key: str) -> None:
    """Draw precision, recall and F1 of each class, and what goes wrong most, in words."""
    st.subheader("Classes", anchor=False)
    st.dataframe(
        [
            {"class": name}
            | {share: 100 * item[share] for share in ("precision", "recall", "f1")}
            | {"support": item["support"]}
            for name, item in report.per_class.items()
        ],
        hide_index=True,
        column_config={
            "precision": st.column_config.NumberColumn(
                format=_SHARE, help="Of the faces it gives this answer, how many carry the label."
            ),
            "recall": st.column_config.NumberColumn(
                format=_SHARE, help="Of the faces with this label, how many it finds."
            ),
            "f1": st.column_config.NumberColumn("F1", format=_SHARE, help="Their harmonic mean."),
            "support": st.column_config.NumberColumn("faces", format="localized"),
        },
        key=f"{key}_table",
        alt="Precision, recall and F1 of each class",
    )
    often = "more" if report.neutral_bias > 0 else "less"
    bias = f"It answers neutral {often} often than it should: by {100 * abs(report.neutral_bias):.1f} points."
    st.caption(report.mistakes_in_words() + f" {bias}" * (abs(report.neutral_bias) >= _BIAS))
