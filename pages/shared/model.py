"""The model in use, loaded once for all visitors."""

import streamlit as st

from emotion.errors import ReadableError
from emotion.labels import in_percent
from emotion.models.classifier import Classifier
from emotion.models.mix import MIXES
from emotion.models.registry import active_mix, active_model, model_folder, model_version
from emotion.photos.analysis import Analyzer
from pages.shared.text import escape_markdown

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


def active_classifier() -> Classifier:
    """Return the model in use, with the mix of emotions that is in use; see `load_classifier`."""
    name = active_model()
    return _load_classifier(name, model_version(name), active_mix())


def analyzer_or_stop() -> Analyzer:
    """Return the analyzer with the active model; without a usable one, say so and end the page.

    Another one from the run of the page on that follows a model's activation or replacement;
    `analyzer.classifier.version` tells whether an answer is still the active model's.
    """
    try:
        name = active_model()
        analyzer = _load_analyzer(name, model_version(name), active_mix())
    except ReadableError as error:
        st.error(escape_markdown(str(error)), icon=":material/deployed_code_alert:")
        st.markdown(
            "The page needs a trained model in the folder `models`. Some come with the product; "
            "a new one is trained with `python train_model.py --dataset PATH`."
        )
        st.stop()
    card = analyzer.classifier.card
    accuracy = card.accuracy("test")
    measured = "" if accuracy is None else f" · {in_percent(accuracy)} right on its test faces"
    mix = active_mix()
    assumed = "" if mix == "own" else f" · probabilities {MIXES[mix].lower()}"
    st.sidebar.caption(f":material/neurology: Model **{card.name}**{measured}{assumed}")
    return analyzer


def maps_switch(analyzer: Analyzer) -> bool:
    """Draw the switch "Show where the model looked"; off, with a sentence, where the model does not tell."""
    can_tell = analyzer.classifier.has_activation_maps
    is_on = st.toggle(
        "Show where the model looked",
        key="show_maps",
        disabled=not can_tell,
        help="Colours the places of each face that speak for an expression.",
    )
    if not can_tell:
        st.caption(NO_MAPS.format(escape_markdown(analyzer.classifier.card.name)))
    return is_on and can_tell
