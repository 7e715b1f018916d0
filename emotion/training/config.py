"""Everything that decides how a model is trained, in one place, with presets in plain words."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

SYNTHETIC = "synthetic"


class ConfigError(ValueError):
    """A training setting makes no sense; the message is one sentence for a person."""


@dataclass(frozen=True)
class AugmentationConfig:
    """How much a training face is changed each time it is seen; 0 or False turns a part off."""

    flip: bool = True  # mirror left and right: an expression stays what it is
    rotation: float = 12.0  # degrees, either way
    shift: float = 0.08  # share of the frame, along each axis, either way
    zoom: float = 0.12  # share of the size, either way
    erasing: float = 0.25  # how often a rectangle is covered (Zhong et al. 2020)


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

    # The network (see emotion/training/architectures.py).
    architecture: str = "residual"
    widths: tuple[int, ...] = (48, 96, 192)  # channels of each stage; a stage halves height and width
    blocks: int = 2  # residual blocks a stage
    stem_width: int = 32  # channels of the first convolution, at full resolution
    dropout: float = 0.3  # before the classifier

    # The optimiser: SGD with Nesterov momentum, a warm-up, then a cosine down to zero.
    epochs: int = 45
    batch_size: int = 128
    learning_rate: float = 0.1  # its peak, reached after the warm-up
    warmup_epochs: float = 2.0
    momentum: float = 0.9
    # Keras decouples decay from momentum: 5e-3 here acts as 5e-4 does in PyTorch's SGD.
    weight_decay: float = 5e-3
    ema_momentum: float = 0.998  # averages the weights over about the last 500 steps; 0 turns it off
    label_smoothing: float = 0.1  # FER-2013's labels are noisy: people reach 65 % (Goodfellow et al. 2013)
    mixed_precision: bool = True  # bfloat16 arithmetic, float32 weights: faster on processors that have it

    # The model that is made averages a face and its mirror image: a little better, twice the work.
    average_mirrored: bool = True

    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)

    def __post_init__(self) -> None:
        checks = {
            "epochs must be at least 1": self.epochs >= 1,
            "batch size must be at least 2": self.batch_size >= 2,
            "learning rate must be above 0": self.learning_rate > 0,
            "validation share must lie between 0 and 0.5": 0 < self.validation_share <= 0.5,
            "dropout must lie between 0 and 0.9": 0 <= self.dropout <= 0.9,
            "label smoothing must lie between 0 and 0.5": 0 <= self.label_smoothing <= 0.5,
            "EMA momentum must lie between 0 and 1": 0 <= self.ema_momentum < 1,
            "widths must name at least one stage, each of at least 1 channel": (
                len(self.widths) > 0 and min(self.widths) > 0
            ),
            "blocks must be at least 1": self.blocks >= 1,
            "synthetic faces must be at least 70": self.synthetic_faces >= 70,
            "the name must be made of letters, digits, '-' and '_'": (
                bool(self.name) and self.name.replace("-", "").replace("_", "").isalnum()
            ),
        }
        for sentence, holds in checks.items():
            if not holds:
                raise ConfigError(f"{sentence[0].upper()}{sentence[1:]}.")

    def to_json(self) -> str:
        """Return the config as indented JSON."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> RunConfig:
        """Read what `to_json` wrote.

        Raises:
            ConfigError: the text is not such a config.
        """
        try:
            values = json.loads(text)
            values["widths"] = tuple(values["widths"])
            values["augmentation"] = AugmentationConfig(**values["augmentation"])
            return cls(**values)
        except (ValueError, TypeError, KeyError) as error:
            if isinstance(error, ConfigError):
                raise
            raise ConfigError("The run's config.json cannot be read.") from error

    def changed(self, **changes: Any) -> RunConfig:
        """Return a copy with the changes that are not None."""
        known = {item.name for item in fields(self)}
        unknown = set(changes) - known
        if unknown:
            raise ConfigError(f"Unknown settings: {', '.join(sorted(unknown))}.")
        return replace(self, **{key: value for key, value in changes.items() if value is not None})


# What each preset is for, in the order in which a newcomer meets them.
PRESETS: dict[str, RunConfig] = {
    # Drawn faces, a tiny network, about a minute: to see the whole way from data to model.
    "quick": RunConfig(
        name="quick", widths=(16, 32, 64), blocks=1, stem_width=16, epochs=6, warmup_epochs=1.0,
        learning_rate=0.05, ema_momentum=0.0, dropout=0.2, mixed_precision=False,
    ),
    # The model that ships: FER-2013 in some two hours on two cores.
    "base": RunConfig(),
}  # fmt: skip


def preset(name: str) -> RunConfig:
    """Return the preset of that name.

    Raises:
        ConfigError: there is none.
    """
    try:
        return PRESETS[name]
    except KeyError:
        raise ConfigError(f"There is no preset {name!r}; choose from: {', '.join(PRESETS)}.") from None


def load_config(path: Path) -> RunConfig:
    """Read a run's `config.json`.

    Raises:
        ConfigError: it is missing or damaged.
    """
    try:
        return RunConfig.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("The run's config.json cannot be read.") from error
