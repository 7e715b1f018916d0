"""How good a model is on a dataset: accuracy with its interval, per class, confusions, calibration."""

import numpy as np
import streamlit as st

from emotion.errors import ReadableError
from emotion.evaluation import cache
from emotion.evaluation.cache import Trial
from emotion.evaluation.report import Report
from emotion.figures import models as figures
from emotion.labels import EMOTIONS, how_sure, in_percent
from emotion.models.card import ModelCard
from emotion.models.tasks import Task
from pages.models.choice import choose_faces
from pages.models.faces import show_face_grid
from pages.shared.jobs import offer_job
from pages.shared.text import escape_markdown

_NO_TOOLS = {"displayModeBar": False}


def show_evaluate(model: ModelCard) -> None:
    """Draw the choice of faces and the report, or the button that makes it."""
    trial = choose_faces(model).trial(model.name)
    try:
        report = cache.load_report(trial)
        if report is None:
            _offer(trial)
            return
        faces = cache.trial_faces(trial)
        probabilities = cache.load_probabilities(trial)
    except ReadableError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    _show_key_figures(report)
    if model.judged_by == "votes" and report.against == "labels":
        st.caption(
            f":material/how_to_vote: {escape_markdown(model.name)} has learned what people voted for. Here "
            "it is judged by the dataset's labels, which people often disagree with."
        )
    left, right = st.columns([3, 2], gap="large")
    with left:
        _show_confusion(trial, report)
    with right:
        _show_classes(report)
    if probabilities is not None:
        _show_cell(trial, faces, probabilities)
    left, right = st.columns(2, gap="large")
    with left:
        _show_reliability(report)
    with right:
        _show_coverage(report)
    _show_copies(report)
    _show_agreement(report)


def _offer(trial: Trial) -> None:
    task = Task.of("evaluate", trial)
    count = len(cache.trial_faces(trial).indices)
    offer_job(
        cache.report_path(trial).stem,
        f"Evaluating {trial.model} on {trial.dataset}, {trial.split}",
        task.command,
        "Evaluate",
        f"The model looks at {count:,} faces; the result is kept.",
        ":material/play_arrow:",
    )


def _show_key_figures(report: Report) -> None:
    overall = report.overall
    with st.container(horizontal=True):
        st.metric(
            "Accuracy",
            in_percent(overall.share),
            border=True,
            help="The share of faces whose label the model gives.",
        )
        st.metric(
            "95 % interval",
            f"{in_percent(overall.low)} – {in_percent(overall.high)}",
            border=True,
            help="Where the accuracy on endlessly many such faces would lie (Wilson 1927).",
        )
        st.metric(
            "Macro F1",
            in_percent(report.macro_f1),
            border=True,
            help="The mean of all classes' F1: a rare class counts as much as a frequent one.",
        )
        st.metric(
            "Calibration error",
            in_percent(report.ece),
            border=True,
            help="How far, on average, the model's confidence lies from how often it is right.",
        )
    left_out = f" {report.excluded:,} excluded faces are left out." if report.excluded else ""
    if report.against == "votes":
        left_out += " The label of a face is here what most people saw in it."
    if report.unclear:
        left_out += f" {report.unclear:,} in which that is none of the seven emotions are left out."
    st.caption(f"{overall.n:,} faces.{left_out}")


def _show_confusion(trial: Trial, report: Report) -> None:
    st.subheader("Confusions")
    as_shares = (
        st.segmented_control(
            "Numbers", ["Counts", "Shares of the label"], default="Counts", required=True, key="cm_numbers"
        )
        != "Counts"
    )
    label_key, answer_key = _cell_keys()

    def choose() -> None:
        points = st.session_state.cm_chart.selection.points
        if points:
            st.session_state[label_key] = points[0]["y"]
            st.session_state[answer_key] = points[0]["x"]

    chosen = (st.session_state.get(label_key), st.session_state.get(answer_key))
    cell = (EMOTIONS.index(chosen[0]), EMOTIONS.index(chosen[1])) if all(chosen) else None
    st.plotly_chart(
        figures.confusion(report.confusion, as_shares, cell),
        key="cm_chart",
        config=_NO_TOOLS,
        on_select=choose,
        selection_mode="points",
        alt="Confusion matrix: labels in rows, answers in columns",
    )


def _cell_keys() -> tuple[str, str]:
    return "cm_label", "cm_answer"


def _show_classes(report: Report) -> None:
    st.subheader("Classes")
    st.dataframe(
        [
            {
                "class": name,
                **{key: 100 * item[key] for key in ("precision", "recall", "f1")},
                "support": item["support"],
            }
            for name, item in report.per_class.items()
        ],
        hide_index=True,
        column_config={
            "precision": st.column_config.NumberColumn(
                format="%.1f%%", help="Of the faces it gives this answer, how many carry the label."
            ),
            "recall": st.column_config.NumberColumn(
                format="%.1f%%", help="Of the faces with this label, how many it finds."
            ),
            "f1": st.column_config.NumberColumn("F1", format="%.1f%%", help="Their harmonic mean."),
            "support": st.column_config.NumberColumn("faces", format="localized"),
        },
        key="class_table",
        alt="Precision, recall and F1 of each class",
    )
    present = {name: item for name, item in report.per_class.items() if item["support"]}
    worst = min(present, key=lambda name: present[name]["recall"])
    row = report.confusion[EMOTIONS.index(worst)]
    wrong = [(count, EMOTIONS[i]) for i, count in enumerate(row) if EMOTIONS[i] != worst and count]
    if wrong:
        count, other = max(wrong)
        st.caption(
            f"It finds *{worst}* least often ({in_percent(present[worst]['recall'], 0)}), "
            f"and takes it for *{other}* most ({in_percent(count / sum(row), 0)})."
        )


def _show_cell(trial: Trial, faces: cache.TrialFaces, probabilities: np.ndarray) -> None:
    """Draw the faces of the chosen cell: chosen in the figure, or, by keyboard, in the two lists."""
    label_key, answer_key = _cell_keys()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = st.selectbox(
            "Faces labelled", EMOTIONS, index=None, key=label_key, width=200, placeholder="choose a class"
        )
        answer = st.selectbox(
            "that the model calls", EMOTIONS, index=None, key=answer_key, width=200, placeholder="any class"
        )
    if label is None:
        st.caption("Choose a cell of the matrix, or a class here, to see its faces.")
        return
    answers = probabilities.argmax(axis=1)
    inside = faces.labels == EMOTIONS.index(label)
    if answer is not None:
        inside &= answers == EMOTIONS.index(answer)
    places = np.flatnonzero(inside)
    if not len(places):
        st.info("There is no such face.", icon=":material/filter_alt_off:")
        return
    # The surest first: the model's plainest mistakes.
    places = places[np.argsort(-probabilities[places].max(axis=1), kind="stable")]
    count = f"{len(places):,} face{'s' * (len(places) != 1)}"
    st.markdown(f"**{count}**, the surest answers first · choose one to see where the model looked")
    captions = {
        int(faces.indices[place]): f"{EMOTIONS[answers[place]]} {how_sure(probabilities[place].max())}"
        for place in places
    }
    show_face_grid(faces.dataset, faces.indices[places], captions, (trial.model,), f"cell-{label}-{answer}")


def _show_reliability(report: Report) -> None:
    st.subheader("Does it know how sure to be?")
    st.plotly_chart(
        figures.reliability(report.reliability),
        key="reliability",
        config=_NO_TOOLS,
        alt="Reliability diagram: how right answers are against how sure the model is",
    )
    answers = sum(item.count for item in report.reliability)
    mean = sum(item.count * item.confidence for item in report.reliability) / answers
    gap = mean - report.overall.share
    if abs(gap) < 0.01:
        word = "On average it is as sure as it is right"
    else:
        word = f"On average it is {'surer' if gap > 0 else 'less sure'} than it is right"
    st.caption(f"{word}: {how_sure(mean, 1)} sure, {in_percent(report.overall.share)} right.")


def _show_coverage(report: Report) -> None:
    st.subheader("If it may abstain")
    st.plotly_chart(
        figures.coverage(report.coverage),
        key="coverage",
        config=_NO_TOOLS,
        alt="Accuracy against the share of faces that the model answers",
    )
    half = min(report.coverage, key=lambda point: abs(point.coverage - 0.5))
    st.caption(
        f"Answering only the {in_percent(half.coverage, 0)} it is surest of "
        f"(from {how_sure(half.confidence)} on), it is right {in_percent(half.accuracy)} of the time."
    )


def _show_copies(report: Report) -> None:
    copies = report.copies
    if copies is None or copies.known is None:
        return
    st.subheader("Faces it may know by heart")
    known = f"**{copies.known.n:,}** of these faces stand, equal in every pixel, in the training split, too"
    if copies.unknown is None:
        st.markdown(f"{known}: that is all of them.")
        return
    st.markdown(
        f"{known}. With them, accuracy is {in_percent(report.overall.share)}; without them "
        f"**{copies.unknown.in_words}**; on them alone {copies.known.in_words}."
    )


def _show_agreement(report: Report) -> None:
    if not report.agreement:
        return
    st.subheader("Where people agree, and where they do not")
    st.plotly_chart(
        figures.agreement(report.agreement),
        key="crowd",
        config=_NO_TOOLS,
        alt="Accuracy on faces on which people agree little or much",
    )
    first, last = report.agreement[0], report.agreement[-1]
    st.caption(
        f"Where people agree least (one answer got {first.title} of the votes), the model gives the label "
        f"{in_percent(first.by_label.share, 0)} of the time; where most ({last.title}), "
        f"{in_percent(last.by_label.share, 0)}. The thin lines are 95 % intervals."
    )
