"""Tests of imports: all forms end as the same dataset; cancelled, killed and rival ones leave nothing."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from emotion import paths
from emotion.dataset import importing, store, writer
from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.importing import import_dataset, name_from
from emotion.dataset.reading.sources import read_dataset
from emotion.errors import FileError
from emotion.synthetic.faces import generate
from tests.helpers import PATIENCE, csv_text, faces_by_name, png_bytes, write_folder, zip_bytes

FILES = faces_by_name(14, "train") | faces_by_name(7, "test", seed=5)


def left_behind() -> list[str]:
    return [path.name for path in store.datasets_folder().glob("*")] if paths.home().exists() else []


def write_source(tmp_path, form):
    path = tmp_path / "faces"
    if form == "folder":
        return write_folder(path, FILES)
    if form == "zip":
        path.write_bytes(zip_bytes(FILES))
    else:
        images, labels = generate(21, seed=3)
        path.write_text(
            csv_text(images, labels, ["Training"] * 14 + ["PublicTest"] * 3 + ["PrivateTest"] * 4)
        )
    return path


@pytest.mark.parametrize("form", ["folder", "zip", "csv"])
def test_an_import_holds_what_the_reader_reads(tmp_path, form):
    source = write_source(tmp_path, form)
    report = import_dataset(source, "mine")
    stored, read = store.open_dataset("mine").faces, read_dataset(source)
    assert np.array_equal(stored.images, read.images)
    assert np.array_equal(stored.labels, read.labels)
    assert stored.labels.dtype == read.labels.dtype
    assert stored.splits.tolist() == read.splits.tolist()
    assert stored.names.tolist() == read.names.tolist()
    assert report.skipped == ()
    assert report.description == store.open_dataset("mine").description
    assert report.description.source == "faces"
    assert report.description.split_sizes() == {"train": 14, "test": 7}


def test_what_was_left_out_is_reported_and_kept(tmp_path):
    files = FILES | {"train/sad/=bad.png": b"junk", "=train/contempt/x.png": b""}
    report = import_dataset(write_folder(tmp_path / "faces", files), "mine")
    assert report.description.skipped == 2
    assert report.to_csv().splitlines()[0] == "where,reason"
    assert "'=train/contempt/x.png,'contempt' is not one of the seven" in report.to_csv()
    assert set(store.open_dataset("mine").skipped_items()) == set(report.skipped)


def test_progress(tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "_INTERVAL", 0)
    seen = []
    import_dataset(write_source(tmp_path, "zip"), "mine", lambda *progress: seen.append(progress))
    assert seen == [*((done, 21) for done in range(1, 22)), (21, 21)]


@pytest.mark.parametrize("after", [1, 5, 22])
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_import_that_is_ended_on_the_way_leaves_nothing(tmp_path, monkeypatch, after, error):
    monkeypatch.setattr(importing, "_INTERVAL", 0)
    seen = []

    def end(*progress):
        seen.append(progress)
        if len(seen) == after:
            raise error

    with pytest.raises(error):
        import_dataset(write_source(tmp_path, "zip"), "mine", end)
    assert left_behind() == []


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer.DatasetWriter, "add", fail)
    with pytest.raises(FileError, match="No space left on device"):
        import_dataset(write_source(tmp_path, "zip"), "mine")
    assert left_behind() == []


KILLED = """
import os, signal, sys
from emotion.dataset import importing
importing._INTERVAL = 0
def kill(done, total):
    if done == 10:
        os.kill(os.getpid(), signal.SIGKILL)
importing.import_dataset(sys.argv[1], "mine", kill)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL")
def test_a_killed_import_is_no_dataset_and_is_swept_up(tmp_path):
    source = write_source(tmp_path, "zip")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(source)], cwd=paths.PROJECT, check=False)
    assert killed.returncode == -signal.SIGKILL
    (partial,) = store.datasets_folder().iterdir()
    with pytest.raises(DatasetError, match="There is no dataset"):
        store.open_dataset("mine")
    hour_ago = time.time() - 3600
    os.utime(partial, (hour_ago, hour_ago))
    import_dataset(source, "mine")
    assert left_behind() == ["mine"]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps open files by itself")
def test_a_running_import_is_not_swept_up(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "_GRACE_SECONDS", 0)
    with writer.DatasetWriter(store.dataset_folder("slow")) as running:
        import_dataset(write_source(tmp_path, "zip"), "mine")
        assert running.folder.exists()
    assert left_behind() == ["mine"]


def test_of_two_imports_of_one_name_one_wins(tmp_path, monkeypatch):
    source = write_source(tmp_path, "zip")
    barrier = threading.Barrier(2)
    outcomes = []

    def run():
        try:
            met = []
            outcomes.append(
                import_dataset(
                    source, "mine", lambda done, total: met or (met.append(1), barrier.wait(PATIENCE))
                )
            )
        except DatasetError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refusals = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert len(outcomes) == 2
    assert len(refusals) == 1
    assert "There is already a dataset called 'mine'" in refusals[0]
    assert left_behind() == ["mine"]
    assert len(store.open_dataset("mine")) == 21


def test_a_taken_name_is_refused_before_anything_is_read(tmp_path):
    source = write_source(tmp_path, "zip")
    import_dataset(source, "mine")
    with pytest.raises(DatasetError, match="already a dataset called 'mine'; choose another name"):
        import_dataset(tmp_path / "missing", "mine")
    assert len(store.open_dataset("mine")) == 21


@pytest.mark.parametrize("name", ["synthetic", "../x", ".hidden", "a/b", "x" * 61, "é", "a b", "-x", "x."])
def test_impossible_names(tmp_path, name):
    with pytest.raises(DatasetError, match="name"):
        import_dataset(write_source(tmp_path, "zip"), name)
    assert left_behind() == []


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("a/fer2013.zip", "fer2013"),
        ("My faces (1).csv", "My-faces-1"),
        ("…", "dataset"),
        ("../../x.y.zip", "x-y"),
    ],
)
def test_the_name_comes_from_the_source(source, name):
    assert name_from(source) == name


@pytest.mark.parametrize("files", [{"readme.txt": b"x"}, {"train/happy/x.png": b"junk"}])
def test_a_source_without_faces_leaves_nothing(tmp_path, files):
    with pytest.raises(DatasetError, match="holds no labelled faces"):
        import_dataset(write_folder(tmp_path / "faces", files))
    assert left_behind() == []


def test_one_face_is_a_dataset(tmp_path):
    face = next(iter(FILES.values()))
    import_dataset(write_folder(tmp_path / "faces", {"happy/a.png": face}), "one")
    dataset = store.open_dataset("one")
    assert dataset.faces.splits.tolist() == ["train"]
    assert "too few faces" in dataset.description.split_note


def test_a_made_split_is_said(tmp_path):
    images, labels = generate(84, seed=1)
    files = {
        f"{label}/{i}.png": png_bytes(image)
        for i, (image, label) in enumerate(zip(images, labels, strict=True))
    }
    report = import_dataset(write_folder(tmp_path / "faces", files), "mine")
    assert report.description.split_sizes() == {"train": 70, "test": 14}
    assert set(report.description.counts["test"].values()) == {2}
    assert "a sixth of each class" in report.description.split_note
