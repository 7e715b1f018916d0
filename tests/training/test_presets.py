"""The presets build on what ships, and what ships was made by them."""

import json

import pytest

from emotion import paths
from emotion.models.card import read_card
from emotion.registry import SHIPPED_MODELS
from emotion.training.presets import PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_what_a_preset_builds_on_comes_with_the_product(name):
    preset = PRESETS[name]
    assert {preset.start_from, *preset.teachers} - {""} <= set(SHIPPED_MODELS) - {name}


@pytest.mark.parametrize("name", SHIPPED_MODELS)
def test_a_shipped_model_is_what_its_preset_makes(name):
    made_by = read_card(paths.shipped_models_folder() / name).content["config"]
    preset = json.loads(PRESETS[name].to_json())
    assert made_by | {"dataset": ""} == preset | {"dataset": ""}
