"""Everything that decides how a model is trained, in one place; the presets are in `presets.py`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_type_hints

from emotion.dataset.store import SYNTHETIC
from emotion.errors import ReadableError

# The choices of the settings that have some.
ARCHITECTURE_NAMES = ("classic", "residual", "separable")
OPTIMIZERS = ("sgd", "adam", "adamw")
SCHEDULES = ("cosine", "constant", "step")
CLASS_BALANCES = ("none", "weights", "sampling")
TARGETS = ("labels", "votes")


# What a run's `config.json` holds beside the settings: where it was made, and of which faces.
RUN_NOTES = ("environment", "dataset_fingerprint")
# And as "format" the version of the run's whole folder. A setting that is added needs no new one: its
# default does what was done before. Anything else raises it, and `from_json` brings older settings forward.
RUN_FORMAT = 1


class ConfigError(ReadableError):
    """A training setting makes no sense; the message is one sentence for a person."""


@dataclass(frozen=True)
class AugmentationConfig:
    """How much a training face is changed each time it is seen; 0 or False turns a part off."""

    flip: bool = True  # mirror left and right: an expression stays what it is
    rotation: float = 12.0  # degrees, either way
    shift: float = 0.08  # share of the frame, along each axis, either way
    zoom: float = 0.12  # share of the size, either way
    brightness: float = 0.0  # share of the range from black to white, either way
    contrast: float = 0.0  # share, either way
    erasing: float = 0.25  # how often a rectangle is covered (Zhong et al. 2020)
    blur: float = 0.0  # how often a face is out of focus, as small ones and moving ones are
    noise: float = 0.0  # how often it has the noise of a camera in poor light

    def __post_init__(self) -> None:
        _require_numbers(self)
        _require(
            {
                "rotation must lie between 0 and 180 degrees": 0 <= self.rotation <= 180,
                "shift must lie between 0 and 0.5": 0 <= self.shift <= 0.5,
                "zoom must lie between 0 and 0.5": 0 <= self.zoom <= 0.5,
                "brightness must lie between 0 and 1": 0 <= self.brightness <= 1,
                "contrast must lie between 0 and 0.9": 0 <= self.contrast <= 0.9,
                "erasing must lie between 0 and 1": 0 <= self.erasing <= 1,
                "blur must lie between 0 and 1": 0 <= self.blur <= 1,
                "noise must lie between 0 and 1": 0 <= self.noise <= 1,
            }
        )


@dataclass(frozen=True)
class RunConfig:
    """One training run, complete: the same config on the same machine gives the same model.

    Raises:
        ConfigError: a value lies outside of what makes sense.
    """

    name: str = "base"  # the model is registered under this name
    dataset: str = SYNTHETIC  # "synthetic", an imported dataset's name, or a path to import from
    synthetic_faces: int = 2100  # how many faces to draw when the dataset is the synthetic one
    honour_exclusions: bool = False  # leave out the faces on the imported dataset's exclusion list
    validation_share: float = 0.1  # of the training split, stratified; the best weights are chosen on it
    seed: int = 0

    # What a face should be recognised as: its label, or the share of the people who voted for each
    # emotion (FER+, Barsoum et al. 2016), which only a dataset with votes attached has.
    targets: str = "labels"

    # The network (see emotion/training/architectures.py).
    architecture: str = "residual"
    widths: tuple[int, ...] = (48, 96, 192)  # channels of each stage; a stage halves height and width
    blocks: int = 2  # blocks of layers a stage
    stem_width: int = 32  # channels of the first convolution, at full resolution
    dense_units: int = 0  # of a dense layer before the one that gives the seven logits; 0: none
    dropout: float = 0.3  # before the classifier
    stochastic_depth: float = 0.0  # how often the last residual block is skipped (Huang et al. 2016)

    start_from: str = ""  # a model whose weights are the first ones; "" starts from random ones

    # The optimiser, its learning rate over time, and when to end.
    epochs: int = 45
    batch_size: int = 128
    optimizer: str = "sgd"  # with Nesterov momentum; or Adam, AdamW
    schedule: str = "cosine"  # down to 0; or constant, or in steps: a tenth after half, after 3/4 again
    learning_rate: float = 0.1  # its peak, reached after the warm-up
    warmup_epochs: float = 2.0
    momentum: float = 0.9  # of SGD
    # Keras decouples decay from momentum: 5e-3 here acts as 5e-4 does in PyTorch's SGD.
    weight_decay: float = 5e-3
    ema_momentum: float = 0.998  # averages the weights over about the last 500 steps; 0 turns it off
    early_stopping: int = 0  # end after so many epochs without a better validation accuracy; 0: never
    mixed_precision: bool = True  # bfloat16 arithmetic, float32 weights: faster on processors that have it

    # What keeps it from learning by heart.
    label_smoothing: float = 0.1  # FER-2013's labels are noisy: people reach 65 % (Goodfellow et al. 2013)
    class_balance: str = "none"  # "weights": rare classes count more; "sampling": are drawn more often
    mixup: float = 0.0  # alpha of Zhang et al. 2018: faces are blended in pairs; 0 turns it off
    cutmix: float = 0.0  # alpha of Yun et al. 2019: a rectangle comes from another face; 0 turns it off

    # Distillation (Hinton et al. 2015): models that show the network how sure to be; their mean counts.
    teachers: tuple[str, ...] = ()
    teacher_share: float = 0.7  # of the loss
    teacher_temperature: float = 2.0  # softens both sides

    # The model that is made averages a face and its mirror image: a little better, twice the work.
    average_mirrored: bool = True

    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)

    def __post_init__(self) -> None:
        _require_numbers(self)
        _require(_choices_that_exist(self) | _ranges_kept(self))

    def to_json(self) -> str:
        """Return the config as indented JSON."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> RunConfig:
        """Read what `to_json` wrote; what a run's file notes beside the settings is passed over.

        Raises:
            ConfigError: the text is not such a config.
        """
        try:
            values = json.loads(text)
            if values.pop("format", RUN_FORMAT) > RUN_FORMAT:
                raise ConfigError("The run was made by a newer version of this program; use that one.")
            for note in RUN_NOTES:
                values.pop(note, None)
            for name in ("widths", "teachers"):
                if name in values:
                    values[name] = tuple(values[name])
            values["augmentation"] = AugmentationConfig(**values["augmentation"])
            return cls(**values)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ConfigError("The run's config.json cannot be read.") from error

    def changed(self, **changes: Any) -> RunConfig:
        """Return a copy with the changes that are not None."""
        known = {item.name for item in fields(self)}
        unknown = set(changes) - known
        if unknown:
            raise ConfigError(f"Unknown settings: {', '.join(sorted(unknown))}.")
        return replace(self, **{key: value for key, value in changes.items() if value is not None})


def _require(checks: dict[str, bool]) -> None:
    for sentence, holds in checks.items():
        if not holds:
            raise ConfigError(f"{sentence[0].upper()}{sentence[1:]}.")


def _require_numbers(config: Any) -> None:
    """Check that numbers are numbers: a `config.json` may have been written by hand."""
    for name, kind in get_type_hints(type(config)).items():
        value = getattr(config, name)
        if kind in (int, float) and not isinstance(value, (int, float)):
            raise ConfigError(f"The setting {name} must be a number, not {value!r}.")
        if kind is int and value != int(value):
            raise ConfigError(f"The setting {name} must be a whole number, not {value!r}.")


def _choices_that_exist(config: RunConfig) -> dict[str, bool]:
    choices = {
        "optimizer": OPTIMIZERS,
        "schedule": SCHEDULES,
        "class_balance": CLASS_BALANCES,
        "targets": TARGETS,
    }
    return {
        f"there is no {name.replace('_', ' ')} {getattr(config, name)!r}; choose from: {', '.join(known)}": (
            getattr(config, name) in known
        )
        for name, known in choices.items()
    }


def _ranges_kept(config: RunConfig) -> dict[str, bool]:
    return {
        "epochs must be at least 1": config.epochs >= 1,
        "batch size must be at least 2": config.batch_size >= 2,
        "learning rate must be above 0": config.learning_rate > 0,
        "warm-up must not be negative": config.warmup_epochs >= 0,
        "momentum must lie between 0 and 1": 0 <= config.momentum < 1,
        "weight decay must not be negative": config.weight_decay >= 0,
        "validation share must lie between 0 and 0.5": 0 < config.validation_share <= 0.5,
        "dropout must lie between 0 and 0.9": 0 <= config.dropout <= 0.9,
        "stochastic depth must lie between 0 and 0.9": 0 <= config.stochastic_depth <= 0.9,
        "label smoothing must lie between 0 and 0.5": 0 <= config.label_smoothing <= 0.5,
        "EMA momentum must lie between 0 and 1": 0 <= config.ema_momentum < 1,
        "early stopping must not be negative": config.early_stopping >= 0,
        "mixup must not be negative": config.mixup >= 0,
        "cutmix must not be negative": config.cutmix >= 0,
        "the teachers' share must lie between 0 and 1": 0 <= config.teacher_share <= 1,
        "the teachers' temperature must be above 0": config.teacher_temperature > 0,
        "widths must name one to four stages, each of at least 1 channel": (
            1 <= len(config.widths) <= 4 and all(isinstance(w, int) and w > 0 for w in config.widths)
        ),
        "blocks must be at least 1": config.blocks >= 1,
        "the stem must have at least 1 channel": config.stem_width >= 1,
        "the dense layer cannot have less than 0 units": config.dense_units >= 0,
        "synthetic faces must be at least 70": config.synthetic_faces >= 70,
        "the seed must not be negative": config.seed >= 0,
        "the name must be made of letters, digits, '-' and '_'": (
            bool(config.name) and config.name.replace("-", "").replace("_", "").isalnum()
        ),
    }


def load_config(path: Path) -> RunConfig:
    """Read a run's `config.json`.

    Raises:
        ConfigError: it is missing or damaged.
    """
    try:
        return RunConfig.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("The run's config.json cannot be read.") from error
