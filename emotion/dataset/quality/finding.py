"""The result of one search for what may be wrong: groups of faces, and which of them to take out."""

import csv
import io
from dataclasses import dataclass
from typing import Any

import numpy as np

from emotion.dataset.stored_dataset import StoredDataset
from emotion.files import plain_cell
from emotion.labels import EMOTIONS


@dataclass(frozen=True, eq=False)
class QualityFinding:
    """What one search found.

    Attributes:
        kind: "exact_copies", "cross_split_copies", "conflicting_copies", "near_copies", "blank",
            "doubtful", "disputed" or "not_a_face".
        title: a few words for a person.
        explanation: a sentence or two: what it is, and why it matters.
        groups: of each group the indices, int64 (k,); lists of single faces have groups of one.
        surplus: int64 (m,), the faces to exclude so that the problem is gone.
        scores: float (groups,), what the groups are sorted by, where there is such a thing.
    """

    kind: str
    title: str
    explanation: str
    groups: list[np.ndarray]
    surplus: np.ndarray
    scores: np.ndarray | None = None

    @property
    def faces(self) -> int:
        """How many faces are in the groups."""
        return sum(len(group) for group in self.groups)

    def rows(self, dataset: StoredDataset) -> list[dict[str, Any]]:
        """Return one row a face: group, name, split, label, exclude (1 for the surplus), perhaps score."""
        surplus = set(self.surplus.tolist())
        faces = dataset.faces
        rows: list[dict[str, Any]] = []
        for number, group in enumerate(self.groups):
            score = {} if self.scores is None else {"score": round(float(self.scores[number]), 4)}
            rows += [
                {
                    "group": number + 1,
                    "name": str(faces.names[index]),
                    "split": str(faces.splits[index]),
                    "label": EMOTIONS[int(faces.labels[index])],
                    "exclude": int(index in surplus),
                    **score,
                }
                for index in group.tolist()
            ]
        return rows

    def to_csv(self, dataset: StoredDataset) -> str:
        """Return the rows as CSV."""
        text = io.StringIO()
        columns = ["group", "name", "split", "label", "exclude", *["score"] * (self.scores is not None)]
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | {"name": plain_cell(row["name"])} for row in self.rows(dataset))
        return text.getvalue()


def singles(indices: np.ndarray) -> list[np.ndarray]:
    """Return each index as a group of its own."""
    return list(indices.reshape(-1, 1))


def group_by(keys: np.ndarray) -> list[np.ndarray]:
    """Return the groups, of two at least, of indices with equal keys; the largest first.

    Args:
        keys: (n,) of anything that can be sorted.
    """
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    order = np.argsort(inverse, kind="stable")
    groups = np.split(order, np.cumsum(counts)[:-1])
    return sorted((group for group in groups if len(group) > 1), key=lambda g: (-len(g), int(g[0])))


def all_but_one(groups: list[np.ndarray], ranks: np.ndarray) -> np.ndarray:
    """Return all members of the groups but one each: the first of those with the highest rank.

    Args:
        groups: of indices.
        ranks: int (n,).
    """
    kept = [int(group[np.argmax(ranks[group])]) for group in groups]
    members = np.concatenate([np.zeros(0, np.int64), *groups])
    return members[~np.isin(members, kept)]


def pack_groups(groups: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Return groups as two flat arrays, to be kept in a file."""
    members = np.concatenate([np.zeros(0, np.int64), *groups])
    return {"members": members, "sizes": np.array([len(group) for group in groups], np.int64)}


def unpack_groups(arrays: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Undo `pack_groups`."""
    return np.split(arrays["members"], np.cumsum(arrays["sizes"])[:-1]) if len(arrays["sizes"]) else []
