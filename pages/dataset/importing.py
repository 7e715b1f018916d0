"""Bring in a dataset: an upload, a path, or FER-2013 from Kaggle; and what belongs to one: votes, its end."""

from pathlib import Path

import streamlit as st

from emotion.dataset import store
from emotion.dataset.download import KAGGLE_NAME
from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.importing import skipped_csv
from emotion.dataset.stored_dataset import StoredDataset
from emotion.errors import ReadableError
from emotion.jobs.status import JobState, JobStatus
from pages.shared.download import download
from pages.shared.errors import attempt, show_failure
from pages.shared.jobs import app_jobs, saved_file, show_failed_job, watch_job
from pages.shared.text import escape_markdown

_UPLOAD, _PATH, _DOWNLOAD = "Upload a file", "A path on this computer", "Download FER-2013"
_LOCAL_ADDRESSES = {"localhost", "127.0.0.1", "::1"}
_JOB, _CARE = "import-dataset", "care_error"


def show_import(dataset: StoredDataset, splits: tuple[str, ...]) -> None:
    """Draw the running import, or the form for a new one; then what can be done to the chosen dataset."""
    status = app_jobs().status(_JOB)
    if status is not None and status.is_active:
        watch_job(_JOB)
    else:
        if status is not None:
            _show_end(status)
        _show_form()
    _show_care(dataset)


def _show_end(status: JobStatus) -> None:
    """Say how the last import ended, and offer what can be done with it."""
    if status.state is JobState.DONE:
        _show_new(str(status.result["name"]))
    else:
        show_failed_job(status, "import_dismiss")


def _show_new(name: str) -> None:
    try:
        dataset = store.open_dataset(name)
    except ReadableError:
        app_jobs().dismiss(_JOB)  # someone has deleted it meanwhile
        return
    skipped = dataset.description.skipped
    left_out = f" {skipped:,} item{'s were' if skipped != 1 else ' was'} left out." if skipped else ""
    st.success(
        f"**{escape_markdown(name)}** is here: {len(dataset):,} faces.{left_out}",
        icon=":material/check_circle:",
    )
    with st.container(horizontal=True):
        st.button(
            "Show it",
            type="primary",
            icon=":material/visibility:",
            key="import_show",
            on_click=_show_dataset,
            args=(name,),
        )
        if skipped:
            _offer_report(dataset, "import_report")
        st.button("Dismiss", key="import_dismiss", on_click=app_jobs().dismiss, args=(_JOB,))


def _offer_report(dataset: StoredDataset, key: str) -> None:
    download(
        "What was left out (CSV)",
        lambda: skipped_csv(dataset.skipped_items()),
        f"{dataset.name}-left-out.csv",
        key,
    )


def _show_dataset(name: str) -> None:
    st.session_state.dataset = name
    st.session_state.view = "Overview"
    app_jobs().dismiss(_JOB)


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
    options = [f"--name={name}"] if name else []
    try:
        if way == _UPLOAD:
            with saved_file(upload.name, upload.getbuffer()) as file:
                _start_job(file.name, ["import", str(file), *options], file.parent)
        elif way == _PATH:
            if not path:
                raise DatasetError("Type the path of a folder, a zip or a CSV file first.")
            source = Path(path).expanduser().resolve()
            _start_job(source.name, ["import", str(source), *options])
        else:
            _start_job("FER-2013 from Kaggle", ["download", *options])
    except ReadableError as error:
        st.error(escape_markdown(str(error)), icon=":material/folder_off:")
        return
    st.rerun()


def _start_job(title: str, arguments: list[str], folder: Path | None = None) -> None:
    if not app_jobs().start(_JOB, f"Importing {title}", ["datasets", *arguments], folder=folder):
        raise DatasetError("Another dataset is being imported right now; wait for it, or cancel it.")


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
            _offer_report(dataset, "care_report")
        if name != store.SYNTHETIC:
            with st.popover("Delete", icon=":material/delete:"):
                st.markdown(f"Delete **{escape_markdown(name)}** and its votes from this computer?")
                st.button("Delete it", type="primary", key="dataset_delete", on_click=_delete, args=(name,))
    show_failure(_CARE)


def _attach(name: str, table: bytes) -> None:
    try:
        count = store.attach_votes(name, table)
    except ReadableError as error:
        st.error(escape_markdown(str(error)), icon=":material/how_to_vote:")
        return
    st.toast(
        f"Votes on {count:,} of {len(store.open_dataset(name)):,} faces attached.",
        icon=":material/how_to_vote:",
    )
    st.rerun()


def _delete(name: str) -> None:
    attempt(lambda: store.delete_dataset(name), _CARE)
