"""`python -m emotion models export | import | weights`: models taken away and brought in."""

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from emotion.cli import evaluate
from emotion.cli.console import hand_over, is_job, progress_bar, say
from emotion.exchange import exports
from emotion.exchange.file_check import check_file
from emotion.exchange.imports import ALPHABETICAL, LIMITS, import_model, parse_labels
from emotion.jobs.jobs import Jobs
from emotion.labels import EMOTIONS, in_percent
from emotion.models.card import ModelError

_ORDERS = {"fer2013": EMOTIONS, "alphabetical": ALPHABETICAL}
_RANGES = {"0-1": 1.0, "0-255": 255.0}


def add_arguments(commands: Any) -> None:
    """Add the commands to those of `models`."""
    export = commands.add_parser("export", help="take a model away")
    export.set_defaults(run=_export)
    export.add_argument("name", metavar="NAME")
    export.add_argument("--format", required=True, choices=tuple(exports.FORMATS))
    export.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help="the model's file; or a .zip, which gets the labels and a program that predicts as well "
        "(default: it is only made, for the page and for next time)",
    )
    weights = commands.add_parser("weights", help="say what weights of 8 bits cost in accuracy")
    weights.set_defaults(run=_weights)
    weights.add_argument("model", metavar="NAME")
    weights.add_argument(
        "source", metavar="DATASET", help="an imported dataset's name, 'synthetic', or a path"
    )
    evaluate.add_options(weights)
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
        "--range", choices=tuple(_RANGES), default="0-1", help="of its input (default: 0-1)"
    )


def _use_no_gpu() -> None:
    """Converting is quick, and a training run may need all of the GPU's memory."""
    os.environ["CUDA_VISIBLE_DEVICES"] = ""


def _export(arguments: argparse.Namespace) -> int:
    _use_no_gpu()
    if arguments.output is None:
        file = exports.make_file(arguments.name, arguments.format, say)
        say(f"{exports.FORMATS[arguments.format]} of {arguments.name} is ready: {file}")
    else:
        exports.export_model(arguments.name, arguments.format, arguments.output, say)
        say(f"Written: {arguments.output}")
    return 0


def _weights(arguments: argparse.Namespace) -> int:
    _use_no_gpu()
    faces = evaluate.faces_of(arguments)
    with progress_bar() as show:
        figures = exports.measure_forms(faces, say, show)
    if arguments.json:
        print(json.dumps({"model": arguments.model} | asdict(figures)))
    else:
        whole, small = in_percent(figures.float_accuracy, 2), in_percent(figures.quantised_accuracy, 2)
        print(
            f"{arguments.model} on {figures.n:,} faces: accuracy {whole} with weights of 32 bits "
            f"({figures.float_bytes:,} bytes), {small} with 8 bits ({figures.quantised_bytes:,} bytes); "
            f"no probability differs by more than {figures.largest_difference:.3f}"
        )
    return 0


def _import(arguments: argparse.Namespace) -> int:
    labels = _ORDERS.get(arguments.labels) or parse_labels(arguments.labels)
    if is_job():
        _use_no_gpu()
        name = import_model(arguments.path, arguments.name, labels, _RANGES[arguments.range], say)
        hand_over({"name": name})
        return 0
    check_file(arguments.path)
    say(f"Importing {arguments.path.name} …")
    # In a process of its own from a shell, too: what a hostile file crashes is only that.
    jobs, options = Jobs(), [f"--{name}={getattr(arguments, name)}" for name in ("name", "labels", "range")]
    path = str(arguments.path.resolve())
    jobs.start("import", arguments.path.name, ["models", "import", path, *options], LIMITS)
    status = jobs.wait("import")
    if status is None or status.error is not None:
        raise ModelError(status.error if status and status.error else LIMITS.crashed)
    print(status.result["name"])
    return 0
