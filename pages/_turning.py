"""How the shaft turned, the order map, and what can be asked besides the verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from bearing.errors import BearingError
from bearing.figures.recording import order_map_figure, speed_figure
from bearing.figures.words import spectrogram_words
from bearing.recording import Recording
from bearing.verdict.asked.request import parse_speed
from bearing.verdict.diagnosis import Diagnosis
from bearing.verdict.words.machine import line_name
from pages import _compute
from pages._asked import speed_key
from pages._show import chart, plain

SPEED_POINTS = 6  # of a speed over time, to begin with


def turning(
    key: str,
    tag: str,
    file: str,
    recording: Recording,
    diagnosis: Diagnosis,
    picture: Callable[[str], str],
    headed: Callable[[str], Sequence[str]],
) -> None:
    """Speed over time where it moved, the spectrum in orders over time, and the machine's own lines on demand.

    picture, headed : the name and the lines over a saved picture, by what it shows.
    """
    if diagnosis.shaft_rpm is None:
        st.caption("Give the shaft speed to see the spectrum in orders and the machine's own lines.")
        speed_editor(file, diagnosis)
        return
    if diagnosis.moved is not None:
        chart(
            speed_figure(diagnosis.moved.time_s, diagnosis.moved.rpm),
            key=f"speed-{tag}", alt=f"Shaft speed over time. {diagnosis.speed_note}", name=picture("speed"),
            title=headed("Shaft speed"),
        )  # fmt: skip
        st.caption(plain(diagnosis.speed_note))
    speed_editor(file, diagnosis)
    turned = _compute.orders_over_turns(key, diagnosis.still or recording, diagnosis.shaft_rpm / 60)
    chart(
        order_map_figure(turned), key=f"orders-{tag}", name=picture("order_map"), title=headed("Order map"),
        alt=spectrogram_words(turned, "turns", "times the shaft speed", "Order map"),
    )  # fmt: skip
    asked = f"besides-{tag}"
    if st.button("Read the machine's own lines", icon=":material/settings:", key=f"ask-{asked}", type="tertiary"):
        st.session_state[asked] = True
    if st.session_state.get(asked):
        besides(_compute.besides(key, recording, diagnosis))


def speed_editor(file: str, diagnosis: Diagnosis) -> None:
    """A speed that moves, told or corrected at a few moments."""
    with st.expander("Give or correct the speed over time", icon=":material/edit:"):
        moved = diagnosis.moved
        time_s = np.linspace(0, diagnosis.duration_s, SPEED_POINTS)
        flat = diagnosis.shaft_rpm or np.nan
        rpm = np.full(SPEED_POINTS, flat) if moved is None else np.interp(time_s, moved.time_s, moved.rpm)
        st.caption("Rough numbers will do: the signal makes them exact.")
        edited = st.data_editor(
            pd.DataFrame({"Seconds": time_s.round(3), "rpm": rpm.round(1)}), hide_index=True, num_rows="dynamic",
            key=f"speeds-{file}", width="content",
        )  # fmt: skip
        with st.container(horizontal=True):
            if st.button("Use this speed", type="primary", key=f"use-speed-{file}"):
                known = edited.dropna().sort_values("Seconds")
                said = ",".join(f"{at:g}={rpm:g}" for at, rpm in known.itertuples(index=False))
                try:
                    parse_speed(said)
                except BearingError as error:
                    st.error(plain(str(error)))
                else:
                    st.session_state[speed_key(file)] = said
                    st.rerun()
            if speed_key(file) in st.session_state and st.button("Back to what was found", key=f"no-speed-{file}"):
                del st.session_state[speed_key(file)]
                st.rerun()


def besides(found: Diagnosis) -> None:
    """The textbook's readings, how weak a fault would have been seen, and every line that stands."""
    for sentence in found.asked_besides:
        st.markdown(plain(sentence))
    lines = [line for line in found.machine.lines if line.found] if found.machine else []
    if lines:
        table = pd.DataFrame(
            {
                "Line": [line_name(line) for line in lines],
                "Hz": [line.frequency_hz for line in lines],
                "Order": [line.order for line in lines],
                "Amplitude": [line.level for line in lines],
                "dB over the floor": [line.db for line in lines],
            }
        )
        number = st.column_config.NumberColumn
        st.dataframe(
            table, hide_index=True,
            column_config={"Hz": number(format="%.2f"), "Order": number(format="%.3f"),
                           "Amplitude": number(format="%.4g"), "dB over the floor": number(format="%.0f")},
        )  # fmt: skip
    st.caption("No verdict on the machine: what a textbook would look into first.")
