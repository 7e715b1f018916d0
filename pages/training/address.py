"""Which view of the training page is shown, of which run: in the session, and in the page's address.

`?run=ID` leads to a run, `?show=runs` to the list of all, with `&compare=ID,ID` to some of them side
by side. The address is what a reload, a shared link or the browser's way back have to tell.
"""

import streamlit as st

START, WATCH, RUNS = "New run", "Watch", "All runs"
VIEWS = (START, WATCH, RUNS)
_VIEW, _RUN, _SELECTED, _WRITTEN = "training-view", "training-run", "training-selected", "training-address"


def read_address(active_run: str | None) -> None:
    """Follow the address where it is news; on the first visit without one, show the run at work.

    Args:
        active_run: the run that trains or waits; None when there is none.
    """
    session = st.session_state
    address = {name: st.query_params[name] for name in ("run", "show", "compare") if name in st.query_params}
    is_first = _VIEW not in session
    if not is_first and address == session.get(_WRITTEN, {}):
        return
    if "run" in address:
        session[_VIEW], session[_RUN] = WATCH, address["run"]
    elif address.get("show") == "runs":
        session[_VIEW] = RUNS
        session[_SELECTED] = [part for part in address.get("compare", "").split(",") if part]
    elif is_first and active_run:
        session[_VIEW], session[_RUN] = WATCH, active_run
    else:
        session[_VIEW] = START


def write_address() -> None:
    """Put what is shown into the address."""
    session = st.session_state
    address: dict[str, str] = {}
    if session[_VIEW] == WATCH and session.get(_RUN):
        address = {"run": session[_RUN]}
    elif session[_VIEW] == RUNS:
        address = {"show": "runs"}
        if session.get(_SELECTED):
            address["compare"] = ",".join(session[_SELECTED])
    session[_WRITTEN] = address
    if address != st.query_params.to_dict():
        st.query_params.from_dict(address)


def choose_view() -> str:
    """Draw the choice between the views and return the chosen one."""
    st.segmented_control("View", VIEWS, required=True, key=_VIEW, label_visibility="collapsed")
    return st.session_state[_VIEW]


def go_to(view: str, run_id: str | None = None) -> None:
    """Show another view from the next run of the page on; to be called before its widgets are drawn."""
    st.session_state[_VIEW] = view
    if run_id is not None:
        st.session_state[_RUN] = run_id


def watched_run() -> str | None:
    """Return the id of the run that is watched."""
    return st.session_state.get(_RUN)


def watch(run_id: str | None) -> None:
    """Watch another run."""
    st.session_state[_RUN] = run_id


def selected_runs() -> list[str]:
    """Return the ids of the runs that are ticked in the list."""
    return st.session_state.get(_SELECTED, [])


def select_runs(run_ids: list[str]) -> None:
    """Tick these runs in the list, and no others."""
    st.session_state[_SELECTED] = run_ids
