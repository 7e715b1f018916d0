import json
import shutil

import cv2
import numpy as np
import pytest

from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.importing import import_dataset
from emotion.dataset.reading.sources import read_dataset
from emotion.evaluation import cache, tasks
from emotion.evaluation.answers import load_probabilities
from emotion.evaluation.trial import Trial, trial_faces
from tests.helpers import csv_text, faces_by_name, png_bytes, write_folder, zip_bytes


def source_of(form: str, tmp_path):
    """Training and test faces in one of the forms that people have them in."""
    folder = write_folder(tmp_path / "faces", faces_by_name(21, "train") | faces_by_name(14, "test", seed=1))
    if form == "folder":
        return folder
    path = tmp_path / f"faces.{form}"
    if form == "zip":
        path.write_bytes(
            zip_bytes({str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*.png")})
        )
    else:
        faces = read_dataset(folder)
        usages = ["Training" if split == "train" else "PublicTest" for split in faces.splits]
        path.write_text(csv_text(faces.images, faces.labels, usages))
    return path


@pytest.mark.parametrize("form", ["folder", "zip", "csv"])
def test_a_path_and_what_was_imported_of_it_give_the_same_report(tmp_path, form):
    path = source_of(form, tmp_path)
    import_dataset(path, "mine")
    reports = []
    for dataset in (str(path), "mine"):
        shutil.rmtree(cache.results_folder(), ignore_errors=True)
        content = tasks.evaluate(trial_faces(Trial("crowd", dataset, "test"))).to_dict()
        assert content.pop("dataset") == dataset
        del content["seconds"]
        reports.append(json.dumps(content))
    assert reports[0] == reports[1]
    # What is kept of one is known of the other.
    assert load_probabilities(trial_faces(Trial("crowd", str(path), "test"))) is not None
    assert sorted(item.name for item in tmp_path.iterdir()) == sorted({"faces", path.name})
    assert not (path / "cache").exists()


def test_faces_that_also_stand_in_the_training_split_are_left_out_when_asked(tmp_path):
    train, test = faces_by_name(21, "train"), faces_by_name(14, "test", seed=1)
    train[next(iter(train))] = test[list(test)[3]]
    path = write_folder(tmp_path / "faces", train | test)
    faces = trial_faces(Trial("crowd", str(path), "test", without_copies=True))
    assert (len(faces), faces.copies) == (13, 1)
    assert not faces.in_training().any()
    report = tasks.evaluate(faces)
    assert report.n == 13
    assert report.copies.known is None
    # They are not taken for the report on all.
    everything = tasks.evaluate(trial_faces(Trial("crowd", str(path), "test")))
    assert (everything.n, everything.copies.known.n) == (14, 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"honour_exclusions": True}, "Only an imported dataset has an exclusion list"),
        ({"against": "votes"}, "Only an imported dataset has votes"),
        ({"split": "validation"}, "no split called 'validation'; it has: test, train"),
        ({"split": "private-test"}, "No face of the test split is called PrivateTest"),
        ({"split": "train", "without_copies": True}, "No face is left"),
        ({"dataset": "nowhere"}, "no dataset called 'nowhere'; known are: synthetic"),
        ({"dataset": "no/where.zip"}, "There is no dataset at no/where.zip"),
    ],
)
def test_what_cannot_be_evaluated(tmp_path, changes, message):
    path = write_folder(tmp_path / "faces", faces_by_name(7, "train") | faces_by_name(7, "test", seed=1))
    with pytest.raises(DatasetError, match=message):
        trial_faces(Trial(**({"model": "crowd", "dataset": str(path), "split": "test"} | changes)))


def test_a_name_wins_where_a_folder_of_that_name_lies_about(tmp_path, monkeypatch):
    import_dataset(write_folder(tmp_path / "faces", faces_by_name(14, "test")), "mine")
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "mine", faces_by_name(7, "test"))
    assert len(trial_faces(Trial("crowd", "mine", "test"))) == 14


def test_the_same_faces_for_another_model(tmp_path):
    path = write_folder(tmp_path / "faces", faces_by_name(7, "test"))
    faces = trial_faces(Trial("crowd", str(path), "test"))
    others = faces.of("small")
    assert others.dataset is faces.dataset
    assert (others.trial.model, faces.trial.model) == ("small", "crowd")
    assert np.array_equal(others.images, faces.images)


@pytest.mark.parametrize(("where", "count"), [("train", 1), ("validation", 1), ("test", 0)])
def test_a_mirrored_face_of_training_or_validation_is_known(tmp_path, where, count):
    files = {name: faces_by_name(14, name, seed) for seed, name in enumerate(("train", "validation", "test"))}
    test = files["test"]
    first, last = next(iter(test)), list(files[where])[-1]
    mirrored = cv2.imdecode(np.frombuffer(test[first], np.uint8), cv2.IMREAD_GRAYSCALE)[:, ::-1]
    files[where][last] = png_bytes(mirrored)
    path = write_folder(tmp_path / "faces", files["train"] | files["validation"] | test)
    assert trial_faces(Trial("crowd", str(path), "test", without_copies=True)).copies == count
