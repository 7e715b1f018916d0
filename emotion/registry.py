"""The models on disk: which there are, what their cards say, which one is in use."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotion import paths
from emotion.labels import EMOTIONS

DEFAULT_MODEL = "base"


class ModelError(RuntimeError):
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
        return self.content.get("metrics", {}).get(split, {}).get("accuracy")


def read_card(folder: Path) -> ModelCard:
    """Read and check the card of the model in `folder`.

    Raises:
        ModelError: there is no card, or it does not name the seven emotions.
    """
    try:
        content = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        labels = tuple(content["labels"])
    except FileNotFoundError:
        raise ModelError(f"There is no model {folder.name!r}.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"The card of the model {folder.name!r} cannot be read.") from error
    if sorted(labels, key=str) != sorted(EMOTIONS):
        raise ModelError(f"The card of the model {folder.name!r} does not name the seven emotions.")
    return ModelCard(folder.name, labels, content)


def list_models() -> list[ModelCard]:
    """Return the cards of all models, by name; a folder without a readable card is left out."""
    cards: dict[str, ModelCard] = {}
    for root in (paths.models_folder(), paths.shipped_models_folder()):
        for card_path in sorted(root.glob("[!.]*/card.json")):
            try:
                cards.setdefault(card_path.parent.name, read_card(card_path.parent))
            except ModelError:
                continue
    return [cards[name] for name in sorted(cards)]


def model_folder(name: str) -> Path:
    """Return the folder of a model; a trained one wins over a shipped one of the same name.

    Raises:
        ModelError: there is none of that name.
    """
    is_plain_name = name not in ("", ".", "..") and Path(name).name == name
    if is_plain_name:
        for root in (paths.models_folder(), paths.shipped_models_folder()):
            if (root / name / "card.json").is_file():
                return root / name
    known = ", ".join(card.name for card in list_models())
    hint = f"choose from: {known}." if known else "train one with: python train_model.py"
    raise ModelError(f"There is no model {name!r}; {hint}")


def active_model() -> str:
    """Return the name of the model that the pages and the command line predict with.

    Raises:
        ModelError: there is no model at all.
    """
    names = [card.name for card in list_models()]
    if not names:
        raise ModelError("There is no model yet; train one with: python train_model.py")
    return DEFAULT_MODEL if DEFAULT_MODEL in names else names[0]
