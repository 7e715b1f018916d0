import dataclasses
import json

import pytest

from emotion.training.config import AugmentationConfig, ConfigError, RunConfig
from emotion.training.presets import PRESET_WORDS, PRESETS, preset


@pytest.mark.parametrize("config", PRESETS.values(), ids=PRESETS)
def test_json_round_trip(config):
    assert RunConfig.from_json(config.to_json()) == config


def test_json_round_trip_of_everything_changed():
    config = RunConfig(
        name="mine", widths=(8,), seed=3, teachers=("a", "b"), augmentation=AugmentationConfig(flip=False)
    )
    assert RunConfig.from_json(config.to_json()) == config
    assert set(json.loads(config.to_json())) == {item.name for item in dataclasses.fields(RunConfig)}


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "nonsense", '{"widths": 3}', RunConfig().to_json().replace("seed", "sead")]
)
def test_damaged_json_gives_one_sentence(text):
    with pytest.raises(ConfigError, match=r"^The run's config\.json cannot be read\.$"):
        RunConfig.from_json(text)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "Epochs must be at least 1"),
        ({"batch_size": 1}, "Batch size"),
        ({"learning_rate": 0.0}, "Learning rate"),
        ({"validation_share": 0.9}, "Validation share"),
        ({"dropout": 1.0}, "Dropout"),
        ({"label_smoothing": -0.1}, "Label smoothing"),
        ({"ema_momentum": 1.0}, "EMA momentum"),
        ({"widths": ()}, "Widths"),
        ({"blocks": 0}, "Blocks"),
        ({"synthetic_faces": 7}, "Synthetic faces"),
        ({"name": "../models"}, "The name"),
        ({"name": ""}, "The name"),
        ({"optimizer": "magic"}, "There is no optimizer 'magic'; choose from: sgd, adam, adamw"),
        ({"schedule": "x"}, "There is no schedule"),
        ({"class_balance": "x"}, "There is no class balance"),
        ({"targets": "x"}, "There is no targets"),
        ({"mixup": -1}, "Mixup"),
        ({"cutmix": -1}, "Cutmix"),
        ({"early_stopping": -1}, "Early stopping"),
        ({"stochastic_depth": 1.0}, "Stochastic depth"),
        ({"widths": (8,) * 7}, "Widths"),
        ({"widths": ("8",)}, "Widths"),
        ({"seed": -1}, "The seed"),
        ({"epochs": "3"}, "The setting epochs must be a number, not '3'"),
        ({"epochs": 2.5}, "The setting epochs must be a whole number"),
        ({"learning_rate": float("nan")}, "Learning rate"),
        ({"colour": 1}, "Unknown settings: colour"),
    ],
)
def test_senseless_settings_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        RunConfig().changed(**changes)


def test_changed_leaves_out_what_is_none():
    assert RunConfig().changed(epochs=None, seed=5) == RunConfig(seed=5)


def test_unknown_preset_names_the_known_ones():
    with pytest.raises(ConfigError, match="choose from: quick, small, base"):
        preset("enormous")


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"rotation": 200}, "Rotation"), ({"shift": 0.9}, "Shift"), ({"erasing": 1.1}, "Erasing"),
     ({"zoom": -0.1}, "Zoom"), ({"brightness": 2}, "Brightness"), ({"contrast": 1}, "Contrast"),
     ({"blur": -0.1}, "Blur"), ({"noise": 2}, "Noise")],
)  # fmt: skip
def test_senseless_augmentation_is_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        AugmentationConfig(**changes)


def test_what_a_run_notes_beside_its_settings_is_passed_over():
    content = json.loads(RunConfig().to_json()) | {"environment": {}, "dataset_fingerprint": "abc"}
    assert RunConfig.from_json(json.dumps(content)) == RunConfig()


@pytest.mark.parametrize("text", ["7", "[]", "null", '{"format": null}', "{"])
def test_what_is_no_config_is_one_sentence(text):
    with pytest.raises(ConfigError, match="cannot be read"):
        RunConfig.from_json(text)


def test_a_config_of_a_newer_version_says_so():
    with pytest.raises(ConfigError, match="newer version"):
        RunConfig.from_json(json.dumps({"format": 2, "augmentation": 7}))


def test_a_config_from_before_a_setting_was_added_has_its_default():
    content = json.loads(RunConfig(mixup=0.5).to_json())
    del content["mixup"]
    assert RunConfig.from_json(json.dumps(content)).mixup == 0.0


def test_every_preset_is_explained():
    assert set(PRESET_WORDS) == set(PRESETS)
