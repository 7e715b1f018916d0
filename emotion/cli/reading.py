"""`python -m emotion models import | adjust | try`: models brought in, and how they are asked and read."""

import argparse
import json
from pathlib import Path
from typing import Any

from emotion import paths
from emotion.cli.console import hand_over, is_job, progress_bar, say, use_no_gpu
from emotion.dataset.loading import open_source
from emotion.dataset.store import SYNTHETIC, list_datasets
from emotion.exchange import adjusting
from emotion.exchange.file_check import check_file
from emotion.exchange.imports import LEFT_OUT, LIMITS, Told, import_model
from emotion.exchange.orders import ORDERS, order_name, parse_labels
from emotion.exchange.ranges import AUTO, HELP, parse_range, range_text, range_words
from emotion.jobs.jobs import Jobs
from emotion.models.card import ModelError
from emotion.models.reading import describe

_NO_DATASET = "none"
_ORDER_HELP = f"the order of its outputs: {', '.join(ORDERS)}, or all its classes, separated by commas"
_CONTEMPT_HELP = "what a class 'contempt' counts as: one of the seven, or 'left out', which is the default"


def add_arguments(commands: Any) -> None:
    """Add the commands to those of `models`."""
    importing = commands.add_parser("import", help="add a .keras, .h5 or .tflite file that somebody made")
    importing.set_defaults(run=_import)
    importing.add_argument("path", metavar="FILE", type=Path)
    importing.add_argument("--name", default="", help="what to call it (default: as its file)")
    importing.add_argument(
        "--labels",
        default="",
        metavar="ORDER",
        help=f"{_ORDER_HELP} (default: as --try tells, or alphabetical)",
    )
    importing.add_argument(
        "--range",
        default=AUTO,
        metavar="RANGE",
        help=f"what black and white are to it: {HELP} (default: as its own first layers tell, or --try)",
    )
    importing.add_argument("--contempt", default=LEFT_OUT, metavar="EMOTION", help=_CONTEMPT_HELP)
    importing.add_argument(
        "--try",
        default="",
        dest="dataset",
        metavar="DATASET",
        help="faces with labels, to find out range and order where they are not told "
        f"(default: the largest imported dataset, where one is; {_NO_DATASET}: no trying)",
    )
    adjusting_ = commands.add_parser("adjust", help="change the range or the order of an imported model")
    adjusting_.set_defaults(run=_adjust)
    adjusting_.add_argument("name", metavar="NAME")
    adjusting_.add_argument("--labels", default="", metavar="ORDER", help=_ORDER_HELP)
    adjusting_.add_argument("--range", default="", metavar="RANGE", help=f"what black and white are: {HELP}")
    adjusting_.add_argument("--contempt", default="", metavar="EMOTION", help=_CONTEMPT_HELP)
    trying = commands.add_parser(
        "try", help="find the range and order of an imported model that fit a dataset"
    )
    trying.set_defaults(run=_try)
    trying.add_argument("name", metavar="NAME")
    trying.add_argument(
        "source", metavar="DATASET", help="an imported dataset's name, 'synthetic', or a path"
    )
    trying.add_argument("--use", action="store_true", help="read the model so, where something fits better")
    trying.add_argument("--json", action="store_true", help="print JSON")


def _told(arguments: argparse.Namespace) -> Told:
    order = arguments.labels.strip()
    if order and order.lower() not in ORDERS:
        order = ",".join(parse_labels(order))
    return Told(order, parse_range(arguments.range), arguments.contempt)


def _import(arguments: argparse.Namespace) -> int:
    told = _told(arguments)
    if is_job():
        use_no_gpu()
        dataset = open_source(arguments.dataset) if arguments.dataset else None
        imported = import_model(arguments.path, arguments.name, told, dataset, say)
        hand_over({"name": imported.name, "notes": list(imported.notes)})
        return 0
    check_file(arguments.path)
    say(f"Importing {arguments.path.name} …")
    # In a process of its own from a shell, too: what a hostile file crashes is only that.
    jobs = Jobs()
    options = [f"--{name}={getattr(arguments, name)}" for name in ("name", "labels", "range", "contempt")]
    source = _dataset_to_try(arguments.dataset, told)
    if source is not None:
        options.append(f"--try={source}")
    path = str(arguments.path.resolve())
    jobs.start("import", arguments.path.name, ["models", "import", path, *options], LIMITS)
    status = jobs.wait("import")
    if status is None or status.error is not None:
        raise ModelError(status.error if status and status.error else LIMITS.crashed)
    for note in status.result["notes"]:
        say(note)
    print(status.result["name"])
    return 0


def _dataset_to_try(asked: str, told: Told) -> str | None:
    """Return the dataset that range and order are tried on: the one asked for, or the largest there is."""
    if asked == _NO_DATASET:
        return None
    if asked:
        found = paths.find(asked)
        return str(found.resolve()) if found is not None else asked
    if told.order and told.ranges is not None:
        return None
    imported = [item for item in list_datasets() if item.name != SYNTHETIC]
    sizes = {item.name: sum(sum(counts.values()) for counts in item.counts.values()) for item in imported}
    return max(sizes, key=sizes.__getitem__, default=None)


def _adjust(arguments: argparse.Namespace) -> int:
    order = arguments.labels.strip()
    if arguments.range.strip().lower() == AUTO:
        raise ModelError("Its range is looked for when a model is imported; name one, or see 'models try'.")
    ranges = parse_range(arguments.range)
    reading = adjusting.adjust(arguments.name, order, ranges, arguments.contempt)
    say(
        f"{arguments.name} is given {range_words(reading.ranges)}, and its outputs are read in the order "
        f"{order_name(reading.classes)}."
    )
    for note in describe(reading):
        say(note)
    return 0


def _try(arguments: argparse.Namespace) -> int:
    found = paths.find(arguments.source)
    source = str(found.resolve()) if found is not None else arguments.source
    with progress_bar() as show:
        tried = adjusting.try_on(arguments.name, source, show)
    best = tried.proposal
    if arguments.use and best is not None:
        adjusting.adjust(arguments.name, ",".join(best.classes), best.ranges)
    candidates = [
        {"range": range_text(item.ranges), "labels": list(item.classes), "mean_recall": round(item.share, 4)}
        for item in (tried.now, *tried.candidates)
    ]
    said = tried.sentences() + ["So it is read now."] * (arguments.use and best is not None)
    hand_over(
        {"now": candidates[0], "candidates": candidates[1:], "notes": said, "proposed": best is not None}
    )
    if arguments.json:
        facts = {"model": arguments.name, "dataset": tried.dataset, "n": tried.faces, "now": candidates[0]}
        print(json.dumps(facts | {"candidates": candidates[1:], "proposed": best is not None}))
    else:
        for sentence in said:
            print(sentence)
    return 0
