"""What every transform of the project shares: one window, one choice of lengths, one noise floor."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

__all__ = ["fast_length_down", "fast_length_up", "hann", "kept_window", "level_and_floor", "middle_and_high", "to_unit"]

Array32 = NDArray[np.float32]
Array = NDArray[np.float64]
_PIECE = 2**20
_ROWS = 8  # at a time: their blocks stay in the cache
HIGH = 0.9  # quantile


@lru_cache(maxsize=64)
def hann(size: int) -> Array32:
    """Periodic Hann window, shape (size,): kept, because every band of a tree asks for a few lengths again."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)


@lru_cache(maxsize=8)
def kept_window(name: str, size: int) -> Array:
    """NumPy's symmetric ``hanning`` or ``blackman``, shape (size,): computing one takes as long as its transform."""
    window: Array = {"hanning": np.hanning, "blackman": np.blackman}[name](size)
    window.flags.writeable = False
    return window


@lru_cache(maxsize=256)
def fast_length_up(size: int) -> int:
    """The smallest length >= `size` that the FFT takes quickly."""
    return int(scipy.fft.next_fast_len(size))


@lru_cache(maxsize=256)
def fast_length_down(size: int) -> int:
    """The largest length <= `size` that the FFT takes quickly."""
    return int(scipy.fft.prev_fast_len(size))


def to_unit(samples: Array) -> tuple[Array32, float]:
    """The signal without its mean, scaled to a peak of 1 in single precision, and what it was divided by.

    Whatever the unit: single precision neither overflows at 1e100 nor drowns at 1e-100.
    """
    high, low = float(samples.max()), float(samples.min())
    highest = max(high, -low) or 1.0
    starts = range(0, len(samples), _PIECE)  # whole copies in double precision would take its size twice more
    mean = sum(float((samples[at : at + _PIECE] / highest).sum()) for at in starts) / samples.size
    # An offset far above the vibration must not cost its digits.
    spread = max(high / highest - mean, mean - low / highest) or 1.0
    unit = np.empty(samples.shape, np.float32)
    for at in starts:
        unit[at : at + _PIECE] = (samples[at : at + _PIECE] / highest - mean) / spread
    return unit, highest * spread


def middle_and_high(rows: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Median and 90 % quantile over the last axis, which stays as one of 1; both from one sort."""
    ordered, last = np.sort(rows, axis=-1), rows.shape[-1] - 1
    at = HIGH * last
    below = ordered[..., int(at), None]
    above = ordered[..., min(int(at) + 1, last), None]
    middle = (ordered[..., last // 2, None] + ordered[..., last - last // 2, None]) / 2
    return middle, below + (above - below) * (at - int(at))


def level_and_floor(power: Array32, width: int) -> tuple[Array32, Array32]:
    """ln(power / floor) and ln of the floor, the local mean power of noise, each shape (rows, bins) like `power`.

    The floor is robust to lines: medians of half-overlapping blocks of `width` bins, joined by straight lines, over
    ln 2, since the power of noise is distributed exponentially and the median of that is ln 2 of its mean.
    """
    bins = power.shape[1]
    half = max(width // 2, 4)
    blocks = max(1, bins // half)
    size = min(2 * half, bins)
    start = np.clip(np.arange(blocks) * half - half // 2, 0, bins - size)
    windows = np.lib.stride_tricks.sliding_window_view(power, size, axis=1)
    level = np.log(power + np.float32(1e-12))
    floor = np.empty(power.shape, np.float32)
    for rows in (slice(at, at + _ROWS) for at in range(0, len(power), _ROWS)):
        pieces = windows[rows][:, start]
        pieces.sort(axis=2)  # a quarter of the time of np.median, which looks for one place after the other
        middle = (pieces[:, :, (size - 1) // 2] + pieces[:, :, size // 2]) / np.float32(2)
        median = np.log(middle / np.log(2) + 1e-12)
        if blocks > 1:
            left, share = _between(blocks, half, size, bins)
            median = median.take(left, axis=1) * (1 - share) + median.take(left + 1, axis=1) * share
        level[rows] -= median
        floor[rows] = median
    return level, floor


@lru_cache(maxsize=64)
def _between(blocks: int, half: int, size: int, bins: int) -> tuple[NDArray[np.int64], Array32]:
    """Between which blocks' centres each bin lies, and how far along."""
    start = np.clip(np.arange(blocks) * half - half // 2, 0, bins - size)
    centre, grid = start + size / 2, np.arange(bins)
    left = np.clip(np.searchsorted(centre, grid) - 1, 0, blocks - 2)
    share = np.clip((grid - centre[left]) / (centre[left + 1] - centre[left]), 0, 1)
    return left, share.astype(np.float32)
