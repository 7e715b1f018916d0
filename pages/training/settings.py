"""Everything about a run that can be adjusted, drawn from what the settings know of themselves."""

from typing import Any

import streamlit as st

from emotion.training.config import SETTINGS, RunConfig
from emotion.training.settings import GROUPS, Setting
from pages.shared.setting import choose_setting

# What is usual where somebody changes the optimiser: SGD's rate would let Adam diverge at once.
_USUAL_RATES = {"sgd": 0.1, "adam": 0.001, "adamw": 0.001}
_AUGMENTATION = "What training changes in a face each time it is seen; the *Dataset* page shows it on faces."
_TABS = GROUPS[1:]  # the first group's settings stand above the form


def choose_settings(preset: str, base: RunConfig) -> dict[str, Any]:
    """Draw the settings, as the preset has them or as the visitor left them, and return their values.

    Args:
        preset: tells the settings of one preset from those of another.
        base: what the preset says.

    Returns:
        What `RunConfig.changed` takes; it refuses what makes no sense.
    """
    form = _Form(preset, base)
    for tab, group in zip(st.tabs(_TABS), _TABS, strict=True):
        shown = [item for item in SETTINGS.values() if item.group == group and item.only_if(form.now)]
        with tab:
            if group == "Augmentation":
                st.caption(_AUGMENTATION)
            form.draw([item for item in shown if not item.is_advanced])
            if folded := [item for item in shown if item.is_advanced]:
                with st.expander("More", icon=":material/tune:"):
                    form.draw(folded)
    st.button(
        "Back to the preset",
        icon=":material/undo:",
        type="tertiary",
        key=f"training-reset-{preset}",
        on_click=_reset,
        args=(preset,),
    )
    return form.values


def _version_key(preset: str) -> str:
    return f"training-version-{preset}"


def _reset(preset: str) -> None:
    """Count the settings up: under other keys, the widgets begin from the preset again."""
    key = _version_key(preset)
    st.session_state[key] = st.session_state.get(key, 0) + 1


class _Form:
    """The widgets of one preset.

    Attributes:
        now: what all settings are set to, as their widgets hold it.
        values: of the settings that have been drawn.
    """

    def __init__(self, preset: str, base: RunConfig) -> None:
        version = st.session_state.get(_version_key(preset), 0)
        self._prefix = f"training-{preset}-{version}-"
        self._base = base.values()
        kept = st.session_state
        self.now = {name: kept.get(self._prefix + name, value) for name, value in self._base.items()}
        self.values: dict[str, Any] = {}

    def draw(self, settings: list[Setting]) -> None:
        """Draw settings in two columns of equal length, below those that want the whole width."""
        halved = [item for item in settings if not item.is_wide]
        middle = (len(halved) + 1) // 2
        for item in settings:
            if item.is_wide:
                self._choose(item)
        for column, part in zip(st.columns(2, gap="medium"), (halved[:middle], halved[middle:]), strict=True):
            with column:
                for item in part:
                    self._choose(item)

    def _choose(self, item: Setting) -> None:
        value, key = self._base[item.name], item.name
        if item.name == "learning_rate":
            optimizer = self.now["optimizer"]
            key = f"learning_rate-{optimizer}"
            value = value if optimizer == self._base["optimizer"] else _USUAL_RATES[optimizer]
        self.values[item.name] = choose_setting(item, value, self._prefix + key)
