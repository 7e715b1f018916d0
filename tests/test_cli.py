import json
import subprocess
import sys

import pytest

from emotion import paths
from emotion.cli import main
from emotion.dataset.votes import VOTE_COLUMNS
from emotion.labels import EMOTIONS
from tests.helpers import faces_by_name, write_folder, zip_bytes


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
    status, out, _ = run(capsys, "evaluate", source, "--json")
    assert status == 0
    content = json.loads(out)
    assert set(content) == {"model", "n", "accuracy", "macro_f1", "ece", "per_class", "confusion_matrix"}
    assert (content["model"], content["n"]) == ("base", 14)
    status, out, _ = run(capsys, "evaluate", source, "--split", "train")
    assert status == 0
    assert "on 7 faces: accuracy" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "nowhere"], "There is no dataset at nowhere."),
        (["analyze", "x.png", "--model", "nope"], "There is no model 'nope'; choose from: base"),
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


def test_as_a_program_with_its_reader_gone(astronaut_path):
    command = [sys.executable, "-m", "emotion", "analyze", *[str(astronaut_path)] * 3, "--json"]
    process = subprocess.Popen(
        command, cwd=paths.PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().startswith('{"path"')
    process.stdout.close()
    assert process.wait(timeout=60) == 0
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
