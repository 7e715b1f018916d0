import numpy as np
import pytest
from scipy.stats import binomtest

from emotion.evaluation.comparison import Comparison
from emotion.evaluation.metrics import compare_answers
from emotion.evaluation.trial import Trial, TrialFaces


def faces_with(labels: np.ndarray) -> TrialFaces:
    return TrialFaces(Trial("a", "mine", "test"), None, np.arange(len(labels)), labels, 0)


@pytest.mark.parametrize(("only_first", "only_second"), [(10, 25), (0, 0), (0, 9), (12, 12), (300, 345)])
def test_mcnemars_exact_test(only_first, only_second):
    both, neither = 20, 7
    count = both + only_first + only_second + neither
    labels = np.zeros(count, int)
    first = np.ones(count, int)
    second = np.ones(count, int)
    first[: both + only_first] = 0
    second[:both] = 0
    second[both + only_first : both + only_first + only_second] = 0
    answers = [np.eye(7)[said] for said in (first, second)]
    result = compare_answers(faces_with(labels), "b", *answers)
    assert (result.first, result.second) == ("a", "b")
    assert (result.both, result.only_first, result.only_second, result.neither) == (
        both,
        only_first,
        only_second,
        neither,
    )
    decided = only_first + only_second
    expected = binomtest(min(only_first, only_second), decided).pvalue if decided else 1.0
    assert result.p_value == pytest.approx(expected)
    assert result.n == count


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((50, 0, 0, 5), "right and wrong on the very same faces"),
        ((50, 4, 4, 2), "as many faces right"),
        (
            (50, 10, 25, 15),
            "b gets 15 of 100 faces more right than a (15.0 points). That is more",
        ),
        ((50, 10, 25, 15), "difference would come up 1.7% of the time"),
        ((50, 40, 10, 0), "less than 1 time in 1,000"),
        ((50, 12, 10, 28), "a gets 2 of 100 faces more right than b (2.0 points). That may well be chance"),
    ],
)
def test_a_comparison_in_words(counts, words):
    assert words in Comparison("a", "b", *counts).in_words()
