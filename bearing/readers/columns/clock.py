"""Time stamps place samples: the sampling rate, and where on the clock's own grid each row lies.

Time columns come named or not, in any unit, rounded by whoever printed them, repeated where they are coarser than the
step, absent on most rows, wrapped at midnight or at 2^32. Holes are found, never joined up: rows on either side of one
keep the distance the clock says (lost blocks that are spliced hide a fault; put back as gaps, they do not).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bearing.readers.columns.facts import Known, tidy_rate
from bearing.readers.names import clean_name, words_of
from bearing.recording import RATE_LIMITS_HZ, FloatArray

__all__ = [
    "MIN_RATE_HZ",
    "Clock",
    "clock_of_stamps",
    "is_ramp",
    "laid_out",
    "rate_of_wall_clock",
    "rises",
    "seconds_by_size",
    "start_of_wall_clock",
]

MIN_RATE_HZ = 20.0  # slower than this is a log of temperatures or levels, not vibration
SLOWEST_USEFUL_HZ = 500.0  # below, no bearing can be heard: a rate that looks like a slip of a thousand is a question

_SECONDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek", "sekunden", "с", "сек", "秒", "초", "sn"), 1.0),
    **dict.fromkeys(("ms", "msec", "millis", "millisec", "milliseconds", "millisecond", "мс"), 1e-3),
    **dict.fromkeys(("us", "usec", "µs", "μs", "мкс", "micros", "microsec", "microseconds", "microsecond"), 1e-6),
    **dict.fromkeys(("ns", "nsec", "nanos", "nanoseconds", "nanosecond"), 1e-9),
    **dict.fromkeys(("min", "minutes"), 60.0),
    **dict.fromkeys(("h", "hours"), 3600.0),
    **dict.fromkeys(("d", "days"), 86_400.0),
}
_SLOW = {
    **dict.fromkeys(("minutes", "minuten"), 60.0),
    **dict.fromkeys(("hour", "hours", "stunde", "stunden", "heure", "heures", "hora", "horas", "ore"), 3600.0),
    **dict.fromkeys(("day", "days", "tag", "tage", "jour", "jours", "dia", "giorno"), 86_400.0),
    **dict.fromkeys(("week", "weeks", "woche", "wochen"), 604_800.0),
}
# Seconds per unit of stamps since 1970 (unix), since 1601 and since year 1 (ticks), from 2001 to 2096, by their size.
_UNIX = (
    (1e9, 4e9, 1.0), (1e12, 4e12, 1e-3), (1e15, 4e15, 1e-6), (1e18, 4e18, 1e-9), (1.26e17, 1.57e17, 1e-7),
    (6.31e17, 6.62e17, 1e-7),
)  # fmt: skip
_DAYS = ((20_000.0, 80_000.0), (730_000.0, 770_000.0))  # since 1900 from 1954 to 2119, since year 0 from 1998 to 2108
_DAY_S = 86_400.0
_WRAPS = 2.0**32  # of the counters of milliseconds and microseconds on small boards
_WINDOW = 8
MOST_STRETCHES = 16  # of one channel: a logger that wakes up once an hour
SHORTEST_STRETCH = 2_048  # rows: fewer are no recording
_MOST_UNEVEN = 0.6  # of a step, by the median: beyond, the stamps do not tell where samples lie


@dataclass(frozen=True)
class Clock:
    """What a column of stamps says.

    Attributes
    ----------
    rate : Known or None
        Sampling rate in Hz, None where the unit of the stamps cannot be told.
    note : str
        One sentence: jitter and holes, or why it gives no rate.
    places : array of int, shape (rows,), or None
        Place of each row on the grid, -1 for a row that is left out; None where rows simply follow each other.
    lost_share : float
        Samples missing in holes, as a share of the grid.
    others : tuple of array of int, shape (rows,) each
        The places of the other stretches, where the recording was stopped in between: each a recording of its own.
    passed_over : float
        Rows in stretches too short to be one, as a share of all.
    breaks : array of int, or None
        First rows of blocks too short to be recordings, which follow each other after a time nobody can count.
    """

    rate: Known | None
    note: str
    places: NDArray[np.int64] | None = None
    lost_share: float = 0.0
    others: tuple[NDArray[np.int64], ...] = ()
    passed_over: float = 0.0
    breaks: NDArray[np.int64] | None = None


def is_ramp(values: FloatArray) -> bool:
    """Strictly rising in nearly equal steps: a clock or a row counter, not a vibration."""
    if values.size < 3 or not (np.diff(values[:64]) > 0).all():
        return False
    steps = np.diff(values)
    step = _usual(steps)
    return bool(np.isfinite(step) and step > 0 and steps.min() > 0 and steps.max() < 1.5 * step)


def rises(values: FloatArray) -> bool:
    """A clock or counter that may have holes and repeated stamps: never falling, in usual steps on most rows."""
    if values.size < 16:
        return is_ramp(values)
    steps = np.diff(values)
    if not steps.min() >= 0:
        return False
    steps = steps[steps > 0]
    step = float(np.median(steps)) if steps.size >= 16 else 0.0
    return bool(step > 0 and np.mean(np.abs(steps - step) < 0.5 * step) > 0.6)


def laid_out(values: FloatArray, places: NDArray[np.int64] | None) -> FloatArray:
    """Samples on the clock's grid, NaN in its holes."""
    if places is None:
        return values
    kept = places >= 0
    grid = np.full(int(places.max()) + 1, np.nan)
    grid[places[kept]] = values[kept]
    return grid


def clock_of_stamps(stamps: FloatArray, name: str, unit: str, named: bool) -> Clock | None:
    """Rate and grid of a column of time stamps; None when it cannot be a clock and was not called one.

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
    if stamps.size > 2 and stamps[0] == 0.0 and float(np.median(stamps)) > _UNIX[0][0]:
        stamps = np.where(stamps == 0.0, np.nan, stamps)  # the clock was not set yet
    if np.mean(np.diff(stamps) < 0) > 0.95:  # the newest row first
        clock = clock_of_stamps(stamps[::-1], name, unit, named)
        places = np.arange(stamps.size) if clock is None or clock.places is None else clock.places
        others = tuple(other[::-1].copy() for other in clock.others) if clock else ()
        return clock and replace(clock, places=places[::-1].copy(), others=others)
    scale = _SECONDS.get(unit.strip().lower()) or _scale_in_name(name) or seconds_by_size(stamps)
    even = _even_clock(stamps)
    if even is not None:  # the usual case, at a tenth of the cost
        per_unit, jitter, step = even
        rate, why = _rate_of(per_unit, scale, named, label, step, 0.0)
        told = (
            f"Sampling rate {rate.value:,.6g} Hz from time {label}, step jitter {100 * jitter:.2g} %." if rate else why
        )
        return Clock(rate, told)
    rows = np.flatnonzero(np.isfinite(stamps))
    ticks = _unwrapped(stamps[rows], _DAY_S if unit == "s" else _WRAPS)
    first_of_each = np.concatenate(([True], ticks[1:] != ticks[:-1])) if ticks.size else np.empty(0, bool)
    repeated = not first_of_each.all()
    if repeated:  # coarser than the step: only where a stamp first shows does it say when
        rows, ticks = rows[first_of_each], ticks[first_of_each]
        rows, ticks = rows[rows.size > 3 :], ticks[ticks.size > 3 :]  # the first tick may have begun before the file
    steps, row_steps = np.diff(ticks), np.diff(rows).astype(np.float64)
    step = _usual(steps)
    if steps.size < 2 or not 0 < step < np.inf or np.mean(steps < 0) > 0.05:
        return Clock(None, f"Time {label} does not rise, so it gives no sampling rate.") if named else None
    back = int(np.count_nonzero(steps < 0))
    anew = rows[1:][(steps < 0) & (ticks[1:] - ticks[0] < 4 * step)]
    if back:
        steps = np.where(steps < 0, step * row_steps / max(_usual(row_steps), 1.0), steps)
    coarse = repeated or bool(row_steps.max() > 1)
    per_unit, lost = _rate_and_holes(steps, row_steps, coarse)
    uneven = not coarse and float(np.median(np.abs(steps * per_unit - row_steps))) > _MOST_UNEVEN
    if not 0 < per_unit < np.inf or uneven:
        return Clock(None, f"Time {label} jumps about, so it gives no sampling rate.") if named else None
    steady = steps[lost == 0] if (lost == 0).any() else steps
    jitter = float(np.std(steady / row_steps[lost == 0])) * per_unit if (lost == 0).any() and not coarse else 0.0
    clock = _placed(stamps.size, rows, lost, anew)
    printed = max(2.0 / float(rows[-1] - rows[0]), float(np.ptp(steady)) / float(steps.sum())) if coarse else 0.0
    rate, why = _rate_of(per_unit, scale, named, label, step, printed)
    if rate is None:
        return replace(clock, note=f"{why} {clock.note}".strip())
    told = f"Sampling rate {rate.value:,.6g} Hz from time {label}"
    told += ", stamps coarser than the step" if repeated else f", step jitter {100 * jitter:.2g} %"
    told += f", {back} steps back" if back else ""
    return replace(clock, rate=rate, note=f"{told}. {clock.note}".strip())


def _even_clock(stamps: FloatArray) -> tuple[float, float, float] | None:
    """Rows per unit, jitter and usual step of a clock that has a stamp on every row and no hole; None for others."""
    if stamps.size < 3:
        return None
    steps = np.diff(stamps)
    step = _usual(steps)
    if not (0 < step < np.inf and steps.min() > 0.5 * step and steps.max() < 1.5 * step):
        return None
    mean_step = float(stamps[-1] - stamps[0]) / steps.size
    return 1.0 / mean_step, float(np.std(steps)) / mean_step, step


def _rate_of(
    per_unit: float, scale: float | None, named: bool, label: str, step: float, tolerance: float
) -> tuple[Known | None, str]:
    """The rate in Hz of `per_unit` rows per unit of the stamps (known within `tolerance`), or why there is none."""
    if scale is None:
        if not named and not tolerance and abs(step - 1.0) < 1e-9:
            return None, f"{label[0].upper()}{label[1:]} only counts the rows and is set aside."
        if not MIN_RATE_HZ <= per_unit <= RATE_LIMITS_HZ[1]:
            guess = next((f for f in (1e3, 1e6) if MIN_RATE_HZ * 50 <= per_unit * f <= 1e6), None)
            unit = {1e3: "milliseconds", 1e6: "microseconds", None: ""}[guess]
            hint = f" (if these are {unit}, it is {tidy_rate(per_unit * guess):,.6g} Hz)" if guess else ""
            return None, f"Time {label} rises by {step:g} a row in an unknown unit, so it gives no sampling rate{hint}."
        scale = 1.0
    rate_hz = per_unit / scale
    rate_hz = _rounded(rate_hz, tolerance) if tolerance else tidy_rate(rate_hz)
    if not 1e-9 <= rate_hz <= RATE_LIMITS_HZ[1]:
        return None, f"Time {label} would mean {rate_hz:.3g} Hz, so it gives no sampling rate."
    return Known(rate_hz, label), ""


def _rate_and_holes(steps: FloatArray, row_steps: FloatArray, coarse: bool) -> tuple[float, NDArray[np.int64]]:
    """Rows per unit of the stamps, and the samples lost in each step.

    A hole is a step that is longer than its rows by more than the jitter, and stays so: the clock is ahead of the rows
    after it. A late stamp is followed by an early one and is none.
    """
    per_unit = _local_rate(steps, row_steps, coarse)
    lost = np.zeros(steps.size, np.int64)
    for _ in range(3):
        excess = steps * per_unit - row_steps
        noise = float(np.median(np.abs(excess)))
        threshold = max(1.5 if coarse or noise > 0.1 else 0.6, 4.0 * noise)
        found = np.where((excess > threshold) & _stays(excess, noise), np.rint(excess), 0.0)
        whole = found == 0
        if not whole.any():
            break
        better = float(row_steps[whole].sum() / steps[whole].sum())
        settled = abs(better - per_unit) < 1e-9 * per_unit
        per_unit, lost = better, found.astype(np.int64)
        if settled:
            break
    return per_unit, lost


def _local_rate(steps: FloatArray, row_steps: FloatArray, coarse: bool) -> float:
    """Rows per unit of the stamps by the median over short windows, which holes do not pull."""
    window = min(_WINDOW, max(1, steps.size // 4)) if coarse else 1
    if window == 1:
        return float(_usual(row_steps) / _usual(steps))
    time, rows = np.cumsum(steps), np.cumsum(row_steps)
    return float(np.median((rows[window:] - rows[:-window]) / (time[window:] - time[:-window])))


def _stays(excess: FloatArray, noise: float) -> NDArray[np.bool_]:
    """Where the clock is ahead of the rows for good: the median lead of the steps after, against that before."""
    if noise < 0.02:
        return np.ones(excess.size, bool)
    lead = np.concatenate((np.zeros(_WINDOW), np.cumsum(excess)))
    lead = np.concatenate((lead, np.full(_WINDOW, lead[-1])))
    medians = np.median(np.lib.stride_tricks.sliding_window_view(lead, _WINDOW), axis=1)
    return np.asarray(medians[_WINDOW : _WINDOW + excess.size] - medians[: excess.size] > 0.6 * excess)


def _placed(size: int, rows: NDArray[np.int64], lost: NDArray[np.int64], anew: NDArray[np.int64]) -> Clock:
    """Places of all rows on a grid with the lost samples in it; between chasms, of each stretch for itself.

    `anew` are the rows where the clock begins again: recordings one below the other.
    """
    if anew.size and (np.diff(np.concatenate(([0], anew, [size]))) < SHORTEST_STRETCH).any():
        return _in_blocks(anew, size)
    if not lost.any() and not anew.size:
        return Clock(None, "")
    shift = np.zeros(size, np.int64)
    np.add.at(shift, rows[1:], lost)
    holes = np.flatnonzero(shift)
    if shift.sum() > size >= SHORTEST_STRETCH > np.diff(np.concatenate(([0], holes, [size]))).max():
        return _in_blocks(holes, size)
    places = np.arange(size) + np.cumsum(shift)
    pieces = 1
    order = np.flatnonzero(shift)[np.argsort(-shift[shift > 0])]
    removed = 0
    while places[-1] + 1 - removed > 2 * size and pieces <= order.size:
        removed += int(shift[order[pieces - 1]])
        pieces += 1
    stretches, passed_over, note = [places], 0.0, ""
    edges = np.unique(np.concatenate(([0], order[: pieces - 1], anew, [size])))
    if edges.size > 2:  # the recording was stopped in between: what lies between is no hole in it
        rows = np.diff(edges)
        longest = np.argsort(-rows, kind="stable")[:MOST_STRETCHES]
        judged = np.sort(longest[(rows[longest] >= SHORTEST_STRETCH) | (longest == longest[0])])
        stretches = [_alone(places, int(edges[k]), int(edges[k + 1])) for k in judged]
        passed_over = 1.0 - float(rows[judged].sum()) / size
        size = int(rows[judged].sum())
        told = f"the longest of them, {size:,} rows, is read" if len(judged) == 1 else f"{len(judged)} are judged"
        note = f"The clock shows {rows.size} recordings, one after another: {told}. "
    grid = sum(int(one.max()) + 1 for one in stretches)
    missing = grid - size
    if missing:
        count = sum(int(np.count_nonzero(np.diff(one[one >= 0]) > 1)) for one in stretches)
        note += f"The clock has {count:,} holes: {missing:,} samples ({100 * missing / grid:.2g} %) are lost."
    return Clock(None, note.strip(), stretches[0], missing / grid, tuple(stretches[1:]), passed_over)


def _in_blocks(breaks: NDArray[np.int64], size: int) -> Clock:
    longest = int(np.diff(np.concatenate(([0], breaks, [size]))).max())
    return Clock(None, f"The clock shows {breaks.size + 1:,} blocks of up to {longest:,} rows.", breaks=breaks)


def _alone(places: NDArray[np.int64], start: int, end: int) -> NDArray[np.int64]:
    """The places of the rows from `start` to `end` counted from the first of them, all others left out."""
    alone = np.full(places.size, -1, np.int64)
    alone[start:end] = places[start:end] - places[start]
    return alone


def _unwrapped(ticks: FloatArray, period: float) -> FloatArray:
    """Stamps that go on rising where they start anew: times of day at midnight, counters at 2^32."""
    falls = np.diff(ticks) < -0.5 * period
    if not falls.any():
        return ticks
    return ticks + np.concatenate(([0.0], np.cumsum(np.where(falls, period, 0.0))))


def _rounded(rate_hz: float, tolerance: float) -> float:
    """The roundest rate within what coarse stamps can tell."""
    for digits in (2, 3, 4):
        nearest = float(f"{rate_hz:.{digits}g}")
        if abs(nearest - rate_hz) <= tolerance * rate_hz:
            return nearest
    return tidy_rate(rate_hz)


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
    """Seconds per unit when the name ends in one: ``time_ms``, ``t_us``, ``millis``."""
    words = words_of(name)
    if len(words) == 1 and words[0] in ("ms", "msec", "us", "usec", "µs", "ns", "nsec"):
        return _SECONDS[words[0]]
    if len(words) == 1 and words[0] in _SLOW:  # a trend: one row an hour
        return _SLOW[words[0]]
    if words == ["millis"] or words == ["micros"]:
        return _SECONDS[words[0]]
    return _SECONDS.get(words[-1]) if len(words) > 1 and words[-1] not in ("seconds", "h", "d") else None


def seconds_by_size(stamps: FloatArray) -> float | None:
    """Seconds per unit of stamps that can only be unix time or a spreadsheet's days, by their size."""
    finite = stamps[np.isfinite(stamps)]
    if not finite.size:
        return None
    low, high = float(finite.min()), float(finite.max())
    for least, most, scale in _UNIX:
        if least <= low and high <= most:
            return scale
    days = any(least <= low and high <= most for least, most in _DAYS)
    return _DAY_S if days and 0 < high - low < 2 and np.abs(finite - np.rint(finite)).max() > 1e-9 else None
