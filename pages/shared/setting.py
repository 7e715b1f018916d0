"""The widget that fits a training setting, drawn from what `emotion.training.settings` knows of it."""

from typing import Any

import streamlit as st

from emotion.models.registry import list_models
from emotion.training.settings import Setting


def choose_setting(setting: Setting, value: Any, key: str) -> Any:
    """Draw a widget that outlives a visit to another view, and return what it is set to.

    Args:
        setting: which one.
        value: what it begins with.
        key: of the widget.

    Returns:
        A value of the setting, or text in place of numbers where a person has written something else.
    """
    more: dict[str, Any] = {"key": key, "help": setting.help, "persist_state": "session"}
    if setting.kind is bool:
        return st.toggle(setting.title, value, **more)
    if setting.names_models:
        return _choose_models(setting, value, more)
    if setting.choices:
        names = list(setting.choices)
        return st.selectbox(setting.title, names, names.index(value), setting.choices.__getitem__, **more)
    if setting.unit:
        return _slide(setting, value, more)
    if setting.is_tuple:
        return parse_numbers(st.text_input(setting.title, ", ".join(map(str, value)), **more))
    low, high = (None if end is None else setting.kind(end) for end in (setting.lowest, setting.highest))
    is_whole = setting.kind is int
    step = setting.kind(setting.step) or (1 if is_whole else value / 10)
    return st.number_input(setting.title, low, high, value, step, None if is_whole else "%.6g", **more)


def parse_numbers(text: str) -> tuple[int, ...] | str:
    """Return the whole numbers of a text such as "32, 64" or "32 · 64"; any other text as it is."""
    parts = [part.strip() for part in text.replace("·", ",").split(",") if part.strip()]
    try:
        return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else text
    except ValueError:  # Python reads no number of more than 4,300 digits
        return text


def _slide(setting: Setting, value: float, more: dict[str, Any]) -> float:
    """Draw a slider in whole per cent or degrees."""
    scale, words = (100, "%d %%") if setting.unit == "%" else (1, f"%d{setting.unit}")
    low, start, high = (round(scale * number) for number in (setting.lowest, value, setting.highest))
    chosen = st.slider(setting.title, low, high, start, 1, words, **more)
    # What nobody has moved stays exact.
    return value if chosen == start else chosen / scale


def _choose_models(setting: Setting, value: Any, more: dict[str, Any]) -> Any:
    """Draw the choice of a model, or none, or of several; those that are set already need not be there."""
    known = dict.fromkeys([card.name for card in list_models()])
    if setting.is_tuple:
        return tuple(st.multiselect(setting.title, list(known | dict.fromkeys(value)), list(value), **more))
    names = list(known | dict.fromkeys([value] if value else []))
    return (
        st.selectbox(
            setting.title, names, names.index(value) if value else None, placeholder="No model", **more
        )
        or ""
    )
