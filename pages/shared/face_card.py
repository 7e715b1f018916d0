"""Faces beside their picture: what the model saw, its answer, and the seven probabilities."""

from collections.abc import Iterable, Sequence

import numpy as np
import streamlit as st

from emotion.dataset.gallery import enlarge
from emotion.evaluation import explanation
from emotion.figures import style as figures
from emotion.labels import EMOTIONS, how_sure
from emotion.photos.analysis import FaceAnalysis
from pages.shared.chart import show_chart

# From more faces on, a table stands first and a card is drawn for the chosen face alone.
MAX_CARDS = 4
# How `confidence_column` is drawn.
CONFIDENCE_COLUMN = st.column_config.ProgressColumn(format="%.0f%%", min_value=0, max_value=100)
# On the page, in pixels.
_CROP_SIDE = 72
_MAP_SIDE = 108


def show_faces(faces: Sequence[FaceAnalysis], key: str, with_maps: bool = False) -> None:
    """Draw a card for each face, or, for many, a table and the card of the chosen face.

    Args:
        faces: at least one.
        key: tells these widgets from those of other pictures.
        with_maps: show where the model looked, too.
    """
    if len(faces) <= MAX_CARDS:
        for face in faces:
            face_card(face, f"{key}-{face.number}", with_maps)
        return
    st.caption("Choose a row to see that face.")
    table = {
        "face": [face.number for face in faces],
        "emotion": [face.verdict for face in faces],
        "confidence": confidence_column(face.confidence for face in faces),
    }
    event = st.dataframe(
        table,
        hide_index=True,
        height=min(38 + 35 * len(faces), 248),
        column_config={"confidence": CONFIDENCE_COLUMN},
        on_select="rerun",
        selection_mode="single-row-required",
        key=f"{key}-table",
        alt="The faces of this picture",
    )
    chosen = event.selection.rows[0] if event.selection.rows else 0
    face_card(faces[chosen], f"{key}-{faces[chosen].number}", with_maps)


def confidence_column(confidences: Iterable[float]) -> list[int]:
    """Return confidences, 0 to 1, in percent for a table: as they are written everywhere, and no 100 %."""
    return [int(how_sure(confidence).rstrip("%")) for confidence in confidences]


def face_card(face: FaceAnalysis, key: str, with_map: bool = False) -> None:
    """Draw the card of one face.

    Args:
        face: what to draw.
        key: tells its chart from the others on the page.
        with_map: show where the model looked, too, for a class to be chosen.
    """
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            # Twice the size it is shown at: sharp on dense screens too.
            crop = enlarge(face.crop, 2 * _CROP_SIDE)
            st.image(crop, width=_CROP_SIDE, alt=f"Face {face.number} as the model sees it")
            with st.container(width="stretch", gap="xxsmall"):
                st.markdown(f"**{face.number} · {face.verdict.capitalize()}**")
                st.caption(_explain(face))
        if with_map and face.activation_maps is not None:
            _show_map(face, face.activation_maps, key)
        show_chart(
            figures.probability_bars(face.probabilities),
            key,
            f"Probabilities of the seven emotions for face {face.number}",
        )


def _show_map(face: FaceAnalysis, maps: np.ndarray, key: str) -> None:
    """Draw the face with the places that speak for a class."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        beside = st.container(width=_MAP_SIDE, gap="xxsmall")
        emotion = beside.selectbox(
            "What speaks for", EMOTIONS, EMOTIONS.index(face.emotion), key=f"{key}-map"
        )
        side = 2 * _MAP_SIDE
        heat = explanation.heat(maps, EMOTIONS.index(emotion), side)
        place = explanation.strongest_place(heat)
        where = f"strongest at the {place}" if place else "no place does"
        st.image(
            explanation.overlay(enlarge(face.crop, side), heat),
            width=_MAP_SIDE,
            alt=f"Face {face.number}, what speaks for {emotion}: {where}",
        )
        beside.caption(where.capitalize())


def _explain(face: FaceAnalysis) -> str:
    text = f"{how_sure(face.confidence)} sure"
    if face.is_uncertain:
        text = f"The probabilities do not decide; {face.emotion} leads with {how_sure(face.confidence)}."
    if face.is_small:
        text += f" Only {round(max(face.face.box[2:]))} pixels large: take the answer with care."
    return text
