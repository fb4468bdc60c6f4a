"""Columns by the clock or axis they stand under: times in parts are joined, spectra set aside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from bearing.errors import UnsupportedFormat
from bearing.readers.columns.beside import counts_blocks
from bearing.readers.columns.clock import (
    SLOWEST_USEFUL_HZ,
    Clock,
    clock_of_stamps,
    is_ramp,
    rate_of_wall_clock,
    rises,
    start_of_wall_clock,
)
from bearing.readers.columns.column import Column
from bearing.readers.columns.facts import names_shaft_speed
from bearing.readers.columns.samples import look_of
from bearing.readers.columns.spectra import is_complex_pair, is_frequency_axis, is_spectral_name, is_unnamed_spectrum
from bearing.readers.names import clean_file_name, kind_of, quoted, word_set, words_of
from bearing.recording import FloatArray

__all__ = ["Group", "groups_of"]


@dataclass(frozen=True)
class Group:
    """Columns under one clock, and what there is to say of it."""

    columns: list[Column]
    clock: Clock | None
    notes: list[str]
    started: str = ""


def groups_of(columns: list[Column], source: str) -> list[Group]:
    """Columns by the clock they stand under, spectra set aside. UnsupportedFormat when there is nothing but spectra."""
    if len(columns) > 4 and not any(column.named for column in columns[:4]):
        wall = rate_of_wall_clock([column.values for column in columns[:4]])
        if wall is not None:
            note = "Columns 1 to 4 are taken as hour, minute, second and microsecond."
            started = start_of_wall_clock([column.values for column in columns[:4]])
            return [Group(columns[4:], Clock(wall, ""), [note], started)]
    columns = _seconds_joined_with_fractions(_dates_joined_with_times(_parts_of_time_joined(columns)))
    groups = [Group([], None, [])]
    spectra: list[str] = []
    under_spectrum = is_complex_pair([column.name for column in columns])
    for position, column in enumerate(columns):
        axis = _axis_of(column, position, columns)
        if axis == "frequency":
            under_spectrum = True
            spectra.append(column.name)
        elif axis == "clock":
            clock = clock_of_stamps(column.values, column.name, column.unit, column.named or column.stamp)
            under_spectrum = under_spectrum and clock is None
            _add_clock(groups, clock, column)
        elif (under_spectrum and np.isfinite(column.values).any()) or is_spectral_name(column.name):
            spectra.append(column.name)
        else:
            groups[-1].columns.append(column)
    signals = [group for group in groups if group.columns]
    if spectra and not any(_may_vibrate(column) for group in signals for column in group.columns):
        raise UnsupportedFormat(
            f"'{clean_file_name(source)}' holds a spectrum ({quoted(spectra)}), no time signal: "
            "diagnosis needs the waveform, so export the time signal instead of the spectrum."
        )
    if spectra and signals:
        signals[0].notes.append(f"{quoted(spectra)}: a spectrum beside the time signal, set aside.")
    return signals or groups[:1]


def _axis_of(column: Column, position: int, columns: Sequence[Column]) -> str:
    """``clock``, ``frequency`` or "" for one column."""
    if column.stamp:
        return "clock"
    kind = kind_of(column.name, column.unit) if column.named else ""
    if column.named and is_frequency_axis(column.name, column.unit, column.values):
        return "" if names_shaft_speed(column.name, column.unit) else "frequency"
    if kind == "time":
        falls = len(columns) == 1 and np.mean(np.diff(column.values) < 0) > 0.2
        return "" if falls else "clock"
    if column.unit or kind or counts_blocks(column):
        return ""
    if len(columns) == 1:
        return ""
    finite = column.values[np.isfinite(column.values)]
    ramp = is_ramp(finite)
    if (ramp and not column.named) or (position == 0 and ramp):
        beside = [other.values for other in columns[position + 1 :]]
        if is_unnamed_spectrum(column.values, beside, SLOWEST_USEFUL_HZ):
            return "frequency"
    return "clock" if position == 0 and rises(finite) else ""


def _add_clock(groups: list[Group], clock: Clock | None, column: Column) -> None:
    """A clock rules the columns after it; a second one beside the first only steps in where that gives no rate."""
    if clock is None:
        return
    last = groups[-1]
    if last.clock is None or not last.columns:
        better = last.clock is None or (last.clock.rate is None and clock.rate is not None)
        if last.clock is not None and last.clock.note and not (column.stamp and clock.rate is None):
            last.notes.append(last.clock.note if better else clock.note)
        groups[-1] = replace(last, clock=clock if better else last.clock)
    elif clock.rate is not None and last.clock.rate is not None:
        groups.append(Group([], clock, []))
    elif clock.rate is not None:
        groups[-1] = replace(last, clock=clock)
    else:
        last.notes.append(clock.note)


def _dates_joined_with_times(columns: list[Column]) -> list[Column]:
    """A column of dates beside one of times of day made one clock."""
    stamps = [index for index, column in enumerate(columns) if column.stamp]
    if len(stamps) != 2:
        return columns
    date, time = (columns[index] for index in stamps)
    if not _whole_days(date.values):
        date, time = time, date
    if not _whole_days(date.values) or _whole_days(time.values):
        return columns
    joined = replace(time, values=date.values + time.values)
    return [joined if index == stamps[0] else column for index, column in enumerate(columns) if index != stamps[1]]


_PARTS_OF_TIME = (
    (word_set("h hh hour hours hr stunde stunden heure hora"), 24.0, 3600.0),
    (word_set("m mm min minute minutes minuten mi"), 60.0, 60.0),
    (word_set("s ss sec second seconds sekunde sekunden"), 61.0, 1.0),
)
_PARTS_OF_DATE = word_set("y yy yyyy year jahr mo mon month monat d dd day tag m mm")


def _parts_of_time_joined(columns: list[Column]) -> list[Column]:
    """Columns of hour, minute and second made one clock; those of the date before them are left out."""
    keys = [re.sub(r"[\W\d_]+", "", column.name.lower()) if column.named else "" for column in columns]
    for at in range(len(columns) - 2):
        parts = columns[at : at + 3]
        named = all(key in names for key, (names, _, _) in zip(keys[at:], _PARTS_OF_TIME, strict=False))
        if not named or not all(
            np.isfinite(part.values).all() and 0 <= part.values.min() <= part.values.max() < end
            for part, (_, end, _) in zip(parts, _PARTS_OF_TIME, strict=True)
        ):
            continue
        seconds = sum(part.values * scale for part, (_, _, scale) in zip(parts, _PARTS_OF_TIME, strict=True))
        first = at
        while first and keys[first - 1] in _PARTS_OF_DATE:
            first -= 1
        clock = Column("hour, minute, second", np.asarray(seconds), "s", stamp=True)
        return [*columns[:first], clock, *columns[at + 3 :]]
    return columns


_FRACTIONS = {
    **dict.fromkeys(("ms", "msec", "millis", "millitm", "millisecond", "milliseconds", "mseconds"), 1e-3),
    **dict.fromkeys(("us", "usec", "usecs", "micros", "microsecond", "microseconds", "µs"), 1e-6),
    **dict.fromkeys(("ns", "nsec", "nsecs", "nanos", "nanosec", "nanosecond", "nanoseconds"), 1e-9),
}


def _seconds_joined_with_fractions(columns: list[Column]) -> list[Column]:
    """A clock of whole seconds beside a column of the milli-, micro- or nanoseconds within them made one clock."""
    for index, (whole, part) in enumerate(pairwise(columns)):
        scale = _FRACTIONS.get((words_of(part.name) or [""])[-1]) or _FRACTIONS.get(part.unit.strip().lower())
        if not scale or not (whole.stamp or "sec" in "".join(words_of(whole.name)) or kind_of(whole.name) == "time"):
            continue
        seconds, fraction = whole.values, part.values
        known = np.isfinite(seconds) & np.isfinite(fraction)
        inside = (seconds[known] % 1 == 0).all() and ((fraction[known] >= 0) & (fraction[known] * scale < 1)).all()
        if known.sum() < 16 or not inside or not (np.diff(seconds[known]) == 0).any():
            continue
        # From its first second on: microseconds of a unix time are lost in a double.
        joined = replace(whole, values=seconds - seconds[known][0] + fraction * scale, unit="s", stamp=True)
        return [*columns[:index], joined, *columns[index + 2 :]]
    return columns


def _whole_days(seconds: FloatArray) -> bool:
    finite = seconds[np.isfinite(seconds)]
    return bool(finite.size and (np.mod(finite - finite[0], 86_400.0) == 0).all())


def _may_vibrate(column: Column) -> bool:
    """Whether a column beside a spectrum is a signal after all."""
    return np.isfinite(column.values).sum() >= 16 and look_of(column.values) not in (
        "constant",
        "ramp",
        "steps",
        "level",
    )
