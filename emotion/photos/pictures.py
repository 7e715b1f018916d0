"""What came of each picture, and its forms to take away: CSV, JSON, annotated pictures."""

import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import cv2
import numpy as np

from emotion.files import plain_cell
from emotion.images import ImageError, decode_picture
from emotion.photos.analysis import Analysis, Analyzer, error_dict, table_rows
from emotion.photos.drawing import draw_analysis

if TYPE_CHECKING:
    import pandas as pd

# Longer sides of a preview, in pixels. No page shows more, and a small picture is enlarged, so that
# the labels on it are sharp.
MAX_PREVIEW_SIDE = 1400
MIN_PREVIEW_SIDE = 800
_JPEG_QUALITY = 88


@dataclass(frozen=True)
class PictureResult:
    """What came of one picture: an analysis and a preview, or an error.

    Attributes:
        name: of the file.
        analysis: what was found, or None.
        preview: the annotated picture as JPEG, its longer side 800 to 1400 pixels, or None.
        error: one sentence for a person, or None.
    """

    name: str
    analysis: Analysis | None
    preview: bytes | None
    error: str | None


def analyze_picture(analyzer: Analyzer, name: str, data: bytes) -> PictureResult:
    """Analyse the bytes of one file; a file that is no picture gives a result with an error."""
    try:
        picture = decode_picture(data)
    except ImageError as error:
        return PictureResult(name, None, None, str(error))
    analysis = analyzer.analyze(picture)
    preview = encode_jpeg(draw_analysis(preview_size(picture.pixels), analysis))
    return PictureResult(name, analysis, preview, None)


def preview_size(image: np.ndarray) -> np.ndarray:
    """Return RGB uint8 (height, width, 3), scaled so that its longer side suits a preview."""
    height, width = image.shape[:2]
    longer = max(height, width)
    scale = min(max(longer, MIN_PREVIEW_SIDE), MAX_PREVIEW_SIDE) / longer
    if scale == 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def encode_jpeg(image: np.ndarray) -> bytes:
    """Return RGB uint8 (height, width, 3) as the bytes of a JPEG file."""
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.tobytes()


def to_table(results: Iterable[PictureResult]) -> "pd.DataFrame":
    """Return one row a face; pictures without faces have none."""
    import pandas as pd  # here, as it takes a third of a second, which the first page need not wait for

    return pd.DataFrame(table_rows((result.name, result.analysis) for result in results if result.analysis))


def to_csv(results: Iterable[PictureResult]) -> str:
    """Return the table of faces as CSV."""
    table = to_table(results)
    if not table.empty:
        table["file"] = [plain_cell(name) for name in table["file"]]
    return table.to_csv(index=False, float_format="%.4f")


def to_json(results: Iterable[PictureResult]) -> str:
    """Return all pictures as a JSON list, each as `python -m emotion analyze --json` prints it."""
    objects = [
        result.analysis.to_dict(result.name)
        if result.analysis
        else error_dict(result.name, result.error or "")
        for result in results
    ]  # fmt: skip
    return json.dumps(objects, indent=2)


def to_zip(pictures: Iterable[tuple[PictureResult, bytes]]) -> bytes:
    """Return a zip of the annotated pictures at their full size, as JPEG; those with errors are left out.

    Args:
        pictures: each result with the bytes of its file.
    """
    buffer = io.BytesIO()
    taken: set[str] = set()
    # JPEG does not compress further: storing is faster.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for result, data in pictures:
            if result.analysis is None:
                continue
            annotated = draw_analysis(decode_picture(data).pixels, result.analysis)
            archive.writestr(_free_name(result.name, taken), encode_jpeg(annotated))
    return buffer.getvalue()


def _free_name(name: str, taken: set[str]) -> str:
    """Return a file name for the zip that no other picture in it has, and note it in `taken`."""
    stem = PurePosixPath(name.replace("\\", "/")).stem or "picture"
    candidate, number = f"{stem}.jpg", 1
    while candidate in taken:
        number += 1
        candidate = f"{stem}-{number}.jpg"
    taken.add(candidate)
    return candidate
