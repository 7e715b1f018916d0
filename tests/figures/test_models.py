import pytest

from emotion.evaluation.comparison import Comparison
from emotion.evaluation.report import (
    AgreementGroup,
    CoveragePoint,
    Proportion,
    ReliabilityBin,
    RobustnessCurve,
)
from emotion.figures import models as figures
from emotion.labels import EMOTIONS

COUNTS = [[10 * (row == column) + row for column in range(7)] for row in range(7)]


@pytest.mark.parametrize(("as_shares", "text"), [(False, "10"), (True, "100%")])
def test_every_cell_of_a_confusion_can_be_chosen(as_shares, text):
    figure = figures.confusion(COUNTS, as_shares, chosen=(1, 2))
    heat_map, points = figure.data
    assert list(heat_map.z[0]) == [1, 0, 0, 0, 0, 0, 0]
    assert len(points.x) == len(points.y) == 49
    assert (points.y[9], points.x[9]) == (EMOTIONS[1], EMOTIONS[2])
    assert points.text[0] == text
    (frame,) = figure.layout.shapes
    assert (frame.x0, frame.y0) == (1.5, 0.5)


def test_a_class_without_faces_divides_by_nothing():
    assert figures.confusion([[0] * 7] * 7, as_shares=True).data[0].z[3] == [0] * 7


def test_reliability_and_its_diagonal():
    bins = [ReliabilityBin(0.4, 0.5, 3, 0.45, 0.33), ReliabilityBin(0.9, 1.0, 5, 0.95, 1.0)]
    bars, diagonal = figures.reliability(bins).data
    assert bars.y == (0.33, 1.0)
    (sure,) = figures.reliability([ReliabilityBin(0.9, 1.0, 5, 0.9996, 1.0)]).data[0].customdata
    assert (sure[0], "%{customdata[0]} sure" in bars.hovertemplate) == ("99%", True)
    assert diagonal.x == diagonal.y == (0, 1)


def test_coverage():
    (line,) = figures.coverage([CoveragePoint(0.5, 0.9, 0.8), CoveragePoint(1.0, 0.7, 0.2)]).data
    assert (line.x, line.y) == ((0.5, 1.0), (0.9, 0.7))
    (line,) = figures.coverage([CoveragePoint(0.5, 0.9, 0.9996)]).data
    assert (line.customdata[0], "%{customdata} sure" in line.hovertemplate) == ("99%", True)


def test_agreement_leaves_gaps_where_nobody_agrees():
    share = Proportion(5, 10)
    figure = figures.agreement([AgreementGroup("below half", share, None), AgreementGroup("x", share, share)])
    by_label, by_crowd = figure.data
    assert by_label.y == (0.5, 0.5)
    assert by_crowd.y == (None, 0.5)
    assert by_label.marker.pattern.shape != by_crowd.marker.pattern.shape  # never colour alone


def test_a_comparison_adds_up():
    figure = figures.comparison(Comparison("a", "b", 50, 10, 25, 15))
    assert sum(bar.x[0] for bar in figure.data) == pytest.approx(1)
    assert [bar.name for bar in figure.data] == [
        "both right: 50",
        "only a: 10",
        "only b: 25",
        "both wrong: 15",
    ]


def test_two_models_are_told_apart_without_colour():
    curve = RobustnessCurve("blur", (0, 1, 2), (0.9, 0.8, 0.5))
    first, second = figures.robustness("blur", [("a", curve), ("b", curve)]).data
    assert first.line.dash != second.line.dash
    assert first.marker.symbol != second.marker.symbol
    assert first.x == ("0", "1", "2")
