"""The command line: the same library from a shell.

With `--json`, machine-readable output stands alone on stdout; messages go to stderr. Exit status
0: all done; 1: something failed, the rest was done; 2: wrong usage.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2

from emotion.cli import datasets as dataset_cli
from emotion.cli import evaluate as evaluate_cli
from emotion.cli import models as models_cli
from emotion.cli import runs as runs_cli
from emotion.cli import train as training_cli
from emotion.cli.console import become_job, is_job, say, say_error
from emotion.errors import ReadableError
from emotion.images import SUPPORTED_EXTENSIONS, ImageError, read_image
from emotion.labels import how_sure
from emotion.models.classifier import Classifier
from emotion.models.registry import active_model, model_folder
from emotion.photos.analysis import Analysis, Analyzer, error_dict
from emotion.pool import map_at_once


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    arguments = _parser().parse_args(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's greetings
    try:
        if arguments.job:
            become_job()
        return arguments.run(arguments)
    except ReadableError as error:
        say_error(str(error))
        return 1
    except BrokenPipeError:
        # The reader, `head` for one, has seen enough. Nothing more can be printed, not even at exit.
        sys.stdout = None
        return 0
    except KeyboardInterrupt:
        if not is_job():  # the app that cancels a job, or is gone, reads no more of it
            say("Interrupted.")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emotion", description="Recognise facial expressions.")
    # How the app starts work that takes a while; what is said then is for a program.
    parser.add_argument("--job", action="store_true", help=argparse.SUPPRESS)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    analyze = commands.add_parser("analyze", help="find the faces in pictures and name their expressions")
    analyze.add_argument("paths", nargs="+", metavar="PATH", type=Path, help="pictures, or folders of them")
    analyze.add_argument("--model", metavar="NAME", help="which model (default: the active one)")
    analyze.add_argument("--json", action="store_true", help="print JSON, one object a line")
    analyze.set_defaults(run=_analyze)

    evaluate = commands.add_parser("evaluate", help="measure a model on labelled faces")
    evaluate_cli.add_arguments(evaluate)

    datasets = commands.add_parser("datasets", help="import datasets, and see what is in them")
    dataset_cli.add_arguments(datasets)

    models = commands.add_parser("models", help="list, use, evaluate, export and import models")
    models_cli.add_arguments(models)

    train = commands.add_parser("train", help="train a model (the same as python train_model.py)")
    training_cli.add_arguments(train)
    train.set_defaults(run=training_cli.run)

    runs = commands.add_parser("runs", help="list training runs, stop them, go on with them")
    runs_cli.add_arguments(runs)
    return parser


def _analyze(arguments: argparse.Namespace) -> int:
    analyzer = Analyzer(Classifier(model_folder(arguments.model or active_model())))
    failed = False
    cv2.setNumThreads(1)  # each picture has a core of its own; OpenCV's threads would only get in the way

    def analyze(path: Path) -> tuple[Path, Analysis | ImageError]:
        try:
            return path, analyzer.analyze(read_image(path))
        except ImageError as error:
            return path, error

    for path, analysis in map_at_once(analyze, _pictures(arguments.paths)):
        if isinstance(analysis, ImageError):
            failed = True
            if arguments.json:
                print(json.dumps(error_dict(str(path), str(analysis))), flush=True)
            else:
                say(f"{path}: {analysis}")
        elif arguments.json:
            print(json.dumps(analysis.to_dict(str(path))), flush=True)
        else:
            _print_analysis(path, analysis)
    return int(failed)


def _pictures(paths: list[Path]) -> Iterator[Path]:
    """Yield the paths; of a folder, the pictures in it and below."""
    for path in paths:
        if path.is_dir():
            yield from sorted(
                file for file in path.rglob("*") if file.suffix.lower().lstrip(".") in SUPPORTED_EXTENSIONS
            )
        else:
            yield path


def _print_analysis(path: Path, analysis: Analysis) -> None:
    count = len(analysis.faces)
    print(f"{path}: {count} face{'s' * (count != 1)}" if count else f"{path}: no face found", flush=True)
    if analysis.note:
        print(f"  {analysis.note}", flush=True)
    for face in analysis.faces:
        ranked = sorted(face.to_dict()["probabilities"].items(), key=lambda item: -item[1])[:3]
        answers = ", ".join(f"{name} {how_sure(probability)}" for name, probability in ranked)
        notes = " (uncertain)" * face.is_uncertain + " (small face)" * face.is_small
        print(f"  {face.number}: {answers}{notes}", flush=True)
