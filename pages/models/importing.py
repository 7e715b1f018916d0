"""A model that somebody else made: its file, and what only a person can know of it."""

import streamlit as st

from emotion.errors import ReadableError
from emotion.exchange.file_check import MAX_FILE_BYTES, check_file
from emotion.exchange.imports import LIMITS
from emotion.jobs.status import JobState, JobStatus
from emotion.models.card import ModelCard, ModelError
from pages.models.choice import MODEL
from pages.models.reading import Wish, choose_dataset_to_try, choose_reading
from pages.shared.jobs import app_jobs, saved_file, show_failed_job, watch_job
from pages.shared.text import escape_markdown

_JOB = "import-model"


def show_import(model: ModelCard) -> None:
    """Draw the running import, or how the last one ended and the form for a new one."""
    status = app_jobs().status(_JOB)
    if status is not None and status.is_active:
        watch_job(_JOB)
        return
    if status is not None:
        _show_end(status)
    _show_form()


def _show_end(status: JobStatus) -> None:
    if status.state is JobState.DONE:
        name = status.result.get("name", "")
        st.success(f"**{escape_markdown(name)}** is here.", icon=":material/check_circle:")
        for note in status.result.get("notes", ()):
            st.markdown(f"- {escape_markdown(note)}")
        with st.container(horizontal=True):
            st.button(
                "Show it",
                type="primary",
                icon=":material/visibility:",
                key="model_import_show",
                on_click=_show_model,
                args=(name, "Overview"),
            )
            st.button(
                "Evaluate it",
                icon=":material/analytics:",
                key="model_import_evaluate",
                on_click=_show_model,
                args=(name, "Evaluate"),
            )
    show_failed_job(status, "model_import_dismiss")


def _show_model(name: str, view: str) -> None:
    st.session_state[MODEL] = name
    st.session_state.models_view = view
    app_jobs().dismiss(_JOB)


def _show_form() -> None:
    upload = st.file_uploader(
        "A Keras (.keras, .h5) or LiteRT (.tflite) file",
        # Any file: what another one is, and how to convert it, is told in a sentence.
        max_upload_size=MAX_FILE_BYTES // 1_000_000,
        key="model_upload",
        help="It must take one face, grey or in colour, of any fixed size, and give seven scores, or eight "
        "with contempt. Nothing in it is executed.",
    )
    name = st.text_input("Name", key="model_name", placeholder="taken from the file", max_chars=60)
    wish = choose_reading("model")
    dataset = choose_dataset_to_try("model_try")
    st.caption("Of a model that this app made, order and range are known, whatever is chosen here.")
    if st.button(
        "Import",
        type="primary",
        icon=":material/upload:",
        key="model_import_start",
        # A large file takes a while to arrive; until then there is nothing to import.
        disabled=upload is None,
    ):
        try:
            _start(upload, name.strip(), wish, dataset)
        except ReadableError as error:
            st.error(escape_markdown(str(error)), icon=":material/deployed_code_alert:")
            return
        st.rerun()


def _start(upload, name: str, wish: Wish, dataset: str) -> None:
    """Check the file, and begin to import it in a process of its own."""
    wish.check()
    with saved_file(upload.name, upload.getbuffer()) as file:
        check_file(file)
        options = [f"--name={name}", f"--labels={wish.order}", f"--range={wish.range}"]
        options += [f"--contempt={wish.contempt}", *([f"--try={dataset}"] if dataset else [])]
        arguments = ["models", "import", str(file), *options]
        if not app_jobs().start(_JOB, f"Importing {file.name}", arguments, LIMITS, folder=file.parent):
            raise ModelError("Another model is being imported right now; wait for it, or cancel it.")
