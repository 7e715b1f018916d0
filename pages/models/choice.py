"""Which model, and which faces: the choices that the views of the Models page share."""

import streamlit as st

from emotion.dataset import store
from emotion.evaluation.trial import Trial, TrialFaces, trial_faces
from emotion.models.card import ModelCard
from emotion.models.classifier import Classifier
from emotion.models.registry import active_model, list_models
from pages.shared.dataset_choice import dataset_box, datasets_or_stop
from pages.shared.errors import error_ends_page
from pages.shared.model import load_classifier

MODEL = "models_model"  # where the session keeps the chosen model
_OTHER = "models_other"
_AGAINST = {"labels": "Its label", "votes": "What most people saw"}


def command(name: str, trial: Trial, *others: str) -> list[str]:
    """Return the arguments of a command of `models` that tries one model, or more, on a trial's faces."""
    options = [f"--split={trial.split}", f"--against={trial.against}"]
    options += ["--honour-exclusions"] * trial.honour_exclusions
    return ["models", name, trial.model, *others, trial.dataset, *options]


def choose_model() -> ModelCard:
    """Draw the choice of a model and return its card; without any model, say so and end the page."""
    cards = {card.name: card for card in list_models()}
    with error_ends_page("deployed_code_alert"):
        active = active_model()
    if "models_next" in st.session_state:  # what a button of the last run leads to
        st.session_state[MODEL] = st.session_state.pop("models_next")
    if st.session_state.get(MODEL) not in cards:
        st.session_state[MODEL] = active  # nobody has chosen yet, or the chosen one is gone
    name = st.selectbox(
        "Model",
        list(cards),
        key=MODEL,
        bind="query-params",  # a link can then lead to it
        width=320,
    )
    return cards[name]


def choose_other(first: ModelCard) -> ModelCard | None:
    """Draw the choice of a second model; None where there is no other."""
    others = {card.name: card for card in list_models() if card.name != first.name}
    if not others:
        return None
    if st.session_state.get(_OTHER) not in others:
        st.session_state.pop(_OTHER, None)
    return others[st.selectbox("With", list(others), key=_OTHER, width=240)]


def choose_faces(model: ModelCard, asks_what_is_right: bool = True) -> TrialFaces:
    """Draw the choice of dataset and split, the test split first; without such faces, end the page.

    Args:
        model: which looks at the faces; offered first as right is what it has learned.
        asks_what_is_right: let people choose between the labels and the votes, where there are votes.
    """
    described = datasets_or_stop()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        name = dataset_box("models_dataset", described, width=240)
        splits = list(described[name].counts)
        split = st.segmented_control(
            "Split",
            splits,
            default="test" if "test" in splits else splits[-1],
            required=True,
            format_func=str.capitalize,
            key=f"models_split-{name}",
        )
        with error_ends_page("folder_off"):
            dataset = store.open_dataset(name)
        against = "labels"
        if asks_what_is_right and dataset.votes is not None:
            against = st.segmented_control(
                "Right is",
                list(_AGAINST),
                default=model.judged_by,
                required=True,
                format_func=_AGAINST.__getitem__,
                key=f"models_against-{name}-{model.judged_by}",
                help="People's votes are those attached on the Dataset page. Faces in which most people "
                "saw none of the seven emotions are then left out.",
            )
        honour = bool(dataset.excluded.any()) and st.toggle(
            "Leave out excluded faces",
            key=f"models_honour-{name}",
            help="Those excluded on the Dataset page.",
        )
    with error_ends_page("error"):
        return trial_faces(Trial(model.name, name, split, honour, against), dataset)


def classifier_or_stop(name: str) -> Classifier:
    """Return a model, ready to predict; one that cannot be used is named in a sentence and ends the page."""
    with error_ends_page("deployed_code_alert"):
        return load_classifier(name)
