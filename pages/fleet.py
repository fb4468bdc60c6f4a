"""Fleet: every measuring point of every machine, worst first."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import streamlit as st

from bearing.errors import BearingError
from bearing.figures.looks import MACHINE_LOOKS
from bearing.machines.kept.fleet import sum_up
from bearing.machines.kept.layout import DEFAULT_STORE
from bearing.machines.kept.store import Store
from bearing.machines.spectra import kept_waveforms
from bearing.machines.words import verdict_words
from bearing.readers.names import safe_cell
from bearing.report import fleet_html
from bearing.settings import store_file
from bearing.states import MACHINE_STATES
from pages._machines import FORGETS, SHAPES, demo_rows, own_store, rows_in, stamp, store_to_write
from pages._show import plain


def hand_over() -> None:
    """The kept machines as one file; where the server keeps none of its own, a way to bring that file back."""
    if own is not None:
        st.download_button(
            "Machines as a file", partial(content, own), DEFAULT_STORE.name, "application/vnd.sqlite3",
            help="One SQLite file: any SQLite browser, pandas and the command line read it.",
        )  # fmt: skip
        if left := kept_waveforms(own):
            st.caption(f"The waveforms kept beside them ({left} recordings) do not travel with this file.")
    if store_file() is not None:
        return
    with st.expander("Bring machines back from a file"):
        st.caption(FORGETS)
        sent = st.file_uploader("The file that was downloaded here", type=["sqlite"], key="fleet-store")
        if sent is None or st.session_state.get(TAKEN) == sent.file_id:
            return
        try:
            new = (store := store_to_write()).take_over(sent.getvalue())
            sum_up(store)
        except BearingError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        st.session_state[TAKEN] = sent.file_id
        st.toast(f"{new} measurements are back.")
        st.rerun()


def content(path: Path) -> bytes:
    """A store's file, read when it is asked for."""
    return Store(path, read_only=True).as_bytes()


TAKEN = "fleet.taken"
st.set_page_config(page_title="Fleet · Bearing Diagnostics")
st.title("Fleet", anchor=False)
own = own_store()
SIMULATED = "A simulated plant, measured once a week for a year: nothing here was measured on a real machine."
OWN, DEMO = "Machines kept here", "Simulated plant"
shown = OWN if own is not None else DEMO
if own is not None:
    shown = st.radio("Fleet", [OWN, DEMO], horizontal=True, key="fleet-of", label_visibility="collapsed")
else:
    st.caption("No machine is kept here yet: drop its recordings on Machine, and keep them under a name.")
if shown == DEMO:
    st.caption(SIMULATED)
every = rows_in(own, stamp(own)) if own is not None and shown == OWN else demo_rows()
wanted = st.segmented_control(
    "State", list(MACHINE_STATES)[::-1], selection_mode="multi", key="fleet-state",
    format_func=lambda s: f"{SHAPES[s]} {MACHINE_STATES[s].title}",
)  # fmt: skip
visiting = shown == OWN and store_file() is None  # another tab would be another visitor, who has none of these
rows = [row for row in every if not wanted or row.state in wanted]
table = pd.DataFrame(
    {
        "Machine": [row.machine if visiting else f"/machine?machine={quote(row.machine, safe='()')}" for row in rows],
        "Point": [row.point for row in rows],
        "State": [f"{SHAPES[row.state]} {MACHINE_STATES[row.state].title}" for row in rows],
        "Since": [row.since[:10] if row.since[:4].isdigit() else row.since for row in rows],  # dates without their time
        "Verdict": [verdict_words(row.verdict) for row in rows],
        "Change (dB)": [row.change_db for row in rows],
        "Trend": [list(row.spark) for row in rows],
        "Acknowledged": [row.acknowledged for row in rows],
        "Reason": [row.reason for row in rows],
    }
)
colours = {f"{SHAPES[key]} {look.title}": MACHINE_LOOKS[key].colour for key, look in MACHINE_STATES.items()}
if len(table):
    picked = st.dataframe(
        table.style.map(lambda cell: f"border-left: 6px solid; color: {colours[cell]}", subset=["State"]),
        hide_index=True,
        alt="Every measuring point with state, since when, verdict and change, the worst first",
        column_config={
            **({} if visiting else {"Machine": st.column_config.LinkColumn(display_text=r"machine=(.*)")}),
            "Trend": st.column_config.LineChartColumn(),
            "Change (dB)": st.column_config.NumberColumn(format="%+.1f"),
        },
        on_select="rerun",
        selection_mode="single-row",
        key="fleet-rows",
    )
    if picked["selection"]["rows"]:
        st.switch_page("machine.py", query_params={"machine": rows[picked["selection"]["rows"][0]].machine})
    export = pd.DataFrame([row.as_dict() for row in rows]).map(lambda v: safe_cell(v) if isinstance(v, str) else v)
    one, two = st.columns(2)
    one.download_button("Report", partial(fleet_html, rows, "Fleet", SIMULATED if shown == DEMO else ""), "fleet.html")
    two.download_button("Export as CSV", export.to_csv(index=False), "fleet.csv", "text/csv")
else:
    st.info("No machine is in that state.")
if shown == OWN or own is None:
    hand_over()
