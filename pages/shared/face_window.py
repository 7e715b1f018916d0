"""One face of a dataset, enlarged, with all that is known of it."""

import numpy as np
import streamlit as st

from emotion.dataset import store
from emotion.dataset.gallery import enlarge
from emotion.dataset.stored_dataset import StoredDataset
from emotion.dataset.votes import VOTE_COLUMNS
from emotion.figures import dataset as figures
from emotion.labels import EMOTIONS
from pages.shared.chart import show_chart
from pages.shared.errors import error_ends_page, errors_shown
from pages.shared.face_grid import GridFace
from pages.shared.text import escape_markdown

_SIDE = 220  # on the page, in pixels
_PREVIEW_LIMIT = 7
PREVIEW_FACES = "preview_faces"  # where the session keeps what the augmentation preview should show


def grid_face(dataset: StoredDataset, index: int, caption: str = "") -> GridFace:
    """Return a face of the dataset as a grid draws it, with a caption below."""
    faces = dataset.faces
    emotion, split = EMOTIONS[faces.labels[index]], str(faces.splits[index])
    excluded = bool(dataset.excluded[index])
    title = f"{emotion}, {split}, {faces.names[index]}" + ", excluded" * excluded
    return GridFace(
        index=int(index),
        image=np.asarray(faces.images[index]),
        label=int(faces.labels[index]),
        title=title,
        caption=caption,
        is_faint=excluded,
    )


def enlarge_face(name: str, index: int, neighbours: list[int]) -> None:
    """Open a window with a face; arrow keys lead to its neighbours.

    Args:
        name: of the dataset.
        index: of the face in it.
        neighbours: the faces that "previous" and "next" go through; `index` is among them.
    """
    st.session_state.face_position = neighbours.index(index)
    _show_window(name, neighbours)


@st.dialog("Face", icon=":material/face:")
def _show_window(name: str, neighbours: list[int]) -> None:
    # Moves within the window run this function alone, with the same arguments: the session keeps the place.
    position = st.session_state.face_position

    def step(by: int) -> None:
        st.session_state.face_position += by

    with error_ends_page("folder_off"):
        dataset = store.open_dataset(name)
    show_face(dataset, neighbours[position])
    _show_actions(dataset, neighbours[position])
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.button(
            "Previous",
            icon=":material/arrow_back:",
            shortcut="Left",
            on_click=step,
            args=(-1,),
            disabled=position == 0,
        )
        st.caption(f"{position + 1} of {len(neighbours)}", width="content")
        st.button(
            "Next",
            icon=":material/arrow_forward:",
            icon_position="right",
            shortcut="Right",
            on_click=step,
            args=(1,),
            disabled=position == len(neighbours) - 1,
        )


def _show_actions(dataset: StoredDataset, index: int) -> None:
    """Offer what can be done with a face; both lead back to the page."""
    with st.container(horizontal=True):
        if st.button("Try augmentation", icon=":material/auto_fix_high:", key="face_augment"):
            chosen = st.session_state.setdefault(PREVIEW_FACES, {}).setdefault(dataset.name, [])
            chosen[:] = [index, *(other for other in chosen if other != index)][:_PREVIEW_LIMIT]
            st.session_state.next_view = "Augmentation"
            st.rerun()
        if st.button(
            "Exclude", icon=":material/block:", key="face_exclude", disabled=bool(dataset.excluded[index])
        ):
            with errors_shown("block"):
                store.exclude(dataset.name, np.array([index]), "chosen by hand")
                st.rerun()


def show_face(dataset: StoredDataset, index: int) -> None:
    """Draw a face with its class, split, name, light and votes."""
    faces = dataset.faces
    image = np.asarray(faces.images[index])
    emotion = EMOTIONS[faces.labels[index]]
    with st.container(horizontal=True, gap="medium"):
        st.image(enlarge(image, 2 * _SIDE), width=_SIDE, alt=f"A face labelled {emotion}")
        with st.container(width="stretch", gap="xsmall"):
            st.markdown(f"### {emotion.capitalize()}")
            st.markdown(f"Split **{escape_markdown(str(faces.splits[index]))}**")
            st.caption(escape_markdown(str(faces.names[index])))
            st.caption(f"Brightness {image.mean():.0f} of 255, contrast {image.std():.0f}")
            if dataset.excluded[index]:
                st.badge("Excluded", icon=":material/block:", color="orange")
    _show_votes(dataset, index)


def _show_votes(dataset: StoredDataset, index: int) -> None:
    if dataset.votes is None:
        return
    votes = dict(zip(VOTE_COLUMNS, dataset.votes[index].tolist(), strict=True))
    total = sum(votes.values())
    if not total:
        st.caption("Nobody voted on this face.")
        return
    st.markdown(f"**How {total} people saw it**")
    show_chart(figures.vote_bars(votes), "face_votes", "Votes on this face")
