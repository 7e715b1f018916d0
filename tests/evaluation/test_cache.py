import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

from emotion import paths
from emotion.dataset import store
from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.importing import import_dataset
from emotion.dataset.votes import COLUMN_OF_EMOTION, VOTE_COLUMNS
from emotion.evaluation import cache, tasks
from emotion.evaluation.cache import Trial
from emotion.models import registry
from emotion.models.tasks import Task
from tests.helpers import faces_by_name, write_folder


@pytest.fixture
def trial(tmp_path) -> Trial:
    import_dataset(write_folder(tmp_path / "mine", faces_by_name(21, "test") | faces_by_name(14)), "mine")
    return Trial("crowd", "mine", "test")


def test_an_evaluation_is_kept(trial, monkeypatch):
    assert cache.load_report(trial) is None
    assert cache.load_probabilities(trial) is None
    progress = []
    report = tasks.evaluate(trial, lambda done, total: progress.append((done, total)))
    assert progress[-1] == (21, 21)
    assert report.overall.n == 21
    assert cache.load_report(trial) == report
    assert cache.load_probabilities(trial).shape == (21, 7)

    def fail(*arguments, **options):
        raise AssertionError("asked the model again")

    monkeypatch.setattr("emotion.evaluation.tasks.Classifier", fail)
    assert tasks.evaluate(trial) == report


def test_what_is_kept_agrees_with_the_classifier(trial, classifier):
    tasks.evaluate(trial)
    faces = cache.trial_faces(trial)
    expected = classifier.predict(np.asarray(faces.dataset.faces.images[faces.indices])).probabilities
    assert np.allclose(cache.load_probabilities(trial), expected, atol=1e-6)


def test_another_model_or_other_votes_are_judged_anew(trial):
    tasks.evaluate(trial)
    name = registry.add_model(paths.shipped_models_folder() / "crowd", "other")
    same_files = Trial(name, "mine", "test")
    assert cache.load_report(same_files) is not None  # a copy answers alike
    os.utime(registry.model_folder(name) / "model.tflite", ns=(1, 1))
    assert cache.load_report(same_files) is None
    names = [str(item) for item in store.open_dataset("mine").faces.names]
    columns = "image,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,not_a_face"
    rows = "\n".join(f"{item},1,0,0,0,0,0,0,0,0,0" for item in names)
    store.attach_votes("mine", f"{columns}\n{rows}\n".encode())
    assert cache.load_report(trial) is None
    assert cache.load_probabilities(trial) is not None  # what the model says does not depend on votes
    assert tasks.evaluate(trial).agreement


def attach(name: str, winners: list[str]) -> None:
    """Attach votes to a dataset's test faces, each for one column; "" for a tie."""
    dataset = store.open_dataset(name)
    rows = [",".join(["image", *VOTE_COLUMNS])]
    for index, column in zip(np.flatnonzero(dataset.faces.splits == "test"), winners, strict=True):
        votes = [9 * (name == column) if column else 5 for name in VOTE_COLUMNS]
        rows.append(f"{dataset.faces.names[index]}," + ",".join(map(str, votes)))
    store.attach_votes(name, "\n".join(rows).encode())


@pytest.mark.slow
def test_right_can_be_what_most_people_saw(trial):
    by_labels = tasks.evaluate(trial)
    answers = cache.load_probabilities(trial).argmax(axis=1)
    columns = [VOTE_COLUMNS[COLUMN_OF_EMOTION[answer]] for answer in answers]
    # On 16 faces the people say what the model says; on one something else; on four, nothing clear.
    other = next(column for column in ("fear", "disgust") if column != columns[16])
    attach("mine", [*columns[:16], other, "", "contempt", "unknown", "not_a_face"])
    by_votes = replace(trial, against="votes")
    assert cache.load_report(by_votes) is None
    report = tasks.evaluate(by_votes)
    assert (report.against, report.overall.right, report.overall.n, report.unclear) == ("votes", 16, 17, 4)
    assert cache.load_report(by_votes) == report
    again = tasks.evaluate(trial)
    assert (again.overall, again.unclear) == (by_labels.overall, 0)
    # How far people agree is told of the dataset's labels, whatever counts as right.
    assert sum(group.by_label.right for group in report.agreement) == int(
        (answers[:17] == cache.trial_faces(trial).labels[:17]).sum()
    )
    measured = tasks.measure_robustness(by_votes, None)
    assert (measured.n, measured.against, measured.curves[0].accuracy[0]) == (17, "votes", 16 / 17)
    assert cache.load_robustness(by_votes, None) == measured
    assert cache.load_robustness(trial, None) is None


def test_a_task_asks_for_the_trials_it_was_made_of():
    trials = [Trial(name, "mine", "train", True, "votes") for name in ("crowd", "small")]
    task = Task.of("robustness", *trials, faces=70)
    assert task.trials() == tuple(trials)
    assert Task.from_json(task.to_json()) == task
    assert task.faces == 70


def test_what_most_people_saw_needs_votes(trial):
    by_votes = replace(trial, against="votes")
    with pytest.raises(DatasetError, match="has no votes"):
        tasks.evaluate(by_votes)
    attach("mine", ["unknown"] * 21)
    with pytest.raises(DatasetError, match="none of the seven emotions"):
        tasks.evaluate(by_votes)


def test_excluded_faces_are_left_out_when_asked(trial):
    all_faces = tasks.evaluate(trial)
    indices = cache.trial_faces(trial).indices
    store.exclude("mine", indices[:4], "test")
    honouring = Trial("crowd", "mine", "test", honour_exclusions=True)
    report = tasks.evaluate(honouring)
    assert (report.overall.n, report.excluded) == (17, 4)
    assert np.array_equal(cache.load_probabilities(honouring), cache.load_probabilities(trial)[4:])
    assert cache.load_report(trial) == all_faces


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff"])
def test_a_damaged_file_is_as_good_as_none(trial, content):
    tasks.evaluate(trial)
    cache.report_path(trial).write_bytes(content)
    assert cache.load_report(trial) is None
    assert tasks.evaluate(trial).overall.n == 21


def test_a_comparison_knows_the_models_by_their_present_names(trial):
    name = registry.add_model(paths.shipped_models_folder() / "crowd", "other")
    comparison = tasks.compare(trial, Trial(name, "mine", "test"))
    assert comparison.only_first == comparison.only_second == 0
    registry.rename_model(name, "renamed")
    kept = cache.load_comparison(trial, Trial("renamed", "mine", "test"))
    assert kept.second == "renamed"


@pytest.mark.parametrize(
    ("trial", "message"),
    [
        (Trial("crowd", "nothing", "test"), "no dataset called 'nothing'"),
        (Trial("crowd", "mine", "validation"), "has no split 'validation'; it has: train, test"),
    ],
)
def test_what_is_not_there(tmp_path, trial, message):
    import_dataset(write_folder(tmp_path / "mine", faces_by_name(7, "test") | faces_by_name(7)), "mine")
    with pytest.raises(DatasetError, match=message):
        tasks.evaluate(trial)


def test_old_results_make_room(trial, monkeypatch):
    monkeypatch.setattr(cache, "_MAX_FILES", 3)
    tasks.evaluate(trial)
    folder = cache.report_path(trial).parent
    for number in range(4):
        cache.save_json(folder / f"x-{number}.json", {})
        os.utime(folder / f"x-{number}.json", (number, number))
    cache.save_json(folder / "newest.json", {})
    assert len(list(folder.iterdir())) == 3
    assert (folder / "newest.json").is_file()


def test_a_task_survives_its_command_line():
    task = Task("robustness", ("a", "b"), "mine", "test", True, 70)
    assert Task.from_json(task.command()[-1]) == task
    assert [item.model for item in task.trials()] == ["a", "b"]


@pytest.mark.slow
def test_robustness_is_kept(trial, monkeypatch):
    progress = []
    measured = tasks.measure_robustness(trial, 7, lambda done, total: progress.append((done, total)))
    assert measured.n == 7
    assert progress[-1][0] == progress[-1][1] == 7 * 41
    assert cache.load_robustness(trial, 7) == measured
    assert cache.load_robustness(trial, None) is None
    shutil.rmtree(cache.report_path(trial).parent)
    assert tasks.measure_robustness(trial, 7) == measured  # the same chance every time
