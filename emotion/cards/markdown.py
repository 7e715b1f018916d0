"""Markdown made of figures and of text that people bring."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from typing import Any


def plain(text: Any) -> str:
    """Return text that people bring, on one line, so that Markdown shows its characters and obeys none."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$&])", r"\\\1", " ".join(str(text).split()))


def shell_word(text: Any) -> str:
    """Return text that people bring as one word of a shell command, on one line."""
    return shlex.quote(" ".join(str(text).split()))


def percent(share: float, digits: int = 1) -> str:
    """Return a share, 0 to 1, in percent."""
    return f"{100 * share:.{digits}f} %"


def table(header: Iterable[Any], rows: Iterable[Iterable[Any]]) -> str:
    """Return a table of cells that are Markdown already, or whole numbers, which get commas."""
    lines = [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in (header, *rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code_block(lines: Iterable[str]) -> str:
    """Return lines that are shown as they are."""
    return "\n".join(["```", *lines, "```"])
