"""Envelope analysis: the squared envelope of a band, its spectrum, and which band to look at.

A damaged bearing strikes its housing at a fault frequency; each strike rings a resonance far above it. The envelope of
the band around that resonance shows the strikes themselves (R. B. Randall & J. Antoni, "Rolling element bearing
diagnostics - a tutorial", MSSP 25 (2011) 485-520, section 4).

The band is found in two ways: by impulsiveness, blind to any fault frequency (`kurtogram`), or by how high given lines
stand (`search_line_bands`). Both walk the same 1/3-binary tree of bands: 1, 2, 3, 4, 6, 8, 12, ... equal parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bearing.errors import ParameterError
from bearing.recording import check_rate_hz, check_signal

__all__ = [
    "Band",
    "Demodulator",
    "EnvelopeSpectrum",
    "Kurtogram",
    "LineBands",
    "envelope_spectrum",
    "kurtogram",
    "search_line_bands",
    "squared_envelope",
]

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
ComplexArray = NDArray[np.complex64]

MIN_SAMPLES = 256
TRANSITION = 0.125  # of a band's width: how far its filter reaches into each neighbour in the kurtogram
OVERSAMPLING = 1.5  # samples of a band's envelope in the kurtogram, over the band's width
FLOOR_WIDTH_HZ = 20.0
FLOOR_WIDTH_BINS = 25


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
    def centre_hz(self) -> float:
        return (self.low_hz + self.high_hz) / 2

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
        """Decibels over the floor, 20 log10(amplitude / floor), shape (n,)."""
        return 20.0 * np.log10(np.maximum(self.amplitude, 1e-30) / np.maximum(self.floor, 1e-30))

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

    def db_at(self, index: int) -> float:
        """Decibels over the floor of one bin."""
        return float(20 * np.log10(max(self.amplitude[index], 1e-30) / max(self.floor[index], 1e-30)))


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
        self._n_padded = _fast_length(self.n_samples)
        unit, self._scale = _to_unit(samples)
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
        size = _fast_length(width + spare)
        analytic = np.fft.ifft(self._bins[first:last], size)
        keep = int(size * (self.n_samples / self._n_padded))  # the rest is the padding
        analytic = analytic[:keep]
        scale = np.float32((2.0 * size / self._n_padded) ** 2)
        power = np.asarray(analytic.real**2 + analytic.imag**2, dtype=np.float32)
        return power * scale, step_hz * size

    def envelope_spectrum(self, band: Band, max_hz: float | None = None) -> EnvelopeSpectrum:
        """Spectrum of the squared envelope of a band up to `max_hz` (None: up to the band's width), Hann window."""
        envelope, rate_hz = self._unit_envelope(band, max_hz)
        size = _fast_length(len(envelope))
        step_hz = rate_hz / size
        limit = band.width_hz if max_hz is None else min(max_hz, band.width_hz)
        count = max(int(limit / step_hz) + 1, 2)
        bins = np.fft.rfft((envelope - envelope.mean()) * _hann(len(envelope)), size)[:count]
        to_unit_squared = 4.0 / len(envelope) * self._scale**2  # one-sided: 2, a Hann window's mean is 1/2: 2 more
        amplitude = np.abs(bins).astype(np.float64) * to_unit_squared
        width = max(FLOOR_WIDTH_BINS, round(FLOOR_WIDTH_HZ / step_hz))
        frequency_hz: FloatArray = np.arange(len(amplitude), dtype=np.float64) * step_hz
        return EnvelopeSpectrum(frequency_hz, amplitude, _running_median(amplitude, width), band)


def squared_envelope(signal: object, sampling_rate_hz: float, band: Band) -> tuple[FloatArray, float]:
    """Squared envelope of a band of a signal of shape (n,), and its sampling rate; see `Demodulator`."""
    return Demodulator(signal, sampling_rate_hz).squared_envelope(band)


def envelope_spectrum(
    signal: object, sampling_rate_hz: float, band: Band | None = None, max_hz: float | None = None
) -> EnvelopeSpectrum:
    """Spectrum of the squared envelope of a band (None: all but the edges) of a signal of shape (n,)."""
    demodulator = Demodulator(signal, sampling_rate_hz)
    return demodulator.envelope_spectrum(band or demodulator.full_band(), max_hz)


def _running_median(values: FloatArray, width: int) -> FloatArray:
    """Medians of half-overlapping blocks of `width` bins, joined by straight lines, shape (n,).

    A true running median costs n log(width) and looks the same: between its blocks a noise floor does not jump.
    """
    if len(values) <= width:
        return np.full(len(values), np.median(values))
    hop = width // 2
    blocks = np.lib.stride_tricks.sliding_window_view(values, width)[::hop]
    centres = np.arange(len(blocks)) * hop + (width - 1) / 2
    return np.interp(np.arange(len(values)), centres, np.median(blocks, axis=1))


def _to_unit(samples: FloatArray) -> tuple[Float32Array, float]:
    """The signal without its mean, scaled to a peak of 1 in single precision, and what it was divided by."""
    highest = float(np.abs(samples).max()) or 1.0
    unit = samples / highest
    unit -= unit.mean()
    return unit.astype(np.float32), highest


@lru_cache(maxsize=8)
def _hann(n: int) -> Float32Array:
    """Periodic Hann window, shape (n,), kept because every band of a tree asks for a few lengths again."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)).astype(np.float32)


@lru_cache(maxsize=256)
def _fast_length(n: int) -> int:
    """The smallest length >= n without a prime factor above 7, which the FFT takes quickly."""
    while True:
        rest = n
        for prime in (2, 3, 5, 7):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return n
        n += 1


# ------------------------------------------------------------------------------------------------- the kurtogram


@dataclass(frozen=True)
class Kurtogram:
    """Spectral kurtosis over a tree of bands.

    Attributes
    ----------
    levels : tuple of float, length L
        log2 of the number of bands of each row: 0, 1, 1.58, 2, 2.58, 3, ... (the paper writes 1.6, 2.6).
    bandwidth_hz : array, shape (L,)
        Width of the bands of each row.
    kurtosis : array, shape (L, n_columns)
        Kurtosis of the band's complex envelope (0 for Gaussian noise), repeated over the columns that a band covers.
    frequency_hz : array, shape (n_columns,)
        Centres of the columns: as many as the finest rows need in common.
    best : Band
        The band of highest kurtosis; `best_kurtosis` its value, `best_level` its row.
    """

    levels: tuple[float, ...]
    bandwidth_hz: FloatArray
    kurtosis: FloatArray
    frequency_hz: FloatArray
    best: Band
    best_kurtosis: float
    best_level: int

    def band_at(self, level: int, frequency_hz: float) -> Band:
        """The band of row `level` that holds a frequency. Raises ParameterError outside the map."""
        width = float(self.bandwidth_hz[level])
        index = int(frequency_hz // width)
        if not 0 <= index < round(2 ** self.levels[level]):
            raise ParameterError(f"The kurtogram ends at {self.bandwidth_hz[0]:g} Hz, got {frequency_hz:g} Hz.")
        return Band(index * width, (index + 1) * width)


def tree_counts(max_level: int) -> tuple[int, ...]:
    """Numbers of bands of the 1/3-binary tree down to `max_level`: 1, 2, 3, 4, 6, 8, ..., 2^max_level."""
    counts = [1]
    for level in range(1, max_level + 1):
        counts.append(2**level)
        if level < max_level:
            counts.append(3 * 2 ** (level - 1))
    return tuple(counts)


def kurtogram(
    signal: object, sampling_rate_hz: float, max_level: int | None = None, min_bandwidth_hz: float = 0.0
) -> Kurtogram:
    """Fast kurtogram of a signal of shape (n,) (J. Antoni, "Fast computation of the kurtogram for the detection of
    transient faults", MSSP 21 (2007) 108-124).

    K = <|c|^4> / <|c|^2>^2 - 2 of the complex envelope c of each band of the 1/3-binary tree. The paper's tree of short
    FIR filters is replaced by its equivalent in frequency: each row is one batch of inverse FFTs of tapered slices, so
    that every band of a row has the same filter, flat over the band with cosine edges a quarter of a band wide.

    Parameters
    ----------
    max_level : int or None
        Depth of the tree; None takes log2(n) - 7 but at most 7, as the paper advises (some 64 samples in a band).
    min_bandwidth_hz : float
        Narrower bands are drawn but not taken as the best: a band must hold several harmonics of a fault.

    Raises SignalError and ParameterError as `Demodulator` does.
    """
    samples = check_signal(signal, MIN_SAMPLES)
    rate_hz = check_rate_hz(sampling_rate_hz)
    if max_level is None:
        max_level = min(7, int(np.log2(len(samples))) - 7)
    if not 1 <= max_level <= 12:
        raise ParameterError(f"The kurtogram's depth lies between 1 and 12, got {max_level}.")
    columns = 3 * 2**max_level
    half = _fast_length(-(-len(samples) // (2 * columns))) * columns  # bins; a whole number in every band
    bins = np.asarray(np.fft.rfft(_to_unit(samples)[0], 2 * half)[:half], dtype=np.complex64)
    filled = len(samples) / (2 * half)
    counts = tree_counts(max_level)
    rows = [_row_kurtosis(bins, count, filled) for count in counts]
    kurtosis = np.array([np.repeat(row, columns // len(row)) for row in rows])
    bandwidth = rate_hz / 2 / np.array(counts, dtype=np.float64)
    allowed = np.where((bandwidth >= min_bandwidth_hz)[:, None], kurtosis, -np.inf)
    level, column = np.unravel_index(int(np.argmax(allowed)), allowed.shape)
    index = int(column) * counts[level] // columns
    width = float(bandwidth[level])
    return Kurtogram(
        levels=tuple(float(np.log2(count)) for count in counts),
        bandwidth_hz=bandwidth,
        kurtosis=kurtosis,
        frequency_hz=(np.arange(columns) + 0.5) * rate_hz / 2 / columns,
        best=Band(index * width, (index + 1) * width),
        best_kurtosis=float(kurtosis[level, column]),
        best_level=int(level),
    )


def _row_kurtosis(bins: ComplexArray, count: int, filled: float) -> FloatArray:
    """Kurtosis of `count` equal bands, shape (count,); `filled` is the share of the time that is no zero padding."""
    size = len(bins) // count
    edge = int(TRANSITION * size)
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(2 * edge) + 0.5) / (2 * edge)) if edge else np.empty(0)
    taper = np.concatenate([ramp, np.ones(size - 2 * edge), ramp[::-1]]).astype(np.float32)
    padded = np.concatenate([np.zeros(edge, np.complex64), bins, np.zeros(edge, np.complex64)])
    slices = np.lib.stride_tricks.sliding_window_view(padded, size + 2 * edge)[::size]
    samples = _fast_length(int(OVERSAMPLING * size))  # a fourth power moves faster than the envelope itself
    analytic = np.fft.ifft(slices * taper, samples, axis=1)
    power = analytic.real**2
    power += analytic.imag**2
    second = power.sum(axis=1).astype(np.float64) / (power.shape[1] * filled)
    fourth = np.array([np.dot(row, row) for row in power], dtype=np.float64) / (power.shape[1] * filled)
    return np.where(second > 0, fourth / np.maximum(second, 1e-30) ** 2 - 2.0, 0.0)


# ------------------------------------------------------------------------------------------- bands by fault lines


@dataclass(frozen=True)
class LineBands:
    """How high lines stand in the envelope spectrum of each band of the tree.

    `score_db` has shape (n_bands, n_lines): mean over the harmonics of the decibels over the floor.
    """

    bands: tuple[Band, ...]
    lines_hz: tuple[float, ...]
    score_db: FloatArray

    def best(self, line: int = 0) -> Band:
        """The band where line number `line` and its harmonics stand highest."""
        return self.bands[int(np.argmax(self.score_db[:, line]))]


def search_line_bands(
    source: Demodulator,
    lines_hz: Sequence[float],
    harmonics: int = 4,
    tolerance: float = 0.015,
    max_level: int = 3,
) -> LineBands:
    """Score every band of the 1/3-binary tree by the lines of given fault frequencies in its envelope spectrum.

    Parameters
    ----------
    lines_hz : sequence of float
        Fault frequencies (BPFO, BPFI, 2 x BSF), first harmonic each.
    harmonics : int
        How many harmonics count; those beyond the band's width are left out.
    tolerance : float
        Slip allowed, relative to the line (bearings: 1-2 %).
    max_level : int
        Depth of the tree (3: bands down to an eighth of half the sampling rate). Bands narrower than the first line
        of any family are left out.
    """
    lines = tuple(float(line) for line in lines_hz)
    if not lines or min(lines) <= 0:
        raise ParameterError(f"Fault lines are positive frequencies in Hz, got {lines}.")
    full = source.full_band()
    max_hz = (1 + tolerance) * harmonics * max(lines) + FLOOR_WIDTH_HZ
    bands = []
    for count in tree_counts(max_level):
        width = full.width_hz / count
        if width > 1.1 * max(lines) or count == 1:
            edges = full.low_hz + width * np.arange(count + 1)
            bands += [Band(float(low), float(high)) for low, high in pairwise(edges)]
    scores = np.array(
        [[_line_score(spectrum, line, harmonics, tolerance) for line in lines]
         for spectrum in (source.envelope_spectrum(band, max_hz) for band in bands)]
    )  # fmt: skip
    return LineBands(tuple(bands), lines, scores)


def _line_score(spectrum: EnvelopeSpectrum, line_hz: float, harmonics: int, tolerance: float) -> float:
    found = [spectrum.peak_near(line_hz * k, tolerance)[1] for k in range(1, harmonics + 1)]
    inside = [level for level in found if np.isfinite(level)]
    return float(np.mean(inside)) if inside else 0.0
