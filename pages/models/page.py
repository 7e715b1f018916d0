"""Which models there are, how good each is, where it fails and why, and how to take it along."""

import streamlit as st

from pages.models.choice import choose_model
from pages.models.compare import show_compare
from pages.models.evaluate import show_evaluate
from pages.models.explain import show_explain
from pages.models.exporting import show_export
from pages.models.importing import show_import
from pages.models.list import show_list
from pages.models.robustness import show_robustness

VIEWS = {
    "Overview": show_list,
    "Evaluate": show_evaluate,
    "Compare": show_compare,
    "Explain": show_explain,
    "Robustness": show_robustness,
    "Export": show_export,
    "Import": show_import,
}

st.title("Models")
st.markdown("Which models there are, how good they are, on which faces they fail, and where they look.")
model = choose_model()
# A choice and not tabs: only the chosen view is computed, and a link can lead to it.
st.session_state.setdefault("models_view", "Overview")  # where no link says otherwise
st.segmented_control(
    "View",
    list(VIEWS),
    required=True,
    key="models_view",
    bind="query-params",
    label_visibility="collapsed",
)
VIEWS[st.session_state.models_view](model)
