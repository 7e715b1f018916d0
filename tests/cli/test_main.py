import json
import subprocess
import sys

import numpy as np
import pytest

from emotion import paths
from emotion.cli.main import main
from emotion.dataset import store
from emotion.dataset.reading.sources import read_dataset
from emotion.dataset.votes import VOTE_COLUMNS
from emotion.labels import EMOTIONS
from tests.helpers import PATIENCE, csv_text, faces_by_name, write_folder, zip_bytes


def run(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_analyze_json(capsys, astronaut_path):
    status, out, err = run(capsys, "analyze", astronaut_path, "--json")
    assert (status, err) == (0, "")
    (line,) = out.splitlines()
    content = json.loads(line)
    assert content["path"] == str(astronaut_path)
    assert (content["width"], content["height"], content["error"]) == (512, 512, None)
    (face,) = content["faces"]
    assert face["emotion"] == "happy"
    assert len(face["box"]) == 4
    assert list(face["probabilities"]) == list(EMOTIONS)


def test_a_bad_file_does_not_stop_the_others(capsys, tmp_path, astronaut_path):
    bad = tmp_path / "bad.jpg"
    bad.write_text("hello")
    status, out, _ = run(capsys, "analyze", bad, tmp_path / "missing.png", astronaut_path, "--json")
    assert status == 1
    contents = [json.loads(line) for line in out.splitlines()]
    assert [bool(content["error"]) for content in contents] == [True, True, False]
    assert contents[0]["faces"] == []
    assert contents[2]["faces"]


def test_analyze_a_folder_in_words(capsys, tmp_path, astronaut_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(astronaut_path.read_bytes())
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    status, out, err = run(capsys, "analyze", tmp_path)
    assert (status, err) == (0, "")
    assert "1 face\n" in out
    assert "  1: happy " in out


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
    assert set(content) == {"model", "n", "accuracy", "macro_f1", "ece", "per_class", "confusion_matrix"}
    assert (content["model"], content["n"]) == ("crowd", 14)
    status, out, _ = run(capsys, "evaluate", source, "--split", "train")
    assert status == 0
    assert "on 7 faces: accuracy" in out


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
    assert "4 of 14 faces also stand in the training split and are left out.\n" in err


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
    assert f"{told} faces also stand in the training split and are left out.\n" in err


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "nowhere"], "There is no dataset at nowhere."),
        (["analyze", "x.png", "--model", "nope"], "There is no model 'nope'; choose from: crowd"),
    ],
)
def test_failures_in_one_sentence(capsys, arguments, message):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (1, "")
    assert message in err


def test_missing_split(capsys, tmp_path):
    source = write_folder(tmp_path / "faces", faces_by_name(7, "train"))
    status, _, err = run(capsys, "evaluate", source)
    assert status == 1
    assert "no split called 'test'; it has: train" in err


@pytest.mark.parametrize("arguments", [[], ["analyze"], ["evaluate", "x", "--split", "x"], ["juggle"]])
def test_wrong_usage(arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


@pytest.mark.slow
def test_as_a_program_with_its_reader_gone(astronaut_path):
    command = [sys.executable, "-m", "emotion", "analyze", *[str(astronaut_path)] * 3, "--json"]
    process = subprocess.Popen(
        command, cwd=paths.PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().startswith('{"path"')
    process.stdout.close()
    assert process.wait(timeout=PATIENCE) == 0
    assert "Traceback" not in process.stderr.read()


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
    [("synthetic", "Only an imported dataset has votes"), ("path", "Only an imported dataset has votes")],
)
def test_evaluate_against_votes_that_are_not_there(capsys, tmp_path, source, message):
    if source == "path":
        source = write_folder(tmp_path / "faces", faces_by_name(21, "test"))
    status, _, err = run(capsys, "evaluate", source, "--against", "votes")
    assert status == 1
    assert message in err
