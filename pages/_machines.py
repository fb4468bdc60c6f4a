"""What the machine and fleet pages share: the demo's histories, kept; uploads measured with a bar."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from bearing.errors import BearingError
from bearing.machines.demo import DEMO_STORE
from bearing.machines.fleet import FleetRow, fleet
from bearing.machines.history import History, history_of_measurements, with_verdicts
from bearing.machines.measure import Measurement, measure_bytes, verdict_of_bytes
from bearing.machines.store import Store
from bearing.readers.names import clean_file_name
from bearing.verdict.request import Request

SHAPES = {"no data": "○", "ok": "●", "watch": "▲", "alert": "◆", "alarm": "■"}  # as in the charts
UPLOADED = "machine.history"


@st.cache_data(max_entries=1, show_spinner="Reading the demo fleet")
def demo_rows() -> list[FleetRow]:
    """The demo fleet, worst first."""
    return fleet(Store(DEMO_STORE, read_only=True))


@st.cache_data(max_entries=8, show_spinner="Reading the history")
def demo_history(machine: str) -> History:
    """One machine of the demo."""
    return Store(DEMO_STORE, read_only=True).history(machine)


def measured_uploads(files: Sequence[Any], asked: Request) -> History:
    """The history of uploaded files, with rows done, seconds left, and a way to stop; a bad file is told, not fatal."""
    bar, stop = st.progress(0.0, text="Measuring"), st.button("Stop here", key="machine-stop")
    found: list[Measurement] = []
    skipped: list[tuple[str, str]] = []
    contents: dict[str, Any] = {}
    began = time.monotonic()
    for done, file in enumerate(files, start=1):
        name = clean_file_name(file.name)
        try:
            found += [replace(m, file=name) for m in measure_bytes(file.getvalue(), name, asked)]
            contents[name] = file
        except BearingError as error:
            skipped.append((name, str(error)))
        left = (time.monotonic() - began) / done * (len(files) - done)
        bar.progress(done / len(files), text=f"{done} of {len(files)} files, {left:.0f} s left")
        if stop:
            break
    history = with_verdicts(
        history_of_measurements(found, asked, None, skipped),
        lambda one: verdict_of_bytes(contents[one.file].getvalue(), one.file, asked, one.point),
    )
    bar.empty()
    return history
