"""All models side by side, and what can be done with the chosen one: use, rename, note, delete."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import streamlit as st

from emotion.errors import ReadableError
from emotion.evaluation.timing import Timing, known_timing
from emotion.jobs.status import JobState
from emotion.labels import in_percent
from emotion.models import registry
from emotion.models.card import KERAS_FILE, LITERT_FILE, ModelCard, ModelError
from emotion.models.mix import MIXES, mixes_of
from emotion.models.registry import DEFAULT_MODEL
from pages.models.choice import MODEL
from pages.models.reading import offer_reading
from pages.shared.errors import attempt, show_failure
from pages.shared.jobs import app_jobs, watch_job
from pages.shared.text import escape_markdown

_UNKNOWN = "–"


def show_list(model: ModelCard) -> None:
    """Draw the table of all models, then the chosen one with its actions."""
    cards = registry.list_models()
    timings = _timings(cards)
    _show_table(cards, timings)
    _show_model(model, model.name in timings, timings.get(model.name))


def _timings(cards: list[ModelCard]) -> dict[str, Timing | None]:
    """Return each usable model's speed; None for those that are still to be measured on this machine."""
    timings: dict[str, Timing | None] = {}
    for card in cards:
        with suppress(ModelError):  # the card below says what is wrong with it
            timings[card.name] = known_timing(card.name)
    unknown = [name for name, timing in timings.items() if timing is None]
    if not unknown:
        return timings
    # Of all, not of the unknown ones: what could not be asked is then not asked again.
    key = "-".join(["timing", *(f"{name}-{registry.model_version(name)}" for name in timings)])
    if app_jobs().status(key) is None:
        app_jobs().start(key, "Measuring how fast the models answer on this machine", ["models", "list"])
    status = app_jobs().status(key)
    if status is not None and status.is_active:
        watch_job(key)
    elif status is not None and status.error is not None:
        st.error(escape_markdown(status.error), icon=":material/timer_off:")
    elif status is not None and status.state is JobState.DONE:
        for name in unknown:
            measured = status.result["timings"].get(name)
            if measured is None:
                del timings[name]  # it could not be asked
            else:
                timings[name] = Timing(**measured)
    return timings


def _show_table(cards: list[ModelCard], timings: dict[str, Timing | None]) -> None:
    active = registry.active_model()
    rows = [_row(card, timings.get(card.name), card.name == active) for card in cards]
    names = [card.name for card in cards]

    def choose() -> None:
        selected = st.session_state.models_table.selection.rows
        if selected:
            st.session_state[MODEL] = names[selected[0]]

    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            "parameters": st.column_config.NumberColumn(format="localized"),
            "MB": st.column_config.NumberColumn(format="%.2f", help="Size of the LiteRT file."),
            "ms a face": st.column_config.NumberColumn(
                format="%.2f", help="On this machine, one face at a time, one thread: the median."
            ),
            "baseline, ms": st.column_config.NumberColumn(
                format="%.2f", help=f"The model {DEFAULT_MODEL}, measured in turn with it."
            ),
            "judged by": st.column_config.TextColumn(
                help="What counts as right: the dataset's label, or what most people voted for."
            ),
            "accuracy": st.column_config.NumberColumn(
                format="%.1f%%", help="On the test faces of its training; other models may have had others."
            ),
            "macro F1": st.column_config.NumberColumn(format="%.1f%%"),
            "created": st.column_config.DateColumn(format="localized"),
        },
        on_select=choose,
        selection_mode="single-row",
        key="models_table",
        placeholder=_UNKNOWN,
        alt="All models with their figures",
    )
    st.caption("Choose a row, or a name above, to see what can be done with a model.")


def _row(card: ModelCard, timing: Timing | None, is_active: bool) -> dict[str, Any]:
    test = card.metrics("test")
    return {
        "model": card.name,
        "in use": "in use" if is_active else "",
        "trained on": trained_on(card),
        "judged by": card.judged_by if test else None,
        "accuracy": _percent(test.get("accuracy")),
        "macro F1": _percent(test.get("macro_f1")),
        "ms a face": timing and timing.milliseconds,
        "baseline, ms": timing and timing.baseline,
        "parameters": card.content.get("parameters"),
        "MB": _megabytes(card),
        "created": _date(card),
        "note": card.note,
    }


def trained_on(card: ModelCard) -> str:
    """Return the name of the dataset a model learned from; of an imported one, nobody here knows it."""
    return str((card.content.get("dataset") or {}).get("name", "unknown"))


def _percent(share: float | None) -> float | None:
    # Streamlit's own percent format shows decimals that mean nothing here.
    return None if share is None else 100 * share


def _megabytes(card: ModelCard) -> float | None:
    try:
        return (registry.model_folder(card.name) / LITERT_FILE).stat().st_size / 1e6
    except (ReadableError, OSError):
        return None


def _date(card: ModelCard) -> datetime | None:
    try:
        return datetime.fromisoformat(card.content["created"])
    except (KeyError, TypeError, ValueError):
        return None


def _show_model(card: ModelCard, is_usable: bool, timing: Timing | None) -> None:
    name = card.name
    is_active = registry.active_model() == name
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"### {escape_markdown(name)}", width="content")
            if is_active:
                st.badge("In use", icon=":material/check:", color="green")
            if registry.is_shipped(name):
                st.badge("Comes with the product", icon=":material/package_2:", color="gray")
        if not is_usable:
            st.error(
                "This model cannot be used: its files are damaged or missing.",
                icon=":material/deployed_code_alert:",
            )
        else:
            _show_facts(card, timing)
        if card.note:
            st.markdown(f":material/sticky_note_2: {escape_markdown(card.note)}")
        _show_actions(card, is_active, is_usable)
        if is_usable:
            offer_reading(card)


def _show_facts(card: ModelCard, timing: Timing | None) -> None:
    test = card.metrics("test")
    with st.container(horizontal=True):
        for label, value in (("Accuracy", test.get("accuracy")), ("Macro F1", test.get("macro_f1"))):
            text = _UNKNOWN if value is None else in_percent(value)
            tip = f"On the test faces of its training, judged by {card.judged_by}; see Evaluate."
            st.metric(label, text, border=True, help=tip)
        st.metric(
            "A face here takes",
            f"{timing.milliseconds:.2f} ms" if timing else _UNKNOWN,
            border=True,
            help="The median of 40 predictions of one face, with one thread.",
        )
        st.metric(
            f"Baseline: {DEFAULT_MODEL}",
            f"{timing.baseline:.2f} ms" if timing else _UNKNOWN,
            border=True,
            help="The model in use at first, measured on this machine in turn with this one.",
        )
    if "imported_from" in card.content:
        parts = [f"Imported from {escape_markdown(str(card.content['imported_from']))}"]
    else:
        parts = [f"Trained on {escape_markdown(trained_on(card))}"]
    faces = ((card.content.get("dataset") or {}).get("train") or {}).get("faces")
    if faces:
        parts[0] += f" ({faces:,} faces)"
    if not test:
        parts.append("not measured yet: see Evaluate")
    if card.content.get("architecture"):
        parts.append(f"architecture {escape_markdown(str(card.content['architecture']))}")
    if not (registry.model_folder(card.name) / KERAS_FILE).is_file():
        parts.append("LiteRT only")
    if not card.reading.is_own:
        parts.append("without activation maps")
    st.caption(" · ".join(parts))


def _show_actions(card: ModelCard, is_active: bool, is_usable: bool) -> None:
    name = card.name
    with st.container(horizontal=True):
        st.button(
            "In use" if is_active else "Use it",
            type="secondary" if is_active else "primary",
            icon=":material/check:" if is_active else ":material/play_circle:",
            key="model_use",
            disabled=is_active or not is_usable,
            on_click=_do,
            args=(lambda: registry.activate(name), f"All pages now use {name}."),
            help="Every page in every browser predicts with it from then on.",
        )
        if not registry.is_shipped(name):
            _offer_changes(card)
    if is_active and is_usable:
        _offer_mixes(card)
    if registry.is_shipped(name):
        st.caption("A model that comes with the product is neither renamed nor deleted.")
    show_failure("model_error")


def _offer_mixes(card: ModelCard) -> None:
    """Draw the choice of the mix of emotions that probabilities assume, where a model has more than one."""
    mixes = mixes_of(card)
    if len(mixes) == 1:
        return

    def choose() -> None:
        mix = st.session_state.model_mix
        _do(lambda: registry.activate(card.name, mix), f"Probabilities now assume: {MIXES[mix].lower()}.")

    st.session_state.model_mix = registry.active_mix()  # somebody else may have changed it
    st.segmented_control(
        "How often emotions are expected",
        mixes,
        format_func=MIXES.__getitem__,
        required=True,
        key="model_mix",
        on_change=choose,
        help="How likely an emotion is depends on the face and on how often it comes up at all. For pictures "
        "like those of the training data, keep that; before a camera, where somebody makes faces, or for "
        "posed photographs, all expressions alike finds more anger, fear and disgust.",
    )


def _offer_changes(card: ModelCard) -> None:
    name = card.name
    with st.popover("Rename", icon=":material/edit:"):
        new_name = st.text_input("New name", name, max_chars=60, key=f"rename-{name}")
        st.button("Rename it", type="primary", key="model_rename", on_click=_rename, args=(name, new_name))
    with st.popover("Note", icon=":material/sticky_note_2:"):
        note = st.text_area("Note", card.note, max_chars=registry.MAX_NOTE, key=f"note-{name}")
        st.button(
            "Keep it",
            type="primary",
            key="model_note",
            on_click=_do,
            args=(lambda: registry.set_note(name, note), "The note is kept."),
        )
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(f"Delete **{escape_markdown(name)}** from this computer? Export it first to keep a copy.")
        st.button(
            "Delete it",
            type="primary",
            key="model_delete",
            on_click=_do,
            args=(lambda: registry.delete_model(name), f"{name} is deleted."),
        )


def _do(change: Callable[[], None], done: str) -> None:
    if attempt(change, "model_error"):
        st.toast(escape_markdown(done), icon=":material/check_circle:")


def _rename(name: str, new_name: str) -> None:
    def change() -> None:
        registry.rename_model(name, new_name.strip())
        st.session_state.models_next = new_name.strip()

    _do(change, f"{name} is now called {new_name.strip()}.")
