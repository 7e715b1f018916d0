"""Read labelled faces in the three forms people have them: a folder, a zip, the challenge's CSV.

The form is recognised by looking at the content, not at the name:

* a folder or a zip with `<split>/<class>/<picture>`, at any depth;
* a CSV with the columns `emotion`, `pixels` and, optionally, `Usage` (Goodfellow et al. 2013,
  "Challenges in Representation Learning"), also inside a zip.

What cannot be read is skipped and listed in the result; nothing is ever unpacked to disk.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from emotion.dataset.face_dataset import FACE_SIZE, DatasetError, FaceDataset, SkippedItem
from emotion.images import SUPPORTED_EXTENSIONS, ImageError, decode_image, read_image
from emotion.labels import EMOTIONS, parse_emotion

# A face picture of a dataset is small; a larger member of an archive is a mistake or an attack.
MAX_MEMBER_BYTES = 20_000_000
# The challenge's own CSV is 300 MB; ten times that cannot be a dataset of 48x48 faces.
MAX_CSV_BYTES = 3_000_000_000

_SPLITS: dict[str, str] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val"), "validation"),
    **dict.fromkeys(("test", "testing", "publictest", "privatetest"), "test"),
}
# A face, its label and split, its name; or what was wrong.
_Item = tuple[np.ndarray, str, str, str] | SkippedItem


def read_dataset(source: Path | str) -> FaceDataset:
    """Read a folder, a zip or a CSV of labelled faces.

    Pictures of any size and colour become 48x48 grey.

    Raises:
        DatasetError: nothing is there, the form is not known, or no face could be read.
    """
    source = Path(source)
    if source.is_dir():
        items = _read_folder(source)
    elif not source.is_file():
        raise DatasetError(f"There is no dataset at {source}.")
    elif zipfile.is_zipfile(source):
        items = _read_zip(source)
    elif _is_challenge_csv(source):
        with source.open(encoding="utf-8", errors="replace", newline="") as file:
            return _collect(_read_csv(file), source)
    else:
        raise DatasetError(
            f"{source.name} is neither a folder, nor a zip, nor a CSV with the columns emotion and pixels."
        )
    return _collect(items, source)


def _collect(items: Iterator[_Item], source: Path) -> FaceDataset:
    """Gather what a reader yields into arrays."""
    images, labels, splits, names, skipped = [], [], [], [], []
    try:
        for item in items:
            if isinstance(item, SkippedItem):
                skipped.append(item)
                continue
            image, emotion, split, name = item
            images.append(image)
            labels.append(EMOTIONS.index(emotion))
            splits.append(split)
            names.append(name)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, csv.Error) as error:
        raise DatasetError(f"{source.name} could not be read to its end; it may be damaged.") from error
    if not images:
        hint = f" The first problem: {skipped[0].where}: {skipped[0].reason}" if skipped else ""
        raise DatasetError(
            f"{source.name} holds no labelled faces; expected are folders such as train/happy, "
            f"or a CSV with the columns emotion and pixels.{hint}"
        )
    return FaceDataset(
        np.stack(images),
        np.array(labels, dtype=np.int64),
        np.array(splits),
        np.array(names),
        tuple(skipped),
    )


def _read_folder(root: Path) -> Iterator[_Item]:
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not _looks_like_picture(name):
            continue
        if path.is_symlink():
            yield SkippedItem(name, "Links are not followed.")
        elif path.is_file():
            yield _picture_item(name, lambda path=path: read_image(path))


def _read_zip(source: Path) -> Iterator[_Item]:
    with zipfile.ZipFile(source) as archive:
        members = sorted(archive.infolist(), key=lambda member: member.filename)
        for member in members:
            if member.filename.lower().endswith(".csv"):
                if member.file_size > MAX_CSV_BYTES:
                    yield SkippedItem(member.filename, "The table is too large to be a dataset of faces.")
                    continue
                with archive.open(member) as file:
                    text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
                    yield from _read_csv(text)
            elif _looks_like_picture(member.filename):
                if member.file_size > MAX_MEMBER_BYTES:
                    yield SkippedItem(member.filename, "The picture is too large to be a face of a dataset.")
                    continue
                yield _picture_item(member.filename, lambda member=member: decode_image(archive.read(member)))


def _looks_like_picture(name: str) -> bool:
    path = PurePosixPath(name)
    # macOS adds a shadow of every file to the zips it makes.
    shadow = path.name.startswith("._") or "__MACOSX" in path.parts
    return not shadow and path.suffix.lower().lstrip(".") in SUPPORTED_EXTENSIONS


def _picture_item(name: str, load) -> _Item:
    """Label one picture by the folders it lies in, and read it with `load()`."""
    folders = PurePosixPath(name).parts[:-1]
    emotion = parse_emotion(folders[-1]) if folders else None
    if emotion is None:
        return SkippedItem(name, "Its folder is not named after one of the seven emotions.")
    split = next((_SPLITS[part.lower()] for part in folders if part.lower() in _SPLITS), "train")
    try:
        picture = load()
    except ImageError as error:
        return SkippedItem(name, str(error))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
        # A damaged, encrypted or exotically compressed member: the others may be fine.
        return SkippedItem(name, "It cannot be taken out of the archive.")
    return _to_face(picture), emotion, split, name


def _to_face(picture: np.ndarray) -> np.ndarray:
    """Turn RGB uint8 (height, width, 3) into grey uint8 (48, 48)."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    if grey.shape == (FACE_SIZE, FACE_SIZE):
        return grey
    shrinks = min(grey.shape) > FACE_SIZE
    return cv2.resize(
        grey, (FACE_SIZE, FACE_SIZE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )


def _is_challenge_csv(source: Path) -> bool:
    with source.open("rb") as file:
        header = file.readline(1000).decode("utf-8", errors="replace")
    columns = {column.strip().strip('"').lower() for column in header.lstrip("\ufeff").split(",")}
    return {"emotion", "pixels"} <= columns


def _read_csv(file: io.TextIOBase) -> Iterator[_Item]:
    reader = csv.reader(file)
    header = [column.strip().lower().lstrip("\ufeff") for column in next(reader, [])]
    if not {"emotion", "pixels"} <= set(header):
        # A zip may carry tables that have nothing to do with faces, such as votes.
        return
    emotion_column, pixels_column = header.index("emotion"), header.index("pixels")
    usage_column = header.index("usage") if "usage" in header else None
    for number, row in enumerate(reader):
        where = f"row {number + 1}"
        if len(row) < len(header):
            yield SkippedItem(where, "The row has too few columns.")
            continue
        emotion = parse_emotion(row[emotion_column])
        if emotion is None:
            yield SkippedItem(where, f"{row[emotion_column][:20]!r} is not one of the seven emotions.")
            continue
        face = _parse_pixels(row[pixels_column])
        if face is None:
            yield SkippedItem(where, f"It does not have {FACE_SIZE * FACE_SIZE} pixels from 0 to 255.")
            continue
        usage = row[usage_column].strip() if usage_column is not None else "Training"
        split = _SPLITS.get(usage.lower())
        if split is None:
            yield SkippedItem(where, f"{usage[:20]!r} is not the name of a split.")
            continue
        yield face, emotion, split, f"{usage}_{number:05d}"


def _parse_pixels(text: str) -> np.ndarray | None:
    try:
        values = np.array(text.split(), dtype=np.int32)
    except (ValueError, OverflowError):
        return None
    if values.size != FACE_SIZE * FACE_SIZE or values.min() < 0 or values.max() > 255:
        return None
    return values.astype(np.uint8).reshape(FACE_SIZE, FACE_SIZE)
