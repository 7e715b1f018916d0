"""Tables of faces, one a row: the FER-2013 challenge's `emotion,pixels,Usage`, and what others make of it."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from emotion.dataset.face_dataset import DatasetError, SkippedItem
from emotion.dataset.reading.contents import Contents, Entry
from emotion.dataset.reading.items import ARCHIVE_ERRORS, Clue, Face, Item, Key
from emotion.dataset.reading.lines import delimiter_of, read_lines, read_rows
from emotion.dataset.reading.pixels import are_pixels, is_unit, parse_pixels, to_size
from emotion.dataset.reading.words import code_of, emotion_of, split_of, usage_name

LABEL_COLUMNS = ("emotion", "emotions", "label", "labels", "expression", "class", "target", "category", "y")
USAGE_COLUMNS = ("usage", "split", "set", "subset", "partition", "phase")
_PIXEL_COLUMNS = ("pixels", "pixel", "pixel values", "pixel_values", "image", "data")
# Of a table with a column for each pixel: "pixel0", "px_12", "7".
_ONE_PIXEL = re.compile(r"(?:pixels?|px|p)?[\s_-]*\d+")
_FEWEST_PIXELS = 64
_LOOKED_AT = 5  # rows, before all are read


class Columns(NamedTuple):
    """Where a table has what; None where it has none such."""

    label: int | None
    pixels: slice | None
    usage: int | None


@dataclass(frozen=True)
class FaceTable:
    """A table whose rows have pixels.

    Attributes:
        entry: the file.
        delimiter: what separates its columns.
        header: their names in lower case; empty where the first row is a face.
        columns: which of them have what.
        is_unit: whether its pixels lie between 0 and 1.
        rows: how many it has.
        keys: of each pair of a label and a usage, how many rows have it.
        side: of its faces, in pixels, by the first.
        of_file: the split of all its rows, where the file's name says it.
    """

    entry: Entry
    delimiter: str
    header: list[str]
    columns: Columns
    is_unit: bool = False
    rows: int = 0
    keys: Counter[Key] = field(default_factory=Counter)
    side: int = 0
    of_file: str = ""

    def read(self) -> Iterator[tuple[int, list[str]]]:
        """Yield number and cells of its rows, from 0; empty ones are left out, and counted."""
        with self.entry.open() as file:
            rows = read_rows(file, self.delimiter)
            if self.header:
                next(rows, None)
            for number, row in enumerate(rows):
                if any(row):
                    yield number, row

    def key_of(self, row: list[str]) -> Key:
        """Return what a row says of its label and its split."""
        usage = self.columns.usage
        label = row[self.columns.label].strip() if self.columns.label is not None else ""
        return Key(label, row[usage].strip() if usage is not None else self.of_file)

    def pixels_of(self, row: list[str]) -> str:
        """Return the pixels of a row as text."""
        cells = row[self.columns.pixels] if self.columns.pixels else []
        return cells[0] if len(cells) == 1 else " ".join(cells)

    def survey(self) -> "FaceTable":
        """Return it with what its rows say, read to its end."""
        keys: Counter[Key] = Counter()
        first: list[str] = []
        count = 0
        for _, row in self.read():
            count += 1
            if len(row) >= self.width and are_pixels(self.pixels_of(row)):
                first += [self.pixels_of(row)] * (len(first) < _LOOKED_AT)
                keys[self.key_of(row)] += 1
        unit = bool(first) and all(map(is_unit, first))
        faces = [parse_pixels(text, unit) for text in first]
        sides = [len(face) for face in faces if not isinstance(face, str)]
        if faces and not sides:
            raise DatasetError(f"None of its rows has a face. {faces[0]}")
        return replace(self, is_unit=unit, rows=count, keys=keys, side=sides[0] if sides else 0)

    def unused(self) -> list[str]:
        """Return the names of the columns that say nothing here; an index has none."""
        used = {self.columns.label, self.columns.usage}
        pixels = self.columns.pixels or slice(0, 0)
        others = [name for place, name in enumerate(self.header) if place not in used]
        names = set(self.header[pixels])
        return [name for name in others if name and name not in names and not name.startswith("unnamed")]

    @property
    def width(self) -> int:
        """How many cells a row needs."""
        return max(
            len(self.header),
            (self.columns.label or 0) + 1,
            self.columns.pixels.stop if self.columns.pixels else 0,
            (self.columns.usage or 0) + 1,
        )

    def items(self, clues: Mapping[Key, Clue | str], folder: str) -> Iterator[Item]:
        """Yield the faces.

        Args:
            clues: what labels and usages mean, or why such a row is left out.
            folder: put before the names, to tell several tables apart; "" or with a "/" at its end.
        """
        for number, row in self.read():
            where = f"{folder}row {number + 1}"
            if len(row) < self.width:
                yield SkippedItem(where, "The row has too few columns.")
                continue
            key = self.key_of(row)
            clue = clues.get(key)
            face = parse_pixels(self.pixels_of(row), self.is_unit)
            if isinstance(clue, str):
                yield SkippedItem(where, clue)
                continue
            if isinstance(face, str) or clue is None:
                yield SkippedItem(where, face if isinstance(face, str) else "It is no face.")
                continue
            name = f"{folder}{usage_name(key.split) or 'row'}_{number:05d}"
            yield Face(to_size(face), clue.label, clue.split, name)


def open_table(entry: Entry) -> FaceTable | None:
    """Return a table of faces, not yet surveyed; None where its rows have no pixels.

    Raises:
        DatasetError: a line has no end.
    """
    with entry.open() as file:
        lines = read_lines(file)
        first = next(lines, "")
        second = next((line for line in lines if line.strip()), "") if first else ""
    for delimiter in dict.fromkeys((delimiter_of(first), *",;\t|")):
        header, row = _cells(first, delimiter), _cells(second, delimiter)
        names = [name.strip().lower() for name in header]
        columns = _columns_of(names, row)
        if columns.pixels:
            return FaceTable(entry, delimiter, names, columns)
        bare = _columns_of_row(header)
        if bare.pixels and bare.label is not None:
            return FaceTable(entry, delimiter, [], bare)
    return None


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error as error:
        raise DatasetError("A line has no end.") from error


def _columns_of(names: list[str], row: list[str]) -> Columns:
    """Return the columns by their names; pixels may have a column each."""
    label = next((names.index(name) for name in LABEL_COLUMNS if name in names), None)
    usage = next((names.index(name) for name in USAGE_COLUMNS if name in names), None)
    for name in _PIXEL_COLUMNS[: 4 if len(row) != len(names) else None]:
        if name in names:
            place = names.index(name)
            if name in _PIXEL_COLUMNS[:4] or are_pixels(row[place]):
                return Columns(label, slice(place, place + 1), usage)
    single = [place for place, name in enumerate(names) if name and _ONE_PIXEL.fullmatch(name)]
    # A table without a header has numbers in its first row, too; there they are no pixels' names.
    in_a_row = len(single) >= _FEWEST_PIXELS and single[-1] - single[0] == len(single) - 1
    if in_a_row and label not in single and len(set(names)) == len(names):
        return Columns(label, slice(single[0], single[-1] + 1), usage)
    return Columns(label, None, usage)


def _columns_of_row(row: list[str]) -> Columns:
    """Return the columns of a table without a header by its first row."""
    pixels = [place for place, cell in enumerate(row) if are_pixels(cell)]
    if len(pixels) != 1:
        return Columns(None, None, None)
    others = [place for place in range(len(row)) if place != pixels[0] and row[place].strip()]
    usages = [place for place in others if split_of(row[place])]
    labels = [place for place in others if emotion_of(row[place]) or code_of(row[place]) is not None]
    label = labels[0] if len(labels) == 1 else None
    return Columns(label, slice(pixels[0], pixels[0] + 1), usages[0] if usages else None)


def choose_tables(contents: Contents) -> tuple[list[FaceTable], list[str]]:
    """Return the tables whose faces are read, and sentences on those that are not.

    Kaggle's archive has the same faces in several tables: where some say the split, those count. Of others
    the names may say it: train.csv and test.csv.
    """
    found: list[FaceTable] = []
    notes: list[str] = []
    for entry in contents.tables:
        try:
            table = open_table(entry)
            table = table and table.survey()
        except DatasetError as error:
            contents.skipped.append(SkippedItem(entry.name, str(error)))
            continue
        except ARCHIVE_ERRORS:
            reason = "The table is damaged and cannot be read to its end."
            contents.skipped.append(SkippedItem(entry.name, reason))
            continue
        if table is None:
            continue
        if table.columns.label is None:
            columns = ", ".join(table.header[:5])
            notes.append(
                f"{entry.name} has pixels and no column of labels (it has: {columns}) and is left out."
            )
        else:
            found.append(table)
    with_splits = [table for table in found if table.columns.usage is not None]
    for table in found:
        if with_splits and table not in with_splits:
            notes.append(f"{table.entry.name} is left aside, as {with_splits[0].entry.name} says the splits.")
    if with_splits:
        return with_splits, notes
    return _split_by_name(found), notes


def _split_by_name(tables: list[FaceTable]) -> list[FaceTable]:
    """Give the faces of tables the split that the tables' names say, where they say several."""
    words = [split_of(table.entry.name.rpartition("/")[2].partition(".")[0]) for table in tables]
    if len({word.split for word in words if word}) < 2:
        return tables
    return [
        replace(
            table,
            keys=Counter({Key(key.label, word.split): n for key, n in table.keys.items()}),
            of_file=word.split,
        )
        if word
        else table
        for table, word in zip(tables, words, strict=True)
    ]
