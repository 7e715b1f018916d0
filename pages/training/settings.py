"""Everything about a run that can be adjusted, and what comes of it: a `RunConfig`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from emotion.training.config import (
    ARCHITECTURE_NAMES,
    CLASS_BALANCES,
    OPTIMIZERS,
    SCHEDULES,
    TARGETS,
    AugmentationConfig,
    ConfigError,
    RunConfig,
)

_ARCHITECTURES = {
    "classic": "Classic: plain convolutions, one dense layer",
    "residual": "Residual: shortcuts and squeeze-and-excitation",
    "separable": "Separable: light, for live video",
}
_OPTIMIZER_WORDS = {"sgd": "SGD with momentum", "adam": "Adam", "adamw": "AdamW"}
_SCHEDULE_WORDS = {"cosine": "Cosine down to zero", "constant": "Constant", "step": "In steps"}
_BALANCE_WORDS = {"none": "As they are", "weights": "Count more", "sampling": "Shown more often"}
_TARGET_WORDS = {"labels": "Labels", "votes": "People's votes"}
# What is usual where somebody changes the optimiser: SGD's rate would let Adam diverge at once.
_USUAL_RATES = {"sgd": 0.1, "adam": 0.001, "adamw": 0.001}


def choose_settings(preset: str, base: RunConfig) -> dict[str, Any]:
    """Draw all settings, as the preset has them or as the visitor left them, and return their values.

    Args:
        preset: tells the settings of one preset from those of another.
        base: what the preset says.

    Returns:
        What `build_config` takes.
    """
    version = st.session_state.get(_version_key(preset), 0)

    def key(name: str) -> str:
        return f"training-{preset}-{version}-{name}"

    course, network, faces, augmentation = st.tabs(["Course", "Network", "Faces", "Augmentation"])
    with course:
        values = _choose_course(base, key)
    with network:
        values |= _choose_network(base, key)
    with faces:
        values |= _choose_faces(base, key)
    with augmentation:
        values["augmentation"] = _choose_augmentation(base.augmentation, key)
    st.button(
        "Back to the preset",
        icon=":material/undo:",
        type="tertiary",
        key=f"training-reset-{preset}",
        on_click=_reset,
        args=(preset,),
    )
    return values


def build_config(base: RunConfig, values: dict[str, Any]) -> RunConfig:
    """Return the config with these values in place of the preset's.

    Args:
        base: what the preset says.
        values: some of the fields of `RunConfig`; `widths` may be text such as "32, 64", and
            `augmentation` a dict of the fields of `AugmentationConfig`.

    Raises:
        ConfigError: a value makes no sense.
    """
    values = dict(values)
    if isinstance(values.get("widths"), str):
        values["widths"] = _parse_widths(values["widths"])
    if isinstance(values.get("augmentation"), dict):
        values["augmentation"] = AugmentationConfig(**values["augmentation"])
    return replace(base, **values)


def _parse_widths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.replace("·", ",").split(",") if part.strip())
    except ValueError:
        raise ConfigError(
            f"The channels of the stages are whole numbers with commas between them, not {text!r}."
        ) from None


def _version_key(preset: str) -> str:
    return f"training-version-{preset}"


def _reset(preset: str) -> None:
    """Count the settings up: under other keys, the widgets begin from the preset again."""
    key = _version_key(preset)
    st.session_state[key] = st.session_state.get(key, 0) + 1


Key = Callable[[str], str]


def _number(
    label: str, value: float, key: str, low: float, high: float | None, step: float, **more: Any
) -> Any:
    """Draw a number that outlives a visit to another view; whole where its bounds are."""
    return st.number_input(label, low, high, value, step, key=key, persist_state="session", **more)


def _choice(label: str, options: tuple[str, ...], words: dict[str, str], value: str, key: str) -> str:
    return st.selectbox(
        label,
        options,
        index=options.index(value),
        format_func=lambda name: words.get(name, name),
        key=key,
        persist_state="session",
    )


def _percent(label: str, value: float, key: str, high: int, help_text: str | None = None) -> float:
    """Draw a slider in whole per cent and return the share, 0 to 1."""
    percent = st.slider(
        label, 0, high, round(100 * value), 1, "%d %%", key=key, help=help_text, persist_state="session"
    )
    # What nobody has moved stays exact.
    return value if percent == round(100 * value) else percent / 100


def _choose_course(base: RunConfig, key: Key) -> dict[str, Any]:
    left, right = st.columns(2, gap="medium")
    values: dict[str, Any] = {}
    with left:
        values["epochs"] = _number("Epochs", base.epochs, key("epochs"), 1, 2000, 1)
        values["batch_size"] = _number("Batch size", base.batch_size, key("batch_size"), 2, 4096, 8)
        values["early_stopping"] = _number(
            "Early stopping, epochs",
            base.early_stopping,
            key("early_stopping"),
            0,
            2000,
            1,
            help="End after so many epochs without a better validation accuracy; 0 never does.",
        )
        values["ema_momentum"] = _number(
            "Averaging of weights (EMA)",
            base.ema_momentum,
            key("ema_momentum"),
            0.0,
            0.99999,
            0.001,
            format="%.5g",
            help="How slowly the averaged weights follow; 0 turns it off.",
        )
        values["seed"] = _number("Seed", base.seed, key("seed"), 0, None, 1)
        values["mixed_precision"] = st.toggle(
            "Mixed precision",
            base.mixed_precision,
            key=key("mixed_precision"),
            help="bfloat16 arithmetic: faster for wide networks on machines that have it.",
            persist_state="session",
        )
    with right:
        optimizer = _choice("Optimiser", OPTIMIZERS, _OPTIMIZER_WORDS, base.optimizer, key("optimizer"))
        usual = base.learning_rate if optimizer == base.optimizer else _USUAL_RATES[optimizer]
        values["optimizer"] = optimizer
        values["learning_rate"] = _number(
            "Learning rate, at its peak",
            usual,
            key(f"learning_rate-{optimizer}"),
            0.0,
            10.0,
            usual / 10,
            format="%.6g",
        )
        values["schedule"] = _choice("Schedule", SCHEDULES, _SCHEDULE_WORDS, base.schedule, key("schedule"))
        values["warmup_epochs"] = _number(
            "Warm-up, epochs", base.warmup_epochs, key("warmup_epochs"), 0.0, 100.0, 0.5, format="%.4g"
        )
        values["weight_decay"] = _number(
            "Weight decay", base.weight_decay, key("weight_decay"), 0.0, 1.0, 0.001, format="%.6g"
        )
        if optimizer == "sgd":
            values["momentum"] = _number(
                "Momentum", base.momentum, key("momentum"), 0.0, 0.999, 0.01, format="%.4g"
            )
    return values


def _choose_network(base: RunConfig, key: Key) -> dict[str, Any]:
    values: dict[str, Any] = {
        "architecture": _choice(
            "Architecture", ARCHITECTURE_NAMES, _ARCHITECTURES, base.architecture, key("architecture")
        )
    }
    left, right = st.columns(2, gap="medium")
    with left:
        values["widths"] = st.text_input(
            "Channels of the stages",
            ", ".join(map(str, base.widths)),
            key=key("widths"),
            help="One to four whole numbers; each stage halves height and width.",
            persist_state="session",
        )
        values["blocks"] = _number("Blocks a stage", base.blocks, key("blocks"), 1, 20, 1)
        values["stem_width"] = _number(
            "Channels of the first layer", base.stem_width, key("stem_width"), 1, 1024, 8
        )
    with right:
        values["dropout"] = _percent("Dropout", base.dropout, key("dropout"), 90)
        values["stochastic_depth"] = _percent(
            "Stochastic depth",
            base.stochastic_depth,
            key("stochastic_depth"),
            90,
            "How often the last residual block is skipped.",
        )
        values["dense_units"] = _number(
            "Units of the dense layer",
            base.dense_units,
            key("dense_units"),
            0,
            4096,
            32,
            help="Of a layer before the one that answers; 0: none.",
        )
    return values


def _choose_faces(base: RunConfig, key: Key) -> dict[str, Any]:
    left, right = st.columns(2, gap="medium")
    with left:
        values: dict[str, Any] = {
            "targets": _choice("Learn from", TARGETS, _TARGET_WORDS, base.targets, key("targets")),
            "class_balance": _choice(
                "Rare classes", CLASS_BALANCES, _BALANCE_WORDS, base.class_balance, key("class_balance")
            ),
            "validation_share": _percent(
                "Share for validation",
                base.validation_share,
                key("validation_share"),
                50,
                "Of the training faces, where the dataset has no validation split of its own.",
            ),
        }
    with right:
        values["label_smoothing"] = _percent(
            "Label smoothing", base.label_smoothing, key("label_smoothing"), 50
        )
        values["mixup"] = _number(
            "Mixup, α",
            base.mixup,
            key("mixup"),
            0.0,
            10.0,
            0.1,
            format="%.4g",
            help="Faces are blended in pairs; 0 turns it off.",
        )
        values["cutmix"] = _number(
            "CutMix, α",
            base.cutmix,
            key("cutmix"),
            0.0,
            10.0,
            0.1,
            format="%.4g",
            help="A rectangle comes from another face; 0 turns it off.",
        )
    return values


def _choose_augmentation(base: AugmentationConfig, key: Key) -> dict[str, Any]:
    st.caption("What training changes in a face each time it is seen; the *Dataset* page shows it on faces.")
    left, right = st.columns(2, gap="medium")
    with left:
        values: dict[str, Any] = {
            "flip": st.toggle("Mirror half of them", base.flip, key=key("flip"), persist_state="session")
        }
        rotation = st.slider(
            "Rotation, up to", 0, 45, round(base.rotation), 1, "%d°", key("rotation"), persist_state="session"
        )
        values["rotation"] = base.rotation if rotation == round(base.rotation) else float(rotation)
        values["shift"] = _percent("Shift, up to", base.shift, key("shift"), 30)
        values["zoom"] = _percent("Zoom, up to", base.zoom, key("zoom"), 40)
        values["erasing"] = _percent("A part covered, how often", base.erasing, key("erasing"), 100)
    with right:
        values["brightness"] = _percent("Brightness, up to", base.brightness, key("brightness"), 50)
        values["contrast"] = _percent("Contrast, up to", base.contrast, key("contrast"), 80)
        values["blur"] = _percent("Out of focus, how often", base.blur, key("blur"), 100)
        values["noise"] = _percent("Noisy, how often", base.noise, key("noise"), 100)
    return values
