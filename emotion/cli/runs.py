"""`python -m emotion runs`: list training runs, look at one, stop it, go on with it, pack it."""

import argparse
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from emotion.cli.console import say
from emotion.cli.follow import result_lines
from emotion.files import replacing
from emotion.labels import in_percent
from emotion.runs import actions, files
from emotion.runs.run import Run, RunStatus
from emotion.training.metrics import METRICS, read_progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands of `runs` to a parser."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="list the runs, newest first")
    listing.set_defaults(run=_list)
    for name, action, meaning in (
        ("show", _show, "show how a run stands"),
        ("stop", _acting(actions.stop), "end a run after its current batch; it can be resumed"),
        ("resume", _acting(actions.resume), "go on with a run that was stopped, interrupted or failed"),
        ("finish", _acting(actions.finish_early), "make a model of the best weights so far"),
        ("add", _acting(_add), "put a finished run's model among the others"),
        ("use", _acting(_use), "let everyone predict with a finished run's model"),
        ("delete", _delete, "remove a run and its files; its model stays"),
        ("rename", _acting(actions.rename, "text"), "call a run something else"),
        ("note", _acting(actions.set_note, "text"), "keep some words on a run"),
        ("move", _acting(_move, "direction"), "change a queued run's place"),
        ("export", _export, "pack a run as ZIP, or its curves as CSV"),
    ):
        command = commands.add_parser(name, help=meaning)
        command.add_argument("id", metavar="ID")
        command.set_defaults(run=action)
        if name in ("rename", "note"):
            command.add_argument("text", metavar=name.removeprefix("re").upper())
        elif name == "move":
            command.add_argument("direction", choices=("up", "down"))
        elif name == "export":
            command.add_argument(
                "-o", "--output", metavar="FILE", type=Path, required=True, help="a .zip or a .csv"
            )
    for command in commands.choices.values():
        command.add_argument("--json", action="store_true", help="print JSON, one object a line")


def list_entry(run: Run) -> dict[str, Any]:
    """Return what `runs list --json` says of a run."""
    names = ("id", "name", "status", "dataset", "preset", "epoch", "epochs", "val_accuracy")
    return {name: getattr(run, name) for name in names}


def full_entry(run: Run) -> dict[str, Any]:
    """Return what `runs show --json`, and the commands that change a run, say of it."""
    names = ("note", "task", "activity", "error", "model")
    times = ("created_at", "queued_at", "started_at", "ended_at")
    more = {
        "queue_position": actions.queue_position(run),
        "pid": run.pid if run.is_going else None,
        "folder": str(run.folder),
    }
    return list_entry(run) | {name: getattr(run, name) for name in names + times} | more


def _list(arguments: argparse.Namespace) -> int:
    found = actions.list_runs()
    if not found and not arguments.json:
        say("There is no run yet; start one with: python -m emotion train")
    for run in found:
        print(json.dumps(list_entry(run)) if arguments.json else _line(run))
    return 0


def _line(run: Run) -> str:
    accuracy = f"  {in_percent(run.val_accuracy):>6}" if run.val_accuracy is not None else " " * 8
    place = actions.queue_position(run)
    status = f"{run.status} ({place})" if place else str(run.status)
    epochs = f"{run.epoch:4}/{run.epochs:<4}"
    return f"{run.id:32} {status:12} {epochs}{accuracy}  {Path(run.dataset).name:16} {run.name}"


def _show(arguments: argparse.Namespace) -> int:
    run = actions.get_run(arguments.id)
    if arguments.json:
        print(json.dumps(full_entry(run)))
        return 0
    place = actions.queue_position(run)
    rows = {
        "run": run.id,
        "name": run.name,
        "note": run.note,
        "status": f"{run.status}, number {place} in the queue" if place else str(run.status),
        "error": run.error,
        "now": run.activity,
        "dataset": run.dataset,
        "preset": run.preset,
        "epochs": _epochs_words(run),
        "created": _time_words(run.created_at),
        "started": _time_words(run.started_at),
        "ended": _time_words(run.ended_at),
        "log": str(run.folder / "log.txt") if run.started_at else "",
    }
    for name, text in rows.items():
        if text:
            print(f"{name:8} {text}")
    for record in files.finished_epochs(run.folder)[-3:]:
        print(
            f"{'':8} epoch {record['epoch']}: accuracy {record['accuracy']:.3f}, "
            f"validation {record['val_accuracy']:.3f}"
        )
    if run.status is RunStatus.FINISHED:
        print("\n".join(result_lines(run)))
    return 0


def _epochs_words(run: Run) -> str:
    text = f"{run.epoch} of {run.epochs}"
    if run.val_accuracy is not None:
        text += f", best validation accuracy {in_percent(run.val_accuracy)}"
    batch = read_progress(run.folder / METRICS) if run.is_going else None
    return text + (f", now batch {batch['batch']} of {batch['batches']}" if batch else "")


def _time_words(moment: float | None) -> str:
    return datetime.fromtimestamp(moment).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def _acting(act: Callable[..., None], *names: str) -> Callable[[argparse.Namespace], int]:
    """Return a command that does something to a run, given what has these names, and says how it stands."""

    def command(arguments: argparse.Namespace) -> int:
        act(arguments.id, *(getattr(arguments, name) for name in names))
        run = actions.get_run(arguments.id)
        print(json.dumps(full_entry(run)) if arguments.json else _line(run))
        return 0

    return command


def _add(run_id: str) -> None:
    say(f"It is among the models as {actions.add_model(run_id)}.")


def _use(run_id: str) -> None:
    name = actions.use_model(run_id)
    say(f"Everyone predicts with {name!r} now.")


def _move(run_id: str, direction: str) -> None:
    actions.move_in_queue(run_id, direction == "up")


def _delete(arguments: argparse.Namespace) -> int:
    actions.delete(arguments.id)
    if arguments.json:
        print(json.dumps({"id": arguments.id, "deleted": True}))
    else:
        say(f"Deleted {arguments.id}.")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    output: Path = arguments.output
    if output.suffix.lower() not in (".zip", ".csv"):
        say(f"{output} must end in .zip (the whole run) or .csv (its curves).")
        return 2
    folder = actions.get_run(arguments.id).folder
    is_zip = output.suffix.lower() == ".zip"
    content = files.zipped(folder) if is_zip else files.curves_csv(folder).encode()
    with replacing(output) as partial:
        partial.write_bytes(content)
    if arguments.json:
        print(json.dumps({"id": arguments.id, "file": str(output)}))
    else:
        say(f"Written: {output}")
    return 0
