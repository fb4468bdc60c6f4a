"""What stands beside the signals: labels, counters, numbers computed of a vibration; and the speed a column tells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bearing.errors import UnsupportedFormat
from bearing.readers.columns.clock import Clock, laid_out, rises
from bearing.readers.columns.column import Column
from bearing.readers.columns.facts import CERTAINLY_RPM, Known, names_shaft_speed, rpm_per_unit
from bearing.readers.columns.samples import bridged, pulse_rate
from bearing.readers.names import clean_name, kind_of, quoted, word_set, words_of
from bearing.recording import RPM_LIMITS, FloatArray, Recording

__all__ = ["Speed", "counts_blocks", "pulsed_speed", "set_aside", "with_speed_of_tacho"]

MOST_PULSED_RPM = 6_000.0  # a faster pulse train may have many pulses a turn: the vibration says how many
_INDICATORS = re.compile(
    r"\b(?:[avg]?rms|effektivwert|kurtosis|crest|skewness|std|variance|overall|peak|pk|p2p|pk-pk|peak2peak)(?=\b|[A-Z\d])",
    re.IGNORECASE,
)
_BLOCKS = word_set(
    "block frame packet batch burst chunk segment window snapshot scan record buffer run cycle measurement"
)


def set_aside(columns: list[Column]) -> tuple[list[Column], Speed | None, list[str]]:
    """The signals among the columns, the speed one gives, and notes."""
    notes: list[str] = []
    speed: Speed | None = None
    signals, indicators = [], []
    for column in columns:
        kind = kind_of(column.name, column.unit) if column.named else ""
        kind = "speed" if column.named and names_shaft_speed(column.name, column.unit) else kind
        if column.named and _is_indicator(column):
            indicators.append(clean_name(column.name))
        elif kind == "label" and len(columns) > 1:
            notes.append(f"Column '{clean_name(column.name)}' is taken as labels, not as a signal.")
        elif (kind == "counter" or counts_blocks(column)) and rises(column.values[np.isfinite(column.values)]):
            notes.append(f"Column '{clean_name(column.name)}' only counts the rows and is set aside.")
        elif kind == "speed" and len(columns) > 1:
            speed = speed or _speed_column(column, notes)
        else:
            signals.append(column)
    if indicators:
        told = f"{quoted(indicators)}: a number for each measurement (RMS, peak, kurtosis), no waveform"
        if not signals:
            raise UnsupportedFormat(f"{told}: diagnosis needs the samples of the vibration itself, so export those.")
        notes.append(f"{told}, set aside.")
    return signals, speed, notes


def counts_blocks(column: Column) -> bool:
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
class Speed:
    """A shaft speed with the column that tells it: in rpm at each row, or as pulses."""

    known: Known | None
    rpm: FloatArray | None = None
    tacho: FloatArray | None = None


def _speed_column(column: Column, notes: list[str]) -> Speed | None:
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
    return Speed(Known(middle, f"{name} (median)"), rpm=column.values * per_unit)


def pulsed_speed(signals: Sequence[Column], rate: Known | None, clock: Clock | None, notes: list[str]) -> Speed | None:
    """Shaft speed from a tachometer or keyphasor among the signals, one pulse a turn; without a rate the pulses."""
    for column in signals:
        if len(signals) < 2 or (kind_of(column.name, column.unit) == "vibration" and column.named):
            continue
        per_sample = pulse_rate(bridged(laid_out(column.values, clock.places if clock else None))[0])
        if not per_sample:
            continue
        if rate is None:
            return Speed(None, tacho=column.values)
        rpm = 60.0 * per_sample * rate.value
        label = f"tachometer '{clean_name(column.name)}'"
        if rpm > MOST_PULSED_RPM or rpm < RPM_LIMITS[0]:
            notes.append(_too_many_pulses(f"The {label}", rpm))
            return Speed(None, tacho=column.values)
        return Speed(Known(rpm, f"{label}, one pulse a turn"), tacho=column.values)
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
