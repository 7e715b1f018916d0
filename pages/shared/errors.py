"""What stands in for a part of a page that cannot be drawn."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from emotion.errors import ReadableError
from pages.shared.text import escape_markdown


@contextmanager
def error_ends_page(icon: str) -> Iterator[None]:
    """Tell what goes wrong in the block, if it is for people to read; end the page, or its window, there.

    Args:
        icon: the name of a Material icon.
    """
    try:
        yield
    except ReadableError as error:
        st.error(escape_markdown(str(error)), icon=f":material/{icon}:")
        st.stop()
