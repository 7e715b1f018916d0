"""What a model is, in a file beside it: `card.json`, read, checked and changed."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotion.errors import ReadableError
from emotion.files import read_object, write_json
from emotion.labels import EMOTIONS
from emotion.models.reading import Reading

CARD, LITERT_FILE, KERAS_FILE = "card.json", "model.tflite", "model.keras"
# Under this name a card's metrics have the test faces without a copy in the dataset's training or validation.
WITHOUT_COPIES = "test_without_copies"
# Of `card.json`; raised when an entry changes its meaning: `read_card` then brings older cards forward.
# 2: what a foreign model takes and gives may be more than 48 x 48 grey and seven scores; all that a card of
# version 1 says means the same.
CARD_VERSION = 2
_READABLE = (1, CARD_VERSION)
# The entries that hold others, where they are there.
_PARTS = ("input", "output", "metrics", "config", "dataset", "versions")


class ModelError(ReadableError):
    """A model is missing or cannot be used; the message is one sentence for a person."""


@dataclass(frozen=True)
class ModelCard:
    """What `card.json` says of a model.

    Attributes:
        name: of the model and its folder.
        labels: the emotions in the order of the model's outputs.
        content: the whole card.
    """

    name: str
    labels: tuple[str, ...]
    content: dict[str, Any]

    def accuracy(self, split: str = "test") -> float | None:
        """Return the accuracy (0 to 1) that the card gives for a split, or None."""
        return self.metrics(split).get("accuracy")

    def metrics(self, split: str = "test") -> dict[str, Any]:
        """Return the figures that the card gives for a split; an empty dict where there are none."""
        metrics = self.content.get("metrics") or {}
        return metrics.get(split) or {}

    def mistakes(self, split: str = "test") -> list[tuple[str, str, int, int]]:
        """Return what a split's faces were taken for, the most frequent first.

        Each is the right emotion, the answer, how many faces, and of how many with that emotion.
        """
        matrix = self.metrics(split).get("confusion_matrix") or []
        found = [
            (label, answer, int(count), int(sum(row)))
            for label, row in zip(EMOTIONS, matrix, strict=False)
            for answer, count in zip(EMOTIONS, row, strict=False)
            if label != answer and count
        ]
        return sorted(found, key=lambda mistake: -mistake[2])

    @property
    def judged_by(self) -> str:
        """What counted as right when its figures were measured: "labels", or people's "votes"."""
        config = self.content.get("config") or {}
        targets = config.get("targets", "labels")
        return config.get("answers", "votes") if targets == "both" else targets

    @property
    def reading(self) -> Reading:
        """How the model is asked; as this product's own models are where the card does not say."""
        return Reading.from_card(self.content)

    @property
    def note(self) -> str:
        """What somebody has written about the model."""
        return str(self.content.get("note") or "")


def read_card(folder: Path) -> ModelCard:
    """Read and check the card of the model in `folder`.

    Raises:
        ModelError: there is no card, or it does not name the seven emotions.
    """
    content = read_object(folder / CARD)
    if content is None and not (folder / CARD).exists():
        raise ModelError(f"There is no model {folder.name!r}.")
    labels = None if content is None else content.get("labels")
    if (
        content is None
        or not isinstance(labels, list)
        or not all(isinstance(content.get(name) or {}, dict) for name in _PARTS)
    ):
        raise ModelError(f"The card of the model {folder.name!r} cannot be read.")
    if content.get("card_version", CARD_VERSION) not in _READABLE:
        raise ModelError(f"The model {folder.name!r} needs a newer version of this program.")
    if sorted(labels, key=str) != sorted(EMOTIONS):
        raise ModelError(f"The card of the model {folder.name!r} does not name the seven emotions.")
    try:
        Reading.from_card(content)
    except ValueError as error:
        raise ModelError(
            f"The card of the model {folder.name!r} does not say how the model is asked."
        ) from error
    return ModelCard(folder.name, tuple(labels), content)


def folder_version(folder: Path) -> str:
    """Return 16 hexadecimal digits that differ where two models would answer differently.

    Cheap: made of the size and time of the LiteRT file and of what the card says about reading its
    answers. A model that is renamed, moved, or given a note, stays what it was.

    Raises:
        ModelError: its card or its LiteRT file cannot be read.
    """
    card = read_card(folder)
    try:
        file = (folder / LITERT_FILE).stat()
    except OSError as error:
        raise ModelError(f"The model {folder.name!r} has no readable file {LITERT_FILE}.") from error
    told = [card.content.get(key) for key in ("labels", "input", "output")]
    facts = json.dumps([file.st_size, file.st_mtime_ns, told], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def change_card(folder: Path, **changes: Any) -> None:
    """Set entries of the card of the model in `folder`.

    Raises:
        ModelError: the card cannot be read.
        FileError: it cannot be written.
    """
    write_json(folder / CARD, read_card(folder).content | changes)
