"""What a recording comes to: shares of time, changes, episodes, agreement. Pure functions on its table.

A row stands for the time until the next frame that was looked at, if that is no further off than a frame
usually is (twice the median): where nobody looked, or the face was gone, no time is counted.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from emotion.labels import EMOTIONS, UNCERTAIN
from emotion.recordings.markers import Marker

VERDICTS = (*EMOTIONS, UNCERTAIN)
# A frame further off than so many usual distances was not the next: nobody looked in between.
_GAP = 2.0


@dataclass(frozen=True)
class Episode:
    """An unbroken time that a face showed one verdict.

    Attributes:
        face: the person's number.
        verdict: an emotion, or "uncertain".
        start: of its first frame, in seconds of the film.
        seconds: how long it was.
        peak: the highest probability of the verdict in it; of "uncertain", of any emotion.
        peak_at: when that was, in seconds of the film.
        frames: how many it is made of.
    """

    face: int
    verdict: str
    start: float
    seconds: float
    peak: float
    peak_at: float
    frames: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return asdict(self)


@dataclass(frozen=True)
class FaceSummary:
    """One person over a recording, or over a part of it.

    Attributes:
        face: the person's number.
        frames: in how many frames they were seen.
        seconds: for how long.
        shares: of each of VERDICTS, the share of that time, 0 to 1.
        valence: mean valence index over that time, -1 to 1; None where they were not seen.
        reliable: the share of the frames in which the face was neither turned too far nor too small.
        changes: how often the verdict changed while they were in sight.
    """

    face: int
    frames: int
    seconds: float
    shares: dict[str, float]
    valence: float | None
    reliable: float
    changes: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return asdict(self)


def usual_step(frames: pd.DataFrame) -> float:
    """Return how far apart frames usually are, in seconds; 0 with fewer than two.

    Args:
        frames: the table FRAMES of a recording.
    """
    steps = np.diff(frames["seconds"].to_numpy())
    return float(np.median(steps)) if len(steps) else 0.0


def durations(faces: pd.DataFrame, frames: pd.DataFrame) -> np.ndarray:
    """Return the seconds that each row of FACES stands for, float64 (n,).

    The last frame, and one before a gap, stands for the usual distance of frames.
    """
    usual = usual_step(frames)
    seconds = frames["seconds"].to_numpy()
    steps = np.append(np.diff(seconds), usual)
    steps[steps > _GAP * usual] = usual
    return steps[np.searchsorted(seconds, faces["seconds"].to_numpy())]


def within(table: pd.DataFrame, marker: Marker) -> pd.DataFrame:
    """Return the rows of either table whose time lies in a marker."""
    seconds = table["seconds"]
    return table[(seconds >= marker.start) & (seconds < marker.end)]


def summarise(faces: pd.DataFrame, frames: pd.DataFrame, marker: Marker | None = None) -> list[FaceSummary]:
    """Return what each person showed, by number.

    Args:
        faces: the table FACES of a recording.
        frames: its table FRAMES.
        marker: count only what lies in it.
    """
    table = _with_runs(faces, frames)
    if marker is not None:
        table = within(table, marker)
    return [_summary(rows) for _, rows in table.groupby("face", sort=True)]


def transitions(faces: pd.DataFrame, frames: pd.DataFrame, marker: Marker | None = None) -> pd.DataFrame:
    """Return how often one verdict followed another while a face was in sight: int64 (8, 8).

    Rows are what was shown before, columns what then, both by VERDICTS.
    """
    table = _with_runs(faces, frames)
    if marker is not None:
        table = within(table, marker)
    counts = pd.DataFrame(0, index=list(VERDICTS), columns=list(VERDICTS), dtype=np.int64)
    goes_on = (table["sight"] == table["sight"].shift()).to_numpy()
    before = table["verdict"].shift().to_numpy()
    after = table["verdict"].to_numpy()
    pairs = Counter(zip(before[goes_on], after[goes_on], strict=True))
    for (first, second), count in pairs.items():
        if first != second:
            counts.loc[first, second] = count
    return counts


def episodes(
    faces: pd.DataFrame, frames: pd.DataFrame, marker: Marker | None = None, least: float = 0.0
) -> list[Episode]:
    """Return the episodes of all people, by their start.

    Args:
        faces: the table FACES of a recording.
        frames: its table FRAMES.
        marker: only what lies in it; an episode is cut at its borders.
        least: shorter ones are left out, in seconds.
    """
    table = _with_runs(faces, frames)
    if marker is not None:
        table = within(table, marker)
    found = [episode for episode in _episodes(table) if episode.seconds >= least]
    return sorted(found, key=lambda episode: (episode.start, episode.face))


def agreement(faces: pd.DataFrame, marker: Marker | None = None) -> pd.DataFrame:
    """Return how far pairs of people showed the same in the frames that show both.

    "uncertain" is no answer: frames in which one of the two is are left out.

    Returns:
        A row a pair, columns `first`, `second` (numbers), `frames` (how many show both, both certain), `same`
        (share of these with the same verdict, 0 to 1), `kappa` (Cohen's: 0 as chance would have it, 1
        perfect; NaN where one answer is all there is) and `valence` (Pearson's correlation of the valence
        indices; NaN where one of them does not change).
    """
    if marker is not None:
        faces = within(faces, marker)
    certain = faces[faces["verdict"] != UNCERTAIN]
    numbers = sorted(certain["face"].unique().tolist())
    by_face = {number: certain[certain["face"] == number] for number in numbers}
    rows = []
    for place, first in enumerate(numbers):
        for second in numbers[place + 1 :]:
            both = by_face[first].merge(by_face[second], on="frame", suffixes=("", "_2"))
            if len(both):
                rows.append({"first": first, "second": second, **_agreement(both)})
    return pd.DataFrame(rows, columns=["first", "second", "frames", "same", "kappa", "valence"])


def by_marker(
    faces: pd.DataFrame, frames: pd.DataFrame, markers: Sequence[Marker]
) -> list[tuple[Marker, list[FaceSummary]]]:
    """Return what each person showed in each marker; moments have no duration, and are left out."""
    return [(marker, summarise(faces, frames, marker)) for marker in markers if marker.seconds > 0]


def _with_runs(faces: pd.DataFrame, frames: pd.DataFrame) -> pd.DataFrame:
    """Return FACES by face and time with columns `lasts` (seconds), `sight` and `run`.

    `sight` counts a face's unbroken times in sight: it was in each of the frames that were looked at, and
    there is no gap between these. `run` counts its unbroken times with one verdict.
    """
    order = {frame: place for place, frame in enumerate(frames["frame"].tolist())}
    table = faces.assign(lasts=durations(faces, frames), place=faces["frame"].map(order))
    table = table.sort_values(["face", "seconds"], kind="stable").reset_index(drop=True)
    usual = usual_step(frames)
    new_face = table["face"].diff() != 0
    apart = (table["place"].diff() != 1) | (table["seconds"].diff() > _GAP * usual)
    breaks = new_face | apart
    changes = breaks | (table["verdict"] != table["verdict"].shift())
    return table.assign(sight=breaks.cumsum(), run=changes.cumsum())


def _summary(rows: pd.DataFrame) -> FaceSummary:
    total = float(rows["lasts"].sum())
    by_verdict = rows.groupby("verdict")["lasts"].sum()
    counted = rows.groupby("sight")["run"].nunique()
    weights = rows["lasts"].to_numpy() if total > 0 else np.ones(len(rows))
    return FaceSummary(
        face=int(rows["face"].iloc[0]),
        frames=len(rows),
        seconds=total,
        shares={name: float(by_verdict.get(name, 0.0)) / total if total else 0.0 for name in VERDICTS},
        valence=float(np.average(rows["valence"], weights=weights)) if len(rows) else None,
        reliable=float(rows["reliable"].mean()),
        changes=int((counted - 1).sum()),
    )


def _episodes(table: pd.DataFrame) -> list[Episode]:
    """Return one a run, all at once: a flickering film has tens of thousands."""
    if not len(table):
        return []
    answers = table[list(EMOTIONS)].to_numpy()
    places = {name: place for place, name in enumerate(EMOTIONS)}
    columns = table["verdict"].map(places).fillna(-1).to_numpy(np.int64)
    strength = np.where(columns < 0, answers.max(axis=1), answers[np.arange(len(table)), columns])
    table = table.assign(strength=strength).reset_index(drop=True)
    runs = table.groupby("run", sort=False)
    firsts, peaks = runs.head(1), table.loc[runs["strength"].idxmax()]
    return [
        Episode(*values)
        for values in zip(
            firsts["face"].tolist(),
            firsts["verdict"].tolist(),
            firsts["seconds"].tolist(),
            runs["lasts"].sum().tolist(),
            peaks["strength"].tolist(),
            peaks["seconds"].tolist(),
            runs.size().tolist(),
            strict=True,
        )
    ]


def _agreement(both: pd.DataFrame) -> dict[str, Any]:
    first, second = both["verdict"].to_numpy(), both["verdict_2"].to_numpy()
    same = float((first == second).mean())
    chance = sum(float((first == name).mean() * (second == name).mean()) for name in EMOTIONS)
    valences = both[["valence", "valence_2"]].to_numpy(np.float64)
    moves = bool((valences.std(axis=0) > 0).all()) and len(both) > 1
    return {
        "frames": len(both),
        "same": same,
        "kappa": (same - chance) / (1 - chance) if chance < 1 else float("nan"),
        "valence": float(np.corrcoef(valences.T)[0, 1]) if moves else float("nan"),
    }
