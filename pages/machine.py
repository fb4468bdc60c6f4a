"""Machine: many recordings of one machine in, what changed and since when out."""

from __future__ import annotations

from functools import partial

import streamlit as st

from bearing.errors import BearingError
from bearing.figures.trend import history_figures, trend_figure, waterfall_figure
from bearing.machines.history import History, Point
from bearing.machines.measure import INDICATORS
from bearing.machines.words import verdict_words
from bearing.physics.catalogue import load_catalogue
from bearing.report import history_html
from bearing.states import MACHINE_STATES
from bearing.verdict.request import Request
from pages._machines import SHAPES, UPLOADED, demo_history, demo_rows, measured_uploads
from pages._show import chart, plain

NOT_KNOWN = "not known"


def upload_form() -> None:
    """Files, bearing and speed once for all of them."""
    with st.form("machine-form", border=False):
        files = st.file_uploader(
            "Drop all recordings of one machine here", accept_multiple_files=True, key="machine-files"
        )
        bearing = st.selectbox("Bearing", [NOT_KNOWN, *(e.name for e in load_catalogue())], key="machine-bearing")
        rpm = st.number_input("Speed (rpm)", min_value=0.0, value=0.0, key="machine-rpm", help="0: as the files say")
        rate = st.number_input(
            "Sampling rate (Hz)", min_value=0.0, value=0.0, key="machine-rate", help="0: as the files say"
        )
        if not st.form_submit_button("Show the history", type="primary") or not files:
            return
    try:
        asked = Request(None, rate or None, rpm or None, None if bearing == NOT_KNOWN else bearing)
        st.session_state[UPLOADED] = measured_uploads(files, asked)
    except BearingError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.query_params.clear()
    st.rerun()


def chosen() -> tuple[str, History | None]:
    """The uploaded machine, or the one of the demo that the address names."""
    named = st.query_params.get("machine", "")
    names = list(dict.fromkeys(row.machine for row in demo_rows()))
    if named in names:
        return named, demo_history(named)
    uploaded = st.session_state.get(UPLOADED)
    return ("Uploaded recordings", uploaded) if uploaded is not None else ("", None)


def show_point(point: Point) -> None:
    """State and reason, then the pictures."""
    look = MACHINE_STATES[point.state]
    st.subheader(f"{SHAPES[point.state]} {look.title}: {plain(point.name)}", anchor=False)
    st.markdown(f"{plain(point.reason)}")
    base = point.assessment.baseline
    learned = f", baseline of {base.count} ({base.first} to {base.last}, {base.chosen})" if base else ""
    st.caption(
        f"{len(point.measurements)} measurements in order of {plain(point.time_source)}{learned}. Verdict of the last "
        f"{point.verdict.recordings}: {verdict_words(point.verdict.verdict)}."
    )
    known = [name for name in INDICATORS if any(name in m.values for m in point.measurements)]
    start = point.assessment.cause or "rms"
    name = st.selectbox(
        "Indicator", known, index=known.index(start), format_func=lambda n: INDICATORS[n].title, key=f"of-{point.name}"
    )
    picked = chart(
        trend_figure(point, name), f"trend-{point.name}", f"{INDICATORS[name].title} over time: {point.reason}",
        "trend", on_select="rerun", selection_mode="points",
    )  # fmt: skip
    at = [p["customdata"][0] for p in picked["selection"]["points"] if p.get("customdata")] if picked else []
    if at:
        one = point.measurements[at[0]]
        numbers = ", ".join(f"{INDICATORS[k].title} {v:.4g}" for k, v in one.values.items())
        st.info(plain(f"{one.file} ({point.times[at[0]] or 'no time told'}): {numbers}"))
    waterfall = waterfall_figure(point, point.orders)
    if waterfall is not None:
        chart(waterfall, f"waterfall-{point.name}", "Envelope spectra over time, in orders of shaft speed", "waterfall")


def report(history: History, title: str) -> str:
    """The page to keep, made when asked for."""
    return history_html(history, history_figures(history), title)


st.title("Machine", anchor=False)
title, history = chosen()
with st.expander("Many recordings of one machine", expanded=history is None):
    upload_form()
if history is None:
    st.write("Or look at a machine of the simulated demo:")
    for row in demo_rows():
        if st.button(f"{row.machine}: {MACHINE_STATES[row.state].title}", key=f"demo-{row.machine}"):
            st.query_params["machine"] = row.machine
            st.rerun()
else:
    st.header(plain(title), anchor=False)
    names = [p.name for p in history.points]
    if names:
        worst = history.worst
        point_name = st.radio(
            "Measuring point", names, index=names.index(worst.name) if worst else 0, horizontal=True,
            key=f"machine-point-{title}", label_visibility="visible" if len(names) > 1 else "collapsed",
        )  # fmt: skip
        show_point(history.points[names.index(point_name)])
        st.download_button("Report", partial(report, history, title), f"{title}.html", "text/html")
    if history.skipped:
        with st.expander(f"{len(history.skipped)} files are no measurement"):
            st.dataframe([{"file": name, "why": why} for name, why in history.skipped], hide_index=True)
