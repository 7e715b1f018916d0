"""Neither training nor Keras is started here."""

import shutil

import pytest

from emotion.jobs.jobs import Jobs
from emotion.training.config import RunConfig


@pytest.fixture(autouse=True)
def asked(monkeypatch) -> list[tuple[str, RunConfig]]:
    """What Keras was asked; it does not answer here, as starting it takes longer than all these tests."""
    questions: list[tuple[str, RunConfig]] = []

    def start(self, key, title, arguments, limits, lane, folder):
        questions.append((arguments[-1], RunConfig.from_json((folder / "config.json").read_text())))
        shutil.rmtree(folder)

    monkeypatch.setattr(Jobs, "start", start)
    return questions


@pytest.fixture(autouse=True)
def _nothing_trains(sleepers):
    """What would train here only sleeps."""
