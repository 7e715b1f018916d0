"""Which models there are, how good each is, where it fails and why, and how to take it along."""

import streamlit as st

from pages.components.models_choice import choose_model
from pages.components.models_compare import show_compare
from pages.components.models_evaluate import show_evaluate
from pages.components.models_explain import show_explain
from pages.components.models_export import show_export
from pages.components.models_import import show_import
from pages.components.models_list import show_list
from pages.components.models_robustness import show_robustness

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
view = st.segmented_control(
    "View",
    list(VIEWS),
    required=True,
    key="models_view",
    bind="query-params",
    label_visibility="collapsed",
)
VIEWS[view](model)
