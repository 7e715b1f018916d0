"""`python -m emotion models`: list, use, evaluate, describe, export, import and delete models."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from emotion.cards.text import card_text
from emotion.cli import evaluate, exchange
from emotion.cli.console import hand_over, say
from emotion.errors import ReadableError
from emotion.evaluation import timing
from emotion.evaluation.report import Robustness
from emotion.files import write_text
from emotion.labels import in_percent
from emotion.models import registry
from emotion.models.card import LITERT_FILE, ModelCard, ModelError, read_card
from emotion.models.mix import MIXES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands of `models` to a parser."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="list the models")
    listing.add_argument("--json", action="store_true", help="print JSON, one object a line")
    listing.set_defaults(run=_list)
    named = {}
    for name, action, meaning in (
        ("use", _use, "let the pages and the command line predict with a model"),
        ("rename", _acting(registry.rename_model, "new_name"), "give a model another name"),
        ("note", _acting(registry.set_note, "text"), "keep a few words with a model"),
        ("delete", _acting(registry.delete_model), "remove a model from disk"),
        ("card", _card, "tell what a model is, how it was made and how good it is, as Markdown"),
    ):
        named[name] = commands.add_parser(name, help=meaning)
        named[name].set_defaults(run=action)
        named[name].add_argument("name", metavar="NAME")
    named["use"].add_argument(
        "--mix",
        default="own",
        choices=tuple(MIXES),
        help="which mix of emotions its probabilities assume: own, as the model was made; training, as in "
        "its training data; even, all expressions alike",
    )
    named["rename"].add_argument("new_name", metavar="NEW_NAME")
    named["note"].add_argument("text", metavar="TEXT")
    named["card"].add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="write it there (default: print it)"
    )
    named["card"].add_argument(
        "--robustness",
        metavar="FILE",
        type=Path,
        help="add a section from what `robustness --json` has printed",
    )
    evaluate.add_commands(commands)
    exchange.add_arguments(commands)


def _list(arguments: argparse.Namespace) -> int:
    active = registry.active_model()
    timings = {}
    for card in registry.list_models():
        measured = _timing(card.name)
        timings[card.name] = measured and asdict(measured)
        facts = _facts(card, card.name == active, measured)
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
    hand_over({"timings": timings})
    return 0


def _timing(name: str) -> timing.Timing | None:
    """Return the speed of a model, measured the first time; None where it cannot be used."""
    try:
        return timing.known_timing(name) or timing.measure_timing(name)
    except (ReadableError, OSError):
        return None  # it is listed, so that it can be deleted


def _facts(card: ModelCard, is_active: bool, measured: timing.Timing | None) -> dict[str, Any]:
    """Return what `list --json` says of a model."""
    test = card.metrics("test")
    file = registry.model_folder(card.name) / LITERT_FILE
    size = file.stat().st_size if measured else None
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
    registry.activate(arguments.name, arguments.mix)
    mix = "" if arguments.mix == "own" else f", {MIXES[arguments.mix][0].lower()}{MIXES[arguments.mix][1:]}"
    say(f"The pages and the command line now use {arguments.name}{mix}.")
    return 0


def _acting(act: Callable[..., None], *names: str) -> Callable[[argparse.Namespace], int]:
    """Return a command that does something to a model, given what has these names."""

    def command(arguments: argparse.Namespace) -> int:
        act(arguments.name, *(getattr(arguments, name) for name in names))
        return 0

    return command


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
