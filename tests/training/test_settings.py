"""Every setting is told in full, and its check is exactly what its words say."""

import math

import pytest

from emotion.training.config import SETTINGS, AugmentationConfig, ConfigError, RunConfig
from emotion.training.presets import PRESETS
from emotion.training.settings import GROUPS

BOUNDS = ("above", "at_least", "below", "at_most")
BOUNDED = [
    (name, bound)
    for name, setting in SETTINGS.items()
    for bound in BOUNDS
    if getattr(setting, bound) is not None
]


def beside(name: str, number: float, direction: int):
    """The next value of the setting's type, up or down."""
    is_whole = SETTINGS[name].kind is not float
    return int(number) + direction if is_whole else math.nextafter(number, direction * math.inf)


def set_to(name: str, number) -> RunConfig:
    return RunConfig().changed(**{name: (number,) if SETTINGS[name].is_tuple else number})


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_every_setting_is_told(setting):
    assert setting.group in GROUPS
    assert setting.label
    assert setting.help[0].isupper()
    assert setting.help.endswith(".")
    assert setting.cost in ("", "network", "value", "on")
    # A number has an end at one side at least, and a share has two.
    ends = (setting.lowest, setting.highest)
    assert (setting.kind in (int, float)) <= (setting.lowest is not None)
    assert (setting.unit != "") <= (None not in ends)


def test_no_two_settings_are_called_the_same():
    titles = [setting.title for setting in SETTINGS.values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("config", [RunConfig(), *PRESETS.values()], ids=["default", *PRESETS])
def test_what_there_is_lies_within_the_bounds(config):
    values = config.values()
    assert list(values) == list(SETTINGS)
    assert [setting.refusal(values[name]) for name, setting in SETTINGS.items()] == [""] * len(SETTINGS)


@pytest.mark.parametrize(("name", "bound"), BOUNDED)
def test_a_bound_holds_exactly_where_the_sentence_says(name, bound):
    edge = getattr(SETTINGS[name], bound)
    inwards = 1 if bound in ("above", "at_least") else -1
    is_kept = bound in ("at_least", "at_most")
    kept = edge if is_kept else beside(name, edge, inwards)
    refused = beside(name, edge, -inwards) if is_kept else edge
    set_to(name, kept)
    with pytest.raises(ConfigError, match=f"^{SETTINGS[name].label.split('(')[0]}.* must be ") as caught:
        set_to(name, refused)
    assert f"{bound.replace('_', ' ')} {edge:g}" in str(caught.value)


@pytest.mark.parametrize("name", [name for name, setting in SETTINGS.items() if setting.choices])
def test_a_choice_is_one_of_those_that_the_sentence_names(name):
    for choice in SETTINGS[name].choices:
        assert RunConfig().changed(**{name: choice}).values()[name] == choice
    with pytest.raises(ConfigError, match=f"one of {', '.join(SETTINGS[name].choices)}, not 'x'"):
        RunConfig().changed(**{name: "x"})


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_what_is_of_another_type_is_refused(setting):
    """A `config.json` may have been written by hand."""
    fit = RunConfig().values()[setting.name]
    for value in (None, "3", 3, 3.5, True, math.nan, math.inf, [], (None,), ("8",), {}):
        if not isinstance(value, type(fit)) and not (setting.kind is float and type(value) is int):
            assert f"{setting.label} must be " in setting.refusal(value)
    if setting.kind is float:
        assert "must be a number, not nan" in setting.refusal(math.nan)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("epochs", 3, "3"),
        ("learning_rate", 0.0004, "0.0004"),
        ("dropout", 0.07, "7 %"),
        ("erasing", 0, "0 %"),
        ("rotation", 12.5, "12.5°"),
        ("flip", False, "no"),
        ("widths", (8, 16), "8 · 16"),
        ("teachers", (), "none"),
        ("optimizer", "sgd", "sgd"),
    ],
)
def test_values_in_words(name, value, expected):
    assert SETTINGS[name].text(value) == expected


def test_settings_of_the_augmentation_are_changed_by_name():
    config = RunConfig().changed(rotation=3.0, epochs=4)
    assert config == RunConfig(epochs=4, augmentation=AugmentationConfig(rotation=3.0))
    assert config.changed(augmentation=AugmentationConfig(), flip=False) == RunConfig(
        epochs=4, augmentation=AugmentationConfig(flip=False)
    )
