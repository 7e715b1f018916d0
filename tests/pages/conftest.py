import functools
import gc

import pytest
from streamlit.components.v2 import manifest_scanner

from emotion.dataset import store
from emotion.dataset.stored_dataset import read_stored


@pytest.fixture(scope="module", autouse=True)
def _what_is_loaded_is_no_garbage():
    """After each drawing Streamlit looks for garbage among all that the process holds: where other tests have
    loaded Keras, that takes many times as long as the drawing."""
    gc.collect()
    gc.freeze()


_scanned_once = functools.cache(manifest_scanner.scan_component_manifests)


@pytest.fixture(autouse=True)
def _packages_are_scanned_once(monkeypatch):
    """Each app that is tested would read what all installed packages say of themselves, in search of
    components: ten times as long as drawing most pages."""
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", _scanned_once)


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    """The datasets that are opened from here on, one after the other."""
    names: list[str] = []

    def note(folder):
        names.append(folder.name)
        return read_stored(folder)

    monkeypatch.setattr(store, "read_stored", note)
    return names
