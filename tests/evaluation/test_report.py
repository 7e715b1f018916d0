import dataclasses
import json

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    precision_recall_fscore_support,
)

from emotion import paths
from emotion.dataset import store
from emotion.dataset.votes import VOTE_COLUMNS
from emotion.evaluation.metrics import (
    coverage_curve,
    evaluate_probabilities,
    evaluate_trial,
    expected_calibration_error,
    reliability_bins,
)
from emotion.evaluation.report import Proportion, Report
from emotion.evaluation.trial import Trial, TrialFaces, trial_faces
from emotion.labels import EMOTIONS

TRIAL = Trial("crowd", store.SYNTHETIC, "test")


@pytest.fixture(autouse=True)
def _few_built_in_faces(monkeypatch):
    monkeypatch.setattr("emotion.dataset.store.BUILTIN_FACES", 120)


def random_answers(labels, share_right=0.6, seed=0):
    """Probabilities whose largest is the label for about that share of the faces."""
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.full(7, 0.4), size=len(labels))
    best = probabilities.argmax(axis=1)
    for row in np.flatnonzero(generator.random(len(labels)) < share_right):
        wanted = labels[row]
        probabilities[row, [best[row], wanted]] = probabilities[row, [wanted, best[row]]]
    return probabilities


def report_of(faces: TrialFaces | None = None, trial: Trial = TRIAL) -> tuple[Report, TrialFaces, np.ndarray]:
    faces = faces or trial_faces(trial)
    probabilities = random_answers(faces.labels)
    return evaluate_trial(faces, probabilities, 1.0), faces, probabilities


def with_votes(faces: TrialFaces, votes: np.ndarray) -> TrialFaces:
    return dataclasses.replace(faces, dataset=dataclasses.replace(faces.dataset, votes=votes))


def test_figures_agree_with_scikit_learn():
    report, faces, probabilities = report_of()
    answers = probabilities.argmax(axis=1)
    assert report.overall.share == pytest.approx(accuracy_score(faces.labels, answers))
    assert report.confusion_matrix == confusion_matrix(faces.labels, answers, labels=range(7)).tolist()
    expected = precision_recall_fscore_support(faces.labels, answers, labels=range(7), zero_division=0)
    for key, values in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        assert [report.per_class[name][key] for name in EMOTIONS] == pytest.approx(values, abs=1e-6)
    assert report.macro_f1 == pytest.approx(f1_score(faces.labels, answers, average="macro"))
    assert report.balanced_accuracy == pytest.approx(balanced_accuracy_score(faces.labels, answers))
    assert report.neutral_bias == pytest.approx((answers == 6).mean() - (faces.labels == 6).mean())


def test_the_report_is_plain_json():
    report, faces, _ = report_of()
    votes = np.zeros((len(faces.dataset), 10), np.uint8)
    votes[:, 0] = 7
    content = json.loads(json.dumps(report_of(with_votes(faces, votes))[0].to_dict()))
    assert content["overall"]["low"] < content["accuracy"] < content["overall"]["high"]
    assert content["confusion"] == content["confusion_matrix"] == report.confusion_matrix
    assert content["agreement"][0]["by_crowd"]["n"] == report.n
    assert (content["balanced_accuracy"], content["model"]) == (round(report.balanced_accuracy, 6), "crowd")


def test_reliability_agrees_with_scikit_learn():
    labels = np.random.default_rng(1).integers(0, 7, 400)
    probabilities = random_answers(labels)
    right = probabilities.argmax(axis=1) == labels
    bins = reliability_bins(probabilities, labels)
    accuracy, confidence = calibration_curve(right, probabilities.max(axis=1), n_bins=15)
    assert [item.accuracy for item in bins] == pytest.approx(accuracy)
    assert [item.confidence for item in bins] == pytest.approx(confidence)
    assert sum(item.count for item in bins) == 400
    gaps = sum(abs(item.accuracy - item.confidence) * item.count for item in bins) / 400
    assert expected_calibration_error(probabilities, labels) == pytest.approx(gaps)


@pytest.mark.parametrize(("right", "count"), [(0, 5), (5, 5), (1, 2), (60, 100), (2450, 3589)])
def test_wilsons_interval(right, count):
    share = Proportion.of(np.arange(count) < right)
    # The closed form, with the normal quantile of 97.5 %.
    z = 1.959963984540054
    middle = (right + z * z / 2) / (count + z * z)
    reach = z / (count + z * z) * np.sqrt(right * (count - right) / count + z * z / 4)
    assert (share.low, share.high) == pytest.approx((middle - reach, middle + reach), abs=1e-9)
    assert 0 <= share.low <= share.share <= share.high <= 1


def test_no_faces_have_no_share():
    assert Proportion.of(np.zeros(0, bool)) is None


def test_coverage_answers_the_surest_first():
    confidence = np.array([0.9, 0.5, 0.8, 0.3])
    curve = coverage_curve(confidence, np.array([True, False, True, True]))
    assert [(point.coverage, round(point.accuracy, 3), point.confidence) for point in curve] == [
        (0.25, 1.0, 0.9),
        (0.5, 1.0, 0.8),
        (0.75, 0.667, 0.5),
        (1.0, 0.75, 0.3),
    ]


def test_faces_that_also_stand_in_the_training_split_are_told_apart():
    faces = trial_faces(TRIAL)
    images = np.array(faces.dataset.faces.images)
    training = np.flatnonzero(faces.dataset.faces.splits == "train")
    images[faces.indices[:3]] = images[training[:3]]
    stored = dataclasses.replace(faces.dataset, faces=dataclasses.replace(faces.dataset.faces, images=images))
    report, _, probabilities = report_of(dataclasses.replace(faces, dataset=stored))
    right = probabilities.argmax(axis=1) == faces.labels
    assert (report.copies.known.right, report.copies.known.n) == (right[:3].sum(), 3)
    assert (report.copies.unknown.right, report.copies.unknown.n) == (right[3:].sum(), len(right) - 3)
    train = Trial("crowd", store.SYNTHETIC, "train")
    assert report_of(trial=train)[0].copies is None


def test_accuracy_by_how_much_people_agree():
    faces = trial_faces(TRIAL)
    votes = np.zeros((len(faces.dataset), len(VOTE_COLUMNS)), np.uint8)
    happiness, unknown = VOTE_COLUMNS.index("happiness"), VOTE_COLUMNS.index("unknown")
    clear, disputed, tie, no_emotion, voiceless = faces.indices[:5]
    votes[clear, happiness] = 10
    votes[disputed, [happiness, unknown, 0]] = 4, 3, 3
    votes[tie, [happiness, 0]] = 5, 5
    votes[no_emotion, unknown] = 10
    probabilities = np.full((len(faces.indices), 7), 0.05)
    probabilities[:, EMOTIONS.index("happy")] = 0.7
    report = evaluate_trial(with_votes(faces, votes), probabilities, 0)
    groups = {group.title: group for group in report.agreement}
    assert {title: group.by_label.n for title, group in groups.items()} == {
        "below half": 1,
        "50 to 69 %": 1,
        "90 % and more": 2,
    }
    crowd = {
        title: group.by_crowd and (group.by_crowd.right, group.by_crowd.n) for title, group in groups.items()
    }
    assert crowd == {"below half": (1, 1), "50 to 69 %": None, "90 % and more": (1, 1)}
    assert votes[voiceless].sum() == 0


def test_a_missing_class_lowers_no_mean():
    report = evaluate_probabilities(np.eye(7)[[0, 3]], np.array([0, 3]))
    assert (report.macro_f1, report.balanced_accuracy) == (1, 1)
    assert report.per_class["sad"] == {"precision": 0, "recall": 0, "f1": 0, "support": 0}


def test_what_a_card_and_a_run_keep_is_read_as_a_report():
    report = report_of()[0]
    content = json.loads(json.dumps(report.figures()))
    assert list(content) == ["n", "accuracy", "macro_f1", "ece", "per_class", "confusion_matrix"]
    assert list(content["per_class"]) == list(EMOTIONS)
    assert Report.from_figures(content).figures() == content
    card = json.loads((paths.shipped_models_folder() / "crowd" / "card.json").read_text())
    for figures in card["metrics"].values():
        assert Report.from_figures(figures).figures() == figures


@pytest.mark.parametrize(
    "content", [{}, {"ece": 0.1}, {"confusion_matrix": [[1]], "ece": 0}, {"confusion_matrix": 7, "ece": 0}]
)
def test_what_is_no_report(content):
    with pytest.raises((KeyError, TypeError, ValueError)):
        Report.from_figures(content)


def test_mistakes_in_words():
    matrix = np.eye(7, dtype=int) * 10
    assert Report(matrix.tolist(), 0).mistakes_in_words() == "No class is mixed up with another."
    matrix[2, 4] = 10
    words = Report(matrix.tolist(), 0).mistakes_in_words()
    assert (
        words == "Found least often is fear (50%). Most often, fear is taken for sad: 50% of all fear faces."
    )
