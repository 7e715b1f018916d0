"""How ten people voted on each face: matched by the faces' names, and what it says about the labels.

The votes are those of FER+ (Barsoum et al. 2016, "Training Deep Networks for Facial Expression
Recognition with Crowd-Sourced Label Distribution").
"""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.stored_dataset import StoredDataset
from emotion.labels import EMOTIONS, parse_emotion

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


def match_votes(table: Path | bytes, names: np.ndarray) -> np.ndarray:
    """Return the votes of each face, uint8 (n, 10); zeros where the table does not have it.

    The table is a CSV with the columns of `VOTE_COLUMNS` and either `image`, a face's name with or
    without its folders and extension, or, as in the file of FER+ itself, `Usage`: its rows are then
    those of the challenge's CSV.

    Args:
        table: the file, or its content.
        names: (n,) of str, the faces' names.

    Raises:
        DatasetError: it is not such a table, or fits none of the names.
    """
    votes_by_name = _read_table(table)
    # Where a stem stands for two pictures, on either side, it says nothing.
    known = (Counter(_stem(name) for name in side) for side in (votes_by_name, names.tolist()))
    unclear = {stem for stems in known for stem in stems if stems[stem] > 1}
    votes_by_stem = {_stem(name): row for name, row in votes_by_name.items() if _stem(name) not in unclear}
    votes = np.zeros((len(names), len(VOTE_COLUMNS)), dtype=np.uint8)
    matched = 0
    for index, name in enumerate(names.tolist()):
        row = votes_by_name.get(name) or votes_by_stem.get(_stem(name))
        if row is not None:
            votes[index] = row
            matched += 1
    if not matched:
        example = next(iter(votes_by_name), "nothing")
        raise DatasetError(
            f"The votes fit no face: the table speaks of {example[:80]!r}, "
            f"the dataset of {str(names[0])[:80]!r}."
        )
    return votes


def _stem(name: str) -> str:
    return PurePosixPath(name).stem


def _read_table(table: Path | bytes) -> dict[str, tuple[int, ...]]:
    """Return name -> votes of the rows that can be read."""
    try:
        data = table if isinstance(table, bytes) else _read_bytes(table)
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig", errors="replace"), newline=""))
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
    except csv.Error as error:
        raise DatasetError("The votes cannot be read: the file is not a CSV.") from error


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
