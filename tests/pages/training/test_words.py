"""Settings and durations in words."""

import pytest

from emotion.training.config import SETTINGS, RunConfig
from pages.training.words import differences, setting_texts


def test_every_setting_has_a_name_and_all_are_listed():
    listed = setting_texts(RunConfig())
    assert len(listed) == len(SETTINGS)
    assert listed["Channels of the stages"] == "48 · 96 · 192"
    assert listed["Precision"] == "auto"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"dropout": 0.5}, {"Dropout": ["30 %", "50 %"]}),
        ({"widths": (8,)}, {"Channels of the stages": ["48 · 96 · 192", "8"]}),
        ({"flip": False}, {"Augmentation: mirror half of them": ["yes", "no"]}),
    ],
)
def test_differences(changes, expected):
    assert differences([RunConfig(), RunConfig().changed(**changes)]) == expected
