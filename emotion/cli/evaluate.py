"""How good models are: `python -m emotion evaluate`, and `models evaluate`, `compare` and `robustness`.

`evaluate SOURCE --model NAME` and `models evaluate NAME SOURCE` are one command with two spellings.
"""

import argparse
import json
from dataclasses import asdict
from typing import Any

from emotion import paths
from emotion.cli.console import is_job, progress_bar, say
from emotion.dataset.splits import PART_NAMES
from emotion.dataset.store import SYNTHETIC
from emotion.evaluation import tasks
from emotion.evaluation.report import Proportion, Report, Robustness
from emotion.evaluation.robustness import CORRUPTIONS, SUBSET
from emotion.evaluation.trial import AGAINST, Trial, TrialFaces, trial_faces
from emotion.jobs.progress import OnProgress
from emotion.labels import in_percent
from emotion.models.card import read_card
from emotion.models.registry import active_model, model_folder

_SOURCE = "an imported dataset's name, 'synthetic', or a path of any form that `datasets import` reads"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `evaluate` to a parser."""
    parser.add_argument("source", metavar="SOURCE", help=_SOURCE)
    parser.add_argument("--model", metavar="NAME", help="which model (default: the active one)")
    add_options(parser)
    parser.set_defaults(run=_run, action=_evaluate)


def add_commands(commands: Any) -> None:
    """Add the commands of `models` that say how good a model is."""
    for name, action, meaning in (
        ("evaluate", _evaluate, "the same as `evaluate DATASET --model NAME`; kept for the page"),
        ("compare", _compare, "say which of two models is better, and if that is chance"),
        ("robustness", _robustness, "accuracy as pictures get worse"),
    ):
        command = commands.add_parser(name, help=meaning)
        command.add_argument("model", metavar="NAME")
        if name == "compare":
            command.add_argument("other", metavar="OTHER")
        if name == "robustness":
            command.add_argument("others", metavar="OTHER", nargs="*", help="other models, on the same faces")
        command.add_argument("source", metavar="DATASET", help=_SOURCE)
        add_options(command)
        if name == "robustness":
            command.add_argument("--all", action="store_true", help=f"all faces, not about {SUBSET} of them")
        command.set_defaults(run=_run, action=action)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which faces of a source, and what counts as right."""
    parser.add_argument("--split", default="test", choices=PART_NAMES)
    parser.add_argument(
        "--against",
        default=AGAINST[0],
        choices=AGAINST,
        help="what counts as right: the labels, or what most people saw (a dataset with votes)",
    )
    parser.add_argument(
        "--honour-exclusions", action="store_true", help="leave out what is on the dataset's exclusion list"
    )
    parser.add_argument(
        "--without-copies",
        action="store_true",
        help="leave out the faces that also stand in the dataset's training or validation, perhaps mirrored",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")


def _run(arguments: argparse.Namespace) -> int:
    if arguments.without_copies and arguments.split == "train":
        say("All training faces stand in the training split: --without-copies needs another --split.")
        return 2
    arguments.action(arguments, faces_of(arguments))
    return 0


def faces_of(arguments: argparse.Namespace) -> TrialFaces:
    """Return the faces that the arguments name, telling people where they are from and what is left out."""
    model, found = arguments.model or active_model(), paths.find(arguments.source)
    if arguments.against == "labels" and read_card(model_folder(model)).judged_by == "votes":
        say(
            f"{model} has learned what people voted for, which labels often differ from: "
            "--against votes tells how well it does that, and --model lets another model answer."
        )
    say(f"Reading {arguments.source} …")
    # A path that exists wins over a name; what is absolute is no name. The app knows datasets by name alone,
    # and its jobs run among the project's folders: a dataset called "data" or "models" is not one of those.
    is_name = found is None or is_job() or arguments.source == SYNTHETIC
    dataset = arguments.source if found is None or is_name else str(found.absolute())
    faces = trial_faces(
        Trial(
            model,
            dataset,
            arguments.split,
            arguments.honour_exclusions,
            arguments.against,
            arguments.without_copies,
        )
    )
    _say_what_is_left_out(faces)
    return faces


def _say_what_is_left_out(faces: TrialFaces) -> None:
    say(
        faces.dataset.description.split_note
        + f" {faces.excluded:,} excluded faces are left out." * bool(faces.excluded)
        + f" {faces.unclear:,} in which most people saw none of the emotions are, too." * bool(faces.unclear)
    )
    skipped = faces.dataset.faces.skipped
    if skipped:
        say(f"{len(skipped)} left out; the first: {skipped[0].where}: {skipped[0].reason}")
    if faces.trial.without_copies:
        count = len(faces) + faces.copies
        say(f"{faces.copies:,} of {count:,} faces also stand in training or validation and are left out.")


def _evaluate(arguments: argparse.Namespace, faces: TrialFaces) -> None:
    with progress_bar() as show:
        report = tasks.evaluate(faces, show)
    if arguments.json:
        print(json.dumps(report.to_dict()))
    else:
        _print_report(report)


def _print_report(report: Report) -> None:
    print(
        f"{report.model} on {report.dataset}, {report.split}, by {report.against}: "
        f"accuracy {report.overall.in_words}"
    )
    print(
        f"macro F1 {in_percent(report.macro_f1)}, mean recall {in_percent(report.balanced_accuracy)}, "
        f"calibration error {in_percent(report.ece)}, bias to neutral {100 * report.neutral_bias:+.1f} points"
    )
    print(f"{'':10}{'precision':>10}{'recall':>8}{'F1':>8}{'faces':>8}")
    for name, figures in report.per_class.items():
        print(
            f"{name:10}{in_percent(figures['precision']):>10}{in_percent(figures['recall']):>8}"
            f"{in_percent(figures['f1']):>8}{figures['support']:>8,}"
        )
    if report.missing():
        print(f"No faces of: {', '.join(report.missing())}; nothing is said of them.")
    if report.copies is not None and report.copies.known is not None:
        _print_share("also in training or validation", report.copies.known)
        _print_share("not in training or validation", report.copies.unknown)
    for group in report.agreement:
        _print_share(f"votes for one answer: {group.title}", group.by_label)


def _print_share(title: str, share: Proportion | None) -> None:
    if share is not None:
        print(f"{title}: {share.in_words}")


def _compare(arguments: argparse.Namespace, faces: TrialFaces) -> None:
    with progress_bar() as show:
        comparison = tasks.compare(faces, arguments.other, show)
    print(json.dumps(asdict(comparison)) if arguments.json else comparison.in_words())


def _robustness(arguments: argparse.Namespace, faces: TrialFaces) -> None:
    names, count = [faces.trial.model, *arguments.others], None if arguments.all else SUBSET
    for number, name in enumerate(names):
        with progress_bar(name) as show:

            def progress(done: int, total: int, number: int = number, show: OnProgress = show) -> None:
                show(number * total + done, len(names) * total)

            measured = tasks.measure_robustness(faces.of(name), count, progress)
        if arguments.json:
            print(json.dumps(asdict(measured)))
        else:
            _print_robustness(measured)


def _print_robustness(measured: Robustness) -> None:
    print(f"{measured.model} on {measured.n:,} faces, by {measured.against}")
    for curve in measured.curves:
        print(CORRUPTIONS[curve.kind].title)
        print("  " + "".join(f"{level:>8g}" for level in curve.levels))
        print("  " + "".join(f"{in_percent(share):>8}" for share in curve.accuracy))
