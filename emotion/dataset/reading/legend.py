"""What numbers mean by a file that lies with them: `0 angry`, `1: Surprise`, a list, JSON or YAML."""

import json
import re
from collections.abc import Iterable

from emotion.dataset.reading.words import emotion_of

_LINE = re.compile(
    r"""^[\s"'{\[*|-]*(\d{1,3})[\s"']*[\s:=,;.)|\t>-]+\s*["']?([^\W\d][^\d"',;|:]*?)["',}\]|\s]*$"""
)
_REVERSED = re.compile(
    r"""^[\s"'{\[*|-]*([^\W\d][^\d"',;|:=]*?)["']?[\s:=,;|\t>-]+["']?(\d{1,3})["',}\]|\s]*$"""
)
_ITEMS = re.compile(r"""\s*["']?([^\W\d][\w .-]*?)["']?\s*""")


def read_legend(text: str) -> dict[int, str]:
    """Return number -> emotion or "none", as far as a small text file says it; empty where it does not."""
    numbered: dict[int, str] = {}
    for number, name in _numbered(text):
        meant = emotion_of(name)
        if meant is not None and numbered.setdefault(number, meant) != meant:
            return {}  # it speaks of two orders
    return numbered or _listed(list_of_names(text))


def list_of_names(text: str) -> list[str]:
    """Return the names that a text lists: one a line, or `names: [...]`, or a JSON or YAML list."""
    try:
        content = json.loads(text)
    except ValueError:
        pass
    else:
        names = content.get("names") if isinstance(content, dict) else content
        return [str(name) for name in names] if isinstance(names, list) else []
    inline = re.search(r"^\s*names\s*:\s*\[(.*?)\]", text, re.MULTILINE | re.DOTALL)
    if inline:
        return [part.strip().strip("\"'") for part in inline[1].split(",")]
    block = re.search(r"^names\s*:\s*\n((?:\s*(?:-|\d+\s*:).*\n?)+)", text, re.MULTILINE)
    if block:
        return [re.sub(r"^\s*(?:-|\d+\s*:)\s*", "", line).strip("\"' ") for line in block[1].splitlines()]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines if all(_ITEMS.fullmatch(line) for line in lines) else []


def _numbered(text: str) -> Iterable[tuple[int, str]]:
    """Yield the pairs of a number and a name, a line or an item of a JSON object each."""
    try:
        content = json.loads(text)
    except ValueError:
        lines = text.splitlines()
        straight = [(found[1], found[2]) for line in lines if (found := _LINE.match(line))]
        turned = [(found[2], found[1]) for line in lines if (found := _REVERSED.match(line))]
        return [(int(number), name) for number, name in straight or turned]
    if not isinstance(content, dict):
        return []
    straight = [(str(key), str(value)) for key, value in content.items()]
    pairs = [*straight, *((value, key) for key, value in straight)]
    return [(int(number), name) for number, name in pairs if number.isdigit()]


def _listed(names: list[str]) -> dict[int, str]:
    """Return what the places of a list mean, if each of its names says an emotion, or none of the seven."""
    meanings = [emotion_of(name) for name in names]
    if len(names) < 2 or None in meanings:
        return {}
    return {number: meaning for number, meaning in enumerate(meanings) if meaning}
