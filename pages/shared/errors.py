"""What stands in for a part of a page that cannot be drawn."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import streamlit as st

from emotion.errors import ReadableError
from pages.shared.text import escape_markdown


@contextmanager
def errors_shown(icon: str, ends_page: bool = False) -> Iterator[None]:
    """Tell in place of the rest of the block what goes wrong in it, if that is for people to read.

    Args:
        icon: the name of a Material icon.
        ends_page: nothing below is drawn then.
    """
    try:
        yield
    except ReadableError as error:
        st.error(escape_markdown(str(error)), icon=f":material/{icon}:")
        if ends_page:
            st.stop()


def error_ends_page(icon: str) -> AbstractContextManager[None]:
    """Do as `errors_shown`, and end the page, or its window, there."""
    return errors_shown(icon, ends_page=True)


def attempt(change: Callable[[], object], key: str) -> bool:
    """Do something before the page is drawn anew, and return whether it went well.

    Args:
        change: what to do.
        key: `show_failure` of the same key says once what went wrong, if that is for people to read.
    """
    try:
        change()
    except ReadableError as error:
        st.session_state[key] = str(error)
        return False
    return True


def show_failure(key: str) -> None:
    """Draw what the last `attempt` of this key could not do; nothing where all went well."""
    if error := st.session_state.pop(key, None):
        st.error(escape_markdown(error), icon=":material/error:")
