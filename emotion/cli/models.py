"""`python -m emotion models`: list, use, judge, compare, describe, export, import and delete models."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from emotion.cards.text import card_text
from emotion.cli.console import progress_bar, say
from emotion.errors import ReadableError
from emotion.evaluation import tasks, timing
from emotion.evaluation.cache import Trial
from emotion.evaluation.report import Proportion, Report, Robustness
from emotion.evaluation.robustness import CORRUPTIONS, SUBSET
from emotion.exchange import exports
from emotion.exchange.file_check import check_file
from emotion.exchange.imports import ALPHABETICAL, LIMITS, ImportRequest, parse_labels
from emotion.files import write_text
from emotion.jobs.jobs import ModelJobs
from emotion.labels import EMOTIONS, in_percent
from emotion.models import registry
from emotion.models.card import LITERT_FILE, ModelCard, ModelError, read_card
from emotion.training.config import TARGETS

_ORDERS = {"fer2013": EMOTIONS, "alphabetical": ALPHABETICAL}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands of `models` to a parser."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="list the models")
    listing.set_defaults(run=_list)
    named = {}
    for name, action, meaning in (
        ("use", _use, "let the pages and the command line predict with a model"),
        ("rename", _rename, "give a model another name"),
        ("note", _note, "keep a few words with a model"),
        ("delete", _delete, "remove a model from disk"),
        ("evaluate", _evaluate, "all figures of a model on a dataset; kept for the page"),
        ("compare", _compare, "say which of two models is better, and if that is chance"),
        ("robustness", _robustness, "accuracy as pictures get worse"),
        ("card", _card, "tell what a model is, how it was made and how good it is, as Markdown"),
        ("export", _export, "take a model away"),
    ):
        named[name] = commands.add_parser(name, help=meaning)
        named[name].set_defaults(run=action)
        named[name].add_argument("name", metavar="NAME")
    named["rename"].add_argument("new_name", metavar="NEW_NAME")
    named["note"].add_argument("text", metavar="TEXT")
    named["compare"].add_argument("other", metavar="OTHER")
    named["card"].add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="write it there (default: print it)"
    )
    named["card"].add_argument(
        "--robustness",
        metavar="FILE",
        type=Path,
        help="add a section from what `robustness --json` has printed",
    )
    _add_export(named["export"])
    judging = [named[name] for name in ("evaluate", "compare", "robustness")]
    for command in judging:
        command.add_argument("dataset", metavar="DATASET", help="an imported dataset's name, or 'synthetic'")
        command.add_argument("--split", default="test", choices=("train", "validation", "test"))
        command.add_argument(
            "--honour-exclusions", action="store_true", help="leave out what is on the exclusion list"
        )
        command.add_argument(
            "--against",
            default=TARGETS[0],
            choices=TARGETS,
            help="what counts as right: the labels, or what most people saw",
        )
    named["robustness"].add_argument(
        "--all", action="store_true", help=f"of all faces, not about {SUBSET} of them"
    )
    _add_import(commands)
    for command in (listing, *judging):
        command.add_argument("--json", action="store_true", help="print JSON, one object a line")


def _add_export(export: argparse.ArgumentParser) -> None:
    export.add_argument("--format", required=True, choices=tuple(exports.FORMATS))
    export.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        required=True,
        help="the model's file; or a .zip, which gets the labels and a program that predicts as well",
    )


def _add_import(commands: Any) -> None:
    importing = commands.add_parser("import", help="add a .keras or .tflite file that somebody made")
    importing.set_defaults(run=_import)
    importing.add_argument("path", metavar="FILE", type=Path)
    importing.add_argument("--name", default="", help="what to call it (default: as its file)")
    importing.add_argument(
        "--labels",
        default="alphabetical",
        metavar="ORDER",
        help="the order of its outputs: 'alphabetical' (Keras numbers folders so; the default), 'fer2013', "
        "or all seven, separated by commas",
    )
    importing.add_argument(
        "--range", choices=("0-1", "0-255"), default="0-1", help="of its input (default: 0-1)"
    )


def _list(arguments: argparse.Namespace) -> int:
    active = registry.active_model()
    for card in registry.list_models():
        facts = _facts(card, card.name == active)
        if arguments.json:
            print(json.dumps(facts))
            continue
        accuracy = "not measured"
        if facts["accuracy"] is not None:
            accuracy = f"accuracy {in_percent(facts['accuracy'])} by {facts['judged_by']}"
        speed = (
            "cannot be used" if facts["milliseconds"] is None else f"{facts['milliseconds']:.2f} ms a face"
        )
        marks = " (in use)" * facts["active"] + f": {accuracy}, {speed}"
        print(f"{card.name}{marks}" + f" - {card.note}" * bool(card.note))
    return 0


def _facts(card: ModelCard, is_active: bool) -> dict[str, Any]:
    """Return what `list --json` says of a model; measures its speed the first time."""
    test = card.metrics("test")
    measured = None
    try:
        measured = timing.known_timing(card.name) or timing.measure_timing(card.name)
        size = (registry.model_folder(card.name) / LITERT_FILE).stat().st_size
    except (ReadableError, OSError):
        size = None  # it is listed, so that it can be deleted
    return {
        "name": card.name,
        "active": is_active,
        "shipped": registry.is_shipped(card.name),
        "dataset": (card.content.get("dataset") or {}).get("name"),
        "created": card.content.get("created"),
        "parameters": card.content.get("parameters"),
        "bytes": size,
        "judged_by": card.judged_by,
        "accuracy": test.get("accuracy"),
        "macro_f1": test.get("macro_f1"),
        "milliseconds": measured and measured.milliseconds,
        "baseline_milliseconds": measured and measured.baseline,
        "note": card.note,
    }


def _use(arguments: argparse.Namespace) -> int:
    registry.activate(arguments.name)
    say(f"The pages and the command line now use {arguments.name}.")
    return 0


def _rename(arguments: argparse.Namespace) -> int:
    registry.rename_model(arguments.name, arguments.new_name)
    return 0


def _note(arguments: argparse.Namespace) -> int:
    registry.set_note(arguments.name, arguments.text)
    return 0


def _delete(arguments: argparse.Namespace) -> int:
    registry.delete_model(arguments.name)
    return 0


def _trial(arguments: argparse.Namespace, model: str) -> Trial:
    return Trial(model, arguments.dataset, arguments.split, arguments.honour_exclusions, arguments.against)


def _evaluate(arguments: argparse.Namespace) -> int:
    with progress_bar() as show:
        report = tasks.evaluate(_trial(arguments, arguments.name), show)
    if arguments.json:
        print(json.dumps(report.to_dict() | {"model": arguments.name}))
    else:
        _print_report(report)
    return 0


def _print_report(report: Report) -> None:
    print(
        f"{report.model} on {report.dataset}, {report.split}, by {report.against}: "
        f"accuracy {report.overall.in_words}"
    )
    print(f"macro F1 {in_percent(report.macro_f1)}, calibration error {in_percent(report.ece)}")
    print(f"{'':10}{'precision':>10}{'recall':>8}{'F1':>8}{'faces':>8}")
    for name, figures in report.per_class.items():
        print(
            f"{name:10}{in_percent(figures['precision']):>10}{in_percent(figures['recall']):>8}"
            f"{in_percent(figures['f1']):>8}{figures['support']:>8,}"
        )
    if report.copies is not None and report.copies.known is not None:
        _print_share("also in the training split", report.copies.known)
        _print_share("not in the training split", report.copies.unknown)
    for group in report.agreement:
        _print_share(f"votes for one answer: {group.title}", group.by_label)


def _print_share(title: str, share: Proportion | None) -> None:
    if share is not None:
        print(f"{title}: {share.in_words}")


def _compare(arguments: argparse.Namespace) -> int:
    with progress_bar() as show:
        comparison = tasks.compare(
            _trial(arguments, arguments.name), _trial(arguments, arguments.other), show
        )
    print(json.dumps(comparison.to_dict()) if arguments.json else comparison.in_words())
    return 0


def _robustness(arguments: argparse.Namespace) -> int:
    with progress_bar() as show:
        measured = tasks.measure_robustness(
            _trial(arguments, arguments.name), None if arguments.all else SUBSET, show
        )
    if arguments.json:
        print(json.dumps(measured.to_dict() | {"model": arguments.name}))
        return 0
    print(f"{arguments.name} on {measured.n:,} faces, by {measured.against}")
    for curve in measured.curves:
        print(CORRUPTIONS[curve.kind].title)
        print("  " + "".join(f"{level:>8g}" for level in curve.levels))
        print("  " + "".join(f"{in_percent(share):>8}" for share in curve.accuracy))
    return 0


def _card(arguments: argparse.Namespace) -> int:
    name = arguments.name
    card = read_card(registry.model_folder(name))
    measured = None if arguments.robustness is None else _read_robustness(arguments.robustness, name)
    text = card_text(card, measured, registry.is_shipped(name))
    if arguments.output is None:
        print(text, end="")
        return 0
    write_text(arguments.output, text)
    say(f"Written: {arguments.output}")
    return 0


def _read_robustness(path: Path, name: str) -> Robustness:
    """Return what `robustness --json` has printed of the model of that name."""
    try:
        measured = Robustness.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"{path} is not what `python -m emotion models robustness {name} DATASET --json` prints."
        ) from error
    if measured.model != name:
        raise ModelError(f"{path} is about the model {measured.model!r}, not about {name!r}.")
    return measured


def _export(arguments: argparse.Namespace) -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    exports.export_model(arguments.name, arguments.format, arguments.output, say)
    say(f"Written: {arguments.output}")
    return 0


def _import(arguments: argparse.Namespace) -> int:
    labels = _ORDERS.get(arguments.labels) or parse_labels(arguments.labels)
    check_file(arguments.path)
    path = str(arguments.path.resolve())
    request = ImportRequest(path, arguments.name, labels, 1.0 if arguments.range == "0-1" else 255.0)
    # In a process of its own here, too: what a hostile file crashes is only that.
    jobs = ModelJobs()
    say(f"Importing {arguments.path.name} …")
    jobs.start("import", arguments.path.name, request.command(), limits=LIMITS)
    status = jobs.wait("import")
    if status is None or status.error is not None:
        raise ModelError(status.error if status and status.error else LIMITS.crashed)
    print(status.result["name"])
    return 0
