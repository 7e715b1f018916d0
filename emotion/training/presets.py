"""Recipes by name, and what each is for in plain words."""

from __future__ import annotations

from emotion.training.config import AugmentationConfig, ConfigError, RunConfig

# In the order in which a newcomer meets them.
PRESETS: dict[str, RunConfig] = {
    "quick": RunConfig(
        name="quick", widths=(16, 32, 64), blocks=1, stem_width=16, epochs=8, warmup_epochs=1.0,
        batch_size=32, optimizer="adam", learning_rate=0.004, weight_decay=0.0, ema_momentum=0.95,
        dropout=0.2, label_smoothing=0.0, mixed_precision=False,
        augmentation=AugmentationConfig(rotation=5.0, shift=0.04, zoom=0.05, erasing=0.0),
    ),
    "small": RunConfig(
        name="small", widths=(32, 64, 128), blocks=2, stem_width=24, epochs=60, dropout=0.2,
        mixup=0.2, average_mirrored=False,
    ),
    "base": RunConfig(),
    "crowd": RunConfig(
        name="crowd", targets="votes", start_from="base", epochs=10, warmup_epochs=0.5, learning_rate=0.03,
        label_smoothing=0.0, mixup=0.2,
    ),
    "large": RunConfig(
        name="large", widths=(64, 128, 256), blocks=3, stem_width=48, epochs=250, warmup_epochs=5.0,
        dropout=0.4, stochastic_depth=0.1, mixup=0.4, cutmix=0.5, ema_momentum=0.9995,
        average_mirrored=False, augmentation=AugmentationConfig(shift=0.1, zoom=0.15),
    ),
}  # fmt: skip

# Of each preset: a title, and what it is good for in one sentence.
PRESET_WORDS: dict[str, tuple[str, str]] = {
    "quick": ("Quick look", "Drawn faces and a tiny network, to see the whole way from data to model."),
    "small": ("Small", "A light network for live video on weak machines."),
    "base": ("Base", "The recipe of the model that comes with the app."),
    "crowd": ("Crowd", "Goes on from Base with what people voted for; needs a dataset with FER+ votes."),
    "large": ("Large", "A wide network and a long schedule, for a machine with a GPU."),
}


def preset(name: str) -> RunConfig:
    """Return the preset of that name.

    Raises:
        ConfigError: there is none.
    """
    try:
        return PRESETS[name]
    except KeyError:
        raise ConfigError(f"There is no preset {name!r}; choose from: {', '.join(PRESETS)}.") from None
