"""Text that people bring, shown as it is; numbers of things in words."""

import re


def escape_markdown(text: str) -> str:
    """Return `text` so that Markdown shows its characters instead of obeying them."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-!|$:~.&])", r"\\\1", text)


def counted(count: int, noun: str) -> str:
    """Return a number of things in words: "1 face", "1,200 faces"."""
    return f"{count:,} {noun}{'s' * (count != 1)}"
