"""Look at a source before it is read: what is said of which of its pictures and rows, and what that means."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from emotion.dataset.face_dataset import DatasetError, SkippedItem
from emotion.dataset.reading import labelling, lists
from emotion.dataset.reading.answers import Answers
from emotion.dataset.reading.contents import Contents, Entry
from emotion.dataset.reading.items import ARCHIVE_ERRORS, Clue, Face, Item, to_face
from emotion.dataset.reading.labelling import Picture
from emotion.dataset.reading.legend import read_legend
from emotion.dataset.reading.photographs import cut_box, cut_largest_face, look_at
from emotion.dataset.reading.pixels import parse_pixels, to_size
from emotion.dataset.reading.plan import Plan, make_plan
from emotion.dataset.reading.questions import Question
from emotion.dataset.reading.tables import FaceTable, choose_tables
from emotion.dataset.reading.words import NONE, emotion_of, guess_emotion
from emotion.faces import FACE_SIZE
from emotion.images import ImageError, decode_image, read_image
from emotion.labels import EMOTIONS

# A legend is a small file.
_MAX_LEGEND_BYTES = 20_000
_MAX_LEGENDS = 50
# "fer0000000.png,"(0, 0, 48, 48)",0,9,..."
_FERPLUS_ROW = re.compile(r"""[^,\n]+\.png,"?\(""")
_LFS = b"version https://git-lfs"


@dataclass(frozen=True)
class Survey:
    """What was seen of a source.

    Attributes:
        plan: what is understood.
        pictures: with what is said of them.
        tables: those whose faces are read.
        skipped: what is left out from the start.
        cuts_faces: whether faces are to be cut out of the pictures.
    """

    plan: Plan
    pictures: list[Picture]
    tables: list[FaceTable]
    skipped: list[SkippedItem]
    cuts_faces: bool

    @property
    def total(self) -> int:
        """About how many items there are."""
        return len(self.skipped) + len(self.pictures) + sum(table.rows for table in self.tables)

    def items(self) -> Iterator[Item]:
        """Yield the faces, and what had to be skipped."""
        yield from self.skipped
        for table in self.tables:
            yield from table.items(self.plan.clues, f"{table.entry.name}/" if len(self.tables) > 1 else "")
        seen: Counter[str] = Counter()
        for picture in self.pictures:
            seen[picture.entry.name] += 1
            number = seen[picture.entry.name]
            name = picture.entry.name if number == 1 else f"{picture.entry.name}#{number}"
            yield self._item(picture, name)

    def _item(self, picture: Picture, name: str) -> Item:
        clue = self.plan.clues[picture.key]
        if isinstance(clue, str):
            return SkippedItem(name, clue)
        try:
            pixels = load(picture.entry)
        except ImageError as error:
            return SkippedItem(name, str(error))
        except ARCHIVE_ERRORS:
            # The other members may be fine.
            return SkippedItem(name, "It cannot be taken out of the archive.")
        if picture.box is not None:
            face: np.ndarray | None = cut_box(pixels, picture.box)
        else:
            face = cut_largest_face(pixels) if self.cuts_faces else to_face(pixels)
        if face is None:
            return SkippedItem(name, "No face was found in the picture.")
        return Face(face, clue.label, clue.split, name)

    def example(self, label: str) -> np.ndarray | None:
        """Return the first face, uint8 (48, 48), with a word for its label; None where none can be read."""
        for table in self.tables:
            for _, row in table.read():
                if len(row) >= table.width and table.key_of(row).label == label:
                    face = parse_pixels(table.pixels_of(row), table.is_unit)
                    if not isinstance(face, str):
                        return to_size(face)
        for picture in self.pictures:
            if picture.key.label == label:
                try:
                    return to_face(load(picture.entry))
                except (ImageError, *ARCHIVE_ERRORS):
                    continue
        return None


def load(entry: Entry) -> np.ndarray:
    """Return a picture, RGB uint8 (height, width, 3); raises what a picture or an archive may raise."""
    try:
        return read_image(entry.path) if entry.path is not None else decode_image(entry.read())
    except ImageError as error:
        with entry.open() as file:
            if file.read(len(_LFS)) == _LFS:
                raise ImageError(
                    "It is only a pointer of Git LFS to a picture that was not downloaded."
                ) from error
        raise


def survey(contents: Contents, answers: Answers, name: str) -> Survey:
    """Look at all names of a source, and at what its tables say.

    Args:
        contents: what it has.
        answers: what somebody has said of it.
        name: of the source.

    Raises:
        DatasetError: it has no labelled faces.
    """
    tables, notes = choose_tables(contents)
    pictures, said = _label(contents, answers)
    keys = Counter(picture.key for picture in pictures)
    for table in tables:
        keys.update(table.keys)
    plan = make_plan(keys, answers, _legends(contents))
    plan.assumed += said
    plan.left_out += notes + _strangers(plan, contents, answers)
    _require_some(plan, contents, tables, name)
    _say_sizes(plan, tables)
    above = labelling.above_classes(pictures)
    if len(above) > 1 and not any(key.split for key in keys):
        more = f" and {len(above) - 6:,} more" if len(above) > 6 else ""
        plan.assumed.append(
            f"The folders above the classes are taken for no splits: {', '.join(above[:6])}{more}."
        )
    cuts = answers.faces == "cut"
    if not cuts and not plan.questions:
        _look_at_pictures(plan, pictures, answers)
    return Survey(plan, pictures, tables, list(contents.skipped), cuts)


def _label(contents: Contents, answers: Answers) -> tuple[list[Picture], list[str]]:
    """Return the pictures with what is said of them: by their folders, else by lists, else by their names."""
    pictures = labelling.by_folders(contents.pictures, answers)
    silent = [picture for picture in pictures if not _speaks(picture.key.label, answers)]
    if not silent:
        return pictures, []
    told, notes = lists.by_lists(silent, contents)
    named: list[Picture] = []
    if not notes:
        told, collection = labelling.by_names(told)
        named = told if collection else []
        notes = (
            [f"The names are those of {collection}, which say what the pictures show."] if collection else []
        )
    if not notes and not named:
        return pictures, []
    loud = [picture for picture in pictures if _speaks(picture.key.label, answers)]
    return [*loud, *told], notes


def _speaks(text: str, answers: Answers) -> bool:
    return labelling.says_emotion(text, answers) or guess_emotion(text) is not None


def _legends(contents: Contents) -> list[tuple[str, dict[int, str]]]:
    """Return what small files say of numbers, by their names."""
    legends = []
    small = [entry for entry in [*contents.texts, *contents.tables] if entry.size <= _MAX_LEGEND_BYTES]
    for entry in small[:_MAX_LEGENDS]:
        if entry.name.endswith(".npy"):
            continue
        try:
            said = read_legend(entry.read().decode("utf-8-sig", errors="replace"))
        except ARCHIVE_ERRORS:
            continue
        if said:
            legends.append((entry.name, said))
    return legends


def _strangers(plan: Plan, contents: Contents, answers: Answers) -> list[str]:
    """Return sentences on files that lie in a class and cannot be read.

    Raises:
        DatasetError: they are all that a class has.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for name in contents.strangers:
        folder, _, file = name.rpartition("/")
        groups.setdefault((folder, file.rpartition(".")[2].lower() if "." in file else ""), []).append(name)
    notes = []
    for (folder, ending), names in sorted(groups.items()):
        own = folder.rpartition("/")[2]
        emotion = emotion_of(own)
        if emotion is None:
            continue
        kind = f"ending in .{ending}" if ending else "without an ending"
        what = f"{len(names):,} file{'s' * (len(names) != 1)} {kind}"
        if emotion in EMOTIONS and not plan.counts[emotion] and answers.of(own) != NONE:
            raise DatasetError(
                f"{folder} has {what}, and no picture of a known kind: save them as PNG or JPEG, or leave "
                f"the class out by --map {own}=none."
            )
        reason = "The file is not a picture of a known kind."
        contents.skipped += [SkippedItem(name, reason) for name in names]
        notes.append(f"{folder}: {what}, no picture of a known kind, left out.")
    return notes


def _require_some(plan: Plan, contents: Contents, tables: list[FaceTable], name: str) -> None:
    """Raise `DatasetError` with all that is known unless there are faces, or questions about some."""
    if plan.questions or any(isinstance(clue, Clue) for clue in plan.clues.values()):
        return
    folders = sorted({key.label for key in plan.clues if key.label})
    hints = [sentence for sentence in plan.left_out if not folders or tables]
    hints += [f"{inner} is an archive within: unpack it and import that." for inner in contents.archives[:3]]
    hints += _silent_hints(plan, contents)
    if not hints and contents.skipped:
        hints = [f"The first problem: {contents.skipped[0].where}: {contents.skipped[0].reason}"]
    if folders and not tables:
        hints.append(
            f"The folders are {', '.join(folders[:8])}; if they are classes, say which: --map NAME=EMOTION."
        )
    if len(contents.tables) == 1 and contents.tables[0].name == name and not tables and not hints:
        raise DatasetError(
            f"{name} is neither a folder, nor a zip or tar, nor a table with the columns emotion and pixels."
        )
    raise DatasetError(
        f"{name} holds no labelled faces; expected are folders such as train/happy, "
        f"or a CSV with the columns emotion and pixels. {' '.join(hints)}".rstrip()
    )


def _silent_hints(plan: Plan, contents: Contents) -> list[str]:
    """Return sentences on what was found that says nothing of emotions."""
    hints = []
    arrays = [entry.name for entry in contents.texts if entry.name.endswith(".npy")]
    if arrays and not contents.pictures:
        hints.append(f"{arrays[0]} is a NumPy array without labels.")
    for entry in contents.tables:
        with entry.open() as file:
            start = file.read(200).decode("utf-8", errors="replace")
        if _FERPLUS_ROW.match(start):
            hints.append(
                f"{entry.name} has the votes of FER+, which are no labels: import FER-2013, and "
                "attach FER+'s own table to it (--votes)."
            )
            break
    silent = sum(1 for entry in contents.pictures if entry) if any(not key.label for key in plan.clues) else 0
    return hints + [f"Nothing says what its {silent:,} pictures show."] * bool(silent)


def _say_sizes(plan: Plan, tables: list[FaceTable]) -> None:
    for table in tables:
        if unused := table.unused():
            plan.assumed.append(f"{table.entry.name} has columns that are not used: {', '.join(unused[:6])}.")
        if table.side not in (0, FACE_SIZE):
            plan.assumed.append(
                f"The faces of {table.entry.name} have {table.side}x{table.side} pixels and become "
                f"{FACE_SIZE}x{FACE_SIZE}."
            )
        if table.is_unit:
            plan.assumed.append(f"The pixels of {table.entry.name}, 0 to 1, become 0 to 255.")


def _look_at_pictures(plan: Plan, pictures: list[Picture], answers: Answers) -> None:
    """Say that pictures are no faces but photographs, or not square."""
    read = [
        picture for picture in pictures if picture.box is None and isinstance(plan.clues[picture.key], Clue)
    ]
    loads: list[Callable[[], np.ndarray]] = [lambda entry=picture.entry: _try(entry) for picture in read]  # type: ignore[misc]
    small, oblong = look_at(loads)
    plan.may_cut = bool(small or oblong)
    if small and answers.faces != "whole":
        plan.questions.append(Question("faces", "", len(read), small))
    if oblong:
        plan.assumed.append(
            f"The pictures are not square ({oblong}): they are squashed to {FACE_SIZE}x{FACE_SIZE}, unless "
            "the faces are cut out of them."
        )


def _try(entry: Entry) -> np.ndarray:
    try:
        return load(entry)
    except ARCHIVE_ERRORS as error:
        raise ImageError("It cannot be taken out of the archive.") from error
