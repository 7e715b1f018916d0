import dataclasses
import json

import pytest

from emotion.training.config import PRESETS, AugmentationConfig, ConfigError, RunConfig, preset


@pytest.mark.parametrize("config", PRESETS.values(), ids=PRESETS)
def test_json_round_trip(config):
    assert RunConfig.from_json(config.to_json()) == config


def test_json_round_trip_of_everything_changed():
    config = RunConfig(name="mine", widths=(8,), seed=3, augmentation=AugmentationConfig(flip=False))
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
        ({"colour": 1}, "Unknown settings: colour"),
    ],
)
def test_senseless_settings_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        RunConfig().changed(**changes)


def test_changed_leaves_out_what_is_none():
    assert RunConfig().changed(epochs=None, seed=5) == RunConfig(seed=5)


def test_unknown_preset_names_the_known_ones():
    with pytest.raises(ConfigError, match="choose from: quick, base"):
        preset("enormous")
