"""Settings and durations in words."""

import pytest

from emotion.training.config import SETTINGS, RunConfig
from pages.training.words import differences, duration, setting_texts


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (99.4, "99 s"),
        (100, "2 min"),
        (3540, "59 min"),
        (3599, "1 h"),
        (4800, "1 h 20 min"),
        (90_000, "1 d 1 h"),
        (172_800, "2 d"),
        (float("inf"), "unknown"),
        (-5, "0 s"),
    ],
)
def test_duration(seconds, expected):
    assert duration(seconds) == expected


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
