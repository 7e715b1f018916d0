"""Work that takes a while: offered, watched, cancelled; it goes on when the page is left."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from emotion.files import disk_errors
from emotion.jobs.jobs import Jobs
from emotion.jobs.status import JobState, JobStatus
from pages.shared.errors import errors_shown
from pages.shared.text import escape_markdown


@st.cache_resource(show_spinner=False)
def app_jobs() -> Jobs:
    """Return the jobs of this app, shared by all visitors."""
    return Jobs()


def offer_job(key: str, title: str, arguments: Sequence[str], label: str, note: str, icon: str) -> None:
    """Draw a button that starts a job; while it runs, how far it is; when it failed, why.

    Args:
        key: what the job is known by, the same for everybody who asks for the same.
        title: what is being done, in words.
        arguments: of our command line, which does it.
        label: of the button.
        note: one sentence beside the button: what will happen.
        icon: of the button.
    """
    status = app_jobs().status(key)
    if status is not None and status.is_active:
        watch_job(key)
        return
    if status is not None and status.state is JobState.FAILED:
        st.error(escape_markdown(status.error or ""), icon=":material/error:")
    elif status is not None and status.state is JobState.DONE:
        st.warning("This was done, but its result is not on disk, which may be full.", icon=":material/save:")
    if st.button(label, type="primary", icon=icon, key=f"start-{key}"):
        with errors_shown("error"):
            app_jobs().start(key, title, arguments)
            st.rerun()
    st.caption(note)


@st.fragment(run_every=0.5)
def watch_job(key: str) -> None:
    """Draw how far a job is, with a button to cancel it; when it has ended, run the page anew."""
    status = app_jobs().status(key)
    if status is None or not status.is_active:
        st.rerun()
        return
    with st.container(border=True):
        st.markdown(escape_markdown(status.title))
        st.progress(status.share or 0.0, status.text)
        st.button(
            "Cancel", icon=":material/cancel:", key=f"cancel-{key}", on_click=app_jobs().cancel, args=(key,)
        )
        st.caption("It goes on when you leave this page.")


def show_failed_job(status: JobStatus, key: str) -> None:
    """Say that a job came to nothing, and why, where that is so; offer to forget it, however it ended.

    Args:
        status: of a job that has ended.
        key: of the button.
    """
    title = escape_markdown(status.title)
    if status.state is JobState.FAILED:
        st.error(f"{title}: {escape_markdown(status.error or '')}", icon=":material/error:")
    elif status.state is JobState.CANCELLED:
        st.info(f"{title} was cancelled; nothing of it was kept.", icon=":material/cancel:")
    st.button("Dismiss", key=key, on_click=app_jobs().dismiss, args=(status.key,))


@contextmanager
def saved_file(name: str, content: bytes | memoryview) -> Iterator[Path]:
    """Yield a file with such a content in a folder of its own, to be handed to a job.

    Where the block raises, the folder is removed.

    Raises:
        FileError: the disk refuses.
    """
    with disk_errors("What is needed for this could not be written to the disk"):
        folder = Path(tempfile.mkdtemp(prefix="emotion-job-"))
    try:
        file = folder / (Path(name).name or "file")
        with disk_errors("What is needed for this could not be written to the disk"):
            file.write_bytes(content)
        yield file
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
