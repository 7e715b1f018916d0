"""Tests of `python -m emotion evaluate`, and of `models evaluate`, `compare` and `robustness`."""

import argparse
import json
import shutil

import numpy as np
import pytest

from emotion import paths
from emotion.cli import evaluate
from emotion.cli.main import main
from emotion.dataset import store
from emotion.dataset.importing import import_dataset
from emotion.dataset.reading.sources import read_dataset
from emotion.dataset.votes import VOTE_COLUMNS
from emotion.evaluation import cache
from emotion.models import registry
from tests.helpers import csv_text, faces_by_name, write_folder, zip_bytes

CROWD = paths.shipped_models_folder() / "crowd"


def run(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_evaluate(capsys, tmp_path, form):
    files = faces_by_name(14, "test") | faces_by_name(7, "train")
    source = tmp_path / "faces"
    if form == "zip":
        source.write_bytes(zip_bytes(files))
    else:
        write_folder(source, files)
    status, out, err = run(capsys, "evaluate", source, "--json")
    assert status == 0
    assert "crowd has learned what people voted for" in err
    content = json.loads(out)
    # What other programs may rely on.
    assert {"model", "n", "accuracy", "macro_f1", "ece", "per_class", "confusion_matrix"} <= set(content)
    assert (content["model"], content["n"]) == ("crowd", 14)
    assert np.sum(content["confusion_matrix"]) == 14
    status, out, _ = run(capsys, "evaluate", source, "--split", "train")
    assert status == 0
    assert ", train, by labels: accuracy" in out
    assert "7 faces)" in out


def test_a_job_finds_a_dataset_that_is_called_as_a_folder_of_the_project(tmp_path, monkeypatch):
    import_dataset(write_folder(tmp_path / "faces", faces_by_name(7, "test")), "docs")
    monkeypatch.chdir(paths.PROJECT)
    monkeypatch.setattr(evaluate, "is_job", lambda: True)
    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    faces = evaluate.faces_of(parser.parse_args(["docs"]))
    assert (faces.dataset.name, len(faces)) == ("docs", 7)


def with_copies() -> dict[str, bytes]:
    """21 training faces, and 14 of the test, of which four stand among the training faces, one twice."""
    train, test = faces_by_name(21, "train"), faces_by_name(14, "test", seed=1)
    for target, source in ((0, 0), (1, 1), (2, 2), (3, 3), (9, 0)):
        train[list(train)[target]] = test[list(test)[source]]
    return train | test


@pytest.mark.parametrize("form", ["folder", "zip", "csv"])
def test_evaluate_without_copies_of_training_faces(capsys, tmp_path, form):
    source = write_folder(tmp_path / "faces", with_copies())
    if form == "zip":
        source = tmp_path / "faces.zip"
        source.write_bytes(zip_bytes(with_copies()))
    elif form == "csv":
        faces = read_dataset(source)
        usages = ["Training" if split == "train" else "PublicTest" for split in faces.splits]
        source = tmp_path / "faces.csv"
        source.write_text(csv_text(faces.images, faces.labels, usages))
    status, out, err = run(capsys, "evaluate", source, "--without-copies", "--json")
    assert (status, json.loads(out)["n"]) == (0, 10)
    assert "4 of 14 faces also stand in training or validation and are left out.\n" in err


@pytest.mark.parametrize(
    ("options", "told", "left"),
    [
        ([], "4 of 14", 10),
        # Of the copies, one is unclear in the test, and all are where they stand in the training split.
        (["--against", "votes"], "3 of 13", 10),
        # All training faces are excluded, and are training faces all the same.
        (["--honour-exclusions"], "4 of 14", 10),
    ],
)
def test_evaluate_an_imported_dataset_without_copies(capsys, tmp_path, options, told, left):
    files = with_copies()
    names = list(files)
    unclear = {*names[:10], names[21]}
    rows = [f"{name},{'0,0,0,0,0,0,0,0,0,9' if name in unclear else '9' + ',0' * 9}" for name in names]
    votes = tmp_path / "votes.csv"
    votes.write_text("\n".join([",".join(["image", *VOTE_COLUMNS]), *rows]))
    source = write_folder(tmp_path / "faces", files)
    assert main(["datasets", "import", str(source), "--name", "mine", "--votes", str(votes)]) == 0
    store.exclude("mine", np.flatnonzero(store.open_dataset("mine").faces.splits == "train"), "test")
    capsys.readouterr()
    status, out, err = run(capsys, "evaluate", "mine", "--without-copies", "--json", *options)
    assert (status, json.loads(out)["n"]) == (0, left)
    assert f"{told} faces also stand in training or validation and are left out.\n" in err


def test_without_copies_of_a_dataset_that_has_none_left_or_no_training_faces(capsys, tmp_path):
    faces = faces_by_name(14, "test")
    source = write_folder(tmp_path / "test-only", faces)
    status, out, err = run(capsys, "evaluate", source, "--without-copies")
    assert (status, out) == (1, "")
    assert "no training split" in err
    files = faces | {name.replace("test", "train", 1): data for name, data in faces.items()}
    status, out, err = run(capsys, "evaluate", write_folder(tmp_path / "same", files), "--without-copies")
    assert (status, out) == (1, "")
    assert "No face is left" in err


def test_without_copies_makes_no_sense_on_the_training_split(capsys, tmp_path):
    status, out, err = run(capsys, "evaluate", "synthetic", "--without-copies", "--split", "train")
    assert (status, out) == (2, "")
    assert "--without-copies needs another --split" in err


@pytest.mark.parametrize("options", [[], ["--split", "train"], ["--against", "votes"], ["--without-copies"]])
def test_both_spellings_print_the_same_figures(capsys, tmp_path, options):
    files = with_copies()
    votes = tmp_path / "votes.csv"
    votes.write_text(
        "\n".join([",".join(["image", *VOTE_COLUMNS]), *(f"{name},9{',0' * 9}" for name in files)])
    )
    source = write_folder(tmp_path / "faces", files)
    run(capsys, "datasets", "import", source, "--name", "mine", "--votes", votes)
    first = run(capsys, "evaluate", "mine", "--model", "crowd", *options, "--json")
    assert first[0] == 0
    shutil.rmtree(cache.results_folder())
    second = run(capsys, "models", "evaluate", "crowd", "mine", *options, "--json")
    printed = [json.loads(out) | {"seconds": 0} for _, out, _ in (first, second)]
    assert printed[0] == printed[1]
    assert first[2] == second[2]  # what is said about the faces, too
    words = [
        run(capsys, *command, *options)[1]
        for command in (["evaluate", "mine", "--model", "crowd"], ["models", "evaluate", "crowd", "mine"])
    ]
    assert words[0] == words[1]
    assert f"crowd on mine, {printed[0]['split']}, by {printed[0]['against']}: accuracy" in words[0]
    assert "95 % interval" in words[0]
    assert "mean recall" in words[0]


def test_what_models_evaluate_has_always_printed(capsys):
    status, out, _ = run(capsys, "models", "evaluate", "crowd", "synthetic", "--json")
    assert status == 0
    content = json.loads(out)
    assert (content["model"], content["dataset"], content["split"], content["n"]) == (
        "crowd",
        "synthetic",
        "test",
        12,
    )
    assert 0 <= content["overall"]["low"] <= content["accuracy"] <= content["overall"]["high"] <= 1
    assert content["confusion"] == content["confusion_matrix"]
    keys = ("reliability", "coverage", "copies", "agreement", "excluded", "unclear", "against", "seconds")
    assert set(keys) <= set(content)


def test_missing_split(capsys, tmp_path):
    source = write_folder(tmp_path / "faces", faces_by_name(7, "train"))
    status, _, err = run(capsys, "evaluate", source)
    assert status == 1
    assert "no split called 'test'; it has: train" in err


def test_evaluate_against_what_most_people_saw(capsys, tmp_path):
    files = faces_by_name(21, "test") | faces_by_name(21, "train", seed=1)
    source = write_folder(tmp_path / "faces", files)
    names = sorted(name for name in files if name.startswith("test/"))
    neutral, no_face = "10,0,0,0,0,0,0,0,0,0", "0,0,0,0,0,0,0,0,0,10"
    rows = [f"{name},{no_face if number < 6 else neutral}" for number, name in enumerate(names)]
    votes = tmp_path / "votes.csv"
    votes.write_text("\n".join([",".join(["image", *VOTE_COLUMNS]), *rows]))
    assert main(["datasets", "import", str(source), "--name", "mine", "--votes", str(votes)]) == 0
    capsys.readouterr()
    status, out, _ = run(capsys, "evaluate", "mine", "--against", "votes", "--json")
    content = json.loads(out)
    assert status == 0
    assert content["n"] == 15  # of the others, most people said that they are no faces
    assert content["per_class"]["neutral"]["support"] == 15


@pytest.mark.parametrize(
    ("source", "message"),
    [("synthetic", "has no votes attached"), ("path", "Only an imported dataset has votes")],
)
def test_evaluate_against_votes_that_are_not_there(capsys, tmp_path, source, message):
    if source == "path":
        source = write_folder(tmp_path / "faces", faces_by_name(21, "test"))
    status, _, err = run(capsys, "evaluate", source, "--against", "votes")
    assert status == 1
    assert message in err


def test_compare(capsys):
    registry.add_model(CROWD, "mine")
    status, out, _ = run(capsys, "models", "compare", "crowd", "mine", "synthetic")
    assert (status, out) == (0, "crowd and mine are right and wrong on the very same faces.\n")
    status, out, _ = run(capsys, "models", "compare", "crowd", "mine", "synthetic", "--json")
    assert json.loads(out)["p_value"] == 1


@pytest.mark.slow
def test_robustness(capsys):
    status, out, _ = run(capsys, "models", "robustness", "crowd", "synthetic")
    assert status == 0
    assert "crowd on 12 faces, by labels" in out
    assert "JPEG quality" in out
    status, out, _ = run(capsys, "models", "robustness", "crowd", "small", "synthetic", "--json")
    assert [json.loads(line)["model"] for line in out.splitlines()] == ["crowd", "small"]
    assert len(json.loads(out.splitlines()[0])["curves"]) == 8


@pytest.mark.parametrize("source", ["x" * 300, "~nobody-of-that-name/faces"])
@pytest.mark.parametrize("command", [["evaluate"], ["train", "--detach", "--dataset"]])
def test_a_path_that_cannot_be_is_one_sentence(capsys, command, source):
    assert main([*command, source]) == 1
    assert len(capsys.readouterr().err.splitlines()) <= 4
