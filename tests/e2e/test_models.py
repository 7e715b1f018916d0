import pytest
from playwright.sync_api import expect

from emotion import paths

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_from_an_evaluation_to_where_the_model_looked(page):
    page.get_by_role("link", name="Models").click()
    page.get_by_role("radio", name="Evaluate").click()
    # The built-in faces are drawn on the first visit.
    page.get_by_role("button", name="Evaluate", exact=True).click()
    cells = page.locator(".js-plotly-plot").first.locator(".scatterlayer .point")
    expect(cells).to_have_count(49)
    counts = page.locator(".js-plotly-plot").first.locator(".scatterlayer .textpoint")
    number = next(index for index, text in enumerate(counts.all_inner_texts()) if text not in ("0", ""))

    cells.nth(number).click(force=True)
    page.get_by_text("the surest answers first").wait_for()
    page.get_by_role("button", name="test, synthetic_").first.click()
    window = page.get_by_role("dialog")
    window.get_by_alt_text("What speaks for happy").wait_for()
    maps = window.locator("img")
    expect(maps).to_have_count(8)
    assert maps.first.evaluate("async image => { await image.decode(); return image.naturalWidth }") >= 100


def test_an_imported_model_is_used_by_a_page_that_is_already_open(page):
    page.get_by_text("Model crowd").wait_for()
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_role("link", name="Models").click()
    other.get_by_role("radio", name="Import").click()
    with other.expect_response(lambda response: "upload_file" in response.url and response.ok):
        file = paths.shipped_models_folder() / "crowd" / "model.tflite"
        other.locator("input[type=file]").first.set_input_files(file)
    other.get_by_role("textbox", name="Name").fill("twin")
    other.get_by_role("textbox", name="Name").press("Enter")
    other.get_by_role("button", name="Import", exact=True).click()
    other.get_by_role("button", name="Show it").click()
    other.get_by_role("button", name="Use it").click()
    other.get_by_role("button", name="In use").wait_for()

    page.get_by_role("button", name="Example: photograph").click()
    page.get_by_text("Model twin").wait_for()
    page.get_by_text("1 · Happy").wait_for()

    # Gone, and the shipped one is in use again: for this page, and for the tests that follow.
    other.get_by_role("button", name="Delete").click()
    other.get_by_role("button", name="Delete it").click()
    other.get_by_text("neither renamed nor deleted").wait_for()
    page.get_by_role("button", name="Remove all").click()
    page.get_by_text("Model crowd").wait_for()
