"""What a session came to, once it has ended; and how to take it away."""

import streamlit as st

from emotion.figures import live as figures
from emotion.labels import EMOTIONS, in_percent
from emotion.live.history import FaceTotal
from emotion.live.summary import LiveReport
from pages.shared.chart import show_chart
from pages.shared.download import download


def show_summary(report: LiveReport) -> None:
    """Draw key figures, the share of time of each emotion, each face, and the downloads."""
    st.subheader("Your last session")
    everyone = report.everyone
    longest = everyone.longest
    lasting = report.lasting_faces
    with st.container(horizontal=True):
        st.metric("Length", figures.clock(report.stats.seconds), border=True, help="Minutes and seconds.")
        st.metric("Faces", len(lasting), border=True, help="Those in sight for a second or more.")
        st.metric("Changes", everyone.changes, border=True, help="How often the emotion shown changed.")
        st.metric(
            "Longest",
            f"{longest.verdict} {figures.clock(longest.seconds)}" if longest else "none",
            border=True,
            help="The longest unbroken time of one emotion, in minutes and seconds.",
        )
    if not lasting:
        st.info(
            "No face was seen. Sit in front of the camera, evenly lit from the front, and start again.",
            icon=":material/face_retouching_off:",
        )
    else:
        shares, faces = st.columns([2, 3], gap="medium")
        with shares:
            show_chart(
                figures.verdict_shares(everyone.shares()),
                "webcam_summary_shares",
                "Share of time of each emotion, all faces together",
            )
        with faces:
            st.dataframe(
                [_row(face) for face in lasting],
                hide_index=True,
                height=min(38 + 35 * len(lasting), 248),
                key="webcam_summary_faces",
                alt="Each face: how long it was seen and what it showed",
            )
    _show_downloads(report)


def _row(face: FaceTotal) -> dict:
    shares = face.shares()
    mostly = max(EMOTIONS, key=shares.__getitem__)
    longest = face.longest
    return {
        "face": face.number,
        "in sight": figures.clock(face.total_seconds),
        "mostly": f"{mostly} {in_percent(shares[mostly], 0)}",
        "changes": face.changes,
        "longest": f"{longest.verdict} {figures.clock(longest.seconds)}" if longest else "",
    }


def _show_downloads(report: LiveReport) -> None:
    with st.container(horizontal=True):
        download(
            "Over time (CSV)", report.to_csv, "live-emotions.csv", "webcam_csv", disabled=not report.faces
        )
        download("Everything (JSON)", report.to_json, "live-emotions.json", "webcam_json")
    if report.samples_lost:
        st.caption(
            "The session was long: the files begin with "
            f"{figures.clock(float(report.samples['seconds'][0]))}; the figures above count all of it."
        )
