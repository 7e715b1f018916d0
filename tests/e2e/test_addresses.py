"""Every address of the app, as the first one that is ever visited."""

import pytest
from playwright.sync_api import expect

from tests.e2e.serving import served_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("name", ["Photos", "Webcam", "Dataset", "Training", "Models"])
def test_the_first_visit_to_a_fresh_server_finds_the_page(tmp_path, browser, name):
    with served_app(tmp_path) as (address, _):
        page = browser.new_page()
        page.goto(address if name == "Photos" else f"{address}/{name.lower()}")
        page.get_by_role("heading", name=name, exact=True).wait_for()
        expect(page).to_have_title(f"{name} · Emotion dashboard")
        # What says so stands above the page at once, before the page itself is there.
        assert page.get_by_text("Page not found").count() == 0
        page.close()
