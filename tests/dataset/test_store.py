"""Tests of the datasets on disk: what opens, what is refused, what survives."""

import json
import shutil

import numpy as np
import pytest

from emotion.dataset import store
from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.importing import import_dataset
from emotion.dataset.stored_dataset import read_stored
from emotion.errors import FileError
from tests.helpers import at_once, faces_by_name, write_folder


@pytest.fixture
def mine(tmp_path):
    """A dataset of 14 training and 7 test faces."""
    files = faces_by_name(14, "train") | faces_by_name(7, "test", seed=5)
    import_dataset(write_folder(tmp_path / "faces", files), "mine")
    return store.open_dataset("mine")


def test_a_dataset_opens_as_it_was_imported(mine):
    assert len(mine) == 21
    assert isinstance(mine.faces.images, np.memmap)
    assert not mine.faces.images.flags.writeable
    assert mine.description.split_sizes() == {"train": 14, "test": 7}
    assert mine.description.counts["train"] == dict.fromkeys(mine.faces.class_counts(), 2)
    assert mine.description.fingerprint == mine.faces.fingerprint()
    assert mine.faces.names[0].startswith("test/")
    assert (mine.votes, mine.excluded.any(), mine.skipped_items()) == (None, False, ())


def test_the_built_in_faces_are_always_there_and_drawn_once(monkeypatch):
    monkeypatch.setattr(store, "BUILTIN_FACES", 21)
    assert [item.name for item in store.list_datasets()] == ["synthetic"]
    monkeypatch.setattr(store, "draw_dataset", None)  # no second time
    dataset = store.open_dataset("synthetic")
    assert dataset.description.split_sizes() == {"train": 17, "test": 4}
    with pytest.raises(DatasetError, match="cannot be deleted"):
        store.delete_dataset("synthetic")


def test_damaged_built_in_faces_are_drawn_anew(monkeypatch):
    monkeypatch.setattr(store, "BUILTIN_FACES", 21)
    folder = store.open_dataset("synthetic").folder
    (folder / "index.npy").unlink()
    assert len(store.open_dataset("synthetic")) == 21
    assert store.open_dataset("synthetic").description.name == "synthetic"


@pytest.mark.parametrize("name", ["exclusions.json", "votes.npy"])
def test_what_somebody_added_to_the_built_in_faces_is_not_thrown_away(name):
    added = store.open_dataset(store.SYNTHETIC).folder / name
    added.write_bytes(b"[{}]")
    with pytest.raises(DatasetError):
        store.open_dataset(store.SYNTHETIC)
    assert added.read_bytes() == b"[{}]"


def test_list_leaves_out_what_is_damaged(mine, monkeypatch):
    monkeypatch.setattr(store, "BUILTIN_FACES", 21)
    root = store.datasets_folder()
    (root / "empty").mkdir()
    (root / "broken").mkdir()
    (root / "broken" / "description.json").write_text("{}")
    (root / "notes.txt").write_text("hello")
    assert [item.name for item in store.list_datasets()] == ["synthetic", "mine"]


@pytest.mark.parametrize("name", ["nope", "../mine", "", ".", "..", "a/b", ".synthetic-v1"])
def test_an_unknown_name_is_answered_with_the_known_ones(mine, name):
    for action in (store.open_dataset, store.delete_dataset, store.clear_exclusions):
        with pytest.raises(DatasetError, match=r"There is no dataset called .*; known are: synthetic, mine"):
            action(name)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("images.npy", b""),
        ("images.npy", b"junk"),
        ("index.npy", b"junk"),
        ("index.npy", None),
        ("description.json", b"[]"),
        ("description.json", b"\xff"),
        ("description.json", b'{"format": 99}'),
    ],
)
def test_a_damaged_dataset_is_one_sentence(mine, file, content):
    path = mine.folder / file
    path.unlink()  # not overwritten: the fixture still has the old one mapped
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"'mine'.*import it again"):
        store.open_dataset("mine")


def test_pictures_cut_short_are_noticed(mine):
    path = mine.folder / "images.npy"
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[:-100])
    with pytest.raises(DatasetError, match="damaged"):
        store.open_dataset("mine")


def test_delete_leaves_nothing(mine):
    store.delete_dataset("mine")
    assert list(store.datasets_folder().iterdir()) == []


def test_exclusions_add_up_and_can_be_cleared(mine):
    store.exclude("mine", np.array([3, 1, 3]), "copies")
    store.exclude("mine", np.array([5]), "no face")
    store.exclude("mine", np.array([], int), "nothing")
    dataset = store.open_dataset("mine")
    assert np.flatnonzero(dataset.excluded).tolist() == [1, 3, 5]
    assert len(dataset.without_excluded()) == 18
    assert json.loads((dataset.folder / "exclusions.json").read_text())[0]["reason"] == "copies"
    store.clear_exclusions("mine")
    store.clear_exclusions("mine")  # nothing to clear is no mistake
    assert len(store.open_dataset("mine").without_excluded()) == 21


@pytest.mark.parametrize("indices", [[-1], [0, 21]])
def test_only_faces_of_the_dataset_can_be_excluded(mine, indices):
    with pytest.raises(ValueError, match="between 0 and 20"):
        store.exclude("mine", np.array(indices), "x")


@pytest.mark.slow
def test_several_programs_exclude_at_once(mine):
    code = (
        "import sys, numpy as np; from emotion.dataset import store\nsys.stdin.readline()\n"
        "for number in range(7):\n    store.exclude('mine', np.array([3 * number + int(sys.argv[1])]), 'x')"
    )
    at_once(code)
    assert store.open_dataset("mine").excluded.all()


@pytest.mark.parametrize(
    "content", ["[[", "7", "[7]", "[{}]", '[{"reason": "x"}]', '[{"reason": "x", "indices": [null]}]', "{}x"]
)
def test_an_unreadable_exclusion_list_is_not_taken_for_none(mine, content):
    (mine.folder / "exclusions.json").write_text(content)
    for act in (lambda: store.open_dataset("mine"), lambda: store.exclude("mine", np.array([1]), "x")):
        with pytest.raises(DatasetError, match=r"list of .mine. cannot be read; remove .*json, and"):
            act()
    store.clear_exclusions("mine")
    assert not store.open_dataset("mine").excluded.any()


@pytest.mark.parametrize(
    "act", [lambda: store.exclude("mine", np.array([1]), "x"), lambda: store.clear_exclusions("mine")]
)
def test_a_disk_that_refuses_is_one_sentence(mine, act):
    (mine.folder / ".exclusions.json.lock").mkdir()
    with pytest.raises(FileError, match=r"exclusions.json could not be"):
        act()


def test_an_open_dataset_outlives_its_folder(mine):
    before = mine.faces.images.copy()
    copy = shutil.copytree(mine.folder, mine.folder.with_name("kept"))
    store.delete_dataset("mine")
    assert np.array_equal(mine.faces.images, before)
    assert np.array_equal(read_stored(copy).faces.images, before)
