"""The recordings on disk: which there are, their tables, new names.

What a process that was killed has left is made whole when somebody opens it.
"""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from filelock import Timeout

from emotion import paths
from emotion.files import disk_errors
from emotion.recordings.recording import (
    RECORDING,
    Recording,
    RecordingError,
    RecordingState,
    read_recording,
)
from emotion.recordings.table import FACES, FRAMES
from emotion.recordings.writer import (
    FACES_FILE,
    FRAMES_FILE,
    is_written,
    join_parts,
    part_files,
    writer_lock,
)

MAX_NAME = 60
# What Windows keeps for itself, whatever the extension.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def list_recordings() -> list[Recording]:
    """Return all recordings, newest first; a folder whose `recording.json` cannot be read is left out."""
    found = []
    for path in paths.recordings_folder().glob(f"[!.]*/{RECORDING}"):
        try:
            found.append(open_recording(path.parent.name))
        except RecordingError:
            continue
    return sorted(found, key=lambda recording: (recording.created, recording.name), reverse=True)


def recording_folder(name: str) -> Path:
    """Return the folder of a recording: no name leads out of the folder of recordings.

    Raises:
        RecordingError: there is none of that name.
    """
    folder = paths.recordings_folder() / name
    if clean_name(name) != name or not (folder / RECORDING).is_file():
        raise RecordingError(f"There is no recording {name!r}; known are: {_known_names()}.")
    return folder


def open_recording(name: str) -> Recording:
    """Return what a recording is; one whose process was killed is made whole first.

    Raises:
        RecordingError: there is none, or it is damaged.
        FileError: the disk refuses.
    """
    folder = recording_folder(name)
    recording = read_recording(folder)
    if recording.state is not RecordingState.RECORDING:
        return recording
    lock = writer_lock(folder)
    with disk_errors(f"The recording {name!r} could not be opened"):
        try:
            lock.acquire()
        except Timeout:
            return recording  # its writer is at work
    try:
        recording = read_recording(folder)  # it may have come to its end meanwhile
        if recording.state is not RecordingState.RECORDING:
            return recording
        return _recover(folder, recording)
    finally:
        lock.release()


def read_faces(name: str) -> pa.Table:
    """Return the table FACES of a recording, in the order of frames and people; also of one that grows.

    Raises:
        RecordingError: there is none, or it is damaged.
    """
    return _read(name, FACES_FILE, FACES)


def read_frames(name: str) -> pa.Table:
    """Return the table FRAMES of a recording; likewise."""
    return _read(name, FRAMES_FILE, FRAMES)


def delete(name: str) -> None:
    """Remove a recording from the disk.

    Raises:
        RecordingError: there is none, or it is being written.
        FileError: the disk refuses.
    """
    folder = recording_folder(name)
    if is_written(folder):
        raise RecordingError(f"The recording {name!r} is being written; stop that first.")
    with disk_errors(f"The recording {name!r} could not be removed"):
        shutil.rmtree(folder)


def clean_name(text: str) -> str:
    """Return the name, fit for a folder on any system, that comes closest to a text."""
    name = re.sub(r"[^\w-]+", "-", text).strip("-")[:MAX_NAME].rstrip("-") or "recording"
    return f"{name}-recording" if _DEVICES.fullmatch(name) else name


def free_name(text: str) -> str:
    """Return the first name that no recording has: the text's, or with `-2`, `-3`, ... behind it."""
    name = clean_name(text)
    number, free = 1, name
    while (paths.recordings_folder() / free).exists():
        number += 1
        free = f"{name[: MAX_NAME - len(str(number)) - 1]}-{number}"
    return free


def check_new_name(name: str) -> str:
    """Return the name if a new recording can be called so.

    Raises:
        RecordingError: it is no name (letters, digits, '-' and '_', not too many), or is taken.
    """
    if clean_name(name) != name:
        raise RecordingError(f"A recording's name is made of up to {MAX_NAME} letters, digits, '-' and '_'.")
    if (paths.recordings_folder() / name).exists():
        raise RecordingError(
            f"There is a recording {name!r} already; choose another name, or delete it first."
        )
    return name


def _known_names() -> str:
    root = paths.recordings_folder()
    return ", ".join(sorted(path.parent.name for path in root.glob(f"[!.]*/{RECORDING}"))) or "none yet"


def _recover(folder: Path, recording: Recording) -> Recording:
    """Make whole what a killed process left; its lock is held."""
    frames = _parts(folder, FRAMES_FILE, FRAMES)
    faces = _parts(folder, FACES_FILE, FACES)
    seconds, people = pc.max(frames["seconds"]).as_py(), pc.max(faces["face"]).as_py()
    sentence = "The process that recorded ended before its time; what came after the last second is lost."
    recording = replace(
        recording,
        frames=len(frames),
        seconds=seconds or 0.0,
        people=people or 0,
        problems=(*recording.problems, sentence),
    )
    return join_parts(folder, recording, RecordingState.INTERRUPTED)


def _read(name: str, file: str, schema: pa.Schema) -> pa.Table:
    folder = recording_folder(name)
    if open_recording(name).state is RecordingState.RECORDING:
        return _parts(folder, file, schema)
    try:
        return _in_form(pq.read_table(folder / file), schema)
    except (OSError, pa.ArrowException, KeyError) as error:
        raise RecordingError(f"The file {file} of the recording {name!r} is missing or damaged.") from error


def _parts(folder: Path, file: str, schema: pa.Schema) -> pa.Table:
    try:
        tables = [_in_form(pq.read_table(path), schema) for path in part_files(folder, file)]
    except (OSError, pa.ArrowException, KeyError) as error:
        raise RecordingError(f"A part of the recording {folder.name!r} is missing or damaged.") from error
    return pa.concat_tables([schema.empty_table(), *tables])


def _in_form(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the columns of the schema, in its order and of its types."""
    return table.select(schema.names).cast(schema)
