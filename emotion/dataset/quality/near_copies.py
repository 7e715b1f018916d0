"""Pictures that are nearly the same: cut, lit or compressed a little differently.

Two steps. Thumbnails of 8x8 pixels, with their brightness and contrast taken out, are compared all
with all, as one matrix product block by block; of what looks alike, the details are then compared at
full size, at every shift of up to 2 pixels. Of faces of FER-2013 shifted by a pixel along both axes
the first step lets 98 % through, of those shifted by two pixels along one axis two in three.
"""

from collections.abc import Callable

import cv2
import numpy as np

from emotion.faces import FACE_SIZE

NEAR_VERSION = 1
_THUMBNAIL = 8
# Correlations, -1 to 1. By eye on FER-2013, of pairs whose details correlate by 0.85 to 0.9 nearly
# all are of one photograph, and by 0.8 to 0.85 every sixth is of two; the drawn faces, with features
# of one style, need 0.9. The first step has to let shifted ones through.
_ALIKE = 0.92
_SAME = 0.90
_SHIFT = 2
_FINE, _COARSE = 1.0, 4.0  # pixels
# Bounds the time for faces that are all alike, such as the frames of a film.
_MAX_CANDIDATES = 20
_BLOCK = 512


def near_copy_groups(
    images: np.ndarray,
    exact_groups: list[np.ndarray],
    on_progress: Callable[[float], None] = lambda share: None,
) -> list[np.ndarray]:
    """Return the groups of faces that show nearly the same picture, the largest first.

    Exact copies go with their picture; a group of nothing else is not one of near copies.

    Args:
        images: uint8 (n, 48, 48).
        exact_groups: of indices, as `finding.group_by` returns them.
        on_progress: given the share that is done, 0 to 1.
    """
    first = np.arange(len(images))  # of each face, the first of its exact copies
    for group in exact_groups:
        first[group] = group.min()
    distinct = np.unique(first)
    thumbnails = _normalised_thumbnails(images, distinct)
    parent = np.arange(len(images))
    for start in range(0, len(distinct), _BLOCK):
        for left, right in _alike_pairs(thumbnails, start):
            one, other = int(distinct[left]), int(distinct[right])
            roots = _root(parent, one), _root(parent, other)
            if roots[0] != roots[1] and _is_same_picture(images[one], images[other]):
                parent[max(roots)] = min(roots)
        # A block is compared with all behind it: the work left shrinks with the square.
        on_progress(1 - (1 - min(1.0, (start + _BLOCK) / len(distinct))) ** 2)
    groups: dict[int, list[int]] = {}
    for index in range(len(images)):
        groups.setdefault(_root(parent, int(first[index])), []).append(index)
    found = [np.array(group) for group in groups.values() if len(set(first[group].tolist())) > 1]
    return sorted(found, key=lambda group: (-len(group), int(group[0])))


def _normalised_thumbnails(images: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return float32 (k, 64) of mean 0 and length 1; of a picture of one tone, zeros."""
    step = FACE_SIZE // _THUMBNAIL
    thumbnails = np.empty((len(chosen), _THUMBNAIL * _THUMBNAIL), np.float32)
    for start in range(0, len(chosen), 4 * _BLOCK):
        part = images[chosen[start : start + 4 * _BLOCK]]
        cells = part.reshape(-1, _THUMBNAIL, step, _THUMBNAIL, step)
        thumbnails[start : start + len(part)] = cells.mean(axis=(2, 4), dtype=np.float32).reshape(
            len(part), -1
        )
    thumbnails -= thumbnails.mean(axis=1, keepdims=True)
    thumbnails /= np.maximum(np.linalg.norm(thumbnails, axis=1, keepdims=True), 1e-3)
    return thumbnails


def _alike_pairs(thumbnails: np.ndarray, start: int) -> list[tuple[int, int]]:
    """Return the pairs that look alike: one of the block at `start` with one behind it, best first."""
    likeness = thumbnails[start : start + _BLOCK] @ thumbnails[start:].T
    rows, columns = np.nonzero(likeness > _ALIKE)
    keep = columns > rows
    rows, columns = rows[keep], columns[keep]
    order = np.lexsort((-likeness[rows, columns], rows))
    rows, columns = rows[order], columns[order]
    place = np.arange(len(rows)) - np.searchsorted(rows, rows)  # among the pairs of its row
    few = place < _MAX_CANDIDATES
    return list(zip((start + rows[few]).tolist(), (start + columns[few]).tolist(), strict=True))


def _is_same_picture(one: np.ndarray, other: np.ndarray) -> bool:
    """Compare the details of two faces (48, 48), at every shift of up to 2 pixels."""
    core = _details(other)[_SHIFT:-_SHIFT, _SHIFT:-_SHIFT]
    if core.std() < 1:  # no correlation can be told of a single tone
        return False
    return float(cv2.matchTemplate(_details(one), core, cv2.TM_CCOEFF_NORMED).max()) > _SAME


def _details(image: np.ndarray) -> np.ndarray:
    """Return what is finer than a feature of the face and coarser than noise.

    The coarse rest, light from one side and a head before a wall, is alike in many photographs.
    """
    picture = image.astype(np.float32)
    return cv2.GaussianBlur(picture, (0, 0), _FINE) - cv2.GaussianBlur(picture, (0, 0), _COARSE)


def _root(parent: np.ndarray, index: int) -> int:
    """Return the representative of an index in a union-find forest, shortening the way to it."""
    while parent[index] != index:
        parent[index] = parent[parent[index]]
        index = int(parent[index])
    return index
