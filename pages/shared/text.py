"""Text that people bring, shown as it is."""

import re


def escape_markdown(text: str) -> str:
    """Return `text` so that Markdown shows its characters instead of obeying them."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-!|$:~.&])", r"\\\1", text)
