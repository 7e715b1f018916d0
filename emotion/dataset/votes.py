"""How ten people voted on each face: matched by the faces' names, and what it says about the labels.

The votes are those of FER+ (Barsoum et al. 2016, "Training Deep Networks for Facial Expression
Recognition with Crowd-Sourced Label Distribution").
"""

import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.reading.lines import delimiter_of, read_lines, read_rows
from emotion.dataset.stored_dataset import StoredDataset
from emotion.labels import EMOTIONS, in_percent, parse_emotion

# In this order the columns of `StoredDataset.votes` stand.
VOTE_COLUMNS: tuple[str, ...] = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
    "unknown",
    "not_a_face",
)
NOT_A_FACE = VOTE_COLUMNS.index("not_a_face")
# Which column speaks for each emotion, in the order of EMOTIONS.
COLUMN_OF_EMOTION = np.array(
    [next(i for i, column in enumerate(VOTE_COLUMNS) if parse_emotion(column) == name) for name in EMOTIONS]
)
MAX_TABLE_BYTES = 100_000_000
# Of the table's rows or of the faces, whichever are fewer, so many must have a partner: a table may be one of
# a part of the faces, and the faces a part of the table's, but names that are alike by accident are few.
_SHARE_THAT_FITS = 0.5
# People agree with two of three labels of FER-2013 (kappa 0.58 of their clear answers); rows shifted by one
# agree with one of six (kappa 0). Of fewer faces nobody can tell.
_BEYOND_CHANCE = 0.15
_ENOUGH_TO_TELL = 100


def match_votes(table: Path | bytes, names: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
    """Return the votes of each face, uint8 (n, 10); zeros where the table does not have it.

    The table is a CSV with the columns of `VOTE_COLUMNS` and either `image`, a face's name with or
    without its folders and extension, or, as in the file of FER+ itself, `Usage`: its rows are then
    those of the challenge's CSV.

    Args:
        table: the file, or its content.
        names: (n,) of str, the faces' names.
        labels: int (n,), the faces' labels; names may be alike by accident, and votes that say no more
            of the labels than chance are those of other faces.

    Raises:
        DatasetError: it is not such a table, or is one of other faces.
    """
    votes_by_name = _read_table(table)
    # Where a stem stands for two pictures, on either side, it says nothing.
    known = (Counter(_stem(name) for name in side) for side in (votes_by_name, names.tolist()))
    unclear = {stem for stems in known for stem in stems if stems[stem] > 1}
    votes_by_stem = {_stem(name): row for name, row in votes_by_name.items() if _stem(name) not in unclear}
    votes = np.zeros((len(names), len(VOTE_COLUMNS)), dtype=np.uint8)
    for index, name in enumerate(names.tolist()):
        row = votes_by_name.get(name) or votes_by_stem.get(_stem(name))
        if row is not None:
            votes[index] = row
    _refuse_others(votes, votes_by_name, names)
    if labels is not None:
        _refuse_chance(votes, labels)
    return votes


def _refuse_others(votes: np.ndarray, rows: dict[str, tuple[int, ...]], names: np.ndarray) -> None:
    """Raise `DatasetError` unless most faces have a row, or most rows a face."""
    matched, possible = int(votes.any(axis=1).sum()), min(len(rows), len(names))
    if matched and matched >= _SHARE_THAT_FITS * possible:
        return
    fits = f"fit only {matched:,} of {len(names):,} faces" if matched else "fit no face"
    example = next(iter(rows), "nothing")
    raise DatasetError(
        f"The votes {fits}: the table has {len(rows):,} rows and speaks of {example[:80]!r}, "
        f"the dataset of {str(names[0])[:80]!r}; nothing was attached."
    )


def _refuse_chance(votes: np.ndarray, labels: np.ndarray) -> None:
    """Raise `DatasetError` where what most people saw and the labels agree as if they were of other faces."""
    winners = clear_winners(votes)
    clear = winners >= 0
    count = int(clear.sum())
    if count < _ENOUGH_TO_TELL:
        return
    shares = (np.bincount(side, minlength=len(EMOTIONS)) / count for side in (winners[clear], labels[clear]))
    chance = float(np.multiply(*shares).sum())
    agreed = float((winners[clear] == labels[clear]).mean())
    if agreed < chance + _BEYOND_CHANCE * (1 - chance):
        raise DatasetError(
            f"The names fit, and yet the votes agree with only {in_percent(agreed)} of the labels, about "
            f"as many as by chance ({in_percent(chance)}): they are of other faces, and nothing was attached."
        )


def _stem(name: str) -> str:
    return PurePosixPath(name).stem


def _read_table(table: Path | bytes) -> dict[str, tuple[int, ...]]:
    """Return name -> votes of the rows that can be read."""
    try:
        data = table if isinstance(table, bytes) else _read_bytes(table)
        delimiter = delimiter_of(next(read_lines(io.BytesIO(data)), ""))
        reader = read_rows(io.BytesIO(data), delimiter)
        header = [column.strip().lower().replace(" ", "_") for column in next(reader, [])]
        header = ["not_a_face" if column == "nf" else column for column in header]
        missing = [column for column in VOTE_COLUMNS if column not in header]
        if missing or not {"image", "usage"} & set(header):
            raise DatasetError(
                f"The votes need the columns image, {', '.join(VOTE_COLUMNS)}; "
                f"missing: {', '.join(missing) or 'image'}."
            )
        columns = [header.index(column) for column in VOTE_COLUMNS]
        rows: dict[str, tuple[int, ...]] = {}
        for number, row in enumerate(reader):
            votes = _parse_votes(row, columns)
            if votes is not None:
                rows[_name_of_row(row, header, number)] = votes
        return rows
    except OSError as error:
        raise DatasetError(f"The votes cannot be read: {error.strerror}.") from error


def _read_bytes(path: Path) -> bytes:
    if path.stat().st_size > MAX_TABLE_BYTES:
        raise DatasetError("The file is too large to be a table of votes.")
    return path.read_bytes()


def _name_of_row(row: list[str], header: list[str], number: int) -> str:
    if "image" in header:
        return row[header.index("image")].strip()
    return f"{row[header.index('usage')].strip()}_{number:05d}"


def _parse_votes(row: list[str], columns: list[int]) -> tuple[int, ...] | None:
    try:
        votes = tuple(int(row[column]) for column in columns)
    except (ValueError, IndexError):
        return None
    return votes if min(votes) >= 0 and max(votes) <= 255 and any(votes) else None


@dataclass(frozen=True)
class ClassAgreement:
    """How the crowd sees the faces that carry one label.

    Attributes:
        faces: how many of them have votes.
        mean_share: the mean share of the votes that the label got, 0 to 1.
        majority_share: of how many the label got more votes than anything else, as a share, 0 to 1.
        seen_as: what the others were seen as most: column of `VOTE_COLUMNS` -> share of the faces
            whose most votes went there, largest first; the label itself included.
    """

    faces: int
    mean_share: float
    majority_share: float
    seen_as: dict[str, float]


def vote_agreement(dataset: StoredDataset) -> dict[str, ClassAgreement]:
    """Return emotion -> how far the crowd agrees with that label; emotions without votes are left out.

    Raises:
        DatasetError: the dataset has no votes.
    """
    votes = require_votes(dataset)
    voted = votes.any(axis=1)
    agreement = {}
    for label, name in enumerate(EMOTIONS):
        rows = votes[voted & (dataset.faces.labels == label)].astype(np.float64)
        if not len(rows):
            continue
        column = COLUMN_OF_EMOTION[label]
        winners = np.bincount(rows.argmax(axis=1), minlength=len(VOTE_COLUMNS)) / len(rows)
        agreement[name] = ClassAgreement(
            faces=len(rows),
            mean_share=float((rows[:, column] / rows.sum(axis=1)).mean()),
            majority_share=float(wins_alone(rows, np.full(len(rows), column)).mean()),
            seen_as={VOTE_COLUMNS[i]: float(winners[i]) for i in np.argsort(-winners) if winners[i] > 0},
        )
    return agreement


def wins_alone(votes: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return, bool (n,), where the column got more votes than every other one.

    Args:
        votes: (n, 10).
        columns: int (n,).
    """
    own = votes[np.arange(len(votes)), columns]
    return (own > 0) & ((votes >= own[:, None]).sum(axis=1) == 1)


def clear_winners(votes: np.ndarray) -> np.ndarray:
    """Return, int64 (n,), the emotion that got more votes than anything else; -1 where none of the seven did.

    Args:
        votes: (n, 10).
    """
    winners = votes[:, COLUMN_OF_EMOTION].argmax(axis=1).astype(np.int64)
    return np.where(wins_alone(votes, COLUMN_OF_EMOTION[winners]), winners, -1)


def require_votes(dataset: StoredDataset) -> np.ndarray:
    """Return the votes, uint8 (n, 10).

    Raises:
        DatasetError: the dataset has none.
    """
    if dataset.votes is None:
        raise DatasetError(f"The dataset {dataset.name!r} has no votes attached.")
    return dataset.votes
