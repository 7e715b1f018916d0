"""Training runs, for everyone above the database: pages, the command line, the training processes.

There is no daemon. Whoever looks or asks sees to it that the store tells the truth: processes that
died are noted, and queued runs start where there is room. Imports no Keras.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

from emotion import paths
from emotion.models import registry
from emotion.models.card import ModelError, folder_version
from emotion.runs import files, launcher
from emotion.runs.files import has_best_weights
from emotion.runs.run import Run, RunError, RunStatus
from emotion.runs.scheduler import tend
from emotion.runs.store import RunStore, Transaction, in_queue_order
from emotion.training.config import RunConfig

_MAX_NAME = 80
_MAX_NOTE = 2000
_DELETED = ".deleted-"


def submit(
    config: RunConfig, preset: str, register: bool = False, replace_model: bool = False, name: str = ""
) -> Run:
    """Queue a new run, and start it if there is room.

    Args:
        config: what to do.
        preset: the recipe the config began from, or "".
        register: add the model to the others when finished.
        replace_model: then let it take the place of a model of the same name.
        name: what a person calls the run; the config's name without it.

    Raises:
        FileError: the folder of the runs cannot be written.
    """
    store = _store()
    settings = files.config_text(config)  # asks for versions and the commit, which takes a moment
    with store.transaction() as transaction:
        # Within the transaction, so that nobody finds the folder before the row.
        folder = files.create_folder(store.root, config.name, settings)
        try:
            run = Run(
                id=folder.name,
                name=_clean_name(name or config.name),
                status=RunStatus.QUEUED,
                preset=preset,
                dataset=config.dataset,
                epochs=config.epochs,
                register=register,
                replace_model=replace_model,
                created_at=time.time(),
                variables=launcher.kept_variables(),
            )
            transaction.add(run)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    tend(store)
    return store.find(run.id)


def list_runs() -> list[Run]:
    """Return all runs, newest first, each as it truly stands.

    Processes that died are noted, and queued runs start while there is room. A folder that the store knows
    nothing of is taken in; a run whose folder somebody deleted is forgotten.

    Raises:
        RunError: the store cannot be read, or the limit is no number.
    """
    return tend(_store())


def get_run(run_id: str) -> Run:
    """Return one run, as it truly stands.

    Raises:
        RunError: there is none of that id, or the store cannot be read.
    """
    for run in list_runs():
        if run.id == run_id:
            return run
    return _store().find(run_id)


@contextmanager
def _changing(run_id: str) -> Iterator[tuple[Transaction, Run]]:
    """Lend the right to write, and the run as it truly stands: one whose process died is not at work.

    Raises:
        RunError: there is none of that id, or the store cannot be written.
    """
    get_run(run_id)
    with _store().transaction() as transaction:
        yield transaction, transaction.find(run_id)


def queue_position(run: Run) -> int | None:
    """Return a queued run's place, 1 for the one that is next; None for one that does not wait."""
    waiting = [item.id for item in in_queue_order(RunStore(run.root).runs())]
    return waiting.index(run.id) + 1 if run.id in waiting else None


def stop(run_id: str) -> None:
    """End a run: a queued one at once, one at work after its current batch. It can be resumed.

    Raises:
        RunError: it is neither queued nor running.
    """
    with _changing(run_id) as (transaction, run):
        queued = run.status is RunStatus.QUEUED
        transaction.move(run_id, RunStatus.STOPPED if queued else RunStatus.STOPPING)


def resume(run_id: str, register: bool | None = None, replace_model: bool | None = None) -> None:
    """Queue a run again that was stopped, interrupted or failed; it goes on after its last whole epoch.

    Args:
        run_id: of the run.
        register: add the model to the others when finished; None leaves it as it was.
        replace_model: then let it take the place of a model of the same name; None leaves it as it was.

    Raises:
        RunError: it is not one of these.
    """
    wishes = {"register": register, "replace_model": replace_model}
    _queue_again(run_id, "train", **{name: wish for name, wish in wishes.items() if wish is not None})


def finish_early(run_id: str) -> None:
    """Queue a run that is not done, to make a model of its best weights so far, without another epoch.

    Raises:
        RunError: it is queued, at work or finished, or no epoch is done yet.
    """
    if not has_best_weights(get_run(run_id)):
        raise RunError(f"The run {run_id} has no finished epoch yet, so there is nothing to make a model of.")
    _queue_again(run_id, "export")


def _queue_again(run_id: str, task: str, **columns: bool) -> None:
    with _changing(run_id) as (transaction, run):
        variables = launcher.kept_variables(run.variables)
        transaction.move(run_id, RunStatus.QUEUED, task=task, variables=variables, **columns)
    tend(_store())


def rename(run_id: str, name: str) -> None:
    """Call a run something else; its folder and its model keep their names.

    Raises:
        RunError: there is no such run, or the name is empty.
    """
    cleaned = _clean_name(name)
    with _changing(run_id) as (transaction, _):
        transaction.change(run_id, name=cleaned)


def set_note(run_id: str, text: str) -> None:
    """Keep a person's words on a run, at most 2,000 characters of them.

    Raises:
        RunError: there is no such run.
    """
    with _changing(run_id) as (transaction, _):
        transaction.change(run_id, note=text.strip()[:_MAX_NOTE])


def _clean_name(name: str) -> str:
    """Return a name on one line, without what no eye can see."""
    cleaned = "".join(letter if letter.isprintable() else " " for letter in name)
    cleaned = " ".join(cleaned.split())[:_MAX_NAME].strip()
    if not cleaned:
        raise RunError("A run's name needs at least one letter or digit.")
    return cleaned


def delete(run_id: str) -> None:
    """Remove a run and all its files; its model, where it was added to the others, stays.

    Raises:
        RunError: it is at work, or the disk refuses.
    """
    with _changing(run_id) as (transaction, run):
        if run.is_going:
            raise RunError(f"The run {run.id} is {run.status}; stop it first, then delete it.")
        transaction.remove(run_id)
        # Renamed, then removed: nobody finds half of a run.
        if run.folder.exists():
            run.folder.rename(run.root / f"{_DELETED}{run.id}-{time.time_ns()}")
    for remains in run.root.glob(f"{_DELETED}*"):
        shutil.rmtree(remains, ignore_errors=True)
    tend(_store())


def move_in_queue(run_id: str, up: bool) -> None:
    """Let a queued run change places with its neighbour; at the end of the queue nothing happens.

    Args:
        run_id: of the run.
        up: towards the front.

    Raises:
        RunError: it is not queued.
    """
    with _store().transaction() as transaction:
        run = transaction.find(run_id)
        waiting = in_queue_order(transaction.runs())
        if run not in waiting:
            raise RunError(f"The run {run.id} is {run.status}, so it has no place in the queue.")
        place = waiting.index(run) + (-1 if up else 1)
        if 0 <= place < len(waiting):
            neighbour = waiting[place]
            transaction.change(run.id, position=neighbour.position)
            transaction.change(neighbour.id, position=run.position)


def add_model(run_id: str) -> str:
    """Put a finished run's model among the others unless it is there already, and return its name.

    Raises:
        RunError: the run is not finished.
        ModelError: its model cannot be used.
        FileError: the disk refuses.
    """
    # In a transaction, so that two who press at once do not add it twice.
    with _changing(run_id) as (transaction, run):
        if run.status is not RunStatus.FINISHED:
            raise RunError(f"The run {run.id} is {run.status}; only a finished run has a model.")
        name = run.model
        if not is_added(run):
            name = registry.add_model(run.folder / "model", run.config.name)
            transaction.change(run_id, model=name)
    return name


def use_model(run_id: str) -> str:
    """Let everyone predict with a finished run's model, and return the model's name; see `add_model`."""
    name = add_model(run_id)
    registry.activate(name)
    return name


def is_added(run: Run) -> bool:
    """Return whether a run's model is among the others: somebody may have deleted or replaced it."""
    if not run.model:
        return False
    try:
        return folder_version(paths.models_folder() / run.model) == folder_version(run.folder / "model")
    except ModelError:
        return False


def _store() -> RunStore:
    return RunStore(paths.runs_folder())
