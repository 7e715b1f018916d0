"""What may be wrong with a dataset: copies, blank pictures, labels that people doubt.

Every search looks at all faces, excluded or not. What takes more than a moment is kept with the dataset.
"""

import numpy as np

from emotion.dataset.face_dataset import image_keys, picture_keys
from emotion.dataset.quality.finding import (
    QualityFinding,
    all_but_one,
    group_by,
    pack_groups,
    singles,
    unpack_groups,
)
from emotion.dataset.quality.near_copies import NEAR_VERSION, near_copy_groups
from emotion.dataset.result_cache import Arrays, cached_arrays
from emotion.dataset.stored_dataset import StoredDataset
from emotion.dataset.votes import NOT_A_FACE, require_votes
from emotion.jobs.progress import OnProgress
from emotion.labels import in_percent

# What the slow searches keep: under these names, as `is_cached` asks for them.
NEAR_COPIES = f"near-copies-{NEAR_VERSION}"

# A face is blank when so much of it lies within so many grey values of one tone. In FER-2013, from
# 0.7 on it is placeholders ("image removed") nearly without exception; below follow dark portraits.
BLANK_SHARE = 0.7
BLANK_TONES = 9
# How many faces the lists without a natural end have.
LIST_LENGTH = 200
_BLOCK = 2048
# The split that stays when copies lie in several: what is learned by heart must not be tested.
_RANK = {"train": 0, "validation": 1, "test": 2}


def find_exact_copies(dataset: StoredDataset) -> QualityFinding:
    """Find the groups of faces that are equal in every pixel."""
    groups = exact_groups(dataset)
    return QualityFinding(
        "exact_copies",
        "Exact copies",
        "These pictures are the same in every pixel. Copies make a class look larger than it is.",
        groups,
        all_but_one(groups, _ranks(dataset)),
    )


def find_cross_split_copies(dataset: StoredDataset) -> QualityFinding:
    """Find the groups of exact copies, mirrored ones included, that lie in more than one split."""
    splits = dataset.faces.splits
    groups = [group for group in picture_groups(dataset) if len(set(splits[group].tolist())) > 1]
    ranks = _ranks(dataset)
    surplus = [group[ranks[group] < ranks[group].max()] for group in groups]
    return QualityFinding(
        "cross_split_copies",
        "Copies across splits",
        "The same picture, perhaps mirrored, lies in more than one split: a model is tested on what it has "
        "learned by heart. "
        "To be excluded are the copies outside of the test.",
        groups,
        _joined(surplus),
    )


def find_conflicting_copies(dataset: StoredDataset) -> QualityFinding:
    """Find the groups of exact copies that carry different labels."""
    labels = dataset.faces.labels
    groups = [group for group in exact_groups(dataset) if len(set(labels[group].tolist())) > 1]
    return QualityFinding(
        "conflicting_copies",
        "Copies with different labels",
        "The same picture carries different labels: at most one of them can be right.",
        groups,
        _joined(groups),
    )


def find_near_copies(
    dataset: StoredDataset, on_progress: OnProgress = lambda done, total: None
) -> QualityFinding:
    """Find the groups of faces that differ by a little noise, brightness, contrast, or a shift.

    Some seconds for 35,887 faces the first time; then kept with the dataset.

    Args:
        dataset: of any size.
        on_progress: told about how many faces are done, and of how many.
    """
    count = len(dataset)

    def compute() -> Arrays:
        def show(share: float) -> None:
            on_progress(round(share * count), count)

        return pack_groups(near_copy_groups(dataset.faces.images, exact_groups(dataset), show))

    groups = unpack_groups(cached_arrays(dataset, NEAR_COPIES, compute))
    return QualityFinding(
        "near_copies",
        "Near copies",
        "The same photograph, cut, lit or compressed a little differently, or with a watermark.",
        groups,
        all_but_one(groups, _ranks(dataset)),
    )


def find_blank(dataset: StoredDataset) -> QualityFinding:
    """Find pictures that are nearly all of one tone, blankest first; the score is that tone's share."""
    shares = cached_arrays(dataset, "tone-share-1", lambda: {"shares": tone_shares(dataset.faces.images)})[
        "shares"
    ]
    order = np.argsort(-shares, kind="stable")
    found = order[shares[order] >= BLANK_SHARE]
    return QualityFinding(
        "blank",
        "Blank or nearly blank",
        f"At least {in_percent(BLANK_SHARE, 0)} of the picture is of one tone: empty frames, placeholders "
        "for pictures that were removed, faces in the dark.",
        singles(found),
        found,
        shares[found],
    )


def tone_shares(images: np.ndarray) -> np.ndarray:
    """Return, float32 (n,) from 0 to 1, how much of each picture (n, 48, 48) is of about one tone."""
    shares = np.zeros(len(images), np.float32)
    for start in range(0, len(images), _BLOCK):
        pixels = np.asarray(images[start : start + _BLOCK]).reshape(-1, images[0].size)
        offsets = np.arange(len(pixels))[:, None] * 256
        counts = np.bincount((pixels + offsets).ravel(), minlength=256 * len(pixels)).reshape(-1, 256)
        sums = np.pad(counts.cumsum(axis=1), ((0, 0), (BLANK_TONES, 0)))
        windows = sums[:, BLANK_TONES:] - sums[:, :-BLANK_TONES]
        shares[start : start + _BLOCK] = windows.max(axis=1) / pixels.shape[1]
    return shares


def find_disputed(dataset: StoredDataset) -> QualityFinding:
    """Find the faces on which the crowd agrees least; the score is the share of the leading answer.

    Raises:
        DatasetError: the dataset has no votes.
    """
    votes = require_votes(dataset).astype(np.float64)
    totals = votes.sum(axis=1)
    shares = votes / np.maximum(totals, 1)[:, None]
    entropy = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1)
    voted = np.flatnonzero(totals)
    found = voted[np.argsort(-entropy[voted], kind="stable")][:LIST_LENGTH]
    return QualityFinding(
        "disputed",
        "Most disputed faces",
        "The people who voted on these faces agree least on what they show.",
        singles(found),
        found,
        shares.max(axis=1)[found],
    )


def find_not_a_face(dataset: StoredDataset) -> QualityFinding:
    """Find the pictures that most voters call no face; the score is their share.

    Raises:
        DatasetError: the dataset has no votes.
    """
    votes = require_votes(dataset).astype(np.float64)
    shares = votes[:, NOT_A_FACE] / np.maximum(votes.sum(axis=1), 1)
    order = np.argsort(-shares, kind="stable")
    found = order[shares[order] > 0.5]
    return QualityFinding(
        "not_a_face",
        "No face",
        "More than half of the voters say that these pictures show no face.",
        singles(found),
        found,
        shares[found],
    )


def exact_groups(dataset: StoredDataset) -> list[np.ndarray]:
    """Return the groups of faces that are equal in every pixel, int64 (k,) each."""

    def compute() -> Arrays:
        return pack_groups(group_by(image_keys(dataset.faces.images)))

    return unpack_groups(cached_arrays(dataset, "exact-copies-1", compute))


def picture_groups(dataset: StoredDataset) -> list[np.ndarray]:
    """Return the groups of faces that show one picture, int64 (k,) each; a mirrored picture is the same."""

    def compute() -> Arrays:
        return pack_groups(group_by(picture_keys(dataset.faces.images)))

    return unpack_groups(cached_arrays(dataset, "pictures-1", compute))


def _ranks(dataset: StoredDataset) -> np.ndarray:
    splits = dataset.faces.splits
    ranks = np.zeros(len(splits), np.int64)
    for split, rank in _RANK.items():
        ranks[splits == split] = rank
    return ranks


def _joined(groups: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0, np.int64), *groups])
