import numpy as np
import pytest

from emotion.figures import style as figures
from emotion.labels import COLORS, EMOTIONS


def test_probability_bars_put_the_most_probable_on_top():
    probabilities = np.array([0.05, 0.02, 0.1, 0.6, 0.08, 0.05, 0.1])
    figure = figures.probability_bars(probabilities)
    (bars,) = figure.data
    assert figure.layout.yaxis.autorange == "reversed"  # the first bar is drawn on top
    assert bars.y[0] == "happy"
    assert bars.y[-1] == "disgust"
    assert list(bars.x) == sorted(probabilities, reverse=True)
    assert bars.text[0] == "60%"
    assert bars.hovertemplate[0] == "%{y}: 60.0%<extra></extra>"
    (bars,) = figures.probability_bars(np.array([0.0004, 0, 0, 0.9996, 0, 0, 0])).data
    assert (bars.text[0], bars.hovertemplate[0]) == ("99%", "%{y}: 99.9%<extra></extra>")
    assert dict(zip(bars.y, bars.marker.color, strict=True)) == COLORS


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], [0] * 7),
        (["happy", "happy", "sad"], [0, 0, 0, 2, 1, 0, 0]),
        (["uncertain", "fear"], [0, 0, 1, 0, 0, 0, 0, 1]),
    ],
)
def test_emotion_counts(verdicts, expected):
    (bars,) = figures.emotion_counts(verdicts).data
    assert list(bars.x) == expected
    assert list(bars.y)[:7] == list(EMOTIONS)
