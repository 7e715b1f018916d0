"""A Plotly chart that changes in place while its figures grow.

`st.plotly_chart` takes each new figure for another chart (Streamlit 1.67 makes the figure part of the
chart's identity): it is drawn from nothing every second, and a reader's zoom is lost. This one hands
the figure to Plotly itself, which keeps both as long as the layout's `uirevision` stays the same.
"""

import json
from pathlib import Path

import plotly
import plotly.graph_objects as go
import streamlit as st
import streamlit.components.v1 as components

_HERE = Path(__file__).parent
# Never drawn: declared so that Streamlit serves the file of Plotly that Python's package brings.
_library = components.declare_component("plotly_library", path=Path(plotly.__file__).parent / "package_data")
_component = st.components.v2.component(
    "training_chart",
    html='<div class="training-chart"></div>',
    js=(_HERE / "chart.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # Plotly puts its own styles into the page
)
_CONFIG = {
    "displaylogo": False,
    "modeBarButtons": [["toImage"], ["zoom2d", "pan2d", "resetScale2d"]],
    "responsive": False,  # the component watches its own size
}


def live_chart(figure: go.Figure, key: str, label: str, height: int = 280) -> None:
    """Draw a figure; drawn again under the same key, it changes in place.

    Args:
        figure: with a constant `layout.uirevision`, and traces that keep their order.
        key: tells this chart from the others on the page.
        label: what a screen reader is told.
        height: in pixels of the page.
    """
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    _component(
        key=key,
        data={
            # The page's theme takes the place of Plotly's own template.
            "figure": json.loads(figure.update_layout(template="none").to_json()),
            "config": _CONFIG,
            "label": label,
            "height": height,
            "plotly": f"{'/' + base if base else ''}/component/{_library.name}/plotly.min.js",
        },
    )
