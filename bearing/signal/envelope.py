"""Envelope analysis: the squared envelope of a band, its spectrum, and which band to look at.

A damaged bearing strikes its housing at a fault frequency; each strike rings a resonance far above it. The envelope of
the band around that resonance shows the strikes themselves (R. B. Randall & J. Antoni, "Rolling element bearing
diagnostics - a tutorial", MSSP 25 (2011) 485-520, section 4).

Which band to look at: `bearing.signal.kurtogram`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bearing.errors import ParameterError
from bearing.recording import check_rate_hz, check_signal
from bearing.signal.dsp import hann

__all__ = [
    "Band",
    "Demodulator",
    "EnvelopeSpectrum",
    "envelope_spectrum",
    "fast_length",
    "running_median",
    "to_unit",
]

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]

MIN_SAMPLES = 256
FLOOR_WIDTH_HZ = 20.0
FLOOR_WIDTH_BINS = 25
MEDIAN_TO_RMS_DB = -10 * float(np.log10(np.log(2)))  # of the bins of noise, whose power is distributed exponentially


@dataclass(frozen=True, order=True)
class Band:
    """A band of frequencies in Hz. Raises ParameterError when it is empty or below 0 Hz."""

    low_hz: float
    high_hz: float

    def __post_init__(self) -> None:
        if not 0 <= self.low_hz < self.high_hz:
            raise ParameterError(
                f"A band runs from a lower to a higher frequency, got {self.low_hz:g} to {self.high_hz:g} Hz."
            )

    @property
    def width_hz(self) -> float:
        return self.high_hz - self.low_hz


@dataclass(frozen=True)
class EnvelopeSpectrum:
    """Spectrum of a squared envelope, arrays of shape (n,).

    `amplitude` is one-sided in the signal's unit squared, `floor` the running median of it (same unit).
    """

    frequency_hz: FloatArray
    amplitude: FloatArray
    floor: FloatArray
    band: Band

    @property
    def db(self) -> FloatArray:
        """Decibels over the noise, 20 log10(amplitude / floor) - 1.6, shape (n,): see MEDIAN_TO_RMS_DB."""
        ratio = np.maximum(self.amplitude, 1e-30) / np.maximum(self.floor, 1e-30)
        return 20.0 * np.log10(ratio) - MEDIAN_TO_RMS_DB

    @property
    def step_hz(self) -> float:
        """Distance between two bins."""
        return float(self.frequency_hz[1] - self.frequency_hz[0])

    def peak_near(self, frequency_hz: float, tolerance: float = 0.015) -> tuple[float, float]:
        """Highest bin within +-`tolerance` (relative, at least one bin) of a frequency: its frequency and its dB.

        (nan, -inf) when the frequency lies beyond the spectrum.
        """
        reach = max(tolerance * frequency_hz, self.step_hz)
        first = int(np.searchsorted(self.frequency_hz, frequency_hz - reach))
        last = int(np.searchsorted(self.frequency_hz, frequency_hz + reach, side="right"))
        if first >= last:
            return float("nan"), float("-inf")
        best = first + int(np.argmax(self.amplitude[first:last]))
        return float(self.frequency_hz[best]), float(self.db_at(best))

    def peaks(self, least_db: float, most: int) -> NDArray[np.intp]:
        """Indices of at most `most` local maxima at least `least_db` over the noise, the strongest first.

        The first two bins, where the mean of the envelope leaks, are no peaks.
        """
        db = self.db
        inner = np.arange(2, len(db) - 1)
        top = inner[(db[inner] >= least_db) & (db[inner] >= db[inner - 1]) & (db[inner] > db[inner + 1])]
        return top[np.argsort(-db[top], kind="stable")][:most]

    def db_at(self, index: int) -> float:
        """Decibels over the floor of one bin."""
        ratio = max(self.amplitude[index], 1e-30) / max(self.floor[index], 1e-30)
        return float(20 * np.log10(ratio) - MEDIAN_TO_RMS_DB)


class Demodulator:
    """The envelope of any band of one signal: the signal is transformed once, each band is a slice of its spectrum.

    The analytic signal of a band is the inverse FFT of the band's bins alone, at a rate of the order of the band's
    width: as many samples as the band needs and no filter to design.
    """

    def __init__(self, signal: object, sampling_rate_hz: float) -> None:
        """`signal` has shape (n,), n >= 256. Raises SignalError (too short, not finite), ParameterError (rate)."""
        samples = check_signal(signal, MIN_SAMPLES)
        self.sampling_rate_hz = check_rate_hz(sampling_rate_hz)
        self.n_samples = len(samples)
        self._n_padded = fast_length(self.n_samples)
        unit, self._scale = to_unit(samples)
        self._bins = np.asarray(np.fft.rfft(unit, self._n_padded), dtype=np.complex64)

    @property
    def nyquist_hz(self) -> float:
        return self.sampling_rate_hz / 2

    def full_band(self) -> Band:
        """Everything from 2 % to 98 % of half the sampling rate: no drift, no anti-alias edge."""
        return Band(0.02 * self.nyquist_hz, 0.98 * self.nyquist_hz)

    def squared_envelope(self, band: Band, max_hz: float | None = None) -> tuple[FloatArray, float]:
        """Squared envelope of a band in the signal's unit squared, and its sampling rate in Hz.

        Free of aliasing up to `max_hz` (None: all of it, up to the band's width). Raises ParameterError when the band
        reaches beyond half the sampling rate or holds fewer than 4 bins.
        """
        envelope, rate_hz = self._unit_envelope(band, max_hz)
        return envelope.astype(np.float64) * self._scale**2, rate_hz

    def _unit_envelope(self, band: Band, max_hz: float | None) -> tuple[Float32Array, float]:
        """The same of the signal divided by `_scale`: single precision is half the work and does not overflow."""
        step_hz = self.sampling_rate_hz / self._n_padded
        first, last = round(band.low_hz / step_hz), round(band.high_hz / step_hz)
        if last > len(self._bins) or last - first < 4:
            raise ParameterError(
                f"The band {band.low_hz:g}-{band.high_hz:g} Hz must lie below {self.nyquist_hz:g} Hz (half the "
                f"sampling rate) and be at least {4 * step_hz:.3g} Hz wide for this signal."
            )
        width = last - first
        spare = width if max_hz is None else min(width, int(np.ceil(max_hz / step_hz)) + 1)
        size = fast_length(width + spare)
        analytic = np.fft.ifft(self._bins[first:last], size)
        keep = int(size * (self.n_samples / self._n_padded))  # the rest is the padding
        analytic = analytic[:keep]
        scale = np.float32((2.0 * size / self._n_padded) ** 2)
        power = np.asarray(analytic.real**2 + analytic.imag**2, dtype=np.float32)
        return power * scale, step_hz * size

    def envelope_spectrum(self, band: Band, max_hz: float | None = None) -> EnvelopeSpectrum:
        """Spectrum of the squared envelope of a band up to `max_hz` (None: up to the band's width), Hann window."""
        envelope, rate_hz = self._unit_envelope(band, max_hz)
        size = fast_length(len(envelope))
        step_hz = rate_hz / size
        limit = band.width_hz if max_hz is None else min(max_hz, band.width_hz)
        count = max(int(limit / step_hz) + 1, 2)
        bins = np.fft.rfft((envelope - envelope.mean()) * hann(len(envelope)), size)[:count]
        to_unit_squared = 4.0 / len(envelope) * self._scale**2  # one-sided: 2, a Hann window's mean is 1/2: 2 more
        amplitude = np.abs(bins).astype(np.float64) * to_unit_squared
        width = max(FLOOR_WIDTH_BINS, round(FLOOR_WIDTH_HZ / step_hz))
        frequency_hz: FloatArray = np.arange(len(amplitude), dtype=np.float64) * step_hz
        return EnvelopeSpectrum(frequency_hz, amplitude, running_median(amplitude, width), band)


def envelope_spectrum(
    signal: object, sampling_rate_hz: float, band: Band | None = None, max_hz: float | None = None
) -> EnvelopeSpectrum:
    """Spectrum of the squared envelope of a band (None: all but the edges) of a signal of shape (n,)."""
    demodulator = Demodulator(signal, sampling_rate_hz)
    return demodulator.envelope_spectrum(band or demodulator.full_band(), max_hz)


def running_median(values: FloatArray, width: int) -> FloatArray:
    """Medians of half-overlapping blocks of `width` bins, joined by straight lines, shape (n,).

    A true running median costs n log(width) and looks the same: between its blocks a noise floor does not jump.
    """
    if len(values) <= width:
        return np.full(len(values), np.median(values) if len(values) else 0.0)
    hop = width // 2
    blocks = np.sort(np.lib.stride_tricks.sliding_window_view(values, width)[::hop], axis=1)
    centres = np.arange(len(blocks)) * hop + (width - 1) / 2
    median = (blocks[:, (width - 1) // 2] + blocks[:, width // 2]) / 2
    return np.interp(np.arange(len(values)), centres, median)


def to_unit(samples: FloatArray) -> tuple[Float32Array, float]:
    """The signal without its mean, scaled to a peak of 1 in single precision, and what it was divided by."""
    highest = float(np.abs(samples).max()) or 1.0
    unit = samples / highest
    unit -= unit.mean()
    return unit.astype(np.float32), highest


@lru_cache(maxsize=256)
def fast_length(n: int) -> int:
    """The smallest length >= n without a prime factor above 7, which the FFT takes quickly."""
    while True:
        rest = n
        for prime in (2, 3, 5, 7):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return n
        n += 1
