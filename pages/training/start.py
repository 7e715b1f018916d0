"""A new run: which preset, on which faces, how long it will take; one button starts it."""

from dataclasses import replace

import streamlit as st

from emotion.dataset import store
from emotion.dataset.stored_dataset import DatasetDescription
from emotion.errors import ReadableError
from emotion.models.registry import clean_name
from emotion.runs import actions
from emotion.runs.run import Run
from emotion.training.config import SETTINGS, RunConfig
from emotion.training.presets import PRESET_WORDS, PRESETS, require_models
from pages.shared.dataset_choice import datasets_or_stop, last_dataset
from pages.shared.errors import attempt, show_failure
from pages.shared.text import escape_markdown
from pages.training.address import WATCH, go_to
from pages.training.estimate import known_duration, show_estimate, show_network
from pages.training.settings import choose_settings
from pages.training.words import ACTIVE, differences

_NEEDS_VOTES = (
    "No dataset has people's votes attached. On the *Dataset* page, import FER-2013 and attach the table "
    "of FER+ (view *Import*); then come back."
)
_ONLY_DRAWN = (
    "These are drawn faces: fine to try things out, but a model for photographs needs photographs. "
    "Import some on the *Dataset* page."
)
_ERROR = "training-start-error"


def show_start(run_list: list[Run]) -> None:
    """Draw the choice of a preset and its settings, and the button that starts the run.

    Args:
        run_list: all runs; while one of them is at work, a new one waits its turn.
    """
    described = datasets_or_stop()
    choice, start = st.columns([3, 2], gap="large")
    with choice:
        preset = _choose_preset(described)
    base = PRESETS[preset]
    with start:
        panel = st.container(border=True)
    with panel:
        dataset = _choose_dataset(preset, base, described)
        name = st.text_input(
            SETTINGS["name"].title,
            base.name,
            key=f"training-name-{preset}",
            max_chars=60,
            help=SETTINGS["name"].help,
            persist_state="session",
        ).strip()
    with st.expander("Advanced", icon=":material/tune:"):
        values = choose_settings(preset, base)
    try:
        config = base.changed(**values, name=clean_name(name or base.name))
        require_models(config)
    except ReadableError as error:
        config = None
        panel.error(escape_markdown(str(error)), icon=":material/rule:")
    if config is not None and dataset is not None:
        with panel:
            config = replace(config, dataset=dataset.name, honour_exclusions=_honour_exclusions(dataset))
            _show_changes(base, config)
            show_estimate(config, dataset)
    with panel:
        _offer_start(preset, name, config if dataset is not None else None, run_list)
    network = st.expander(
        "The network", icon=":material/account_tree:", key="training-network", on_change="rerun"
    )
    if config is not None and network.open:  # it is built only for those who look
        with network:
            show_network(config)


def _choose_preset(described: dict[str, DatasetDescription]) -> str:
    def caption(name: str) -> str:
        dataset = _usual_dataset(name, described)
        known = known_duration(PRESETS[name], described[dataset]) if dataset else ""
        return PRESET_WORDS[name][1] + f" Here: {known}." * bool(known)

    return st.radio(
        "What to train",
        list(PRESETS),
        format_func=lambda name: f"**{PRESET_WORDS[name][0]}**",
        captions=[caption(name) for name in PRESETS],
        key="training-preset",
        persist_state="session",
    )


def _usual_dataset(preset: str, described: dict[str, DatasetDescription]) -> str | None:
    """Return the dataset that a preset is meant for, of those there are; None where none is fit."""
    names = _fit_datasets(PRESETS[preset], described)
    # A quick look is quick because its faces are few and drawn; other presets want the most photographs.
    if preset == "quick" and store.SYNTHETIC in names:
        return store.SYNTHETIC
    imported = [name for name in names if name != store.SYNTHETIC]
    if (chosen := last_dataset()) in imported:
        return chosen
    return max(imported, key=lambda name: described[name].faces, default=names[0] if names else None)


def _fit_datasets(base: RunConfig, described: dict[str, DatasetDescription]) -> list[str]:
    # The built-in faces may have votes attached, but training draws them anew, without.
    is_fit = {name: item.has_votes and name != store.SYNTHETIC for name, item in described.items()}
    return [name for name in described if is_fit[name] or base.targets == "labels"]


def _choose_dataset(
    preset: str, base: RunConfig, described: dict[str, DatasetDescription]
) -> DatasetDescription | None:
    """Draw the choice of a dataset; return None, after a word on what to do, where none is fit."""
    names = _fit_datasets(base, described)
    wanted = _usual_dataset(preset, described)
    if wanted is None:
        st.info(_NEEDS_VOTES, icon=":material/how_to_vote:")
        st.page_link("dataset/page.py", label="To the Dataset page", icon=":material/dataset:")
        return None
    key = f"training-dataset-{preset}"
    if st.session_state.get(key) not in (None, *names):
        del st.session_state[key]  # someone has deleted it meanwhile
    name = st.selectbox(
        SETTINGS["dataset"].title,
        names,
        index=names.index(wanted),
        format_func=lambda name: f"{name} · {described[name].faces:,} faces",
        key=key,
        persist_state="session",
    )
    if name == store.SYNTHETIC and preset != "quick":
        st.caption(_ONLY_DRAWN)
    return described[name]


def _honour_exclusions(dataset: DatasetDescription) -> bool:
    """Ask whether excluded faces are left out, where the dataset has some."""
    try:
        excluded = int(store.open_dataset(dataset.name).excluded.sum())
    except ReadableError as error:
        st.warning(escape_markdown(str(error)), icon=":material/folder_off:")
        return False
    if not excluded:
        return False
    return st.toggle(
        f"Leave out the {excluded:,} excluded faces",
        True,
        key=f"training-exclusions-{dataset.name}",
        persist_state="session",
    )


def _show_changes(base: RunConfig, config: RunConfig) -> None:
    """Say in a line what is set otherwise than in the preset."""
    alike = replace(config, name=base.name, dataset=base.dataset, honour_exclusions=base.honour_exclusions)
    changed = differences([base, alike])
    if changed:
        parts = [f"{name} {values[1]} ({values[0]})" for name, values in changed.items()]
        st.caption("Changed from the preset: " + escape_markdown("; ".join(parts)) + ".")


def _offer_start(preset: str, name: str, config: RunConfig | None, run_list: list[Run]) -> None:
    st.button(
        "Start training",
        type="primary",
        icon=":material/play_arrow:",
        key="training-start",
        width="stretch",
        disabled=config is None,
        on_click=_start,
        args=(config, preset, free_name(name or preset, [run.name for run in run_list])),
    )
    if any(run.status in ACTIVE for run in run_list):
        st.caption("Another run is at work or waits: this one starts when its turn comes.")
    show_failure(_ERROR)


def free_name(name: str, taken: list[str]) -> str:
    """Return the name, with the first number behind it that tells it from those taken."""
    number = 1
    while (free := f"{name} {number}" if number > 1 else name) in taken:
        number += 1
    return free


def _start(config: RunConfig, preset: str, name: str) -> None:
    def start() -> None:
        go_to(WATCH, actions.submit(config, preset, name=name).id)

    attempt(start, _ERROR)
