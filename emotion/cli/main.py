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
from emotion.cli import recordings as recordings_cli
from emotion.cli import runs as runs_cli
from emotion.cli import train as training_cli
from emotion.cli import video as video_cli
from emotion.cli.console import become_job, is_job, say, say_error, write_any_name
from emotion.errors import ReadableError
from emotion.images import FORMAT_NAMES, SUPPORTED_EXTENSIONS, ImageError, read_bytes
from emotion.labels import how_sure
from emotion.models.classifier import Classifier
from emotion.models.mix import MIXES
from emotion.models.registry import active_mix, active_model, model_folder
from emotion.photos.analysis import Analysis, Analyzer, error_dict
from emotion.pool import map_at_once

_NO_PICTURES = (
    "There is no picture in this folder; looked for are files whose names end in "
    f"{', '.join(SUPPORTED_EXTENSIONS)}."
)


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    write_any_name()
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
    analyze.add_argument(
        "paths", nargs="+", metavar="PATH", type=Path, help=f"pictures ({FORMAT_NAMES}), or folders of them"
    )
    analyze.add_argument("--model", metavar="NAME", help="which model (default: the active one)")
    analyze.add_argument(
        "--mix",
        choices=tuple(MIXES),
        help="which mix of emotions the probabilities assume (default: the active model's): own, as the "
        "model was made; training, as in its training data; even, all expressions alike",
    )
    analyze.add_argument("--json", action="store_true", help="print JSON, one object a line")
    analyze.set_defaults(run=_analyze)

    evaluate = commands.add_parser("evaluate", help="measure a model on labelled faces")
    evaluate_cli.add_arguments(evaluate)

    video = commands.add_parser("video", help="follow the faces of films through time")
    video_cli.add_arguments(video)

    recordings = commands.add_parser("recordings", help="list, show, export, delete what films became")
    recordings_cli.add_arguments(recordings)

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
    mix = arguments.mix or ("own" if arguments.model else active_mix())
    analyzer = Analyzer(Classifier(model_folder(arguments.model or active_model()), mix=mix))
    failed = False
    cv2.setNumThreads(1)  # each picture has a core of its own; OpenCV's threads would only get in the way

    def analyze(path: Path) -> tuple[Path, Analysis | ImageError]:
        try:
            if path.is_dir():
                raise ImageError(_NO_PICTURES)
            return path, analyzer.analyze(read_bytes(path))
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
    """Yield the paths; of a folder, the pictures in it and below, or itself where there are none."""
    for path in paths:
        if path.is_dir():
            found = sorted(
                file for file in path.rglob("*") if file.suffix.lower().lstrip(".") in SUPPORTED_EXTENSIONS
            )
            yield from found or [path]
        else:
            yield path


def _print_analysis(path: Path, analysis: Analysis) -> None:
    count = len(analysis.faces)
    print(f"{path}: {count} face{'s' * (count != 1)}" if count else f"{path}: no face found", flush=True)
    for note in analysis.notes:
        print(f"  {note}", flush=True)
    for face in analysis.faces:
        ranked = sorted(face.to_dict()["probabilities"].items(), key=lambda item: -item[1])[:3]
        answers = ", ".join(f"{name} {how_sure(probability)}" for name, probability in ranked)
        notes = " (uncertain)" * face.is_uncertain + " (small face)" * face.is_small
        print(f"  {face.number}: {answers}{notes}", flush=True)
