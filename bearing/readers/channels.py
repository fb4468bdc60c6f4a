"""From columns to recordings: the clock becomes the rate, labels and counters are set aside, the rest are channels.

Every reader ends here, so that a time column or a label is treated alike in a CSV, a MATLAB matrix and a TDMS file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bearing.errors import UnsupportedFormat
from bearing.readers.clock import MIN_RATE_HZ, is_ramp, rate_of_stamps, rate_of_wall_clock, start_of_wall_clock
from bearing.readers.facts import Facts, Known
from bearing.readers.names import clean_file_name, clean_name, kind_of, unique_names, words_of
from bearing.recording import RPM_LIMITS, FloatArray, Recording
from bearing.settings import Limits

__all__ = ["Column", "columns_of", "preferred_channel", "to_recordings"]


@dataclass(frozen=True)
class Column:
    """One named column of numbers, shape (n,), as it stands in the file; `named` is False for a made-up name.

    `started` is the first stamp of a clock with dates, ISO 8601.
    """

    name: str
    values: FloatArray
    unit: str = ""
    named: bool = True
    started: str = ""


def columns_of(matrix: np.ndarray, name: str, bounds: Limits) -> list[Column]:
    """The channels of a 1-D or 2-D array: the smaller side counts channels, as no recording is that short."""
    table = np.atleast_1d(matrix)
    if table.ndim > 2:
        table = np.squeeze(table)
    if table.ndim == 1:
        return [Column(name, np.asarray(table, dtype=np.float64))]
    if table.ndim != 2:
        raise UnsupportedFormat(
            f"'{clean_name(name)}' has {table.ndim} dimensions, expected one or two: (samples, channels)."
        )
    if table.shape[0] < table.shape[1]:
        table = table.T
    bounds.check_columns(table.shape[1])
    if table.shape[1] == 1:
        return [Column(name, np.asarray(table[:, 0], dtype=np.float64))]
    return [
        Column(
            f"{name} {index + 1}" if name else f"column {index + 1}",
            np.ascontiguousarray(column, np.float64),
            "",
            False,
        )
        for index, column in enumerate(table.T)
    ]


def to_recordings(
    columns: Sequence[Column],
    source: str,
    bounds: Limits,
    facts: Facts = Facts(),  # noqa: B008 (frozen)
) -> list[Recording]:
    """Recordings of the columns that are signals, with the rate and speed the others and `facts` give.

    Raises UnsupportedFormat when no column is a vibration signal, TooLarge when there are too many.
    """
    bounds.check_columns(len(columns))
    with np.errstate(all="ignore"):  # a clock may hold infinities
        wall = _wall_clock(columns)
        started = next((column.started for column in columns if column.started), "")
        if wall is not None:
            started = start_of_wall_clock([column.values for column in columns[:4]])
        signals, clock, notes = _set_clock_aside(list(columns), wall)
    signals, speed, more_notes = _set_labels_aside(signals)
    facts = facts.or_else(Facts(clock, speed, (*notes, *more_notes), started=started))
    if not signals:
        raise UnsupportedFormat(
            f"No vibration signal in '{clean_file_name(source)}': it holds {_listed(columns)}, "
            "and none of that is a column of samples."
        )
    if facts.rate and facts.rate.value < MIN_RATE_HZ:
        raise UnsupportedFormat(
            f"'{clean_file_name(source)}' is not a vibration recording: it holds one row every "
            f"{_duration(1 / facts.rate.value)} ({_listed(signals)}). "
            "Bearing diagnosis needs thousands of samples a second."
        )
    if all(kind_of(column.name, column.unit) == "temperature" for column in signals):
        raise UnsupportedFormat(f"'{clean_file_name(source)}' holds temperatures ({_listed(signals)}), no vibration.")
    bounds.check_channels(len(signals))
    names = unique_names(clean_name(column.name) for column in signals)
    return [
        Recording(
            samples=np.ascontiguousarray(column.values, dtype=np.float64),
            sampling_rate_hz=facts.rate.value if facts.rate else None,
            shaft_rpm=facts.rpm.value if facts.rpm else None,
            channel=name,
            source=clean_file_name(source),
            unit=clean_name(column.unit, ""),
            rate_source=facts.rate.source if facts.rate else "",
            rpm_source=facts.rpm.source if facts.rpm else "",
            notes=facts.notes,
            bearing=facts.bearing,
            started=facts.started,
        )
        for name, column in zip(names, signals, strict=True)
    ]


# --- clocks ---------------------------------------------------------------------------------------------------------


def _set_clock_aside(columns: list[Column], wall: Known | None) -> tuple[list[Column], Known | None, list[str]]:
    """The other columns, the rate a clock among them gives, and what there is to say about it."""
    if wall is not None:
        return columns[4:], wall, ["Columns 1 to 4 are taken as hour, minute, second and microsecond."]
    notes: list[str] = []
    rate: Known | None = None
    rest = []
    for position, column in enumerate(columns):
        named_clock = column.named and kind_of(column.name, column.unit) == "time"
        first_ramp = position == 0 and len(columns) > 1 and not column.unit and is_ramp(column.values)
        if not (named_clock or first_ramp):
            rest.append(column)
            continue
        found, note = rate_of_stamps(column.values, column.name, column.unit, named_clock)
        notes.append(note)
        rate = rate or found
    return rest, rate, notes


def _wall_clock(columns: Sequence[Column]) -> Known | None:
    """The rate where the first four nameless columns are hour, minute, second and microsecond; None elsewhere."""
    if len(columns) <= 4 or any(column.named for column in columns[:4]):
        return None
    return rate_of_wall_clock([column.values for column in columns[:4]])


# --- labels, counters, speed ----------------------------------------------------------------------------------------


def _set_labels_aside(columns: list[Column]) -> tuple[list[Column], Known | None, list[str]]:
    notes: list[str] = []
    speed: Known | None = None
    signals = []
    for column in columns:
        kind = kind_of(column.name, column.unit) if column.named else ""
        if kind == "label" and len(columns) > 1:
            notes.append(f"Column '{clean_name(column.name)}' is taken as labels, not as a signal.")
        elif kind == "counter" and is_ramp(column.values):
            notes.append(f"Column '{clean_name(column.name)}' only counts the rows and is set aside.")
        elif kind == "speed" and len(columns) > 1:
            speed = speed or _steady_speed(column, notes)
        else:
            signals.append(column)
    return signals, speed, notes


def _steady_speed(column: Column, notes: list[str]) -> Known | None:
    """Shaft speed from a column in rpm that holds still; a wandering speed is told, not averaged away."""
    name = f"column '{clean_name(column.name)}'"
    values = column.values[np.isfinite(column.values)]
    in_rpm = "rpm" in words_of(column.name) or column.unit.strip().lower() in ("rpm", "1/min", "min-1", "r/min")
    if not values.size or not in_rpm:
        notes.append(f"Speed {name} has no unit (rpm or Hz), so it is set aside: give the speed yourself.")
        return None
    low, middle, high = (float(value) for value in np.percentile(values, (5, 50, 95)))
    if not RPM_LIMITS[0] <= middle <= RPM_LIMITS[1]:
        notes.append(f"Speed {name} holds {middle:g}, no shaft speed: give the speed yourself.")
        return None
    if high - low > 0.02 * middle:
        notes.append(f"The speed in {name} wanders between {low:,.0f} and {high:,.0f} rpm: fault lines are smeared.")
    return Known(middle, f"{name} (median)")


# --- the likely channel ---------------------------------------------------------------------------------------------


def preferred_channel(recordings: Sequence[Recording]) -> tuple[int, str]:
    """Index of the channel most likely to hold the bearing's vibration, and the reason in words.

    Raises UnsupportedFormat for an empty list.
    """
    if not recordings:
        raise UnsupportedFormat("The file holds no channel to choose from.")
    if len(recordings) == 1:
        return 0, "the only channel in the file"
    scored = [(_channel_score(recording), -index) for index, recording in enumerate(recordings)]
    (score, reason), negative = max(scored, key=lambda entry: (entry[0][0], entry[1]))
    ties = sum(entry[0][0] == score for entry in scored)
    return -negative, f"first of {ties} alike, {reason}" if ties > 1 else reason


_CWRU_PLACES = {
    "DE": (9.0, "drive end, next to the bearing under test"),
    "FE": (8.0, "fan end"),
    "BA": (7.0, "base plate"),
}


def _channel_score(recording: Recording) -> tuple[float, str]:
    kind = kind_of(recording.channel, recording.unit)
    start = recording.samples[:100_000]
    finite = start[np.isfinite(start)]
    if not finite.size or finite.max() == finite.min():
        return -1.0, "every channel is constant"
    if recording.channel in _CWRU_PLACES:
        return _CWRU_PLACES[recording.channel]
    if kind == "vibration":
        by_unit = kind_of("", recording.unit) == "vibration"
        return 6.0, f"its unit {recording.unit} is one of vibration" if by_unit else "its name says vibration"
    if not kind:
        return 4.0, "nothing in its name or unit says it is anything but vibration"
    return {"sound": 2.0, "force": 1.5, "angular rate": 1.0}.get(
        kind, 0.5
    ), f"it measures {kind}, and nothing else fits better"


def _listed(columns: Sequence[Column]) -> str:
    names = [f"'{clean_name(column.name)}'" for column in columns[:5]]
    return ", ".join(names) + (f" and {len(columns) - 5} more" if len(columns) > 5 else "") if names else "nothing"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.3g} minutes" if seconds >= 120 else f"{seconds:.3g} s"
