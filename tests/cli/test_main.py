import json
import subprocess
import sys

import pytest

from emotion import paths
from emotion.cli.main import main
from emotion.labels import EMOTIONS
from tests.helpers import PATIENCE


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


@pytest.mark.parametrize("ending", ["jfif", "jpe", "JPG", "apng"])
def test_no_picture_in_a_folder_is_left_out_for_its_name(capsys, tmp_path, astronaut_path, ending):
    (tmp_path / f"a.{ending}").write_bytes(astronaut_path.read_bytes())
    status, out, _ = run(capsys, "analyze", tmp_path)
    assert status == 0
    assert "1 face" in out


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_folder_without_pictures_says_so(capsys, tmp_path, astronaut_path, options):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("no picture")
    status, out, err = run(capsys, "analyze", tmp_path / "empty", astronaut_path, *options)
    assert status == 1
    assert "There is no picture in this folder; looked for are files whose names end in jpg" in out + err
    assert "happy" in out


def test_what_is_to_be_said_of_a_picture_is_said(capsys, tmp_path, astronaut_path):
    data = astronaut_path.read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) * 9 // 10])
    status, out, _ = run(capsys, "analyze", tmp_path / "cut.png")
    assert status == 0
    assert "  The file is cut off: only the upper" in out
    status, out, _ = run(capsys, "analyze", tmp_path / "cut.png", "--json")
    assert json.loads(out)["notes"][0].startswith("The file is cut off")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "nowhere"], "There is no dataset called 'nowhere'; known are: synthetic"),
        (["analyze", "x.png", "--model", "nope"], "There is no model 'nope'; choose from: crowd"),
    ],
)
def test_failures_in_one_sentence(capsys, arguments, message):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (1, "")
    assert message in err


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
