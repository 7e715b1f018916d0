"""Many small faces as few pictures: which faces a page of the gallery shows, and the sheet they are on."""

import base64
from collections.abc import Collection

import cv2
import numpy as np

from emotion.dataset.face_dataset import FaceDataset
from emotion.faces import FACE_SIZE
from emotion.labels import EMOTIONS

# Around each cell its own edge is repeated once: a sheet drawn larger then never mixes two faces.
CELL_BORDER = 1
CELL_SIZE = FACE_SIZE + 2 * CELL_BORDER
# Between faces that are only looked at, not chosen: transparent, on each side of a face.
_GAP = 2
_SPACED = FACE_SIZE + 2 * _GAP


def find_faces(
    dataset: FaceDataset,
    emotions: Collection[str] = EMOTIONS,
    splits: Collection[str] | None = None,
    text: str = "",
) -> np.ndarray:
    """Return the indices, int64 (m,) ascending, of the faces that all three filters let through.

    Args:
        dataset: n faces.
        emotions: the classes wanted; none at all means every one.
        splits: the splits wanted; None means every one.
        text: must occur in a face's name, in upper or lower case.
    """
    mask = np.ones(len(dataset), dtype=bool)
    if emotions and set(emotions) != set(EMOTIONS):
        mask &= np.isin(dataset.labels, [EMOTIONS.index(name) for name in emotions])
    if splits is not None:
        mask &= np.isin(dataset.splits, list(splits))
    indices = np.flatnonzero(mask)
    wanted = text.strip().casefold()
    if wanted:
        names = dataset.names[indices].tolist()
        indices = indices[[wanted in str(name).casefold() for name in names]] if names else indices
    return indices


def page_count(items: int, page_size: int) -> int:
    """Return how many pages `items` need; an empty gallery has one page too."""
    return max(1, -(-items // page_size))


def page_items(indices: np.ndarray, page: int, page_size: int) -> np.ndarray:
    """Return what stands on a page; pages count from 1, and one beyond the last counts as the last."""
    page = min(max(1, page), page_count(len(indices), page_size))
    return indices[(page - 1) * page_size : page * page_size]


def contact_sheet(images: np.ndarray, columns: int) -> np.ndarray:
    """Lay faces out row by row on one sheet.

    Args:
        images: uint8 (n, 48, 48); n may be 0.
        columns: cells in a row; with fewer faces than that, the sheet is as wide as they are.

    Returns:
        uint8 (rows * CELL_SIZE, columns * CELL_SIZE), at least one cell; cells left over are black.

    Raises:
        ValueError: the images have another shape or dtype, or there is no column.
    """
    count = len(images)
    if images.shape != (count, FACE_SIZE, FACE_SIZE) or images.dtype != np.uint8:
        raise ValueError(
            f"images must be uint8 (n, {FACE_SIZE}, {FACE_SIZE}), not {images.dtype} {images.shape}"
        )
    if columns < 1:
        raise ValueError(f"a sheet needs at least one column, not {columns}")
    columns = max(1, min(columns, count))
    rows = page_count(count, columns)
    cells = np.zeros((rows * columns, CELL_SIZE, CELL_SIZE), np.uint8)
    if count:
        border = (CELL_BORDER, CELL_BORDER)
        cells[:count] = np.pad(images, ((0, 0), border, border), mode="edge")
    sheet = cells.reshape(rows, columns, CELL_SIZE, CELL_SIZE).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(sheet).reshape(rows * CELL_SIZE, columns * CELL_SIZE)


def enlarge(image: np.ndarray, side: int) -> np.ndarray:
    """Return a uint8 picture, grey or RGB, smoothly drawn larger: (side, side) or (side, side, 3)."""
    return cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)


def spread_picture(spread: np.ndarray, largest: float) -> np.ndarray:
    """Return standard deviations (48, 48) as RGB uint8: dark where faces agree, bright where they differ.

    Args:
        spread: in grey levels, 0 or more.
        largest: the value drawn brightest; give all classes the same, so that they compare.
    """
    levels = np.clip(spread * (255 / largest if largest > 0 else 0), 0, 255).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB)


def to_data_url(image: np.ndarray) -> str:
    """Return a grey uint8 (height, width) picture as the address of a lossless PNG that holds it."""
    # Little compression: the sheet travels once, mostly to the same computer, and should be there at once.
    _, data = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    return "data:image/png;base64," + base64.b64encode(data.tobytes()).decode("ascii")


def before_and_after(images: np.ndarray, variants: np.ndarray) -> np.ndarray:
    """Lay faces out in rows: each as it is, a gap, then its variants.

    Args:
        images: uint8 (n, 48, 48).
        variants: uint8 (n, m, 48, 48).

    Returns:
        RGBA uint8; gaps are transparent, so that they suit a light page and a dark one.
    """
    count, number = variants.shape[:2]
    # A column of nothing sets the face apart from its variants.
    nothing = np.zeros_like(images[:, None])
    grey = np.concatenate([images[:, None], nothing, variants], axis=1)
    opacity = np.full_like(grey, 255)
    opacity[:, 1] = 0
    border = ((0, 0), (0, 0), (_GAP, _GAP), (_GAP, _GAP))
    channels = [
        np.pad(channel, border).transpose(0, 2, 1, 3).reshape(count * _SPACED, (number + 2) * _SPACED)
        for channel in (grey, opacity)
    ]
    rgba = np.dstack([channels[0], channels[0], channels[0], channels[1]])
    # The column of nothing is a gap, not a whole face wide.
    return np.delete(rgba, np.s_[_SPACED + FACE_SIZE // 3 : 2 * _SPACED], axis=1)
