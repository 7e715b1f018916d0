import pytest
from playwright.sync_api import expect

from emotion.training.presets import PRESETS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_POINTS = """() => {
    const chart = document.querySelector(".training-chart");
    return chart?.data ? chart.data.reduce((sum, trace) => sum + trace.x.length, 0) : 0;
}"""


def test_a_run_draws_itself_and_stops(page):
    page.get_by_role("link", name="Training").click()
    page.get_by_text("Advanced").click()
    # Enough epochs not to be done before it is stopped.
    epochs = page.get_by_role("spinbutton", name="Epochs", exact=True)
    epochs.fill("600")
    epochs.press("Enter")
    expect(page.get_by_text(f"Epochs 600 ({PRESETS['quick'].epochs})")).to_be_visible()
    page.get_by_role("button", name="Start training").click()
    stop = page.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_visible()

    page.wait_for_function(f"({_POINTS})() > 0")
    first = page.evaluate(_POINTS)
    # What a reader has zoomed into stays, while the chart goes on to grow where it is.
    page.evaluate(
        """() => {
            const chart = document.querySelector(".training-chart");
            chart.isStillTheSame = true;
            return window.Plotly.relayout(chart, {"xaxis.range": [0.25, 0.75]});
        }"""
    )
    page.wait_for_function(f"({_POINTS})() > {first} + 3")
    chart = page.locator(".training-chart").first
    assert chart.evaluate("chart => chart.isStillTheSame")
    assert chart.evaluate("chart => chart._fullLayout.xaxis.range") == [0.25, 0.75]

    # The address leads whoever reloads, or opens the link elsewhere, to the same run.
    assert "run=" in page.evaluate("location.search")
    page.reload()
    expect(stop).to_be_visible()
    stop.click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect(page.get_by_test_id("stMain")).to_contain_text("Stopped")
