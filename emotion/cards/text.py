"""A model's card as a document that people read: `card.json`, told in Markdown by the template beside this.

Nothing that a card says is ever read as a template, and all of it is escaped on its way into the document.
"""

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from emotion.dataset.store import SYNTHETIC
from emotion.evaluation.report import Robustness
from emotion.evaluation.robustness import CORRUPTIONS
from emotion.exchange.ranges import range_words
from emotion.labels import EMOTIONS, in_percent
from emotion.models.card import WITHOUT_COPIES, ModelCard, ModelError
from emotion.models.reading import describe
from emotion.models.registry import SHIPPED_MODELS
from emotion.training.config import RunConfig
from emotion.training.presets import PRESETS

# Settings that are told elsewhere in the document, or are none.
_NO_ROW = {"name", "dataset", "synthetic_faces", "honour_exclusions", "targets", "architecture"}
_ROWS_OF_TEACHERS = {"teacher_share", "teacher_temperature"}
_TITLES = {WITHOUT_COPIES: "test, without faces that also stand in the training split"}
_MOST_CONFUSIONS = 5


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
        return _template().render(
            card=card,
            content=card.content,
            reading=card.reading,
            range=range_words(card.reading.ranges),
            range_from=card.content.get("range_from"),
            unusual=describe(card.reading),
            is_shipped=is_shipped,
            by_votes=card.judged_by == "votes",
            keras_version=(card.content.get("versions") or {}).get("keras"),
            emotions=EMOTIONS,
            **_data(card),
            **_recipe(card),
            **_figures(card),
            robustness=robustness,
            corruptions=CORRUPTIONS,
            steps=_steps(robustness),
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, TemplateError) as error:
        raise ModelError(
            f"The card of the model {card.name!r} cannot be told: it is not as this product writes it."
        ) from error


def _template() -> Template:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        finalize=_escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"count": "{:,}".format, "percent": _percent, "shell": _shell_word}
    return environment.get_template("card.md.jinja")


def _escape(value: Any) -> Markup:
    """Return a value, on one line, so that Markdown shows its characters and obeys none."""
    if isinstance(value, Markup):  # what the template itself says
        return value
    shown = re.sub(r"([\\`*_{}\[\]<>#|~$&])", r"\\\1", " ".join(str(value).split()))
    return Markup(shown)  # noqa: S704 (escaped for Markdown)


def _shell_word(text: Any) -> Markup:
    """Return text that people bring as one word of a shell command, on one line, for a block of code."""
    return Markup(shlex.quote(" ".join(str(text).split())))  # noqa: S704 (code shows all as it is)


def _percent(share: float, digits: int = 1) -> str:
    return in_percent(share, digits).replace("%", " %")


def _data(card: ModelCard) -> dict[str, Any]:
    """Return what the card says of the dataset, and how it is called and imported where it is to be had."""
    dataset = card.content.get("dataset") or {}
    name = str(dataset.get("name") or "")
    return {
        "dataset": dataset,
        "parts": {part: dataset[part] for part in ("train", "validation", "test") if dataset.get(part)},
        "is_fer": "fer2013" in re.sub(r"[^a-z0-9]", "", str(dataset.get("name", "")).lower()),
        "source": "" if name in ("", SYNTHETIC) else name if PurePath(name).suffix else "PATH",
        "dataset_name": re.sub(r"[^A-Za-z0-9_-]+", "-", PurePath(name).stem).strip("-_") or "DATASET",
    }


def _figures(card: ModelCard) -> dict[str, Any]:
    """Return the split that tells most, "" without any, its figures, and what is taken for what."""
    split = next((split for split in ("test", "validation") if card.metrics(split)), "")
    measured = card.metrics(split)
    matrix = measured.get("confusion_matrix")
    facts = {
        "split": split,
        "measured": measured,
        "titles": _TITLES,
        "matrix": matrix,
        "temperature": card.content.get("temperature"),
        "class_weights": _class_weights(card),
    }
    if not matrix:
        return facts
    wrong = [
        (count / sum(row), label, answer, count, sum(row))
        for label, row in zip(EMOTIONS, matrix, strict=True)
        for answer, count in zip(EMOTIONS, row, strict=True)
        if label != answer and count
    ]
    found = {name: figures["f1"] for name, figures in measured["per_class"].items() if figures["support"]}
    return facts | {
        "confusions": sorted(wrong, reverse=True)[:_MOST_CONFUSIONS],
        "weakest": min(found, key=found.__getitem__),
    }


def _class_weights(card: ModelCard) -> dict[str, float]:
    """Return by how much each emotion's probability was raised; empty where none was."""
    weights = (card.content.get("calibration") or {}).get("class_weights") or []
    return dict(zip(EMOTIONS, weights, strict=False)) if weights and max(weights) > min(weights) else {}


def _steps(robustness: Robustness | None) -> range:
    """Return the numbers of the steps by which pictures get worse."""
    curves = robustness.curves if robustness else ()
    return range(1, max((len(curve.levels) for curve in curves), default=1))


def _recipe(card: ModelCard) -> dict[str, Any]:
    """Return the presets that make such a model, what differs from the last, and all settings in words."""
    config = card.content.get("config") or {}
    if not config:
        return {"config": {}}
    preset, differences = _nearest_preset(config)
    skipped = _NO_ROW | (set() if config.get("teachers") else _ROWS_OF_TEACHERS)
    shown = {"best_epoch": card.content.get("best_epoch") or 0} | {
        key: value for key, value in config.items() if key not in skipped
    }
    return {
        "config": config,
        "presets": [*_presets_before(config), preset],
        "differences": differences,
        "settings": [
            (key.replace("_", " "), _setting(value))
            for key, value in shown.items()
            if key == "seed" or value not in (0, "", "none", [])
        ],
    }


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
        on = {key: item for key, item in value.items() if item}
        return ", ".join(key if item is True else f"{key} {_setting(item)}" for key, item in on.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if value is True:
        return "yes"
    return f"{value:g}" if isinstance(value, float) else str(value)
