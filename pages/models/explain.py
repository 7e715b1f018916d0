"""Where a model looks: faces of a dataset to choose from, each explained for all seven classes."""

import numpy as np
import streamlit as st

from emotion.labels import EMOTIONS
from emotion.models.card import ModelCard
from pages.models.choice import choose_faces, classifier_or_stop
from pages.models.faces import explain_face
from pages.shared.face_grid import face_grid
from pages.shared.face_window import grid_face

_SHOWN = 24


def show_explain(model: ModelCard) -> None:
    """Draw some faces, and of the chosen one where the model looked."""
    faces = choose_faces(model, asks_what_is_right=False)
    dataset = faces.dataset
    classifier = classifier_or_stop(model.name)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        emotion = st.pills("Class", EMOTIONS, key="explain_class", help="None chosen shows all.")
        if st.button("Other faces", icon=":material/shuffle:", key="explain_shuffle"):
            st.session_state.explain_seed = st.session_state.get("explain_seed", 0) + 1
    indices = faces.indices
    if emotion is not None:
        indices = indices[faces.labels == EMOTIONS.index(emotion)]
    if not len(indices):
        st.info("There is no such face; choose another class.", icon=":material/filter_alt_off:")
        return
    chance = np.random.default_rng(st.session_state.get("explain_seed", 0))
    shown = chance.permutation(indices)[:_SHOWN].tolist()
    st.caption("Choose a face.")
    chosen = face_grid([[grid_face(dataset, index) for index in shown]], "explain", "Faces", side=64)
    # The grid tells its choice once: the session keeps it.
    if chosen is not None:
        st.session_state.explain_face = (dataset.name, chosen)
    kept = st.session_state.get("explain_face")
    index = kept[1] if kept and kept[0] == dataset.name and kept[1] in shown else shown[0]
    label = EMOTIONS[dataset.faces.labels[index]]
    with st.container(border=True):
        st.markdown(f"**Labelled {label}** · what speaks for each class, the most probable first")
        explain_face(np.asarray(dataset.faces.images[index]), classifier)
    st.caption(
        ":material/info: A class activation map (Zhou et al. 2016) shows what the model used, not what is "
        "true, and coarsely: 6 by 6 places a face. On the Photos page, a switch shows it for your pictures."
    )
