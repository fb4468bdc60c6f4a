"""What the samples themselves say of a column: vibration, pulses, a level, a count, a magnitude.

Names lie or are missing; the samples of a temperature, a tachometer or a counter do not look like those of a vibration.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bearing.readers.columns.clock import is_ramp
from bearing.recording import FloatArray

__all__ = ["WHITE", "bridged", "fill_value", "look_of", "pulse_rate", "signed_counts", "spectral_flatness"]

_LOOKED_AT = 2**16
_BLOCK = 512
WHITE = 0.85  # spectral flatness: converter noise around a level has 0.95 and more, real vibration at most 0.32
_MOST_BRIDGED = 0.5
_FILL_APART = 10.0  # ranges of all other samples between them and a value that stands for none
_MOST_FILLED = 0.2
_WORD_BITS = (8, 10, 12, 14, 16, 18, 20, 24, 32)


def spectral_flatness(values: FloatArray, lowest: int = 2) -> float:
    """Geometric over arithmetic mean of the power spectrum without its `lowest` of 256 bins: 1 white noise, 0 a tone.

    Mean periodogram of Hann-windowed blocks (Welch 1967); Johnston, IEEE JSAC 6 (1988) 314 for the measure.
    """
    blocks = values[: values.size // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    if len(blocks) < 4:
        return 0.0
    blocks = blocks - blocks.mean(axis=1, keepdims=True)
    power = (np.abs(np.fft.rfft(blocks * np.hanning(_BLOCK), axis=1)) ** 2).mean(axis=0)[lowest:-1]
    if not power.min() > 0:
        return 0.0
    return float(np.exp(np.mean(np.log(power))) / power.mean())


def look_of(values: FloatArray) -> str:
    """``constant``, ``ramp``, ``pulses``, ``steps``, ``one-sided``, ``level``, ``noise``, or "" for what may vibrate.

    Parameters
    ----------
    values : array, shape (n,)
        A column; only its first 65,536 finite values are looked at.
    """
    x = values[:_LOOKED_AT]
    x = x[np.isfinite(x)]
    if x.size < 16:
        return ""
    low, high, mean, spread = float(x.min()), float(x.max()), float(x.mean()), float(x.std())
    if high == low:
        return "constant"
    if not np.isfinite(spread) or is_ramp(x):
        return "ramp" if np.isfinite(spread) else ""
    if pulse_rate(x):
        return "pulses"
    changes = np.count_nonzero(x[1:] != x[:-1]) / x.size
    if changes < 0.02 and np.unique(x).size <= 64:
        return "steps"
    if low >= 0 and float(np.percentile(x, 0.1)) < 0.15 * float(np.median(x)) and high - mean > 1.5 * (mean - low):
        return "one-sided"
    if float(np.diff(x).std()) < 0.002 * spread:
        return "level"
    if spectral_flatness(x) > WHITE:
        return "level" if abs(mean) > 10 * spread else "noise"
    return ""


def pulse_rate(values: FloatArray) -> float:
    """Pulses per sample of a tachometer, keyphasor or magnetic pick-up; 0 for anything else.

    At least five pulses, nearly each as far from the last as that was from the one before, within 20 %: a shaft may
    change its speed, but not from turn to turn. Between them the signal rests on one level, or changes between two.
    """
    x = values[np.isfinite(values)]
    if x.size < 64:
        return 0.0
    low, high = float(x.min()), float(x.max())
    span = high - low
    if not 0 < span < np.inf:
        return 0.0
    near_low, near_high = x < low + 0.2 * span, x > high - 0.2 * span
    if np.count_nonzero(near_low) + np.count_nonzero(near_high) < 0.97 * x.size:
        return _spike_rate(x, low, high)
    return _rate_of_edges(_rising(near_low, near_high), 0.2)


def _rising(low: NDArray[np.bool_], high: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Where a signal comes from below to above; what lies between is on its way: hysteresis against noise."""
    places = np.flatnonzero(low | high)
    state = high[places]
    return places[1:][state[1:] & ~state[:-1]]


def _rate_of_edges(edges: NDArray[np.int64], off: float) -> float:
    """Edges per sample where their intervals follow each other within `off` of one; 0 elsewhere."""
    if edges.size < 5:
        return 0.0
    gaps = np.diff(edges)
    even = np.abs(np.diff(gaps)) <= np.maximum(off * gaps[1:], 2)
    if float(gaps.mean()) < 8 or np.mean(even) < 0.9 or gaps.max() > 12 * gaps.min():
        return 0.0
    return float((edges.size - 1) / (edges[-1] - edges[0]))


def _spike_rate(x: FloatArray, low: float, high: float) -> float:
    """Spikes per sample of a signal at rest but for spikes of one shape: soft edges, or the two swings of a coil.

    No bearing strikes so: its impacts ring on, differ in height (each over 10 % here) and slip. A rest as quiet as 2 %
    of the spikes, heights alike, two swings at most, and intervals that change by under 1 %.
    """
    few = x[:: max(1, x.size // 4_096)]
    rest = float(np.median(few))
    up = high - rest >= rest - low
    top = high - rest if up else rest - low
    if np.mean(np.abs(few - rest) < 0.1 * top) < 0.5:  # the usual case, at a tenth of the cost
        return 0.0
    away = (x - rest) / top if up else (rest - x) / top
    still = np.abs(away) < 0.1
    if np.count_nonzero(still) < 0.6 * x.size or float(np.median(np.abs(away[still]))) > 0.02:
        return 0.0
    edges = _rising(still, away > 0.4)
    rate = _rate_of_edges(edges, 0.01)
    if not rate:
        return 0.0
    heights = np.maximum.reduceat(away, edges)[:-1]
    swings = _rising(away < 0.1, away > 0.15).size + _rising(away > -0.1, away < -0.15).size
    alike = float(heights.std()) < 0.1 * float(heights.mean())
    return rate if alike and swings <= 2.5 * edges.size else 0.0


def fill_value(values: FloatArray) -> float | None:
    """The number a logger writes for a lost sample (-999, 9.9e37, 0 beside gravity); None where there is none.

    One extreme, far from all else: no impact and no rail is ten times the range of all other samples away from them.
    """
    finite = np.isfinite(values)
    x = values if finite.all() else values[finite]
    if x.size < 64:
        return None
    few = x[:: max(1, x.size // 4_096)]
    low, middle, high = np.percentile(few, (25, 50, 75))
    for extreme in (float(x.min()), float(x.max())):
        if abs(extreme - middle) < _FILL_APART * (high - low):  # the usual case, at a tenth of the cost
            continue
        rest = x[x != extreme]
        if not (1 - _MOST_FILLED) * x.size < rest.size < x.size:
            continue
        least, most = float(rest.min()), float(rest.max())
        apart = min(abs(extreme - least), abs(extreme - most))
        told = rest.size <= x.size - 2 or extreme == np.rint(extreme) != 0  # once may be a spike, not of -999 exactly
        if most > least and apart > _FILL_APART * (most - least) and told and not pulse_rate(x):
            return extreme
    return None


def signed_counts(values: FloatArray) -> int:
    """Bits of counts that were written without their sign (65535 for -1), 0 for any other column.

    Such counts lie at both ends of their range and never in its middle; a tacho that rests at both ends pulses.
    """
    x = values[:_LOOKED_AT]
    x = x[np.isfinite(x)]
    if x.size < 64 or x.min() < 0 or x.max() < 2**7:
        return 0
    bits = next((bits for bits in _WORD_BITS if x.max() < 2.0**bits), 0)
    if not bits or (x != np.rint(x)).any():
        return 0
    quarter = 2.0 ** (bits - 2)
    low, high = x[x < quarter], x[x >= 3 * quarter]
    if low.size + high.size < 0.999 * x.size or min(np.unique(low).size, np.unique(high).size) < 2:
        return 0
    if min(low.size, high.size) < 5e-4 * x.size or np.unique(x).size < 4:
        return 0
    return 0 if pulse_rate(x) else bits


def bridged(values: FloatArray) -> tuple[FloatArray, float]:
    """Samples with their gaps (NaN) bridged by straight lines, and the share that was; as they are where half is lost.

    Rows before the first and after the last value are dropped. A bridge adds neither impacts nor rhythm, and keeps
    what lies on both sides of the gap at its distance.
    """
    finite = np.isfinite(values)
    if finite.all():
        return values, 0.0
    known = np.flatnonzero(finite)
    if not known.size:
        return values, 1.0
    values, finite = values[known[0] : known[-1] + 1], finite[known[0] : known[-1] + 1]
    lost = 1.0 - known.size / values.size
    if lost > _MOST_BRIDGED:
        return values, lost
    places = np.arange(values.size)
    filled = values.copy()
    filled[~finite] = np.interp(places[~finite], places[finite], values[finite])
    return filled, lost
