"""The Brain Imaging Data Structure (BIDS), as a ZIP: a continuous recording a person, and all events.

BIDS has continuous recordings at one rate. Those of a film are laid on such a grid, that of the usual
distance of its frames: each point has what was seen in the last frame before it, "n/a" where the person was
not.
"""

import gzip
import io
import json
import re
import zipfile
from typing import Any

import numpy as np
import pandas as pd

from emotion.labels import EMOTIONS
from emotion.recordings.session import Session
from emotion.recordings.statistics import usual_step

_COLUMNS = (*EMOTIONS, "valence", "yaw", "pitch", "roll")
# A point further behind the last frame than so many steps has nothing: nobody looked.
_HELD_STEPS = 2.0
# A recording with a gap of years, or a rate that a broken film tells, would fill the disk.
_MOST_POINTS = 20_000_000
_DEGREES = {"Units": "deg"}


def bids_bytes(session: Session) -> bytes:
    """Return a ZIP: `_physio.tsv.gz` of each person, `_events.tsv`, and the JSON that describes each."""
    label = re.sub(r"[^A-Za-z0-9]", "", session.recording.name) or "recording"
    stem = f"sub-01_task-{label}"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for person in session.people:
            name = f"{stem}_recording-face{person.face}_physio"
            table, facts = _continuous(session, person.face)
            text = table.to_csv(sep="\t", header=False, index=False, na_rep="n/a", float_format="%.5f")
            archive.writestr(f"{name}.tsv.gz", gzip.compress(text.encode(), mtime=0))
            archive.writestr(f"{name}.json", json.dumps(facts, indent=2) + "\n")
        events = _events(session).to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n")
        archive.writestr(f"{stem}_events.tsv", events)
        archive.writestr(f"{stem}_events.json", json.dumps(_EVENTS_FACTS, indent=2) + "\n")
    return out.getvalue()


def _continuous(session: Session, face: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    seconds = session.frames["seconds"].to_numpy()
    step = usual_step(session.frames) or 1.0
    count = min(round((seconds[-1] - seconds[0]) / step) + 1, _MOST_POINTS)
    grid = seconds[0] + step * np.arange(count)
    rows = session.faces[session.faces["face"] == face]
    seen = np.full(len(seconds), -1)
    seen[np.searchsorted(seconds, rows["seconds"].to_numpy())] = np.arange(len(rows))
    # A frame that is a hair late, as its time was rounded, is on its point.
    frame = np.searchsorted(seconds, grid + step / 100, side="right") - 1
    held = (grid - seconds[frame] <= _HELD_STEPS * step) & (seen[frame] >= 0)
    values = np.full((count, len(_COLUMNS)), np.nan)
    values[held] = rows[list(_COLUMNS)].to_numpy(np.float64)[seen[frame[held]]]
    recording = session.recording
    facts = {
        "SamplingFrequency": 1 / step,
        "StartTime": float(seconds[0]),
        "Columns": list(_COLUMNS),
        **{name: {"Description": f"probability of {name}", "Units": "1"} for name in EMOTIONS},
        "valence": {"Description": "happy minus the strongest of angry, disgust, fear, sad", "Units": "1"},
        **{name: {"Description": f"{name} of the head"} | _DEGREES for name in ("yaw", "pitch", "roll")},
        "SoftwareName": recording.software,
        "ModelName": recording.model.name,
        "ModelVersion": recording.model.version,
        "Smoothing": recording.smoothing,
        "CorrectedToRest": None if session.rest is None else [session.rest.start, session.rest.end],
    }
    return pd.DataFrame(values, columns=list(_COLUMNS)), facts


_EVENTS_FACTS = {
    "onset": {"Description": "seconds from the film's beginning", "Units": "s"},
    "duration": {"Description": "length of the event", "Units": "s"},
    "trial_type": {"Description": "an expression, or the label of a marker"},
    "face": {"Description": "number of the person; n/a of a marker"},
    "peak": {"Description": "highest probability of the expression in the event"},
}


def _events(session: Session) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = [
        (each.start, each.seconds, each.verdict, each.face, each.peak) for each in session.episodes
    ]
    rows += [
        (marker.start, marker.seconds, " ".join(marker.label.split()), None, None)
        for marker in session.markers
    ]
    rows.sort(key=lambda row: row[0])
    table = pd.DataFrame(rows, columns=list(_EVENTS_FACTS))
    return table.astype({"face": "Int64"}).round({"onset": 6, "duration": 6, "peak": 5})
