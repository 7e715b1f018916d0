import os
import shutil
from dataclasses import asdict, replace

import numpy as np
import pytest

from emotion import paths
from emotion.dataset import store
from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.importing import import_dataset
from emotion.dataset.votes import COLUMN_OF_EMOTION, VOTE_COLUMNS
from emotion.evaluation import cache, tasks
from emotion.evaluation.answers import load_probabilities
from emotion.evaluation.report import Robustness
from emotion.evaluation.trial import Trial, trial_faces
from emotion.models import registry
from tests.helpers import faces_by_name, write_folder


@pytest.fixture
def trial(tmp_path) -> Trial:
    import_dataset(write_folder(tmp_path / "mine", faces_by_name(21, "test") | faces_by_name(14)), "mine")
    return Trial("crowd", "mine", "test")


def test_answers_are_kept(trial, monkeypatch):
    assert load_probabilities(trial_faces(trial)) is None
    progress = []
    report = tasks.evaluate(trial_faces(trial), lambda done, total: progress.append((done, total)))
    assert (progress[0], progress[-1]) == ((0, 21), (21, 21))
    assert report.n == 21
    assert load_probabilities(trial_faces(trial)).shape == (21, 7)

    def fail(*arguments, **options):
        raise AssertionError("asked the model again")

    monkeypatch.setattr("emotion.evaluation.tasks.Classifier", fail)
    assert replace(tasks.evaluate(trial_faces(trial)), seconds=report.seconds) == report


def test_what_cannot_be_kept_is_told_all_the_same(trial):
    shutil.rmtree(cache.results_folder(), ignore_errors=True)
    cache.results_folder().parent.mkdir(parents=True, exist_ok=True)
    cache.results_folder().write_text("a file where the folder should be")
    assert tasks.evaluate(trial_faces(trial)).n == 21
    assert tasks.measure_robustness(trial_faces(trial), 7).n > 0


def test_what_is_kept_agrees_with_the_classifier(trial, classifier):
    tasks.evaluate(trial_faces(trial))
    expected = classifier.predict(trial_faces(trial).images).probabilities
    assert np.allclose(load_probabilities(trial_faces(trial)), expected, atol=1e-6)


def test_another_model_is_asked_anew_and_other_votes_need_nobody(trial):
    assert tasks.evaluate(trial_faces(trial)).agreement == ()
    name = registry.add_model(paths.shipped_models_folder() / "crowd", "other")
    same_files = trial_faces(trial).of(name)
    assert load_probabilities(same_files) is not None  # a copy answers alike
    os.utime(registry.model_folder(name) / "model.tflite", ns=(1, 1))
    assert load_probabilities(same_files) is None

    names = [str(item) for item in store.open_dataset("mine").faces.names]
    columns = "image,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,not_a_face"
    rows = "\n".join(f"{item},1,0,0,0,0,0,0,0,0,0" for item in names)
    store.attach_votes("mine", f"{columns}\n{rows}\n".encode())
    assert load_probabilities(trial_faces(trial)) is not None
    assert tasks.evaluate(trial_faces(trial)).agreement


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
    by_labels = tasks.evaluate(trial_faces(trial))
    answers = load_probabilities(trial_faces(trial)).argmax(axis=1)
    columns = [VOTE_COLUMNS[COLUMN_OF_EMOTION[answer]] for answer in answers]
    # On 16 faces the people say what the model says; on one something else; on four, nothing clear.
    other = next(column for column in ("fear", "disgust") if column != columns[16])
    attach("mine", [*columns[:16], other, "", "contempt", "unknown", "not_a_face"])
    by_votes = replace(trial, against="votes")
    report = tasks.evaluate(trial_faces(by_votes))
    assert (report.against, report.overall.right, report.overall.n, report.unclear) == ("votes", 16, 17, 4)
    again = tasks.evaluate(trial_faces(trial))
    assert (again.overall, again.unclear) == (by_labels.overall, 0)
    # How far people agree is told of the dataset's labels, whatever counts as right.
    assert sum(group.by_label.right for group in report.agreement) == int(
        (answers[:17] == trial_faces(trial).labels[:17]).sum()
    )
    measured = tasks.measure_robustness(trial_faces(by_votes), None)
    assert (measured.n, measured.against, measured.curves[0].accuracy[0]) == (17, "votes", 16 / 17)
    assert cache.load_robustness(trial_faces(by_votes), None) == measured
    assert cache.load_robustness(trial_faces(trial), None) is None


def test_what_most_people_saw_needs_votes(trial):
    by_votes = replace(trial, against="votes")
    with pytest.raises(DatasetError, match="has no votes"):
        tasks.evaluate(trial_faces(by_votes))
    attach("mine", ["unknown"] * 21)
    with pytest.raises(DatasetError, match="none of the seven emotions"):
        tasks.evaluate(trial_faces(by_votes))


def test_excluded_faces_are_left_out_when_asked(trial):
    all_faces = tasks.evaluate(trial_faces(trial))
    indices = trial_faces(trial).indices
    store.exclude("mine", indices[:4], "test")
    honouring = Trial("crowd", "mine", "test", honour_exclusions=True)
    report = tasks.evaluate(trial_faces(honouring))
    assert (report.overall.n, report.excluded) == (17, 4)
    assert np.array_equal(
        load_probabilities(trial_faces(honouring)), load_probabilities(trial_faces(trial))[4:]
    )
    assert tasks.evaluate(trial_faces(trial)).overall == all_faces.overall


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff"])
def test_a_damaged_file_is_as_good_as_none(trial, content):
    tasks.evaluate(trial_faces(trial))
    cache.save_json(cache.robustness_path(trial_faces(trial), 7), asdict(Robustness("crowd", 7, ())))
    for path in cache.results_folder().glob("[!.]*"):
        path.write_bytes(content)
    assert load_probabilities(trial_faces(trial)) is None
    assert cache.load_robustness(trial_faces(trial), 7) is None
    assert tasks.evaluate(trial_faces(trial)).n == 21


def test_robustness_knows_the_model_by_its_present_name(trial):
    name = registry.add_model(paths.shipped_models_folder() / "crowd", "other")
    cache.save_json(cache.robustness_path(trial_faces(trial), 7), asdict(Robustness("crowd", 7, ())))
    registry.rename_model(name, "renamed")
    assert cache.load_robustness(trial_faces(trial).of("renamed"), 7).model == "renamed"


def test_two_that_ask_about_other_faces_at_once_keep_both_answers(trial):
    faces, training = trial_faces(trial), trial_faces(replace(trial, split="train"))
    other = []

    def meanwhile(done, total):
        if not other:
            other.append(tasks.evaluate(training))

    tasks.evaluate(faces, meanwhile)
    assert load_probabilities(training) is not None
    assert load_probabilities(faces) is not None


@pytest.mark.parametrize(
    ("trial", "message"),
    [
        (Trial("crowd", "nothing", "test"), "no dataset called 'nothing'"),
        (Trial("crowd", "mine", "validation"), "no split called 'validation'; it has: test, train"),
    ],
)
def test_what_is_not_there(tmp_path, trial, message):
    import_dataset(write_folder(tmp_path / "mine", faces_by_name(7, "test") | faces_by_name(7)), "mine")
    with pytest.raises(DatasetError, match=message):
        tasks.evaluate(trial_faces(trial))


def test_old_results_make_room(trial, monkeypatch):
    monkeypatch.setattr(cache, "_MAX_FILES", 3)
    tasks.evaluate(trial_faces(trial))
    folder = cache.results_folder()
    for number in range(4):
        cache.save_json(folder / f"x-{number}.json", {})
        os.utime(folder / f"x-{number}.json", (number, number))
    cache.save_json(folder / "newest.json", {})
    assert len(list(folder.glob("[!.]*"))) == 3
    assert (folder / "newest.json").is_file()


@pytest.mark.slow
def test_robustness_is_kept(trial, monkeypatch):
    progress = []
    measured = tasks.measure_robustness(
        trial_faces(trial), 7, lambda done, total: progress.append((done, total))
    )
    assert measured.n == 7
    assert progress[-1][0] == progress[-1][1] == 7 * 41
    assert cache.load_robustness(trial_faces(trial), 7) == measured
    assert cache.load_robustness(trial_faces(trial), None) is None
    shutil.rmtree(cache.results_folder())
    assert tasks.measure_robustness(trial_faces(trial), 7) == measured  # the same chance every time
