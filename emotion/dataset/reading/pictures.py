"""Folders and zips of pictures: what is in them, in which order, and what must not be trusted."""

import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from emotion.dataset.face_dataset import DatasetError, SkippedItem
from emotion.dataset.reading.challenge_csv import MAX_CSV_BYTES, count_rows, header_of, read_rows
from emotion.dataset.reading.items import ARCHIVE_ERRORS, Item, picture_item, printable
from emotion.images import SUPPORTED_EXTENSIONS, decode_image, read_image
from emotion.labels import parse_emotion

# A face picture of a dataset is small; a larger member of an archive is a mistake or an attack.
MAX_MEMBER_BYTES = 20_000_000
# FER-2013 is 60 MB as pictures and 300 MB as a CSV; AffectNet's faces, the largest set, some 4 GB.
MAX_UNPACKED_BYTES = 20_000_000_000
MAX_PICTURES = 1_000_000

_NO_LINKS = "Links are not followed."
# What operating systems leave in folders of pictures.
_JUNK = ("thumbs.db", "desktop.ini", "__macosx")

Opener = Callable[[], IO[bytes]]


def folder_items(root: Path) -> tuple[int, Iterator[Item]]:
    """Return how many items a folder has, and its faces in the order of their names."""
    pictures: list[tuple[str, Path]] = []
    tables: dict[str, Opener] = {}
    skipped: list[SkippedItem] = []
    for folder, folders, files in os.walk(root):
        folders.sort()
        skipped += [
            SkippedItem(_name_below(root, Path(folder, name)), _NO_LINKS)
            for name in folders
            if Path(folder, name).is_symlink()
        ]
        for path in (Path(folder, file) for file in files):
            name = _name_below(root, path)
            if _is_junk(name):
                continue
            kind = _kind_of(name)
            if path.is_symlink():
                skipped += [SkippedItem(name, _NO_LINKS)] * (kind != "")
            elif kind == "picture" and path.is_file():
                pictures.append((name, path))
            elif kind == "table" and path.is_file():
                tables[name] = lambda path=path: path.open("rb")  # type: ignore[misc]
            elif kind == "stranger":
                skipped.append(SkippedItem(name, "The file is not a picture of a known kind."))
    _refuse_crowd(len(pictures))
    pictures.sort()
    chosen, total = _choose_tables(tables, skipped)

    def items() -> Iterator[Item]:
        yield from skipped
        yield from _rows_of(tables, chosen)
        for name, path in pictures:
            yield picture_item(name, lambda path=path: read_image(path))  # type: ignore[misc]

    return len(skipped) + total + len(pictures), items()


def zip_items(archive: zipfile.ZipFile) -> tuple[int, Iterator[Item]]:
    """Return how many items an archive has, and its faces in the order of their names.

    Raises:
        DatasetError: it would unpack to an absurd size.
    """
    members: dict[str, zipfile.ZipInfo] = {}
    tables: dict[str, Opener] = {}
    skipped: list[SkippedItem] = []
    known: set[str] = set()
    for member in archive.infolist():
        # Some programs on Windows separate folders by backslashes.
        name = printable(member.filename.replace("\\", "/"))
        kind = "" if member.is_dir() or _is_junk(name) else _kind_of(name)
        if not kind:
            continue
        problem = _problem_of_member(name, kind, member, name in known)
        known.add(name)
        if problem:
            skipped.append(SkippedItem(name, problem))
        elif kind == "picture":
            members[name] = member
        else:
            tables[name] = lambda member=member: archive.open(member)  # type: ignore[misc]
    _refuse_crowd(len(members))
    _refuse_size(sum(member.file_size for member in members.values()))
    chosen, total = _choose_tables(tables, skipped)

    def items() -> Iterator[Item]:
        yield from skipped
        yield from _rows_of(tables, chosen)
        for name in sorted(members):
            member = members[name]
            yield picture_item(name, lambda member=member: decode_image(archive.read(member)))  # type: ignore[misc]

    return len(skipped) + total + len(members), items()


def _problem_of_member(name: str, kind: str, member: zipfile.ZipInfo, is_known: bool) -> str | None:
    """Return why a member of an archive is not read, or None."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        return "Its path leads out of the archive."
    if stat.S_ISLNK(member.external_attr >> 16):
        return _NO_LINKS
    if is_known:
        return "Another file of the same name comes before it."
    if kind == "stranger":
        return "The file is not a picture of a known kind."
    if kind == "picture" and member.file_size > MAX_MEMBER_BYTES:
        return "The picture is too large to be a face of a dataset."
    if kind == "table" and member.file_size > MAX_CSV_BYTES:
        return "The table is too large to be a dataset of faces."
    return None


def _kind_of(name: str) -> str:
    """Return "picture", "table", "stranger" (no picture, yet in the folder of a class), or ""."""
    path = PurePosixPath(name)
    extension = path.suffix.lower().lstrip(".")
    if extension in SUPPORTED_EXTENSIONS:
        return "picture"
    if extension == "csv":
        return "table"
    return "stranger" if len(path.parts) > 1 and parse_emotion(path.parts[-2]) else ""


def _is_junk(name: str) -> bool:
    # macOS adds a shadow "._x" of every file x to the zips it makes, and ".DS_Store" to folders.
    parts = PurePosixPath(name.lower()).parts
    return not parts or parts[-1].startswith(".") or any(part in _JUNK for part in parts)


def _name_below(root: Path, path: Path) -> str:
    return printable(path.relative_to(root).as_posix())


def _refuse_crowd(count: int) -> None:
    if count > MAX_PICTURES:
        raise DatasetError(f"The source has {count:,} pictures; at most {MAX_PICTURES:,} can be imported.")


def _refuse_size(unpacked: int) -> None:
    if unpacked > MAX_UNPACKED_BYTES:
        raise DatasetError(
            f"The archive would unpack to {unpacked / 1e9:,.0f} GB; that cannot be a dataset of small "
            f"faces, and at most {MAX_UNPACKED_BYTES / 1e9:,.0f} GB are read."
        )


def _choose_tables(tables: dict[str, Opener], skipped: list[SkippedItem]) -> tuple[list[str], int]:
    """Return which tables hold labelled faces, and about how many rows these have.

    Kaggle's archive has the same faces in several tables: where some say the split, those count.
    A table that cannot be read to its end is put on `skipped`.
    """
    columns: dict[str, list[str]] = {}
    rows: dict[str, int] = {}
    for name in sorted(tables):
        try:
            with tables[name]() as file:
                header = header_of(file)
            if {"emotion", "pixels"} <= set(header):
                with tables[name]() as file:
                    columns[name], rows[name] = header, count_rows(file)
        except ARCHIVE_ERRORS:
            skipped.append(SkippedItem(name, "The table is damaged and cannot be read to its end."))
    chosen = [name for name, header in columns.items() if "usage" in header] or list(columns)
    return chosen, sum(rows[name] for name in chosen)


def _rows_of(tables: dict[str, Opener], chosen: list[str]) -> Iterator[Item]:
    for name in chosen:
        with tables[name]() as file:
            yield from read_rows(file, f"{name}/" if len(chosen) > 1 else "")
