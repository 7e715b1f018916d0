"""The state of all training runs and their queue: one SQLite file, changed in transactions.

Many may look and press at once: threads of the app, several apps, shells, the training processes
themselves. Each call opens a connection of its own; whoever changes something first takes the one
write lock, then looks, then writes. Imports no Keras.

The file says of which version it is, and whoever opens an older one brings it forward (see `_STEPS`).
"""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from emotion.runs.run import ENDS, GOING, TRANSITIONS, Run, RunError, RunStatus, UnknownRunError

DATABASE = "runs.sqlite"
# What brings the file from each version to the next, 0 being a new file: a tuple of SQL statements a version.
# A field added to `Run` adds a step here, as ("ALTER TABLE runs ADD COLUMN colour NOT NULL DEFAULT ''",);
# a step that was released never changes.
_STEPS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE runs (id TEXT PRIMARY KEY, name, status, task, preset, dataset, epochs, epoch, "
        "val_accuracy, register, replace_model, note, created_at, queued_at, started_at, ended_at, position, "
        "pid, process_started, oom_kills, activity, error, model, variables)",
    ),
)
# How long to wait for somebody else's transaction; the longest one starts a process, some 50 ms.
_BUSY_SECONDS = 10.0
# Bytes that the database may need on the disk beside what it has.
_ROOM = 1_000_000

_MADE_ANEW = "move the file away, and the list is made anew from the runs' folders"

# What a person would call the way into a status.
_VERBS = {
    RunStatus.QUEUED: "resumed",
    RunStatus.RUNNING: "started",
    RunStatus.STOPPING: "stopped",
    RunStatus.STOPPED: "stopped",
    RunStatus.FINISHED: "finished",
    RunStatus.FAILED: "failed",
    RunStatus.INTERRUPTED: "interrupted",
}

_COLUMNS = tuple(item.name for item in fields(Run) if item.name != "root")
# SQLite gives back what it was given; these it has no type for.
_STATUS = _COLUMNS.index("status")
_FLAGS = (_COLUMNS.index("register"), _COLUMNS.index("replace_model"))
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM runs"  # noqa: S608 - our own names
# `rowid` says who came first, whatever the clock said.
_NEWEST_FIRST = f"{_SELECT} ORDER BY created_at DESC, rowid DESC"


class RunStore:
    """The runs in one folder.

    Args:
        root: the folder of all runs; it need not exist as long as nothing is written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / DATABASE

    def runs(self) -> list[Run]:
        """Return all runs, newest first.

        Raises:
            RunError: the database cannot be read.
        """
        if not self.path.exists():
            return []
        with self._errors(), closing(self._connect_to_read()) as connection:
            return Transaction(connection, self.root).runs()

    def find(self, run_id: str) -> Run:
        """Return one run.

        Raises:
            UnknownRunError: there is none of that id.
            RunError: the database cannot be read.
        """
        if not self.path.exists():
            raise UnknownRunError(run_id)
        with self._errors(), closing(self._connect_to_read()) as connection:
            return Transaction(connection, self.root).find(run_id)

    @contextmanager
    def transaction(self) -> Iterator["Transaction"]:
        """Lend the only right to write until the end of the `with` block; an exception undoes it all.

        Raises:
            RunError: the database cannot be written.
        """
        with self._errors():
            self.root.mkdir(parents=True, exist_ok=True)
            with closing(self.connect()) as connection:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield Transaction(connection, self.root)
                    connection.execute("COMMIT")
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")

    def connect(self) -> sqlite3.Connection:
        """Open the database, made or brought forward where need be; only the caller's thread may use it."""
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            # In WAL mode this loses the last change, and nothing else, where the power fails.
            connection.execute("PRAGMA synchronous = NORMAL")
            if _version(connection) < len(_STEPS):
                _bring_forward(connection)
            if _version(connection) > len(_STEPS):
                raise RunError(
                    f"The list of runs, {self.path}, was written by a newer version of this program; "
                    f"use that one, or {_MADE_ANEW}."
                )
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect_to_read(self) -> sqlite3.Connection:
        """Open the database, also on a disk that is full or read-only."""
        try:
            return self.connect()
        except sqlite3.OperationalError:
            # In WAL mode, even reading makes a file. But with no changes in the log, all is in the database.
            log = self.path.with_name(f"{DATABASE}-wal")
            if log.exists() and log.stat().st_size:
                raise
            connection = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
            if _version(connection) == len(_STEPS):
                return connection
            connection.close()
            raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Put the errors of the database, and of its folder, into words."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise RunError(f"The list of runs, {self.path}, {self._trouble(error)}.") from error
        except OSError as error:
            raise RunError(
                f"The folder of the runs, {self.root}, cannot be used: {error.strerror}."
            ) from error

    def _trouble(self, error: sqlite3.DatabaseError) -> str:
        # Of the operational errors, this code alone speaks of what the file holds: no such table or column.
        if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            is_full = shutil.disk_usage(self.root).free < _ROOM
            return f"cannot be used right now: {'the disk is full' if is_full else error}"
        return f"is damaged ({error}); {_MADE_ANEW}"


class Transaction:
    """What can be done to the runs while nobody else writes; see `RunStore.transaction`."""

    def __init__(self, connection: sqlite3.Connection, root: Path) -> None:
        self._connection = connection
        self._root = root

    def runs(self) -> list[Run]:
        """Return all runs, newest first."""
        return [self._run(row) for row in self._connection.execute(_NEWEST_FIRST)]

    def find(self, run_id: str) -> Run:
        """Return one run.

        Raises:
            UnknownRunError: there is none of that id.
        """
        row = self._connection.execute(f"{_SELECT} WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise UnknownRunError(run_id)
        return self._run(row)

    def add(self, run: Run) -> None:
        """Add a run; a queued one goes to the end of the queue."""
        holes = ", ".join("?" * len(_COLUMNS))
        self._connection.execute(
            f"INSERT INTO runs ({', '.join(_COLUMNS)}) VALUES ({holes})",  # noqa: S608 - our own names
            astuple(run)[: len(_COLUMNS)],
        )
        if run.status is RunStatus.QUEUED:
            self.change(run.id, position=self._last_position() + 1, queued_at=time.time())

    def change(self, run_id: str, **columns: Any) -> None:
        """Set columns of a run; its status is changed by `move` alone."""
        assignments = ", ".join(f"{name} = :{name}" for name in columns)
        self._connection.execute(
            f"UPDATE runs SET {assignments} WHERE id = :run_id",  # noqa: S608 - our own names
            columns | {"run_id": run_id},
        )

    def move(self, run_id: str, status: RunStatus, **columns: Any) -> None:
        """Bring a run into another status, and set columns with it.

        Raises:
            RunError: from where it stands, there is no way there; or there is no such run.
        """
        run = self.find(run_id)
        if status not in TRANSITIONS[run.status]:
            now = f"{run.status} already" if run.status in (status, *GOING) else str(run.status)
            raise RunError(f"The run {run.id} is {now}, so it cannot be {_VERBS[status]}.")
        if status is RunStatus.QUEUED:
            columns = {
                "position": self._last_position() + 1, "queued_at": time.time(), "error": "", "activity": "",
                "pid": None, "process_started": None, "started_at": None, "ended_at": None,
            } | columns  # fmt: skip
        elif status is RunStatus.RUNNING:
            columns = {"position": None, "started_at": time.time()} | columns
        elif status in ENDS:
            columns = {"position": None, "ended_at": time.time(), "activity": ""} | columns
        self.change(run_id, status=status, **columns)

    def remove(self, run_id: str) -> None:
        """Forget a run."""
        self._connection.execute("DELETE FROM runs WHERE id = ?", (run_id,))

    def _last_position(self) -> int:
        (position,) = self._connection.execute("SELECT coalesce(max(position), 0) FROM runs").fetchone()
        return position

    def _run(self, row: tuple[Any, ...]) -> Run:
        values = [*row, self._root]  # pages read hundreds of rows a second: by place, not by name
        try:
            values[_STATUS] = RunStatus(values[_STATUS])
        except ValueError as error:
            raise sqlite3.DatabaseError(str(error)) from error
        for flag in _FLAGS:
            values[flag] = bool(values[flag])
        return Run(*values)


def in_queue_order(runs: list[Run]) -> list[Run]:
    """Return the queued ones of some runs, the next one first."""
    return sorted((run for run in runs if run.status is RunStatus.QUEUED), key=lambda run: run.position or 0)


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def _bring_forward(connection: sqlite3.Connection) -> None:
    """Take the steps that are left to the newest version, all or none, unless somebody else just did."""
    # Readers and the writer do not wait for each other; cannot be switched on within a transaction.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")  # an exception closes the connection, which undoes all
    for step in _STEPS[_version(connection) :]:
        for statement in step:
            connection.execute(statement)
    # Whoever was faster may even be a newer program.
    connection.execute(f"PRAGMA user_version = {max(_version(connection), len(_STEPS))}")
    connection.execute("COMMIT")
