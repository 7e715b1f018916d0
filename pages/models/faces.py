"""Faces that a model got right or wrong, as a grid; a chosen one is enlarged and explained."""

import numpy as np
import streamlit as st

from emotion.dataset import store
from emotion.dataset.gallery import enlarge, page_count, page_items
from emotion.dataset.stored_dataset import StoredDataset
from emotion.evaluation import explanation
from emotion.labels import EMOTIONS, how_sure
from emotion.models.classifier import Classifier
from pages.models.choice import classifier_or_stop
from pages.shared.errors import error_ends_page
from pages.shared.face_grid import face_grid
from pages.shared.face_window import grid_face
from pages.shared.model import NO_MAPS
from pages.shared.text import escape_markdown

_PER_PAGE = 48
# On the page, in pixels: eight beside each other.
_SIDE = 84
_WINDOW_SIDE = 124


@st.fragment
def show_face_grid(
    dataset: StoredDataset, indices: np.ndarray, captions: dict[int, str], models: tuple[str, ...], key: str
) -> None:
    """Draw faces in pages; choosing one opens a window that explains what the models say of it.

    Args:
        dataset: where the faces are from.
        indices: int (n,), at least one.
        captions: what stands below each.
        models: the models to explain a face with.
        key: tells this grid from the others on the page.
    """
    pages = page_count(len(indices), _PER_PAGE)
    page = st.pagination(pages, key=f"page-{key}-{len(indices)}") if pages > 1 else 1
    shown = page_items(indices, page, _PER_PAGE).tolist()
    faces = [grid_face(dataset, index, captions.get(index, "")) for index in shown]
    chosen = face_grid([faces], f"grid-{key}", "Faces")
    if chosen is not None and chosen in shown:
        _explain_window(dataset.name, chosen, models)


@st.dialog("Where the model looked", icon=":material/center_focus_strong:", width="large")
def _explain_window(name: str, index: int, models: tuple[str, ...]) -> None:
    with error_ends_page("folder_off"):
        dataset = store.open_dataset(name)
    faces = dataset.faces
    st.caption(
        f"Labelled **{EMOTIONS[faces.labels[index]]}** · {escape_markdown(str(faces.splits[index]))} · "
        f"{escape_markdown(str(faces.names[index]))}"
    )
    for model in models:
        if len(models) > 1:
            st.markdown(f"**{escape_markdown(model)}**")
        explain_face(np.asarray(faces.images[index]), classifier_or_stop(model), _WINDOW_SIDE)


def explain_face(image: np.ndarray, classifier: Classifier, side: int = _SIDE) -> None:
    """Draw a face, and over it, for each class, what speaks for it; the most probable first.

    Args:
        image: uint8 (48, 48).
        classifier: the model to explain.
        side: of each picture, in pixels of the page.
    """
    predictions = classifier.predict(image)
    probabilities = predictions.probabilities[0]
    maps = None if predictions.activation_maps is None else predictions.activation_maps[0]
    large = enlarge(image, 2 * side)
    with st.container(horizontal=True, gap="small"):
        with st.container(width=side, gap="xxsmall"):
            st.image(large, width=side, alt="The face as the model sees it")
            st.caption("the face", text_alignment="center")
        for label in np.argsort(-probabilities):
            with st.container(width=side, gap="xxsmall"):
                name = EMOTIONS[label]
                if maps is not None:
                    heat = explanation.heat(maps, int(label), 2 * side)
                    place = explanation.strongest_place(heat)
                    where = f"strongest at the {place}" if place else "nowhere"
                    st.image(
                        explanation.overlay(large, heat), width=side, alt=f"What speaks for {name}: {where}"
                    )
                st.caption(f"{name} **{how_sure(probabilities[label])}**", text_alignment="center")
    if maps is None:
        st.caption(NO_MAPS.format(escape_markdown(classifier.card.name)))
    else:
        st.caption("Yellow and orange places speak for the class; where the face stays grey, nothing does.")
