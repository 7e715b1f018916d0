"""A served app and a headless Chromium. Skipped with a reason where there is no Chromium, unless
EMOTION_REQUIRE_BROWSER is set: then its absence is a failure."""

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.e2e.serving import served_app
from tests.helpers import PATIENCE


def _chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    mac = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    return next(filter(None, map(shutil.which, names)), str(mac) if mac.exists() else None)


@pytest.fixture(scope="session")
def app_address(tmp_path_factory):
    """Start the app as a visitor's computer does, and yield its address."""
    with served_app(tmp_path_factory.mktemp("home")) as (address, _):
        yield address


def skip_or_fail(reason: str) -> None:
    """Skip the test for this reason, or fail where the browser tests must run."""
    if os.environ.get("EMOTION_REQUIRE_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    path = _chromium()
    if path is None:
        skip_or_fail("no Chromium found; install it (Debian: apt install chromium) to run the browser tests")
    return path


@pytest.fixture(scope="session")
def browser(chromium_path):
    from playwright.sync_api import expect, sync_playwright

    # A sandbox of its own needs rights that root and containers lack; only the project's pages are opened.
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
    expect.set_options(timeout=1000 * PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=chromium_path, args=arguments, timeout=1000 * PATIENCE
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, app_address):
    """The app's first page, opened; it must load nothing from other hosts."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.set_default_timeout(1000 * PATIENCE)
    page = context.new_page()
    foreign = []
    page.on("request", lambda request: foreign.append(request.url) if _is_foreign(request.url) else None)
    page.goto(app_address)
    yield page
    context.close()
    assert not foreign


def _is_foreign(address: str) -> bool:
    return re.match(r"(https?://localhost|ws://localhost|data:|blob:)", address) is None
