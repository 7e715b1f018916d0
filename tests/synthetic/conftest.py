import pytest


@pytest.fixture(autouse=True)
def _each_face_is_drawn_once():
    """Here, each is drawn as often as it is asked for."""
