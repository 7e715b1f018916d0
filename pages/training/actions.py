"""What can be done with a run: stop, go on, make a model, put it to use, take it away, change, delete."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from emotion.dataset.store import SYNTHETIC
from emotion.models.card import ModelError
from emotion.models.registry import active_model
from emotion.runs import actions, files
from emotion.runs.run import Run, RunStatus
from pages.shared.download import download
from pages.shared.errors import attempt, show_failure
from pages.shared.text import escape_markdown
from pages.training.address import select_runs, watch, watched_run

_ERROR = "training-error"
_TOAST = "training-toast"


def show_actions(run: Run, place: str) -> None:
    """Draw the buttons that make sense for the run as it stands; `show_messages` says what came of one.

    Args:
        run: any.
        place: tells these buttons from those of the same run elsewhere on the page.
    """
    key = f"{place}-{run.id}"
    with st.container(horizontal=True, vertical_alignment="center"):
        _offer_next(run, key)
        _offer_change(run, key)
        _offer_downloads(run, key)
        if not run.is_going:
            _offer_deletion(run, key)


def show_messages() -> None:
    """Draw what came of the last button: its error, or a word of success."""
    show_failure(_ERROR)
    if toast := st.session_state.pop(_TOAST, None):
        st.toast(toast, icon=":material/check_circle:")


def _offer_next(run: Run, key: str) -> None:
    """Draw what the run's status suggests next."""
    if run.status is RunStatus.QUEUED:
        _button("Cancel", "cancel", f"stop-{key}", lambda: actions.stop(run.id))
        position = actions.queue_position(run)
        if position is not None and position > 1:
            _button("Earlier", "arrow_upward", f"up-{key}", lambda: actions.move_in_queue(run.id, True))
    elif run.is_going:
        _button(
            "Stop" if run.status is RunStatus.RUNNING else "Stopping …",
            "stop_circle",
            f"stop-{key}",
            lambda: actions.stop(run.id),
            disabled=run.status is RunStatus.STOPPING,
            help="It ends after the current batch, and can go on later.",
        )
    elif run.is_resumable:
        _button("Resume", "play_arrow", f"resume-{key}", lambda: actions.resume(run.id), type="primary")
        if files.has_best_weights(run):
            _button(
                "Make a model of it",
                "deployed_code",
                f"finish-{key}",
                lambda: actions.finish_early(run.id),
                help="Of the best weights so far, without another epoch.",
            )
    else:
        _offer_use(run, key)


def _offer_use(run: Run, key: str) -> None:
    if run.model and _active() == run.model:
        st.badge(f"In use as {escape_markdown(run.model)}", icon=":material/neurology:", color="green")
        return
    is_drawn = run.dataset == SYNTHETIC
    _button(
        "Use this model",
        "neurology",
        f"use-{key}",
        lambda: _use(run.id),
        type="secondary" if is_drawn else "primary",
        help="Every page in every browser predicts with it from now on."
        + " It knows drawn faces alone, so it will be wrong about photographs." * is_drawn,
    )
    if actions.is_added(run):
        st.badge(f"Among the models as {escape_markdown(run.model)}", icon=":material/check:", color="gray")
    else:
        _button(
            "Add to the models",
            "playlist_add",
            f"add-{key}",
            lambda: _add(run.id),
            help="To evaluate, compare, export or try it; what everybody predicts with stays as it is.",
        )


def _active() -> str | None:
    try:
        return active_model()
    except ModelError:
        return None


def _use(run_id: str) -> None:
    name = actions.use_model(run_id)
    st.session_state[_TOAST] = f"**{escape_markdown(name)}** is in use on all pages."


def _add(run_id: str) -> None:
    name = actions.add_model(run_id)
    st.session_state[_TOAST] = f"**{escape_markdown(name)}** is among the models."


def _offer_change(run: Run, key: str) -> None:
    with st.popover("Rename", icon=":material/edit:"), st.form(f"change-{key}", border=False):
        st.text_input("Name", run.name, key=f"name-{key}", max_chars=80)
        st.text_area("Note", run.note, key=f"note-{key}", max_chars=500)
        st.form_submit_button("Save", key=f"save-{key}", on_click=_change, args=(run, key))


def _change(run: Run, key: str) -> None:
    session = st.session_state
    name, note = session[f"name-{key}"].strip(), session[f"note-{key}"].strip()
    if name != run.name:
        attempt(lambda: actions.rename(run.id, name), _ERROR)
    if note != run.note:
        attempt(lambda: actions.set_note(run.id, note), _ERROR)


def _offer_downloads(run: Run, key: str) -> None:
    with st.popover("Download", icon=":material/download:"):
        download(
            "Curves (CSV)", lambda: files.curves_csv(run.folder), f"{run.id}.csv", f"csv-{key}", icon=None
        )
        download(
            "Whole run (zip)", lambda: files.zipped(run.folder), f"{run.id}.zip", f"zip-{key}", icon=None
        )


def _offer_deletion(run: Run, key: str) -> None:
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(f"Delete **{escape_markdown(run.name)}** with its curves and weights from this computer?")
        if run.model:
            st.caption("Its model stays among the models.")
        st.button("Delete it", type="primary", key=f"delete-{key}", on_click=_delete, args=(run.id,))


def _delete(run_id: str) -> None:
    if attempt(lambda: actions.delete(run_id), _ERROR):
        select_runs([])
        if watched_run() == run_id:
            watch(None)


def _button(label: str, icon: str, key: str, action: Callable[[], object], **more: Any) -> None:
    def do() -> None:
        attempt(action, _ERROR)

    st.button(label, icon=f":material/{icon}:", key=key, on_click=do, **more)
