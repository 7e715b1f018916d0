"""The model in use, loaded once for all visitors."""

import streamlit as st

from emotion.dataset.store import SYNTHETIC
from emotion.errors import ReadableError
from emotion.labels import in_percent
from emotion.models.card import ModelCard
from emotion.models.classifier import Classifier
from emotion.models.mix import MIXES, mixed_version
from emotion.models.registry import active_mix, active_model, list_models, model_folder, model_version
from emotion.photos.analysis import Analyzer
from pages.shared.text import escape_markdown

_OWN = "own_model"
NO_MAPS = "**{}** was made elsewhere and does not tell where it looked; models trained here do."


@st.cache_resource(show_spinner="Loading the model …", max_entries=3)
def _load_classifier(name: str, version: str, mix: str) -> Classifier:
    """Load a model; `version` is there so that a replaced one is loaded anew."""
    return Classifier(model_folder(name), mix=mix)


@st.cache_resource(show_spinner="Loading the model …", max_entries=2)
def _load_analyzer(name: str, version: str, mix: str) -> Analyzer:
    return Analyzer(_load_classifier(name, version, mix))


def load_classifier(name: str) -> Classifier:
    """Return a model, loaded once for all visitors.

    Raises:
        ModelError: there is none of that name, or it cannot be used.
    """
    return _load_classifier(name, model_version(name), "own")


def model_in_use() -> tuple[str, str]:
    """Return the model that this visitor's pages predict with, and the mix of emotions that it assumes.

    It is the one that the visitor has chosen, or else the one that everybody begins with.

    Raises:
        ModelError: there is no model at all.
    """
    own: str | None = st.session_state.get(_OWN)
    if own is not None and own in [card.name for card in list_models()]:
        return own, "own"
    return active_model(), active_mix()


def version_in_use() -> str:
    """Return what differs wherever the visitor's model would answer differently.

    Raises:
        ModelError: there is none, or it lacks a file.
    """
    name, mix = model_in_use()
    return mixed_version(model_version(name), mix)


def classifier_in_use() -> Classifier:
    """Return the visitor's model; see `load_classifier`."""
    name, mix = model_in_use()
    return _load_classifier(name, model_version(name), mix)


def _choose_model() -> None:
    names = [card.name for card in list_models()]
    if len(names) < 2:
        return
    st.session_state.model_choice = model_in_use()[0]
    st.selectbox(
        "Model",
        names,
        key="model_choice",
        on_change=_keep_choice,
        width=240,
        help="For you alone, until you reload. Which one everybody begins with, the page Models decides.",
    )


def _keep_choice() -> None:
    chosen = st.session_state.model_choice
    # Who chooses what all begin with goes on with them.
    st.session_state[_OWN] = None if chosen == active_model() else chosen


def analyzer_or_stop() -> Analyzer:
    """Draw the choice of a model, return the analyzer with it; without a usable one, say so and end the page.

    Another one from the run of the page on that follows a choice, a model's activation or replacement;
    `analyzer.classifier.version` tells whether an answer is still that model's.
    """
    try:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            _choose_model()
            name, mix = model_in_use()
            analyzer = _load_analyzer(name, model_version(name), mix)
            st.caption(_facts_in_words(analyzer.classifier.card, mix))
    except ReadableError as error:
        st.error(escape_markdown(str(error)), icon=":material/deployed_code_alert:")
        st.markdown(
            "The page needs a trained model in the folder `models`. Some come with the product; "
            "a new one is trained with `python train_model.py --dataset PATH`."
        )
        st.stop()
    return analyzer


def _facts_in_words(card: ModelCard, mix: str) -> str:
    text, accuracy = f":material/neurology: Model **{escape_markdown(card.name)}**", card.accuracy("test")
    if accuracy is not None:
        drawn = (card.content.get("dataset") or {}).get("name") == SYNTHETIC
        of_what = "of its drawn test faces" if drawn else f"of its test faces, judged by {card.judged_by}"
        text += f" · right on {in_percent(accuracy)} {of_what}"
    return text if mix == "own" else f"{text} · probabilities: {MIXES[mix].lower()}"


def mistakes_in_words(card: ModelCard) -> str:
    """Return in a sentence or two what a model gets wrong most often, as its card tells."""
    mistakes = card.mistakes()
    if not mistakes:
        return "Nobody has measured yet what this model gets wrong."
    most = [f"{label} faces for {answer}" for label, answer, _, _ in mistakes[:3]]
    drawn = (card.content.get("dataset") or {}).get("name") == SYNTHETIC
    from_what = "drawn faces alone, so photographs are strange to it" if drawn else "small grey faces"
    return (
        f"**{escape_markdown(card.name)}** learned from {from_what}. On its test faces it took "
        f"{most[0] if len(most) == 1 else ', '.join(most[:-1]) + ' and ' + most[-1]} most often."
    )


def maps_switch(analyzer: Analyzer) -> bool:
    """Draw the switch "Show where the model looked"; off, with a sentence, where the model does not tell."""
    can_tell = analyzer.classifier.has_activation_maps
    is_on = st.toggle(
        "Show where the model looked",
        key="show_maps",
        persist_state="session",
        disabled=not can_tell,
        help="Colours the places of each face that speak for an expression.",
    )
    if not can_tell:
        st.caption(NO_MAPS.format(escape_markdown(analyzer.classifier.card.name)))
    return is_on and can_tell
