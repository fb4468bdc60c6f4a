"""The core's answers, remembered: a toggle must not compute anything twice.

Every function takes `key`, which names content, channel and settings; the recording itself is not hashed. Caches are
small, because a host may have 512 MB for everybody.
"""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from bearing.figures.diagnosis import KURTOGRAM_SAMPLES, SPECTROGRAM_CELLS
from bearing.physics.machine_lines import MachineParts
from bearing.recording import Recording, usable_stretch
from bearing.signal import severity
from bearing.signal.angle import order_map
from bearing.signal.envelope import Band, Demodulator, EnvelopeSpectrum
from bearing.signal.kurtogram import Kurtogram, kurtogram
from bearing.signal.spectrum import Spectrogram, amplitude_spectrum, downsample, spectrogram, to_db
from bearing.signal.units import unit_of
from bearing.verdict.asked.file import FileDiagnosis, diagnose_file
from bearing.verdict.asked.intake import Intake
from bearing.verdict.asked.request import Request
from bearing.verdict.diagnosis import Diagnosis
from bearing.verdict.judging import diagnose
from bearing.verdict.prepared import Prepared

MOST_PREPARED, MOST_KEPT = 3, 1_000_000  # channels, and samples of each: 50 MB, at most 110
Line = tuple[NDArray[np.float32], NDArray[np.float32]]


def _usable(recording: Recording) -> NDArray[np.float64]:
    return recording.samples[usable_stretch(recording.samples)]


def _rate_hz(recording: Recording) -> float:
    assert recording.sampling_rate_hz is not None  # the page asks before it comes here
    return recording.sampling_rate_hz


@st.cache_data(max_entries=24, show_spinner=False)
def judged(key: str, _intake: Intake, _request: Request) -> FileDiagnosis:
    """Every channel of vibration of a file, or the one that is asked for."""
    return diagnose_file(_intake, _request, prepared)


@st.cache_resource(show_spinner=False)
def _kept() -> list[Prepared]:
    return []


def prepared(recording: Recording) -> Prepared | None:
    """What no field changes, of the channels last asked about by anybody; None of long ones."""
    if len(recording.samples) > MOST_KEPT:
        return None
    kept = _kept()
    at_hand = next((one for one in kept if one.is_of(recording)), None) or Prepared(recording)
    kept[:] = [at_hand, *(one for one in kept if one is not at_hand)][:MOST_PREPARED]
    return at_hand


@st.cache_data(max_entries=24, show_spinner=False)
def velocity_mm_s(key: str, _recording: Recording) -> float | None:
    """Velocity RMS in the band of the machine standards; None where unit, rate or length do not give it."""
    unit = unit_of(_recording.channel, _recording.unit)
    return severity.velocity_mm_s(_usable(_recording), _rate_hz(_recording), unit)


@st.cache_data(max_entries=24, show_spinner=False)
def waveform(key: str, _recording: Recording) -> Line:
    """Time in seconds (or sample numbers while the rate is unknown) and samples, thinned."""
    step = 1.0 / _recording.sampling_rate_hz if _recording.sampling_rate_hz else 1.0
    stretch = usable_stretch(_recording.samples)
    time = np.arange(stretch.start, stretch.stop, dtype=np.float64) * step
    return downsample(time, _recording.samples[stretch])


@st.cache_data(max_entries=24, show_spinner=False)
def spectrum(key: str, low_hz: float, high_hz: float, decibel: bool, _recording: Recording) -> Line:
    """Frequencies and amplitudes between two frequencies, thinned after the cut: a zoom keeps its detail."""
    whole = amplitude_spectrum(_usable(_recording), _rate_hz(_recording))
    first, last = np.searchsorted(whole.frequency_hz, (low_hz, high_hz))
    part = slice(int(first), max(int(last) + 1, int(first) + 2))
    values = to_db(whole.values[part]) if decibel else whole.values[part]
    return downsample(whole.frequency_hz[part], values)


@st.cache_data(max_entries=24, show_spinner=False)
def envelope(key: str, band: tuple[float, float], max_hz: float, _recording: Recording) -> EnvelopeSpectrum:
    return Demodulator(_usable(_recording), _rate_hz(_recording)).envelope_spectrum(Band(*band), max_hz)


@st.cache_data(max_entries=12, show_spinner=False)
def kurtosis_map(key: str, min_bandwidth_hz: float, _recording: Recording) -> Kurtogram:
    return kurtogram(_usable(_recording)[:KURTOGRAM_SAMPLES], _rate_hz(_recording), min_bandwidth_hz=min_bandwidth_hz)


@st.cache_data(max_entries=8, show_spinner=False)
def orders_over_turns(key: str, _still: Recording, shaft_hz: float) -> Spectrogram:
    """The spectrogram in orders of a signal whose shaft holds its speed."""
    return order_map(_usable(_still), _rate_hz(_still) / shaft_hz)


@st.cache_data(max_entries=4, show_spinner="Asking how weak a fault would have been seen ...")
def besides(key: str, _recording: Recording, _diagnosis: Diagnosis) -> Diagnosis:
    """The same diagnosis with what takes longer: how weak a fault would have been seen, the machine's own lines."""
    at_hand = prepared(_recording)
    return diagnose(_recording, _diagnosis.bearing, how_weak=True, parts=MachineParts(), prepared=at_hand)


@st.cache_data(max_entries=8, show_spinner=False)
def time_frequency(key: str, _recording: Recording) -> Spectrogram:
    return spectrogram(_usable(_recording), _rate_hz(_recording), *SPECTROGRAM_CELLS)
