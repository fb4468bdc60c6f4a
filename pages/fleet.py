"""Fleet: every measuring point of every machine, worst first."""

from __future__ import annotations

from urllib.parse import quote

import pandas as pd
import streamlit as st

from bearing.figures.looks import MACHINE_LOOKS
from bearing.machines.words import verdict_words
from bearing.readers.names import safe_cell
from bearing.states import MACHINE_STATES
from pages._machines import SHAPES, demo_rows, own_store, rows_in, stamp

st.set_page_config(page_title="Fleet · Bearing Diagnostics")
st.title("Fleet", anchor=False)
own = own_store()
OWN, DEMO = "Machines kept here", "Simulated plant"
shown = OWN if own is not None else DEMO
if own is not None:
    shown = st.radio("Fleet", [OWN, DEMO], horizontal=True, key="fleet-of", label_visibility="collapsed")
else:
    st.caption("No machine is kept here yet: `BEARING_STORE` names the file, `python -m bearing add` fills it.")
if shown == DEMO:
    st.caption("A simulated plant, measured once a week for a year: nothing here was measured on a real machine.")
every = rows_in(own, stamp(own)) if own is not None and shown == OWN else demo_rows()
wanted = st.segmented_control(
    "State", list(MACHINE_STATES)[::-1], selection_mode="multi", key="fleet-state",
    format_func=lambda s: f"{SHAPES[s]} {MACHINE_STATES[s].title}",
)  # fmt: skip
rows = [row for row in every if not wanted or row.state in wanted]
table = pd.DataFrame(
    {
        "Machine": [f"/machine?machine={quote(row.machine, safe='()')}" for row in rows],
        "Point": [row.point for row in rows],
        "State": [f"{SHAPES[row.state]} {MACHINE_STATES[row.state].title}" for row in rows],
        "Since": [row.since[:10] for row in rows],
        "Verdict": [verdict_words(row.verdict) for row in rows],
        "Change (dB)": [row.change_db for row in rows],
        "Trend": [list(row.spark) for row in rows],
        "Acknowledged": [row.acknowledged for row in rows],
        "Reason": [row.reason for row in rows],
    }
)
colours = {f"{SHAPES[key]} {look.title}": MACHINE_LOOKS[key].colour for key, look in MACHINE_STATES.items()}
if len(table):
    st.dataframe(
        table.style.map(lambda cell: f"border-left: 6px solid; color: {colours[cell]}", subset=["State"]),
        hide_index=True,
        alt="Every measuring point with state, since when, verdict and change, the worst first",
        column_config={
            "Machine": st.column_config.LinkColumn(display_text=r"machine=(.*)"),
            "Trend": st.column_config.LineChartColumn(),
            "Change (dB)": st.column_config.NumberColumn(format="%+.1f"),
        },
    )
    export = pd.DataFrame([row.as_dict() for row in rows]).map(lambda v: safe_cell(v) if isinstance(v, str) else v)
    st.download_button("Export as CSV", export.to_csv(index=False), "fleet.csv", "text/csv")
else:
    st.info("No machine is in that state.")
