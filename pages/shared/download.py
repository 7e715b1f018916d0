"""A button that hands out a file."""

import mimetypes
from collections.abc import Callable

import streamlit as st


def download(
    label: str,
    make: Callable[[], str | bytes],
    file_name: str,
    key: str | None = None,
    disabled: bool = False,
    icon: str | None = ":material/download:",
) -> None:
    """Draw the button; nothing is made before it is asked for, and the page stays as it is.

    Args:
        label: of the button.
        make: gives the content of the file.
        file_name: what it is called; its ending says what it is.
        key: tells the button from others on the page that look the same.
        disabled: whether there is nothing to hand out.
        icon: of the button.
    """
    kind, _ = mimetypes.guess_type(file_name)
    st.download_button(label, make, file_name, kind, key, on_click="ignore", disabled=disabled, icon=icon)
