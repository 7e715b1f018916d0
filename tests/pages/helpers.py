"""The app as Streamlit runs it, without a browser."""

from streamlit.testing.v1 import AppTest

from emotion import paths
from tests.helpers import PATIENCE


def new_app() -> AppTest:
    """The app, not run yet."""
    return AppTest.from_file(str(paths.PROJECT / "app.py"), default_timeout=PATIENCE)
