"""Tests of `python -m emotion datasets`, and of datasets by name in evaluate and train."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from emotion.cli.main import main
from emotion.cli.train import config_from
from emotion.dataset import store
from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.votes import VOTE_COLUMNS
from emotion.labels import EMOTIONS
from emotion.synthetic.faces import generate
from emotion.training.config import SETTINGS, RunConfig
from emotion.training.data import load_dataset
from tests.helpers import csv_text, faces_by_name, write_folder


@pytest.fixture(autouse=True)
def _few_built_in_faces(monkeypatch):
    monkeypatch.setattr(store, "BUILTIN_FACES", 21)


@pytest.fixture
def source(tmp_path):
    return write_folder(tmp_path / "faces", faces_by_name(14, "train") | faces_by_name(7, "test", seed=5))


def run(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_import_then_stats(capsys, source):
    status, out, err = run(capsys, "datasets", "import", source, "--name", "mine")
    assert (status, out) == (0, "")
    assert "Imported 21 faces as 'mine'. The splits are those of the source." in err
    status, out, err = run(capsys, "datasets", "stats", "mine", "--json")
    assert (status, err) == (0, "")
    (line,) = out.splitlines()
    content = json.loads(line)
    assert content["splits"]["train"] == {
        "faces": 14, "classes": dict.fromkeys(EMOTIONS, 2), "imbalance_ratio": 1.0,
    }  # fmt: skip
    assert content["splits"]["test"]["faces"] == 7
    assert (content["name"], content["faces"], content["skipped"], content["excluded"]) == ("mine", 21, 0, 0)
    assert content["class_weights"] == dict.fromkeys(EMOTIONS, 1.0)
    status, out, _ = run(capsys, "datasets", "stats", "mine")
    assert status == 0
    assert "mine: 21 faces from faces." in out
    assert "The largest class has 1.0 times" in out


def test_list(capsys, source):
    run(capsys, "datasets", "import", source)
    status, out, _ = run(capsys, "datasets", "list")
    assert status == 0
    assert "faces: 21 faces (14 train, 7 test)" in out.splitlines()
    status, out, err = run(capsys, "datasets", "list", "--json")
    assert [json.loads(line)["name"] for line in out.splitlines()] == ["synthetic", "faces"]
    assert err == ""


def test_what_is_left_out_is_said_and_written(capsys, source, tmp_path):
    write_folder(source, {f"train/sad/bad{i}.png": b"junk" for i in range(5)})
    status, _, err = run(capsys, "datasets", "import", source, "--report", tmp_path / "report.csv")
    assert status == 0
    assert "5 left out" in err
    assert "5, the first train/sad/bad0.png: This file is not a picture" in err
    assert len((tmp_path / "report.csv").read_text().splitlines()) == 6
    assert run(capsys, "datasets", "import", source, "--name", "b", "--report", tmp_path / "x" / "y")[0] == 1


def test_import_with_votes(capsys, source, tmp_path):
    votes = tmp_path / "votes.csv"
    header = "image," + ",".join(VOTE_COLUMNS)
    votes.write_text(f"{header}\ntest/{EMOTIONS[generate(7, 5)[1][0]]}/000.png,0,0,0,0,0,0,0,0,0,10\n")
    status, _, err = run(capsys, "datasets", "import", source, "--votes", votes)
    assert status == 0
    assert "Votes on 1 of 21 faces attached." in err
    assert "vote_agreement" in json.loads(run(capsys, "datasets", "stats", "faces", "--json")[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "nowhere"], "There is no dataset at nowhere."),
        (["import", ".", "--name", "a/b"], "cannot be a dataset's name"),
        (["import", ".", "--name", "synthetic"], "built-in"),
        (["import", ".", "--votes", "nowhere.csv"], "There is no table of votes at nowhere.csv."),
        (["stats", "nope"], "There is no dataset called 'nope'; known are: synthetic."),
        (["download"], "requirements-optional.txt"),
    ],
)
def test_failures_in_one_sentence(capsys, monkeypatch, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    status, out, err = run(capsys, "datasets", *arguments)
    assert (status, out) == (1, "")
    assert message in err


@pytest.mark.parametrize("arguments", [[], ["import"], ["stats"], ["juggle"]])
def test_wrong_usage(arguments):
    with pytest.raises(SystemExit) as caught:
        main(["datasets", *arguments])
    assert caught.value.code == 2


def test_download_imports(capsys, monkeypatch, source):
    library = SimpleNamespace(dataset_download=lambda name: str(source))
    monkeypatch.setitem(sys.modules, "kagglehub", library)
    assert run(capsys, "datasets", "download")[0] == 0
    assert len(store.open_dataset("fer2013")) == 21


def test_evaluate_by_name_and_without_excluded(capsys, monkeypatch, source, tmp_path):
    monkeypatch.chdir(tmp_path)
    run(capsys, "datasets", "import", source, "--name", "mine")
    store.exclude("mine", np.arange(3), "test")  # the test faces come first
    assert json.loads(run(capsys, "evaluate", "mine", "--json")[1])["n"] == 7
    status, out, err = run(capsys, "evaluate", "mine", "--honour-exclusions", "--json")
    assert (status, json.loads(out)["n"]) == (0, 4)
    assert "3 excluded faces are left out." in err
    status, _, err = run(capsys, "evaluate", source, "--honour-exclusions")
    assert status == 1
    assert "Only an imported dataset has an exclusion list" in err


def test_a_path_wins_over_a_name(capsys, monkeypatch, source, tmp_path):
    run(capsys, "datasets", "import", source, "--name", "mine")
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "mine", faces_by_name(14, "test"))
    assert json.loads(run(capsys, "evaluate", "mine", "--json")[1])["n"] == 14


def test_either_test_of_the_challenge(capsys, tmp_path):
    path = tmp_path / "fer.csv"
    path.write_text(csv_text(*generate(7, seed=3), ["PublicTest"] * 5 + ["PrivateTest"] * 2))
    sizes = {}
    for split in ("test", "public-test", "private-test"):
        sizes[split] = json.loads(run(capsys, "evaluate", path, "--split", split, "--json")[1])["n"]
    assert sizes == {"test": 7, "public-test": 5, "private-test": 2}


def options(**changes):
    return SimpleNamespace(**(dict.fromkeys(("preset", "config", *SETTINGS)) | changes))


def test_training_takes_names_and_paths(capsys, monkeypatch, source, tmp_path):
    monkeypatch.chdir(tmp_path)
    run(capsys, "datasets", "import", source, "--name", "mine")
    assert config_from(options(dataset="mine")).dataset == "mine"
    assert config_from(options(dataset="faces")).dataset == str(source)
    assert config_from(options(dataset="nope")).dataset == str(tmp_path / "nope")
    assert config_from(options(dataset="synthetic")).dataset == "synthetic"
    assert not config_from(options(dataset="mine")).honour_exclusions
    config = config_from(options(dataset="mine", honour_exclusions=True))
    assert '"honour_exclusions": true' in config.to_json()


def test_training_honours_exclusions_when_asked_to(capsys, source):
    run(capsys, "datasets", "import", source, "--name", "mine")
    store.exclude("mine", np.arange(3), "test")
    assert len(load_dataset(RunConfig(dataset="mine"))) == 21
    assert len(load_dataset(RunConfig(dataset="mine", honour_exclusions=True))) == 18
    with pytest.raises(DatasetError, match="Only an imported dataset"):
        load_dataset(RunConfig(dataset=str(source), honour_exclusions=True))


def test_training_honours_exclusions_of_the_drawn_faces(monkeypatch):
    monkeypatch.setattr(store, "BUILTIN_FACES", 84)
    store.exclude("synthetic", np.arange(4), "test")
    assert len(load_dataset(RunConfig(synthetic_faces=84, honour_exclusions=True))) == 80
    with pytest.raises(DatasetError, match="other drawn faces"):
        load_dataset(RunConfig(synthetic_faces=91, honour_exclusions=True))


def test_a_check_says_what_is_understood_and_imports_nothing(capsys, tmp_path):
    files = {
        name.replace("train/", "FER2013Train/"): data for name, data in faces_by_name(14, "train").items()
    }
    files |= {
        name.replace("test/", "FER2013Test/"): data for name, data in faces_by_name(7, "test", 5).items()
    }
    source = write_folder(tmp_path / "faces", files)
    status, out, err = run(capsys, "datasets", "import", source, "--check")
    assert (status, out) == (0, "")
    assert "Taken for splits: FER2013Test is test, FER2013Train is train." in err
    assert "About 21 pictures or rows: 3 angry, 3 disgust" in err
    assert not (store.datasets_folder() / "faces").exists()
    assert run(capsys, "datasets", "import", source)[0] == 0
    assert store.open_dataset("faces").description.split_sizes() == {"train": 14, "test": 7}


@pytest.mark.parametrize("check", [[], ["--check"]])
def test_what_is_not_understood_is_asked_before_anything_is_imported(capsys, tmp_path, check):
    files = {name.replace("surprise", "suprise"): data for name, data in faces_by_name(14).items()}
    source = write_folder(tmp_path / "faces", files)
    status, _, err = run(capsys, "datasets", "import", source, *check)
    assert status == 1
    assert "none of the seven emotions: suprise (2 pictures), did you mean surprise?" in err
    assert not (store.datasets_folder() / "faces").exists()
    assert run(capsys, "datasets", "import", source, "--map", "suprise=surprise", *check)[0] == 0
    status, _, err = run(capsys, "datasets", "import", source, "--map", "suprise=none", "--name", "b", *check)
    assert status == 0
    assert check or err.rstrip().endswith("No faces of: surprise.")
    assert run(capsys, "datasets", "import", source, "--map", "suprise")[0] == 1


def test_numbers_are_read_as_is_said(capsys, tmp_path):
    codes = dict(zip(EMOTIONS, (6, 3, 2, 4, 5, 1, 7), strict=True))
    files = {
        name.replace(name.split("/")[1], str(codes[name.split("/")[1]])): data
        for name, data in faces_by_name(14).items()
    }
    source = write_folder(tmp_path / "faces", files)
    assert "--labels ORDER (with these numbers: raf-db)" in run(capsys, "datasets", "import", source)[2]
    assert run(capsys, "datasets", "import", source, "--labels", "raf-db")[0] == 0
    faces = store.open_dataset("faces").faces
    for name, label in zip(faces.names.tolist(), faces.labels.tolist(), strict=True):
        assert codes[EMOTIONS[label]] == int(name.split("/")[1])


def test_an_evaluation_names_what_is_missing(capsys, tmp_path):
    files = {name: data for name, data in faces_by_name(14, "test").items() if "/sad/" not in name}
    status, out, _ = run(capsys, "evaluate", write_folder(tmp_path / "faces", files))
    assert status == 0
    assert "No faces of: sad; nothing is said of them." in out
