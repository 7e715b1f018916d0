"""A model that somebody else made: its file, and what only a person can know of it."""

import streamlit as st

from emotion.errors import ReadableError
from emotion.exchange.file_check import MAX_FILE_BYTES, check_file
from emotion.exchange.imports import ALPHABETICAL, LIMITS, parse_labels
from emotion.jobs.status import JobState, JobStatus
from emotion.labels import EMOTIONS
from emotion.models.card import ModelCard, ModelError
from pages.models.choice import MODEL
from pages.shared.jobs import app_jobs, saved_file, show_failed_job, watch_job
from pages.shared.text import escape_markdown

_JOB = "import-model"
_ORDERS = {
    "FER-2013": EMOTIONS,
    "Alphabetical": ALPHABETICAL,
    "Another": None,
}
_RANGES = {"0 to 1": "0-1", "0 to 255": "0-255"}


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
        "A Keras (.keras) or LiteRT (.tflite) file",
        type=["keras", "tflite"],
        max_upload_size=MAX_FILE_BYTES // 1_000_000,
        key="model_upload",
        help="It must take grey faces of 48 x 48 and give seven scores. Nothing in it is executed.",
    )
    name = st.text_input("Name", key="model_name", placeholder="taken from the file", max_chars=60)
    order = st.segmented_control(
        "Order of its outputs",
        list(_ORDERS),
        default="Alphabetical",
        required=True,
        key="model_order",
        help="Keras numbers a dataset's folders by the alphabet. A wrong order makes every answer wrong.",
    )
    labels = _ORDERS[order]
    if labels is None:
        text = st.text_area("The seven emotions in their order", ", ".join(EMOTIONS), key="model_labels")
    else:
        text = ", ".join(labels)
        st.caption(text)
    white = st.segmented_control(
        "Range of its input",
        list(_RANGES),
        default="0 to 1",
        required=True,
        key="model_range",
        help="Whether pictures were divided by 255 before training.",
    )
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
            _start(upload, name.strip(), ",".join(parse_labels(text)), _RANGES[white])
        except ReadableError as error:
            st.error(escape_markdown(str(error)), icon=":material/deployed_code_alert:")
            return
        st.rerun()


def _start(upload, name: str, labels: str, white: str) -> None:
    """Check the file, and begin to import it in a process of its own."""
    with saved_file(upload.name, upload.getbuffer()) as file:
        check_file(file)
        options = [f"--name={name}", f"--labels={labels}", f"--range={white}"]
        arguments = ["models", "import", str(file), *options]
        if not app_jobs().start(_JOB, f"Importing {file.name}", arguments, LIMITS, folder=file.parent):
            raise ModelError("Another model is being imported right now; wait for it, or cancel it.")
