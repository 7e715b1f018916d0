"""How long a run would take on this machine, and what its network is made of; found out in the background."""

import math
from collections.abc import Callable

import streamlit as st

from emotion.dataset.store import SYNTHETIC
from emotion.dataset.stored_dataset import DatasetDescription
from emotion.jobs.jobs import Limits
from emotion.jobs.status import duration
from emotion.runs import actions
from emotion.runs.run import RunError
from emotion.training.config import RunConfig
from emotion.training.inspection import known_description, known_pace, question_key
from emotion.training.pace import NetworkDescription, Pace, estimate
from pages.shared.errors import attempt, show_failure
from pages.shared.jobs import app_jobs, saved_file
from pages.shared.text import escape_markdown
from pages.training.words import ACTIVE, moment

_EVERY = 1.0  # seconds between two looks while an answer is on its way
_SEEN = "training-settings-seen"
_DESCRIBE, _MEASURE = "describe", "measure"
_QUESTIONS = {
    _DESCRIBE: ("Describing the network of", "--describe"),
    _MEASURE: ("Measuring how long it takes to train", "--estimate"),
}
_LIMITS = Limits(
    seconds=600.0,
    crashed="This network could not be built and measured; the settings may be too large for this machine, "
    "or Keras and TensorFlow are not installed. The app's log has the details.",
)


def count_faces(config: RunConfig, dataset: DatasetDescription) -> tuple[int, int]:
    """Return about how many faces a run learns from, and how many validate it.

    Args:
        config: of the run.
        dataset: which it is trained on.
    """
    sizes = dataset.split_sizes()
    if dataset.name == SYNTHETIC:  # training draws as many as it is told
        sizes = {split: size * config.synthetic_faces // dataset.faces for split, size in sizes.items()}
    train = sizes.get("train", 0)
    if "validation" in sizes:
        return train, sizes["validation"]
    validation = math.ceil(config.validation_share * train)
    return train - validation, validation


def known_duration(config: RunConfig, dataset: DatasetDescription) -> str:
    """Return in words how long a run takes here, or "" while that has not been measured."""
    pace = known_pace(config)
    if pace is None:
        return ""
    return f"about {duration(estimate(pace, config, *count_faces(config, dataset)).seconds)}"


def show_estimate(config: RunConfig, dataset: DatasetDescription) -> None:
    """Draw how long the run would take; what is not known is measured once the choice has settled.

    Args:
        config: of the run.
        dataset: which it is trained on.
    """
    pace = known_pace(config)
    if pace is not None:
        _show_pace(pace, config, dataset)
    else:
        st.fragment(_show_measuring, run_every=_EVERY)(config)


def _show_pace(pace: Pace, config: RunConfig, dataset: DatasetDescription) -> None:
    expected = estimate(pace, config, *count_faces(config, dataset))
    st.markdown(
        f":material/timer: **About {duration(expected.seconds)}** on this machine · "
        f"{duration(expected.seconds_per_epoch)} an epoch"
    )
    device = f"{escape_markdown(pace.device)}, in {pace.precision}"
    note = f"Measured {moment(pace.measured_at)} with a few batches on {device}"
    if config.early_stopping:
        note += "; early stopping may end it sooner"
    st.caption(note + ".")


def _show_measuring(config: RunConfig) -> None:
    """Draw where the measurement stands; when it is there, draw the page anew."""
    if known_pace(config) is not None:
        st.rerun()
    status = app_jobs().status(question_key(_MEASURE, config))
    if status is not None and status.is_active:
        st.caption(f":material/timer: {escape_markdown(status.text)}")
        _button("Cancel", app_jobs().cancel, status.key)
    elif status is not None:
        st.caption(
            f":material/timer_off: {escape_markdown(status.error or 'How long it takes is not known.')}"
        )
        _button("Measure again", _ask, _MEASURE, config)
    elif _is_busy():
        st.caption(":material/timer: How long it takes is not known: a run is at work.")
        _button("Measure beside it", _ask, _MEASURE, config)
    else:
        st.caption(":material/timer: Seeing how long it takes …")
        # While somebody moves a slider, each place it passes would be measured: only one that stays is.
        if st.session_state.get(_SEEN) == config:
            _ask(_MEASURE, config)
        st.session_state[_SEEN] = config
    show_failure(f"training-{_MEASURE}")


def _button(label: str, action: Callable[..., None], *args: object) -> None:
    st.button(label, type="tertiary", key=f"training-{label}", on_click=action, args=args)


def _ask(question: str, config: RunConfig) -> None:
    """Let a job find out what the page will then find remembered; asking twice does no harm."""
    title, option = _QUESTIONS[question]

    def start() -> None:
        with saved_file("config.json", config.to_json().encode()) as file:
            app_jobs().start(
                question_key(question, config),
                f"{title} {config.name}",
                ["train", f"--config={file}", option],
                _LIMITS,
                lane=question,  # to describe a network takes seconds, to measure one a minute
                folder=file.parent,
            )

    attempt(start, f"training-{question}")


def _is_busy() -> bool:
    try:
        return any(run.status in ACTIVE for run in actions.list_runs())
    except RunError:
        return False


def show_network(config: RunConfig) -> None:
    """Draw a network's layers, shapes, parameters and operations; the first time, Keras is asked.

    Args:
        config: of the run.
    """
    description = known_description(config)
    if description is not None:
        _show_layers(description)
        return
    if app_jobs().status(question_key(_DESCRIBE, config)) is None:
        _ask(_DESCRIBE, config)
    st.fragment(_show_waiting, run_every=_EVERY)(config)


def _show_waiting(config: RunConfig) -> None:
    if known_description(config) is not None:
        st.rerun()
    status = app_jobs().status(question_key(_DESCRIBE, config))
    if status is None or status.is_active:
        st.caption(
            ":material/hourglass_top: Keras builds the network to count its parameters; some seconds …"
        )
    else:
        st.error(escape_markdown(status.error or "It was cancelled."), icon=":material/account_tree:")
        _button("Try again", _ask, _DESCRIBE, config)
    show_failure(f"training-{_DESCRIBE}")


def _show_layers(description: NetworkDescription) -> None:
    with st.container(horizontal=True):
        st.metric("Parameters", f"{description.parameters:,}", border=True)
        st.metric(
            "Operations",
            f"{description.multiply_adds / 1e6:,.0f} M",
            border=True,
            help="Multiplications with an addition, for one face.",
        )
        st.metric("Layers", len(description.layers), border=True)
    st.dataframe(
        {
            "layer": [row.name for row in description.layers],
            "kind": [row.kind for row in description.layers],
            "output": [" × ".join(map(str, row.output_shape)) for row in description.layers],
            "parameters": [row.parameters for row in description.layers],
            "operations": [row.multiply_adds for row in description.layers],
        },
        hide_index=True,
        height=350,
        column_config={
            "parameters": st.column_config.NumberColumn(format="localized"),
            "operations": st.column_config.NumberColumn(format="localized"),
        },
        key="training-layers",
        alt="The layers of the network, from the face to the answer",
    )
