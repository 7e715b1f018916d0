"""One run, from the moment it is started: how far it is, its curves, its log, and what came of it."""

import time
from pathlib import Path

import streamlit as st

from emotion.errors import ReadableError
from emotion.figures import training as figures
from emotion.jobs.status import duration
from emotion.labels import in_percent
from emotion.runs import actions
from emotion.runs.run import Run, RunStatus, UnknownRunError
from emotion.training import metrics
from pages.shared.errors import errors_shown
from pages.shared.text import escape_markdown
from pages.training.actions import show_actions
from pages.training.address import START, go_to, watch, watched_run
from pages.training.chart import live_chart
from pages.training.progress import Progress, UsageMeter, measure
from pages.training.result import show_result
from pages.training.words import (
    ACTIVE,
    STATUS_WORDS,
    moment,
    run_label,
    setting_texts,
    training_time,
)

_EVERY = 1.0  # seconds between two looks at a run that is at work
_LOG_BYTES = 20_000
_METER = "training-usage"
_CHOICE = "training-watched"


def show_watch(run_list: list[Run]) -> None:
    """Draw the chosen run, or the newest one.

    Args:
        run_list: all runs, newest first.
    """
    if not run_list:
        st.info("Nothing has been trained yet.", icon=":material/model_training:")
        st.button("Train a model", type="primary", on_click=go_to, args=(START,), key="training-first")
        return
    # Each part has a place of its own: the charts stay where they are, and so what they are, while
    # other parts come and go.
    choice, head, live = st.container(), st.container(), st.container()
    with choice:
        run = _choose_run(run_list)
    with head:
        _show_head(run)
        show_actions(run, "watch")
    with live:
        # Only a run at work is looked at again and again.
        every = _EVERY if run.status in ACTIVE else None
        st.fragment(_show_live, run_every=every)(run.id, (run.status, run.task))
    if run.status is RunStatus.FINISHED:
        show_result(run)
    _show_settings(run)


def _choose_run(run_list: list[Run]) -> Run:
    by_id = {run.id: run for run in run_list}
    wanted = watched_run()
    if wanted not in by_id:
        if wanted is not None:
            st.warning("That run is not here; it may have been deleted.", icon=":material/search_off:")
        wanted = run_list[0].id
        watch(wanted)
    if len(run_list) > 1:
        st.session_state[_CHOICE] = wanted
        st.selectbox(
            "Run",
            list(by_id),
            format_func=lambda run_id: run_label(by_id[run_id]),
            key=_CHOICE,
            # Before the page is drawn: to draw it a second time would take away what was just clicked.
            on_change=lambda: watch(st.session_state[_CHOICE]),
        )
    return by_id[wanted]


def _show_head(run: Run) -> None:
    words = STATUS_WORDS[run.status]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(escape_markdown(run.name), width="content", anchor=False)
        st.badge(words.name, icon=words.icon, color=words.color)
    if run.note:
        st.caption(escape_markdown(run.note))
    if run.error and run.status is RunStatus.FAILED:
        st.error(escape_markdown(run.error), icon=":material/error:")
    elif run.error:
        st.warning(escape_markdown(run.error), icon=":material/power_off:")


def _show_live(run_id: str, drawn: tuple[RunStatus, str]) -> None:
    """Draw what changes while a run is at work; once its status has changed, draw the whole page anew."""
    try:
        run = actions.get_run(run_id)  # whoever looks keeps the queue going, too
    except UnknownRunError:  # somebody has just deleted it
        st.rerun()
    except ReadableError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    if (run.status, run.task) != drawn:
        st.rerun()
    epochs, batches = _read(run.folder / metrics.METRICS)
    progress = measure(epochs, batches, max(1, run.epochs))
    # Places of their own here as well; see `show_watch`.
    bars, numbers, curves = st.container(), st.container(), st.container()
    if run.status in ACTIVE:
        with bars:
            _show_progress(run, progress)
    if epochs or batches:
        with numbers:
            _show_figures(run, progress, epochs)
        with curves:
            _show_curves(run, epochs, batches)
    elif run.status not in ACTIVE:
        bars.info(
            "It ended before it had learned anything: there are no curves.", icon=":material/show_chart:"
        )
    _show_log(run)


def _read(path: Path) -> tuple[list[dict], list[dict]]:
    try:
        state = path.stat()
    except FileNotFoundError:
        return [], []
    return _read_version(str(path), state.st_mtime_ns, state.st_size)


@st.cache_data(show_spinner=False, max_entries=16)
def _read_version(path: str, changed: int, size: int) -> tuple[list[dict], list[dict]]:
    return metrics.read_all(Path(path))


def _show_progress(run: Run, progress: Progress) -> None:
    if run.status is RunStatus.QUEUED:
        position = actions.queue_position(run)
        st.info(
            "It starts as soon as a running one ends."
            if position in (None, 1)
            else f"It is number {position} in the queue.",
            icon=":material/schedule:",
        )
        return
    since = "" if run.started_at is None else f" · {duration(time.time() - run.started_at)} so far"
    if progress.share == 1 or run.task == "export":
        st.progress(progress.share, f"{run.epoch} of {run.epochs} epochs done{since}")
    else:
        left = "" if progress.seconds_left is None else f" · about {duration(progress.seconds_left)} left"
        st.progress(progress.share, f"Epoch {progress.epoch} of {progress.epochs}{since}{left}")
        if progress.batches:
            st.progress(
                progress.epoch_share, f"Batch {progress.batch:,} of {progress.batches:,} in this epoch"
            )
    st.caption(f":material/sync: {escape_markdown(run.activity or 'The training process is starting …')}")


def _show_figures(run: Run, progress: Progress, epochs: list[dict]) -> None:
    best = progress.best
    with st.container(horizontal=True):
        st.metric(
            "Best validation accuracy",
            "–" if best is None else in_percent(best["val_accuracy"]),
            border=True,
            help=None if best is None else f"Of epoch {best['epoch']}; its weights become the model.",
        )
        if not run.is_going:
            st.metric("Epochs", f"{run.epoch} of {run.epochs}", border=True)
            st.metric("Training time", training_time(epochs), border=True)
        elif progress.learning_rate is not None:
            st.metric("Learning rate", f"{progress.learning_rate:.2g}", border=True)
        if progress.images_per_second is not None:
            st.metric("Faces a second", f"{progress.images_per_second:,.0f}", border=True)
        if run.is_going and run.pid is not None:
            meter: UsageMeter = st.session_state.setdefault(_METER, UsageMeter())
            usage = meter.read(run.pid)
            if usage is not None:
                st.metric("Processor", in_percent(usage.processor, 0), border=True, help="Of all cores.")
                st.metric("Memory", f"{usage.memory / 1e9:.1f} GB", border=True)


def _show_curves(run: Run, epochs: list[dict], batches: list[dict]) -> None:
    latest = ""
    if epochs:
        last = epochs[-1]
        reached = " and ".join(in_percent(last[key], 0) for key in ("accuracy", "val_accuracy"))
        latest = f"; after epoch {last['epoch']}, {reached}"
    labels = {
        "accuracy": f"Accuracy of training and validation{latest}",
        "loss": "Loss of training and validation over the epochs",
    }
    for column, (quantity, label) in zip(st.columns(2, gap="medium"), labels.items(), strict=True):
        with column:
            st.markdown(f"**{quantity.capitalize()}**")
            live_chart(figures.curves(epochs, batches, quantity, run.id), f"training-{quantity}", label)
    with st.expander("Learning rate", icon=":material/trending_down:"):
        figure = figures.learning_rates(epochs, batches, run.id)
        live_chart(figure, "training-rate", "Learning rate over the epochs", 220)


def _show_log(run: Run) -> None:
    with st.expander("Log", icon=":material/terminal:"):
        text = _tail(run.folder / "log.txt")
        if text:
            st.code(text, language=None, height=300, wrap_lines=True)
        else:
            st.caption("The process has written nothing yet.")


def _tail(path: Path) -> str:
    """Return the end of a log, from the start of a line on; "" where there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _LOG_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return text if size <= _LOG_BYTES else "…\n" + text.partition("\n")[2]


def _show_settings(run: Run) -> None:
    with st.expander("Settings of this run", icon=":material/tune:"):
        times = {
            "Started": moment(run.started_at or run.created_at),
            "Ended": moment(run.ended_at),
            "Preset": run.preset,
        }
        st.caption(" · ".join(f"{name} {escape_markdown(value)}" for name, value in times.items() if value))
        with errors_shown("error"):
            texts = setting_texts(run.config)
            st.dataframe(
                {"setting": list(texts), "value": list(texts.values())},
                hide_index=True,
                height=300,
                key="training-settings-table",
                alt="The settings of this run",
            )
