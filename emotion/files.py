"""The one way to write a file: beside its place, then renamed, so that nobody ever reads half of one."""

import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from filelock import FileLock, Timeout

from emotion.errors import FileError

# What is still being written is called so, and by its process; what a killed one left behind, too.
PARTIAL = ".partial-"
# Far longer than any file that is read, changed and written takes; a lock dies with its process.
_LOCK_SECONDS = 60.0
# By how much the system's word on when a process began may differ from a file's time.
_SAME_TIME_SECONDS = 5.0


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path`, with the same ending, that takes its place at the end of the block.

    Where the block raises, the old file stays as it was, and nothing is left behind.

    Raises:
        FileError: the disk refuses.
    """
    partial = partial_of(path)
    with disk_errors(f"{path} could not be written"):
        try:
            yield partial
            partial.replace(path)
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def partial_of(path: Path) -> Path:
    """Return a new path beside `path`, with the same ending: hidden, and naming this process to `sweep`."""
    return path.parent / f"{PARTIAL}{os.getpid()}-{uuid.uuid4().hex[:8]}-{path.name.lstrip('.')}"


def sweep(folder: Path) -> None:
    """Remove what processes that were killed left half written in a folder; what lives is let be."""
    for remains in folder.glob(f"{PARTIAL}*"):
        if not _has_owner(remains):
            with suppress(OSError):  # somebody else sweeps at the same moment
                if remains.is_dir():
                    shutil.rmtree(remains)
                else:
                    remains.unlink()


def _has_owner(partial: Path) -> bool:
    """Return whether the process that a name tells of is still there, and no later one of its number."""
    number = re.match(rf"{re.escape(PARTIAL)}(\d+)-", partial.name)
    try:
        began = psutil.Process(int(number[1])).create_time() if number else None
        return began is not None and began < partial.stat().st_mtime + _SAME_TIME_SECONDS
    except psutil.NoSuchProcess:
        return False
    except (psutil.Error, OSError):
        return True  # nothing is known of it


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Turn what the disk says into a `FileError`, whose sentence begins with `what`."""
    try:
        yield
    except OSError as error:
        raise FileError(f"{what}: {error.strerror or 'the disk refused'}.") from error


def write_text(path: Path, text: str) -> None:
    """Write a text file (UTF-8).

    Raises:
        FileError: the disk refuses.
    """
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file.

    Raises:
        FileError: the disk refuses.
    """
    write_text(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write named arrays as a `.npz` file.

    Raises:
        FileError: the disk refuses.
    """
    with replacing(path) as partial, partial.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # the stubs forget that names are free


def read_object(path: Path) -> dict[str, Any] | None:
    """Return what a JSON file holds, if that is an object; None for all else, also where there is no file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file, between threads and processes, while it is read, changed and written.

    Raises:
        FileError: another program holds it far too long, or the disk refuses.
    """
    lock = FileLock(path.with_name(f".{path.name.lstrip('.')}.lock"), timeout=_LOCK_SECONDS)
    with disk_errors(f"{path} could not be changed"):
        try:
            lock.acquire()
        except Timeout as error:
            raise FileError(f"Another program keeps {path} locked; try again when it has ended.") from error
    try:
        yield
    finally:
        lock.release()


def plain_cell(text: str) -> str:
    """Keep a spreadsheet from running a file's name as a formula (OWASP, "CSV Injection")."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
