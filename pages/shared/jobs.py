"""Work on models that takes a while: offered, watched, cancelled; it goes on when the page is left."""

from collections.abc import Callable, Sequence

import streamlit as st

from emotion.jobs.jobs import JobState, ModelJobs
from pages.shared.text import escape_markdown


@st.cache_resource(show_spinner=False)
def model_jobs() -> ModelJobs:
    """Return the jobs of this app, shared by all visitors."""
    return ModelJobs()


def offer_job(
    key: str, title: str, command: Callable[[], Sequence[str]], label: str, note: str, icon: str
) -> None:
    """Draw a button that starts a job; while it runs, how far it is; when it failed, why.

    Args:
        key: what the job is known by, the same for everybody who asks for the same.
        title: what is being done, in words.
        command: gives the command line of its process.
        label: of the button.
        note: one sentence beside the button: what will happen.
        icon: of the button.
    """
    status = model_jobs().status(key)
    if status is not None and status.is_active:
        watch_job(key)
        return
    if status is not None and status.state is JobState.FAILED:
        st.error(escape_markdown(status.error or ""), icon=":material/error:")
    if st.button(label, type="primary", icon=icon, key=f"start-{key}"):
        model_jobs().start(key, title, command())
        st.rerun()
    st.caption(note)


@st.fragment(run_every=0.5)
def watch_job(key: str) -> None:
    """Draw how far a job is, with a button to cancel it; when it has ended, run the page anew."""
    status = model_jobs().status(key)
    if status is None or not status.is_active:
        st.rerun()
        return
    with st.container(border=True):
        st.markdown(escape_markdown(status.title))
        st.progress(status.share or 0.0, status.text)
        st.button(
            "Cancel", icon=":material/cancel:", key=f"cancel-{key}", on_click=model_jobs().cancel, args=(key,)
        )
        st.caption("It goes on when you leave this page.")
