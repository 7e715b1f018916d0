import numpy as np
import pytest

from emotion.figures import dataset as figures
from emotion.labels import COLORS, EMOTIONS

FER2013 = dict(zip(EMOTIONS, (3995, 436, 4097, 7215, 4830, 3171, 4965), strict=True))


def bars(figure) -> dict[str, float]:
    (trace,) = figure.data
    return dict(zip(trace.y, trace.x, strict=True))


def texts(figure) -> dict[str, str]:
    (trace,) = figure.data
    return dict(zip(trace.y, trace.text, strict=True))


def test_class_balance_tells_counts_and_shares():
    figure = figures.class_balance(FER2013)
    assert bars(figure) == FER2013
    assert texts(figure)["happy"] == "7,215 · 25.1%"
    assert list(figure.data[0].marker.color) == [COLORS[name] for name in EMOTIONS]
    assert figure.layout.yaxis.autorange == "reversed"  # the first class on top


@pytest.mark.parametrize("counts", [{}, {"happy": 1}, dict.fromkeys(EMOTIONS, 0)])
def test_class_balance_keeps_classes_without_faces(counts):
    figure = figures.class_balance(counts)
    assert list(bars(figure)) == list(EMOTIONS)
    assert texts(figure)["fear"] == "none"
    assert figure.layout.xaxis.range[1] > 0


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (
            {"train": {"happy": 3, "sad": 3}, "test": {"happy": 2, "sad": 0}},
            {"train": "6 · 75%", "test": "2 · 25%"},
        ),
        ({"train": {"happy": 1}}, {"train": "1 · 100%"}),
        ({"train": {"happy": 0}}, {"train": "0 · 0%"}),
        ({}, {}),
    ],
)
def test_split_sizes(counts, expected):
    assert texts(figures.split_sizes(counts)) == expected


def test_class_weights_leave_out_missing_classes():
    figure = figures.class_weights({"sad": 0.5, "angry": 2.0})
    assert list(bars(figure)) == ["angry", "sad"]
    assert texts(figure)["angry"] == "× 2.00"


def test_agreement_leaves_out_classes_nobody_voted_on():
    figure = figures.agreement({"happy": 0.9, "fear": np.nan, "sad": 0.0})
    assert texts(figure) == {"happy": "90%", "sad": "0%"}


def test_vote_bars_put_the_answer_given_most_often_on_top():
    figure = figures.vote_bars({"neutral": 2, "anger": 7, "fear": 0, "unknown": 1})
    assert list(bars(figure)) == ["anger", "neutral", "unknown"]
    assert not bars(figures.vote_bars({"fear": 0}))


def test_histograms_are_shares_of_each_class():
    edges = np.array([0.0, 10.0, 20.0, 30.0])
    figure = figures.histograms(edges, {"happy": np.array([1, 2, 1]), "fear": np.zeros(3)}, "brightness")
    (line,) = figure.data
    assert line.name == "happy"
    assert list(line.x) == [5.0, 15.0, 25.0]
    assert list(line.y) == [0.25, 0.5, 0.25]
    assert figure.layout.xaxis.title.text == "brightness"


def test_histograms_are_not_told_apart_by_colour_alone():
    counts = {name: np.ones(4) for name in EMOTIONS}
    lines = figures.histograms(np.arange(5.0), counts, "contrast").data
    assert len({(line.line.color, line.line.dash) for line in lines}) == 7
    assert len({line.line.dash for line in lines}) >= 6


@pytest.mark.parametrize("counts", [{}, {"happy": np.zeros(3)}])
def test_histograms_of_nothing(counts):
    assert not figures.histograms(np.arange(4.0), counts, "brightness").data
