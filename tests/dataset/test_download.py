"""Tests of the download, with a stand-in for kagglehub: nothing here goes online."""

import sys
from types import SimpleNamespace

import pytest

from emotion.dataset.download import download_fer2013
from emotion.dataset.face_dataset import DatasetError


def test_without_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(DatasetError, match=r"pip install -r requirements-optional\.txt"):
        download_fer2013()


@pytest.mark.parametrize("error", [ConnectionError("no route"), ValueError("odd"), KeyError("x")])
def test_without_a_network(monkeypatch, error):
    def fail(name):
        raise error

    monkeypatch.setitem(sys.modules, "kagglehub", SimpleNamespace(dataset_download=fail))
    with pytest.raises(DatasetError, match=r"check the network.*import the zip\.$"):
        download_fer2013()


def test_with_both(monkeypatch, tmp_path):
    asked = []
    library = SimpleNamespace(dataset_download=lambda name: asked.append(name) or str(tmp_path))
    monkeypatch.setitem(sys.modules, "kagglehub", library)
    assert download_fer2013() == tmp_path
    assert asked == ["msambare/fer2013"]
