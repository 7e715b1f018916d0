"""The command line: the same library from a shell.

With `--json`, machine-readable output stands alone on stdout; messages go to stderr. Exit status
0: all done; 1: something failed, the rest was done; 2: wrong usage.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emotion.cli import datasets as dataset_cli
from emotion.cli import models as models_cli
from emotion.cli import runs as runs_cli
from emotion.cli import train as training_cli
from emotion.cli.console import become_job, say, say_error
from emotion.dataset.face_dataset import DatasetError, FaceDataset, image_keys
from emotion.dataset.loading import is_path, load_faces
from emotion.dataset.splits import PART_NAMES, select_part
from emotion.errors import ReadableError
from emotion.evaluation.metrics import Evaluation, evaluate_classifier
from emotion.images import SUPPORTED_EXTENSIONS, ImageError, read_image
from emotion.labels import how_sure, in_percent
from emotion.models.classifier import Classifier
from emotion.models.registry import active_model, model_folder
from emotion.photos.analysis import Analysis, Analyzer, error_dict
from emotion.training.config import TARGETS, RunConfig
from emotion.training.data import Part, load_votes, one_hot, vote_targets


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    arguments = _parser().parse_args(argv)
    if arguments.job:
        become_job()
    try:
        return arguments.run(arguments)
    except ReadableError as error:
        say_error(str(error))
        return 1
    except BrokenPipeError:
        # The reader, `head` for one, has seen enough. Nothing more can be printed, not even at exit.
        sys.stdout = None  # type: ignore[assignment]
        return 0
    except KeyboardInterrupt:
        say("Interrupted.")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emotion", description="Recognise facial expressions.")
    # How the app starts work that takes a while; what is said then is for a program.
    parser.add_argument("--job", action="store_true", help=argparse.SUPPRESS)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    analyze = commands.add_parser("analyze", help="find the faces in pictures and name their expressions")
    analyze.add_argument("paths", nargs="+", metavar="PATH", type=Path, help="pictures, or folders of them")
    analyze.set_defaults(run=_analyze)

    evaluate = commands.add_parser("evaluate", help="measure a model on labelled faces")
    evaluate.add_argument(
        "source",
        metavar="SOURCE",
        help="an imported dataset's name, a folder or zip of test/<emotion>/… pictures, or the FER-2013 CSV",
    )
    evaluate.add_argument("--split", default="test", choices=PART_NAMES)
    evaluate.add_argument(
        "--against",
        default=TARGETS[0],
        choices=TARGETS,
        help="what counts as right: the labels, or what most people saw (an imported dataset with votes)",
    )
    evaluate.add_argument(
        "--honour-exclusions", action="store_true", help="leave out what is on the dataset's exclusion list"
    )
    evaluate.add_argument(
        "--without-copies",
        action="store_true",
        help="leave out the faces that also stand, equal in every pixel, in the dataset's training split",
    )
    evaluate.set_defaults(run=_evaluate)

    for command in (analyze, evaluate):
        command.add_argument("--model", metavar="NAME", help="which model (default: the active one)")
        command.add_argument("--json", action="store_true", help="print JSON, one object a line")

    datasets = commands.add_parser("datasets", help="import datasets, and see what is in them")
    dataset_cli.add_arguments(datasets)

    models = commands.add_parser("models", help="list, use, judge, export and import models")
    models_cli.add_arguments(models)

    train = commands.add_parser("train", help="train a model (the same as python train_model.py)")
    training_cli.add_arguments(train)
    train.set_defaults(run=training_cli.run)

    runs = commands.add_parser("runs", help="list training runs, stop them, go on with them")
    runs_cli.add_arguments(runs)
    return parser


def _classifier(arguments: argparse.Namespace, threads: int = 1) -> Classifier:
    return Classifier(model_folder(arguments.model or active_model()), threads)


def _analyze(arguments: argparse.Namespace) -> int:
    analyzer = Analyzer(_classifier(arguments))
    failed = False
    for path in _pictures(arguments.paths):
        try:
            analysis = analyzer.analyze(read_image(path))
        except ImageError as error:
            failed = True
            if arguments.json:
                print(json.dumps(error_dict(str(path), str(error))), flush=True)
            else:
                say(f"{path}: {error}")
            continue
        if arguments.json:
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
    for face in analysis.faces:
        ranked = sorted(face.to_dict()["probabilities"].items(), key=lambda item: -item[1])[:3]
        answers = ", ".join(f"{name} {how_sure(probability)}" for name, probability in ranked)
        notes = " (uncertain)" * face.is_uncertain + " (small face)" * face.is_small
        print(f"  {face.number}: {answers}{notes}", flush=True)


def _evaluate(arguments: argparse.Namespace) -> int:
    if arguments.without_copies and arguments.split == "train":
        say("All training faces stand in the training split: --without-copies needs another --split.")
        return 2
    classifier = _classifier(arguments, threads=2)
    card = classifier.card
    if arguments.against == "labels" and card.judged_by == "votes":
        say(
            f"{card.name} has learned what people voted for, which labels often differ from: "
            "--against votes tells how well it does that, and --model lets another model answer."
        )
    say(f"Reading {arguments.source} …")
    loaded = load_faces(arguments.source, arguments.honour_exclusions)
    say(loaded.split_note + f" {loaded.excluded:,} excluded faces are left out." * bool(loaded.excluded))
    dataset = loaded.faces
    if dataset.skipped:
        first = dataset.skipped[0]
        say(f"{len(dataset.skipped)} left out; the first: {first.where}: {first.reason}")
    if arguments.against == "votes":
        dataset = _as_people_saw(arguments, dataset)
    faces = select_part(dataset, arguments.split)
    if arguments.without_copies:
        # Looked for among all training faces, also those without a clear emotion or excluded: a model
        # may have learned them all the same.
        everything = load_faces(arguments.source) if arguments.honour_exclusions else loaded
        faces = _without_copies(faces, everything.faces)
    evaluation = evaluate_classifier(classifier, faces.images, faces.labels)
    if arguments.json:
        print(json.dumps({"model": classifier.card.name} | evaluation.to_dict()))
    else:
        _print_evaluation(classifier.card.name, evaluation)
    return 0


def _without_copies(faces: FaceDataset, dataset: FaceDataset) -> FaceDataset:
    """Return those of the faces that do not stand, pixel for pixel, in the dataset's training split."""
    training = dataset.splits == "train"
    if not training.any():
        raise DatasetError("The dataset has no training split, so nobody knows which faces are copies.")
    is_copy = np.isin(image_keys(faces.images), image_keys(dataset.images[training]))
    say(f"{is_copy.sum():,} of {len(faces):,} faces also stand in the training split and are left out.")
    if is_copy.all():
        raise DatasetError("No face is left: all of them stand in the training split, too.")
    return faces.take(~is_copy)


def _as_people_saw(arguments: argparse.Namespace, dataset: FaceDataset) -> FaceDataset:
    """Return the faces that most people gave one of the seven emotions, with that as their label."""
    if is_path(arguments.source):
        raise DatasetError("Only an imported dataset has votes: datasets import PATH --votes CSV")
    config = RunConfig(
        dataset=arguments.source, targets="votes", honour_exclusions=arguments.honour_exclusions
    )
    votes = load_votes(config)
    if votes is None:
        raise DatasetError(f"The dataset {arguments.source!r} has no votes attached.")
    whole = Part(dataset, one_hot(dataset.labels), np.arange(len(dataset)))
    return vote_targets(whole, votes).faces


def _print_evaluation(model: str, evaluation: Evaluation) -> None:
    print(
        f"{model} on {evaluation.n:,} faces: accuracy {in_percent(evaluation.accuracy)}, "
        f"macro F1 {in_percent(evaluation.macro_f1)}, calibration error {in_percent(evaluation.ece)}"
    )
    print(f"{'':10}{'precision':>10}{'recall':>8}{'F1':>8}{'faces':>8}")
    for name, figures in evaluation.per_class.items():
        print(
            f"{name:10}{in_percent(figures['precision']):>10}{in_percent(figures['recall']):>8}"
            f"{in_percent(figures['f1']):>8}{figures['support']:>8,}"
        )
