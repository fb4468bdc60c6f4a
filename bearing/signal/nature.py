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
    window = np.blackman(count)  # its skirts fall fast: what is left beside a tone is not the tone's
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
    window = np.blackman(size).astype(np.float32)
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
    for i in range(6, len(bands)):
        if level[i:].max() < np.median(level[max(0, i - 24) : i]) - fall_db:
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
    rows = np.stack([_heights(signal[i * size : (i + 1) * size], rate_hz, grid) for i in range(pieces)])
    middle = np.arange(pieces) / (pieces - 1) - 0.5
    totals = np.linspace(-1.2, 1.2, 2 * round(1.2 / max(step, 0.02)) + 1)
    agreement = np.array([_agreement(rows, np.rint(middle * total / step).astype(int)) for total in totals])
    best = int(agreement.argmax())
    at_rest = agreement[np.abs(totals) <= max(step, 0.008)].max()
    spread = float(np.median(np.abs(agreement - np.median(agreement)))) + 1e-9
    if agreement[best] - at_rest < CLEARLY * spread:
        return 0.0
    return float(np.expm1(abs(totals[best])))


def _heights(piece: FloatArray, rate_hz: float, grid_hz: FloatArray) -> FloatArray:
    """Heights of the lines of signal and squared signal over their floor, at the frequencies of a grid, shape (m,)."""
    unit, _ = to_unit(piece)
    window = np.hanning(len(unit)).astype(np.float32)
    total = np.zeros(len(grid_hz))
    at = grid_hz * len(unit) / rate_hz
    rectified = np.diff(unit, prepend=unit[:1]) ** 2  # the derivative: what rings high, not what turns slowly
    for one in (unit, rectified - rectified.mean()):
        power = np.abs(scipy.fft.rfft(one * window))
        floor = np.maximum(scipy.ndimage.uniform_filter1d(power, 65), 1e-30)
        total += np.interp(at, np.arange(len(power)), np.clip(power / floor - 1, 0, 4))
    return total


def _agreement(rows: FloatArray, shifts: NDArray[np.int64]) -> float:
    """Variance of the mean of the shifted rows where all overlap, as a share of theirs: 1 where all look alike."""
    reach = int(np.abs(shifts).max())
    width = rows.shape[1] - 2 * reach
    if width < 32:
        return 0.0
    together = np.stack([row[reach + s : reach + s + width] for row, s in zip(rows, shifts, strict=True)])
    together -= together.mean(axis=1, keepdims=True)
    return float(np.mean(np.square(together.mean(axis=0))) / (np.mean(np.square(together)) + 1e-12))
