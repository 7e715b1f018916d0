"""`python -m emotion datasets`: import a dataset, list what there is, what is in one, and what is wrong."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from emotion.cli.console import hand_over, progress_bar, say
from emotion.dataset import store
from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.importing import ImportReport, import_dataset
from emotion.dataset.quality.finding import QualityFinding
from emotion.dataset.quality.searches import find_exact_copies, find_near_copies
from emotion.dataset.statistics import class_weights, imbalance_ratio
from emotion.dataset.stored_dataset import DatasetDescription, StoredDataset
from emotion.dataset.votes import vote_agreement
from emotion.evaluation.doubtful import find_doubtful
from emotion.files import write_text
from emotion.labels import EMOTIONS, in_percent
from emotion.models.classifier import Classifier
from emotion.models.registry import active_model, model_folder

_SKIPPED_SHOWN = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands of `datasets` to a parser."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    importing = commands.add_parser("import", help="import a folder, a zip or the FER-2013 CSV")
    importing.add_argument("path", metavar="PATH", type=Path)
    importing.set_defaults(run=_import)

    download = commands.add_parser("download", help="download FER-2013 from Kaggle and import it")
    download.set_defaults(run=_download)

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
    with progress_bar("importing") as show:
        report = import_dataset(source, name, show)
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


def _show_report(report: ImportReport) -> None:
    description = report.description
    say(f"Imported {description.faces:,} faces as {description.name!r}. {description.split_note}")
    if report.skipped:
        say(f"{len(report.skipped):,} left out (--report FILE lists them all), among them:")
    for item in report.skipped[:_SKIPPED_SHOWN]:
        say(f"  {item.where}: {item.reason}")


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
