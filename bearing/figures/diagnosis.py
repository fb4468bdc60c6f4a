"""A Diagnosis and its recording -> every figure of it, by name: for reports, notebooks and the command line."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import plotly.graph_objects as go

from bearing.errors import ParameterError
from bearing.figures.envelope import LINE_NAMES, envelope_figure
from bearing.figures.recording import (
    kurtogram_figure,
    spectrogram_figure,
    spectrum_figure,
    waveform_figure,
    windows_figure,
)
from bearing.physics.kinematics import rpm_to_hz
from bearing.recording import FloatArray, Recording, usable_stretch
from bearing.signal.envelope import Band, Demodulator, EnvelopeSpectrum
from bearing.signal.kurtogram import Kurtogram, kurtogram
from bearing.signal.spectrum import amplitude_spectrum, downsample, spectrogram
from bearing.states import FAMILIES
from bearing.verdict.diagnosis import Diagnosis, Impacts
from bearing.verdict.words.advice import cnn_counts, strongest_family

__all__ = [
    "DEMODULATED_FROM_HZ",
    "KURTOGRAM_SAMPLES",
    "SPECTROGRAM_CELLS",
    "DiagnosisFigures",
    "EnvelopeView",
    "automatic_bands",
    "band_words",
    "envelope_of",
    "line_band",
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
    """How far the envelope spectrum is drawn, in Hz: four harmonics of every family and of what strikes, or 600 Hz."""
    d, shaft_hz = diagnosis, shaft_hz_of(diagnosis)
    lines_hz = [order * shaft_hz for order in d.bearing.orders.families.values()] if d.bearing and shaft_hz else []
    lines_hz += [one.rate_hz for one in (d.impacts, d.beats) if one]
    wanted = HARMONICS_SHOWN * max(lines_hz) if lines_hz else DEFAULT_REACH_HZ
    return min(wanted, d.sampling_rate_hz / 4)


def _foreign(diagnosis: Diagnosis) -> dict[str, Impacts]:
    """What the finding rests on where that is no line of the bearing, by its name; empty elsewhere."""
    d = diagnosis
    if d.impacts is not None and (d.verdict == "impacts" or not d.evidence):
        return {"strikes": d.impacts}
    return {} if d.beats is None else {"beats": d.beats}


def line_band(diagnosis: Diagnosis) -> dict[str, Band]:
    """The band where what the finding rests on stands highest, by its name.

    The lines of the verdict's family (without one: the highest lines), or what strikes or beats beside them.
    """
    for name, one in _foreign(diagnosis).items():
        return {f"where it {name} deepest": Band(*one.band_hz)}
    strongest = strongest_family(diagnosis)  # the one the reason names
    return {f"highest {LINE_NAMES[strongest.family]} lines": Band(*strongest.band_hz)} if strongest else {}


def automatic_bands(diagnosis: Diagnosis, kurtosis: Kurtogram) -> dict[str, Band]:
    """The bands found without a hand, by what was looked for; the first is the one to begin with.

    Where the lines stand highest (`line_band`), and the highest kurtosis.
    """
    return line_band(diagnosis) | {"highest kurtosis": kurtosis.best}


@dataclass(frozen=True)
class EnvelopeView:
    """How the reader looks at the envelope spectrum; `band` None is the automatic one, `zoom_hz` None all of it."""

    band: Band | None = None
    in_orders: bool = False
    decibel: bool = False
    zoom_hz: tuple[float, float] | None = None
    picked_hz: float | None = None


def envelope_of(
    diagnosis: Diagnosis, spectrum: EnvelopeSpectrum, unit: str, view: EnvelopeView, height: int = 380
) -> go.Figure:
    """The envelope spectrum as a page and a report show it: a clear verdict's own lines, the others in the legend."""
    d = diagnosis
    name, foreign = next(iter(_foreign(d).items()), ("", None))
    return envelope_figure(
        spectrum,
        d.bearing.orders if d.bearing else None,
        shaft_hz_of(d),
        d.evidence,
        highlight=(d.verdict,) if d.verdict in FAMILIES else () if foreign else FAMILIES,
        unit=unit,
        height=height,
        strikes_hz=foreign.rate_hz if foreign else None,
        strikes=name,
        ball=d.element.capitalize(),
        in_orders=view.in_orders,
        decibel=view.decibel,
        zoom_hz=view.zoom_hz,
        picked_hz=view.picked_hz,
    )


def band_words(band: Band) -> str:
    """``2.00 to 3.00 kHz``"""
    return f"{band.low_hz / 1000:.2f} to {band.high_hz / 1000:.2f} kHz"


class DiagnosisFigures:
    """The figures of one diagnosis, each drawn when it is asked for.

    `names` are waveform, spectrum, spectrogram, windows, and, from 500 Hz of sampling rate on, envelope and kurtogram.
    """

    def __init__(self, diagnosis: Diagnosis, recording: Recording, view: EnvelopeView | None = None) -> None:
        """`recording` is the one that was diagnosed, with the rate it was diagnosed at."""
        self.diagnosis = diagnosis
        self.view = view or EnvelopeView()
        self.unit = recording.unit
        self._stretch = usable_stretch(recording.samples)
        self._samples: FloatArray = recording.samples[self._stretch]
        still = diagnosis.still  # a moving shaft smears the lines of the signal as it was recorded
        self._still: FloatArray = self._samples if still is None else still.samples
        self._still_hz = diagnosis.sampling_rate_hz if still is None else still.sampling_rate_hz
        slow = diagnosis.sampling_rate_hz < DEMODULATED_FROM_HZ
        self.names = ("waveform", "spectrum", "spectrogram", "windows", *(() if slow else ("envelope", "kurtogram")))

    def __getitem__(self, name: str) -> go.Figure:
        """One figure. Raises ParameterError for a name that is none, or that this sampling rate does not allow."""
        if name not in self.names:
            raise ParameterError(f"No figure {name!r} of this recording: choose one of {', '.join(self.names)}.")
        figure: go.Figure = getattr(self, f"_{name}")()
        return figure

    def titled(self) -> dict[str, go.Figure]:
        """Those of a report by title: the envelope spectrum first, the CNN's windows only where they count."""
        titles = {
            "envelope": "Envelope spectrum of ",
            "spectrum": "Spectrum",
            "waveform": "Waveform",
            "spectrogram": "Spectrogram",
            "kurtogram": "Kurtogram",
            "windows": "Waveform CNN, window by window",
        }
        told = [n for n in titles if n in self.names and (n != "windows" or cnn_counts(self.diagnosis))]
        return {titles[n] + (band_words(self._band) if n == "envelope" else ""): self[n] for n in told}

    @property
    def _rate_hz(self) -> float:
        return self.diagnosis.sampling_rate_hz

    def _waveform(self) -> go.Figure:
        time_s = np.arange(self._stretch.start, self._stretch.stop, dtype=np.float64) / self._rate_hz
        return waveform_figure(*downsample(time_s, self._samples), self.unit, height=300)

    def _spectrum(self) -> go.Figure:
        whole = amplitude_spectrum(self._samples, self._rate_hz)
        line = downsample(whole.frequency_hz, whole.values)
        return spectrum_figure(*line, self.unit, False, shaft_hz_of(self.diagnosis))

    def _spectrogram(self) -> go.Figure:
        return spectrogram_figure(spectrogram(self._samples, self._rate_hz, *SPECTROGRAM_CELLS))

    def _windows(self) -> go.Figure:
        return windows_figure(self.diagnosis.windows)

    def _envelope(self) -> go.Figure:
        assert self._still_hz is not None
        spectrum = Demodulator(self._still, self._still_hz).envelope_spectrum(self._band, reach_hz(self.diagnosis))
        return envelope_of(self.diagnosis, spectrum, self.unit, self.view)

    def _kurtogram(self) -> go.Figure:
        return kurtogram_figure(self._kurtosis, self._band)

    @cached_property
    def _kurtosis(self) -> Kurtogram:
        assert self._still_hz is not None
        narrowest_hz = min(2 * reach_hz(self.diagnosis), self._still_hz / 8)
        return kurtogram(self._still[:KURTOGRAM_SAMPLES], self._still_hz, min_bandwidth_hz=narrowest_hz)

    @cached_property
    def _band(self) -> Band:
        own = line_band(self.diagnosis)
        return self.view.band or next(iter((own or automatic_bands(self.diagnosis, self._kurtosis)).values()))
