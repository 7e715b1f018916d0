"""`python -m emotion video`."""

import json

import pytest

from emotion.cli.main import main
from emotion.recordings import store
from tests.video.films import ANNA, acted_film, shots


@pytest.fixture(scope="module")
def acted(tmp_path_factory):
    return acted_film(tmp_path_factory.mktemp("acted") / "two people.mp4")


def run(capsys, *arguments):
    status = main(["video", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_command_prints_one_object_a_recording(capsys, acted, tmp_path):
    bad = tmp_path / "bad.mp4"
    bad.write_text("no film")
    status, out, err = run(capsys, bad, acted, "--fps", "1", "--from", "0:02", "--to", "5", "--json")
    assert status == 1
    assert err.startswith(f"{bad}: This file is not a film")
    (line,) = out.splitlines()
    told = json.loads(line)
    assert (told["frames"], told["people"], told["first_second"], told["last_second"]) == (3, 2, 2.0, 5.0)
    assert told["state"] == "finished"


def test_a_truncated_film_is_kept_and_told(capsys, acted, tmp_path):
    data = shots(
        tmp_path / "whole.mp4", (9, (ANNA, "happy", 0, 60)), rate=30, header={"movflags": "faststart"}
    ).read_bytes()
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data[: len(data) * 3 // 4])
    status, out, err = run(capsys, broken, "--fps", "2")
    assert status == 1
    assert out.startswith("broken: ")
    assert "the film" in err
    (recording,) = store.list_recordings()
    assert recording.problems


@pytest.mark.parametrize(
    "arguments",
    [
        ["--every", "0"], ["--every", "x"], ["--fps", "0"], ["--fps", "nan"], ["--from", "soon"],
        ["--fps", "5", "--all"], ["--smoothing", "2"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage(capsys, acted, arguments):
    with pytest.raises(SystemExit) as ended:
        main(["video", str(acted), *arguments])
    assert ended.value.code == 2
