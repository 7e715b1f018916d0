"""A still picture instead of the live video."""

import streamlit as st

from emotion.photos import pictures
from emotion.photos.analysis import Analyzer
from pages.shared.face_card import show_faces
from pages.webcam.check import NOT_SECURE, Problem

_RESULT = "webcam_still_result"


def show_still_camera(analyzer: Analyzer, problem: Problem | None) -> None:
    """Offer a snapshot; at once where there is a problem with the live video."""
    if problem is None and not st.toggle("Take a still picture instead", key="webcam_still_on"):
        st.session_state.pop(_RESULT, None)
        return
    if problem is not None:
        st.markdown("**Until then: take a still picture, or choose a photo.**")
        st.page_link("photos/page.py", label="Choose a photo", icon=":material/photo_library:")
    if problem is NOT_SECURE:
        return  # no camera at all, not for pictures either
    snapshot = st.camera_input("Snapshot", label_visibility="collapsed", key="webcam_still", width=480)
    if snapshot is None:
        st.session_state.pop(_RESULT, None)
        return
    known = st.session_state.get(_RESULT)
    key = (snapshot.file_id, analyzer.classifier.version)
    if known is None or known[0] != key:
        known = (key, pictures.analyze_picture(analyzer, "snapshot", snapshot.getvalue()))
        st.session_state[_RESULT] = known
    result = known[1]
    if result.analysis is None or result.preview is None:
        st.error(result.error, icon=":material/broken_image:")
        return
    count = len(result.analysis.faces)
    st.image(result.preview, alt=f"The snapshot with {count} framed faces")
    if count:
        show_faces(result.analysis.faces, "webcam-still")
    else:
        st.info("No face found; try a closer or brighter picture.", icon=":material/face_retouching_off:")
