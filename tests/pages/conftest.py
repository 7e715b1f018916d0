import pytest

from emotion.dataset import store
from emotion.dataset.stored_dataset import read_stored


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    """The datasets that are opened from here on, one after the other."""
    names: list[str] = []

    def note(folder):
        names.append(folder.name)
        return read_stored(folder)

    monkeypatch.setattr(store, "read_stored", note)
    return names
