"""A visitor's own bearings: kept for the session and in his browser, brought in and taken away as CSV.

What the server knows of its own (BEARING_CATALOGUE) is part of the catalogue and stands beside these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from bearing.errors import ParameterError
from bearing.physics.catalogue import CatalogueEntry, own_csv, parse_geometry, parse_orders, parse_own
from bearing.physics.kinematics import fault_orders
from pages._show import plain

__all__ = ["own_bearings", "own_box", "recall"]

KEPT, CHANGED, READ, TROUBLE = "own.kept", "own.changed", "own.read", "own.trouble"
MOST_BYTES = 200_000
# What the browser holds is read once, and written whenever something is kept or removed.
_memory = st.components.v2.component(
    "bearing_own_bearings",
    js="""export default function({data, setStateValue}) {
        try {
            if (data.write !== null) localStorage.setItem('bearing.own', data.write);
            else if (localStorage.getItem('bearing.own')) setStateValue('held', localStorage.getItem('bearing.own'));
        } catch (error) { /* a browser that keeps nothing */ }
    }""",
)


def own_bearings() -> dict[str, CatalogueEntry]:
    """The visitor's bearings by name."""
    kept: dict[str, CatalogueEntry] = st.session_state.setdefault(KEPT, {})
    return kept


def recall() -> None:
    """Bring back what the browser kept from an earlier visit."""
    kept, state = own_bearings(), st.session_state
    write = own_csv(kept.values()) if state.get(CHANGED) else None
    with st.container(key="browser-memory"):
        result = _memory(data={"write": write}, key="own.memory", on_held_change=lambda: None)
    held = getattr(result, "held", None)
    if held and not state.get(READ):
        state[READ] = True
        try:
            kept.update((entry.name, entry) for entry in parse_own(str(held)[:MOST_BYTES], "your browser"))
        except ParameterError as error:
            state[TROUBLE] = str(error)


def own_box(key: str, given: Mapping[str, Any] | None) -> None:
    """Keep what was just typed (`given`), bring a CSV, take one away; `key` is that of the bearing field."""
    with st.popover("Own bearings", icon=":material/bookmark:", key="own", width="stretch", on_change="rerun") as box:
        if box.open:
            _own_controls(key, given)


def _own_controls(key: str, given: Mapping[str, Any] | None) -> None:
    kept = own_bearings()
    if given is not None:
        with st.form("own-keep", border=False):
            st.text_input("Name", key="own-name", max_chars=40, placeholder="such as Pump 2 drive end")
            st.form_submit_button("Keep this bearing", on_click=_keep, args=(key, dict(given)))
    st.file_uploader(
        "Import CSV", type="csv", key=f"own-csv-{st.session_state.get('own.turn', 0)}", on_change=_import,
        help="Columns designation and elements, ball_diameter, pitch_diameter, or bpfo, bpfi, bsf.",
    )  # fmt: skip
    if trouble := st.session_state.get(TROUBLE):
        st.error(plain(trouble))
    for name in kept:
        st.button(f"Remove {plain(name)}", key=f"own-remove-{name}", type="tertiary", on_click=_remove, args=(name,))
    if kept:
        st.download_button("Save as CSV", own_csv(kept.values()), "my_bearings.csv", "text/csv", on_click="ignore")
    st.caption("Kept in this browser. For everybody on this server: the file that BEARING_CATALOGUE names.")


def _keep(key: str, given: dict[str, Any]) -> None:
    """Callback: the typed numbers under a name."""
    name = st.session_state["own-name"].strip()
    if not name:
        st.session_state[TROUBLE] = "Give the bearing a name first."
        return
    geometry = parse_geometry(given["geometry"]) if "geometry" in given else None
    orders = fault_orders(geometry) if geometry is not None else parse_orders(given["orders"])
    elements = geometry.elements if geometry is not None else orders.elements
    entry = CatalogueEntry(name, "own", "rolling element", elements, geometry, orders, "Typed in")
    own_bearings()[entry.name] = entry
    st.session_state.update({CHANGED: True, TROUBLE: "", key: entry.name})


def _import() -> None:
    """Callback: the bearings of a dropped CSV."""
    turn = st.session_state.get("own.turn", 0)
    file = st.session_state.get(f"own-csv-{turn}")
    if file is None:
        return
    st.session_state["own.turn"] = turn + 1
    try:
        text = file.getvalue()[:MOST_BYTES].decode("utf-8-sig")
        found = parse_own(text, file.name)
        if not found:
            raise ParameterError(f"{file.name} holds no bearing: a heading and a row for each are expected.")
    except UnicodeDecodeError:
        st.session_state[TROUBLE] = f"{file.name} is no text in UTF-8: save it as CSV."
    except ParameterError as error:
        st.session_state[TROUBLE] = str(error)
    else:
        own_bearings().update((entry.name, entry) for entry in found)
        st.session_state.update({CHANGED: True, TROUBLE: ""})


def _remove(name: str) -> None:
    """Callback."""
    own_bearings().pop(name, None)
    st.session_state[CHANGED] = True
