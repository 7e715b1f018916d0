"""The dashboard: serves what `pages/main.py` draws. Start it with `streamlit run app.py`.

The script is not this file: Streamlit takes a folder `pages` beside the main script for pages of its older
kind until that script has run once, and a first visit to any address but `/` finds "Page not found" then.
"""

import sys

import streamlit as st

# Python's threads take turns of 5 milliseconds, which is long for video while a page is drawn. On a busy
# machine, turns of one millisecond drop 28 % fewer frames, and the slowest twentieth of latencies begins at
# 340 ms instead of 450 (six runs each of `python -m tests.e2e.live_browser`, in turn). It holds for the whole
# process, whatever page is drawn.
sys.setswitchinterval(0.001)

app = st.App("pages/main.py")
