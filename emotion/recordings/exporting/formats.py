"""The forms in which a recording is handed out, by name."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from emotion.recordings.exporting import bids, boris, elan, spreadsheets
from emotion.recordings.exporting.report import report_html
from emotion.recordings.session import Session


@dataclass(frozen=True)
class ExportFormat:
    """One form.

    Attributes:
        title: in words.
        ending: of the file's name, with its dot.
        mime: the kind of the file, for browsers.
        per_table: whether it holds one of `spreadsheets.TABLES`, or all of a recording.
        make: returns the file's content, given a recording and the table.
    """

    title: str
    ending: str
    mime: str
    per_table: bool
    make: Callable[[Session, str], bytes]


FORMATS: dict[str, ExportFormat] = {
    "csv": ExportFormat(
        "CSV", ".csv", "text/csv", True,
        lambda session, what: spreadsheets.csv_bytes(spreadsheets.table_of(session, what)),
    ),
    "parquet": ExportFormat(
        "Parquet", ".parquet", "application/vnd.apache.parquet", True,
        lambda session, what: spreadsheets.parquet_bytes(spreadsheets.table_of(session, what)),
    ),
    "json": ExportFormat(
        "JSON: what it comes to", ".json", "application/json", False,
        lambda session, _: (json.dumps(session.to_dict(), indent=1, allow_nan=False) + "\n").encode(),
    ),
    "elan": ExportFormat(
        "ELAN", ".eaf", "application/xml", False,
        lambda session, _: elan.eaf_bytes(session),
    ),
    "boris": ExportFormat(
        "BORIS, aggregated events", ".tsv", "text/tab-separated-values", False,
        lambda session, _: boris.boris_bytes(session),
    ),
    "bids": ExportFormat(
        "BIDS", ".zip", "application/zip", False,
        lambda session, _: bids.bids_bytes(session),
    ),
    "report": ExportFormat(
        "Report to print", ".html", "text/html", False, lambda session, _: report_html(session).encode()
    ),
}  # fmt: skip


def export_bytes(session: Session, form: str, what: str = "frames") -> bytes:
    """Return a recording in one of FORMATS.

    Args:
        session: the recording.
        form: a name among FORMATS.
        what: one of `spreadsheets.TABLES`, for the forms that hold one.
    """
    return FORMATS[form].make(session, what)
