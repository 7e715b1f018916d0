"""Two models on the same faces: which gets which right, and whether the difference means anything."""

import numpy as np
import streamlit as st

from emotion.evaluation import cache
from emotion.evaluation.answers import load_probabilities
from emotion.evaluation.comparison import Comparison
from emotion.evaluation.metrics import compare_answers
from emotion.evaluation.trial import TrialFaces
from emotion.figures import models as figures
from emotion.labels import EMOTIONS
from emotion.models.card import ModelCard
from emotion.models.registry import model_version
from pages.models.choice import choose_faces, choose_other, command
from pages.models.faces import show_face_grid
from pages.shared.chart import show_chart
from pages.shared.errors import error_ends_page
from pages.shared.jobs import offer_job
from pages.shared.text import escape_markdown


def show_compare(model: ModelCard) -> None:
    """Draw the choice of the other model and of the faces, and the verdict, or the button that finds it."""
    other = choose_other(model)
    if other is None:
        st.info(
            "There is only one model. Train another one, or import one, to compare the two.",
            icon=":material/compare_arrows:",
        )
        return
    faces = choose_faces(model)
    with error_ends_page("error"):
        first, second = load_probabilities(faces), load_probabilities(faces.of(other.name))
        if first is None or second is None:
            _offer(faces, other.name)
            return
    comparison = compare_answers(faces, other.name, first, second)
    _show_verdict(comparison)
    _show_faces(comparison, faces, first.argmax(axis=1), second.argmax(axis=1))


def _offer(faces: TrialFaces, other: str) -> None:
    trial = faces.trial
    offer_job(
        cache.key("compare", faces, model_version(other)),
        f"Comparing {trial.model} with {other} on {trial.dataset}, {trial.split}",
        command("compare", trial, other),
        "Compare",
        f"Both look at {len(faces):,} faces; what one has seen already is kept.",
        ":material/compare_arrows:",
    )


def _show_verdict(comparison: Comparison) -> None:
    icon = ":material/trophy:" if comparison.is_more_than_chance else ":material/balance:"
    st.markdown(f"##### {icon} {escape_markdown(comparison.in_words())}")
    show_chart(
        figures.comparison(comparison),
        "comparison",
        "How many faces both, one or none of the models get right",
    )
    p_value = f"p = {comparison.p_value:.3f}" if comparison.p_value >= 0.001 else "p < 0.001"
    st.caption(
        f"McNemar's exact test on the {comparison.only_first + comparison.only_second:,} faces that one gets "
        f"right and the other wrong: {p_value}."
    )


def _show_faces(comparison: Comparison, faces: TrialFaces, first: np.ndarray, second: np.ndarray) -> None:
    """Draw the faces of one of four groups."""
    right, other = first == faces.labels, second == faces.labels
    groups = {
        f"Only {comparison.first} is right": right & ~other,
        f"Only {comparison.second} is right": other & ~right,
        "Both are wrong": ~right & ~other,
        "Both are right": right & other,
    }
    title = st.segmented_control(
        "Faces",
        list(groups),
        default=next(iter(groups)),
        required=True,
        format_func=lambda title: escape_markdown(f"{title} · {int(groups[title].sum()):,}"),
        key=f"compare_group-{comparison.first}-{comparison.second}",
    )
    places = np.flatnonzero(groups[title])
    if not len(places):
        st.info("There is no such face.", icon=":material/filter_alt_off:")
        return
    captions = {
        int(faces.indices[place]): f"{EMOTIONS[first[place]]} / {EMOTIONS[second[place]]}" for place in places
    }
    st.caption(escape_markdown(f"Below each face: the answers of {comparison.first} / {comparison.second}."))
    models = (comparison.first, comparison.second)
    show_face_grid(
        faces.dataset, faces.indices[places], captions, models, f"compare-{list(groups).index(title)}"
    )
