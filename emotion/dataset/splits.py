"""Which faces are for training and which for the test, also where a source does not say."""

import numpy as np

from emotion.dataset.face_dataset import DatasetError, FaceDataset, image_keys, picture_keys

TEST_SHARE = 1 / 6  # as with the built-in faces
SEED = 0

# The challenge's two tests are one split; the faces' names keep them apart.
TEST_PARTS = {"public-test": "PublicTest", "private-test": "PrivateTest"}
PART_NAMES = ("train", "validation", "test", *TEST_PARTS)


def part_mask(faces: FaceDataset, part: str) -> np.ndarray:
    """Return, bool (n,), which faces lie in a split, or in one of the challenge's two tests.

    Args:
        faces: a dataset.
        part: "train", "validation", "test", "public-test" or "private-test"; the last two lie in "test".

    Raises:
        DatasetError: the dataset has no such faces.
    """
    if part not in TEST_PARTS:
        return faces.split_mask(part)
    usage = TEST_PARTS[part]
    is_called_so = np.array([name.rpartition("/")[2].startswith(usage) for name in faces.names.tolist()])
    mask = faces.split_mask("test") & is_called_so
    if not mask.any():
        raise DatasetError(f"No face of the test split is called {usage}….")
    return mask


def settle_splits(splits: np.ndarray, labels: np.ndarray, images: np.ndarray) -> tuple[np.ndarray, str]:
    """Give every face a split.

    Where the source names none at all, a sixth of each class is drawn for the test, always the same
    sixth; exact copies of one picture stay on one side. Faces outside of the splits go with what they copy,
    and count else as training.

    Args:
        splits: (n,) of str; "" where the source does not say.
        labels: int (n,).
        images: uint8 (n, 48, 48).

    Returns:
        The splits, and how they came about and what pictures they share, in words.
    """
    unknown = splits == ""
    if not unknown.any():
        return splits, "The splits are those of the source." + _shared_in_words(splits, images)
    if not unknown.all():
        settled, note = _settle_others(splits, image_keys(images))
        return settled, note + _shared_in_words(settled, images)
    is_test = stratified_mask(labels, image_keys(images), TEST_SHARE, SEED)
    if not is_test.any():
        return np.where(is_test, "test", "train"), "The source has no split, and too few faces to make one."
    note = (
        f"The source has no split: a sixth of each class was drawn for the test "
        f"(seed {SEED}), with copies of a picture kept together."
    )
    return np.where(is_test, "test", "train"), note


def _settle_others(splits: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, str]:
    """Give the faces outside of the splits that of their copies, the test's first, or else the training."""
    unknown = splits == ""
    settled = splits.copy()
    for split in ("train", "validation", "test"):
        settled[unknown & np.isin(keys, keys[splits == split])] = split
    copies = int((settled[unknown] != "").sum())
    others = int(unknown.sum()) - copies
    settled[settled == ""] = "train"
    note = "The splits are those of the source"
    note += f"; {others:,} faces outside of them count as training" * bool(others)
    note += f"; {copies:,} faces outside of them are copies of faces in them and go with these" * bool(copies)
    return settled, note + "."


def _shared_in_words(splits: np.ndarray, images: np.ndarray) -> str:
    """Return how many pictures stand in several splits, or several times in one; "" where there are none."""
    keys = picture_keys(images)
    told = []
    for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        count = int(np.isin(keys[splits == other], keys[splits == one]).sum())
        if count:
            told.append(f"{count:,} faces of {other} stand in {one}, too")
    apart = np.unique(np.char.add(np.char.add(splits.astype("U10"), " "), keys))
    again = len(keys) - len(apart)
    note = f" {'; '.join(told)} (mirrored ones included); training leaves them out." * bool(told)
    return note + f" {again:,} faces are copies of others of their split." * bool(again)


def stratified_mask(labels: np.ndarray, keys: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Choose `share` of the distinct pictures of each class, with all their copies.

    Args:
        labels: int (n,).
        keys: (n,), equal where two pictures are.
        share: 0 to 1.
        seed: of the draw.

    Returns:
        bool (n,).
    """
    generator = np.random.default_rng(seed)
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    chosen = np.zeros(len(first), dtype=bool)
    for label in np.unique(labels):
        pictures = np.flatnonzero(labels[first] == label)
        count = round(share * len(pictures))
        chosen[generator.permutation(pictures)[:count]] = True
    return chosen[inverse]
