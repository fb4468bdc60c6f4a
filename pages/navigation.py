"""The Streamlit main script: page configuration, navigation, and what every page shares.

It lives inside `pages/` on purpose: with such a folder beside the main script, Streamlit's old automatic pages and
st.navigation disagree about the first deep link after a start.
"""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:  # `bearing` and `pages` are importable from wherever the server was started
    sys.path.insert(0, str(HERE.parent))

st.set_page_config(page_icon=str(HERE / "icon.svg"), layout="wide")  # each page has a title of its own

# Small print and the text of figures as dark as WCAG AA asks (4.5:1): Streamlit's grey for it is not. What `chart` puts
# into a figure for its saved picture (title, ground) is not seen on the page. Why a file was not taken is said, not
# only in a tooltip; of hundreds of files not each turns a wheel while it is sent. A menu that a phone does not cut.
SHARED_STYLE = """<style>
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p {color: inherit !important;
  opacity: 1 !important}
[data-testid="stCaptionContainer"] p {color: color-mix(in srgb, currentColor 78%, transparent) !important}
[data-testid^="stBaseButton-primary"] p {color: light-dark(#FFFFFF, #0B1118) !important}
.js-plotly-plot text:is([style*="rgb(128, 132, 149)"], [style*="rgb(27, 37, 48)"], .legendtext)
  {fill: currentColor !important}
.js-plotly-plot .legend .traces[style*="opacity: 0.5"] {opacity: .75 !important}
.js-plotly-plot .main-svg {background: transparent !important}
.js-plotly-plot .gtitle {display: none}
.heard {position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); margin: 0}
[data-testid="stFileChips"] > div > div:nth-child(n+30):has([data-testid="stFileChipIconSpinner"]) {display: none}
.stFileChip[aria-invalid="true"] {width: auto !important; max-width: none !important; height: auto !important}
.stFileChip[aria-invalid="true"] span[role="alert"] {position: static !important; clip: auto !important;
  width: auto !important; height: auto !important; margin: 0 .3rem !important; white-space: normal !important}
@media (max-width: 640px) {[data-testid="stMainMenu"] {position: fixed; right: .4rem}}
</style>"""
st.html(SHARED_STYLE)

st.logo(str(HERE / "logo.svg"), size="large")

page = st.navigation(
    [
        st.Page(
            HERE / "diagnose.py",
            title="Diagnose",
            icon=":material/troubleshoot:",
            default=True,
            help="Drop a vibration file: is the bearing healthy, which part fails, and how sure is that.",
        ),
        st.Page(
            HERE / "machine.py",
            title="Machine",
            icon=":material/timeline:",
            url_path="machine",
            help="Drop many recordings of one machine: what changed, since when, against its own past.",
        ),
        st.Page(
            HERE / "fleet.py",
            title="Fleet",
            icon=":material/factory:",
            url_path="fleet",
            help="All machines, worst first.",
        ),
        st.Page(
            HERE / "test_set.py",
            title="Test set",
            icon=":material/grid_view:",
            url_path="test_set",
            help="Every prediction on held-out windows of the CWRU recordings: map, table, confusion matrix.",
        ),
        st.Page(
            HERE / "training.py",
            title="Training",
            icon=":material/model_training:",
            url_path="training",
            help="How the networks were trained, and what their accuracy means under each way of splitting the data.",
        ),
    ],
    position="top",
)
page.run()
