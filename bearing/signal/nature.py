"""Is it vibration at all? What a table holds instead: counters, ramps, tones, bytes, samples filled in.

Every measure is a ratio, so that 1e-100 and 1e100 times a signal have the same nature. Noise is vibration here: a
sound bearing is little else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import numpy as np
import scipy.fft
import scipy.ndimage
from numpy.typing import NDArray

from bearing.signal.dsp import kept_window
from bearing.signal.envelope import to_unit

__all__ = ["Nature", "NoVibration", "drift", "nature", "occupied_hz"]

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]

LOOKED_AT = 2**15  # samples: enough to tell, and a long file costs no more
FEWEST_VALUES = 6
ONE_WAY = 0.99  # share of steps in one direction
SAME_STEP = 0.9  # share of steps of one size: a counter that starts again
TONES = 12
TONE_REST = 1e-3  # share of the power that is left beside a few tones
UNIFORM_KURTOSIS = (1.7, 1.9)  # 1.8; Gauss has 3, a sine 1.5
WHITE = 0.03  # correlation of neighbours
WIDEST_RANGE = 1e9  # peak over median: no converter spans it
CLEARLY = 6.0  # times the usual scatter of the agreement
FLOOR_BINS = 65  # of the lines that drift
LEAST_OVERLAP = 32  # points of spectra laid over each other
STRAIGHT = 0.6  # share of samples that lie on the line between their neighbours


class NoVibration(Enum):
    """What the samples are instead."""

    FEW_VALUES = "few values"
    RAMP = "ramp"
    COUNTER = "counter"
    TONES = "tones"
    BYTES = "bytes"
    RANGE = "range"


@dataclass(frozen=True)
class Nature:
    """What kind of thing a signal is.

    Attributes
    ----------
    no_vibration : NoVibration or None
    values : int
        How many different ones, at most as many as were looked at.
    tone_share : float
        Power (0..1) in its strongest twelve tones.
    tones_hz : tuple of float
        Those of them that hold more than a hundredth of the power, the strongest first.
    filled_in : bool
        Most samples lie exactly on the line between their neighbours, or repeat one: it was recorded more slowly.
    """

    no_vibration: NoVibration | None
    values: int
    tone_share: float
    tones_hz: tuple[float, ...]
    filled_in: bool


def nature(signal: FloatArray, rate_hz: float) -> Nature:
    """The nature of a finite signal of shape (n,), n >= 64, that is not constant."""
    unit = signal[:LOOKED_AT] / float(np.abs(signal[:LOOKED_AT]).max())
    values = len(np.unique(unit))
    steps = np.diff(unit)
    tone_share, tones_hz = _tones(unit, rate_hz)
    return Nature(
        _no_vibration(unit, steps, values, tone_share), values, tone_share, tones_hz, _filled_in(unit, steps, values)
    )


def _no_vibration(unit: FloatArray, steps: FloatArray, values: int, tone_share: float) -> NoVibration | None:
    centred = unit - unit.mean()
    spread = float(centred.std())
    if values < FEWEST_VALUES:
        return NoVibration.FEW_VALUES
    moving = steps[steps != 0]
    up = float(np.mean(moving > 0))
    if max(up, 1 - up) >= ONE_WAY:
        return NoVibration.RAMP
    usual = float(np.median(steps))
    if usual != 0 and float(np.mean(np.abs(steps - usual) < 1e-3 * abs(usual))) >= SAME_STEP:
        return NoVibration.COUNTER
    from_middle = np.abs(unit - np.median(unit))
    if float(np.median(from_middle)) * WIDEST_RANGE < float(from_middle.max()):
        return NoVibration.RANGE
    if 1 - tone_share < TONE_REST:
        return NoVibration.TONES
    kurtosis = float(np.mean(np.square(np.square(centred / spread))))
    neighbours = float(np.mean(centred[1:] * centred[:-1])) / spread**2
    if UNIFORM_KURTOSIS[0] < kurtosis < UNIFORM_KURTOSIS[1] and abs(neighbours) < WHITE:
        return NoVibration.BYTES
    return None


def _tones(unit: FloatArray, rate_hz: float) -> tuple[float, tuple[float, ...]]:
    """Share of the power within five bins of the highest lines, one after another, and where the strong ones lie."""
    count = scipy.fft.prev_fast_len(len(unit), real=True)
    piece = unit[:count] - unit[:count].mean()
    window = kept_window("blackman", count)  # its skirts fall fast: what is left beside a tone is not the tone's
    power = np.square(np.abs(scipy.fft.rfft(piece * window)))
    total = float(power.sum())
    if not total:
        return 0.0, ()
    share, tones = 0.0, []
    for _ in range(TONES):
        top = int(power.argmax())
        near = slice(max(top - 5, 0), top + 6)
        part = float(power[near].sum()) / total
        power[near] = 0.0
        share += part
        if part > 0.01:
            tones.append(top * rate_hz / count)
    return share, tuple(tones)


def _filled_in(unit: FloatArray, steps: FloatArray, values: int) -> bool:
    """Whether most samples repeat their neighbour, or lie on the straight line between both (to the last digit)."""
    spread = float(unit.std())
    if float(np.mean(steps == 0)) > STRAIGHT and values > 64:
        return True
    bends = np.abs(np.diff(steps))
    digit = 2.01 * float(np.min(np.abs(steps[steps != 0]), initial=1.0))  # one unit of the last written digit, rounded
    return digit < 0.02 * spread and float(np.mean(bends <= digit)) > STRAIGHT


def occupied_hz(signal: FloatArray, rate_hz: float, fall_db: float = 35.0, segment: int = 4096) -> float:
    """Up to where a finite signal of shape (n,) holds anything, in Hz: the cliff that resampling leaves.

    Half the sampling rate where there is none. A cliff: from one twelfth of an octave on, every band lies `fall_db`
    below the median of those below it.
    """
    samples, _ = to_unit(signal[: 2 * LOOKED_AT])
    size = min(segment, len(samples) // 2)
    window = kept_window("blackman", size).astype(np.float32)
    starts = range(0, len(samples) - size + 1, size // 2)
    frames = np.stack([samples[at : at + size] - samples[at : at + size].mean() for at in starts])
    power = np.square(np.abs(scipy.fft.rfft(frames * window, axis=1))).mean(axis=0).astype(np.float64)
    nyquist = rate_hz / 2
    edges = nyquist * 2.0 ** (np.arange(-72, 1) / 12)
    bins = np.rint(edges * size / rate_hz).astype(int)
    bands = [(low, high) for low, high in pairwise(bins.tolist()) if high - low >= 2 and low > 2]
    if len(bands) < 12:
        return nyquist
    level = 10 * np.log10(np.maximum([np.median(power[low:high]) for low, high in bands], 1e-30))
    highest_from = np.maximum.accumulate(level[::-1])[::-1]
    if highest_from[-1] >= level.max() - fall_db:  # no cliff, by far the usual case
        return nyquist
    for i in range(6, len(bands)):
        if highest_from[i] < np.median(level[max(0, i - 24) : i]) - fall_db:
            return float(bands[i][0] * rate_hz / size)
    return nyquist


def drift(signal: FloatArray, rate_hz: float, shaft_hz: float, pieces: int = 6) -> float:
    """By how much the lines of a finite signal of shape (n,) move from its beginning to its end, relative; 0 if unsure.

    Spectra of its pieces are laid over each other on a logarithmic axis, shifted as a speed that rises or falls evenly
    would shift them; the shift at which they agree best is the drift. What does not turn (resonances, mains) stays.
    """
    size = len(signal) // pieces
    turns = size / rate_hz * shaft_hz
    if turns < 10:
        return 0.0
    step = 0.25 / turns
    top = min(30.0 * shaft_hz, 0.45 * rate_hz)
    grid = shaft_hz * np.exp(np.arange(np.log(0.8), np.log(top / shaft_hz), step))
    if len(grid) < LEAST_OVERLAP:
        return 0.0
    rows = _heights(signal[: pieces * size].reshape(pieces, size), rate_hz, grid)
    middle = np.arange(pieces) / (pieces - 1) - 0.5
    totals = np.linspace(-1.2, 1.2, 2 * round(1.2 / max(step, 0.02)) + 1)
    shifts = np.rint(middle * totals[:, None] / step).astype(int)
    agreement = _agreement(rows, shifts)
    best = int(agreement.argmax())
    at_rest = agreement[np.abs(totals) <= max(step, 0.008)].max()
    spread = float(np.median(np.abs(agreement - np.median(agreement)))) + 1e-9
    if agreement[best] - at_rest < CLEARLY * spread:
        return 0.0
    return float(np.expm1(abs(totals[best])))


def _heights(pieces: FloatArray, rate_hz: float, grid_hz: FloatArray) -> FloatArray:
    """Heights of the lines of signals and squared signals, shape (k, n), over their floor, at the frequencies of a grid
    of shape (m,): shape (k, m)."""
    unit = np.stack([to_unit(piece)[0] for piece in pieces])
    window = kept_window("hanning", unit.shape[1]).astype(np.float32)
    at = grid_hz * unit.shape[1] / rate_hz
    rectified = np.diff(unit, axis=1, prepend=unit[:, :1]) ** 2  # the derivative: what rings, not what turns slowly
    rectified -= rectified.mean(axis=1, keepdims=True)
    reach = int(at[-1]) + 2 + FLOOR_BINS
    total = np.zeros((len(unit), len(grid_hz)))
    for kind in (unit, rectified):
        power = np.abs(scipy.fft.rfft(kind * window, axis=1)[:, :reach])
        floor = np.maximum(scipy.ndimage.uniform_filter1d(power, FLOOR_BINS, axis=1), 1e-30)
        height = np.clip(power / floor - 1, 0, 4)
        for row, of_piece in zip(total, height, strict=True):
            row += np.interp(at, np.arange(len(of_piece)), of_piece)
    return total


def _agreement(rows: FloatArray, shifts: NDArray[np.int64]) -> FloatArray:
    """Variance of the mean of the shifted rows where all overlap, as a share of theirs: 1 where all look alike.

    `rows` have shape (k, m), `shifts` (n, k): shape (n,).
    """
    count, size = rows.shape
    sums, squares = (np.concatenate([np.zeros((count, 1)), np.cumsum(x, axis=1)], axis=1) for x in (rows, rows**2))
    reach = np.abs(shifts).max(axis=1)
    width = size - 2 * reach
    first, which = np.minimum(reach[:, None] + shifts, size), np.arange(count)
    last = np.minimum(first + np.maximum(width, 0)[:, None], size)
    length = np.maximum(width, 1)
    mean = (sums[which, last] - sums[which, first]) / length[:, None]
    own = ((squares[which, last] - squares[which, first]) / length[:, None] - mean**2).mean(axis=1)
    common = np.zeros(len(shifts))
    for i in np.flatnonzero(width >= LEAST_OVERLAP):
        together = rows[0, first[i, 0] : last[i, 0]].copy()
        for row, begin, end in zip(rows[1:], first[i, 1:], last[i, 1:], strict=True):
            together += row[begin:end]
        common[i] = np.dot(together, together) / length[i] - mean[i].sum() ** 2
    return np.asarray(common / count**2 / (own + 1e-12))
