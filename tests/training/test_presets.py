"""The presets build on what ships, and what ships was made by them."""

import json

import pytest

from emotion import paths
from emotion.models.card import read_card
from emotion.models.registry import SHIPPED_MODELS
from emotion.training.config import ConfigError, RunConfig
from emotion.training.presets import PRESETS, require_models


@pytest.mark.parametrize("name", PRESETS)
def test_what_a_preset_builds_on_is_another_preset(name):
    preset = PRESETS[name]
    assert {preset.start_from, *preset.teachers} - {""} <= set(PRESETS) - {name}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start_from": "crowd-start"}, "train the preset 'crowd-start' first"),
        ({"teachers": ("crowd", "professor")}, "no model 'professor'; choose from: crowd"),
        ({"start_from": "../crowd"}, "no model '../crowd'"),
    ],
)
def test_a_model_to_build_on_must_be_there(changes, message):
    with pytest.raises(ConfigError, match=message):
        require_models(RunConfig().changed(**changes))


def test_models_to_build_on_that_are_there():
    require_models(RunConfig(start_from="crowd", teachers=("large", "small")))
    require_models(RunConfig())


@pytest.mark.parametrize("name", SHIPPED_MODELS)
def test_a_shipped_model_is_what_its_preset_makes(name):
    made_by = read_card(paths.shipped_models_folder() / name).content["config"]
    # Of whose faces, and in which precision, the machine decided that made it.
    as_anywhere = {"dataset": "", "precision": "auto"}
    assert RunConfig.from_json(json.dumps(made_by)).changed(**as_anywhere) == PRESETS[name].changed(
        **as_anywhere
    )
