"""Upload photos: every face, its expression, and how sure the model is."""

import time
from typing import Literal

import streamlit as st

from emotion.photos import pictures
from emotion.photos.analysis import Analyzer
from emotion.photos.pictures import PictureResult
from pages.photos.album import Source, choose_pictures, remove
from pages.photos.summary import show_summary
from pages.shared.face_card import show_faces
from pages.shared.model import analyzer_or_stop, maps_switch, mistakes_in_words
from pages.shared.text import counted, escape_markdown

PICTURES_PER_PAGE = 8
# In pixels of the page; a tall picture is shown narrower than its column.
MAX_SHOWN_HEIGHT = 620


def kept_results(version: str, sources: list[Source]) -> dict[str, PictureResult]:
    """Return the visitor's results by key, of chosen pictures only: one that is taken away is gone.

    The answers of another version of the model are gone as well: the pictures are analysed anew.
    """
    if st.session_state.get("photo_model") != version:
        st.session_state.photo_model = version
        st.session_state.photo_results = {}
    known: dict[str, PictureResult] = st.session_state.get("photo_results", {})
    kept = {source.key: known[source.key] for source in sources if source.key in known}
    st.session_state.photo_results = kept
    return kept


def analyze_and_show(analyzer: Analyzer, sources: list[Source], with_maps: bool) -> list[PictureResult]:
    """Analyse what is new, and show each picture of the current page as soon as it is done."""
    done = kept_results(analyzer.classifier.version, sources)
    new_count = len(sources) - len(done)
    progress = st.progress(0.0, "Looking for faces …") if new_count else None
    page_count = -(-len(sources) // PICTURES_PER_PAGE)
    page = st.pagination(page_count, key="picture_page", persist_state="session") if page_count > 1 else 1
    started, finished = time.monotonic(), 0
    for position, source in enumerate(sources):
        if progress and source.key not in done:
            progress.progress(finished / new_count, _progress_text(source.name, finished, new_count, started))
            done[source.key] = pictures.analyze_picture(analyzer, source.name, source.read())
            finished += 1
        if position // PICTURES_PER_PAGE == page - 1:
            show_picture(done[source.key], source.key, with_maps)
    if progress:
        progress.empty()
    return [done[source.key] for source in sources]


def _progress_text(name: str, finished: int, count: int, started: float) -> str:
    text = f"Picture {finished + 1} of {count}: {escape_markdown(name)}"
    if finished:
        left = (time.monotonic() - started) / finished * (count - finished)
        text += f" · about {max(1, round(left))} s left"
    return text


def show_picture(result: PictureResult, key: str, with_maps: bool) -> None:
    """Draw one picture with its faces, or what was wrong with it."""
    name = escape_markdown(result.name)
    if result.analysis is None or result.preview is None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.error(f"**{name}**: {result.error}", icon=":material/broken_image:")
            _offer_removal(key)
        return
    count = len(result.analysis.faces)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{name}** · {counted(count, 'face')}" if count else f"**{name}**")
            _offer_removal(key)
        picture, faces = st.columns([3, 2], gap="medium")
        picture.image(
            result.preview,
            width=_shown_width(result.analysis.width, result.analysis.height),
            alt=f"{result.name} with {counted(count, 'framed face')}",
        )
        with faces:
            for note in result.analysis.notes:
                st.warning(escape_markdown(note), icon=":material/info:")
            if count:
                show_faces(result.analysis.faces, key, with_maps)
            else:
                st.info(
                    "No face found. Faces are found best when they are upright, seen from the front, "
                    "evenly lit and at least 24 pixels large; try a closer or brighter picture.",
                    icon=":material/face_retouching_off:",
                )


def _shown_width(width: int, height: int) -> Literal["stretch"] | int:
    """Return how wide a picture is shown: as wide as its column, but no higher than a screen."""
    return "stretch" if height <= width else max(160, round(MAX_SHOWN_HEIGHT * width / height))


def _offer_removal(key: str) -> None:
    st.button(
        "Remove",
        icon=":material/close:",
        type="tertiary",
        key=f"remove-{key}",
        on_click=remove,
        args=(key,),
        help="Take this picture away.",
    )


st.title("Photos")
st.markdown("Every face in your pictures, the expression on it, and how sure the model is.")
st.caption(":material/lock: Pictures stay in this app's memory; none is stored or sent on.")
analyzer = analyzer_or_stop()
sources = choose_pictures()
if sources:
    with_maps = maps_switch(analyzer)
    pictures_tab, summary_tab = st.tabs([":material/image: Pictures", ":material/table: Summary"])
    with pictures_tab:
        picture_results = analyze_and_show(analyzer, sources, with_maps)
    with summary_tab:
        show_summary(picture_results, [source.read for source in sources])
else:
    kept_results(analyzer.classifier.version, [])
    st.info(
        "Nothing here yet: drop in a photo, take a snapshot, or try one of the examples.",
        icon=":material/add_photo_alternate:",
    )
with st.expander("What this can and cannot tell", icon=":material/info:"):
    st.markdown(
        "- It recognises **expressions, not feelings**: a smile is not proof of joy, and a still face "
        "may hide anything. Do not decide about people by it.\n"
        f"- {mistakes_in_words(analyzer.classifier.card)} Any model does worse on faces that are turned, "
        "covered or unlike those it learned from.\n"
        "- **Uncertain** means that the probabilities do not decide; the bars show between what.\n"
        "- Your pictures are shown to no one else, and are gone when you remove them or close the page."
    )
