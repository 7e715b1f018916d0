"""How good a model is on a dataset: accuracy with its interval, per class, confusions, calibration."""

import numpy as np
import streamlit as st

from emotion.evaluation import cache
from emotion.evaluation.answers import load_probabilities
from emotion.evaluation.metrics import evaluate_trial
from emotion.evaluation.report import Report
from emotion.evaluation.trial import TrialFaces
from emotion.figures import models as figures
from emotion.labels import EMOTIONS, how_sure, in_percent
from emotion.models.card import ModelCard
from pages.models.choice import choose_faces, command
from pages.models.faces import show_face_grid
from pages.shared.chart import show_chart
from pages.shared.errors import error_ends_page
from pages.shared.jobs import offer_job
from pages.shared.report import show_classes, show_confusion, show_key_figures
from pages.shared.text import counted, escape_markdown

# Where the session keeps the chosen cell of the confusion matrix.
_LABEL, _ANSWER = "cm_label", "cm_answer"


def show_evaluate(model: ModelCard) -> None:
    """Draw the choice of faces and the report, or the button that makes it."""
    faces = choose_faces(model)
    with error_ends_page("error"):
        probabilities = load_probabilities(faces)
        if probabilities is None:
            _offer(faces)
            return
    report = evaluate_trial(faces, probabilities)
    show_key_figures(report)
    _show_notes(model, report)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _show_confusion(report)
    with right:
        show_classes(report, "cm")
    _show_cell(faces, probabilities)
    left, right = st.columns(2, gap="large")
    with left:
        _show_reliability(report)
    with right:
        _show_coverage(report)
    _show_copies(report)
    _show_agreement(report)


def _offer(faces: TrialFaces) -> None:
    trial, count = faces.trial, len(faces)
    offer_job(
        cache.key("evaluate", faces),
        f"Evaluating {trial.model} on {trial.dataset}, {trial.split}",
        command("evaluate", trial),
        "Evaluate",
        f"The model looks at {count:,} faces; the result is kept.",
        ":material/play_arrow:",
    )


def _show_notes(model: ModelCard, report: Report) -> None:
    left_out = f" {report.excluded:,} excluded faces are left out." if report.excluded else ""
    if report.against == "votes":
        left_out += " The label of a face is here what most people saw in it."
    if report.unclear:
        left_out += f" {report.unclear:,} in which that is none of the seven emotions are left out."
    st.caption(f"{report.n:,} faces.{left_out}")
    if model.judged_by == "votes" and report.against == "labels":
        st.caption(
            f":material/how_to_vote: {escape_markdown(model.name)} has learned what people voted for. Here "
            "what counts is the dataset's labels, which people often disagree with."
        )


def _show_confusion(report: Report) -> None:
    def choose(label: str, answer: str) -> None:
        st.session_state[_LABEL], st.session_state[_ANSWER] = label, answer

    label, answer = st.session_state.get(_LABEL), st.session_state.get(_ANSWER)
    show_confusion(report, "cm", (label, answer) if label and answer else None, choose)


def _show_cell(faces: TrialFaces, probabilities: np.ndarray) -> None:
    """Draw the faces of the chosen cell: chosen in the figure, or, by keyboard, in the two lists."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = st.selectbox(
            "Faces labelled", EMOTIONS, index=None, key=_LABEL, width=200, placeholder="choose a class"
        )
        answer = st.selectbox(
            "that the model calls", EMOTIONS, index=None, key=_ANSWER, width=200, placeholder="any class"
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
    count = counted(len(places), "face")
    st.markdown(f"**{count}**, the surest answers first · choose one to see where the model looked")
    captions = {
        int(faces.indices[place]): f"{EMOTIONS[answers[place]]} {how_sure(probabilities[place].max())}"
        for place in places
    }
    show_face_grid(
        faces.dataset, faces.indices[places], captions, (faces.trial.model,), f"cell-{label}-{answer}"
    )


def _show_reliability(report: Report) -> None:
    st.subheader("Does it know how sure to be?")
    show_chart(
        figures.reliability(report.reliability),
        "reliability",
        "Reliability diagram: how right answers are against how sure the model is",
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
    show_chart(
        figures.coverage(report.coverage),
        "coverage",
        "Accuracy against the share of faces that the model answers",
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
    known = f"**{copies.known.n:,}** of these faces stand, equal or mirrored, in training or validation, too"
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
    show_chart(
        figures.agreement(report.agreement),
        "crowd",
        "Accuracy on faces on which people agree little or much",
    )
    first, last = report.agreement[0], report.agreement[-1]
    st.caption(
        f"Where people agree least (one answer got {first.title} of the votes), the model gives the label "
        f"{in_percent(first.by_label.share, 0)} of the time; where most ({last.title}), "
        f"{in_percent(last.by_label.share, 0)}. The thin lines are 95 % intervals."
    )
