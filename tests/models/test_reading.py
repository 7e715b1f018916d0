import numpy as np
import pytest

from emotion.labels import EMOTIONS
from emotion.models.reading import Reading, describe

FACES = np.random.default_rng(0).integers(0, 256, (3, 48, 48), dtype=np.uint8)
EIGHT = ("angry", "contempt", *EMOTIONS[1:])


@pytest.mark.parametrize(
    ("ranges", "black", "white"),
    [
        (((0, 255),), 0, 255),
        (((0, 1),), 0, 1),
        (((-1, 1),), -1, 1),
        (((-2.5, 2.0),), -2.5, 2.0),
        (((1, 0),), 1, 0),
    ],
)
def test_black_and_white_become_the_ends_of_the_range(ranges, black, white):
    faces = np.stack([np.zeros((48, 48), np.uint8), np.full((48, 48), 255, np.uint8)])
    made = Reading(is_own=False, ranges=ranges).prepare(faces)
    assert made.shape == (2, 48, 48, 1)
    assert made.dtype == np.float32
    assert np.allclose(made[0], black)
    assert np.allclose(made[1], white)


@pytest.mark.parametrize(
    "shape",
    [(48, 48, 1), (48, 48, 3), (64, 64, 1), (224, 224, 3), (3, 64, 64), (1, 32, 32), (48, 48), (2304,)],
)
def test_a_face_becomes_what_the_model_takes(shape):
    reading = Reading(is_own=False, shape=shape)
    made = reading.prepare(FACES)
    assert made.shape == (3, *shape)
    height, width, channels = reading.size
    planes = made.reshape(3, channels, height, width) if reading.channels_first else made
    planes = (
        np.moveaxis(planes, 1, -1) if reading.channels_first else planes.reshape(3, height, width, channels)
    )
    assert all(np.array_equal(planes[..., 0], planes[..., channel]) for channel in range(channels))
    if (height, width) == (48, 48):
        assert np.array_equal(planes[..., 0], FACES)
    assert planes[..., 0].mean() == pytest.approx(FACES.mean(), rel=0.05)


def test_each_channel_may_have_a_range_of_its_own():
    for shape in ((48, 48, 3), (3, 48, 48)):
        made = Reading(is_own=False, shape=shape, ranges=((0, 1), (-1, 1), (0, 255))).prepare(FACES)
        made = made if shape[2] == 3 else np.moveaxis(made, 1, -1)
        assert [made[..., channel].max() for channel in range(3)] == pytest.approx([1, 1, 255], abs=0.02)
        assert made[..., 1].min() == pytest.approx(-1, abs=0.02)


def test_a_class_that_is_left_out_gives_its_share_to_the_others():
    scores = np.array([[0.1, 0.5, 0.1, 0.1, 0.2, 0, 0, 0]], np.float32)
    found = Reading(is_own=False, classes=EIGHT).probabilities(scores)
    assert found[0, :4] == pytest.approx([0.2, 0.2, 0.2, 0.4])
    assert found.sum() == pytest.approx(1)


def test_a_class_may_count_as_another():
    scores = np.array([[0.1, 0.5, 0.1, 0.1, 0.2, 0, 0, 0]], np.float32)
    found = Reading(is_own=False, classes=EIGHT, counts_as={"contempt": "disgust"}).probabilities(scores)
    assert found[0, :4] == pytest.approx([0.1, 0.6, 0.1, 0.2])


def test_sigmoids_are_scaled_and_logits_taken_as_such():
    scores = np.array([[0.9, 0.9, 0, 0, 0, 0, 0], [0] * 7], np.float32)
    found = Reading(is_own=False, scores="sigmoids").probabilities(scores)
    assert found[0] == pytest.approx([0.5, 0.5, 0, 0, 0, 0, 0])
    assert found[1] == pytest.approx([1 / 7] * 7)  # seven noes decide nothing
    found = Reading(is_own=False, scores="logits").probabilities(np.log(np.arange(1, 8))[None])
    assert found[0] == pytest.approx(np.arange(1, 8) / 28)


def test_the_order_of_the_outputs_is_honoured():
    scores = np.arange(7, dtype=np.float32)[None] / 21
    found = Reading(is_own=False, classes=EMOTIONS[::-1]).probabilities(scores)
    assert found[0] == pytest.approx(scores[0, ::-1])


@pytest.mark.parametrize(
    "reading",
    [
        Reading(),
        Reading(is_own=False, ranges=((0.0, 1.0),), scores="logits", classes=EMOTIONS[::-1]),
        Reading(is_own=False, shape=(224, 224, 3), ranges=((-2.1, 2.2), (-2.0, 2.4), (-1.8, 2.6))),
        Reading(is_own=False, shape=(2304,), scores="sigmoids"),
        Reading(is_own=False, classes=EIGHT, counts_as={"contempt": "disgust"}),
    ],
)
def test_a_card_keeps_it(reading):
    assert Reading.from_card(reading.to_card()) == reading


def test_a_card_of_version_1_means_what_it_meant():
    card = {"labels": list(EMOTIONS), "input": {"range": [0, 1]}, "output": {"activation_maps": False}}
    assert Reading.from_card(card) == Reading(is_own=False, ranges=((0.0, 1.0),))
    assert Reading.from_card({}) == Reading()


@pytest.mark.parametrize(
    "card",
    [
        {"input": {"range": []}},
        {"input": {"range": [1, 1]}},
        {"input": {"range": [0, float("nan")]}},
        {"input": {"range": "white"}},
        {"input": {"shape": []}},
        {"input": {"shape": [48, 48, 2]}},
        {"input": {"shape": [48, 48, 1], "range": [[0, 1], [0, 1], [0, 1]]}},
        {"input": {"shape": [2305]}},
        {"output": {"scores": "marks"}},
        {"output": {"classes": ["happy", "sad"]}},
        {"output": {"classes": [*EMOTIONS, "contempt"], "counts_as": {"contempt": "pride"}}},
        {"labels": [1, 2, 3, 4, 5, 6, 7]},
    ],
)
def test_a_card_that_says_nothing_of_the_kind(card):
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says: `read_card` has the sentence
        Reading.from_card(card)


def test_what_is_unusual_is_told():
    reading = Reading(is_own=False, shape=(64, 64, 3), scores="sigmoids", classes=EIGHT)
    assert describe(Reading()) == []
    text = " ".join(describe(reading))
    for words in (
        "resized to 64 x 64",
        "same grey in all three",
        "scaled to sum to 1",
        "contempt is left out",
    ):
        assert words in text
