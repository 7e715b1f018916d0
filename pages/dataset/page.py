"""A dataset's balance, faces and quality, what augmentation does to it, and how to bring in one's own."""

import streamlit as st

from pages.dataset.augmentation import show_augmentation
from pages.dataset.gallery import show_gallery
from pages.dataset.importing import show_import
from pages.dataset.overview import show_overview
from pages.dataset.quality import show_quality
from pages.shared.dataset_choice import choose_dataset, show_key_figures

VIEWS = {
    "Overview": show_overview,
    "Gallery": show_gallery,
    "Quality": show_quality,
    "Augmentation": show_augmentation,
    "Import": show_import,
}

st.title("Dataset")
st.markdown("What a model learns from: how many faces, how balanced, what they look like, what is wrong.")
dataset, splits = choose_dataset()
show_key_figures(dataset, splits)
if "next_view" in st.session_state:  # where a button of the last run leads
    st.session_state.view = st.session_state.pop("next_view")
# A choice and not tabs: only the chosen view is computed, and a link can lead to it.
st.session_state.setdefault("view", "Overview")  # where no link says otherwise
st.segmented_control(
    "View",
    list(VIEWS),
    required=True,
    key="view",
    bind="query-params",
    label_visibility="collapsed",
)
VIEWS[st.session_state.view](dataset, splits)
