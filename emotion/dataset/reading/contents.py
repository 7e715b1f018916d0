"""What lies in a folder, a zip or a tar: pictures, tables, texts; and what must not be trusted."""

import gzip
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from emotion.dataset.face_dataset import DatasetError, SkippedItem
from emotion.dataset.reading.items import MAX_NAME_LENGTH, printable
from emotion.images import SUPPORTED_EXTENSIONS

# A face picture of a dataset is small; a larger member of an archive is a mistake or an attack.
MAX_MEMBER_BYTES = 20_000_000
# FER-2013 is 60 MB as pictures and 300 MB as a CSV; AffectNet's faces, the largest set, some 4 GB.
MAX_UNPACKED_BYTES = 20_000_000_000
MAX_PICTURES = 1_000_000
# The challenge's own CSV is 300 MB; ten times that cannot be a dataset of small faces.
MAX_TABLE_BYTES = 3_000_000_000
_MAX_TEXT_BYTES = 5_000_000
_MAX_TEXTS = 2_000_000  # one beside each picture

# What is deflated is unpacked as far as is asked for; of what is packed otherwise, `zipfile` unpacks all that
# some thousand bytes hold, which may be gigabytes.
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

_TAR_HEADERS = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_MAX_TAR_HEADER = 100_000  # bytes

_NO_LINKS = "Links are not followed."
# What operating systems leave in folders of pictures.
_JUNK = ("thumbs.db", "desktop.ini", "__macosx")
_TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
_TEXTS = (".txt", ".json", ".yaml", ".yml", ".names", ".md", ".npy")
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".npz")


class Entry(NamedTuple):
    """One file of a source.

    Attributes:
        name: its path within the source, with "/".
        size: in bytes, unpacked.
        open: returns it, to be read from its start.
        path: where it lies on its own; None within an archive.
    """

    name: str
    size: int
    open: Callable[[], IO[bytes]]
    path: Path | None = None

    def read(self) -> bytes:
        """Return its bytes."""
        with self.open() as file:
            return file.read(self.size)


@dataclass
class Contents:
    """What a source has, each list in the order of the names, or of a tar.

    Attributes:
        pictures: files that are called as pictures are.
        tables: CSV files, also those packed on their own.
        texts: small files that may say what the pictures show.
        archives: names of archives within, which are not looked into.
        strangers: names of files of no known kind.
        skipped: what is left out, and why.
    """

    pictures: list[Entry] = field(default_factory=list)
    tables: list[Entry] = field(default_factory=list)
    texts: list[Entry] = field(default_factory=list)
    archives: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    skipped: list[SkippedItem] = field(default_factory=list)

    def add(self, entry: Entry, problem: str | None) -> None:
        """Sort one file in, or note why it is left out."""
        lowered = PurePosixPath(entry.name).name.lower()
        is_picture = lowered.rpartition(".")[2] in SUPPORTED_EXTENSIONS
        if len(entry.name) > MAX_NAME_LENGTH:
            self.skipped.append(SkippedItem(entry.name[:MAX_NAME_LENGTH] + "…", "Its name is too long."))
        elif problem:
            self.skipped.append(SkippedItem(entry.name, problem))
        elif is_picture and entry.size > MAX_MEMBER_BYTES and entry.path is None:
            self.skipped.append(
                SkippedItem(entry.name, "The picture is too large to be a face of a dataset.")
            )
        elif is_picture:
            self.pictures.append(entry)
        elif lowered.endswith(_TABLES):
            self._add_table(entry, lowered)
        elif lowered.endswith(_ARCHIVES):
            self.archives.append(entry.name)
        elif lowered.endswith(_TEXTS):
            if entry.size <= _MAX_TEXT_BYTES and len(self.texts) < _MAX_TEXTS:
                self.texts.append(entry)
        else:
            self.strangers.append(entry.name)

    def _add_table(self, entry: Entry, lowered: str) -> None:
        if entry.size > MAX_TABLE_BYTES:
            self.skipped.append(SkippedItem(entry.name, "The table is too large to be a dataset of faces."))
        elif lowered.endswith(".gz"):
            self.tables.append(entry._replace(size=MAX_TABLE_BYTES, open=lambda: _gunzip(entry)))
        else:
            self.tables.append(entry)

    def check(self, in_order: bool = True) -> "Contents":
        """Return it, its lists in order; refuse what is absurdly much.

        Raises:
            DatasetError: it is.
        """
        if len(self.pictures) > MAX_PICTURES:
            raise DatasetError(
                f"The source has {len(self.pictures):,} pictures; at most {MAX_PICTURES:,} can be imported."
            )
        unpacked = sum(entry.size for entry in self.pictures if entry.path is None)
        if unpacked > MAX_UNPACKED_BYTES:
            raise _absurd(unpacked)
        if in_order:
            for entries in (self.pictures, self.tables, self.texts):
                entries.sort(key=lambda entry: entry.name)
        return self


def _absurd(unpacked: int) -> DatasetError:
    return DatasetError(
        f"The archive would unpack to {unpacked / 1e9:,.0f} GB; that cannot be a dataset of small "
        f"faces, and at most {MAX_UNPACKED_BYTES / 1e9:,.0f} GB are read."
    )


def of_folder(root: Path) -> Contents:
    """Return what a folder has, and all below it."""
    found = Contents()
    for folder, folders, files in os.walk(root):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        found.skipped += [SkippedItem(_name_below(root, Path(folder, name)), _NO_LINKS) for name in links]
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in links)
        for path in (Path(folder, file) for file in files):
            name = _name_below(root, path)
            if _is_junk(name):
                continue
            if path.is_symlink():
                found.skipped.append(SkippedItem(name, _NO_LINKS))
            elif path.is_file():
                found.add(Entry(name, path.stat().st_size, lambda path=path: path.open("rb"), path), None)  # type: ignore[misc]
    return found.check()


def of_zip(archive: zipfile.ZipFile) -> Contents:
    """Return what a zip has.

    Raises:
        DatasetError: it would unpack to an absurd size.
    """
    found = Contents()
    known: set[str] = set()
    for member in archive.infolist():
        # Some programs on Windows separate folders by backslashes.
        name = printable(member.filename.replace("\\", "/"))
        if member.is_dir() or _is_junk(name):
            continue
        is_link = stat.S_ISLNK(member.external_attr >> 16)
        problem = _problem_of_member(name, is_link, name in known)
        if member.compress_type not in _BOUNDED:
            problem = problem or "It is packed in an unusual way; pack the zip as usual (Deflate)."
        known.add(name)
        found.add(Entry(name, member.file_size, lambda member=member: archive.open(member)), problem)  # type: ignore[misc]
    return found.check()


class BoundedTarInfo(tarfile.TarInfo):
    """A member of a tar with a name and properties of usual length, as `tarfile` reads them whole."""

    def _proc_member(self, tarfile_: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _TAR_HEADERS and self.size > _MAX_TAR_HEADER:
            raise tarfile.ReadError("a header without an end")
        return super()._proc_member(tarfile_)  # type: ignore[misc]


def of_tar(archive: tarfile.TarFile) -> Contents:
    """Return what a tar has, in its own order: what is packed is read from its start to its end.

    Raises:
        DatasetError: it would unpack to an absurd size.
    """
    found = Contents()
    known: set[str] = set()
    for member in archive:
        name = printable(member.name.removeprefix("./"))
        if member.isdir() or _is_junk(name) or not (member.isfile() or member.issym() or member.islnk()):
            continue
        if member.offset_data + member.size > MAX_UNPACKED_BYTES + MAX_TABLE_BYTES:
            raise _absurd(member.offset_data + member.size)
        problem = _problem_of_member(name, not member.isfile(), name in known)
        known.add(name)
        found.add(Entry(name, member.size, lambda member=member: _extract(archive, member)), problem)  # type: ignore[misc]
    return found.check(in_order=False)


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    if file is None:
        raise OSError("no file")
    return file


def _gunzip(entry: Entry) -> IO[bytes]:
    return gzip.GzipFile(fileobj=entry.open())  # type: ignore[return-value]


def _problem_of_member(name: str, is_link: bool, is_known: bool) -> str | None:
    """Return why a member of an archive is not read, or None."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        return "Its path leads out of the archive."
    if is_link:
        return _NO_LINKS
    if is_known:
        return "Another file of the same name comes before it."
    return None


def _is_junk(name: str) -> bool:
    # macOS adds a shadow "._x" of every file x to the zips it makes, and ".DS_Store" to folders; notebooks
    # keep copies of pictures in ".ipynb_checkpoints".
    parts = PurePosixPath(name.lower()).parts
    hidden = any(part.startswith(".") and part.strip(".") for part in parts)
    return not parts or hidden or any(part in _JUNK for part in parts)


def _name_below(root: Path, path: Path) -> str:
    return printable(path.relative_to(root).as_posix())


def folders_of(name: str) -> tuple[str, ...]:
    """Return the folders that a file lies in, from the outermost to the nearest."""
    return PurePosixPath(name).parts[:-1]
