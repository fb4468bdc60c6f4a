"""From columns to recordings: the clock becomes the rate, labels and counters are set aside, the rest are channels.

Every reader ends here, so that a time column or a label is treated alike in a CSV, a MATLAB matrix and a TDMS file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bearing.errors import UnsupportedFormat
from bearing.readers.columns.beside import Speed, counts_blocks, pulsed_speed, set_aside
from bearing.readers.columns.clock import MIN_RATE_HZ, Clock, laid_out
from bearing.readers.columns.column import Column, joined_at, unwrapped
from bearing.readers.columns.facts import Facts, Known
from bearing.readers.columns.groups import Group, groups_of
from bearing.readers.columns.samples import bridged, fill_value, look_of, signed_counts
from bearing.readers.names import clean_file_name, clean_name, kind_of, measures_else, unique_names
from bearing.recording import FloatArray, Recording
from bearing.settings import Limits

__all__ = ["to_recordings"]

FEW = 0.02  # share of the rows that may be passed over
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
        groups = groups_of(list(columns), source)
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


def _of_group(group: Group, everything: Sequence[Column], source: str, bounds: Limits, facts: Facts) -> list[Recording]:
    """The signals of the columns under one clock."""
    rate, notes = _rate(facts.rate, group.clock)
    signals, speed, more_notes = set_aside(group.columns)
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
    speed = speed or pulsed_speed(signals, rate, group.clock, notes)
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


def _breaks(group: Group) -> NDArray[np.int64] | None:
    """Rows before which nobody knows how long the recording paused; None where the rows follow each other."""
    if group.clock is not None and (group.clock.rate is not None or group.clock.breaks is not None):
        return group.clock.breaks
    numbers = next((column.values for column in group.columns if counts_blocks(column)), None)
    found = np.flatnonzero(np.diff(numbers) > 0) + 1 if numbers is not None else np.empty(0, np.int64)
    return found if found.size else None


def _stretches(column: Column, facts: Facts, clock: Clock | None, source: str, speed: Speed | None) -> list[Recording]:
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


def _recording(column: Column, facts: Facts, clock: Clock | None, source: str, speed: Speed | None) -> Recording:
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


def _listed(columns: Sequence[Column]) -> str:
    names = [f"'{clean_name(column.name)}'" for column in columns[:5]]
    return ", ".join(names) + (f" and {len(columns) - 5} more" if len(columns) > 5 else "") if names else "nothing"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.3g} minutes" if seconds >= 120 else f"{seconds:.3g} s"
