"""All runs in a table: find, open, change and delete one, or set several side by side."""

import pandas as pd
import streamlit as st

from emotion.figures.training import MAX_COMPARED
from emotion.runs import actions
from emotion.runs.run import Run
from emotion.runs.store import in_queue_order
from pages.shared.errors import error_ends_page, errors_shown
from pages.shared.text import escape_markdown
from pages.training.actions import show_actions
from pages.training.address import WATCH, go_to, select_runs, selected_runs
from pages.training.compare import show_comparison
from pages.training.words import ACTIVE, STATUS_WORDS

_EVERY = 3.0  # seconds between two looks at the list while a run is at work
_ACCURACY_COLUMN = st.column_config.ProgressColumn(
    "accuracy", format="%.1f%%", min_value=0, max_value=100, help="The best on the validation faces so far."
)


def find_runs(run_list: list[Run], text: str = "", names: list[str] | None = None) -> list[Run]:
    """Return the runs that both filters let through.

    Args:
        run_list: in any order, which stays.
        text: must occur in the name, note, dataset or preset, in upper or lower case.
        names: of states, as `STATUS_WORDS` calls them; none at all means every one.
    """
    wanted = text.strip().casefold()
    return [
        run
        for run in run_list
        if (not names or STATUS_WORDS[run.status].name in names)
        and wanted in f"{run.name}\n{run.note}\n{run.dataset}\n{run.preset}\n{run.id}".casefold()
    ]


def show_runs(run_list: list[Run]) -> None:
    """Draw the filters, the table, and what can be done with the ticked runs.

    Args:
        run_list: all runs, newest first.
    """
    if not run_list:
        st.info("Nothing has been trained yet.", icon=":material/model_training:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Name, note or dataset contains", key="training-find", icon=":material/search:", width=320
        )
        present = list(dict.fromkeys(STATUS_WORDS[run.status].name for run in run_list))
        names = st.pills("State", present, selection_mode="multi", key="training-states")
    found = find_runs(run_list, text, names)
    if not found:
        st.info("No run passes these filters.", icon=":material/filter_alt_off:")
        return
    is_active = any(run.status in ACTIVE for run in run_list)
    drawn = _state(found)
    st.fragment(_show_table, run_every=_EVERY if is_active else None)(text, names, drawn)
    _show_chosen([run for run in run_list if run.id in selected_runs()])


def _show_table(text: str, names: list[str], drawn: tuple) -> None:
    """Draw the table as the runs stand now; what the rest of the page shows, too, draws that anew."""
    with error_ends_page("folder_off"):
        run_list = actions.list_runs()
    found = find_runs(run_list, text, names)
    if _state(found) != drawn:
        st.rerun()
    ids = [run.id for run in found]
    # Ticks are kept by place; another list is another table, which begins with the same runs ticked.
    key = f"training-table-{hash(tuple(ids))}"
    ticked = [ids.index(run_id) for run_id in selected_runs() if run_id in ids]
    st.dataframe(
        table_of(found, run_list),
        hide_index=True,
        height=min(38 + 35 * len(found), 38 + 35 * 9),
        column_config={
            "accuracy": _ACCURACY_COLUMN,
            "started": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        },
        key=key,
        on_select=lambda: select_runs([ids[row] for row in st.session_state[key].selection.rows]),
        selection_mode="multi-row",
        selection_default={"selection": {"rows": ticked}},
        alt="All runs; tick some",
    )


def _state(found: list[Run]) -> tuple:
    """Return what the page around the table depends on: how the runs stand, and which are ticked."""
    return [(run.id, run.status) for run in found], list(selected_runs())


def table_of(found: list[Run], run_list: list[Run]) -> pd.DataFrame:
    """Return one row a run, with what a person compares them by; those that wait, with their turn.

    Args:
        found: what the table shows.
        run_list: all runs: also those that are filtered out stand in the queue.
    """
    turns = {run.id: f" · no. {place}" for place, run in enumerate(in_queue_order(run_list), 1)}
    return pd.DataFrame(
        {
            "name": [run.name for run in found],
            "state": [STATUS_WORDS[run.status].name + turns.get(run.id, "") for run in found],
            "accuracy": [None if run.val_accuracy is None else 100 * run.val_accuracy for run in found],
            "epochs": [f"{run.epoch} of {run.epochs}" for run in found],
            "dataset": [run.dataset for run in found],
            "preset": [run.preset for run in found],
            "started": [pd.Timestamp.fromtimestamp(run.started_at or run.created_at) for run in found],
            "note": [run.note for run in found],
        }
    )


def _show_chosen(chosen: list[Run]) -> None:
    """Draw what can be done with the ticked runs."""
    if not chosen:
        st.caption("Tick a run to open, rename or delete it; tick several to compare them.")
        return
    if len(chosen) == 1:
        run = chosen[0]
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{escape_markdown(run.name)}**", width="content")
                st.button(
                    "Open",
                    icon=":material/monitoring:",
                    key=f"open-{run.id}",
                    on_click=go_to,
                    args=(WATCH, run.id),
                )
            if run.note:
                st.caption(escape_markdown(run.note))
            show_actions(run, "list")
        return
    if len(chosen) > MAX_COMPARED:
        st.info(f"At most {MAX_COMPARED} runs can be told apart in a chart; untick some.")
        return
    with errors_shown("error"):
        show_comparison(chosen)
