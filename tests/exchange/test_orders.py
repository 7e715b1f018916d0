import pytest

from emotion.exchange.orders import ALPHABETICAL, CONTEMPT, ORDERS, order_name, order_of, parse_labels
from emotion.labels import EMOTIONS
from emotion.models.card import ModelError


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("angry, disgust, fear, happy, sad, surprise, neutral", EMOTIONS),
        ("Anger\nDisgust\nFear\nHappiness\nNeutral\nSadness\nSurprised", ALPHABETICAL),
        ("0 1 2 3 4 5 6", EMOTIONS),
        ("0 1 2 3 4 5 6 Contempt", (*EMOTIONS, CONTEMPT)),
    ],
)
def test_orders_people_write(text, labels):
    assert parse_labels(text) == labels


@pytest.mark.parametrize("text", ["", "happy", "angry, " * 7, ", ".join([*EMOTIONS, "pride"])])
def test_orders_that_are_none(text):
    with pytest.raises(ModelError, match="each of these once: angry, disgust"):
        parse_labels(text)


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("count", [7, 8])
def test_a_named_order_fits_seven_and_eight(name, count):
    labels = order_of(name, count)
    assert len(labels) == count
    assert sorted(set(labels) - {CONTEMPT}) == sorted(EMOTIONS)
    assert order_name(labels) == name
    if name == "alphabetical":
        assert list(labels) == sorted(labels)


def test_an_order_of_another_number_of_classes():
    with pytest.raises(ModelError, match="gives 8 scores for a face, and the order names 7"):
        order_of(", ".join(EMOTIONS), 8)
    with pytest.raises(ModelError, match="gives 7 scores for a face, and the order names 8"):
        order_of(", ".join([*EMOTIONS, CONTEMPT]), 7)
