"""Upload photos: every face, its expression, and how sure the model is."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from emotion.images import MAX_FILE_BYTES, SUPPORTED_EXTENSIONS
from emotion.photos import pictures
from emotion.photos.analysis import Analyzer
from emotion.photos.examples import example_pictures
from emotion.photos.pictures import PictureResult
from pages.photos.summary import show_summary
from pages.shared.face_card import show_faces
from pages.shared.model import analyzer_or_stop, maps_switch
from pages.shared.text import escape_markdown

PICTURES_PER_PAGE = 8


@dataclass(frozen=True)
class Source:
    """A chosen picture; `key` stays the same from one run of the page to the next."""

    key: str
    name: str
    read: Callable[[], bytes]


def choose_pictures() -> list[Source]:
    """Draw the controls and return what is chosen."""
    uploads = st.file_uploader(
        "Choose or drop photos",
        type=list(SUPPORTED_EXTENSIONS),
        accept_multiple_files=True,
        max_upload_size=MAX_FILE_BYTES // 1_000_000,
        key="uploads",
    )
    sources = [Source(upload.file_id, upload.name, upload.getvalue) for upload in uploads]
    chosen_examples: set[str] = st.session_state.setdefault("examples", set())
    with st.container(horizontal=True, vertical_alignment="center"):
        for example in example_pictures():
            if st.button(example.title, icon=":material/add_photo_alternate:", key=f"example-{example.name}"):
                chosen_examples.add(example.name)
        if chosen_examples and st.button("Remove examples", icon=":material/close:", type="tertiary"):
            chosen_examples.clear()
        use_camera = st.toggle("Take a snapshot", key="camera_on")
    if use_camera:
        snapshot = st.camera_input("Snapshot", label_visibility="collapsed", width=480)
        if snapshot:
            sources.append(Source(snapshot.file_id, "snapshot.jpg", snapshot.getvalue))
    examples = [example for example in example_pictures() if example.name in chosen_examples]
    return sources + [Source(example.name, example.name, example.load) for example in examples]


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
    page = st.pagination(page_count, key="picture_page") if page_count > 1 else 1
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
        st.error(f"**{name}**: {result.error}", icon=":material/broken_image:")
        return
    count = len(result.analysis.faces)
    with st.container(border=True):
        title = f"**{name}** · {count} face{'s' * (count != 1)}" if count else f"**{name}**"
        st.markdown(" · ".join(filter(None, (title, result.analysis.note))))
        picture, faces = st.columns([3, 2], gap="medium")
        picture.image(result.preview, width="stretch", alt=f"{result.name} with {count} framed faces")
        with faces:
            if count:
                show_faces(result.analysis.faces, key, with_maps)
            else:
                st.info(
                    "No face found. Faces are found best when they are upright, seen from the front, "
                    "evenly lit and at least 24 pixels large; try a closer or brighter picture.",
                    icon=":material/face_retouching_off:",
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
        "- It learned from small grey faces labelled by few people, who often disagreed themselves. "
        "It mixes up fear, sadness and anger most, and does worse on faces that are turned, covered "
        "or unlike those it learned from.\n"
        "- **Uncertain** means that the probabilities do not decide; the bars show between what.\n"
        "- Your pictures are shown to no one else, and are gone when you remove them or close the page."
    )
