"""The model in use, loaded once for all visitors."""

import streamlit as st

from emotion.analysis import Analyzer
from emotion.classifier import Classifier
from emotion.faces import FaceModelError
from emotion.registry import ModelError, active_model, model_folder


@st.cache_resource(show_spinner="Loading the model …", max_entries=2)
def _load_analyzer(name: str) -> Analyzer:
    return Analyzer(Classifier(model_folder(name)))


def analyzer_or_stop() -> Analyzer:
    """Return the analyzer with the active model; without a usable one, say so and end the page."""
    try:
        analyzer = _load_analyzer(active_model())
    except (ModelError, FaceModelError) as error:
        st.error(str(error), icon=":material/deployed_code_alert:")
        st.markdown(
            "The page needs a trained model in the folder `models`. One comes with the product; "
            "a new one is trained with `python train_model.py --dataset PATH`."
        )
        st.stop()
    card = analyzer.classifier.card
    accuracy = card.accuracy("test")
    measured = "" if accuracy is None else f" · {accuracy:.1%} right on its test faces"
    st.sidebar.caption(f":material/neurology: Model **{card.name}**{measured}")
    return analyzer
