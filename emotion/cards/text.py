"""A model's card as a document that people read: `card.json`, told in Markdown.

The sections are those of Mitchell et al. 2019, "Model Cards for Model Reporting". What a card does not
say is left out, so that the card of a model made elsewhere becomes a short document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from emotion.cards import sections as card_figures
from emotion.cards.markdown import code_block, plain, shell_word, table
from emotion.evaluation.report import Robustness
from emotion.labels import EMOTIONS
from emotion.models.card import WITHOUT_COPIES, ModelCard, ModelError
from emotion.models.registry import SHIPPED_MODELS
from emotion.training.config import SYNTHETIC, RunConfig
from emotion.training.presets import PRESETS

# Settings that are told elsewhere in the document, or are none.
_NO_ROW = {"name", "dataset", "synthetic_faces", "honour_exclusions", "targets", "architecture"}
_ROWS_OF_TEACHERS = {"teacher_share", "teacher_temperature"}

_PURPOSE = """\
For photos and live video in this dashboard, for teaching, for prototypes, and for research that wants a model
it can look into. **It recognises expressions, not feelings**: a smile is not proof of joy, and a still face
may hide anything. It is not made for decisions about people, be it hiring, grading, policing or diagnosis."""
_VOTES = """

What counts as right is not the dataset's label but what people saw: the share of the votes that each of the
seven emotions got is learned, and the one with most votes is the answer. A face takes part if one of the
seven got more votes than anything else, contempt, "unknown" and "not a face" included; among the training
faces, ties between emotions take part, too. Otherwise votes for these three do not count. So all figures are
of the clearer faces."""
_LIMITS = """\
- Faces that are turned away, covered, badly lit or smaller than some 40 pixels get worse answers.
- Groups of people that the training pictures show less may get worse answers; who is in them is seldom known.
- Drawn faces, masks and statues get an answer as well. It means nothing.
"""
_FER_LIMITS = """\
- FER-2013 is small grey pictures from a web search, with noisy labels: people asked to name the expressions
  agreed with them about 65 % of the time (Goodfellow et al. 2013): no model can be right about all of them.
"""
_FER_TERMS = """\
- FER-2013 was collected for a research challenge (Goodfellow et al. 2013) and is handed out through Kaggle.
  Its pictures come from a web image search, and no licence is given for them: they are for research and
  development, and none is part of this model.
"""
_VOTES_TERMS = """\
- The votes of FER+ (Barsoum et al. 2016) are in a repository of Microsoft's under the MIT licence.
"""


def card_text(card: ModelCard, robustness: Robustness | None = None, is_shipped: bool = False) -> str:
    """Return what a card says as a Markdown document.

    Args:
        card: of any model; what it does not say is left out.
        robustness: of the same model; without it, there is no section on worse pictures.
        is_shipped: the model is the repository's own, whose licence is known.

    Raises:
        ModelError: the card holds something that this product has not written.
    """
    try:
        sections = {
            "What it is for": _PURPOSE,
            "Data": _data(card),
            "Recipe": _recipe(card),
            "Figures": card_figures.figures(card),
            "What it gets wrong": card_figures.errors(card),
            "How sure, and how right": card_figures.calibration(card),
            "On worse pictures": "" if robustness is None else card_figures.worse_pictures(robustness),
            "Limits": _LIMITS + _FER_LIMITS * _is_fer(card),
            "Licence": _licence(card, is_shipped),
            "Measure it again, and write this text": _commands(card, robustness is not None),
        }
        parts = [f"# {plain(card.name)}", _introduction(card)]
        parts += [f"## {title}\n\n{text.strip()}" for title, text in sections.items() if text]
        return "\n\n".join(parts) + "\n"
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"The card of the model {card.name!r} cannot be told: it is not as this product writes it."
        ) from error


def _config(card: ModelCard) -> Mapping[str, Any]:
    return card.content.get("config") or {}


def _dataset(card: ModelCard) -> Mapping[str, Any]:
    return card.content.get("dataset") or {}


def _is_fer(card: ModelCard) -> bool:
    return "fer2013" in re.sub(r"[^a-z0-9]", "", str(_dataset(card).get("name", "")).lower())


def _introduction(card: ModelCard) -> str:
    content, white = card.content, f"{card.reading.largest_input:g}"
    scores = "logits" if card.reading.gives_logits else "probabilities"
    lines = [
        f"It names the expression of a face: {', '.join(card.labels)}, in this order.",
        f"It takes grey faces of 48x48 pixels, 0 (black) to {white} (white), and gives seven {scores}.",
    ]
    if architecture := content.get("architecture"):
        lines.append(f"The architecture is called {plain(architecture)}.")
    if parameters := content.get("parameters"):
        lines.append(f"It has {parameters:,} parameters.")
    if source := content.get("imported_from"):
        lines.append(f"It was made elsewhere, and imported from the file {plain(source)}.")
    if created := content.get("created"):
        keras = (content.get("versions") or {}).get("keras")
        lines.append(f"Its card is of {plain(created)[:10]}" + f" (Keras {plain(keras)})" * bool(keras) + ".")
    if card.note:
        lines.append(f"Note: {plain(card.note)}")
    return "\n".join(f"- {line}" for line in lines)


def _data(card: ModelCard) -> str:
    dataset = _dataset(card)
    parts = {name: dataset[name] for name in ("train", "validation", "test") if dataset.get(name)}
    if not parts:
        return ""
    rows = [[name, *(part["classes"][name] for part in parts.values())] for name in EMOTIONS]
    rows.append(["all", *(part["faces"] for part in parts.values())])
    lines = [
        f"Trained on the dataset {plain(dataset.get('name', '?'))}; faces by class and split:\n",
        table(["", *parts], rows) + "\n",
        "- Best epoch and temperature were chosen on the validation faces.",
    ]
    if dropped := dataset.get("train_copies_of_test_faces_dropped"):
        lines.append(f"- {dropped:,} training faces were left out: the test split has the same picture.")
    if unclear := dataset.get("faces_without_a_clear_emotion_dropped"):
        lines.append(f"- {unclear:,} faces were left out: none of the seven got most of their votes.")
    if _config(card).get("honour_exclusions"):
        lines.append("- The faces on the dataset's exclusion list were left out.")
    return "\n".join(lines) + _VOTES * (card.judged_by == "votes")


def _recipe(card: ModelCard) -> str:
    config = _config(card)
    if not config:
        return ""
    preset, differences = _nearest_preset(config)
    name = config.get("name", preset)
    dataset = _imported_name(card)
    presets = [*_presets_before(config), preset]
    commands = [f"python train_model.py --preset {item} --dataset {dataset}" for item in presets]
    commands[-1] += f" --name {shell_word(name)}" * (name != preset)
    text = code_block([*_import(card), *commands])
    if differences:
        text += f"\n\nThat preset, as it is today, differs in: {', '.join(map(plain, differences))}."
    best = card.content.get("best_epoch")
    skipped = _NO_ROW | (set() if config.get("teachers") else _ROWS_OF_TEACHERS)
    rows = [["best epoch", _setting(best)]] * bool(best) + [
        [plain(key.replace("_", " ")), _setting(value)]
        for key, value in config.items()
        if key not in skipped and (key == "seed" or value not in (0, "", "none", []))
    ]
    rows += [["", ""]] * (len(rows) % 2)
    pairs = [left + right for left, right in zip(rows[::2], rows[1::2], strict=True)]
    return f"{text}\n\n{table(['setting', 'value'] * 2, pairs)}\n\nWhat is off is left out."


def _presets_before(config: Mapping[str, Any]) -> list[str]:
    """Return the presets that make what a config builds on; what comes with the product is there already."""
    names = [config.get("start_from")]
    if isinstance(config.get("teachers"), list):
        names += config["teachers"]
    return [name for name in PRESETS if name in names and name not in SHIPPED_MODELS]


def _nearest_preset(config: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the preset that a config is, or has its name, or is most like; and what differs, in words."""
    # A setting that is newer than the config was at what is now its default.
    mine = _flat(json.loads(RunConfig().to_json())) | _flat(config)
    differences = {}
    for name, preset in PRESETS.items():
        theirs = _flat(json.loads(preset.to_json()))
        differences[name] = [key for key, value in theirs.items() if mine[key] != value]
    nearest = min(
        differences,
        key=lambda name: (bool(differences[name]), name != config.get("name"), len(differences[name])),
    )
    return nearest, [key.replace("_", " ") for key in differences[nearest]]


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return all settings, those of the augmentation among them, but for what makes no other recipe."""
    settings = {**config, **(config.get("augmentation") or {})}
    return {key: settings[key] for key in settings if key not in ("augmentation", "name", "dataset")}


def _setting(value: Any) -> str:
    if isinstance(value, Mapping):
        on = {plain(key): item for key, item in value.items() if item}
        return ", ".join(key if item is True else f"{key} {_setting(item)}" for key, item in on.items())
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    if value is True:
        return "yes"
    return f"{value:g}" if isinstance(value, float) else plain(value)


def _licence(card: ModelCard, is_shipped: bool) -> str:
    text = "- The model: MIT, as the code of the repository it comes with.\n" * is_shipped
    if "imported_from" in card.content:
        text += "- The model is somebody else's: its maker says what may be done with it.\n"
    return text + _FER_TERMS * _is_fer(card) + _VOTES_TERMS * (_is_fer(card) and card.judged_by == "votes")


def _imported_name(card: ModelCard) -> str:
    """Return a name that the dataset can have once it is imported."""
    stem = PurePath(str(_dataset(card).get("name") or "")).stem
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_") or "DATASET"


def _import(card: ModelCard) -> list[str]:
    """Return the command that imports the dataset, if it is one to be imported."""
    name = str(_dataset(card).get("name") or "")
    if name in ("", SYNTHETIC):
        return []
    path = name if PurePath(name).suffix else "PATH"
    votes = " --votes VOTES.csv" * (card.judged_by == "votes")
    return [f"python -m emotion datasets import {shell_word(path)} --name {_imported_name(card)}{votes}"]


def _commands(card: ModelCard, with_robustness: bool) -> str:
    model, dataset = shell_word(card.name), _imported_name(card)
    options = " --honour-exclusions" * bool(_config(card).get("honour_exclusions"))
    options += " --against votes" * (card.judged_by == "votes")
    evaluate = f"python -m emotion evaluate {dataset} --model {model}{options}"
    lines = [*_import(card), evaluate]
    lines += [f"{evaluate} --without-copies"] * bool(card.metrics(WITHOUT_COPIES))
    text = f"python -m emotion models card {model}"
    if with_robustness:
        lines.append(
            f"python -m emotion models robustness {model} {dataset}{options} --json > robustness.json"
        )
        text += " --robustness robustness.json"
    return code_block([*lines, text])
