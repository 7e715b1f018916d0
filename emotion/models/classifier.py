"""One trained model, ready to predict; LiteRT does the arithmetic, no TensorFlow is loaded."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotion.faces import FACE_SIZE
from emotion.labels import EMOTIONS
from emotion.models.card import LITERT_FILE, ModelCard, ModelError, folder_version, read_card
from emotion.models.litert import LiteRTError, open_own, open_plain
from emotion.models.mix import change_of, mixed_version
from emotion.pool import Pool


@dataclass(frozen=True)
class Predictions:
    """What the model says of n faces.

    Attributes:
        probabilities: float32 (n, 7) in the order of `emotion.labels.EMOTIONS`; rows sum to 1.
        activation_maps: float32 (n, height, width, 7): how strongly each place speaks for a class.
            None where the model, made elsewhere, does not tell.
    """

    probabilities: np.ndarray
    activation_maps: np.ndarray | None


class Classifier:
    """Predicts the emotions of 48x48 grey faces with the model in one folder.

    One object serves all threads, and none waits for another: each prediction under way has an
    interpreter of its own.

    Args:
        folder: `models/NAME` with `model.tflite` and `card.json`.
        threads: how many faces of one call may be predicted at the same time.
        mix: which mix of emotions the probabilities assume; one of `mix.MIXES`.

    Attributes:
        card: what is known of the model.
        version: differs where two models would answer differently; see `models.card.folder_version`.
        has_activation_maps: whether predictions tell what each place of a face speaks for.

    Raises:
        ModelError: the folder holds no usable model.
    """

    def __init__(self, folder: Path, threads: int = 1, mix: str = "own") -> None:
        self.card: ModelCard = read_card(folder)
        # Taken before the file is read: if it is replaced in between, the next look finds another version.
        self.version: str = mixed_version(folder_version(folder), mix)
        self._change = change_of(self.card, mix)
        self._threads = threads
        try:
            self._content = (folder / LITERT_FILE).read_bytes()
        except OSError as error:
            raise ModelError(f"The model {folder.name!r} has no readable file {LITERT_FILE}.") from error
        self._reading = self.card.reading
        self.has_activation_maps: bool = self._reading.is_own
        self._runners = Pool(self._make_runner)
        with self._runners.borrow():
            pass  # a broken file is reported now, not at the first face

    def _make_runner(self) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]:
        try:
            return open_own(self._content) if self._reading.is_own else open_plain(self._content).run
        except LiteRTError as error:
            raise ModelError(f"The file of the model {self.card.name!r} {error}.") from error

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
            no_maps = np.zeros((0, 1, 1, count), np.float32) if self.has_activation_maps else None
            return Predictions(np.zeros((0, count), np.float32), no_maps)
        threads = min(self._threads, len(faces))
        if threads == 1:
            parts = self._predict_part(faces)
        else:
            with ThreadPoolExecutor(threads) as pool:
                parts = [
                    part
                    for several in pool.map(self._predict_part, np.array_split(faces, threads))
                    for part in several
                ]
        probabilities = self._reading.probabilities(np.concatenate([scores for scores, _ in parts]))
        if self._change is not None:
            probabilities = self._change(probabilities)
        if not self.has_activation_maps:
            return Predictions(probabilities, None)
        maps = np.concatenate([maps for _, maps in parts if maps is not None])
        # Where each emotion stands in the model's output, as the card says.
        order = [self.card.labels.index(name) for name in EMOTIONS]
        return Predictions(probabilities, maps[..., order])

    def _predict_part(self, faces: np.ndarray) -> list[tuple[np.ndarray, np.ndarray | None]]:
        """Return of each face scores (1, classes) and maps (1, height, width, 7), as the model orders them.

        One face at a time: what the network works on then stays in the processor's cache. With the
        shipped models, 64 at a time take twice as long for each (`python benchmarks/evaluate.py`).
        """
        inputs = self._reading.prepare(faces)
        with self._runners.borrow() as run:
            return [run(inputs[number : number + 1]) for number in range(len(inputs))]
