"""What is shown, in the address: a link opens the same view again.

The address is read when a visitor comes by it or goes back to it, and written at every run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import streamlit as st

from bearing.cwru.registry import registry
from bearing.errors import BearingError
from bearing.physics.catalogue import CatalogueEntry
from bearing.recording import check_rate_hz, check_rpm
from bearing.signal.units import UNITS
from bearing.verdict.asked.request import Request
from pages._asked import bearing_slot, outer_ring_key, rate_of, rpm_of, unit_key, unit_read
from pages._source import SAMPLES, Source, current, fetch, open_sample

WRITTEN = "diagnose.address"
LOST = "diagnose.lost"


def put(**values: str) -> None:
    """Write these into the address; an empty one is taken out of it."""
    before = dict(st.query_params)
    after = {name: value for name, value in (before | values).items() if value}
    if after != before:
        st.query_params.from_dict(after)
    st.session_state[WRITTEN] = after


def follow() -> None:
    """Open what the address says, when it was not written here."""
    said, touched = dict(st.query_params), st.session_state.pop("diagnose.touched", False)
    if not said or touched or said == st.session_state.get(WRITTEN):
        return
    st.session_state[WRITTEN] = said
    st.session_state.pop(LOST, None)
    if not _open(said):
        return
    source = current()
    if source is not None:
        _fill(source, said)


def _open(said: Mapping[str, str]) -> bool:
    """Lay the file on the table that the address names; a file of the visitor's own must be dropped again."""
    here = current()
    for kind in ("sample", "cwru", "file"):
        if kind in said and here is not None and here.link == (kind, said[kind]):
            return True
    if said.get("sample") in SAMPLES:
        open_sample(said["sample"])
        return True
    if said.get("cwru") in {str(entry.number) for entry in registry()}:
        fetch(int(said["cwru"]))
        return current() is not None
    if "file" in said:
        st.session_state[LOST] = dict(said)
    return False


def lost() -> str:
    """The name of the file the address tells of and nobody holds any more, "" for none."""
    said: dict[str, str] = st.session_state.get(LOST, {})
    return said.get("file", "")


def found_again(source: Source) -> None:
    """The file of a reloaded page was dropped again: what the address said of it holds again."""
    if lost() == source.name:
        _fill(source, st.session_state.pop(LOST))


def _fill(source: Source, said: Mapping[str, str]) -> None:
    """Put what the address says into the fields; what makes no sense there is passed over."""
    state = st.session_state
    for name, field, check in (("rate", rate_of(source), check_rate_hz), ("rpm", rpm_of(source), check_rpm)):
        try:
            if name in said:
                state[field.key] = check(float(said[name]))
        except (BearingError, ValueError):
            continue
    if said.get("unit") in UNITS:
        state[unit_key(source)] = said["unit"]
    if said.get("channel") in {r.channel for r in source.intake.recordings}:
        state[f"channel-{source.tag}"] = said["channel"]
    _fill_bearing(source, said)
    state[outer_ring_key(source)] = said.get("outer_ring") == "turns"
    state["axis"] = "Orders" if said.get("axis") == "orders" else "Hz"
    state["scale"] = "dB" if said.get("scale") == "dB" else "Amplitude"
    if said.get("tab"):
        state["diagnose.tab"] = said["tab"]
    low, _, high = said.get("band", "").partition("-")
    if re.fullmatch(r"[0-9]{1,7}-[0-9]{1,7}", f"{low}-{high}") and int(low) < int(high):
        state["diagnose.band"] = (float(low), float(high))


def _fill_bearing(source: Source, said: Mapping[str, str]) -> None:
    from pages._panel import NOT_KNOWN, open_own

    slot = bearing_slot(source)
    try:
        for way in ("bearing", "geometry", "orders"):
            text = said.get(way, "")
            if text == "none":
                st.session_state[f"bearing-{slot}"] = NOT_KNOWN
            elif text:
                Request(**{way: text})  # type: ignore[arg-type]
                open_own(slot, way, text)
    except BearingError:
        return


def words_of(source: Source, channel: str, several: bool) -> dict[str, str]:
    """The address of what is shown, but for band, scale and tab, which write themselves."""
    kind, value = source.link
    rate, rpm = rate_of(source), rpm_of(source)
    chosen = st.session_state.get(f"diagnose.bearing.{bearing_slot(source)}")
    unit = st.session_state.get(unit_key(source), "")
    words = {"sample": "", "cwru": "", "file": "", "bearing": "", "geometry": "", "orders": ""}
    words |= {
        kind: value,
        "channel": channel if several else "",
        "rate": _changed(rate.settled()[0], rate.read),
        "rpm": _changed(rpm.settled()[0], rpm.read),
        "outer_ring": "turns" if st.session_state.get(outer_ring_key(source)) else "",
        "unit": unit if unit in UNITS and unit != unit_read(source) else "",
    }
    if chosen is not None:
        words |= _bearing_words(chosen) or ({"bearing": "none"} if bearing_slot(source) != "all" else {})
    return words


def _bearing_words(chosen: dict[str, Any]) -> dict[str, str]:
    """An own bearing by its orders: a link opens where it is not known by name."""
    entry = chosen.get("bearing")
    if not isinstance(entry, CatalogueEntry):
        return chosen
    o = entry.orders
    return {"orders": f"bpfo={o.bpfo:.6g},bpfi={o.bpfi:.6g},bsf={o.bsf:.6g},ftf={o.ftf:.6g}"}


def _changed(value: float | None, read: float | None) -> str:
    return "" if value is None or value == read else f"{value:.10g}"
