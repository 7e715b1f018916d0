import numpy as np
import pytest

from emotion.exchange.ranges import RANGES, WATCHED_AT, parse_range, range_behind, range_text, range_words
from emotion.models.card import ModelError


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("auto", None),
        ("", None),
        ("0-1", [(0, 1)]),
        ("0-255", [(0, 255)]),
        ("minus1-1", [(-1, 1)]),
        ("-1-1", [(-1, 1)]),
        ("-0.5..0.5", [(-0.5, 0.5)]),
        ("0.5/0.5", [(-1, 1)]),
        ("0.5/0.25", [(-2, 2)]),
        ("127.5/127.5", [(-1, 1)]),
        ("0.5,0.4,0.3/0.5,0.4,0.3", [(-1, 1), (-1, 1.5), (-1, 7 / 3)]),
    ],
)
def test_what_people_write(text, ranges):
    found = parse_range(text)
    if ranges is None:
        assert found is None
        return
    assert np.allclose(found, ranges)
    assert np.allclose(parse_range(range_text(found)), found)


@pytest.mark.parametrize(
    "text", ["white", "1..1", "0.5/0", "1,2/3", "1,2/3,4", "nan..1", "0..inf", "1/2/3", "0,1"]
)
def test_what_is_no_range(text):
    with pytest.raises(ModelError, match="is none; a range is auto, 0-1"):
        parse_range(text)


def seen(scale: float, offset: float) -> np.ndarray:
    """What a network's first layer with weights gets, where the steps before it scale and shift."""
    return np.array([[scale * value + offset] for value in WATCHED_AT])


@pytest.mark.parametrize(
    ("scale", "offset", "expected"),
    [
        (1 / 255, 0, "0-255"),
        (1 / 127.5, -1, "0-255"),
        (2, -1, "0-1"),
        (255, 0, "0-1"),
        (0.5, 0.5, "minus1-1"),
        (127.5, 127.5, "minus1-1"),
        (1 / 64, -127 / 64, "0-255"),  # standardised
        (1 / 0.25, -0.5 / 0.25, "0-1"),
        (1 / 0.5, 0, "minus1-1"),
        (1, 0, None),  # nothing is done
        (0, 0, None),
        (-1, 255, None),
        (17, 3, None),
        (float("nan"), 0, None),
    ],
)
def test_a_models_first_steps_tell_its_range(scale, offset, expected):
    assert range_behind(seen(scale, offset)) == (RANGES[expected] if expected else None)


def test_steps_that_are_not_straight_tell_nothing():
    assert range_behind(np.array([[0.0], [1.0], [2.0]])) is None


def test_words():
    assert range_words([(0, 255)]) == "0 (black) to 255 (white)"
    assert range_words([(-1, 1)]) == "-1 (black) to 1 (white)"
