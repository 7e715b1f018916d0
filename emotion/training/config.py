"""Everything that decides how a model is trained, in one place; the presets are in `presets.py`.

A setting is one field. What is known of it beside its value, `settings.py` explains; the form on the page,
the command line's options and the checks follow from it.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from emotion.dataset.store import SYNTHETIC
from emotion.errors import ReadableError
from emotion.training.settings import GROUPS, Setting, setting, settings_of

# What a run's `config.json` holds beside the settings: where it was made, of which faces, in which numbers.
RUN_NOTES = ("environment", "dataset_fingerprint", "computes_in")
# And as "format" the version of the run's whole folder. A setting that is added needs no new one: its
# default does what was done before. Anything else raises it, and `from_json` brings older settings forward.
RUN_FORMAT = 2


class ConfigError(ReadableError):
    """A training setting makes no sense; the message is one sentence for a person."""


_run, _course, _network, _faces, _augmentation = (partial(setting, group=group) for group in GROUPS)


# fmt: off
@dataclass(frozen=True)
class AugmentationConfig:
    """How much a training face is changed each time it is seen; 0 or False turns a part off.

    Raises:
        ConfigError: a value lies outside of what makes sense.
    """

    flip: bool = _augmentation(True, "Mirror half of them", cost="on",
        help="Left and right change places: an expression stays what it is.")
    rotation: float = _augmentation(12.0, "Rotation", "up to", at_least=0, at_most=180, unit="°", cost="on",
        help="In degrees, either way.")
    shift: float = _augmentation(0.08, "Shift", "up to", at_least=0, at_most=0.5, unit="%", cost="on",
        help="As a share of the frame, along each axis, either way.")
    zoom: float = _augmentation(0.12, "Zoom", "up to", at_least=0, at_most=0.5, unit="%", cost="on",
        help="As a share of the size, either way.")
    erasing: float = _augmentation(0.25, "A part covered", "how often", at_least=0, at_most=1, unit="%",
        cost="on", help="By a grey rectangle (Zhong et al. 2020).")
    brightness: float = _augmentation(0.0, "Brightness", "up to", at_least=0, at_most=1, unit="%", cost="on",
        help="As a share of the range from black to white, either way.")
    contrast: float = _augmentation(0.0, "Contrast", "up to", at_least=0, at_most=0.9, unit="%", cost="on",
        help="As a share of the contrast there is, either way.")
    blur: float = _augmentation(0.0, "Out of focus", "how often", at_least=0, at_most=1, unit="%", cost="on",
        help="As small faces and moving ones are.")
    noise: float = _augmentation(0.0, "Noisy", "how often", at_least=0, at_most=1, unit="%", cost="on",
        help="As a camera's pictures are in poor light.")

    def __post_init__(self) -> None:
        _check(self, _PARTS)


@dataclass(frozen=True)
class RunConfig:
    """One training run, complete: the same config on the same machine gives the same model.

    Raises:
        ConfigError: a value lies outside of what makes sense.
    """

    name: str = _run("base", "Name", help="Of the run, and of the model that comes of it.")
    dataset: str = _run(SYNTHETIC, "Dataset",
        help=f"The name of an imported dataset, or '{SYNTHETIC}' for drawn faces; on the command line also a "
        "folder or zip of train/<emotion>/… pictures, or the FER-2013 CSV.")
    honour_exclusions: bool = _run(False, "Leave out excluded faces",
        help="Those on the dataset's exclusion list.")

    epochs: int = _course(45, "Epochs", at_least=1, help="How often all faces are seen, at most.")
    batch_size: int = _course(128, "Batch size", at_least=2, step=8, cost="value",
        help="How many faces make a step.")
    early_stopping: int = _course(0, "Early stopping", "epochs", at_least=0,
        help="End after so many epochs without a better validation accuracy; 0 never does.")
    ema_momentum: float = _course(0.998, "Averaging of weights (EMA)", at_least=0, below=1, step=0.001,
        cost="on", help="How slowly the averaged weights follow: 0.998 is over 500 steps; 0 turns it off.")
    seed: int = _course(0, "Seed", at_least=0, help="Of every random choice.")
    precision: str = _course("auto", "Precision", cost="value",
        choices={"auto": "What this machine does faster", "float32": "float32", "bfloat16": "bfloat16"},
        help="Weights are float32 either way. bfloat16 is over twice as fast on processors with units for "
        "it, many times slower on others: automatic times a few steps of each, once.")
    optimizer: str = _course("sgd", "Optimiser", cost="value",
        choices={"sgd": "SGD with momentum", "adam": "Adam", "adamw": "AdamW"},
        help="What changes the weights; the momentum of SGD is Nesterov's.")
    learning_rate: float = _course(0.1, "Learning rate", "at its peak", above=0,
        help="How far a step goes, once the warm-up is over.")
    schedule: str = _course("cosine", "Schedule",
        choices={"cosine": "Cosine down to zero", "constant": "Constant", "step": "In steps"},
        help="The learning rate after its peak; in steps: a tenth after half of the epochs, a tenth of that "
        "after three quarters.")
    warmup_epochs: float = _course(2.0, "Warm-up", "epochs", at_least=0, step=0.5,
        help="How long the learning rate rises to its peak.")
    # Keras decouples decay from momentum: 5e-3 here acts as 5e-4 does in PyTorch's SGD.
    weight_decay: float = _course(5e-3, "Weight decay", at_least=0, step=0.001,
        help="How fast weights shrink.")
    momentum: float = _course(0.9, "Momentum", at_least=0, below=1, step=0.01,
        only_if=lambda values: values["optimizer"] == "sgd", help="How much of its last step SGD keeps.")

    # The network (see emotion/training/architectures.py).
    architecture: str = _network("residual", "Architecture", cost="network", is_wide=True,
        choices={
            "classic": "Classic: plain convolutions, one dense layer",
            "residual": "Residual: shortcuts and squeeze-and-excitation",
            "separable": "Separable: light, for live video",
        },
        help="The kind of network.")
    widths: tuple[int, ...] = _network((48, 96, 192), "Channels of the stages", at_least=1, most_parts=4,
        cost="network", help="One to four whole numbers; each stage halves height and width.")
    blocks: int = _network(2, "Blocks a stage", at_least=1, cost="network",
        help="How many blocks of layers each stage has.")
    stem_width: int = _network(32, "Channels of the first layer", at_least=1, step=8, cost="network",
        help="Of the convolution that sees the face in full size.")
    dropout: float = _network(0.3, "Dropout", at_least=0, at_most=0.9, unit="%", cost="on",
        help="How much of the features is left out before the classifier.")
    stochastic_depth: float = _network(0.0, "Stochastic depth", at_least=0, at_most=0.9, unit="%", cost="on",
        help="How often the last residual block is skipped (Huang et al. 2016).")
    dense_units: int = _network(0, "Units of the dense layer", at_least=0, step=32, cost="network",
        help="Of a layer before the one that answers; 0: none.")
    start_from: str = _network("", "Starts from", names_models=True, is_advanced=True,
        help="A model of the same network, whose weights are the first ones; without, they are random.")
    average_mirrored: bool = _network(True, "Answers averaged with the mirror image", cost="value",
        is_advanced=True, help="The model sees each face both ways: a little better, twice the work.")

    # The votes are FER+'s (Barsoum et al. 2016).
    targets: str = _faces("labels", "Learn from",
        choices={"labels": "Labels", "votes": "People's votes", "both": "Both at once"},
        help="What a face should be recognised as: its label, or the share of the people who voted for each "
        "emotion, which only a dataset with votes attached has. Both: a network with an answer for each, "
        "of which the votes' becomes the model.")
    answers: str = _faces("votes", "Answers as", choices={"votes": "Most people", "labels": "The labels"},
        is_advanced=True, only_if=lambda values: values["targets"] == "both",
        help="Which of the two answers that were learned the model gives.")
    class_balance: str = _faces("none", "Rare classes",
        choices={"none": "As they are", "weights": "Count more", "sampling": "Shown more often"},
        help="What is done so that rare emotions are learned, too.")
    recall_budget: float = _faces(0.0, "Accuracy given for rare emotions", at_least=0, at_most=0.2, unit="%",
        help="Answers lean towards rare emotions as far as it costs no more accuracy than this on the "
        "validation faces; 0 leaves them as the network gives them.")
    validation_share: float = _faces(0.1, "Share for validation", above=0, at_most=0.5, unit="%",
        help="Of the training faces, where the dataset has no validation split of its own; the best epoch is "
        "chosen on them.")
    label_smoothing: float = _faces(0.1, "Label smoothing", at_least=0, at_most=0.5, unit="%",
        help="How much of the target all emotions share alike, as labels are noisy: on FER-2013, people "
        "reach 65 % (Goodfellow et al. 2013).")
    mixup: float = _faces(0.0, "Mixup", "α", at_least=0, step=0.1, cost="on",
        help="Faces are blended in pairs (Zhang et al. 2018); 0 turns it off.")
    cutmix: float = _faces(0.0, "CutMix", "α", at_least=0, step=0.1, cost="on",
        help="A rectangle comes from another face (Yun et al. 2019); 0 turns it off.")
    teachers: tuple[str, ...] = _faces((), "Teachers", names_models=True, cost="value", is_advanced=True,
        help="Models that show the network how sure to be; their mean counts (Hinton et al. 2015).")
    teacher_share: float = _faces(0.7, "Teachers' share", at_least=0, at_most=1, unit="%", is_advanced=True,
        only_if=lambda values: bool(values["teachers"]), help="Of the loss.")
    teacher_temperature: float = _faces(2.0, "Teachers' temperature", above=0, step=0.5, is_advanced=True,
        only_if=lambda values: bool(values["teachers"]), help="Softens the answers of both sides.")
    teachers_answer: str = _faces("augmented", "Teachers answer", cost="value", is_advanced=True,
        choices={"augmented": "For every changed face", "once": "Once for each face"},
        only_if=lambda values: bool(values["teachers"]),
        help="Every changed face teaches more an epoch; once takes far less time. Where labels and votes are "
        "learned at once, it is once.")
    synthetic_faces: int = _faces(2100, "Faces drawn", at_least=70, step=70, is_advanced=True,
        help="How many, where the dataset is the built-in one.")
    # fmt: on

    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)

    def __post_init__(self) -> None:
        _check(self, _OWN)
        if not self.name.replace("-", "").replace("_", "").isalnum():
            raise ConfigError("The name must be made of letters, digits, '-' and '_'.")

    @property
    def heads(self) -> int:
        """How many answers of seven emotions the network gives in training: 2 where it learns from both."""
        return 2 if self.targets == "both" else 1

    @property
    def asks_teachers_once(self) -> bool:
        """Whether its teachers answer before the training begins, not for each face as it is changed."""
        return bool(self.teachers) and (self.teachers_answer == "once" or self.heads == 2)

    def values(self) -> dict[str, Any]:
        """Return the values of all settings, those of the augmentation among them, by name."""
        every = {**vars(self), **vars(self.augmentation)}
        return {name: every[name] for name in SETTINGS}

    def changed(self, **changes: Any) -> "RunConfig":
        """Return a copy with the changes that are not None, be they the augmentation's or its own.

        Raises:
            ConfigError: there is no such setting, or a value lies outside of what makes sense.
        """
        changes = {name: value for name, value in changes.items() if value is not None}
        if unknown := changes.keys() - SETTINGS.keys() - {"augmentation"}:
            raise ConfigError(f"Unknown settings: {', '.join(sorted(unknown))}.")
        parts = {name: changes.pop(name) for name in _PARTS if name in changes}
        if parts:
            changes["augmentation"] = replace(changes.get("augmentation", self.augmentation), **parts)
        return replace(self, **changes)

    def to_json(self) -> str:
        """Return the config as indented JSON."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> "RunConfig":
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
            if "mixed_precision" in values:  # until format 1
                values["precision"] = "bfloat16" if values.pop("mixed_precision") else "float32"
            for name, known in _OWN.items():
                if known.is_tuple and isinstance(values.get(name), list):
                    values[name] = tuple(values[name])
            values["augmentation"] = AugmentationConfig(**values["augmentation"])
            return cls(**values)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ConfigError("The run's config.json cannot be read.") from error


_OWN, _PARTS = settings_of(RunConfig), settings_of(AugmentationConfig)
# All settings by name, in the order in which they are shown.
SETTINGS: dict[str, Setting] = _OWN | _PARTS


def _check(config: RunConfig | AugmentationConfig, settings: dict[str, Setting]) -> None:
    for name, known in settings.items():
        if sentence := known.refusal(getattr(config, name)):
            raise ConfigError(sentence)


def load_config(path: Path) -> RunConfig:
    """Read a run's `config.json`.

    Raises:
        ConfigError: it is missing or damaged.
    """
    try:
        return RunConfig.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("The run's config.json cannot be read.") from error
