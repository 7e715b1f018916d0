"""How a model is asked, and how its answer is read: what a face is turned into, and what scores become."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from emotion.faces import FACE_SIZE
from emotion.labels import EMOTIONS

# What black and white are to a model.
Range = tuple[float, float]
FULL_RANGE: Range = (0.0, 255.0)
SCORES = ("probabilities", "logits", "sigmoids")


@dataclass(frozen=True)
class Reading:
    """How a model is asked, and how its answer is read.

    Attributes:
        is_own: it has the outputs `probabilities` and `activation_maps`, as this product makes them.
        shape: of what it takes for a face: (height, width), with 1 or 3 channels after or before it, or
            (pixels,). A face of another size is resized, its grey repeated in all channels.
        ranges: what black and white are to it: one pair, or one for each channel.
        scores: what it gives: "probabilities"; "logits"; or "sigmoids", a yes or no to each class.
        classes: the names of its outputs in their order; the seven emotions are among them.
        counts_as: of a class that is none of the seven, as which emotion it counts; one that is not here
            is left out.
    """

    is_own: bool = True
    shape: tuple[int, ...] = (FACE_SIZE, FACE_SIZE, 1)
    ranges: tuple[Range, ...] = (FULL_RANGE,)
    scores: str = "probabilities"
    classes: tuple[str, ...] = EMOTIONS
    counts_as: Mapping[str, str] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """The seven emotions in the order of its outputs."""
        return tuple(name for name in self.classes if name in EMOTIONS)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The classes whose scores do not count."""
        return tuple(name for name in self.classes if name not in EMOTIONS and name not in self.counts_as)

    @property
    def size(self) -> tuple[int, int, int]:
        """Height, width and channels of what it takes."""
        shape = self.shape
        if len(shape) == 1:
            side = round(shape[0] ** 0.5)
            return side, side, 1
        if len(shape) == 2:
            return shape[0], shape[1], 1
        return (shape[1], shape[2], shape[0]) if self.channels_first else (shape[0], shape[1], shape[2])

    @property
    def channels_first(self) -> bool:
        """Whether the channels stand before height and width."""
        return len(self.shape) == 3 and self.shape[2] not in (1, 3)

    def prepare(self, faces: np.ndarray) -> np.ndarray:
        """Return what the model is shown, float32 (n, *shape), of faces, uint8 (n, 48, 48)."""
        height, width, channels = self.size
        values = faces.astype(np.float32)
        if (height, width) != faces.shape[1:]:
            shrinks = height < faces.shape[1] or width < faces.shape[2]
            how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            values = np.stack([cv2.resize(face, (width, height), interpolation=how) for face in values])
        if self.ranges == (FULL_RANGE,):
            planes = [values]
        else:
            planes = [values * np.float32((high - low) / 255) + np.float32(low) for low, high in self.ranges]
        if len(planes) == 1:
            planes *= channels
        return np.stack(planes, axis=1 if self.channels_first else -1).reshape(len(faces), *self.shape)

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Return the probabilities of the emotions, float32 (n, 7), of scores, float32 (n, classes).

        They stand in the order of `emotion.labels.EMOTIONS`, and each row sums to 1: what a class had that
        is left out is shared out in proportion.
        """
        if self.scores == "logits":
            scores = softmax(scores)
        elif self.scores == "sigmoids":
            scores = np.maximum(scores, 0)
        counted = [self.counts_as.get(name, name) for name in self.classes]
        places = [[place for place, name in enumerate(counted) if name == emotion] for emotion in EMOTIONS]
        if self.is_own:
            return scores[:, [place[0] for place in places]]
        shares = np.stack([scores[:, place].sum(axis=1) for place in places], axis=1)
        totals = shares.sum(axis=1, keepdims=True)
        # Nothing but noes, or only what is left out: nobody knows, so all are as likely.
        even = np.full_like(shares, 1 / len(EMOTIONS))
        return np.where(totals > 0, shares / np.where(totals > 0, totals, 1), even)

    def to_card(self) -> dict[str, Any]:
        """Return the card's entries `labels`, `input` and `output`."""
        output: dict[str, Any] = {"activation_maps": self.is_own, "scores": self.scores}
        if len(self.classes) != len(EMOTIONS):
            output |= {"classes": list(self.classes), "counts_as": dict(self.counts_as)}
        pairs = [[_plain(low), _plain(high)] for low, high in self.ranges]
        return {
            "labels": list(self.labels),
            "input": {
                "shape": list(self.shape),
                "dtype": "float32",
                "range": pairs[0] if len(pairs) == 1 else pairs,
            },
            "output": output,
        }

    @staticmethod
    def from_card(content: Mapping[str, Any]) -> "Reading":
        """Return what a card says; as this product's own models are where it does not say.

        Raises:
            ValueError: what it says is no reading.
        """
        asked, output = content.get("input") or {}, content.get("output") or {}
        try:
            pairs = asked.get("range", list(FULL_RANGE))
            pairs = pairs if isinstance(pairs[0], list) else [pairs]
            reading = Reading(
                is_own=bool(output.get("activation_maps", True)),
                shape=tuple(int(size) for size in asked.get("shape", (FACE_SIZE, FACE_SIZE, 1))),
                ranges=tuple((float(low), float(high)) for low, high in pairs),
                scores=output.get("scores", "probabilities"),
                classes=tuple(output.get("classes") or content.get("labels") or EMOTIONS),
                counts_as=dict(output.get("counts_as") or {}),
            )
            reading.check()
        except (TypeError, KeyError, IndexError, OverflowError) as error:
            raise ValueError(str(error)) from error
        return reading

    def check(self) -> None:
        """Check that faces can be prepared so, and scores be read.

        Raises:
            ValueError: they cannot.
        """
        height, width, channels = self.size if 0 < len(self.shape) < 4 else (0, 0, 0)
        values = np.asarray(self.ranges, np.float64)
        holds = (
            min(height, width) > 0
            and channels in (1, 3)
            and height * width * channels == np.prod(self.shape)
            and len(self.ranges) in (1, channels)
            and bool(np.isfinite(values).all())
            and bool((values[:, 0] != values[:, 1]).all())
            and self.scores in SCORES
            and sorted(self.labels) == sorted(EMOTIONS)
            and len(set(self.classes)) == len(self.classes)
            and set(self.counts_as.values()) <= set(EMOTIONS)
        )
        if not holds:
            raise ValueError("no reading of a model")


def describe(reading: Reading) -> list[str]:
    """Return what a face becomes, and what scores do, where a model takes or gives something unusual."""
    height, width, channels = reading.size
    notes = []
    if (height, width) != (FACE_SIZE, FACE_SIZE):
        notes.append(f"Faces of {FACE_SIZE} x {FACE_SIZE} are resized to {height} x {width} for it.")
    if channels > 1:
        notes.append("It takes colour and gets the same grey in all three channels.")
    if reading.scores == "sigmoids":
        notes.append("It says yes or no to each class; its answers are scaled to sum to 1.")
    if reading.left_out:
        notes.append(f"Its class {', '.join(reading.left_out)} is left out, its share given to the others.")
    notes += [f"Its class {name} counts as {emotion}." for name, emotion in reading.counts_as.items()]
    return notes


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities float (n, k) of logits float (n, k)."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _plain(value: float) -> float | int:
    """Return a number as people write it: whole ones without a point."""
    return int(value) if value == int(value) else round(value, 6)
