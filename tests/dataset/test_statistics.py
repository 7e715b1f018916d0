"""Tests of the figures of a dataset, against plain NumPy, and with next to nothing to count."""

import warnings

import numpy as np
import pytest

from emotion.dataset import statistics, store
from emotion.dataset.importing import import_dataset
from emotion.dataset.statistics import class_weights, compute_statistics, describe, imbalance_ratio
from emotion.labels import EMOTIONS
from emotion.synthetic.faces import generate
from tests.helpers import faces_by_name, write_folder


@pytest.fixture(autouse=True)
def _no_warnings():
    """A division by zero is a warning in NumPy; here it fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def test_figures_are_those_of_plain_numpy(monkeypatch):
    monkeypatch.setattr(statistics, "_BLOCK", 10)
    images, labels = generate(61, seed=2)
    figures = compute_statistics(images, labels)
    for label in range(len(EMOTIONS)):
        faces = images[labels == label].astype(np.float64)
        assert np.allclose(figures.mean_faces[label], faces.mean(axis=0), atol=1e-3)
        assert np.allclose(figures.deviation_faces[label], faces.std(axis=0), atol=1e-2)
        means = faces.mean(axis=(1, 2))
        expected = np.histogram(means, statistics.BRIGHTNESS_EDGES)[0]
        assert figures.brightness[label].tolist() == expected.tolist()
        assert figures.contrast[label].sum() == len(faces)


@pytest.mark.parametrize("value", [0, 255])
def test_extreme_pictures_are_in_the_histograms(value):
    images = np.full((1, 48, 48), value, np.uint8)
    images[0, ::2] = 255 - value if value else 0
    figures = compute_statistics(images, np.array([3]))
    assert figures.brightness.sum() == figures.contrast.sum() == 1


@pytest.mark.parametrize(("counts", "ratio"), [([7], 1), ([2, 0, 6], 3), ([0, 0, 0, 0, 0, 0, 1], 1)])
def test_missing_classes_give_zeros_and_no_nan(counts, ratio):
    labels = np.repeat(np.arange(len(counts)), counts)
    images = np.full((len(labels), 48, 48), 9, np.uint8)
    figures = compute_statistics(images, labels)
    for array in (figures.mean_faces, figures.deviation_faces):
        assert np.isfinite(array).all()
        assert array.shape == (7, 48, 48)
        assert array.dtype == np.float32
    assert imbalance_ratio(counts) == ratio
    assert imbalance_ratio([0] * 7) == 0


def test_class_weights_make_the_classes_count_the_same():
    labels = np.repeat([0, 3, 6], [1, 2, 7])
    weights = class_weights(labels)
    assert weights == {0: pytest.approx(10 / 3), 3: pytest.approx(10 / 6), 6: pytest.approx(10 / 21)}
    assert sum(weights[label] for label in labels) == pytest.approx(len(labels))
    assert class_weights(np.arange(7)) == dict.fromkeys(range(7), 1.0)
    assert class_weights(np.zeros(0, int)) == {}


def test_they_are_computed_once(tmp_path, monkeypatch):
    import_dataset(write_folder(tmp_path / "faces", faces_by_name(7)), "mine")
    monkeypatch.setattr(statistics, "compute_statistics", None)  # the import has done it
    dataset = store.open_dataset("mine")
    assert describe(dataset).brightness.sum() == 7
    monkeypatch.undo()


def test_a_damaged_cache_is_computed_anew(tmp_path, monkeypatch):
    import_dataset(write_folder(tmp_path / "faces", faces_by_name(7)), "mine")
    dataset = store.open_dataset("mine")
    (file,) = (dataset.folder / "cache").iterdir()
    for content in (b"", b"junk", file.read_bytes()[:-50]):
        file.write_bytes(content)
        assert describe(dataset).brightness.sum() == 7
