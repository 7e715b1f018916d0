"""A model to take away: in which form, at which cost, with a program that uses it."""

import streamlit as st

from emotion.evaluation import cache
from emotion.exchange import exports
from emotion.exchange.exports import FORMATS, FormFigures
from emotion.labels import in_percent
from emotion.models.card import ModelCard
from emotion.models.registry import model_version
from pages.models.choice import choose_faces, command
from pages.shared.download import download
from pages.shared.errors import error_ends_page, errors_shown
from pages.shared.jobs import offer_job
from pages.shared.text import escape_markdown

_WHAT_FOR = {
    "keras": "To train on, or to change it: opens in Keras 3 with any backend.",
    "litert": "The very file this app predicts with.",
    "litert-quantised": "For phones, small computers and this app: a quarter of the size, and fast.",
    "litert-float": "The full precision, where size does not matter.",
    "onnx": "For programs in other languages, with ONNX Runtime.",
}


def show_export(model: ModelCard) -> None:
    """Draw a card for each form, and what the smaller weights cost."""
    # Where one of the two forms is the file in use, that file is not offered twice.
    forms = [form for form in FORMATS if form != "litert" or model.content.get("weights") == "unknown"]
    st.markdown("Each download has the model, its labels, its card, and a program that predicts from a file.")
    for start in range(0, len(forms), 2):
        for column, form in zip(st.columns(2, gap="medium"), forms[start : start + 2], strict=False):
            with column, st.container(border=True, height="stretch"):
                st.markdown(f"**{FORMATS[form]}**")
                st.caption(_WHAT_FOR[form])
                with errors_shown("error"):
                    _offer_form(model, form)
    if exports.why_not(model.name, "litert-float") is None:
        _show_cost(model)


def _offer_form(model: ModelCard, form: str) -> None:
    file = exports.ready_file(model.name, form)
    if file is None and (reason := exports.why_not(model.name, form)) is not None:
        st.info(escape_markdown(reason), icon=":material/block:")
        return
    if file is None:
        offer_job(
            f"export-{model_version(model.name)}-{form}",
            f"Making {FORMATS[form]} of {model.name}",
            ["models", "export", model.name, f"--format={form}"],
            "Make it",
            "Starts Keras; takes about half a minute, once.",
            ":material/build:",
        )
        return

    size, name = _size(file.stat().st_size), f"{model.name}-{form}.zip"
    download(f"Download ({size})", lambda: exports.bundle(model.name, form), name, f"download-{form}")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"


def _show_cost(model: ModelCard) -> None:
    st.subheader("What weights of 8 bits cost")
    faces = choose_faces(model, asks_what_is_right=False)
    trial = faces.trial
    with error_ends_page("error"):
        figures = exports.load_form_figures(faces)
        if figures is None:
            offer_job(
                cache.key("forms", faces),
                f"Measuring both forms of {model.name}",
                command("weights", trial),
                "Measure it",
                "Both forms look at the same faces.",
                ":material/straighten:",
            )
            return
    _show_figures(figures)


def _show_figures(figures: FormFigures) -> None:
    with st.container(horizontal=True):
        st.metric("Weights of 32 bits", in_percent(figures.float_accuracy, 2), border=True)
        st.metric(
            "Weights of 8 bits",
            in_percent(figures.quantised_accuracy, 2),
            f"{100 * (figures.quantised_accuracy - figures.float_accuracy):+.2f} points",
            border=True,
        )
        st.metric("Size", f"{_size(figures.quantised_bytes)} of {_size(figures.float_bytes)}", border=True)
    st.caption(
        f"Accuracy on {figures.n:,} faces. No probability differs by more than "
        f"{100 * figures.largest_difference:.1f} points."
    )
