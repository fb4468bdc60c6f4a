"""Spectra and what drawing them takes: arrays in, arrays out.

Scaling follows G. Heinzel, A. Ruediger, R. Schilling, "Spectrum and spectral density estimation by the DFT" (2002): a
sine of amplitude A on a bin shows as A in `amplitude_spectrum`.
Signals are checked at the door (`bearing.recording.check_signal`); NaN is not expected here.
Condition indicators (RMS, peak, crest factor, kurtosis) are in `bearing.signal.indicators`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bearing.errors import ParameterError
from bearing.recording import check_rate_hz, check_signal

__all__ = [
    "Spectrogram",
    "Spectrum",
    "amplitude_spectrum",
    "downsample",
    "spectrogram",
    "to_db",
]

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]

DRAWN_POINTS = 4_000


@dataclass(frozen=True)
class Spectrum:
    """One-sided spectrum; both arrays have shape (n,). What `values` holds, the function that made it says."""

    frequency_hz: FloatArray
    values: FloatArray

    @property
    def step_hz(self) -> float:
        """Distance between two bins."""
        return float(self.frequency_hz[1] - self.frequency_hz[0])


@dataclass(frozen=True)
class Spectrogram:
    """Level over time and frequency: `level_db` has shape (n_frequencies, n_times), dB relative to the highest cell."""

    time_s: FloatArray
    frequency_hz: FloatArray
    level_db: Float32Array


def amplitude_spectrum(signal: object, sampling_rate_hz: float) -> Spectrum:
    """Amplitudes (peak, in the signal's unit) of a signal of shape (n,), n >= 8, whole length, Hann window, no mean.

    A sine between two bins shows up to 15 % low (the window's scalloping).
    """
    samples = check_signal(signal, 8)
    rate_hz = check_rate_hz(sampling_rate_hz)
    window = _hann(len(samples))
    bins = np.abs(np.fft.rfft((samples - samples.mean()) * window)) * (2.0 / window.sum())
    bins[0] /= 2.0
    if len(samples) % 2 == 0:
        bins[-1] /= 2.0  # half the sampling rate has no twin either
    return Spectrum(_bins_hz(len(samples), rate_hz), bins)


def spectrogram(
    signal: object, sampling_rate_hz: float, max_times: int = 400, max_frequencies: int = 300, range_db: float = 90.0
) -> Spectrogram:
    """Spectrogram of a signal of shape (n,), n >= 64, in at most `max_times` x `max_frequencies` cells.

    Frames are as long as the frequencies need and spread evenly over the signal; in a long signal several frames fall
    into one column and their power is averaged, so that nothing between two columns is lost. Levels end `range_db`
    below the highest.
    """
    samples = check_signal(signal, 64)
    rate_hz = check_rate_hz(sampling_rate_hz)
    size = int(2 ** np.floor(np.log2(max(min(2 * max_frequencies, len(samples) / 4), 16))))
    window = _hann(size).astype(np.float32)
    centred = (samples - samples.mean()).astype(np.float32)
    starts = np.arange(0, len(samples) - size + 1, max(size // 2, 1))
    columns = min(max_times, len(starts))
    column = np.arange(len(starts)) * columns // len(starts)
    power = np.zeros((columns, size // 2 + 1))
    frames = np.lib.stride_tricks.sliding_window_view(centred, size)[starts]
    for block in _blocks(range(len(starts)), 1024):
        at = np.asarray(block)
        np.add.at(power, column[at], np.abs(np.fft.rfft(frames[at] * window, axis=1)) ** 2)
    power /= np.bincount(column, minlength=columns)[:, None]
    level = to_db(np.sqrt(power), reference=float(np.sqrt(power.max())) or 1.0, floor_db=-range_db)
    centres = np.bincount(column, weights=starts + size / 2, minlength=columns) / np.bincount(column, minlength=columns)
    return Spectrogram(centres / rate_hz, _bins_hz(size, rate_hz), level.T.astype(np.float32))


def to_db(amplitude: NDArray[np.floating], reference: float = 1.0, floor_db: float = -200.0) -> FloatArray:
    """20 log10(amplitude / reference), not below `floor_db`, same shape. For powers take the root first."""
    if not reference > 0:
        raise ParameterError(f"The reference of a decibel scale is positive, got {reference:g}.")
    lowest = 10.0 ** (floor_db / 20.0)
    return 20.0 * np.log10(np.maximum(np.asarray(amplitude, dtype=np.float64) / reference, lowest))


def downsample(
    x: NDArray[np.floating], y: NDArray[np.floating], n: int = DRAWN_POINTS
) -> tuple[Float32Array, Float32Array]:
    """At most `n` points of the line (x, y), both of shape (m,), that look like all of them: float32, ready to draw.

    Extremes of every piece are kept, then the largest triangles (tsdownsample's MinMaxLTTB; J. Van Der Donckt et al.,
    "MinMaxLTTB", 2023). A line of fewer points comes back whole. `x` must rise.
    """
    x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)
    if x.shape != y.shape or x.ndim != 1:
        raise ParameterError(f"A line needs x and y of one shape (m,), got {x.shape} and {y.shape}.")
    if len(y) <= n:
        return x.astype(np.float32), y.astype(np.float32)
    from tsdownsample import MinMaxLTTBDownsampler  # late: only what draws needs it

    keep = MinMaxLTTBDownsampler().downsample(y.astype(np.float32), n_out=n)
    return x[keep].astype(np.float32), y[keep].astype(np.float32)


def _hann(n: int) -> FloatArray:
    """Periodic Hann window, shape (n,): the one whose shifted copies sum to a constant."""
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n) / n)


def _bins_hz(n: int, rate_hz: float) -> FloatArray:
    """Frequencies of the bins of a real FFT over n samples, shape (n // 2 + 1,)."""
    return np.arange(n // 2 + 1, dtype=np.float64) * (rate_hz / n)


def _blocks(indices: range, size: int) -> list[range]:
    """A range cut into pieces, so that a long signal's frames never all exist at once."""
    return [indices[at : at + size] for at in range(0, len(indices), size)]
