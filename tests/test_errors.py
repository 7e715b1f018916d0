"""Whatever a person may read has one root, so that no front door forgets a kind of error."""

import ast

import pytest

from emotion import paths
from emotion.errors import ReadableError

# What only the code itself reads: it is caught where it is raised, or is a mistake in the program.
INTERNAL = {"LiteRTError", "_AskFirstError"}
FRONT_DOORS = ("pages", "emotion/cli")


def classes_of_errors() -> dict[str, str]:
    """Return class -> base of every exception that the product defines."""
    found = {}
    for path in (paths.PROJECT / "emotion").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.bases:
                base = ast.unparse(node.bases[0]).split(".")[-1]
                if base.endswith(("Error", "Exception")):
                    found[node.name] = base
    return found


def test_every_error_that_a_person_may_read_has_one_root():
    bases = classes_of_errors()
    assert len(bases) > 8  # the search finds them
    for name in bases.keys() - INTERNAL - {ReadableError.__name__}:
        base = bases[name]
        while base in bases and base != ReadableError.__name__:
            base = bases[base]
        assert base == ReadableError.__name__, f"{name} does not derive from ReadableError"


@pytest.mark.parametrize("folder", FRONT_DOORS)
def test_front_doors_keep_no_lists_of_errors(folder):
    readable = classes_of_errors().keys() - INTERNAL
    for path in (paths.PROJECT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Tuple):
                caught = {ast.unparse(item).split(".")[-1] for item in node.type.elts}
                assert len(caught & readable) < 2, f"{path}:{node.lineno} lists {sorted(caught)}"
