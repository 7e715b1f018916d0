"""The webcam in a real browser: a fake camera's film goes to the app and comes back with a framed face."""

import itertools
import json
import statistics
import subprocess
import sys

import pytest

from emotion import paths
from tests.e2e.conftest import skip_or_fail
from tests.e2e.live_browser import in_own_network, why_no_own_network

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def seen(chromium_path) -> dict:
    """What `tests.e2e.live_browser` saw; skipped with a reason where it cannot run."""
    if reason := why_no_own_network():
        skip_or_fail(reason)
    command = [sys.executable, "-m", "tests.e2e.live_browser", "--seconds", "6", "--chromium", chromium_path]
    process = subprocess.run(
        in_own_network(command), cwd=paths.PROJECT, capture_output=True, text=True, timeout=180
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def test_frames_come_back_all_the_time(seen):
    # Decoded frames, not the video's clock, which runs on over a frozen picture.
    decoded = seen["decoded"]
    assert decoded[0] > 0
    assert all(later > earlier for earlier, later in itertools.pairwise(decoded)), decoded


def test_the_returned_picture_has_what_the_camera_has_not(seen):
    # Pixels in the colour of the first face's frame and number.
    assert seen["overlay_pixels"] > 200
    assert seen["camera_pixels"] < 20


def test_the_frames_that_come_back_are_those_that_were_sent(seen):
    assert len(seen["latencies"]) > 10
    assert statistics.median(seen["latencies"]) < 5000


def test_the_app_has_counted_frames_and_one_face(seen):
    session = seen["session"]
    assert session["frames"] > 20
    assert session["frames_with_faces"] > 0.8 * session["frames"]
    lasting = [face for face in session["faces"] if face["seconds"] > 1]
    assert [face["face"] for face in lasting] == [1]
    assert max(lasting[0]["shares"], key=lasting[0]["shares"].get) == "happy"
    assert session["samples"] > 10


def test_the_app_has_logged_no_error(seen):
    assert "Traceback" not in seen["log"]
    assert "could not be" not in seen["log"]
