"""A chart as every page draws it."""

import plotly.graph_objects as go
import streamlit as st


def show_chart(figure: go.Figure, key: str, alt: str) -> None:
    """Draw a figure, without Plotly's own buttons.

    Args:
        figure: to be drawn.
        key: tells the chart from the others on the page, and keeps it the same from run to run.
        alt: what a screen reader is told.
    """
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)
