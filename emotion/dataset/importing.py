"""From a source people have to a dataset on disk: once, with progress, whole or not at all."""

import csv
import io
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emotion.dataset.face_dataset import DatasetError, SkippedItem
from emotion.dataset.reading.answers import NOTHING_SAID, Answers
from emotion.dataset.reading.plan import Plan
from emotion.dataset.reading.sources import FaceSource, nothing_found, open_source, require_classes
from emotion.dataset.statistics import describe
from emotion.dataset.store import SYNTHETIC, dataset_folder, datasets_folder
from emotion.dataset.stored_dataset import DatasetDescription
from emotion.dataset.writer import DatasetWriter, remove_abandoned
from emotion.files import plain_cell
from emotion.jobs.progress import OnProgress

# How often, in seconds, somebody is told of progress.
_INTERVAL = 0.1


@dataclass(frozen=True)
class ImportReport:
    """What came of an import.

    Attributes:
        description: of the new dataset.
        skipped: what was left out, and why.
        plan: what was understood of the source.
    """

    description: DatasetDescription
    skipped: tuple[SkippedItem, ...]
    plan: Plan

    def missing(self) -> list[str]:
        """Return the emotions that have no face."""
        return [name for name, count in self.description.class_sizes().items() if not count]

    def to_csv(self) -> str:
        """Return what was left out as CSV: where, reason."""
        return skipped_csv(self.skipped)


def skipped_csv(skipped: tuple[SkippedItem, ...]) -> str:
    """Return what an import left out as CSV with the columns where and reason."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["where", "reason"])
    writer.writerows((plain_cell(item.where), plain_cell(item.reason)) for item in skipped)
    return text.getvalue()


def name_from(source: Path | str) -> str:
    """Return the name that a dataset from this source gets when nobody chooses one."""
    path = Path(source).resolve()
    stem = path.name if path.is_dir() else path.stem
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:60] or "dataset"


def import_dataset(
    source: Path | str,
    name: str | None = None,
    on_progress: OnProgress = lambda done, total: None,
    answers: Answers = NOTHING_SAID,
    on_open: Callable[[FaceSource], None] = lambda opened: None,
) -> ImportReport:
    """Import a folder, an archive or a table of labelled faces (see `reading`).

    Args:
        source: where it is.
        name: of the new dataset; by default made from the source's.
        on_progress: told, about ten times a second and at the end, how many items are read or skipped,
            and of about how many; what it raises ends the import.
        answers: what somebody says of the source where it does not speak for itself.
        on_open: told what is understood before anything is read; what it raises ends the import.

    Raises:
        DatasetError: the name is taken or impossible, the source cannot be used, or something has to be
            asked. Nothing is left.
    """
    source = Path(source)
    name = name or name_from(source)
    if name == SYNTHETIC:
        raise DatasetError(f"The name {SYNTHETIC!r} is the built-in dataset's; choose another one.")
    target = dataset_folder(name)
    remove_abandoned(datasets_folder())
    with DatasetWriter(target) as writer:
        with open_source(source, answers) as opened:
            on_open(opened)
            skipped = tuple(_read_into(writer, opened, on_progress))
            plan = opened.plan
        if not len(writer):
            raise nothing_found(source, skipped)
        require_classes(plan, writer.labels(), skipped)
        description = _complete(writer, source.resolve().name, skipped)
        writer.publish()
    return ImportReport(description, skipped, plan)


def _read_into(writer: DatasetWriter, opened: FaceSource, on_progress: OnProgress) -> list[SkippedItem]:
    """Write every face of the source; return what was skipped."""
    skipped: list[SkippedItem] = []
    last = time.monotonic()
    done = 0
    for done, item in enumerate(opened.items, start=1):
        if isinstance(item, SkippedItem):
            skipped.append(item)
        else:
            writer.add(*item)
        now = time.monotonic()
        if now - last >= _INTERVAL or done == 1:
            last = now
            on_progress(done, max(opened.total, done))
    on_progress(done, done)
    return skipped


def _complete(writer: DatasetWriter, source: str, skipped: tuple[SkippedItem, ...]) -> DatasetDescription:
    """Write the rest, the statistics included: the page then shows them at once."""
    dataset = writer.complete(source, skipped)
    describe(dataset)
    return dataset.description
