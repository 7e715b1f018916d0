"""Bring in a dataset: an upload, a path, or FER-2013 from Kaggle; and what belongs to one: votes, its end."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from emotion.dataset import store
from emotion.dataset.download import KAGGLE_NAME, download_fer2013
from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.import_jobs import ImportJobs, JobState, JobStatus, Work, progress_text
from emotion.dataset.importing import import_dataset, skipped_csv
from emotion.dataset.stored_dataset import StoredDataset
from emotion.errors import ReadableError
from pages.shared.text import escape_markdown

_UPLOAD, _PATH, _DOWNLOAD = "Upload a file", "A path on this computer", "Download FER-2013"
_LOCAL_ADDRESSES = {"localhost", "127.0.0.1", "::1"}
_ENDS = {
    JobState.CANCELLED: "The import of **{}** was cancelled; nothing of it was kept.",
    JobState.FAILED: "**{}** could not be imported. {}",
}


@st.cache_resource(show_spinner=False)
def import_jobs() -> ImportJobs:
    """Return the imports of this app, shared by all visitors."""
    return ImportJobs()


def show_import(dataset: StoredDataset, splits: tuple[str, ...]) -> None:
    """Draw the running import, or the form for a new one; then what can be done to the chosen dataset."""
    status = import_jobs().status()
    if status and status.state is JobState.RUNNING:
        _show_progress()
    else:
        if status:
            _show_end(status)
        _show_form()
    _show_care(dataset)


@st.fragment(run_every=0.5)
def _show_progress() -> None:
    status = import_jobs().status()
    if status is None or status.state is not JobState.RUNNING:
        st.rerun()
        return
    with st.container(border=True):
        st.markdown(f"Importing **{escape_markdown(status.title)}**")
        st.progress(status.share or 0.0, progress_text(status))
        st.button(
            "Cancel",
            icon=":material/cancel:",
            key="import_cancel",
            on_click=import_jobs().cancel,
            disabled=status.is_cancelling,
        )
        st.caption("It goes on when you leave this page.")


def _show_end(status: JobStatus) -> None:
    """Say how the last import ended, and offer what can be done with it."""
    title = escape_markdown(status.title)
    if status.report is None:
        show = st.error if status.state is JobState.FAILED else st.info
        error = escape_markdown(status.error or "")
        show(_ENDS[status.state].format(title, error), icon=":material/folder_off:")
        st.button("Dismiss", key="import_dismiss", on_click=import_jobs().dismiss)
        return
    report = status.report
    skipped = len(report.skipped)
    left_out = f" {skipped:,} item{'s were' if skipped != 1 else ' was'} left out." if skipped else ""
    name = escape_markdown(report.description.name)
    st.success(
        f"**{name}** is here: {report.description.faces:,} faces.{left_out}",
        icon=":material/check_circle:",
    )
    with st.container(horizontal=True):
        st.button(
            "Show it",
            type="primary",
            icon=":material/visibility:",
            key="import_show",
            on_click=_show_dataset,
            args=(report.description.name,),
        )
        if skipped:
            _offer_report(report.description.name, report.to_csv, "import_report")
        st.button("Dismiss", key="import_dismiss", on_click=import_jobs().dismiss)


def _offer_report(name: str, to_csv: Callable[[], str], key: str) -> None:
    st.download_button(
        "What was left out (CSV)",
        to_csv,
        f"{name}-left-out.csv",
        "text/csv",
        icon=":material/download:",
        key=key,
        on_click="ignore",
    )


def _show_dataset(name: str) -> None:
    st.session_state.dataset = name
    st.session_state.view = "Overview"
    import_jobs().dismiss()


def _show_form() -> None:
    st.subheader("Import a dataset")
    ways = [_UPLOAD, _DOWNLOAD]
    # A path tells what lies on the server's disk; that is for whoever sits at it.
    if st.get_option("server.address") in _LOCAL_ADDRESSES:
        ways.insert(1, _PATH)
    way = st.segmented_control("Where is it?", ways, default=_UPLOAD, required=True, key="import_way")
    upload, path = None, ""
    if way == _UPLOAD:
        upload = st.file_uploader(
            "A zip or a CSV file",
            type=["zip", "csv"],
            key="import_upload",
            help="A larger file is imported by its path, or by `python -m emotion datasets import`.",
        )
    elif way == _PATH:
        path = st.text_input("Folder, zip or CSV", key="import_path", placeholder="/home/me/fer2013.zip")
    else:
        st.markdown(f"About 60 MB from Kaggle, where it is called `{KAGGLE_NAME}`.")
    name = st.text_input("Name", key="import_name", placeholder="taken from the source", max_chars=60)
    if st.button(
        "Import",
        type="primary",
        icon=":material/upload:",
        key="import_start",
        # A large file takes a while to arrive; until then there is nothing to import.
        disabled=way == _UPLOAD and upload is None,
    ):
        _start(way, upload, path.strip(), name.strip())
    with st.expander("What can be imported", icon=":material/help:"):
        st.markdown(
            "- **Folders or a zip**: `train/happy/1.png`, `test/sad/2.jpg` … Class folders in the usual "
            "spellings or as 0 to 6; without `train` and `test`, a sixth of each class is set apart.\n"
            "- **The challenge's CSV** with the columns `emotion`, `pixels`, `Usage`; also zipped.\n"
            "- JPEG, PNG, WebP or BMP of any size and colour; they become 48 × 48 and grey.\n\n"
            "What cannot be read is left out and listed. Nothing of a cancelled import is kept."
        )


def _start(way: str, upload, path: str, name: str) -> None:
    """Begin the import that the form describes, or say what is missing."""
    try:
        if way == _UPLOAD:
            _start_upload(upload, name)
        elif way == _PATH:
            if not path:
                raise DatasetError("Type the path of a folder, a zip or a CSV file first.")
            source = Path(path).expanduser()
            import_jobs().start(source.name, _importing(source, name))
        else:
            import_jobs().start("FER-2013 from Kaggle", _downloading(name or "fer2013"))
    except ReadableError as error:
        st.error(escape_markdown(str(error)), icon=":material/folder_off:")
        return
    st.rerun()


def _start_upload(upload, name: str) -> None:
    folder = Path(tempfile.mkdtemp(prefix="emotion-upload-"))

    def clean_up() -> None:
        shutil.rmtree(folder, ignore_errors=True)

    try:
        file_name = Path(upload.name).name or "upload"
        with (folder / file_name).open("wb") as file:
            file.write(upload.getbuffer())
        import_jobs().start(file_name, _importing(folder / file_name, name), clean_up)
    except BaseException:
        clean_up()
        raise


def _importing(source: Path, name: str) -> Work:
    return lambda on_progress, is_cancelled: import_dataset(source, name or None, on_progress, is_cancelled)


def _downloading(name: str) -> Work:
    return lambda on_progress, is_cancelled: import_dataset(
        download_fer2013(), name, on_progress, is_cancelled
    )


def _show_care(dataset: StoredDataset) -> None:
    """Draw what can be done to the chosen dataset: attach votes, read its report, delete it."""
    name = dataset.name
    st.subheader(f"Take care of {escape_markdown(name)}")
    votes = st.file_uploader(
        "Votes of people (CSV)",
        type=["csv"],
        key=f"votes-{name}",
        help="How ten people voted on each face, as FER+ has it: a column `image` and one column an answer.",
    )
    with st.container(horizontal=True):
        if votes and st.button("Attach votes", icon=":material/how_to_vote:", key="votes_attach"):
            _attach(name, votes.getvalue())
        if dataset.description.skipped:
            _offer_report(name, lambda: skipped_csv(dataset.skipped_items()), "care_report")
        if name != store.SYNTHETIC:
            with st.popover("Delete", icon=":material/delete:"):
                st.markdown(f"Delete **{escape_markdown(name)}** and its votes from this computer?")
                st.button("Delete it", type="primary", key="dataset_delete", on_click=_delete, args=(name,))
    if message := st.session_state.pop("care_error", None):
        st.error(escape_markdown(message), icon=":material/folder_off:")


def _attach(name: str, table: bytes) -> None:
    try:
        count = store.attach_votes(name, table)
    except ReadableError as error:
        st.error(escape_markdown(str(error)), icon=":material/how_to_vote:")
        return
    st.toast(f"Votes on {count:,} faces attached.", icon=":material/how_to_vote:")
    st.rerun()


def _delete(name: str) -> None:
    try:
        store.delete_dataset(name)
    except ReadableError as error:
        st.session_state.care_error = str(error)
