"""What training does to faces before it shows them to the network, to be tried with sliders."""

import numpy as np
import streamlit as st

from emotion.dataset.gallery import before_and_after
from emotion.dataset.stored_dataset import StoredDataset
from emotion.errors import ReadableError
from emotion.labels import EMOTIONS
from emotion.training.config import AugmentationConfig
from emotion.training.preview import AugmentationPreview
from emotion.training.settings import settings_of
from pages.shared.face_window import PREVIEW_FACES
from pages.shared.setting import choose_setting

_VARIANTS = 8
_DEFAULTS = AugmentationConfig()


@st.cache_resource(show_spinner=False)
def _preview() -> AugmentationPreview:
    return AugmentationPreview()


@st.fragment
def show_augmentation(dataset: StoredDataset, splits: tuple[str, ...]) -> None:
    """Draw the sliders and, of some faces, what training would see of them."""
    st.markdown(
        "Training changes each face a little every time it shows it, so that the network learns the "
        "expression and not the picture. These are the very layers training uses."
    )
    controls, pictures = st.columns([1, 2], gap="large")
    with controls:
        config = _choose_strength()
        indices = _choose_faces(dataset, splits)
    with pictures:
        _show_variants(dataset, indices, config)


def _choose_strength() -> AugmentationConfig:
    values = {
        name: choose_setting(setting, getattr(_DEFAULTS, name), f"augment_{name}")
        for name, setting in settings_of(AugmentationConfig).items()
    }
    return AugmentationConfig(**values)


def _choose_faces(dataset: StoredDataset, splits: tuple[str, ...]) -> list[int]:
    """Return the faces that were sent here from the gallery, or else one of each class."""
    session = st.session_state
    sent = session.setdefault(PREVIEW_FACES, {})
    with st.container(horizontal=True):
        if st.button("Other faces", icon=":material/shuffle:", key="augment_faces"):
            sent.pop(dataset.name, None)
            session.augment_draw = session.get("augment_draw", 0) + 1
        if st.button("Roll again", icon=":material/casino:", key="augment_roll"):
            session.augment_seed = session.get("augment_seed", 0) + 1
    st.caption("To choose a face yourself, enlarge it in the gallery and press *Try augmentation*.")
    kept = [index for index in sent.get(dataset.name, []) if index < len(dataset)]
    if kept:
        return kept
    chance = np.random.default_rng(st.session_state.get("augment_draw", 0))
    in_splits = np.isin(dataset.faces.splits, splits)
    members = (np.flatnonzero(in_splits & (dataset.faces.labels == label)) for label in range(len(EMOTIONS)))
    return [int(chance.choice(group)) for group in members if len(group)]


def _show_variants(dataset: StoredDataset, indices: list[int], config: AugmentationConfig) -> None:
    preview = _preview()
    images = np.asarray(dataset.faces.images[indices])
    wait = "Changing the faces …" if preview.is_warm else "Starting Keras; this takes some seconds, once …"
    try:
        with st.spinner(wait):
            variants = preview.ask(images, _VARIANTS, config, st.session_state.get("augment_seed", 0))
    except ReadableError as error:
        st.error(str(error), icon=":material/deployed_code_alert:")
        return
    names = ", ".join(EMOTIONS[dataset.faces.labels[index]] for index in indices)
    st.image(
        before_and_after(images, variants),
        width="stretch",
        caption="Left: as it is. Right: as training may see it.",
        alt=f"Faces ({names}), each beside {_VARIANTS} changed versions of it",
    )
