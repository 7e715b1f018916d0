"""What all tests share: a home of their own, the test photograph, the shipped model."""

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from emotion import paths
from emotion.images import read_image
from emotion.models.classifier import Classifier
from emotion.photos.analysis import Analyzer

# TensorFlow's greetings would bury what a failing test has to say.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory, monkeypatch):
    """Runs and trained models of a test never reach the project's folders."""
    monkeypatch.setenv("EMOTION_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def astronaut_path() -> Path:
    """NASA's portrait of Eileen Collins, public domain, as scikit-image carries it: one smiling face."""
    return Path(find_spec("skimage").submodule_search_locations[0]) / "data" / "astronaut.png"


@pytest.fixture(scope="session")
def astronaut(astronaut_path) -> np.ndarray:
    return read_image(astronaut_path)


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    return Classifier(paths.shipped_models_folder() / "crowd")


@pytest.fixture(scope="session")
def analyzer(classifier) -> Analyzer:
    return Analyzer(classifier)
