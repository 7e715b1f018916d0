"""Recipes by name, and what each is for in plain words."""

from emotion.models.card import ModelError
from emotion.models.registry import model_folder
from emotion.training.config import ConfigError, RunConfig

# The widths are multiples of 32, which processors with bfloat16 compute twice as fast as 24 or 40.
_WIDE = RunConfig().changed(
    widths=(64, 128, 256), average_mirrored=False, mixup=0.2, shift=0.1, zoom=0.15
)  # fmt: skip
# Worse pictures than FER-2013's are the rule: small faces, moving ones, poor light.
_ROUGH = _WIDE.changed(blur=0.15, noise=0.15)

# In the order in which a newcomer meets them.
PRESETS: dict[str, RunConfig] = {
    "quick": RunConfig().changed(
        name="quick", widths=(16, 32, 64), blocks=1, stem_width=16, epochs=8, warmup_epochs=1.0,
        batch_size=32, optimizer="adam", learning_rate=0.004, weight_decay=0.0, ema_momentum=0.95,
        dropout=0.2, label_smoothing=0.0, precision="float32",
        rotation=5.0, shift=0.04, zoom=0.05, erasing=0.0,
    ),
    "small": _WIDE.changed(
        name="small", widths=(32, 64, 128), epochs=25, dropout=0.2, teachers=("large",),
    ),
    "base": RunConfig(),
    "crowd-start": _WIDE.changed(name="crowd-start", targets="votes", epochs=50, label_smoothing=0.0),
    "crowd": _ROUGH.changed(
        name="crowd", targets="votes", start_from="crowd-start", epochs=60, label_smoothing=0.0
    ),
    "large": _ROUGH.changed(
        name="large", start_from="crowd", epochs=24, warmup_epochs=1.0, learning_rate=0.05
    ),
    "both": _ROUGH.changed(
        name="both", targets="both", start_from="crowd", epochs=18, learning_rate=0.05,
        label_smoothing=0.0, recall_budget=0.0075,
    ),
}  # fmt: skip

# Of each preset: a title, and what it is good for in one sentence.
PRESET_WORDS: dict[str, tuple[str, str]] = {
    "quick": ("Quick look", "Drawn faces and a tiny network, to see the whole way from data to model."),
    "small": ("Small", "A light network for live video on weak machines, taught by Large."),
    "base": ("Base", "A network of medium size, from nothing, on a dataset's own labels."),
    "crowd-start": (
        "Crowd, start",
        "What people voted for, from nothing; needs a dataset with FER+ votes.",
    ),
    "crowd": (
        "Crowd",
        "The model in use at first: goes on where the start ends, with worse pictures as well.",
    ),
    "large": ("Large", "Crowd's network, taken on to a dataset's own labels."),
    "both": (
        "Both",
        "Goes on from Crowd with votes and labels at once; sees rare emotions more often.",
    ),
}


def require_models(config: RunConfig) -> None:
    """Check that the models which a run builds on are there: its teachers, and the one it starts from.

    Raises:
        ConfigError: one is not; says which preset makes it, where one does.
    """
    for name in filter(None, (config.start_from, *config.teachers)):
        try:
            model_folder(name)
        except ModelError as error:
            if name not in PRESETS:
                raise ConfigError(str(error)) from error
            raise ConfigError(
                f"This builds on the model {name!r}, which is not there yet: train the preset {name!r} first."
            ) from error
