import pytest


@pytest.fixture(autouse=True)
def _few_built_in_faces(monkeypatch):
    """Drawing 2,100 faces anew for every test would take minutes."""
    monkeypatch.setattr("emotion.dataset.store.BUILTIN_FACES", 70)
