"""What each picture of a source shows, in the source's own words: by its folders, a list, or its name."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from emotion.dataset.reading.answers import Answers
from emotion.dataset.reading.contents import Entry, folders_of
from emotion.dataset.reading.items import Key
from emotion.dataset.reading.words import (
    code_of,
    emotion_of,
    folded,
    guess_emotion,
    guess_split,
    split_of,
)

Box = tuple[float, float, float, float]


class Picture(NamedTuple):
    """One picture and what the source says of it.

    Attributes:
        entry: the file.
        key: in the source's words.
        box: where the face is: middle x and y, width, height, in shares of the picture; None: all of it.
    """

    entry: Entry
    key: Key
    box: Box | None = None


_SHORT = {"AN": "angry", "DI": "disgust", "HA": "happy", "NE": "neutral", "SA": "sad", "SU": "surprise"}
# Of collections whose pictures' names say what they show: JAFFE's (Lyons et al. 1998), KA.AN1.39.tiff, and
# KDEF's (Lundqvist et al. 1998), AF01ANS.JPG, where AF is afraid and the end the angle.
_NAMES = {
    "JAFFE": (
        re.compile(r"[A-Z]{2}\.(AN|DI|FE|HA|NE|SA|SU)\d\.\d+\.tiff?", re.IGNORECASE),
        _SHORT | {"FE": "fear"},
    ),
    "KDEF": (
        re.compile(r"[AB][FM]\d\d(AF|AN|DI|HA|NE|SA|SU)(?:S|F[LR]|H[LR])\.jpe?g", re.IGNORECASE),
        _SHORT | {"AF": "fear"},
    ),
}


def by_folders(entries: Iterable[Entry], answers: Answers) -> list[Picture]:
    """Return the pictures with what their folders say.

    The nearest folder that says an emotion is the label, then one that is likely to, then a number. Where
    there is none, it is the folder that stands where others have theirs; "" for none of these.
    """
    entries = list(entries)
    counts = Counter(folders_of(entry.name) for entry in entries)
    labels = {folders: _label_place(folders, answers) for folders in counts}
    splits = {folders: _split_place(folders, labels[folders], answers) for folders in counts}
    label_depth, split_depth = _usual(labels, counts), _usual(splits, counts)
    if split_depth is None:
        split_depth = _usual(_likely_splits(labels), counts)
    keys = {}
    for folders in counts:
        label = labels[folders]
        if label is None and label_depth is not None and label_depth < len(folders):
            label = label_depth
        elif label is None and label_depth is None and folders:
            label = len(folders) - 1
        split = splits[folders]
        if split is None and split_depth is not None and split_depth < len(folders) and split_depth != label:
            split = split_depth
        if label is not None and label == split and labels[folders] is None:
            label = None  # it lies in the split, and in no folder of a class
        keys[folders] = Key("" if label is None else folders[label], "" if split is None else folders[split])
    return [Picture(entry, keys[folders_of(entry.name)]) for entry in entries]


def by_names(pictures: list[Picture]) -> tuple[list[Picture], str]:
    """Return the pictures with what their own names say, and whose names they are; "" for nobody's."""
    for collection, (pattern, meanings) in _NAMES.items():
        found = [pattern.fullmatch(PurePosixPath(picture.entry.name).name) for picture in pictures]
        if found and all(found):
            return [
                picture._replace(key=Key(meanings[match[1].upper()], picture.key.split))
                for picture, match in zip(pictures, found, strict=True)
                if match
            ], collection
    return pictures, ""


def says_emotion(text: str, answers: Answers) -> bool:
    """Return whether a word is told, or says by itself, which emotion it means, or a number of one."""
    said = answers.of(text)
    return said is not None or emotion_of(text) is not None or code_of(text) is not None


def _label_place(folders: tuple[str, ...], answers: Answers) -> int | None:
    """Return which folder is the class's; None where none says anything."""
    places = range(len(folders) - 1, -1, -1)
    tests: list[Callable[[str], bool]] = [
        lambda text: _is_told_emotion(text, answers) or emotion_of(text) is not None,
        lambda text: guess_emotion(text) is not None,
        lambda text: code_of(text) is not None,
    ]
    for test in tests:
        found = next((place for place in places if test(folders[place])), None)
        if found is not None:
            return found
    return None


def above_classes(pictures: list[Picture]) -> list[str]:
    """Return the names of the folders right above those of the classes, which may be splits or persons."""
    names = set()
    for folders, label in {(folders_of(picture.entry.name), picture.key.label) for picture in pictures}:
        if label in folders[1:]:
            names.add(folders[folders.index(label, 1) - 1])
    return sorted(names)


def _likely_splits(labels: dict[tuple[str, ...], int | None]) -> dict[tuple[str, ...], int | None]:
    """Return which folders above a class are likely to mean a split, where none certainly does."""
    likely = {}
    for folders, label in labels.items():
        places = range((label or 0) - 1, -1, -1)
        likely[folders] = next((place for place in places if guess_split(folders[place])), None)
    return likely


def _is_told_emotion(text: str, answers: Answers) -> bool:
    said = answers.of(text)
    return said is not None and said not in ("train", "validation", "test")


def _split_place(folders: tuple[str, ...], label: int | None, answers: Answers) -> int | None:
    """Return which folder is the split's: the nearest that says nothing else, or else the nearest at all."""
    words = {place: split_of(folders[place]) for place in range(len(folders) - 1, -1, -1)}
    told = (place for place in words if answers.of(folders[place]) in ("train", "validation", "test"))
    plain = (place for place, word in words.items() if word and word.is_plain and place != label)
    any_at_all = (place for place, word in words.items() if word)
    return next(told, next(plain, next(any_at_all, None)))


def _usual(places: dict[tuple[str, ...], int | None], counts: Counter[tuple[str, ...]]) -> int | None:
    """Return where most pictures have such a folder; None where none has."""
    depths: Counter[int] = Counter()
    for folders, place in places.items():
        if place is not None:
            depths[place] += counts[folders]
    return depths.most_common(1)[0][0] if depths else None


def same_name(text: str) -> str:
    """Return a file's name as lists and files are compared: without folders, ending, case and "_aligned"."""
    return folded(PurePosixPath(text.replace("\\", "/")).stem).removesuffix("_aligned")
