"""Beside the video: what is seen, over time, how well it runs; drawn anew without the rest of the page."""

import numpy as np
import streamlit as st

from emotion.figures import live as figures
from emotion.labels import how_sure
from emotion.live.history import SAMPLE_SECONDS
from emotion.live.session import LiveSession
from emotion.live.summary import LASTING_SECONDS, LiveStats
from emotion.models.card import ModelError
from emotion.photos import pictures
from pages.shared.chart import show_chart
from pages.shared.download import download
from pages.shared.model import version_in_use
from pages.shared.text import escape_markdown
from pages.webcam.video import SLOW_SECONDS, Stream

CHART_SECONDS = 120.0
SILENT_SECONDS = 2.0
_MAX_CHOICES = 6
_LASTING_SAMPLES = round(LASTING_SECONDS / SAMPLE_SECONDS)
_SEEN_VERSION = "webcam_seen_version"


@st.fragment(run_every=1.0)
def show_panel(session: LiveSession, stream: Stream) -> None:
    """Draw everything that changes while the video runs."""
    stats = session.stats()
    if _is_page_outdated(session, stream, stats):
        st.rerun()
    _show_state(stats)
    _show_buttons(session, stats)
    if stats.frames:
        faces = session.faces()
        seen = ", ".join(f"**{face.number}** {face.verdict} {how_sure(face.confidence)}" for face in faces)
        st.markdown(f"In the picture: {seen}" if faces else "In the picture: no face")
        _show_speed(stats)


def _is_page_outdated(session: LiveSession, stream: Stream, stats: LiveStats) -> bool:
    """Return whether the rest of the page must be drawn anew: another model, or no connection for long."""
    try:
        version = version_in_use()
    except ModelError:
        return False  # it is being replaced; the one in use goes on
    # Once for each: should it not load, the one in use goes on as well.
    if version not in (session.classifier.version, st.session_state.get(_SEEN_VERSION)):
        st.session_state[_SEEN_VERSION] = version
        return True
    attempt = stream.attempt
    if stream.connecting and attempt and not attempt.is_slow and not stats.frames:
        attempt.is_slow = attempt.seconds > SLOW_SECONDS
        return attempt.is_slow
    return False


def _show_state(stats: LiveStats) -> None:
    if stats.error:
        st.error(
            f"The pictures could not be analysed and are shown as they are: {escape_markdown(stats.error)}",
            icon=":material/error:",
        )
    if not stats.frames and not stats.failed:
        st.info("Connecting to the camera …", icon=":material/hourglass_top:")
    elif stats.idle_seconds is not None and stats.idle_seconds > SILENT_SECONDS:
        st.warning(
            f"No picture has come from the camera for {stats.idle_seconds:.0f} seconds. Is it covered by "
            "another program, or the connection lost? Press Stop and Start again.",
            icon=":material/videocam_off:",
        )


def _show_buttons(session: LiveSession, stats: LiveStats) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        paused = session.paused
        st.button(
            "Go on" if paused else "Pause",
            icon=":material/play_arrow:" if paused else ":material/pause:",
            key="webcam_pause",
            on_click=_toggle_pause,
            args=(session,),
            disabled=not stats.frames,
        )
        download(
            "Snapshot",
            lambda: _snapshot(session),
            "emotions.jpg",
            "webcam_snapshot",
            disabled=not stats.frames,
            icon=":material/photo_camera:",
        )


def _toggle_pause(session: LiveSession) -> None:
    session.paused = not session.paused


def _snapshot(session: LiveSession) -> bytes:
    picture = session.picture()
    return b"" if picture is None else pictures.encode_jpeg(picture)


# Seldom: making a figure keeps the video's threads waiting for some 15 milliseconds.
@st.fragment(run_every=2.0)
def show_charts(session: LiveSession) -> None:
    """Draw the chosen face's probabilities over time, and everyone's share of time."""
    stats = session.stats()
    if not stats.frames:
        return
    start = max(0.0, stats.seconds - CHART_SECONDS)
    samples = session.samples(since=start)
    number = _choose_face(samples["face"], {face.number for face in session.faces()})
    if number is None:
        st.caption("As soon as a face is seen, its probabilities are drawn here.")
        return
    show_chart(
        figures.probability_lines(
            samples[samples["face"] == number], start, max(stats.seconds, start + 30.0)
        ),
        "webcam_lines",
        f"Probabilities of the seven emotions of face {number} over the last two minutes",
    )
    with st.expander("Share of time", expanded=True):
        show_chart(
            figures.verdict_shares(session.report(with_samples=False).everyone.shares()),
            "webcam_shares",
            "Share of time of each emotion since the start, all faces together",
        )


def _choose_face(numbers: np.ndarray, in_sight: set[int]) -> int | None:
    """Return which face the chart shows: the chosen one, or of those in sight the one seen longest.

    Args:
        numbers: of the faces of all samples drawn.
        in_sight: the numbers of those in the picture.
    """
    faces, counts = np.unique(numbers, return_counts=True)
    lasting = counts >= min(_LASTING_SAMPLES, counts.max(initial=0))
    seen = dict(zip(faces[lasting].tolist(), counts[lasting].tolist(), strict=True))
    choices = list(seen)[-_MAX_CHOICES:]
    if len(choices) < 2:
        return choices[0] if choices else None
    session = st.session_state
    if not session.get("webcam_face_chosen") or session.get("webcam_face") not in choices:
        session.webcam_face_chosen = False
        session.webcam_face = max(choices, key=lambda number: (number in in_sight, seen[number]))
    return st.segmented_control("Face", choices, required=True, key="webcam_face", on_change=_note_choice)


def _note_choice() -> None:
    st.session_state.webcam_face_chosen = True


def _show_speed(stats: LiveStats) -> None:
    timings = stats.timings
    size = f"{stats.size[0]} × {stats.size[1]}" if stats.size else ""
    st.caption(
        f":material/speed: {stats.fps:.0f} frames a second, {size} · {timings.total:.1f} ms each: "
        f"{timings.detection:.1f} detection, {timings.classification:.1f} classification, "
        f"{timings.drawing:.1f} drawing · {stats.frames:,} frames, {stats.dropped:,} dropped"
    )
