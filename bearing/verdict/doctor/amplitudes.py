"""What is wrong with a signal by its amplitudes: a dead sensor, clipping, samples filled in, steps too coarse."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from bearing.recording import LARGEST_SAMPLE, FloatArray
from bearing.verdict.doctor.finding import Finding

__all__ = ["amplitude_checks", "dead", "overflowing"]

_LEVEL_SAMPLES = 2**15
_PIECE = 2**20
_SMALLEST = 1e-100


def dead(signal: FloatArray, low: float, high: float) -> Finding | None:
    """A signal, shape (n,), that hardly leaves one value; `low`, `high` are its extremes."""
    if high == low:
        return Finding("dead", "severe", f"Every sample is {low:g}: the sensor was dead, unplugged or not recorded.")
    if max(abs(low), abs(high)) < _SMALLEST:
        return Finding("dead", "severe", "Every sample is as good as zero: the sensor was dead or not recorded.")
    return None


def overflowing(low: float, high: float) -> Finding | None:
    """Extremes beyond all that could be squared."""
    if max(abs(low), abs(high)) < LARGEST_SAMPLE:
        return None
    return Finding(
        "overflow",
        "severe",
        f"Samples reach {max(abs(low), abs(high)):.3g}, no sensor measures that: the file is damaged.",
    )


def amplitude_checks(signal: FloatArray, low: float, high: float) -> list[Finding | None]:
    """Of a signal, shape (n,), that is neither dead nor overflowing."""
    mean = float(signal.mean())
    spread = math.sqrt(sum(float(np.square(piece - mean).sum()) for piece in _pieces(signal)) / len(signal))
    if spread == 0.0 or not np.isfinite(spread):
        return [Finding("dead", "severe", "The signal barely moves around its mean: the sensor was dead or saturated.")]
    step = _level_step(signal)
    return [
        _clipped(signal, low, high, step),
        _frozen(signal, spread, step),
        _offset(mean, spread),
        _coarse(spread, step),
    ]


def _pieces(signal: FloatArray) -> Iterator[FloatArray]:
    """A long signal piece by piece: what is made of all of it would take its size again."""
    return (signal[at : at + _PIECE] for at in range(0, len(signal), _PIECE))


def _level_step(signal: FloatArray) -> float:
    """Distance between neighbouring levels of the converter; 0 when the values are too fine to tell."""
    levels = np.unique(signal[:_LEVEL_SAMPLES])
    gaps = np.diff(levels)
    gaps = gaps[gaps > 1e-6 * (levels[-1] - levels[0])]  # rounding of scaled integers is no level
    return float(gaps.min()) if gaps.size else 0.0


def _clipped(signal: FloatArray, low: float, high: float, step: float) -> Finding | None:
    """Samples piled up at a rail: more of them on the very extreme than the levels next to it would explain."""
    span = high - low
    touching = 0
    for extreme, sign in ((high, 1.0), (low, -1.0)):
        at_rail = int(np.count_nonzero(signal == extreme))
        if at_rail < 2:
            continue
        band = max(0.02 * span, 1.5 * step)
        near = sum(int(np.count_nonzero(sign * (extreme - piece) < band)) for piece in _pieces(signal)) - at_rail
        levels = max(band // step, 1.0) if step else 1e6
        if at_rail >= 3 + 6 * near / levels:
            touching += at_rail
    symmetrical = abs(high + low) < 1e-3 * span
    if symmetrical and not touching:
        at_rails = int(np.count_nonzero(signal == high) + np.count_nonzero(signal == low))
        touching = at_rails if at_rails >= 3 and (not step or span / step > 1_000) else 0
    if not touching:
        return None
    share = touching / signal.size
    severity = "note" if share < 5e-4 else "warning" if share < 1e-2 else "severe"
    often = f"{touching} samples" if share < 1e-3 else f"{float(f'{100 * share:.2g}'):g} % of the samples"
    return Finding(
        "clipped",
        severity,
        f"Clipped: {often} sit on the sensor's limit ({low:.4g} to {high:.4g}); use a larger range.",
    )


def _frozen(signal: FloatArray, spread: float, step: float) -> Finding | None:
    """A stretch of one and the same value inside a moving signal: samples lost on the way and filled in."""
    longest = _longest_still(signal)
    if longest == signal.size or longest < 64 or (step and spread < 5 * step):
        return None
    share = longest / signal.size
    return Finding(
        "frozen",
        "severe" if share > 0.5 else "warning" if share > 1e-3 else "note",
        f"The signal stands still for {longest:,} samples in a row: samples were lost or the sensor cut out.",
    )


def _longest_still(signal: FloatArray) -> int:
    """The most samples in a row of one value; a piece at a time, as the places of all others would take its size."""
    longest, last = 0, -1
    for at in range(0, signal.size - 1, _PIECE):
        piece = signal[at : at + _PIECE + 1]
        moving = at + np.flatnonzero(piece[1:] != piece[:-1])
        if moving.size:
            longest = max(longest, int(moving[0]) - last, int(np.diff(moving).max(initial=0)))
            last = int(moving[-1])
    return max(longest, signal.size - 1 - last)


def _offset(mean: float, spread: float) -> Finding | None:
    if abs(mean) <= spread:
        return None
    return Finding(
        "offset",
        "note",
        f"A constant offset of {mean:.4g} (gravity or sensor bias) exceeds the vibration; it is removed.",
    )


def _coarse(spread: float, step: float) -> Finding | None:
    if not step or spread >= 4 * step:
        return None
    return Finding(
        "coarse",
        "severe" if spread < 0.8 * step else "warning",
        f"Coarse: the vibration is only {spread / step:.1f} steps of the converter strong (rms); use a smaller range.",
        vetoes_normal=True,
    )
