"""`python -m emotion models export | weights`: models taken away."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from emotion.cli import evaluate, reading
from emotion.cli.console import progress_bar, say, use_no_gpu
from emotion.exchange import exports
from emotion.labels import in_percent


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
    reading.add_arguments(commands)


def _export(arguments: argparse.Namespace) -> int:
    use_no_gpu()
    if arguments.output is None:
        file = exports.make_file(arguments.name, arguments.format, say)
        say(f"{exports.FORMATS[arguments.format]} of {arguments.name} is ready: {file}")
    else:
        exports.export_model(arguments.name, arguments.format, arguments.output, say)
        say(f"Written: {arguments.output}")
    return 0


def _weights(arguments: argparse.Namespace) -> int:
    use_no_gpu()
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
