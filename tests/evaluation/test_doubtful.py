import numpy as np
import pytest

from emotion.dataset import store
from emotion.dataset.importing import import_dataset
from emotion.dataset.stored_dataset import StoredDataset
from emotion.evaluation import tasks
from emotion.evaluation.answers import known_answers
from emotion.evaluation.doubtful import find_doubtful
from emotion.evaluation.trial import Trial, trial_faces
from emotion.synthetic.faces import generate
from tests.helpers import csv_text


def imported(tmp_path, images, labels) -> StoredDataset:
    usages = ["Training"] * (len(images) // 2) + ["PublicTest"] * (len(images) - len(images) // 2)
    (tmp_path / "faces.csv").write_text(csv_text(images, labels, usages))
    import_dataset(tmp_path / "faces.csv", "mine")
    return store.open_dataset("mine")


def test_doubtful_labels_come_first(tmp_path, classifier, monkeypatch):
    images, _ = generate(40, seed=2)
    answers = classifier.predict(images).probabilities
    labels = answers.argmax(axis=1)
    labels[[5, 17]] = answers[[5, 17]].argmin(axis=1)
    dataset = imported(tmp_path, images, labels)
    seen = []
    found = find_doubtful(dataset, classifier, lambda *progress: seen.append(progress))
    assert set(np.concatenate(found.groups).tolist()) == {5, 17}
    assert found.scores.tolist() == sorted(found.scores.tolist())
    assert classifier.card.name in found.explanation
    assert (seen[0], seen[-1]) == ((0, 40), (40, 40))
    monkeypatch.setattr("emotion.evaluation.doubtful.LIST_LENGTH", 1)
    assert find_doubtful(dataset, classifier).faces == 1


@pytest.mark.parametrize("count", [1, 2, 7])
def test_tiny_datasets(tmp_path, classifier, count):
    assert find_doubtful(imported(tmp_path, *generate(count, seed=1)), classifier).faces <= count


def test_answers_are_asked_for_once_whoever_needs_them(tmp_path, classifier, monkeypatch):
    dataset = imported(tmp_path, *generate(14, seed=2))
    asked = []

    def predict(faces):
        asked.append(len(faces))
        return type(classifier).predict(classifier, faces)

    monkeypatch.setattr(classifier, "predict", predict)
    monkeypatch.setattr(tasks, "Classifier", lambda folder, threads: classifier)
    faces = trial_faces(Trial("crowd", "mine", "test"))
    tasks.evaluate(faces)
    assert asked == [7]
    assert np.isfinite(known_answers(classifier.version, dataset)[7:]).all()
    find_doubtful(dataset, classifier)
    assert asked == [7, 7]  # only what the evaluation has not asked about
    find_doubtful(dataset, classifier)
    tasks.evaluate(trial_faces(Trial("crowd", "mine", "train")))
    tasks.evaluate(trial_faces(Trial("crowd", "mine", "public-test")))
    assert asked == [7, 7]


def test_a_search_that_nobody_has_asked_for_asks_no_model(tmp_path, classifier, monkeypatch):
    dataset = imported(tmp_path, *generate(7, seed=2))

    def stop(done, total):
        if done < total:
            raise InterruptedError

    monkeypatch.setattr(classifier, "predict", None)
    with pytest.raises(InterruptedError):
        find_doubtful(dataset, classifier, stop)
