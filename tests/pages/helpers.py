"""The app as Streamlit runs it, without a browser."""

import functools

from streamlit.testing.v1 import AppTest

from emotion import paths
from tests.helpers import PATIENCE


def new_app(page: str = "") -> AppTest:
    """The app, not run yet; a page is opened by its own address, without a visit to the first page."""
    app = AppTest.from_file(str(paths.PROJECT / "pages" / "main.py"), default_timeout=PATIENCE)
    if page:
        app._page_hash = _address(page)
    return app


@functools.cache
def _address(page: str) -> str:
    return new_app().run().switch_page(f"{page}/page.py")._page_hash


def texts(app: AppTest) -> str:
    """All that can be read on the page, but for what is in tables, charts and controls."""
    kinds = (
        app.markdown, app.caption, app.error, app.warning, app.info, app.success, app.subheader, app.code,
        app.metric,
    )  # fmt: skip
    return "\n".join(f"{getattr(item, 'label', '')} {item.value}" for kind in kinds for item in kind)


def metrics(app: AppTest) -> dict[str, str]:
    """Figures by their names."""
    return {metric.label: metric.value for metric in app.metric}
