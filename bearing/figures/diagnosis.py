"""A Diagnosis and its recording -> every figure of it, by name: for reports, notebooks and the command line."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import plotly.graph_objects as go

from bearing.errors import ParameterError
from bearing.figures.envelope import LINE_NAMES, envelope_figure, kurtogram_figure
from bearing.figures.recording import spectrogram_figure, spectrum_figure, waveform_figure, windows_figure
from bearing.physics.kinematics import rpm_to_hz
from bearing.recording import FloatArray, Recording
from bearing.signal.envelope import Band, Demodulator
from bearing.signal.kurtogram import Kurtogram, kurtogram
from bearing.signal.spectrum import amplitude_spectrum, downsample, spectrogram
from bearing.verdict.diagnosis import Diagnosis
from bearing.verdict.doctor import usable_stretch

__all__ = [
    "DEMODULATED_FROM_HZ",
    "KURTOGRAM_SAMPLES",
    "SPECTROGRAM_CELLS",
    "DiagnosisFigures",
    "automatic_bands",
    "band_words",
    "reach_hz",
    "shaft_hz_of",
]

KURTOGRAM_SAMPLES = 2**19  # the map of the first half million samples is the map of the recording
SPECTROGRAM_CELLS = (360, 220)
DEMODULATED_FROM_HZ = 500.0  # a slower sampling rate leaves no band to demodulate; the doctor says so
HARMONICS_SHOWN = 4.6
DEFAULT_REACH_HZ = 600.0


def shaft_hz_of(diagnosis: Diagnosis) -> float | None:
    """The shaft frequency the diagnosis used, given or estimated, in Hz."""
    return rpm_to_hz(diagnosis.shaft_rpm) if diagnosis.shaft_rpm else None


def reach_hz(diagnosis: Diagnosis) -> float:
    """How far the envelope spectrum is drawn, in Hz: four harmonics of every family, or some hundred Hz."""
    shaft_hz, most = shaft_hz_of(diagnosis), diagnosis.sampling_rate_hz / 4
    if diagnosis.bearing is None or shaft_hz is None:
        return min(DEFAULT_REACH_HZ, most)
    return min(HARMONICS_SHOWN * max(diagnosis.bearing.orders.families.values()) * shaft_hz, most)


def automatic_bands(diagnosis: Diagnosis, kurtosis: Kurtogram) -> dict[str, Band]:
    """The bands found without a hand, by what was looked for; the first is the one to begin with.

    Where the lines of the verdict's family (without one: the highest lines) stand highest, and the highest kurtosis.
    """
    bands, evidence = {}, diagnosis.evidence
    if evidence:
        family = diagnosis.verdict if diagnosis.verdict in evidence else max(evidence, key=lambda f: evidence[f].score)
        bands[f"highest {LINE_NAMES[family]} lines"] = Band(*evidence[family].band_hz)
    return bands | {"highest kurtosis": kurtosis.best}


def band_words(band: Band) -> str:
    """``2.00 to 3.00 kHz``"""
    return f"{band.low_hz / 1000:.2f} to {band.high_hz / 1000:.2f} kHz"


class DiagnosisFigures:
    """The figures of one diagnosis, each drawn when it is asked for.

    `names` are waveform, spectrum, spectrogram, windows, and, from 500 Hz of sampling rate on, envelope and kurtogram.
    """

    def __init__(self, diagnosis: Diagnosis, recording: Recording) -> None:
        """`recording` is the one that was diagnosed, with the rate it was diagnosed at."""
        self.diagnosis = diagnosis
        self.unit = recording.unit
        self._stretch = usable_stretch(recording.samples)
        self._samples: FloatArray = recording.samples[self._stretch]
        slow = diagnosis.sampling_rate_hz < DEMODULATED_FROM_HZ
        self.names = ("waveform", "spectrum", "spectrogram", "windows", *(() if slow else ("envelope", "kurtogram")))

    def __getitem__(self, name: str) -> go.Figure:
        """One figure. Raises ParameterError for a name that is none, or that this sampling rate does not allow."""
        if name not in self.names:
            raise ParameterError(f"No figure {name!r} of this recording: choose one of {', '.join(self.names)}.")
        figure: go.Figure = getattr(self, f"_{name}")()
        return figure

    def titled(self) -> dict[str, go.Figure]:
        """All of them by title, as a report shows them."""
        titles = {
            "waveform": "Waveform",
            "spectrum": "Spectrum",
            "spectrogram": "Spectrogram",
            "windows": "Waveform CNN, window by window",
            "envelope": "Envelope spectrum, ",
            "kurtogram": "Kurtogram",
        }
        return {titles[n] + (band_words(self._band) if n == "envelope" else ""): self[n] for n in self.names}

    @property
    def _rate_hz(self) -> float:
        return self.diagnosis.sampling_rate_hz

    def _waveform(self) -> go.Figure:
        time_s = np.arange(self._stretch.start, self._stretch.stop, dtype=np.float64) / self._rate_hz
        return waveform_figure(*downsample(time_s, self._samples), self.unit, self.diagnosis.windows, 300)

    def _spectrum(self) -> go.Figure:
        whole = amplitude_spectrum(self._samples, self._rate_hz)
        line = downsample(whole.frequency_hz, whole.values)
        return spectrum_figure(*line, self.unit, False, shaft_hz_of(self.diagnosis))

    def _spectrogram(self) -> go.Figure:
        return spectrogram_figure(spectrogram(self._samples, self._rate_hz, *SPECTROGRAM_CELLS))

    def _windows(self) -> go.Figure:
        return windows_figure(self.diagnosis.windows)

    def _envelope(self) -> go.Figure:
        d = self.diagnosis
        spectrum = Demodulator(self._samples, self._rate_hz).envelope_spectrum(self._band, reach_hz(d))
        orders = d.bearing.orders if d.bearing else None
        return envelope_figure(spectrum, orders, shaft_hz_of(d), d.evidence, unit=self.unit)

    def _kurtogram(self) -> go.Figure:
        return kurtogram_figure(self._kurtosis, self._band)

    @cached_property
    def _kurtosis(self) -> Kurtogram:
        narrowest_hz = min(2 * reach_hz(self.diagnosis), self._rate_hz / 8)
        return kurtogram(self._samples[:KURTOGRAM_SAMPLES], self._rate_hz, min_bandwidth_hz=narrowest_hz)

    @cached_property
    def _band(self) -> Band:
        return next(iter(automatic_bands(self.diagnosis, self._kurtosis).values()))
