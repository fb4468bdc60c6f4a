"""Machine: many recordings of one machine in, what changed and since when out."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import streamlit as st

from bearing.errors import BearingError
from bearing.figures.compare import KINDS, comparison_figure
from bearing.figures.trend import history_figures, trend_figure, waterfall_figure
from bearing.machines.demo import DEMO_STORE
from bearing.machines.history import History, Point
from bearing.machines.kept.machine import LONGEST_NAME, checked_name
from bearing.machines.kept.store import Store
from bearing.machines.limits.by_hand import with_zones
from bearing.machines.limits.rules import RULES
from bearing.machines.measure import INDICATORS, Measurement, recording_of_bytes
from bearing.machines.spectra import kept_recording, place_of
from bearing.machines.words import verdict_told
from bearing.recording import Recording
from bearing.report import history_html
from bearing.settings import store_file
from bearing.signal.severity import EDITION, GROUPS, SUPPORTS
from bearing.signal.units import UNITS
from bearing.states import MACHINE_STATES
from bearing.verdict.asked.request import Request
from pages import _source
from pages._machines import (
    FORGETS,
    SHAPES,
    UPLOADED,
    Uploads,
    acknowledged_in,
    demo_rows,
    history_in,
    keep,
    limits_in,
    measure_uploads,
    own_store,
    rows_in,
    set_limits,
    stamp,
)
from pages._panel import bearing_field
from pages._show import chart, plain

AS_FILES = "as the files say"
NONE = "none"
BUTTONS = 8


def upload_form() -> None:
    """Files, bearing, speed, rate and unit once for all of them.

    The bearing's fields follow each other and stand outside the form; its button waits for the last file.
    """
    bearing = bearing_field("machine")
    as_read: dict[str, Any] = {"value": None, "placeholder": AS_FILES, "format": "%.7g"}
    with st.form("machine-form", border=False):
        files = st.file_uploader(
            "Drop all recordings of one machine here", accept_multiple_files=True, key="machine-files"
        )
        left, right = st.columns(2, gap="small")
        rpm = left.number_input("Speed (rpm)", step=1.0, key="machine-rpm", **as_read)
        rate = right.number_input("Sampling rate (Hz)", step=100.0, key="machine-rate", **as_read)
        unit = left.selectbox("Unit", list(UNITS), index=None, placeholder=AS_FILES, key="machine-unit")
        per_g = right.number_input(
            "Sensitivity (mV/g)", min_value=0.001, key="machine-sensitivity", help="Volts become g by it.",
            **{**as_read, "placeholder": "if in volts"},
        )  # fmt: skip
        if not st.form_submit_button("Show the history", type="primary"):
            return
    if not files:
        st.info("Drop the recordings first, all at once.")
        return
    try:
        measure_uploads(files, Request(rate_hz=rate, rpm=rpm, unit=unit, mv_per_g=per_g, **bearing))
    except BearingError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.query_params.clear()
    st.rerun()


def chosen() -> tuple[str, History | None, Path | None]:
    """The machine that the address names, and the store it is kept in; else the uploaded recordings."""
    named = st.query_params.get("machine", "")
    if named:
        own = own_store()
        if (history := history_in(own, named)) is not None:
            return named, history, own
        if (history := history_in(DEMO_STORE, named)) is not None:
            return named, history, None
        st.info(plain(f"No machine {named[:80]!r} is kept here; those kept without a store go with their visit."))
    work: Uploads | None = st.session_state.get(UPLOADED)
    if work is None or work.history is None:
        return "", None, None
    partly = len(work.found) + len(work.skipped) and len(work.contents) + len(work.skipped) < work.total
    return f"Uploaded recordings{' (stopped)' if partly else ''}", work.history, None


def keep_form() -> None:
    """The uploaded recordings become a machine of the fleet, under a name."""
    work: Uploads | None = st.session_state.get(UPLOADED)
    if work is None or work.history is None or not work.history.points:
        return
    with st.popover("Keep as a machine", icon=":material/inventory_2:", key="keep"), st.form("keep-form", border=False):
        written = st.text_input("Its name", max_chars=LONGEST_NAME, placeholder="pump 3")
        more = st.checkbox(
            "Waveforms, too",
            help="A stretch of each, to lay over later ones; 100 to 200 kB a recording. They stay here: the file of "
            "machines that Fleet hands out does not hold them.",
        )
        st.caption("Numbers and spectra are kept, no recordings." + ("" if store_file() else f" {FORGETS}"))
        if not st.form_submit_button("Keep", type="primary"):
            return
        try:
            name = checked_name(written)
            keep(work, name, more)
        except BearingError as error:
            st.error(plain(str(error)))
            return
    open_machine(name)


def look_closer(point: Point, index: int) -> None:
    """One measurement in numbers; where its recording was uploaded, a way to Diagnose."""
    one = point.measurements[index]
    numbers = ", ".join(f"{INDICATORS[k].title} {v:.4g}" for k, v in one.values.items())
    st.info(plain(f"{one.file} ({point.times[index] or 'no time told'}): {numbers}"))
    held = content_of(one)
    if held is None:
        st.caption("Kept are its numbers and spectra, not the recording itself.")
    elif st.button("Open this recording in Diagnose", icon=":material/troubleshoot:", key=f"open-{point.name}"):
        name, data = held
        _source.take([(name, data)])
        st.switch_page("diagnose.py")


def content_of(one: Measurement) -> tuple[str, bytes] | None:
    """The uploaded file that a measurement was made from."""
    work: Uploads | None = st.session_state.get(UPLOADED)
    return None if work is None else work.content(one.sha256)


def compare(point: Point, kept_in: Path | None, machine: str) -> None:
    """Two recordings over each other: uploaded ones, or those kept with a machine."""
    at = [i for i, one in enumerate(point.measurements) if comparable(one, kept_in, machine)]
    if len(at) < 2:
        return
    with st.expander("Compare two recordings"):
        base = point.assessment.baseline
        early = base.last if base is not None and base.last in at else at[0]
        columns = st.columns(3)

        def told(i: int) -> str:
            return f"{i}: {point.measurements[i].file}"

        first = columns[0].selectbox("Earlier", at, index=at.index(early), format_func=told, key="compare-first")
        second = columns[1].selectbox("Later", at, index=len(at) - 1, format_func=told, key="compare-second")
        kind = columns[2].selectbox("Shown", list(KINDS), index=2, format_func=KINDS.__getitem__, key="compare-kind")
        scale = st.radio("Axis", ["Hz", "Orders of shaft speed"], horizontal=True, key="compare-axis")
        try:
            recordings = [recording_of(point.measurements[i], kept_in, machine) for i in (first, second)]
        except BearingError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        names = (point.measurements[first].file, point.measurements[second].file)
        figure = comparison_figure(recordings[0], recordings[1], names, kind, scale != "Hz")
        if figure is None:
            st.info("For orders both recordings need a speed, for any spectrum a sampling rate.")
            return
        chart(figure, "compare", f"{KINDS[kind]} of {names[0]} and {names[1]} over each other", "comparison")


def comparable(one: Measurement, kept_in: Path | None, machine: str) -> bool:
    """Whether there is more of a measurement than numbers."""
    return content_of(one) is not None or (kept_in is not None and place_of(kept_in, machine, one.sha256).is_file())


def recording_of(one: Measurement, kept_in: Path | None, machine: str) -> Recording:
    """What a measurement was made of, corrected as it was then: of what is kept with a machine a stretch."""
    if (held := content_of(one)) is not None:
        return recording_of_bytes(held[1], held[0], st.session_state[UPLOADED].asked, one.point)
    assert kept_in is not None
    found = kept_recording(kept_in, machine, one)
    assert found is not None
    return found


def acknowledge(store: Path, machine: str, point: Point) -> None:
    """What a person said of the state, and a way to say it."""
    said = acknowledged_in(store, machine).get(point.name)
    if said is not None and said.holds(point.state):
        st.success(plain(f"Acknowledged {said}"), icon=":material/check:")
    if point.state in ("ok", "no data"):
        return
    with (
        st.popover("Acknowledge", icon=":material/check:", key=f"seen-{point.name}"),
        st.form(f"acknowledge-{point.name}", border=False),
    ):
        note = st.text_input("What was found or decided", key=f"note-{point.name}", max_chars=1000)
        who = st.text_input("By", key=f"who-{point.name}", max_chars=100)
        if st.form_submit_button("Keep", type="primary"):
            try:
                Store(store).acknowledge(machine, point.name, point.state, note, who)
            except BearingError as error:
                st.error(plain(str(error)))
            else:
                st.rerun()


def limits_form(kept_in: Path | None, machine: str) -> None:
    """Limits set by hand, beside those of the machine's own past."""
    with st.popover("Limits", icon=":material/horizontal_rule:"), st.form("limits-form", border=False):
        written = st.text_input(
            "Limits set by hand", limits_in(kept_in, machine), max_chars=500,
            placeholder="velocity_rms=2.8/4.5, rms=0.5",
            help=f"Alert, or alert/alarm, of {', '.join(RULES)}, in the recording's own unit.",
        )  # fmt: skip
        group = st.selectbox(f"Zones of {EDITION}", [NONE, *GROUPS], format_func=lambda g: GROUPS.get(g, g))
        support = st.selectbox("Support", list(SUPPORTS), format_func=SUPPORTS.__getitem__)
        st.caption("Zone C is an alert, zone D an alarm of the velocity RMS. Early bearing damage hardly shows there.")
        if not st.form_submit_button("Set", type="primary"):
            return
        try:
            set_limits(kept_in, machine, written if group == NONE else with_zones(written, group, support))
        except BearingError as error:
            st.error(plain(str(error)))
            return
    st.rerun()


def show_point(point: Point, kept_in: Path | None, machine: str) -> None:
    """State and reason, then the pictures."""
    look = MACHINE_STATES[point.state]
    st.subheader(f"{SHAPES[point.state]} {look.title}: {plain(point.name)}", anchor=False)
    st.markdown(f"{plain(point.reason)}")
    for sentence in point.cautions:
        st.warning(plain(sentence))
    base = point.assessment.baseline
    source = plain(point.time_source)
    order = source if source.startswith("the order") else f"order of {source}"
    learned = f", baseline of {base.count} ({base.first} to {base.last}, {base.chosen})" if base else ""
    st.markdown(plain(verdict_told(point)))
    st.caption(f"{len(point.measurements)} measurements in {order}{learned}.")
    known = [name for name in INDICATORS if any(name in m.values for m in point.measurements)]
    start = point.indicator
    name = st.selectbox(
        "Indicator", known, index=known.index(start), format_func=lambda n: INDICATORS[n].title, key=f"of-{point.name}"
    )
    picked = chart(
        trend_figure(point, name), f"trend-{point.name}", f"{INDICATORS[name].title} over time: {point.reason}",
        "trend", on_select="rerun", selection_mode="points",
    )  # fmt: skip
    at = [p["customdata"][0] for p in picked["selection"]["points"] if p.get("customdata")] if picked else []
    listed = st.selectbox(
        "Look closer at", range(len(point.measurements)), index=None, placeholder="click a mark, or choose here",
        format_func=lambda i: f"{point.times[i] or i}: {plain(point.measurements[i].file)}", key=f"closer-{point.name}",
    )  # fmt: skip
    index = at[0] if at else listed
    if index is not None:
        look_closer(point, int(index))
    waterfall = waterfall_figure(point, point.orders)
    if waterfall is not None:
        chart(waterfall, f"waterfall-{point.name}", f"Envelope spectra of {len(point.measurements)} measurements "
              f"in orders of shaft speed. {point.reason}", "waterfall")  # fmt: skip
    elif not any("rpm" in m.values for m in point.measurements):
        st.caption("Where the shaft speed is told, envelope spectra over time are drawn here, in orders.")
    compare(point, kept_in, machine)


def report(history: History, title: str) -> str:
    """The page to keep, made when asked for."""
    return history_html(history, history_figures(history), title)


def choose_kept() -> None:
    """The machines that are kept here: buttons for the worst, the others in a list."""
    own = own_store()
    rows = [] if own is None else rows_in(own, stamp(own))
    for row in rows[:BUTTONS]:
        name = f"{row.machine}, {row.point}"
        if st.button(f"{plain(name)}: {MACHINE_STATES[row.state].title}", key=f"own-{name}"):
            open_machine(row.machine)
    if others := list(dict.fromkeys(row.machine for row in rows[BUTTONS:])):
        another = st.selectbox("Another machine that is kept", others, index=None, placeholder="type its name")
        if another is not None:
            open_machine(another)


def open_machine(name: str) -> NoReturn:
    """Its address, and its page."""
    st.query_params["machine"] = name
    st.rerun()


title, history, kept_in = chosen()
st.set_page_config(page_title=f"{title or 'Machine'} · Bearing Diagnostics")
st.title("Machine", anchor=False)
named = history is not None and "machine" in st.query_params
sending = st.expander(
    "Many recordings of one machine", history is None, on_change="rerun" if named else "ignore", key=f"sending-{named}"
)
if not named or sending.open:  # beside a machine that is kept the fields are sent when somebody wants them
    with sending:
        upload_form()
if history is None:
    choose_kept()
    st.write("Or look at a machine of the simulated demo:")
    for row in demo_rows():
        if st.button(f"{row.machine}: {MACHINE_STATES[row.state].title}", key=f"demo-{row.machine}"):
            open_machine(row.machine)
else:
    st.header(plain(title), anchor=False)
    names = [p.name for p in history.points]
    if names:
        point_name = names[0]
        if len(names) > 1:
            worst = history.worst
            point_name = st.radio(
                "Measuring point", names, index=names.index(worst.name) if worst else 0, horizontal=True,
                key=f"machine-point-{title}",
            )  # fmt: skip
        point = history.points[names.index(point_name)]
        if kept_in is not None or "machine" not in st.query_params:  # the demo stays as it is
            with st.container(horizontal=True):
                limits_form(kept_in, title)
                if kept_in is not None:
                    acknowledge(kept_in, title, point)
                else:
                    keep_form()
        show_point(point, kept_in, title)
        st.download_button("Report", partial(report, history, title), f"{title}.html", "text/html")
    if history.skipped:
        with st.expander(f"{len(history.skipped)} files are no measurement"):
            st.dataframe([{"file": name, "why": why} for name, why in history.skipped], hide_index=True)
