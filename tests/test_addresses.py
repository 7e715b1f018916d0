"""A name has one address: it is taken from where it is defined, and passed on by nobody."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from emotion import paths

ROOMS = ("emotion", "pages", "tests", "benchmarks")
FILES = [paths.PROJECT / "app.py", paths.PROJECT / "train_model.py"] + [
    file for room in ROOMS for file in sorted((paths.PROJECT / room).rglob("*.py"))
]


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def file_of(module: str) -> Path:
    path = paths.PROJECT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def bound(statements: Iterable[ast.stmt]) -> Iterator[str]:
    """The names that statements define; those of other people's modules as well, but for what is in them."""
    for node in statements:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                yield from (part.id for part in ast.walk(target) if isinstance(part, ast.Name))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.For):
            yield from bound([*node.body, *getattr(node, "orelse", [])])


@cache
def defined(module: str) -> frozenset[str]:
    file = file_of(module)
    within = {part.stem for part in file.parent.iterdir()} if file.name == "__init__.py" else set()
    return frozenset(within | set(bound(tree(file).body if file.exists() else [])))


def borrowed(file: Path) -> Iterator[str]:
    """What a file takes from where it is not defined: `from X import Y`, or `X.Y`."""
    nodes = list(ast.walk(tree(file)))
    modules: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in ROOMS:
            for alias in node.names:
                modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                if alias.name not in defined(node.module):
                    yield f"{file}:{node.lineno}: {node.module}.{alias.name}"
    variables = {node.arg for node in nodes if isinstance(node, ast.arg)} | {
        node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id)
            if module is None or node.value.id in variables or not file_of(module).is_file():
                continue
            if node.attr not in defined(module) and not node.attr.startswith("__"):
                yield f"{file}:{node.lineno}: {module}.{node.attr}"


def test_names_are_taken_from_where_they_are_defined():
    assert not [place for file in FILES for place in borrowed(file)]


def test_no_module_says_what_it_passes_on():
    assert not [file for file in FILES if "__all__" in set(bound(tree(file).body))]
