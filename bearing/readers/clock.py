"""Sampling rate from time stamps, with the jitter told and nothing guessed.

Time columns come named or not, in seconds, milliseconds or microseconds, rounded by whoever printed them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bearing.readers.facts import Known, tidy_rate
from bearing.readers.names import clean_name, words_of
from bearing.recording import RATE_LIMITS_HZ, FloatArray

__all__ = ["MIN_RATE_HZ", "is_ramp", "rate_of_stamps", "rate_of_wall_clock", "start_of_wall_clock"]

MIN_RATE_HZ = 20.0  # slower than this is a log of temperatures or levels, not vibration

_SECONDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek"), 1.0),
    **dict.fromkeys(("ms", "msec", "millis", "milliseconds"), 1e-3),
    **dict.fromkeys(("us", "usec", "µs", "μs", "micros", "microseconds"), 1e-6),
    **dict.fromkeys(("ns", "nanoseconds"), 1e-9),
    "min": 60.0,
    "h": 3600.0,
}


def is_ramp(values: FloatArray) -> bool:
    """Strictly rising in nearly equal steps: a clock or a row counter, not a vibration."""
    if values.size < 3:
        return False
    steps = np.diff(values)
    step = _usual(steps)
    return bool(np.isfinite(step) and step > 0 and steps.min() > 0 and steps.max() < 1.5 * step)


def rate_of_stamps(stamps: FloatArray, name: str, unit: str, named: bool) -> tuple[Known | None, str]:
    """Sampling rate of a column of time stamps, and a sentence on its jitter or on why it gives none.

    Parameters
    ----------
    stamps : array, shape (n,)
        Time stamps in `unit`; rows without a stamp are NaN.
    name, unit : str
        As in the file. An empty unit is taken as seconds only where that gives a plausible rate.
    named : bool
        False for a nameless first column that merely rises evenly; it may count rows instead.
    """
    label = f"column '{clean_name(name)}'"
    finite = np.isfinite(stamps)
    steps = np.diff(stamps if finite.all() else stamps[finite])
    step = _usual(steps)
    if not 0 < step < np.inf:
        return None, f"Time {label} does not rise, so it gives no sampling rate."
    # The mean of the unbroken steps: a median alone would carry the rounding of the printed stamps.
    unbroken = steps.min() > 0.5 * step and steps.max() < 1.5 * step
    steady = steps if unbroken else steps[(steps > 0.5 * step) & (steps < 1.5 * step)]
    if not steady.size:
        return None, f"Time {label} jumps about, so it gives no sampling rate."
    mean_step = float(steady.mean())
    scale = _SECONDS.get(unit.strip().lower()) or _scale_in_name(name)
    if scale is None:
        if not named and abs(step - 1.0) < 1e-9:
            return None, f"{label[0].upper()}{label[1:]} only counts the rows and is set aside."
        if not MIN_RATE_HZ <= 1.0 / mean_step <= RATE_LIMITS_HZ[1]:
            return None, f"Time {label} rises by {step:g} a row in an unknown unit, so it gives no sampling rate."
        scale = 1.0
    rate_hz = tidy_rate(1.0 / (mean_step * scale))
    if not 1e-9 <= rate_hz <= RATE_LIMITS_HZ[1]:
        return None, f"Time {label} would mean {rate_hz:.3g} Hz, so it gives no sampling rate."
    jitter = float(np.std(steady)) / mean_step
    note = f"Sampling rate {rate_hz:,.6g} Hz from time {label}, step jitter {100 * jitter:.2g} %"
    broken = int(steps.size - steady.size)
    return Known(rate_hz, label), note + (f", {broken} gaps or steps back." if broken else ".")


def rate_of_wall_clock(columns: Sequence[FloatArray]) -> Known | None:
    """Rate of four columns hour, minute, second, microsecond (PRONOSTIA/FEMTO); None when they are something else."""
    if len(columns) != 4 or columns[0].size < 3:
        return None
    for values, end in zip(columns, (23, 59, 59, 1_000_000), strict=True):
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= end):
            return None
    hour, minute, second, micro = columns
    if any((values != np.floor(values)).any() for values in (hour, minute, second)):
        return None
    seconds = hour * 3600.0 + minute * 60.0 + second + micro * 1e-6
    span_s = float(seconds[-1] - seconds[0])
    if not (span_s > 0 and np.median(np.diff(seconds)) > 0 and np.ptp(micro) > 1.0):
        return None
    # The microseconds are printed with five digits, steps of 30 and 40 for 39.06: only the whole span is exact.
    rate_hz = (seconds.size - 1) / span_s
    if not MIN_RATE_HZ <= rate_hz <= RATE_LIMITS_HZ[1]:
        return None
    return Known(tidy_rate(rate_hz, 2e-4), "columns 1 to 4 (hour, minute, second, microsecond)")


def start_of_wall_clock(columns: Sequence[FloatArray]) -> str:
    """The time of day at which columns of hour, minute, second and microsecond begin: ``09:39:39.065664``."""
    hour, minute, second, micro = (int(column[0]) for column in columns)
    return f"{hour:02d}:{minute:02d}:{second:02d}.{min(micro, 999_999):06d}"


def _usual(steps: FloatArray) -> float:
    """The median step, of a long column that of one in many; 0 where there is none."""
    return float(np.median(steps[:: max(1, steps.size // 50_000)])) if steps.size else 0.0


def _scale_in_name(name: str) -> float | None:
    """Seconds per unit when the name ends in one: ``time_ms``, ``t_us``."""
    words = words_of(name)
    return _SECONDS.get(words[-1]) if len(words) > 1 and words[-1] not in ("seconds", "h") else None
