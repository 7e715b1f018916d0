"""Files appear whole or not at all, and changes by several processes add up."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from emotion import files
from emotion.errors import FileError
from tests.helpers import at_once


@pytest.mark.parametrize(
    ("write", "read", "content"),
    [
        (files.write_text, lambda path: path.read_text(encoding="utf-8"), "äöü\n"),
        (files.write_json, lambda path: json.loads(path.read_text(encoding="utf-8")), {"a": [1, "ß"]}),
        (files.write_arrays, lambda path: {key: value.tolist() for key, value in np.load(path).items()},
         {"x": [1, 2]}),
    ],
)  # fmt: skip
def test_what_is_written_can_be_read(tmp_path, write, read, content):
    path = tmp_path / "file.npz"
    path.write_text("before")
    write(path, content)
    assert read(path) == content
    assert [item.name for item in tmp_path.iterdir()] == ["file.npz"]


@pytest.mark.parametrize("path", [".", "..", "/"])
def test_what_is_no_file_cannot_be_written(path):
    with pytest.raises(FileError, match="could not be written"):
        files.write_text(Path(path), "")


def test_what_fails_halfway_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file.json"
    path.write_text("before")

    def fail_halfway():
        with files.replacing(path) as partial:
            partial.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail_halfway()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_partial_file_keeps_the_ending(tmp_path):
    with files.replacing(tmp_path / "best.weights.h5") as partial:
        assert partial.name.startswith(files.PARTIAL)
        assert partial.name.endswith(".weights.h5")
        partial.touch()


@pytest.mark.parametrize("place", ["missing/file.txt", "file/file.txt", "folder"])
def test_a_disk_that_refuses_gives_a_sentence(tmp_path, place):
    (tmp_path / "file").touch()
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(FileError, match=r"could not be written: .+\.$"):
        files.write_text(tmp_path / place, "x")


def test_what_killed_processes_left_is_swept_and_nothing_else(tmp_path):
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    (tmp_path / f".partial-{killed.pid}-0a1b2c3d-model.tflite").touch()
    (tmp_path / f".partial-{killed.pid}-0a1b2c3d-model" / "inside").mkdir(parents=True)
    (tmp_path / ".partial-ffffffffffff").mkdir()  # as an earlier version called it
    of_the_number_before = files.partial_of(tmp_path / "model.keras")
    of_the_number_before.touch()
    os.utime(of_the_number_before, (time.time(), 1e9))
    mine, visible = files.partial_of(tmp_path / "mine"), tmp_path / "model"
    mine.touch()
    visible.mkdir()
    files.sweep(tmp_path)
    assert set(tmp_path.iterdir()) == {mine, visible}
    files.sweep(tmp_path / "missing")


# Programs, not `multiprocessing`: that would run the main script anew, which is a page after a test of pages.
COUNT_UP = """
import json, sys
from pathlib import Path
from emotion import files

path = Path(sys.argv[1])
input()
for _ in range(25):
    with files.locked(path):
        files.write_json(path, json.loads(path.read_text()) + 1)
"""


@pytest.mark.slow
def test_no_change_of_several_processes_is_lost(tmp_path):
    path = tmp_path / "count.json"
    path.write_text("0")
    at_once(COUNT_UP, str(path), count=4)
    assert json.loads(path.read_text()) == 100


def test_a_lock_that_nobody_gives_back_ends_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_LOCK_SECONDS", 0.1)
    path = tmp_path / "file.json"
    with files.locked(path), pytest.raises(FileError, match="locked"), files.locked(path):
        raise AssertionError


@pytest.mark.skipif(os.name == "nt", reason="Windows protects no folder in this way")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_lock_in_a_folder_that_may_not_be_written(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(FileError, match="could not be changed"), files.locked(tmp_path / "file.json"):
        raise AssertionError
