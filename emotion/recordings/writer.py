"""Write a recording while it grows, so that a process that is killed loses no more than the last seconds.

recordings/NAME/recording.json        what it is; `state` tells whether it is whole
recordings/NAME/parts/000000.faces.parquet, 000000.frames.parquet, ...   what has come so far
recordings/NAME/faces.parquet         all parts as one, made at the end; then there are no parts
recordings/NAME/frames.parquet        likewise
recordings/NAME/.recording.json.lock  held while the writer lives; the system lets go of it with the process
"""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from emotion.files import disk_errors, replacing
from emotion.recordings.recording import Recording, RecordingError, RecordingState, write_recording
from emotion.recordings.table import FACES, FRAMES, FaceRow, face_record, frame_record, to_table

FACES_FILE, FRAMES_FILE, PARTS = "faces.parquet", "frames.parquet", "parts"
# A part is written when its first row is so old. Ten seconds are promised; the time of a frame comes on top.
PART_SECONDS = 5.0
# Or when it has so many rows: the memory does not grow with what is recorded.
PART_ROWS = 5_000
# Rows that are read and written together when the parts become one.
_GROUP_ROWS = 50_000


class RecordingWriter:
    """Takes in the frames of a recording, in the order of their times.

    Args:
        folder: of the recording; made here, and there must be none yet.
        recording: what is known of it so far.
        clock: tells the time in seconds, by which parts are written.

    Raises:
        RecordingError: the folder is there already.
        FileError: the disk refuses.
    """

    def __init__(
        self, folder: Path, recording: Recording, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.folder, self.recording = folder, recording
        self._clock = clock
        self._faces: list[dict[str, Any]] = []
        self._frames: list[dict[str, Any]] = []
        self._oldest = 0.0
        self._part = 0
        self._start = datetime.fromisoformat(recording.start) if recording.start else None
        with disk_errors(f"The recording {folder.name!r} could not be begun"):
            folder.parent.mkdir(parents=True, exist_ok=True)
            try:
                folder.mkdir()
            except FileExistsError as error:
                raise RecordingError(f"There is a recording {folder.name!r} already.") from error
            self._lock = writer_lock(folder)
            self._lock.acquire()
            (folder / PARTS).mkdir()
        write_recording(folder, recording)

    def add(self, frame: int, seconds: float, faces: Sequence[FaceRow]) -> None:
        """Take in the faces of one frame; none, where none was seen.

        Raises:
            FileError: the disk refuses.
        """
        if not self._frames:
            self._oldest = self._clock()
        self._frames.append(frame_record(frame, seconds, self._start) | {"faces": len(faces)})
        self._faces += [face_record(frame, seconds, self._start, face) for face in faces]
        people = max([self.recording.people, *(face.number for face in faces)])
        self.recording = replace(
            self.recording, frames=self.recording.frames + 1, seconds=seconds, people=people
        )
        if self._clock() - self._oldest >= PART_SECONDS or len(self._frames) + len(self._faces) > PART_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what was taken in since the last time.

        Raises:
            FileError: the disk refuses.
        """
        if not self._frames:
            return
        # The frames last: a part counts that has them.
        parts = self.folder / PARTS
        _write(parts / f"{self._part:06d}.{FACES_FILE}", to_table(self._faces, FACES))
        _write(parts / f"{self._part:06d}.{FRAMES_FILE}", to_table(self._frames, FRAMES))
        self._part += 1
        self._faces, self._frames = [], []

    def finish(
        self, state: RecordingState = RecordingState.FINISHED, problems: Sequence[str] = ()
    ) -> Recording:
        """Make the parts one; the writer takes no more.

        Args:
            state: how it ended.
            problems: what went wrong, a sentence each.

        Raises:
            FileError: the disk refuses; then the parts stay, and `store` makes them one later.
        """
        try:
            self.flush()
            recording = replace(self.recording, problems=(*self.recording.problems, *problems))
            self.recording = join_parts(self.folder, recording, state)
        finally:
            self._lock.release()
        return self.recording

    def discard(self) -> None:
        """Remove all of it."""
        self._lock.release()
        shutil.rmtree(self.folder, ignore_errors=True)


def writer_lock(folder: Path) -> FileLock:
    """Return the lock that the writer of a recording holds while it lives."""
    return FileLock(folder / ".recording.json.lock", timeout=0)


def is_written(folder: Path) -> bool:
    """Return whether a recording's writer is at work, in whatever process."""
    lock = writer_lock(folder)
    with disk_errors(f"The recording {folder.name!r} could not be opened"):
        try:
            lock.acquire()
        except Timeout:
            return True
    lock.release()
    return False


def part_files(folder: Path, name: str) -> list[Path]:
    """Return the parts of a table, oldest first; of the last one only if it was written to its end."""
    whole = sorted(path.name.split(".")[0] for path in (folder / PARTS).glob(f"[0-9]*.{FRAMES_FILE}"))
    return [folder / PARTS / f"{number}.{name}" for number in whole]


def join_parts(folder: Path, recording: Recording, state: RecordingState) -> Recording:
    """Make the parts of a recording one, and note how it ended; the caller holds the writer's lock.

    A process that is killed meanwhile leaves the parts, and all is done again.

    Raises:
        RecordingError: a part is damaged.
        FileError: the disk refuses.
    """
    for name, schema in ((FACES_FILE, FACES), (FRAMES_FILE, FRAMES)):
        with replacing(folder / name) as partial, pq.ParquetWriter(partial, schema) as writer:
            for table in _grouped(folder, name):
                writer.write_table(table.cast(schema), row_group_size=_GROUP_ROWS)
    recording = replace(recording, state=state)
    write_recording(folder, recording)
    shutil.rmtree(folder / PARTS, ignore_errors=True)
    return recording


def _grouped(folder: Path, name: str) -> Iterator[pa.Table]:
    """Yield the parts of a table, several together."""
    tables: list[pa.Table] = []
    for path in part_files(folder, name):
        try:
            tables.append(pq.read_table(path))
        except (OSError, pa.ArrowException) as error:
            raise RecordingError(
                f"The part {path.name} of the recording {folder.name!r} is damaged."
            ) from error
        if sum(map(len, tables)) >= _GROUP_ROWS:
            yield pa.concat_tables(tables)
            tables = []
    if tables:
        yield pa.concat_tables(tables)


def _write(path: Path, table: pa.Table) -> None:
    with replacing(path) as partial:
        pq.write_table(table, partial)
