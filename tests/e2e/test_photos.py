import csv

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_photograph_and_a_broken_file(page, astronaut_path, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_text("this is no picture")
    page.get_by_role("heading", name="Photos").wait_for()
    page.locator("input[type=file]").set_input_files([astronaut_path, broken])

    # The photograph: framed, and named in its card with how sure the model is.
    page.get_by_text("1 · Happy").wait_for()
    expect(page.get_by_text("% sure").first).to_be_visible()
    picture = page.get_by_alt_text("astronaut.png with 1 framed face")
    assert picture.evaluate("async image => { await image.decode(); return image.naturalWidth }") >= 800
    bars = page.locator(".js-plotly-plot").first.locator(".bars .point")
    expect(bars).to_have_count(7)

    # The broken file: its error stands beside its name.
    error = page.get_by_role("alert").filter(has_text="broken.jpg")
    expect(error).to_contain_text("not a picture")

    page.get_by_role("tab", name="Summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Table (CSV)").click()
    rows = list(csv.DictReader(download.value.path().open(encoding="utf-8")))
    assert [(row["file"], row["emotion"]) for row in rows] == [("astronaut.png", "happy")]


def test_an_example_is_one_click_away_and_leaves_with_another(page):
    page.get_by_role("button", name="Example: photograph").click()
    page.get_by_text("1 · Happy").wait_for()
    page.get_by_role("button", name="Remove all").click()
    page.get_by_text("Nothing here yet").wait_for()
    assert page.get_by_text("1 · Happy").count() == 0
