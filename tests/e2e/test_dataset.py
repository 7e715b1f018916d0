import pytest
from playwright.sync_api import expect

from tests.helpers import faces_by_name, zip_bytes

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_an_imported_zip_changes_the_balance(page, tmp_path):
    files = {name: data for name, data in faces_by_name(40).items() if "happy" in name or "sad" in name}
    (tmp_path / "mine.zip").write_bytes(zip_bytes(files))
    page.get_by_role("link", name="Dataset").click()
    # The built-in faces are drawn on the first visit.
    bars = page.locator(".js-plotly-plot").first.locator(".bars .point")
    bars.first.wait_for()
    # `expect` waits: a page draws its parts one after the other.
    figures = page.get_by_test_id("stMetricValue")
    expect(figures.first).to_have_text("2,100")
    expect(bars).to_have_count(7)

    page.get_by_role("radio", name="Import").click()
    # Its name is shown before all of it has arrived.
    with page.expect_response(lambda response: "upload_file" in response.url and response.ok):
        page.locator("input[type=file]").first.set_input_files(tmp_path / "mine.zip")
    page.get_by_text("mine.zip").first.wait_for()
    page.get_by_role("button", name="Import", exact=True).click()
    # Five classes are missing: that is said first.
    page.get_by_text("There are no faces of: angry, disgust, fear, surprise, neutral.").wait_for()
    page.get_by_role("button", name="Import so").click()
    page.get_by_role("button", name="Show it").click()

    page.get_by_text(f"{len(files)} · 100%").or_(page.get_by_text("6 · 50.0%")).first.wait_for()
    expect(figures.first).to_have_text(str(len(files)))
    missing = page.get_by_text("No face shows: angry, disgust, fear, surprise, neutral")
    expect(missing).to_be_visible()

    # A face is enlarged by the keyboard alone.
    page.get_by_role("radio", name="Gallery").click()
    face = page.get_by_role("button", name="happy, train").first
    face.focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_text(f"{len(files)} of {len(files)}").wait_for()
