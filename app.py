"""The dashboard: declares its pages. Start it with `streamlit run app.py`."""

import sys

import streamlit as st

# Python's threads take turns of 5 milliseconds, which is long for video while a page is drawn. On a busy
# machine, turns of one millisecond drop 28 % fewer frames, and the slowest twentieth of latencies begins at
# 340 ms instead of 450 (six runs each of `python -m tests.e2e.live_browser`, in turn). It holds for the whole
# process, and so is said here, the same on every page.
sys.setswitchinterval(0.001)

st.set_page_config(page_title="Emotion dashboard", page_icon="assets/icon.svg", layout="wide")
st.logo("assets/logo.svg", size="large", icon_image="assets/icon.svg")

pages = {
    "Analyze": [
        st.Page("pages/photos/page.py", title="Photos", icon=":material/photo_library:", default=True),
        st.Page("pages/webcam/page.py", title="Webcam", icon=":material/videocam:", url_path="webcam"),
    ],
    "Learn": [
        st.Page("pages/dataset/page.py", title="Dataset", icon=":material/dataset:", url_path="dataset"),
        st.Page(
            "pages/training/page.py", title="Training", icon=":material/model_training:", url_path="training"
        ),
        st.Page("pages/models/page.py", title="Models", icon=":material/neurology:", url_path="models"),
    ],
}

st.navigation(pages).run()
