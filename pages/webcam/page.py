"""Emotions live: the browser's camera, every face in it, and what it shows over time."""

from typing import Any

import streamlit as st

from emotion.live.detection import LiveDetector
from emotion.live.frames import LiveSettings
from emotion.live.session import LiveSession
from emotion.models.classifier import Classifier
from pages.shared.model import analyzer_or_stop
from pages.webcam.check import browser_report, find_problem, show_problem
from pages.webcam.panel import show_charts, show_panel
from pages.webcam.still import show_still_camera
from pages.webcam.summary import show_summary
from pages.webcam.video import DEFAULT_FRAME_RATE, DEFAULT_RESOLUTION, FRAME_RATES, RESOLUTIONS, show_video


@st.cache_resource(show_spinner=False)
def live_detector() -> LiveDetector:
    """Return the detector, shared by all visitors."""
    return LiveDetector()


def live_session(classifier: Classifier) -> LiveSession:
    """Return this visitor's session, with the active model."""
    if "live_session" not in st.session_state:
        st.session_state.live_session = LiveSession(classifier, live_detector())
    session: LiveSession = st.session_state.live_session
    session.classifier = classifier
    return session


def choose_settings(can_show_map: bool) -> tuple[LiveSettings, str, int]:
    """Draw the settings; return them, the picture's size and the frame rate."""
    kept: dict[str, Any] = {"persist_state": "session"}  # also while another page is shown
    with st.expander("Settings", icon=":material/tune:"):
        smoothing = st.slider(
            "Calm the answers",
            0,
            100,
            50,
            step=5,
            format="%d %%",
            key="webcam_smoothing",
            **kept,
            help="0 % shows every picture's answer as it is; the more, the slower and steadier they change.",
        )
        show_bars = st.toggle("Draw the seven probabilities", key="webcam_bars", **kept)
        show_map = st.toggle(
            "Show where the model looks",
            key="webcam_map",
            **kept,
            disabled=not can_show_map,
            help="Colours what speaks for the emotion of each face. Models made elsewhere do not tell.",
        )
        size, rate = st.columns(2)
        resolution = size.selectbox(
            "Picture size",
            list(RESOLUTIONS),
            list(RESOLUTIONS).index(DEFAULT_RESOLUTION),
            key="webcam_size",
            **kept,
            help="Holds from the next start on. Larger pictures find smaller faces and take longer.",
        )
        frame_rate = rate.selectbox(
            "Frames a second",
            FRAME_RATES,
            FRAME_RATES.index(DEFAULT_FRAME_RATE),
            key="webcam_rate",
            **kept,
            help="Holds from the next start on. Fewer are easier on a slow computer.",
        )
    return LiveSettings(smoothing / 100, show_bars, show_map and can_show_map), resolution, frame_rate


st.title("Webcam")
st.markdown("The expression on every face before your camera, as it changes.")
st.caption(
    ":material/lock: The pictures go to the computer that runs this app and nowhere else; none is stored. "
    "It recognises **expressions, not feelings**: do not decide about people by it."
)
analyzer = analyzer_or_stop()
session = live_session(analyzer.classifier)
picture, beside = st.columns([3, 2], gap="medium")
with picture:
    video = st.container()
    settings, resolution, frame_rate = choose_settings(analyzer.classifier.has_activation_maps)
    session.settings = settings
    with video:
        stream = show_video(session, resolution, frame_rate)
is_live = stream.playing or stream.connecting
with beside:
    report = browser_report()
    problem = None if stream.playing else find_problem(report, stream.has_failed)
    if stream.error:
        st.error(stream.error, icon=":material/videocam_off:")
    if problem:
        show_problem(problem)
    if is_live:
        show_panel(session, stream)
        show_charts(session)
    elif not problem and not session.stats().frames:
        st.info(
            "Press **Start** and allow the camera. Each face gets a frame, a number and its emotion; a chart "
            "shows how it changes. When you stop, a summary stays that you can download.",
            icon=":material/videocam:",
        )
    if not stream.playing:
        show_still_camera(analyzer, problem)
if not is_live and session.stats().frames:
    show_summary(session.report())
