"""Tab-separated text with the columns of BORIS's "aggregated events", which programs for BORIS read."""

from typing import Any

from emotion.files import plain_cell
from emotion.recordings.session import Session
from emotion.recordings.statistics import usual_step

_COLUMNS = (
    "Observation id",
    "Observation date",
    "Media file",
    "Total length",
    "FPS",
    "Subject",
    "Behavior",
    "Behavioral category",
    "Modifiers",
    "Behavior type",
    "Start (s)",
    "Stop (s)",
    "Duration (s)",
    "Comment start",
    "Comment stop",
)


def boris_bytes(session: Session) -> bytes:
    """Return a recording's episodes, each person a subject, and its markers, of no subject, as UTF-8."""
    recording = session.recording
    step = usual_step(session.frames)
    first = float(session.frames["seconds"].min()) if len(session.frames) else 0.0
    about = (
        recording.name,
        recording.start or recording.created,
        recording.source.name,
        f"{recording.seconds + step - first:.3f}",
        f"{1 / step:.3f}" if step else "NA",
    )
    rows: list[tuple[Any, ...]] = [
        (f"face {each.face}", each.verdict, "expression", each.start, each.start + each.seconds, "")
        for each in session.episodes
    ]
    rows += [
        ("No focal subject", marker.label, "marker", marker.start, marker.end, marker.note)
        for marker in session.markers
    ]
    lines = ["\t".join(_COLUMNS)]
    for subject, behavior, category, start, stop, comment in sorted(rows, key=lambda row: row[3]):
        kind = "STATE" if stop > start else "POINT"
        times = (f"{start:.3f}", f"{stop:.3f}", f"{stop - start:.3f}" if stop > start else "NA")
        cells = (*about, subject, behavior, category, "", kind, *times, comment, "")
        lines.append("\t".join(_cell(cell) for cell in cells))
    return ("\n".join(lines) + "\n").encode()


def _cell(text: str) -> str:
    """Return a cell on one line, without a tab, that no spreadsheet takes for a formula."""
    return plain_cell(" ".join(text.split()))
