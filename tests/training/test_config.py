import dataclasses
import json

import pytest

from emotion.training.config import RUN_FORMAT, AugmentationConfig, ConfigError, RunConfig
from emotion.training.presets import PRESET_WORDS, PRESETS


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
    "text",
    [
        "",
        "{}",
        "[]",
        "3",
        "null",
        '"text"',
        "nonsense",
        '{"widths": 3}',
        RunConfig().to_json().replace("seed", "sead"),
    ],
)
def test_damaged_json_gives_one_sentence(text):
    with pytest.raises(ConfigError, match=r"^The run's config\.json cannot be read\.$"):
        RunConfig.from_json(text)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, r"^Epochs must be at least 1, not 0\.$"),
        ({"validation_share": 0}, "Share for validation must be above 0 and at most 0.5, not 0"),
        ({"ema_momentum": 1.0}, r"Averaging of weights \(EMA\) must be at least 0 and below 1, not 1.0"),
        ({"widths": ()}, r"stages must be 1 to 4 whole numbers, each at least 1, not \(\)"),
        ({"widths": (8,) * 7}, "1 to 4 whole numbers"),
        ({"widths": ("8",)}, "whole numbers"),
        ({"widths": "thirty"}, "whole numbers, not 'thirty'"),
        ({"name": "../models"}, "The name must be made of letters"),
        ({"name": ""}, "The name"),
        ({"optimizer": "magic"}, "Optimiser must be one of sgd, adam, adamw, not 'magic'"),
        ({"epochs": 2.5}, "Epochs must be a whole number, not 2.5"),
        ({"colour": 1, "shade": 2}, "Unknown settings: colour, shade"),
    ],
)
def test_senseless_settings_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        RunConfig().changed(**changes)


def test_changed_leaves_out_what_is_none():
    assert RunConfig().changed(epochs=None, seed=5) == RunConfig(seed=5)


def test_what_a_run_notes_beside_its_settings_is_passed_over():
    content = json.loads(RunConfig().to_json()) | {"environment": {}, "dataset_fingerprint": "abc"}
    assert RunConfig.from_json(json.dumps(content)) == RunConfig()


@pytest.mark.parametrize("text", ["7", "[]", "null", '{"format": null}', "{"])
def test_what_is_no_config_is_one_sentence(text):
    with pytest.raises(ConfigError, match="cannot be read"):
        RunConfig.from_json(text)


def test_a_config_of_a_newer_version_says_so():
    with pytest.raises(ConfigError, match="newer version"):
        RunConfig.from_json(json.dumps({"format": RUN_FORMAT + 1, "augmentation": 7}))


def test_a_config_from_before_a_setting_was_added_has_its_default():
    content = json.loads(RunConfig(mixup=0.5).to_json())
    del content["mixup"]
    assert RunConfig.from_json(json.dumps(content)).mixup == 0.0


def test_every_preset_is_explained():
    assert set(PRESET_WORDS) == set(PRESETS)


@pytest.mark.parametrize(("was", "is_now"), [(True, "bfloat16"), (False, "float32")])
def test_a_run_of_the_first_format_goes_on_in_the_precision_it_began_with(was, is_now):
    content = json.loads(RunConfig().to_json()) | {"format": 1, "mixed_precision": was}
    del content["precision"]
    assert RunConfig.from_json(json.dumps(content)).precision == is_now
