"""Which band to demodulate: the most impulsive one of a 1/3-binary tree of bands.

The tree: 1, 2, 3, 4, 6, 8, 12, ... equal parts of the range up to half the sampling rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bearing.errors import ParameterError
from bearing.recording import check_rate_hz, check_signal
from bearing.signal.envelope import (
    MIN_SAMPLES,
    Band,
    fast_length,
    to_unit,
)

__all__ = ["Kurtogram", "kurtogram", "tree_counts"]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex64]

TRANSITION = 0.125  # of a band's width: how far its filter reaches into each neighbour
OVERSAMPLING = 1.5  # samples of a band's envelope, over the band's width


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
    half = fast_length(-(-len(samples) // (2 * columns))) * columns  # bins; a whole number in every band
    bins = np.asarray(np.fft.rfft(to_unit(samples)[0], 2 * half)[:half], dtype=np.complex64)
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
    samples = fast_length(int(OVERSAMPLING * size))  # a fourth power moves faster than the envelope itself
    analytic = np.fft.ifft(slices * taper, samples, axis=1)
    power = analytic.real**2
    power += analytic.imag**2
    second = power.sum(axis=1).astype(np.float64) / (power.shape[1] * filled)
    fourth = np.array([np.dot(row, row) for row in power], dtype=np.float64) / (power.shape[1] * filled)
    return np.where(second > 0, fourth / np.maximum(second, 1e-30) ** 2 - 2.0, 0.0)
