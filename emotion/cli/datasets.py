"""`python -m emotion datasets`: import a dataset, list what there is, what is in one, and what is wrong."""

import argparse
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from emotion.cli.console import hand_over, progress_bar, say
from emotion.dataset import store
from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.importing import ImportReport, import_dataset
from emotion.dataset.quality.finding import QualityFinding
from emotion.dataset.quality.searches import find_exact_copies, find_near_copies
from emotion.dataset.reading.answers import FACES, ORDERS, Answers
from emotion.dataset.reading.sources import FaceSource, open_source
from emotion.dataset.statistics import class_weights, imbalance_ratio
from emotion.dataset.stored_dataset import DatasetDescription, StoredDataset
from emotion.dataset.votes import vote_agreement
from emotion.evaluation.doubtful import find_doubtful
from emotion.files import write_text
from emotion.labels import EMOTIONS, in_percent
from emotion.models.classifier import Classifier
from emotion.models.registry import active_model, model_folder

_REASONS_SHOWN = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands of `datasets` to a parser."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    importing = commands.add_parser("import", help="import a folder, a zip, a tar or a table of faces")
    importing.add_argument("path", metavar="PATH", type=Path)
    importing.set_defaults(run=_import)
    add_answers(importing)
    importing.add_argument("--check", action="store_true", help="only say what is understood; import nothing")
    # How the page asks: the import ends with the plan where something is asked or, the first time, also
    # where something is assumed or left out.
    importing.add_argument("--ask", choices=("all", "questions"), help=argparse.SUPPRESS)

    download = commands.add_parser("download", help="download FER-2013 from Kaggle and import it")
    download.set_defaults(run=_download, map=[], labels="", faces="", check=False, ask=None)

    for command in (importing, download):
        command.add_argument("--name", metavar="NAME", help="what to call it (default: as its file)")
        command.add_argument(
            "--votes", metavar="CSV", type=Path, help="attach how people voted on the faces (FER+)"
        )
        command.add_argument(
            "--report", metavar="CSV", type=Path, help="write what was left out, and why, to this file"
        )

    listing = commands.add_parser("list", help="list the datasets")
    listing.set_defaults(run=_list)

    stats = commands.add_parser("stats", help="show how a dataset is composed")
    stats.add_argument("name", metavar="NAME")
    stats.set_defaults(run=_stats)

    copies = commands.add_parser("copies", help="find faces that are in a dataset more than once")
    copies.add_argument(
        "--near", action="store_true", help="also cut, lit or compressed otherwise; takes longer, once"
    )
    copies.set_defaults(run=_copies)

    doubtful = commands.add_parser("doubtful", help="find the labels that a model doubts most")
    doubtful.add_argument("--model", metavar="NAME", help="which model (default: the active one)")
    doubtful.set_defaults(run=_doubtful)

    for command in (copies, doubtful):
        command.add_argument("name", metavar="NAME")
    for command in (listing, stats, copies, doubtful):
        command.add_argument("--json", action="store_true", help="print JSON, one object a line")


def add_answers(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what a source does not say itself."""
    parser.add_argument(
        "--map",
        metavar="NAME=MEANING",
        action="append",
        default=[],
        help="what a folder or a value means: an emotion, train, validation, test, or none to leave it out",
    )
    parser.add_argument(
        "--labels",
        metavar="ORDER",
        default="",
        help=f"what numbers mean: 1=surprise,2=fear,... or {', '.join(ORDERS)}",
    )
    parser.add_argument(
        "--faces", choices=FACES, default="", help="cut the faces out of photographs, or take pictures whole"
    )


def _import(arguments: argparse.Namespace) -> int:
    return _import_from(arguments.path, arguments.name, arguments)


def _download(arguments: argparse.Namespace) -> int:
    from emotion.dataset.download import download_fer2013

    say("Downloading FER-2013 from Kaggle …")
    return _import_from(download_fer2013(), arguments.name or "fer2013", arguments)


def _import_from(source: Path, name: str | None, arguments: argparse.Namespace) -> int:
    # Before minutes of work, not after it.
    if arguments.votes and not arguments.votes.is_file():
        raise DatasetError(f"There is no table of votes at {arguments.votes}.")
    answers = Answers.parse(arguments.map, arguments.labels, arguments.faces)
    if arguments.check:
        return _check(source, answers)
    on_open = {None: _say_plan, "all": _ask_all, "questions": _ask}[arguments.ask]
    try:
        with progress_bar("importing") as show:
            report = import_dataset(source, name, show, answers, on_open)
    except _AskFirstError:
        return 0
    _show_report(report)
    hand_over({"name": report.description.name})
    if arguments.report:
        write_text(arguments.report, report.to_csv())
    if arguments.votes:
        try:
            count = store.attach_votes(report.description.name, arguments.votes)
        except DatasetError as error:
            raise DatasetError(f"The faces are imported; the votes are not: {error}") from error
        say(f"Votes on {count:,} of {report.description.faces:,} faces attached.")
    return 0


class _AskFirstError(Exception):
    """The plan was handed over, to be confirmed."""


def _check(source: Path, answers: Answers) -> int:
    """Say what is understood of a source, and import nothing."""
    with open_source(source, answers) as opened:
        _say_plan(opened)
        opened.plan.require_answers()
        say(f"About {opened.total:,} pictures or rows: {opened.plan.in_words()}.")
    return 0


def _say_plan(opened: FaceSource) -> None:
    for sentence in opened.plan.sentences():
        say(sentence)


def _ask_all(opened: FaceSource) -> None:
    """Hand the plan over if somebody should see it first, and end the import."""
    _ask(opened, opened.plan.needs_a_look())


def _ask(opened: FaceSource, is_needed: bool = False) -> None:
    """Hand the plan over if something has to be answered, and end the import."""
    if is_needed or opened.plan.questions:
        hand_over({"plan": opened.plan.to_dict(opened.example)})
        raise _AskFirstError
    _say_plan(opened)


def _show_report(report: ImportReport) -> None:
    description = report.description
    say(f"Imported {description.faces:,} faces as {description.name!r}. {description.split_note}")
    if report.skipped:
        say(f"{len(report.skipped):,} left out (--report FILE lists them all):")
    reasons = Counter(item.reason for item in report.skipped)
    first = {item.reason: item.where for item in reversed(report.skipped)}
    for reason, count in reasons.most_common(_REASONS_SHOWN):
        say(f"  {count:,}, the first {first[reason]}: {reason}")
    if report.missing():
        say(f"No faces of: {', '.join(report.missing())}.")


def _copies(arguments: argparse.Namespace) -> int:
    dataset = store.open_dataset(arguments.name)
    if arguments.near:
        with progress_bar("looking at the faces") as show:
            finding = find_near_copies(dataset, show)
    else:
        finding = find_exact_copies(dataset)
    return _print_finding(arguments, dataset, finding)


def _doubtful(arguments: argparse.Namespace) -> int:
    dataset = store.open_dataset(arguments.name)
    classifier = Classifier(model_folder(arguments.model or active_model()))
    with progress_bar("asking the model") as show:
        finding = find_doubtful(dataset, classifier, show)
    return _print_finding(arguments, dataset, finding)


def _print_finding(arguments: argparse.Namespace, dataset: StoredDataset, finding: QualityFinding) -> int:
    say(f"{finding.title}: {finding.faces:,} faces. {finding.explanation}")
    for row in finding.rows(dataset):
        if arguments.json:
            print(json.dumps(row))
        else:
            score = f" {in_percent(row['score'])}" if "score" in row else ""
            print(f"{row['group']:>5} {row['split']:10} {row['label']:8} {row['name']}{score}")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    for description in store.list_datasets():
        if arguments.json:
            print(json.dumps(asdict(description) | {"faces": description.faces}))
        else:
            sizes = ", ".join(f"{count:,} {split}" for split, count in description.split_sizes().items())
            votes = ", with votes" * description.has_votes
            print(f"{description.name}: {description.faces:,} faces ({sizes}){votes}")
    return 0


def _stats(arguments: argparse.Namespace) -> int:
    dataset = store.open_dataset(arguments.name)
    if arguments.json:
        print(json.dumps(_stats_object(dataset)))
    else:
        _print_stats(dataset)
    return 0


def _stats_object(dataset: StoredDataset) -> dict[str, Any]:
    description: DatasetDescription = dataset.description
    weights = class_weights(dataset.faces.labels[dataset.faces.splits == "train"])
    figures = asdict(description) | {"faces": description.faces, "excluded": int(dataset.excluded.sum())}
    del figures["counts"]
    figures["splits"] = {
        split: {
            "faces": sum(classes.values()),
            "classes": classes,
            "imbalance_ratio": round(imbalance_ratio(classes.values()), 4),
        }
        for split, classes in description.counts.items()
    }
    figures["class_weights"] = {EMOTIONS[label]: round(weight, 6) for label, weight in weights.items()}
    if dataset.votes is not None:
        figures["vote_agreement"] = {
            name: round(item.mean_share, 4) for name, item in vote_agreement(dataset).items()
        }
    return figures


def _print_stats(dataset: StoredDataset) -> None:
    description = dataset.description
    print(
        f"{description.name}: {description.faces:,} faces from {description.source}. {description.split_note}"
    )
    print(f"{'':12}" + "".join(f"{name:>10}" for name in EMOTIONS) + f"{'all':>10}")
    for split, classes in description.counts.items():
        counts = list(classes.values())
        print(f"{split:12}" + "".join(f"{count:>10,}" for count in [*counts, sum(counts)]))
    sizes = description.class_sizes().values()
    print(f"{'share':12}" + "".join(f"{in_percent(size / description.faces):>10}" for size in sizes))
    print(f"The largest class has {imbalance_ratio(sizes):.1f} times the faces of the smallest.")
    if description.skipped or dataset.excluded.any():
        print(f"Left out at import: {description.skipped:,}; excluded since: {dataset.excluded.sum():,}.")
