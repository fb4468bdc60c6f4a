"""Below the verdict: the envelope spectrum with its lines, the kurtogram to choose a band on, spectra over frequency
and time, and the verdict window by window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import streamlit as st

from bearing.figures.diagnosis import DEMODULATED_FROM_HZ, automatic_bands, band_words, reach_hz, shaft_hz_of
from bearing.figures.envelope import LINE_NAMES, envelope_figure, kurtogram_figure
from bearing.figures.recording import spectrogram_figure, spectrum_figure, windows_figure
from bearing.physics.envelope_rule import FamilyEvidence
from bearing.signal.envelope import Band
from bearing.signal.kurtogram import Kurtogram
from bearing.states import FAMILIES, state
from bearing.verdict.diagnosis import Diagnosis
from bearing.verdict.words import family_remark, family_sentence
from pages import _compute
from pages._panel import Choice
from pages._show import STATE_COLOUR, STATE_ICON, chart, plain


@st.fragment
def envelope_section(choice: Choice, diagnosis: Diagnosis) -> None:
    """Envelope spectrum beside the kurtogram; slider, click and toggles redraw this part alone."""
    recording, bearing = choice.recording, choice.bearing
    rate_hz = recording.sampling_rate_hz
    assert rate_hz is not None
    if rate_hz < DEMODULATED_FROM_HZ:
        return
    reach = reach_hz(diagnosis)
    kurtogram = _compute.kurtosis_map(choice.key, min(2 * reach, rate_hz / 8), recording)
    tag = f"{choice.key}"
    st.subheader("Envelope spectrum", anchor=False)
    left, right = st.columns([2, 1], gap="medium")
    with right:
        narrowest_hz = max(20.0, 8 * rate_hz / len(recording.samples))
        band = _band_controls(tag, automatic_bands(diagnosis, kurtogram), rate_hz / 2, narrowest_hz)
        chart(
            kurtogram_figure(kurtogram, band, height=330),
            key=f"kurtogram-{tag}",
            alt=f"Kurtogram: kurtosis over frequency and bandwidth, highest at {band_words(kurtogram.best)}",
            name="kurtogram",
            on_select=lambda: _clicked(tag, kurtogram),
            selection_mode="points",
        )
        st.caption("Kurtogram: how impulsive each band is. Click a cell to demodulate it.")
    with left:
        in_orders, decibel = _envelope_toggles(tag, shaft_hz_of(diagnosis) is not None)
        spectrum = _compute.envelope(choice.key, (band.low_hz, band.high_hz), reach, recording)
        evidence = diagnosis.evidence
        figure = envelope_figure(
            spectrum,
            bearing.orders if bearing else None,
            shaft_hz_of(diagnosis),
            evidence,
            in_orders,
            decibel,
            highlight=_highlight(diagnosis),
            unit=recording.unit,
            height=400,
        )
        chart(
            figure,
            key=f"envelope-{tag}",
            alt=f"Envelope spectrum of the band {band_words(band)} with the bearing's fault lines marked",
            name="envelope_spectrum",
        )
        _explain_lines(choice, diagnosis)
    if evidence:
        families(evidence, diagnosis.verdict)


def _highlight(diagnosis: Diagnosis) -> tuple[str, ...]:
    """A clear verdict shows its own lines; the other families wait in the legend."""
    return (diagnosis.verdict,) if diagnosis.verdict in FAMILIES else FAMILIES


def _band_controls(tag: str, automatic: dict[str, Band], nyquist_hz: float, narrowest_hz: float) -> Band:
    """A slider for the band in kHz, and a button for each automatic band; never too narrow to demodulate.

    Without a choice it is the first automatic one.
    """
    key, top = f"band-{tag}", round(nyquist_hz / 1000, 3)
    marks = {why: (round(b.low_hz / 1000, 3), min(round(b.high_hz / 1000, 3), top)) for why, b in automatic.items()}
    if key not in st.session_state:
        st.session_state[key] = next(iter(marks.values()))
    step = max(round(top / 400, 3), 0.001)
    low, high = cast(
        tuple[float, float],
        st.slider("Demodulated band (kHz)", 0.0, top, step=step, key=key, persist_state="session"),
    )
    now = next((why for why, mark in marks.items() if mark == (low, high)), "")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"Automatic: {now}." if now else "Chosen by hand.", width="content")
        for why, mark in marks.items():
            if why != now:
                st.button(
                    why[:1].upper() + why[1:],
                    icon=":material/restart_alt:",
                    type="tertiary",
                    key=f"auto-{tag}-{why.split()[1]}",
                    on_click=lambda mark=mark: st.session_state.update({key: mark}),
                    help="Choose this band automatically.",
                )
    if high * 1000 - low * 1000 < narrowest_hz:
        st.caption(f":orange[:material/warning:] Widened to {narrowest_hz:.0f} Hz: this recording resolves no less.")
        low_hz = min(low * 1000, nyquist_hz - narrowest_hz)
        return Band(max(low_hz, 0.0), max(low_hz, 0.0) + narrowest_hz)
    return Band(low * 1000, min(high * 1000, nyquist_hz))


def _clicked(tag: str, kurtogram: Kurtogram) -> None:
    """Callback: the clicked cell of the kurtogram becomes the band."""
    event = st.session_state.get(f"kurtogram-{tag}")
    points = event["selection"]["points"] if event else []
    if points:
        band = kurtogram.band_at(round(points[0]["y"]), float(points[0]["x"]) * 1000)
        st.session_state[f"band-{tag}"] = (round(band.low_hz / 1000, 3), round(band.high_hz / 1000, 3))


def _envelope_toggles(tag: str, speed_known: bool) -> tuple[bool, bool]:
    with st.container(horizontal=True, gap="medium"):
        axis = st.segmented_control(
            "Axis", ["Hz", "Orders"], default="Hz", required=True, key=f"axis-{tag}", disabled=not speed_known,
            label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
        scale = st.segmented_control(
            "Scale", ["Amplitude", "dB over floor"], default="Amplitude", required=True, key=f"scale-{tag}",
            label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
    return axis == "Orders", scale == "dB over floor"


def _explain_lines(choice: Choice, diagnosis: Diagnosis) -> None:
    if choice.bearing is None and diagnosis.shaft_rpm is None:
        st.caption("Give the bearing and the shaft speed to see where its fault lines fall.")
    elif choice.bearing is None:
        st.caption("Choose the bearing to see where its fault lines fall.")
    elif diagnosis.shaft_rpm is None:
        st.caption("Give the shaft speed to see where the fault lines of this bearing fall.")
    else:
        o = choice.bearing.orders
        st.caption(
            f"{plain(choice.bearing.name)}, orders of shaft speed: BPFO {o.bpfo:.3f}, BPFI {o.bpfi:.3f}, "
            f"2×BSF {2 * o.bsf:.3f}, FTF {o.ftf:.3f}. Click a name in the legend to show or hide its lines."
        )


def families(evidence: Mapping[str, FamilyEvidence], verdict: str) -> None:
    """One plain sentence per fault family and, behind it, every line that was looked for."""
    columns = st.columns(3, gap="small")
    for column, (family, found) in zip(columns, evidence.items(), strict=False):
        with column.container(border=True, height="stretch", gap="xxsmall", key=f"family-{family}"):
            st.markdown(
                f":{STATE_COLOUR[family]}[{STATE_ICON[family]}] {family_sentence(found)} {family_remark(found)}".strip()
            )
            low, high = found.band_hz
            sides = sum(line.found for line in found.sidebands)
            modulation = f"{sides} of {len(found.sidebands)} sidebands, " if found.sidebands else ""
            st.caption(
                f"Order {found.order:.3f}, slip {found.slip:+.1%}, {modulation}"
                f"best band {low / 1000:.2f} to {high / 1000:.2f} kHz."
            )
    with st.expander("Every line that was looked for", icon=":material/table_rows:"):
        rows = [
            {
                "Family": state(family).part,
                "Line": f"{LINE_NAMES[family]} {line.name}",
                "Expected (Hz)": line.expected_hz,
                "Found (Hz)": line.found_hz if line.found else None,
                "dB over the floor": line.level_db,
            }
            for family, found in evidence.items()
            for line in (*found.lines, *found.sidebands)
        ]
        st.dataframe(
            rows,
            hide_index=True,
            height="content",
            placeholder="not found",
            alt="Every expected fault line, where it was found and how far it stands over the floor",
            column_config={
                "Expected (Hz)": st.column_config.NumberColumn(format="%.1f"),
                "Found (Hz)": st.column_config.NumberColumn(format="%.1f"),
                "dB over the floor": st.column_config.NumberColumn(format="%.1f"),
            },
        )


@st.fragment
def spectrum_section(choice: Choice, diagnosis: Diagnosis) -> None:
    """Amplitude spectrum of the signal itself."""
    recording = choice.recording
    rate_hz = recording.sampling_rate_hz
    assert rate_hz is not None
    st.subheader("Spectrum", anchor=False)
    nyquist = rate_hz / 2
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        scale = st.segmented_control(
            "Scale", ["Linear", "dB"], default="Linear", required=True, key=f"spectrum-scale-{choice.key}",
            label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
        low, high = cast(
            tuple[float, float],
            st.slider(
                "Range (Hz)", 0.0, nyquist, (0.0, nyquist), step=nyquist / 500, format="%.0f",
                key=f"spectrum-range-{choice.key}", label_visibility="collapsed",
            ),
        )  # fmt: skip
    wide = max(high, low + nyquist / 500)
    frequency, level = _compute.spectrum(choice.key, low, wide, scale == "dB", recording)
    chart(
        spectrum_figure(frequency, level, recording.unit, scale == "dB", shaft_hz_of(diagnosis)),
        key=f"spectrum-{choice.key}",
        alt=f"Amplitude spectrum from {low:.0f} to {wide:.0f} Hz",
        name="spectrum",
    )
    st.caption("Drag to zoom, double-click to see all; the slider cuts before it draws, so no detail is lost.")


def spectrogram_section(choice: Choice) -> None:
    """Level over time and frequency."""
    st.subheader("Spectrogram", anchor=False)
    chart(
        spectrogram_figure(_compute.time_frequency(choice.key, choice.recording), height=352),
        key=f"spectrogram-{choice.key}",
        alt="Spectrogram: level in dB over time and frequency",
        name="spectrogram",
    )


def windows_section(choice: Choice, diagnosis: Diagnosis) -> None:
    """The CNN's verdict along time, and whether it may be trusted; nothing where there is no whole window."""
    windows = diagnosis.windows
    if not len(windows.start_s):
        return
    st.subheader("Waveform CNN, window by window", anchor=False)
    chart(
        windows_figure(windows),
        key=f"windows-{choice.key}",
        alt=f"Probability of each state in each of {len(windows.start_s)} windows",
        name="windows",
    )
    trust = "" if windows.familiar else " It has not met this machine: its answers count for nothing in the verdict."
    st.caption(f"Windows of {windows.duration_s * 1000:.0f} ms, each judged by the waveform CNN alone.{trust}")
