"""Declares the pages; drawn at every visit, with the page that is visited."""

import streamlit as st

from emotion import paths

_ASSETS = paths.PROJECT / "assets"
_ICON = str(_ASSETS / "icon.svg")

# The icon comes before the pages, whose own icons browsers would fetch from another host.
st.set_page_config(page_icon=_ICON, layout="wide")
st.logo(_ASSETS / "logo.svg", size="large", icon_image=_ICON)

pages = {
    "Analyze": [
        st.Page("photos/page.py", title="Photos", icon=":material/photo_library:", default=True),
        st.Page("webcam/page.py", title="Webcam", icon=":material/videocam:", url_path="webcam"),
    ],
    "Learn": [
        st.Page("dataset/page.py", title="Dataset", icon=":material/dataset:", url_path="dataset"),
        st.Page("training/page.py", title="Training", icon=":material/model_training:", url_path="training"),
        st.Page("models/page.py", title="Models", icon=":material/neurology:", url_path="models"),
    ],
}

page = st.navigation(pages)
# The page comes first: a browser's tab shows the beginning of its title.
st.set_page_config(page_title=f"{page.title} · Emotion dashboard")
page.run()
