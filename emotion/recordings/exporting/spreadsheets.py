"""Tables to take away, as CSV and Parquet: a row a frame and face, an episode, or a marker and face."""

import io

import pandas as pd

from emotion.files import plain_cell
from emotion.recordings import statistics
from emotion.recordings.session import Session
from emotion.recordings.statistics import VERDICTS

TABLES = ("frames", "episodes", "markers")


def table_of(session: Session, what: str) -> pd.DataFrame:
    """Return one of TABLES.

    frames: the table FACES as it is, see `emotion.recordings.table`, and, where the answers were taken
        relative to a rest, the column `corrected`. episodes: see `emotion.recordings.statistics.Episode`.
        markers: of each marker, each person's seconds, shares, mean valence and reliable share; a row without
        a person where nobody was seen.
    """
    if what == "frames":
        return session.faces
    if what == "episodes":
        columns = ["face", "verdict", "start", "seconds", "peak", "peak_at", "frames"]
        return pd.DataFrame([episode.to_dict() for episode in session.episodes], columns=columns)
    return _by_marker(session)


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as CSV (UTF-8) that no spreadsheet runs a formula of."""
    safe = table.copy()
    for column in safe.columns:
        if pd.api.types.is_string_dtype(safe[column]) or safe[column].dtype == object:
            safe[column] = safe[column].map(lambda cell: plain_cell(cell) if isinstance(cell, str) else cell)
    return safe.to_csv(index=False, lineterminator="\n").encode()


def parquet_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as Parquet."""
    out = io.BytesIO()
    table.to_parquet(out, index=False)
    return out.getvalue()


def _by_marker(session: Session) -> pd.DataFrame:
    rows = []
    for marker in session.markers:
        told = {"label": marker.label, "start": marker.start, "end": marker.end, "note": marker.note}
        people = statistics.summarise(session.faces, session.frames, marker)
        rows += [
            told
            | {"face": person.face, "frames": person.frames, "seconds": person.seconds}
            | person.shares
            | {"valence": person.valence, "reliable": person.reliable, "changes": person.changes}
            for person in people
        ] or [told]
    columns = ["label", "start", "end", "note", "face", "frames", "seconds", *VERDICTS]
    table = pd.DataFrame(rows, columns=[*columns, "valence", "reliable", "changes"])
    whole = dict.fromkeys(("face", "frames", "changes"), "Int64")
    return table.astype(whole)
