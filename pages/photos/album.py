"""A visitor's pictures: kept while other pages are looked at, in memory alone, until they are taken away."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from emotion.images import FORMAT_NAMES, MAX_FILE_BYTES, SUPPORTED_EXTENSIONS
from emotion.photos.examples import example_pictures
from pages.shared.text import counted

# What one visitor's pictures may take up in the app's memory.
MAX_ALBUM_BYTES = 500_000_000
_ALBUM, _ROUND, _NOTE = "photo_album", "photo_round", "photo_note"


@dataclass(frozen=True)
class Source:
    """A chosen picture; `key` stays the same from one run of the page to the next."""

    key: str
    name: str
    data: bytes

    def read(self) -> bytes:
        """Return the bytes of its file."""
        return self.data


def choose_pictures() -> list[Source]:
    """Draw what takes pictures in and away; return those there are."""
    # A new uploader for each time: what was dropped has moved into the album, which no page forgets.
    key = f"uploads-{st.session_state.setdefault(_ROUND, 0)}"
    is_folder = st.session_state.get("photo_folder", False)
    st.file_uploader(
        "Choose or drop a folder of photos" if is_folder else "Choose or drop photos",
        type=list(SUPPORTED_EXTENSIONS),
        accept_multiple_files="directory" if is_folder else True,
        max_upload_size=MAX_FILE_BYTES // 1_000_000,
        key=key,
        help=f"{FORMAT_NAMES} files are read, whatever they are called: {', '.join(SUPPORTED_EXTENSIONS)}. "
        "Of an animation, one frame is shown; of a file that is cut off, what is there.",
        on_change=_take_uploads,
        args=(key,),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        for example in example_pictures():
            st.button(
                example.title,
                icon=":material/add_photo_alternate:",
                key=f"example-{example.name}",
                help=example.meaning,
                on_click=lambda example=example: _take(example.name, example.name, example.load),
            )
        st.toggle("A whole folder", key="photo_folder", persist_state="session")
        use_camera = st.toggle("Take a snapshot", key="camera_on")
    if use_camera:
        st.camera_input(
            "Snapshot", label_visibility="collapsed", width=480, key="snapshot", on_change=_take_snapshot
        )
    if note := st.session_state.pop(_NOTE, None):
        st.warning(note, icon=":material/memory:")
    sources = list(_album().values())
    if sources:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{counted(len(sources), 'picture')}**", width="content")
            st.button("Remove all", icon=":material/close:", type="tertiary", on_click=_album().clear)
    return sources


def remove(key: str) -> None:
    """Take a picture away."""
    _album().pop(key, None)


def _album() -> dict[str, Source]:
    return st.session_state.setdefault(_ALBUM, {})


def _take_uploads(key: str) -> None:
    for upload in st.session_state[key]:
        _take(upload.file_id, upload.name, upload.getvalue)
    st.session_state[_ROUND] += 1


def _take_snapshot() -> None:
    if snapshot := st.session_state.snapshot:
        _take(snapshot.file_id, snapshot.name or "snapshot.jpg", snapshot.getvalue)


def _take(key: str, name: str, read: Callable[[], bytes]) -> None:
    """Put a picture into the album, or say that there is no room for it."""
    album, data = _album(), read()
    if sum(len(source.data) for source in album.values()) + len(data) > MAX_ALBUM_BYTES:
        st.session_state[_NOTE] = (
            f"Only {len(album):,} pictures were taken: more than {MAX_ALBUM_BYTES // 1_000_000} MB at once "
            "are not kept in memory. Remove some first, or use `python -m emotion analyze FOLDER`."
        )
        return
    album[key] = Source(key, name, data)
