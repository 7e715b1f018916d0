"""Bring in a dataset: an upload, a path, or FER-2013 from Kaggle; and what belongs to one: votes, its end."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from emotion.dataset import store
from emotion.dataset.download import KAGGLE_NAME
from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.importing import skipped_csv
from emotion.dataset.stored_dataset import StoredDataset
from emotion.errors import ReadableError
from emotion.jobs.status import JobState, JobStatus
from pages.dataset.answers import show_plan
from pages.shared.download import download
from pages.shared.errors import attempt, show_failure
from pages.shared.jobs import app_jobs, saved_file, show_failed_job, watch_job
from pages.shared.text import escape_markdown

_UPLOAD, _PATH, _DOWNLOAD = "Upload a file", "A path on this computer", "Download FER-2013"
_LOCAL_ADDRESSES = {"localhost", "127.0.0.1", "::1"}
_JOB, _CARE, _ASKED = "import-dataset", "care_error", "import_asked"
_HELP = """
- **Pictures in folders**, a zip or a tar: `train/happy/1.png`, `happy/test/2.jpg`, also with a folder a
  person below. Emotions and splits in the usual spellings; without splits, a sixth of each is set apart.
- **Tables** with `emotion`, `pixels` and perhaps `Usage`, as the FER-2013 challenge has them: commas,
  semicolons or tabs, UTF-8 or UTF-16, packed or not, of any square size; `train.csv` is a split.
- **Pictures and a list**: a table with their names and labels, RAF-DB's list, AffectNet's annotations, YOLO's
  boxes, or names as JAFFE and KDEF have them.
- **Numbers for classes** are asked about unless they are 0 to 6, and so is whatever is not understood.
- Pictures of any size and colour (JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC, AVIF) become 48 × 48 and grey; out
  of photographs the faces are cut when you say so.

What cannot be read is left out and listed. Nothing of a cancelled import is kept.
"""


@dataclass(frozen=True)
class _Source:
    """What the form describes.

    Attributes:
        way: one of the three.
        upload: the file, where it is uploaded.
        path: where it is, where it is on this computer.
        options: of the command line, as far as the form has them.
    """

    way: str
    upload: Any
    path: str
    options: tuple[str, ...]

    @property
    def identity(self) -> str:
        """What tells it from other sources."""
        return f"{self.way} {self.upload.file_id if self.upload else self.path}"


def show_import(dataset: StoredDataset, splits: tuple[str, ...]) -> None:
    """Draw the import that runs, what the last one came to or asks, the form, and care for the dataset."""
    status = app_jobs().status(_JOB)
    is_busy = status is not None and status.is_active
    plan = None
    if is_busy:
        watch_job(_JOB)
    elif status is not None:
        plan = status.result.get("plan") if status.state is JobState.DONE else None
        if plan is None:
            _show_end(status)
    # Also while an import runs: a file that is not drawn is forgotten, and its import may have questions.
    source = _show_form(is_busy)
    if plan is not None:
        _show_questions(plan, source, status.title if status else "")
    _show_care(dataset)


def _show_questions(plan: dict[str, Any], source: _Source, title: str) -> None:
    """Draw what an import understood and asks, and let it go on with the answers."""
    if st.session_state.get(_ASKED) != source.identity:
        st.info(
            f"{escape_markdown(title)} waits for answers; choose the same source again and press Import.",
            icon=":material/help:",
        )
        st.button("Dismiss", key="import_dismiss", on_click=app_jobs().dismiss, args=(_JOB,))
        return
    with st.container(border=True):
        options, is_complete = show_plan(plan)
        with st.container(horizontal=True):
            if st.button(
                "Import so",
                type="primary",
                icon=":material/upload:",
                key="import_confirm",
                disabled=not is_complete,
            ):
                _start(source, [*options, "--ask=questions"])
            st.button("Dismiss", key="import_dismiss", on_click=app_jobs().dismiss, args=(_JOB,))


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
    missing = [emotion for emotion, count in dataset.description.class_sizes().items() if not count]
    lacks = f" No faces of: {', '.join(missing)}." if missing else ""
    note = f" {escape_markdown(dataset.description.split_note)}"
    st.success(
        f"**{escape_markdown(name)}** is here: {len(dataset):,} faces.{left_out}{lacks}{note}",
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


def _show_form(is_busy: bool) -> _Source:
    """Draw what can be imported and the button that begins, and return what is chosen."""
    st.subheader("Import a dataset")
    ways = [_UPLOAD, _DOWNLOAD]
    # A path tells what lies on the server's disk; that is for whoever sits at it.
    if st.get_option("server.address") in _LOCAL_ADDRESSES:
        ways.insert(1, _PATH)
    way = st.segmented_control("Where is it?", ways, default=_UPLOAD, required=True, key="import_way")
    upload, path = None, ""
    if way == _UPLOAD:
        upload = st.file_uploader(
            "An archive or a table",
            type=["zip", "csv", "tsv", "gz", "tgz", "tar"],
            key="import_upload",
            help="A larger file is imported by its path, or by `python -m emotion datasets import`.",
        )
    elif way == _PATH:
        path = st.text_input(
            "Folder, archive or table", key="import_path", placeholder="/home/me/fer2013.zip"
        )
    else:
        st.markdown(f"About 60 MB from Kaggle, where it is called `{KAGGLE_NAME}`.")
    name = st.text_input("Name", key="import_name", placeholder="taken from the source", max_chars=60)
    meanings = st.text_input(
        "What names mean",
        key="import_map",
        placeholder="suprise=surprise, extra=none",
        help="Of folders or values called otherwise: an emotion, train, validation, test, or none to "
        "leave it out. What is not understood is asked for before anything is imported.",
    )
    options = [f"--name={name.strip()}"] if name.strip() else []
    options += [f"--map={part.strip()}" for part in meanings.split(",") if part.strip()]
    source = _Source(way, upload, path.strip(), tuple(options))
    if st.button(
        "Import",
        type="primary",
        icon=":material/upload:",
        key="import_start",
        # A large file takes a while to arrive; until then there is nothing to import.
        disabled=is_busy or (way == _UPLOAD and upload is None),
    ):
        _start(source, ["--ask=all"])
    with st.expander("What can be imported", icon=":material/help:"):
        st.markdown(_HELP)
    return source


def _start(source: _Source, answers: list[str]) -> None:
    """Begin the import that the form describes, or say what is missing."""
    options = [*source.options, *answers]
    try:
        if source.way == _UPLOAD:
            with saved_file(source.upload.name, source.upload.getbuffer()) as file:
                _start_job(file.name, ["import", str(file), *options], file.parent)
        elif source.way == _PATH:
            if not source.path:
                raise DatasetError("Type the path of a folder, an archive or a table first.")
            path = Path(source.path).expanduser().resolve()
            _start_job(path.name, ["import", str(path), *options])
        else:
            _start_job("FER-2013 from Kaggle", ["download", *source.options])
    except ReadableError as error:
        st.error(escape_markdown(str(error)), icon=":material/folder_off:")
        return
    st.session_state[_ASKED] = source.identity
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
