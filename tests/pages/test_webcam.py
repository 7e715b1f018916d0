"""The page of the webcam, as Streamlit runs it; the video itself needs a browser, see tests/e2e."""

import asyncio
import csv
import io
import json
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from emotion import paths
from emotion.live.session import LiveSession
from emotion.models import registry
from pages.webcam import check, panel
from pages.webcam import video as webcam_video
from pages.webcam.check import find_problem
from pages.webcam.video import frames_callback
from tests.helpers import PATIENCE
from tests.pages.helpers import new_app, texts


def in_a_thread(coroutine):
    """Run a coroutine as the video does: not on the main thread, where Playwright's loop may be running."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(asyncio.run, coroutine).result()


READY = {"secure": True, "media": True, "webrtc": True, "permission": "prompt", "cameras": 1, "error": ""}


class Browser:
    """In the place of the video component, and of what the browser says of its camera."""

    def __init__(self) -> None:
        self.report = dict(READY)
        self.options: dict = {}
        self._state = self._told = (False, False)
        self._frames = 0

    def stream(self, **options):
        """Do as `webrtc_streamer` does: keep a context, tell when its state has changed."""
        import streamlit as st

        self.options = options
        playing, signalling = self._state
        context = SimpleNamespace(state=SimpleNamespace(playing=playing, signalling=signalling))
        st.session_state[options["key"]] = context
        if self._state != self._told:
            self._told = self._state
            options["on_change"]()
        return context

    def become(self, app: AppTest, playing: bool = False, signalling: bool = False) -> AppTest:
        self._state = (playing, signalling)
        app.run()
        assert not app.exception
        return app

    def send(self, picture: np.ndarray, count: int = 1, at_once: int = 1) -> list[av.VideoFrame]:
        """Send frames as the video's thread does; return what comes back last."""
        for _ in range(count):
            frames = []
            for _ in range(at_once):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = self._frames * 3000, Fraction(1, 90000)
                self._frames += 1
                frames.append(frame)
            back = in_a_thread(self.options["queued_video_frames_callback"](frames))
        return back


@pytest.fixture
def browser(monkeypatch) -> Browser:
    browser = Browser()
    monkeypatch.setattr(webcam_video, "webrtc_streamer", browser.stream)
    monkeypatch.setattr(check, "_component", lambda **_: SimpleNamespace(report=dict(browser.report)))
    # What is said after some seconds is not said because the tests' machine is slow.
    monkeypatch.setattr("emotion.live.session.ERROR_SECONDS", PATIENCE)
    monkeypatch.setattr(panel, "SILENT_SECONDS", PATIENCE)
    for module in (panel, webcam_video):
        monkeypatch.setattr(module, "SLOW_SECONDS", PATIENCE)
    return browser


def open_page() -> AppTest:
    app = new_app("webcam").run()
    assert not app.exception
    return app


def session_of(app) -> LiveSession:
    return app.session_state["live_session"]


def start(app: AppTest, browser: Browser) -> AppTest:
    browser.become(app, signalling=True)
    return browser.become(app, playing=True)


@pytest.fixture(scope="module")
def frame(astronaut) -> np.ndarray:
    """RGB uint8 (480, 640, 3): one smiling face before a wall."""
    picture = np.full((480, 640, 3), 170, np.uint8)
    picture[100:320, 200:420] = cv2.resize(astronaut[:330, 60:390], (220, 220), interpolation=cv2.INTER_AREA)
    return picture


def test_before_the_start(browser):
    app = open_page()
    assert app.title[0].value == "Webcam"
    assert "Press **Start**" in app.info[0].value
    assert "none is stored" in texts(app)
    assert "expressions, not feelings" in texts(app)
    assert not app.warning
    assert browser.options["media_stream_constraints"] == {
        "video": {"width": {"ideal": 640}, "height": {"ideal": 480}, "frameRate": {"ideal": 30, "max": 30}},
        "audio": False,
    }
    assert browser.options["rtc_configuration"] == {"iceServers": []}
    assert browser.options["async_processing"] is True
    assert browser.options.get("desired_playing_state") is None


def test_size_and_frame_rate_are_asked_of_the_camera(browser):
    app = open_page()
    app.selectbox(key="webcam_size").set_value("1280 × 720").run()
    app.selectbox(key="webcam_rate").set_value(15).run()
    video = browser.options["media_stream_constraints"]["video"]
    assert (video["width"]["ideal"], video["height"]["ideal"]) == (1280, 720)
    assert video["frameRate"] == {"ideal": 15, "max": 15}


def test_while_it_connects(browser):
    app = browser.become(open_page(), signalling=True)
    assert "Connecting" in app.info[0].value
    assert app.button(key="webcam_pause").disabled


def test_live(browser, frame):
    app = start(open_page(), browser)
    back = browser.send(frame, count=40)[0].to_ndarray(format="rgb24")
    assert back.shape == frame.shape
    assert np.abs(back.astype(int) - frame).max() > 100  # something is drawn on it
    app.run()
    assert not app.exception
    assert "In the picture: **1** happy" in texts(app)
    assert "40 frames, 0 dropped" in texts(app)
    assert "640 × 480" in texts(app)
    assert len(app.get("plotly_chart")) == 2
    assert not [metric for metric in app.metric if metric.label == "Longest"]


def test_the_chart_follows_who_is_there_until_someone_is_chosen(browser, frame):
    app = start(open_page(), browser)
    empty = np.full_like(frame, 170)
    both = np.hstack([frame[:, 200:420], frame[:, 200:420], empty[:, :200]])
    browser.send(both, count=45)
    app.run()
    assert "In the picture: **1** happy" in texts(app)
    assert app.segmented_control(key="webcam_face").value == 1
    only_right = both.copy()
    only_right[:, :220] = 170
    browser.send(only_right, count=45)
    app.run()
    shown = app.segmented_control(key="webcam_face").value
    assert f"In the picture: **{shown}** happy" in texts(app)
    app.segmented_control(key="webcam_face").set_value(3 - shown).run()
    app.run()
    assert app.segmented_control(key="webcam_face").value == 3 - shown


def test_late_frames_are_dropped_and_counted(browser, frame):
    app = start(open_page(), browser)
    browser.send(frame, count=5, at_once=3)
    app.run()
    assert "5 frames, 10 dropped" in texts(app)


def test_after_the_stop_a_summary_stays(browser, frame):
    app = start(open_page(), browser)
    browser.send(frame, count=60)
    browser.become(app)
    assert app.subheader[0].value == "Your last session"
    values = {metric.label: metric.value for metric in app.metric}
    assert values == {"Length": "0:02", "Faces": "1", "Changes": "0", "Longest": "happy 0:02"}
    assert app.dataframe[0].value["mostly"].tolist() == ["happy 100%"]
    assert session_of(app).picture() is None
    report = session_of(app).report()
    assert {row["shown"] for row in csv.DictReader(io.StringIO(report.to_csv()))} == {"happy"}
    assert json.loads(report.to_json())["models"] == ["crowd"]
    offered = {button.label: button.proto.disabled for button in app.download_button}
    assert offered == {"Over time (CSV)": False, "Everything (JSON)": False}


def test_a_new_start_begins_anew(browser, frame):
    app = start(open_page(), browser)
    browser.send(frame, count=10)
    browser.become(app)
    start(app, browser)
    assert session_of(app).stats().frames == 0


def test_a_session_without_a_face(browser):
    app = start(open_page(), browser)
    browser.send(np.full((480, 640, 3), 170, np.uint8), count=5)
    app.run()
    assert "In the picture: no face" in texts(app)
    browser.become(app)
    assert "No face was seen" in app.info[0].value
    assert next(b for b in app.download_button if b.label == "Over time (CSV)").proto.disabled


def test_the_summary_is_there_after_a_visit_to_another_page(browser, frame):
    app = start(open_page(), browser)
    browser.send(frame, count=40)
    app.switch_page("photos/page.py").run()
    browser._state = browser._told = (False, False)  # the component has stopped the stream meanwhile
    app.switch_page("webcam/page.py").run()
    assert not app.exception
    assert app.subheader[0].value == "Your last session"
    assert session_of(app).picture() is None


def test_pause(browser, frame):
    app = start(open_page(), browser)
    browser.send(frame, count=5)
    app.run()
    app.button(key="webcam_pause").click().run()
    assert app.button(key="webcam_pause").label == "Go on"
    browser.send(frame, count=5)
    assert session_of(app).stats().frames == 5
    app.button(key="webcam_pause").click().run()
    browser.send(frame, count=5)
    assert session_of(app).stats().frames == 10


def test_settings_reach_the_video(browser):
    app = start(open_page(), browser)
    app.slider(key="webcam_smoothing").set_value(80).run()
    app.toggle(key="webcam_bars").set_value(True).run()
    app.toggle(key="webcam_map").set_value(True).run()
    settings = session_of(app).settings
    assert (settings.smoothing, settings.show_bars, settings.show_map) == (0.8, True, True)


def test_settings_are_kept_while_another_page_is_visited(browser):
    app = open_page()
    app.slider(key="webcam_smoothing").set_value(80).run()
    app.toggle(key="webcam_bars").set_value(True).run()
    app.selectbox(key="webcam_size").set_value("1280 × 720").run()
    app.switch_page("photos/page.py").run()
    app.switch_page("webcam/page.py").run()
    assert not app.exception
    assert app.slider(key="webcam_smoothing").value == 80
    assert app.toggle(key="webcam_bars").value
    assert not app.toggle(key="webcam_map").value
    assert app.selectbox(key="webcam_size").value == "1280 × 720"


def test_an_error_in_the_video_is_told(browser, frame, monkeypatch):
    app = start(open_page(), browser)
    monkeypatch.setattr(
        "emotion.live.processor.LiveProcessor.process", lambda *_: (_ for _ in ()).throw(ValueError("no [b]"))
    )
    back = browser.send(frame)
    assert np.array_equal(back[0].to_ndarray(format="rgb24"), frame)
    app.run()
    assert "ValueError\\: no \\[b\\]" in app.error[0].value


def test_a_frame_that_cannot_be_read_comes_back_as_it_is(classifier):
    session = LiveSession(classifier)
    broken = SimpleNamespace(to_ndarray=lambda format: 1 / 0, time=0.0)
    assert in_a_thread(frames_callback(session)([broken])) == [broken]
    assert "ZeroDivisionError" in session.stats().error


def test_silence_is_told(browser, frame):
    app = start(open_page(), browser)
    browser.send(frame)
    session_of(app)._arrived -= PATIENCE
    app.run()
    assert re.search(r"No picture has come from the camera for 6\d\d seconds", app.warning[0].value)


def test_another_model_is_taken_up_while_the_video_runs(browser, frame):
    app = start(open_page(), browser)
    browser.send(frame, count=5)
    shutil.copytree(paths.shipped_models_folder() / "crowd", paths.models_folder() / "second")
    os.utime(paths.models_folder() / "second" / "model.tflite")  # another file, another version
    registry.activate("second")
    app.run()
    browser.send(frame, count=5)
    assert session_of(app).report().models == ("crowd", "second")
    assert session_of(app).stats().frames == 10


def test_no_way_between_browser_and_app(browser):
    app = browser.become(open_page(), signalling=True)
    app.session_state["webcam_attempt"].started -= PATIENCE
    browser.become(app)
    assert "find no way to each other" in app.warning[0].value
    assert "TURN" in app.warning[0].value
    assert app.camera_input
    start(app, browser)
    assert not app.warning


def test_a_start_that_was_stopped_at_once_is_no_failure(browser):
    app = browser.become(open_page(), signalling=True)
    browser.become(app)
    assert not app.warning


@pytest.mark.parametrize(
    ("report", "part"),
    [
        ({"secure": False, "media": False}, "without HTTPS"),
        ({"media": False}, "no live video"),
        ({"webrtc": False}, "no live video"),
        ({"cameras": 0}, "no camera that the browser can see"),
        ({"permission": "denied"}, "blocked"),
        ({"error": "NotAllowedError"}, "blocked"),
        ({"error": "NotFoundError"}, "no camera that the browser can see"),
        ({"error": "NotReadableError"}, "another program"),
        ({"error": "OverconstrainedError"}, "chosen earlier is gone"),
    ],
)
def test_what_keeps_the_camera_away_is_said(browser, report, part):
    browser.report |= report
    app = open_page()
    assert part in app.warning[0].value
    assert app.get("page_link")
    assert bool(app.camera_input) == report.get("secure", True)


@pytest.mark.parametrize("report", [{}, READY, READY | {"cameras": -1, "permission": "unknown"}])
def test_no_problem(report):
    assert find_problem(report) is None


def test_a_still_picture_instead(browser, astronaut_path):
    app = open_page()
    assert not app.camera_input
    app.toggle(key="webcam_still_on").set_value(True).run()
    app.camera_input[0].set_value(("snapshot.jpg", astronaut_path.read_bytes(), "image/jpeg")).run()
    assert not app.exception
    assert "**1 · Happy**" in texts(app)


def test_servers_of_the_environment(browser, monkeypatch):
    monkeypatch.setenv("EMOTION_ICE_SERVERS", '[{"urls": "stun:stun.example.org"}]')
    open_page()
    assert browser.options["rtc_configuration"] == {"iceServers": [{"urls": "stun:stun.example.org"}]}


def test_servers_of_the_secrets(browser):
    app = new_app("webcam")
    app.secrets["EMOTION_ICE_SERVERS"] = '[{"urls": "stun:secret.example.org"}]'
    app.run()
    assert browser.options["rtc_configuration"]["iceServers"][0]["urls"] == "stun:secret.example.org"


def test_malformed_servers_are_said(browser, monkeypatch):
    monkeypatch.setenv("EMOTION_ICE_SERVERS", "stun:stun.example.org")
    assert "is not valid JSON" in open_page().error[0].value


def test_a_video_that_cannot_start_leaves_the_page_standing(browser, monkeypatch):
    monkeypatch.setattr(webcam_video, "webrtc_streamer", lambda **_: 1 / 0)
    app = open_page()
    assert "could not be started" in app.error[0].value
    assert app.toggle(key="webcam_still_on")


def test_two_visitors_have_a_session_each(browser, frame, monkeypatch):
    one = start(open_page(), browser)
    browser.send(frame, count=3)
    other = Browser()
    monkeypatch.setattr(webcam_video, "webrtc_streamer", other.stream)
    app = start(open_page(), other)
    assert session_of(app).stats().frames == 0
    assert session_of(one).stats().frames == 3
