"""Train a network: start a run, watch it learn, compare it with others, put the best one to use."""

import streamlit as st

from emotion.runs import actions
from pages.shared.errors import error_ends_page
from pages.training.actions import show_messages
from pages.training.address import START, WATCH, choose_view, read_address, write_address
from pages.training.runs import show_runs
from pages.training.start import show_start
from pages.training.watch import show_watch
from pages.training.words import ACTIVE

st.title("Training")
st.markdown("Teach a network to recognise expressions, watch it learn, and put it to use.")
with error_ends_page("folder_off"):
    run_list = actions.list_runs()
# It goes on without this page: whoever comes back finds the run that is at work.
read_address(next((run.id for run in reversed(run_list) if run.status in ACTIVE), None))
view = choose_view()
with st.container():  # takes its place whether there is a message or not: what follows does not move
    show_messages()
if view == START:
    show_start(run_list)
elif view == WATCH:
    show_watch(run_list)
else:
    show_runs(run_list)
write_address()
