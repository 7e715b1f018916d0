"""Page through the faces of a dataset, filter them, enlarge one."""

from typing import Any

import numpy as np
import streamlit as st

from emotion.dataset.gallery import find_faces, page_count, page_items
from emotion.dataset.stored_dataset import StoredDataset
from emotion.labels import EMOTIONS
from pages.shared.face_grid import face_grid
from pages.shared.face_window import enlarge_face, grid_face
from pages.shared.text import counted

PAGE_SIZE = 96


@st.fragment
def show_gallery(dataset: StoredDataset, splits: tuple[str, ...]) -> None:
    """Draw the filters and one page of faces; a fragment, so that turning pages redraws nothing else.

    Args:
        dataset: of any size.
        splits: whose faces are shown.
    """
    name = dataset.description.name
    kept: dict[str, Any] = {"persist_state": "session"}
    emotions = st.pills(
        "Classes",
        EMOTIONS,
        selection_mode="multi",
        key=f"classes-{name}",
        help="None chosen shows all.",
        **kept,
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Name contains",
            key=f"text-{name}",
            icon=":material/search:",
            placeholder="part of a file name",
            **kept,
        )
        is_mixed = st.toggle("Mixed order", True, key=f"mixed-{name}", **kept)
        hide_excluded = dataset.excluded.any() and st.toggle("Hide excluded", key=f"hide-{name}", **kept)
    indices = find_faces(dataset.faces, emotions, splits, text)
    if hide_excluded:
        indices = indices[~dataset.excluded[indices]]
    if not len(indices):
        st.info(
            "No face passes these filters; clear the name or choose other classes.",
            icon=":material/filter_alt_off:",
        )
        return
    if is_mixed:  # in the source's order, the first pages are of one class
        indices = np.random.default_rng(0).permutation(indices)
    pages = page_count(len(indices), PAGE_SIZE)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{counted(len(indices), 'face')}** · choose one to enlarge it", width="content")
        # Another selection begins on its first page again: its widget is another one.
        selection = f"{name}-{splits}-{emotions}-{text}-{hide_excluded}-{is_mixed}"
        page = st.pagination(pages, key=f"page-{selection}", **kept) if pages > 1 else 1
    shown = page_items(indices, page, PAGE_SIZE).tolist()
    chosen = face_grid([[grid_face(dataset, index) for index in shown]], f"gallery-{name}", "Faces")
    if chosen is not None and chosen in shown:
        enlarge_face(name, chosen, shown)
