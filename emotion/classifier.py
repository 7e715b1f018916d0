"""One trained model, ready to predict; LiteRT does the arithmetic, no TensorFlow is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotion.dataset.face_dataset import FACE_SIZE
from emotion.labels import EMOTIONS
from emotion.pool import Pool
from emotion.registry import ModelCard, ModelError, read_card

# Larger batches are cut: a picture of a thousand faces must not ask for gigabytes at once.
MAX_BATCH = 64


@dataclass(frozen=True)
class Predictions:
    """What the model says of n faces.

    Attributes:
        probabilities: float32 (n, 7) in the order of `emotion.labels.EMOTIONS`; rows sum to 1.
        activation_maps: float32 (n, height, width, 7): how strongly each place speaks for a class.
    """

    probabilities: np.ndarray
    activation_maps: np.ndarray


class Classifier:
    """Predicts the emotions of 48x48 grey faces with the model in one folder.

    One object serves all threads, and none waits for another: each prediction under way has an
    interpreter of its own.

    Args:
        folder: `models/NAME` with `model.tflite` and `card.json`.
        threads: how many processor threads one prediction may use.

    Raises:
        ModelError: the folder holds no usable model.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self.card: ModelCard = read_card(folder)
        self._threads = threads
        try:
            self._content = (folder / "model.tflite").read_bytes()
        except OSError as error:
            raise ModelError(f"The model {folder.name!r} has no readable file model.tflite.") from error
        # Where each emotion stands in the model's output, as the card says.
        self._order = [self.card.labels.index(name) for name in EMOTIONS]
        self._runners = Pool(self._make_runner)
        with self._runners.borrow():
            pass  # a broken file is reported now, not at the first face

    def _make_runner(self) -> tuple[Any, str]:
        """Return a runner of the model, and the name of its input."""
        # Imported here: pages that only list models need not load the runtime.
        from ai_edge_litert.interpreter import Interpreter

        try:
            interpreter = Interpreter(model_content=self._content, num_threads=self._threads)
            runner = interpreter.get_signature_runner()
            input_name, details = next(iter(runner.get_input_details().items()))
            outputs = runner.get_output_details()
        except (ValueError, RuntimeError, StopIteration) as error:
            raise ModelError(f"The file of the model {self.card.name!r} is damaged.") from error
        self._check(details["shape_signature"], outputs)
        return runner, input_name

    def _check(self, input_shape: np.ndarray, outputs: dict) -> None:
        if tuple(input_shape[1:]) != (FACE_SIZE, FACE_SIZE, 1):
            raise ModelError(
                f"The model {self.card.name!r} takes pictures of the shape {tuple(input_shape[1:])}, "
                f"not ({FACE_SIZE}, {FACE_SIZE}, 1)."
            )
        if not {"probabilities", "activation_maps"} <= set(outputs):
            raise ModelError(f"The model {self.card.name!r} lacks an output this product needs.")

    def predict(self, faces: np.ndarray) -> Predictions:
        """Predict one face or many in one call.

        Args:
            faces: uint8 (n, 48, 48), grey; n may be 0. One face (48, 48) counts as n = 1.

        Raises:
            ValueError: the array has another shape or dtype.
        """
        if faces.ndim == 2:
            faces = faces[None]
        if faces.shape != (len(faces), FACE_SIZE, FACE_SIZE) or faces.dtype != np.uint8:
            raise ValueError(
                f"faces must be uint8 (n, {FACE_SIZE}, {FACE_SIZE}), not {faces.dtype} {faces.shape}"
            )
        if len(faces) == 0:
            count = len(EMOTIONS)
            return Predictions(np.zeros((0, count), np.float32), np.zeros((0, 1, 1, count), np.float32))
        parts = [
            self._predict_batch(faces[start : start + MAX_BATCH]) for start in range(0, len(faces), MAX_BATCH)
        ]
        probabilities = np.concatenate([part["probabilities"] for part in parts])
        maps = np.concatenate([part["activation_maps"] for part in parts])
        return Predictions(probabilities[:, self._order], maps[..., self._order])

    def _predict_batch(self, faces: np.ndarray) -> dict[str, np.ndarray]:
        with self._runners.borrow() as (runner, input_name):
            return runner(**{input_name: faces[..., None].astype(np.float32)})
