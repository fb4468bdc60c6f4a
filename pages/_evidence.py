"""Below the verdict: the envelope spectrum with its lines, its band with the kurtogram, and spectra to look closer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import streamlit as st

from bearing.figures.diagnosis import (
    DEMODULATED_FROM_HZ,
    EnvelopeView,
    automatic_bands,
    band_words,
    envelope_of,
    line_band,
    reach_hz,
    shaft_hz_of,
)
from bearing.figures.recording import kurtogram_figure, spectrogram_figure, spectrum_figure, waveform_figure
from bearing.figures.words import spectrogram_words, spectrum_words, waveform_words
from bearing.recording import Recording
from bearing.signal.envelope import Band, EnvelopeSpectrum
from bearing.signal.kurtogram import Kurtogram
from bearing.verdict.diagnosis import Diagnosis
from bearing.verdict.words.advice import finding
from pages import _address, _compute
from pages._judged import judged
from pages._show import chart, plain
from pages._turning import turning

if TYPE_CHECKING:
    import plotly.graph_objects as go

TABS = ("Waveform", "Spectrum", "Spectrogram", "Speed and machine", "How it was judged")
HAND = "hand"
OVER_A_PEAK = 0.06  # of what is shown: a drag narrower than that points at a peak
HOW = "Drag: zoom; narrowly over a peak: its harmonics; double-click: all."


def picture_name(kind: str, file: str, *of: str) -> str:
    """A file name for a saved picture, in letters every system takes."""
    parts = (kind, file.rsplit(".", 1)[0], *of)
    return "_".join(re.sub(r"[^\w.-]+", "-", part).strip("-") for part in parts if part)[:120]


@dataclass(frozen=True)
class Shown:
    """One channel on the page. `key` names its content and what was asked, `tag` the channel alone, `file` its file."""

    key: str
    tag: str
    file: str
    recording: Recording
    diagnosis: Diagnosis

    @property
    def rate_hz(self) -> float:
        return self.diagnosis.sampling_rate_hz

    @property
    def still(self) -> Recording:
        """The signal of a shaft that holds its speed: a moving one smears the lines of what was recorded."""
        return self.diagnosis.still or self.recording

    @property
    def reach_hz(self) -> float:
        return reach_hz(self.diagnosis)

    def picture(self, kind: str) -> str:
        """A name for a saved picture: which chart of which file and channel, at which speed, of which bearing."""
        d = self.diagnosis
        speed = f"{d.shaft_rpm:.0f}rpm" if d.shaft_rpm else ""
        return picture_name(kind, d.file, d.channel, speed, d.bearing.name if d.bearing else "")

    def headed(self, kind: str) -> tuple[str, ...]:
        """The lines over a saved picture: what it shows, and of what."""
        d = self.diagnosis
        speed = f"{d.shaft_rpm:.0f} rpm" if d.shaft_rpm else "speed not known"
        bearing = d.bearing.name if d.bearing else "bearing not known"
        return f"{kind}: {d.file}, {d.channel}", f"{speed}, {bearing}"

    def kurtogram(self) -> Kurtogram:
        return _compute.kurtosis_map(self.key, min(2 * self.reach_hz, self.rate_hz / 8), self.still)


# ------------------------------------------------------------------------------------------------- envelope spectrum


@st.fragment
def envelope_section(shown: Shown) -> None:
    """The envelope spectrum over one slim row of controls; what they change redraws this part alone."""
    if shown.rate_hz < DEMODULATED_FROM_HZ:
        st.caption("No envelope spectrum: below 500 Hz of sampling rate there is no band to demodulate.")
        return
    if shown.diagnosis.doctor.of("dead"):
        st.caption("No envelope spectrum: the signal does not move.")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="envelope-row"):
        st.subheader("Envelope spectrum", anchor=False, width="content")
        in_orders, decibel = _toggles(shaft_hz_of(shown.diagnosis) is not None)
        band, name = _band(shown)
    spectrum = _compute.envelope(shown.key, (band.low_hz, band.high_hz), shown.reach_hz, shown.still)
    if not spectrum.amplitude.any():
        st.caption("Nothing to see: the signal does not move.")
        return
    key, shaft_hz = f"envelope-{shown.tag}", shaft_hz_of(shown.diagnosis)
    look = looked_at(shown.tag)
    figure = envelope_of(
        shown.diagnosis, spectrum, shown.recording.unit, replace(look, in_orders=in_orders, decibel=decibel), height=372
    )
    chart(
        figure,
        key=key,
        alt=f"Envelope spectrum of the band {band_words(band)}. {finding(shown.diagnosis)} {shown.diagnosis.reason}",
        name=shown.picture("envelope_spectrum"),
        title=shown.headed(f"Envelope spectrum, {band_words(band)}"),
        buttons_off=("zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"),
        on_select=lambda: _look(key, shown.tag, spectrum, shaft_hz if in_orders and shaft_hz else 1.0),
        selection_mode="box",
    )
    _explain(shown.diagnosis)
    _address.put(
        band=f"{band.low_hz:.0f}-{band.high_hz:.0f}" if name == HAND else "",
        axis="orders" if in_orders else "", scale="dB" if decibel else "",
    )  # fmt: skip


def looked_at(tag: str) -> EnvelopeView:
    """Where the reader looks: a range he dragged over, a peak he clicked."""
    look: EnvelopeView = st.session_state.get(f"look-{tag}", EnvelopeView())
    return look


def view_of(shown: Shown) -> EnvelopeView:
    """The envelope spectrum as it stands on the screen, for the report."""
    state = st.session_state
    orders = state.get("axis") == "Orders" and shaft_hz_of(shown.diagnosis) is not None
    band = chosen_band(shown)[0] if shown.rate_hz >= DEMODULATED_FROM_HZ else None
    return replace(looked_at(shown.tag), band=band, in_orders=orders, decibel=state.get("scale") == "dB")


def _look(key: str, tag: str, spectrum: EnvelopeSpectrum, per_order: float) -> None:
    """Callback: a drag zooms in, one just over a peak draws its harmonics, a double click takes both back.

    It is kept here, so that it outlives another scale, axis or band.
    """
    boxes, look = st.session_state[key]["selection"]["box"], looked_at(tag)
    if not boxes:
        st.session_state[f"look-{tag}"] = EnvelopeView()
        return
    low, high = sorted(float(x) * per_order for x in boxes[0]["x"][:2])
    shown = look.zoom_hz or (0.0, float(spectrum.frequency_hz[-1]))
    if high - low < OVER_A_PEAK * (shown[1] - shown[0]):
        at_hz, _ = spectrum.peak_near((low + high) / 2, (high - low) / (high + low))
        look = replace(look, picked_hz=at_hz) if at_hz > 0 else look
    else:
        look = replace(look, zoom_hz=(max(low, 0.0), high))
    st.session_state[f"look-{tag}"] = look


def _toggles(speed_known: bool) -> tuple[bool, bool]:
    axis = st.segmented_control(
        "Axis", ["Hz", "Orders"], default="Hz", required=True, key="axis", disabled=not speed_known,
        label_visibility="collapsed", persist_state="session", width="content",
    )  # fmt: skip
    scale = st.segmented_control(
        "Scale", ["Amplitude", "dB"], default="Amplitude", required=True, key="scale",
        label_visibility="collapsed", persist_state="session", width="content",
    )  # fmt: skip
    return axis == "Orders" and speed_known, scale == "dB"


def chosen_band(shown: Shown) -> tuple[Band, str]:
    """The band that is looked at, and what it is: the name of an automatic one, or `HAND`."""
    name, hand = st.session_state.get(f"choice-{shown.tag}", ("", None))
    if name == HAND:
        return Band(*hand), HAND
    bands = line_band(shown.diagnosis)
    if name not in bands and (name or not bands):
        bands = automatic_bands(shown.diagnosis, shown.kurtogram())
    name = name if name in bands else next(iter(bands))
    return bands[name], name


def _band(shown: Shown) -> tuple[Band, str]:
    """The band, with the slider, the kurtogram and the automatic choices behind one button."""
    band, name = chosen_band(shown)
    words = "by hand" if name == HAND else name
    with st.popover(
        f"Band {band_words(band)}, {words}", icon=":material/tune:", on_change="rerun", key=f"bandbox-{shown.tag}"
    ) as box:
        if box.open:
            _band_controls(shown, band, name)
    return band, name


def _band_controls(shown: Shown, band: Band, name: str) -> None:
    """Slider, automatic bands and the kurtogram, whose every cell can be chosen (by keyboard: the slider)."""
    kurtogram, nyquist_hz, tag = shown.kurtogram(), shown.rate_hz / 2, shown.tag
    top, key = round(nyquist_hz / 1000, 3), f"band-{shown.tag}"
    st.session_state[key] = (round(band.low_hz / 1000, 3), min(round(band.high_hz / 1000, 3), top))
    st.slider(
        "Demodulated band (kHz)", 0.0, top, step=max(round(top / 400, 3), 0.001), key=key,
        on_change=lambda: choose_band(tag, cast(tuple[float, float], st.session_state[key]), shown),
    )  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        for why in automatic_bands(shown.diagnosis, kurtogram):
            if why != name:
                st.button(
                    why[:1].upper() + why[1:], icon=":material/restart_alt:", type="tertiary",
                    key=f"auto-{tag}-{why.split()[1]}", help="Choose this band automatically.",
                    on_click=lambda why=why: st.session_state.update({f"choice-{tag}": (why, None)}),
                )  # fmt: skip
    chart(
        kurtogram_figure(kurtogram, band, height=280),
        key=f"kurtogram-{tag}",
        alt=f"Kurtogram: kurtosis over frequency and bandwidth, highest at {band_words(kurtogram.best)}",
        name=shown.picture("kurtogram"),
        title=shown.headed("Kurtogram"),
        on_select=lambda: _clicked(shown, kurtogram),
        selection_mode="points",
    )
    st.caption("Kurtogram: how impulsive each band is. Click a cell to demodulate it.")
    _look_controls(shown, band)


def _look_controls(shown: Shown, band: Band) -> None:
    """What a drag over the envelope spectrum does, for whoever has no pointer."""
    tag, look, end_hz = shown.tag, looked_at(shown.tag), round(min(shown.reach_hz, band.width_hz), 1)
    range_key, cursor_key = f"range-{tag}", f"cursor-{tag}"
    low, high = look.zoom_hz or (0.0, end_hz)
    st.session_state[range_key], st.session_state[cursor_key] = (min(low, end_hz), min(high, end_hz)), look.picked_hz

    def changed() -> None:
        zoom = cast(tuple[float, float], st.session_state[range_key])
        picked: float | None = st.session_state[cursor_key]
        seen = replace(looked_at(tag), zoom_hz=None if zoom == (0.0, end_hz) else zoom, picked_hz=picked)
        st.session_state[f"look-{tag}"] = seen

    st.slider("Envelope spectrum shown (Hz)", 0.0, end_hz, step=round(end_hz / 400, 1), key=range_key,
              on_change=changed)  # fmt: skip
    st.number_input("Harmonics of (Hz)", min_value=0.1, max_value=end_hz, value=None, key=cursor_key,
                    placeholder="as a drag over a peak", on_change=changed)  # fmt: skip


def choose_band(tag: str, khz: tuple[float, float], shown: Shown) -> None:
    """Callback: a band by hand, never narrower than the recording resolves, nor beyond half the rate."""
    narrowest_hz = max(20.0, 8 * shown.rate_hz / len(shown.recording.samples))
    low_hz = min(khz[0] * 1000, shown.rate_hz / 2 - narrowest_hz)
    high_hz = min(max(khz[1] * 1000, low_hz + narrowest_hz), shown.rate_hz / 2)
    st.session_state[f"choice-{tag}"] = (HAND, (max(low_hz, 0.0), high_hz))


def _clicked(shown: Shown, kurtogram: Kurtogram) -> None:
    """Callback: the clicked cell of the kurtogram becomes the band."""
    event = st.session_state.get(f"kurtogram-{shown.tag}")
    points = event["selection"]["points"] if event else []
    if points:
        band = kurtogram.band_at(round(points[0]["y"]), float(points[0]["x"]) * 1000)
        choose_band(shown.tag, (band.low_hz / 1000, band.high_hz / 1000), shown)


def _explain(diagnosis: Diagnosis) -> None:
    bearing, speed = diagnosis.bearing, diagnosis.shaft_rpm
    if bearing is not None and speed is not None:
        o = bearing.orders
        st.caption(
            f"{plain(bearing.name)}, orders of shaft speed: BPFO {o.bpfo:.3f}, BPFI {o.bpfi:.3f}, "
            f"2×BSF {2 * o.bsf:.3f}, FTF {o.ftf:.3f}. {HOW}"
        )
        return
    missing = " and ".join(
        name for name, known in (("the bearing", bearing), ("the shaft speed", speed)) if known is None
    )
    st.caption(f"Give {missing} to see where fault lines fall. {HOW}")


# ------------------------------------------------------------------------------------------------------------ tabs


@st.fragment
def tabs_section(shown: Shown) -> None:
    """Waveform, spectra and how it was judged; only the open one is drawn."""
    tabs = st.tabs(list(TABS), on_change="rerun", key="tab")
    for name, tab, draw in zip(TABS, tabs, (_waveform, _spectrum, _spectrogram, _turning, _judged), strict=True):
        if tab.open:
            with tab:
                draw(shown)
                _address.put(tab="" if name == TABS[0] else name)


def waveform(tag: str, recording: Recording, name: str, title: Sequence[str]) -> None:
    """The signal over time, or over sample numbers while the rate is not known. No other field changes it."""
    key = f"{tag}-{recording.sampling_rate_hz}-{recording.unit}"
    figure, words = _drawn_waveform(key, recording)
    chart(figure, key=f"waveform-{key}", alt=words, name=name, title=title)


@st.cache_resource(max_entries=8, show_spinner=False)
def _drawn_waveform(key: str, _recording: Recording) -> tuple[go.Figure, str]:
    """The figure and what it shows in words: neither changes with any field but those in its key."""
    line = _compute.waveform(key, _recording)
    figure = waveform_figure(*line, _recording.unit, height=240)
    if _recording.sampling_rate_hz is None:
        figure.update_xaxes(title_text="sample number")
    return figure, waveform_words(_recording.channel, *line, _recording.unit)


def _waveform(shown: Shown) -> None:
    waveform(shown.tag, shown.recording, shown.picture("waveform"), shown.headed("Waveform"))


def _spectrum(shown: Shown) -> None:
    nyquist = shown.rate_hz / 2
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        scale = st.segmented_control(
            "Spectrum scale", ["Linear", "dB"], default="Linear", required=True, key="spectrum-scale",
            label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
        low, high = cast(
            tuple[float, float],
            st.slider(
                "Range (Hz)", 0.0, nyquist, (0.0, nyquist), step=nyquist / 500, format="%.0f",
                key=f"spectrum-range-{shown.tag}-{nyquist}", label_visibility="collapsed",
            ),
        )  # fmt: skip
    wide = max(high, low + nyquist / 500)
    frequency, level = _compute.spectrum(shown.key, low, wide, scale == "dB", shown.recording)
    chart(
        spectrum_figure(frequency, level, shown.recording.unit, scale == "dB", shaft_hz_of(shown.diagnosis)),
        key=f"spectrum-{shown.tag}",
        alt=spectrum_words(frequency, level),
        name=shown.picture("spectrum"),
        title=shown.headed("Spectrum"),
    )
    st.caption("Drag to zoom, double-click to see all; the slider cuts before it draws, so no detail is lost.")


def _spectrogram(shown: Shown) -> None:
    level = _compute.time_frequency(shown.key, shown.recording)
    chart(
        spectrogram_figure(level, height=352),
        key=f"spectrogram-{shown.tag}",
        alt=spectrogram_words(level),
        name=shown.picture("spectrogram"),
        title=shown.headed("Spectrogram"),
    )


def _turning(shown: Shown) -> None:
    turning(shown.key, shown.tag, shown.file, shown.recording, shown.diagnosis, shown.picture, shown.headed)


def _judged(shown: Shown) -> None:
    judged(shown.diagnosis, shown.tag, shown.picture("windows"), shown.headed("Waveform CNN, window by window"))
