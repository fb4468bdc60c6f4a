"""From columns to recordings: the clock becomes the rate, labels and counters are set aside, the rest are channels.

Every reader ends here, so that a time column or a label is treated alike in a CSV, a MATLAB matrix and a TDMS file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bearing.errors import UnsupportedFormat
from bearing.readers.columns.clock import (
    MIN_RATE_HZ,
    SLOWEST_USEFUL_HZ,
    Clock,
    clock_of_stamps,
    is_ramp,
    laid_out,
    rate_of_wall_clock,
    rises,
    start_of_wall_clock,
)
from bearing.readers.columns.column import Column, joined_at, unwrapped
from bearing.readers.columns.facts import CERTAINLY_RPM, Facts, Known, names_shaft_speed, rpm_per_unit
from bearing.readers.columns.samples import bridged, fill_value, look_of, pulse_rate, signed_counts
from bearing.readers.columns.spectra import is_complex_pair, is_frequency_axis, is_spectral_name, is_unnamed_spectrum
from bearing.readers.names import clean_file_name, clean_name, kind_of, measures_else, unique_names, word_set, words_of
from bearing.recording import RPM_LIMITS, FloatArray, Recording
from bearing.settings import Limits

__all__ = ["to_recordings", "with_speed_of_tacho"]

MOST_PULSED_RPM = 6_000.0  # a faster pulse train may have many pulses a turn: the vibration says how many
FEW = 0.02  # share of the rows that may be passed over
_INDICATORS = re.compile(
    r"\b(?:[avg]?rms|effektivwert|kurtosis|crest|skewness|std|variance|overall|peak|pk|p2p|pk-pk|peak2peak)(?=\b|[A-Z\d])",
    re.IGNORECASE,
)
_BLOCKS = word_set(
    "block frame packet batch burst chunk segment window snapshot scan record buffer run cycle measurement"
)
_ENVELOPE = re.compile(r"envelope|hüllkurve|huellkurve|enveloppe|envolvente|demodulat|peakvue|包络", re.IGNORECASE)


def to_recordings(
    columns: Sequence[Column],
    source: str,
    bounds: Limits,
    facts: Facts = Facts(),  # noqa: B008 (frozen)
) -> list[Recording]:
    """Recordings of the columns that are signals, with the rate and speed the others and `facts` give.

    Samples are laid out on the grid of their clock, holes bridged and counted (`Recording.lost_share`).

    Raises UnsupportedFormat when no column is a vibration signal, TooLarge when there are too many.
    """
    bounds.check_columns(len(columns))
    if apart := _channels_apart(columns, source, bounds, facts):
        return apart
    texts = tuple(f"Column '{column.name}' holds text and is set aside." for column in columns if column.labels)
    columns = [column for column in columns if not column.labels]
    facts = facts.or_else(Facts(notes=texts))
    whole = unwrapped(columns)
    if len(whole) < len(columns):
        told = f"{len(columns) - len(whole) + 1} columns are one signal: its samples follow each other along the rows."
        columns, facts = whole, facts.or_else(Facts(notes=(told,)))
    facts = facts.or_else(Facts(started=next((column.started for column in columns if column.started), "")))
    with np.errstate(all="ignore"):  # a clock may hold infinities
        groups = _groups(list(columns), source)
    recordings: list[Recording] = []
    refusals: list[UnsupportedFormat] = []
    for group in groups:
        try:
            with np.errstate(all="ignore"):
                recordings += _of_group(group, columns, source, bounds, facts)
        except UnsupportedFormat as error:
            refusals.append(error)
    if not recordings:
        raise refusals[0]
    bounds.check_channels(len(recordings))
    names = [recording.channel for recording in recordings]
    full = [f"{r.channel} {r.unit}" if names.count(r.channel) > 1 and r.unit else r.channel for r in recordings]
    return [replace(r, channel=name) for r, name in zip(recordings, unique_names(map(clean_name, full)), strict=True)]


def _channels_apart(columns: Sequence[Column], source: str, bounds: Limits, facts: Facts) -> list[Recording]:
    """The recordings of a table whose rows name their channel; empty for any other table."""
    from bearing.readers.columns.keyed import split_by_key

    recordings: list[Recording] = []
    refusals: list[UnsupportedFormat] = []
    for own in split_by_key(columns):
        try:
            recordings += to_recordings(own, source, bounds, facts)
        except UnsupportedFormat as error:
            refusals.append(error)
    if refusals and not recordings:
        raise refusals[0]
    bounds.check_channels(len(recordings))
    return [
        replace(one, channel=name)
        for one, name in zip(recordings, unique_names(one.channel for one in recordings), strict=True)
    ]


def _of_group(
    group: _Group, everything: Sequence[Column], source: str, bounds: Limits, facts: Facts
) -> list[Recording]:
    """The signals of the columns under one clock."""
    rate, notes = _rate(facts.rate, group.clock)
    signals, speed, more_notes = _set_labels_aside(group.columns)
    notes = [*group.notes, *notes, *more_notes]
    if not signals:
        raise UnsupportedFormat(
            f"No vibration signal in '{clean_file_name(source)}': it holds {_listed(everything)}, "
            "and none of that is a column of samples."
        )
    if rate and rate.value < MIN_RATE_HZ:
        raise UnsupportedFormat(
            f"'{clean_file_name(source)}' is not a vibration recording: it holds one row every "
            f"{_duration(1 / rate.value)} ({_listed(signals)}). "
            "Bearing diagnosis needs thousands of samples a second."
        )
    if all(kind_of(column.name, column.unit) == "temperature" for column in signals):
        raise UnsupportedFormat(f"'{clean_file_name(source)}' holds temperatures ({_listed(signals)}), no vibration.")
    speed = speed or _pulsed_speed(signals, rate, group.clock, notes)
    known = replace(facts, rate=rate, started=facts.started or group.started).or_else(
        Facts(None, speed.known if speed else None, tuple(notes))
    )
    bounds.check_channels(len(signals))
    breaks = _breaks(group)
    signals = [joined_at(column, breaks) for column in signals] if breaks is not None else signals
    recordings = [one for column in signals for one in _stretches(column, known, group.clock, source, speed)]
    fast = [r for r in recordings if r.sampling_rate_hz is None or r.sampling_rate_hz >= MIN_RATE_HZ]
    slow = [r for r in recordings if r.sampling_rate_hz is not None and r.sampling_rate_hz < MIN_RATE_HZ]
    if slow and fast:
        told = f"Set aside, as measured too seldom: {', '.join(repr(r.channel) for r in slow[:5])}."
        return [replace(recording, notes=(*recording.notes, told)) for recording in fast]
    return recordings


def _breaks(group: _Group) -> NDArray[np.int64] | None:
    """Rows before which nobody knows how long the recording paused; None where the rows follow each other."""
    if group.clock is not None and (group.clock.rate is not None or group.clock.breaks is not None):
        return group.clock.breaks
    numbers = next((column.values for column in group.columns if _counts_blocks(column)), None)
    found = np.flatnonzero(np.diff(numbers) > 0) + 1 if numbers is not None else np.empty(0, np.int64)
    return found if found.size else None


def _stretches(column: Column, facts: Facts, clock: Clock | None, source: str, speed: _Speed | None) -> list[Recording]:
    """One channel, as often as its clock was stopped in between: a fault may stand in any of the stretches."""
    if clock is None or not (clock.others or clock.passed_over > FEW):
        return [_recording(column, facts, clock, source, speed)]
    parts = [replace(clock, places=places) for places in (clock.places, *clock.others)]
    numbered = [
        replace(column, name=f"{column.name} part {number}") if len(parts) > 1 else column
        for number in range(1, len(parts) + 1)
    ]
    recordings = [_recording(one, facts, part, source, speed) for one, part in zip(numbered, parts, strict=True)]
    if clock.passed_over <= FEW:
        return recordings
    doubt = f"{100 * clock.passed_over:.2g} % of the rows lie in other, shorter stretches that are not judged"
    return [replace(one, doubts=(*one.doubts, doubt)) for one in recordings]


def _recording(column: Column, facts: Facts, clock: Clock | None, source: str, speed: _Speed | None) -> Recording:
    """One channel: on its clock's grid, on its own rows where it fills only every k-th, its gaps bridged and told."""
    values = np.ascontiguousarray(column.values, dtype=np.float64)
    values = laid_out(values, clock.places if clock else None)
    notes = list(facts.notes)
    rate_hz = facts.rate.value if facts.rate else None
    values, every = _own_rows(values)
    doubts: tuple[str, ...] = ()
    if every > 1:
        rate_hz = rate_hz / every if rate_hz else None
        notes.append(f"Column '{clean_name(column.name)}' fills one row in {every} and is read at its own rate.")
    bits = signed_counts(values)
    if bits:
        values = np.where(values >= 2.0 ** (bits - 1), values - 2.0**bits, values)
        notes.append(
            f"Counts of {bits} bits without a sign: the upper half of '{clean_name(column.name)}' is negative."
        )
    filled_with = fill_value(values)
    if filled_with is not None:
        values = np.where(values == filled_with, np.nan, values)
        notes.append(f"{filled_with:g} stands for a lost sample in '{clean_name(column.name)}'.")
    samples, lost = bridged(values)
    if lost >= 1e-6:
        notes.append(f"{100 * lost:.2g} % of the samples of '{clean_name(column.name)}' are lost and bridged.")
    if column.pieces > 1:
        how = "which follow each other without a break" if column.seamless else "joined end to end"
        notes.append(f"{column.pieces} pieces of {values.size // column.pieces:,} samples, {how}, are judged together.")
    if column.pieces > 1 and not column.seamless:
        doubts = (*doubts, f"the channel is joined of {column.pieces} pieces, and a fault may hide in the joints")
    if column.named and (quantity := measures_else(column.name, column.unit)):
        doubts = (*doubts, f"'{clean_name(column.name)}' measures {quantity}, no vibration")
    if _ENVELOPE.search(column.name):
        doubts = (*doubts, "the signal is already an envelope, as its name says, so resonances cannot be searched")
    elif samples[:1_000].min(initial=np.inf) >= 0 and look_of(samples) == "one-sided":
        doubts = (*doubts, "the signal never swings below zero: it is an envelope or a magnitude, no plain vibration")
    return Recording(
        samples=samples,
        sampling_rate_hz=rate_hz,
        shaft_rpm=facts.rpm.value if facts.rpm else None,
        channel=clean_name(column.name),
        source=clean_file_name(source),
        unit=clean_name(column.unit, ""),
        rate_source=facts.rate.source if facts.rate else "",
        rpm_source=facts.rpm.source if facts.rpm else "",
        notes=tuple(notes),
        bearing=facts.bearing,
        started=facts.started,
        lost_share=lost,
        doubts=doubts,
        speed_rpm=_beside(speed.rpm, clock, samples.size) if speed else None,
        tacho=_beside(speed.tacho, clock, samples.size) if speed else None,
    )


def _beside(values: FloatArray | None, clock: Clock | None, size: int) -> FloatArray | None:
    """A speed's column on the grid of a channel of `size` samples; None where the two do not run side by side."""
    if values is None:
        return None
    values = laid_out(np.ascontiguousarray(values, dtype=np.float64), clock.places if clock else None)
    return values if values.size == size else None


def _own_rows(values: FloatArray) -> tuple[FloatArray, int]:
    """The values of a column that is filled regularly on every k-th row only, and k; (values, 1) for any other."""
    finite = np.isfinite(values)
    filled = np.count_nonzero(finite)
    if filled < 16 or filled > 0.75 * values.size:
        return values, 1
    gaps = np.diff(np.flatnonzero(finite))
    every = int(np.median(gaps))
    return (values[finite], every) if every > 1 and np.mean(gaps == every) > 0.95 else (values, 1)


def _rate(stated: Known | None, clock: Clock | None) -> tuple[Known | None, list[str]]:
    """The rate to use: what the file states, unless its own clock says otherwise by more than rounding explains."""
    if clock is None:
        return stated, []
    if stated is None or clock.rate is None:
        return stated or clock.rate, [clock.note] if clock.note else []
    ratio = clock.rate.value / stated.value
    if abs(ratio - 1) <= 0.005:
        return stated, [clock.note] if clock.lost_share else []
    if not 0.1 < ratio < 10:  # the stamps are in another unit than thought
        return stated, [f"The file states {stated.value:,.6g} Hz, which its time column does not bear out."]
    return clock.rate, [clock.note, f"The file states {stated.value:,.6g} Hz ({stated.source}); its clock is believed."]


# --- clocks and axes ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Group:
    """Columns under one clock, and what there is to say of it."""

    columns: list[Column]
    clock: Clock | None
    notes: list[str]
    started: str = ""


def _groups(columns: list[Column], source: str) -> list[_Group]:
    """Columns by the clock they stand under, spectra set aside. UnsupportedFormat when there is nothing but spectra."""
    if len(columns) > 4 and not any(column.named for column in columns[:4]):
        wall = rate_of_wall_clock([column.values for column in columns[:4]])
        if wall is not None:
            note = "Columns 1 to 4 are taken as hour, minute, second and microsecond."
            started = start_of_wall_clock([column.values for column in columns[:4]])
            return [_Group(columns[4:], Clock(wall, ""), [note], started)]
    columns = _seconds_joined_with_fractions(_dates_joined_with_times(_parts_of_time_joined(columns)))
    groups = [_Group([], None, [])]
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
            f"'{clean_file_name(source)}' holds a spectrum ({_quoted(spectra)}), no time signal: "
            "diagnosis needs the waveform, so export the time signal instead of the spectrum."
        )
    if spectra and signals:
        signals[0].notes.append(f"{_quoted(spectra)}: a spectrum beside the time signal, set aside.")
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
    if column.unit or kind or _counts_blocks(column):
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


def _add_clock(groups: list[_Group], clock: Clock | None, column: Column) -> None:
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
        groups.append(_Group([], clock, []))
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


# --- labels, counters, speed ----------------------------------------------------------------------------------------


def _set_labels_aside(columns: list[Column]) -> tuple[list[Column], _Speed | None, list[str]]:
    """The signals among the columns, the speed one gives, and notes."""
    notes: list[str] = []
    speed: _Speed | None = None
    signals, indicators = [], []
    for column in columns:
        kind = kind_of(column.name, column.unit) if column.named else ""
        kind = "speed" if column.named and names_shaft_speed(column.name, column.unit) else kind
        if column.named and _is_indicator(column):
            indicators.append(clean_name(column.name))
        elif kind == "label" and len(columns) > 1:
            notes.append(f"Column '{clean_name(column.name)}' is taken as labels, not as a signal.")
        elif (kind == "counter" or _counts_blocks(column)) and rises(column.values[np.isfinite(column.values)]):
            notes.append(f"Column '{clean_name(column.name)}' only counts the rows and is set aside.")
        elif kind == "speed" and len(columns) > 1:
            speed = speed or _speed_column(column, notes)
        else:
            signals.append(column)
    if indicators:
        told = f"{_quoted(indicators)}: a number for each measurement (RMS, peak, kurtosis), no waveform"
        if not signals:
            raise UnsupportedFormat(f"{told}: diagnosis needs the samples of the vibration itself, so export those.")
        notes.append(f"{told}, set aside.")
    return signals, speed, notes


def _counts_blocks(column: Column) -> bool:
    """Whether a column numbers the blocks a logger wrote, many rows each: such numbers are no seconds."""
    values = column.values[np.isfinite(column.values)]
    called = column.named and bool(_BLOCKS.intersection(words_of(column.name)))
    return called and values.size > 16 and bool((values % 1 == 0).all() and set(np.diff(values)) <= {0.0, 1.0})


def _is_indicator(column: Column) -> bool:
    """Whether a column holds what was computed of a vibration, a number for each measurement, and not the vibration."""
    values = column.values[np.isfinite(column.values)]
    called = _INDICATORS.search(f"{column.name} {column.unit}".replace("_", " "))
    return bool(called and values.size and values.min() >= 0)


@dataclass(frozen=True)
class _Speed:
    """A shaft speed with the column that tells it: in rpm at each row, or as pulses."""

    known: Known | None
    rpm: FloatArray | None = None
    tacho: FloatArray | None = None


def _speed_column(column: Column, notes: list[str]) -> _Speed | None:
    """Shaft speed from a column in rpm or Hz."""
    name = f"column '{clean_name(column.name)}'"
    values = column.values[np.isfinite(column.values)]
    per_unit = rpm_per_unit(column.unit or ("rpm" if "rpm" in words_of(column.name) else ""))
    if per_unit is None and values.size and float(np.median(values)) > CERTAINLY_RPM:
        per_unit = 1.0
    if not values.size or per_unit is None:
        notes.append(f"Speed {name} has no unit (rpm or Hz), so it is set aside: give the speed yourself.")
        return None
    middle = float(np.median(values)) * per_unit
    if not RPM_LIMITS[0] <= middle <= RPM_LIMITS[1]:
        notes.append(f"Speed {name} holds {middle:g}, no shaft speed: give the speed yourself.")
        return None
    return _Speed(Known(middle, f"{name} (median)"), rpm=column.values * per_unit)


def _pulsed_speed(
    signals: Sequence[Column], rate: Known | None, clock: Clock | None, notes: list[str]
) -> _Speed | None:
    """Shaft speed from a tachometer or keyphasor among the signals, one pulse a turn; without a rate the pulses."""
    for column in signals:
        if len(signals) < 2 or (kind_of(column.name, column.unit) == "vibration" and column.named):
            continue
        per_sample = pulse_rate(bridged(laid_out(column.values, clock.places if clock else None))[0])
        if not per_sample:
            continue
        if rate is None:
            return _Speed(None, tacho=column.values)
        rpm = 60.0 * per_sample * rate.value
        label = f"tachometer '{clean_name(column.name)}'"
        if rpm > MOST_PULSED_RPM or rpm < RPM_LIMITS[0]:
            notes.append(_too_many_pulses(f"The {label}", rpm))
            return _Speed(None, tacho=column.values)
        return _Speed(Known(rpm, f"{label}, one pulse a turn"), tacho=column.values)
    return None


def _too_many_pulses(what: str, pulsed_rpm: float) -> str:
    return (
        f"{what} pulses {pulsed_rpm / 60:,.0f} times a second, perhaps more than once a turn: give the speed, or the "
        "pulses per turn."
    )


def with_speed_of_tacho(recording: Recording, pulses_per_turn: float | None = None) -> Recording:
    """A recording with the speed that its tacho gives at so many pulses a turn.

    Where nobody says how many, at one, if no other speed is known and that one is a usual one.
    """
    if recording.tacho is None or recording.sampling_rate_hz is None:
        return recording
    if pulses_per_turn is None and recording.shaft_rpm is not None:
        return recording
    pulsed_rpm = 60.0 * pulse_rate(bridged(recording.tacho)[0]) * recording.sampling_rate_hz
    rpm, most = pulsed_rpm / (pulses_per_turn or 1.0), RPM_LIMITS[1] if pulses_per_turn else MOST_PULSED_RPM
    if not RPM_LIMITS[0] <= rpm <= most:
        note = _too_many_pulses("The file's tachometer", pulsed_rpm)
        return replace(recording, notes=(*recording.notes, note)) if rpm > most else recording
    told = f"{pulses_per_turn:g} pulses" if pulses_per_turn else "one pulse"
    return recording.corrected(shaft_rpm=rpm, by=f"the file's tachometer, {told} a turn")


def _quoted(names: Sequence[str]) -> str:
    quoted = [f"'{clean_name(name)}'" for name in names[:4]]
    return ", ".join(quoted) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _listed(columns: Sequence[Column]) -> str:
    names = [f"'{clean_name(column.name)}'" for column in columns[:5]]
    return ", ".join(names) + (f" and {len(columns) - 5} more" if len(columns) > 5 else "") if names else "nothing"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.3g} minutes" if seconds >= 120 else f"{seconds:.3g} s"
