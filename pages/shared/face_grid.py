"""A grid of faces to choose from, drawn from one contact sheet; as many columns as fit the screen.

Hundreds of picture widgets would make a page crawl, and one flat picture cannot be used by keyboard:
here each face is a button on which the browser shows its part of the sheet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from emotion.dataset.gallery import CELL_BORDER, CELL_SIZE, contact_sheet, page_count, to_data_url
from emotion.labels import COLORS, EMOTIONS

_SHEET_COLUMNS = 12
_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "face_grid",
    html='<div class="groups"></div>',
    css=(_HERE / "face_grid.css").read_text(encoding="utf-8"),
    js=(_HERE / "face_grid.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class GridFace:
    """One face of a grid.

    Attributes:
        index: of the face in its dataset; what is returned when it is chosen.
        image: uint8 (48, 48).
        label: its class, 0 to 6.
        title: what a pointer resting on it, or a screen reader, is told.
        caption: stands below it; "" for none.
        is_faint: drawn pale, as excluded faces are.
    """

    index: int
    image: np.ndarray
    label: int
    title: str
    caption: str = ""
    is_faint: bool = False


def face_grid(groups: Sequence[Sequence[GridFace]], key: str, label: str, side: int = 72) -> int | None:
    """Draw faces and return the index of the one just chosen, once; else None.

    Args:
        groups: the faces; several groups stand in a frame each, a single one in none.
        key: tells this grid from the others on the page.
        label: what a screen reader calls the grid.
        side: how wide a face is at least, in pixels of the page.
    """
    faces = [face for group in groups for face in group]
    if not faces:
        return None
    columns = min(_SHEET_COLUMNS, len(faces))
    sheet = contact_sheet(np.stack([face.image for face in faces]), columns)
    result = _component(
        key=key,
        data={
            "sheet": to_data_url(sheet),
            "columns": columns,
            "rows": page_count(len(faces), columns),
            "cell": CELL_SIZE,
            "border": CELL_BORDER,
            "side": side,
            "label": label,
            "groups": [[_cell(face) for face in group] for group in groups],
        },
        on_chosen_change=lambda: None,
    )
    return None if result.chosen is None else int(result.chosen)


def _cell(face: GridFace) -> dict:
    return {
        "index": int(face.index),
        "title": face.title,
        "caption": face.caption,
        "color": COLORS[EMOTIONS[face.label]],
        "faint": face.is_faint,
    }
