"""What all pictures together show, and how to take it away."""

from collections.abc import Callable

import streamlit as st

from emotion.figures import style as figures
from emotion.photos import pictures as results
from emotion.photos.pictures import PictureResult
from pages.shared.chart import show_chart
from pages.shared.download import download
from pages.shared.face_card import CONFIDENCE_COLUMN, confidence_column


def show_summary(pictures: list[PictureResult], readers: list[Callable[[], bytes]]) -> None:
    """Draw key figures, the table of faces, their distribution, and the downloads.

    Args:
        pictures: what came of each picture.
        readers: for each of them, what gives the bytes of its file.
    """
    faces = [face for picture in pictures if picture.analysis for face in picture.analysis.faces]
    failed = sum(picture.error is not None for picture in pictures)
    uncertain = sum(face.is_uncertain for face in faces)
    with st.container(horizontal=True):
        st.metric("Pictures", len(pictures), border=True)
        st.metric("Faces", len(faces), border=True)
        st.metric("Uncertain", uncertain, border=True, help="Faces whose probabilities do not decide.")
        st.metric("Unreadable", failed, border=True, help="Files that could not be opened as a picture.")
    if faces:
        chart, table = st.columns([2, 3], gap="medium")
        with chart:
            show_chart(
                figures.emotion_counts(face.verdict for face in faces),
                "emotion_counts",
                "How many faces show each emotion",
            )
        with table:
            _show_table(pictures)
    _show_downloads(pictures, readers, bool(faces))


def _show_table(pictures: list[PictureResult]) -> None:
    table = results.to_table(pictures)
    st.dataframe(
        table.assign(confidence=confidence_column(table["confidence"])),
        hide_index=True,
        height=260,
        column_order=["file", "face", "emotion", "confidence", "uncertain"],
        column_config={"confidence": CONFIDENCE_COLUMN},
        key="faces_table",
        alt="All faces of all pictures",
    )


def _show_downloads(
    pictures: list[PictureResult], readers: list[Callable[[], bytes]], any_face: bool
) -> None:
    with st.container(horizontal=True):
        download("Table (CSV)", lambda: results.to_csv(pictures), "emotions.csv", disabled=not any_face)
        download("Everything (JSON)", lambda: results.to_json(pictures), "emotions.json")
        download(
            "Annotated pictures (ZIP)",
            lambda: results.to_zip(zip(pictures, (read() for read in readers), strict=True)),
            "annotated.zip",
            disabled=not any_face,
        )
