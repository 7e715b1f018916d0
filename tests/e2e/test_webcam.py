"""The webcam in a real browser: a fake camera's film goes to the app and comes back with a framed face."""

import itertools
import json
import subprocess
import sys
from collections import Counter

import pytest

from emotion import paths
from tests.e2e.conftest import skip_or_fail
from tests.e2e.live_browser import FILM_FRAMES, LOST, in_own_network, why_no_own_network

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def seen(chromium_path) -> dict:
    """What `tests.e2e.live_browser` saw; skipped with a reason where it cannot run."""
    if reason := why_no_own_network():
        skip_or_fail(reason)
    driver = [sys.executable, "-m", "tests.e2e.live_browser", "--seconds", "6", "--frames", "20"]
    command = in_own_network([*driver, "--chromium", chromium_path])
    for _ in range(5):
        process = subprocess.run(command, cwd=paths.PROJECT, capture_output=True, text=True)
        if process.returncode != LOST:
            break
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
    # By the numbers that the film's frames carry: of twelve bits, of which the film has but 900, in order.
    numbers = seen["returned"]
    assert len(set(numbers)) >= 20
    assert sum(number < FILM_FRAMES for number in numbers) > 0.9 * len(numbers)
    steps = [(later - earlier) % FILM_FRAMES for earlier, later in itertools.pairwise(numbers)]
    assert sum(step < FILM_FRAMES / 2 for step in steps) > 0.8 * len(steps)


def test_the_app_has_counted_frames_and_one_face(seen):
    session, samples = seen["session"], seen["session"]["samples"]
    assert session["frames"] >= 20
    assert session["frames_with_faces"] > 0.8 * session["frames"]
    assert session["faces"][0]["face"] == samples[0]["face"] == 1
    assert len({sample["seconds"] for sample in samples}) == len(samples) > 10  # never two faces at once
    shown = Counter(sample["shown"] for sample in samples)
    assert shown["happy"] > 0.8 * len(samples)


def test_the_app_has_logged_no_error(seen):
    assert "Traceback" not in seen["log"]
    assert "could not be" not in seen["log"]
