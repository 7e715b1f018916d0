"""What several rooms' tests share: a home of their own, a photograph, the shipped model, sleeping runs."""

import functools
import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from emotion import paths
from emotion.evaluation import timing
from emotion.images import read_image
from emotion.models.classifier import Classifier
from emotion.photos.analysis import Analyzer
from emotion.runs import launcher
from emotion.synthetic import faces
from tests.runs.stand_in import Sleepers

# TensorFlow's greetings would bury what a failing test has to say.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_drawn_once = functools.cache(faces.draw_face)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory, monkeypatch):
    """Runs and trained models of a test never reach the project's folders."""
    monkeypatch.setenv("EMOTION_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(autouse=True)
def _few_built_in_faces(monkeypatch):
    """Drawing all 2,100 takes many seconds."""
    monkeypatch.setattr("emotion.dataset.store.BUILTIN_FACES", 70)


@pytest.fixture(autouse=True)
def _each_face_is_drawn_once(monkeypatch):
    """Equal arguments give equal pixels, and a test has the built-in faces in a home of its own."""
    monkeypatch.setattr(faces, "draw_face", _drawn_once)


@pytest.fixture(autouse=True)
def _timing_is_short(monkeypatch):
    """No test says how fast a model is."""
    monkeypatch.setattr(timing, "ROUNDS", 1)
    monkeypatch.setattr(timing, "_WARM_UP", 0)


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


@pytest.fixture
def sleepers(monkeypatch):
    """The processes of runs, which only sleep."""
    sleepers = Sleepers()
    monkeypatch.setattr(launcher, "start", sleepers.start)
    yield sleepers
    sleepers.kill_all()
