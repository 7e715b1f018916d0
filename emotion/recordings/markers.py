"""Moments and stretches of a recording that somebody has given a name: `markers.csv`."""

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from emotion.files import plain_cell, write_text
from emotion.recordings.recording import RecordingError

MARKERS_FILE = "markers.csv"
_COLUMNS = ("start", "end", "label", "note")
MAX_LABEL = 200


@dataclass(frozen=True)
class Marker:
    """A stretch of a recording, or a moment of it.

    Attributes:
        start: seconds of the film.
        end: likewise; `start` of a moment.
        label: what it is called.
        note: a few words; "" without.

    Raises:
        ValueError: a time is no time, the end lies before the start, or there is no label.
    """

    start: float
    end: float
    label: str
    note: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and math.isfinite(self.end)):
            raise ValueError("the times of a marker must be finite")
        if self.end < self.start:
            raise ValueError(f"a marker must not end ({self.end:g} s) before it starts ({self.start:g} s)")
        if not self.label.strip() or len(self.label) > MAX_LABEL:
            raise ValueError(f"a marker needs a label of at most {MAX_LABEL} characters")

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.start

    def holds(self, seconds: float) -> bool:
        """Return whether a time lies in it: its start does, its end does not."""
        return self.start <= seconds < self.end


def read_markers(folder: Path) -> list[Marker]:
    """Return the markers of a recording by their start; none where there is no file.

    Raises:
        RecordingError: the file cannot be read; the line is named.
    """
    try:
        text = (folder / MARKERS_FILE).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"The markers of the recording {folder.name!r} cannot be read.") from error
    return parse_markers(text, f"The markers of the recording {folder.name!r}")


def parse_markers(text: str, what: str = "The markers") -> list[Marker]:
    """Return the markers of a CSV text with the columns start, end, label and note, by their start.

    An end that is left out is the start: the marker is a moment. Columns beyond these do not matter.

    Args:
        text: the CSV.
        what: begins the sentence of an error.

    Raises:
        RecordingError: the text is no such table; the line is named.
    """
    reader = csv.DictReader(io.StringIO(text))
    if not {"start", "label"} <= set(reader.fieldnames or ()):
        raise RecordingError(f"{what} need the columns start and label.")
    markers = []
    try:
        for row in reader:
            start = float(row["start"] or "")
            end = (row.get("end") or "").strip()
            label, note = (_unguarded(row.get(name) or "") for name in ("label", "note"))
            markers.append(Marker(start, float(end) if end else start, label, note))
    except (ValueError, csv.Error) as error:
        raise RecordingError(f"{what} are wrong in line {reader.line_num}: {error}.") from error
    return sorted(markers, key=lambda marker: (marker.start, marker.end))


def write_markers(folder: Path, markers: Iterable[Marker]) -> None:
    """Write the markers of a recording, by their start, in place of those it has.

    Raises:
        FileError: the disk refuses.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for marker in sorted(markers, key=lambda marker: (marker.start, marker.end)):
        writer.writerow(
            [f"{marker.start:.6f}", f"{marker.end:.6f}", plain_cell(marker.label), plain_cell(marker.note)]
        )
    write_text(folder / MARKERS_FILE, out.getvalue())


def _unguarded(cell: str) -> str:
    """Return a cell as it was before `plain_cell`, which a spreadsheet wants."""
    return cell[1:] if cell.startswith("'") and plain_cell(cell[1:]) == cell else cell
