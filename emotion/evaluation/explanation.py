"""Where a model looked: class activation maps laid over the face.

Zhou et al. 2016, "Learning Deep Features for Discriminative Localization". The maps come with the
probabilities; their average over a face is, but for a constant, the class's logit. So a place above
zero speaks for the class and one below against it. Everything here takes microseconds: fast enough
for live video.
"""

import cv2
import numpy as np

from emotion.faces import FACE_SIZE

# How much of the colour is laid over the face where a place speaks most.
_OPACITY = 0.6
_ROWS = ("top", "middle", "bottom")
_COLUMNS = ("left", "centre", "right")


def heat(activation_maps: np.ndarray, label: int, side: int = FACE_SIZE) -> np.ndarray:
    """Return how strongly each pixel speaks for a class, float32 (side, side) from 0 to 1.

    1 is what speaks loudest for any of the seven: a class for which nothing speaks stays at 0
    everywhere, and the maps of the seven compare.

    Args:
        activation_maps: float32 (height, width, 7), of one face.
        label: the class, 0 to 6.
        side: in pixels.
    """
    large = cv2.resize(activation_maps[..., label], (side, side), interpolation=cv2.INTER_CUBIC)
    loudest = max(float(activation_maps.max()), 1e-6)
    return np.clip(large / loudest, 0, 1)


def overlay(face: np.ndarray, heat_map: np.ndarray) -> np.ndarray:
    """Return a face with the places that speak for a class coloured, from purple to yellow.

    Args:
        face: uint8 (height, width), grey, of any size.
        heat_map: float (h, w), 0 to 1, as `heat` returns it.

    Returns:
        RGB uint8 (height, width, 3); without heat, the face as it is.
    """
    height, width = face.shape
    if heat_map.shape != face.shape:
        heat_map = cv2.resize(heat_map.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    levels = np.rint(255 * np.clip(heat_map, 0, 1)).astype(np.uint8)
    colors = cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_PLASMA), cv2.COLOR_BGR2RGB)
    opacity = _OPACITY * np.sqrt(levels[..., None] / np.float32(255))
    mixed = opacity * colors + (1 - opacity) * face[..., None]
    return np.rint(mixed).astype(np.uint8)


def strongest_place(heat_map: np.ndarray) -> str | None:
    """Return where a heat map (h, w) is strongest, in words: "bottom centre"; None where nothing is."""
    if heat_map.max() < 0.05:
        return None
    row, column = np.unravel_index(int(heat_map.argmax()), heat_map.shape)
    words = _ROWS[3 * int(row) // heat_map.shape[0]], _COLUMNS[3 * int(column) // heat_map.shape[1]]
    return "centre" if words == ("middle", "centre") else " ".join(words)
