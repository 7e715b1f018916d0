"""Files that say what pictures show: a table of names and labels, AffectNet's arrays, YOLO's boxes."""

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

import numpy as np

from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.reading.answers import order
from emotion.dataset.reading.contents import Contents, Entry
from emotion.dataset.reading.items import ARCHIVE_ERRORS, Key
from emotion.dataset.reading.labelling import Box, Picture, same_name
from emotion.dataset.reading.legend import list_of_names
from emotion.dataset.reading.lines import delimiter_of, read_lines, read_rows
from emotion.dataset.reading.tables import LABEL_COLUMNS, USAGE_COLUMNS
from emotion.dataset.reading.words import NONE, code_of, emotion_of, guess_emotion, split_of

_NAME_COLUMNS = (
    "image", "path", "pth", "file", "filename", "file_name", "filepath", "file_path", "img", "image_path",
    "image_name", "img_path", "img_name", "pic", "picture", "photo", "subdirectory_filepath", "name", "id",
)  # fmt: skip
# A list is one of these pictures if so much of it is: of a whole collection's, people may have a part.
_SHARE_OF_LIST = 0.5
_MAX_ROWS = 2_000_000
_FEWEST_CLASSES = 3


def by_lists(pictures: list[Picture], contents: Contents) -> tuple[list[Picture], list[str]]:
    """Return the pictures with what lists say of them, and a sentence for each list that was used.

    A list counts for pictures of which the folders say nothing.
    """
    notes: list[str] = []
    for read in (_by_tables, _by_arrays, _by_boxes):
        pictures, said = read(pictures, contents)
        notes += said
    return pictures, notes


def _by_tables(pictures: list[Picture], contents: Contents) -> tuple[list[Picture], list[str]]:
    by_path = {picture.entry.name: place for place, picture in enumerate(pictures)}
    stems = Counter(same_name(name) for name in by_path)
    by_stem = {same_name(name): place for name, place in by_path.items() if stems[same_name(name)] == 1}
    pictures, notes = list(pictures), []
    texts = [entry for entry in contents.texts if entry.name.lower().endswith(".txt")]
    for entry in [*contents.tables, *texts]:
        rows = 0
        found: dict[int, Key] = {}
        try:
            for name, key in _list_rows(entry):
                rows += 1
                place = _place(name, by_path, by_stem)
                if place is not None:
                    found[place] = key
        except (DatasetError, *ARCHIVE_ERRORS):
            continue  # whoever reads tables says so
        if not found or len(found) < _SHARE_OF_LIST * rows:
            continue
        for place, key in found.items():
            split = pictures[place].key.split or key.split
            pictures[place] = pictures[place]._replace(key=Key(key.label, split))
        notes.append(f"{entry.name} says what {len(found):,} of {len(by_path):,} pictures show.")
    return pictures, notes


def _place(name: str, by_path: dict[str, int], by_stem: dict[str, int]) -> int | None:
    path = name.replace("\\", "/").removeprefix("./")
    return by_path.get(path, by_stem.get(same_name(path)))


def _list_rows(entry: Entry) -> Iterator[tuple[str, Key]]:
    """Yield the names and what is said of them; nothing where the file is no list of pictures."""
    with entry.open() as file:
        first = next(read_lines(file), "")
    delimiter = delimiter_of(first) if any(mark in first for mark in ",;\t|") else " "
    of_file = split_of(PurePosixPath(entry.name).name.partition(".")[0])
    with entry.open() as file:
        rows = read_rows(file, delimiter)
        header = [cell.strip() for cell in next(rows, [])]
        names = [cell.lower() for cell in header]
        place = next((names.index(name) for name in _NAME_COLUMNS if name in names), None)
        label = next((names.index(name) for name in LABEL_COLUMNS if name in names), None)
        usage = next((names.index(name) for name in USAGE_COLUMNS if name in names), None)
        classes = {at: name for at, name in enumerate(header) if at != place and emotion_of(name)}
        yield_first = place is None and len(header) == 2
        if yield_first:  # no header: a name and a label, as in RAF-DB's list
            place, label = 0, 1
        if place is None or (label is None and len(classes) < _FEWEST_CLASSES):
            return
        for number, row in enumerate([header, *_bounded(rows)] if yield_first else _bounded(rows)):
            if len(row) <= max(place, label or 0, usage or 0):
                continue
            text = row[label].strip() if label is not None else _one_hot(row, classes)
            if text is None or (yield_first and number == 0 and not _is_label(text)):
                return
            word = split_of(row[usage]) if usage is not None else of_file
            split = row[usage].strip() if usage is not None else (of_file.split if of_file else "")
            yield row[place].strip(), Key(text, split or _split_of_stem(row[place]) if not word else split)


def _bounded(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    for _, row in zip(range(_MAX_ROWS), rows, strict=False):
        yield row


def _is_label(text: str) -> bool:
    return bool(emotion_of(text) or guess_emotion(text)) or code_of(text) is not None


def _one_hot(row: list[str], classes: dict[int, str]) -> str | None:
    """Return the class that alone has a 1; None where a row is of anything else, such as votes."""
    told = [row[place].strip() if place < len(row) else "" for place in classes]
    if set(told) - {"0", "1", "0.0", "1.0"} or sum(cell[:1] == "1" for cell in told) != 1:
        return None
    return next(name for (_, name), cell in zip(classes.items(), told, strict=True) if cell[:1] == "1")


def _split_of_stem(name: str) -> str:
    """Return the split by the first word of a file's name, as RAF-DB's have it: train_00001.jpg."""
    word = split_of(PurePosixPath(name.strip()).stem)
    return word.split if word and word.is_plain else ""


def _by_arrays(pictures: list[Picture], contents: Contents) -> tuple[list[Picture], list[str]]:
    """Read AffectNet's own form: images/12.jpg and annotations/12_exp.npy, a number in AffectNet's order."""
    arrays = {entry.name: entry for entry in contents.texts if entry.name.lower().endswith("_exp.npy")}
    if not arrays:
        return pictures, []
    meanings, read, count = order("affectnet"), [], 0
    for picture in pictures:
        path = PurePosixPath(picture.entry.name)
        beside = path.parent.parent / "annotations" / f"{path.stem}_exp.npy"
        entry = arrays.get(str(beside))
        code = _number_in(entry) if entry else None
        if code is not None:
            count += 1
            picture = picture._replace(key=Key(meanings.get(code, NONE), picture.key.split))
        read.append(picture)
    notes = [f"AffectNet's annotations say what {count:,} pictures show."] if count else []
    return read, notes


def _number_in(entry: Entry) -> int | None:
    try:
        value = np.load(io.BytesIO(entry.read()), allow_pickle=False)
        return code_of(str(value.item())) if value.size == 1 else None
    except ARCHIVE_ERRORS:
        return None


def _by_boxes(pictures: list[Picture], contents: Contents) -> tuple[list[Picture], list[str]]:
    """Read YOLO's form: images/1.jpg, labels/1.txt with a number and a box a face, and names in data.yaml."""
    texts = {entry.name: entry for entry in contents.texts}
    lists = [
        list_of_names(_text_of(entry)) for name, entry in texts.items() if name.endswith((".yaml", ".yml"))
    ]
    names = next((names for names in lists if names), None)
    if names is None:
        return pictures, []
    read: list[Picture] = []
    count = 0
    for picture in pictures:
        path = PurePosixPath(picture.entry.name)
        parts = list(path.with_suffix(".txt").parts)
        if "images" not in parts:
            read.append(picture)
            continue
        at = len(parts) - 1 - parts[::-1].index("images")
        entry = texts.get("/".join([*parts[:at], "labels", *parts[at + 1 :]]))
        boxes = _boxes_in(_text_of(entry)) if entry else None
        if boxes is None:
            read.append(picture)
            continue
        for code, box in boxes:
            label = names[code] if code < len(names) else str(code)
            read.append(Picture(picture.entry, Key(label, picture.key.split), box))
            count += 1
    return read, [f"YOLO's label files say where {count:,} faces are and what they show."] if count else []


def _text_of(entry: Entry | None) -> str:
    try:
        return entry.read().decode("utf-8", errors="replace") if entry else ""
    except ARCHIVE_ERRORS:
        return ""


def _boxes_in(text: str) -> list[tuple[int, Box]] | None:
    """Return the numbers and boxes of a label file; None where it is none."""
    boxes: list[tuple[int, Box]] = []
    for line in text.splitlines():
        try:
            number, *values = (float(cell) for cell in line.split())
        except ValueError:
            if line.strip():
                return None
            continue
        if len(values) != 4 or number < 0 or number % 1 or not all(0 <= value <= 1 for value in values):
            return None
        boxes.append((int(number), (values[0], values[1], values[2], values[3])))
    return boxes
