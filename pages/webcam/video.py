"""The camera's way from the browser to the session and back, by WebRTC."""

import logging
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import av
import streamlit as st
from streamlit_webrtc import WebRtcMode, webrtc_streamer

from emotion.errors import ReadableError
from emotion.live.ice import VARIABLE, parse_ice_servers
from emotion.live.session import LiveSession

STREAM = "webcam"
_ATTEMPT = "webcam_attempt"
# A connection usually stands within a second; from here on something is in its way.
SLOW_SECONDS = 6.0

RESOLUTIONS = {"320 × 240": (320, 240), "640 × 480": (640, 480), "1280 × 720": (1280, 720)}
DEFAULT_RESOLUTION = "640 × 480"
FRAME_RATES = (15, 20, 25, 30)
DEFAULT_FRAME_RATE = 30

logger = logging.getLogger(__name__)


@dataclass
class Attempt:
    """The last time that somebody pressed start.

    Attributes:
        started: by `time.monotonic`.
        is_slow: no connection stood after a while.
        is_over: the stream has ended, or never began.
    """

    started: float
    is_slow: bool = False
    is_over: bool = False

    @property
    def seconds(self) -> float:
        """How long ago it was."""
        return time.monotonic() - self.started


@dataclass(frozen=True)
class Stream:
    """How the connection stands: frames come (`playing`), or shall soon (`connecting`)."""

    playing: bool = False
    connecting: bool = False
    attempt: Attempt | None = None
    error: str | None = None

    @property
    def has_failed(self) -> bool:
        """Whether the browser and this app have found no way to each other."""
        return not self.playing and self.attempt is not None and self.attempt.is_slow


def show_video(session: LiveSession, resolution: str, frame_rate: int) -> Stream:
    """Draw the video with its start button, and return how the connection stands.

    Args:
        session: what the frames are given to.
        resolution: one of RESOLUTIONS; asked of the camera, which may give another.
        frame_rate: frames a second, asked likewise.
    """
    width, height = RESOLUTIONS[resolution]
    try:
        servers = configured_ice_servers()
    except ReadableError as error:
        st.error(str(error), icon=":material/lan:")
        return Stream()
    try:
        context = webrtc_streamer(
            key=STREAM,
            mode=WebRtcMode.SENDRECV,
            rtc_configuration={"iceServers": servers},
            media_stream_constraints={
                "video": {
                    "width": {"ideal": width},
                    "height": {"ideal": height},
                    "frameRate": {"ideal": frame_rate, "max": frame_rate},
                },
                "audio": False,
            },
            queued_video_frames_callback=frames_callback(session),
            async_processing=True,
            video_html_attrs={
                "autoPlay": True,
                "controls": False,
                "muted": True,
                "playsInline": True,  # without it, an iPhone shows the video alone on the screen
                "style": {"width": "100%", "borderRadius": "0.6rem"},
            },
            translations={"start": "Start", "stop": "Stop", "select_device": "Choose camera"},
            on_change=lambda: _on_change(session),
        )
    except Exception:
        # A connection that cannot be made must not take the rest of the page with it.
        logger.exception("The video could not be started")
        return Stream(
            error="The video could not be started; the app's log says why. Reload the page to try again."
        )
    state = context.state
    if not (state.playing or state.signalling):
        session.end()  # also after a return from another page, which stopped the stream
    return Stream(state.playing, state.signalling and not state.playing, st.session_state.get(_ATTEMPT))


def frames_callback(session: LiveSession) -> Callable[[list[av.VideoFrame]], Awaitable[list[av.VideoFrame]]]:
    """Return what the video's thread calls with the frames that came since the last call; it never raises.

    Only the newest is processed: the others are late. Nothing of Streamlit may be touched in there.
    """

    async def process(frames: list[av.VideoFrame]) -> list[av.VideoFrame]:
        frame = frames[-1]
        try:
            image = session.process(frame.to_ndarray(format="rgb24"), frame.time, dropped=len(frames) - 1)
            return [av.VideoFrame.from_ndarray(image, format="rgb24")]
        except Exception as error:
            logger.exception("A live frame could not be read")
            session.note_failure(error)
            return [frame]

    return process


def configured_ice_servers() -> list[dict]:
    """Return the STUN and TURN servers of the environment, else of Streamlit's secrets, else none.

    Raises:
        IceServersError: the setting is malformed.
    """
    text = os.environ.get(VARIABLE)
    if text is None and st.secrets.load_if_toml_exists():
        text = st.secrets.get(VARIABLE)
    return parse_ice_servers(text)


def _on_change(session: LiveSession) -> None:
    """Begin a session when somebody starts the video, end it when it stops."""
    state = st.session_state[STREAM].state
    attempt: Attempt | None = st.session_state.get(_ATTEMPT)
    if state.playing or state.signalling:
        if attempt is None or attempt.is_over:
            st.session_state[_ATTEMPT] = Attempt(time.monotonic())
            session.restart()
    elif attempt is not None and not attempt.is_over:
        attempt.is_over = True
        attempt.is_slow = session.stats().frames == 0 and attempt.seconds > SLOW_SECONDS
        session.end()
