"""What the fields say about a file: rate, speed, unit and bearing, given once for every channel it has.

A number that makes no sense never empties the page: the last one that did is used, and the field says what is wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from bearing.errors import ParameterError
from bearing.recording import Recording, check_rate_hz, check_rpm
from bearing.signal.units import UNITS, unit_of
from bearing.verdict.asked.intake import Intake
from bearing.verdict.asked.request import Request, in_unit
from pages._source import Source

UNIT_UNKNOWN = "Not known"


@dataclass(frozen=True)
class Asked:
    """A file as corrected, and what is asked of it.

    `key` names content and settings; `hints` are what is wrong with fields, by field.
    """

    intake: Intake
    request: Request
    key: str
    hints: dict[str, str]


@dataclass(frozen=True)
class NumberField:
    """The key a number is kept under, what the file says of it, and the check it must pass."""

    key: str
    read: float | None
    check: Callable[[float], float]

    def value(self) -> float | None:
        """What stands in the field."""
        given: float | None = st.session_state.get(self.key, self.read)
        return given

    def settled(self) -> tuple[float | None, str]:
        """The number to use, and what is wrong with the one in the field, "" for nothing."""
        value, kept = self.value(), f"kept-{self.key}"
        if value is not None:
            try:
                self.check(value)
            except ParameterError as error:
                return st.session_state.get(kept, self.read), str(error)
        st.session_state[kept] = value
        return value, ""


def shown_channel(source: Source) -> Recording:
    """The channel whose numbers stand in the fields."""
    return source.intake.recordings[source.intake.preferred]


def rate_of(source: Source) -> NumberField:
    """The sampling rate in Hz; files dropped together that do not say it share what is typed."""
    read = shown_channel(source).sampling_rate_hz
    return NumberField(f"rate-{source.tag if read else source.batch}", read, check_rate_hz)


def rpm_of(source: Source) -> NumberField:
    """The shaft speed in rpm, likewise."""
    read = shown_channel(source).shaft_rpm
    return NumberField(f"rpm-{source.tag if read else source.batch}", read, check_rpm)


def unit_key(source: Source) -> str:
    return f"unit-{source.tag if unit_of(shown_channel(source).channel, shown_channel(source).unit) else source.batch}"


def unit_read(source: Source) -> str:
    """The symbol the file's own unit has here."""
    unit = unit_of(shown_channel(source).channel, shown_channel(source).unit)
    return unit.symbol if unit else UNIT_UNKNOWN


def bearing_slot(source: Source) -> str:
    """Under which name the bearing is kept: one for all files, but of a file that names its own, its own."""
    return source.tag if any(source.intake.bearings) else "all"


def outer_ring_key(source: Source) -> str:
    """Under which name it is kept that the outer ring turns: the bearing's."""
    return f"outer-ring-{bearing_slot(source)}"


def speed_key(tag: str) -> str:
    """Under which name a speed over time is kept, of a file by its tag."""
    return f"diagnose.speed.{tag}"


def asked_of(source: Source) -> Asked:
    """What the fields say of this file, whether they are drawn or not."""
    hints: dict[str, str] = {}
    (rate_hz, hints["rate"]), (rpm, hints["rpm"]) = rate_of(source).settled(), rpm_of(source).settled()
    intake = source.intake
    chosen = st.session_state.get(f"diagnose.bearing.{bearing_slot(source)}")
    bearing: dict[str, Any] = chosen or {}
    turns = bool(st.session_state.get(outer_ring_key(source)))
    if chosen is not None and not chosen:  # the user says it is not known, whatever the file says
        intake = replace(intake, bearings=("",) * len(intake.recordings))
    rate_read, rpm_read = rate_of(source).read, rpm_of(source).read
    corrected = [_corrected(r, source, rate_hz is None, rpm is None) for r in intake.recordings]
    intake = replace(intake, recordings=tuple(corrected))
    rate_hz, rpm = (None if rate_hz == rate_read else rate_hz), (None if rpm == rpm_read else rpm)
    over_time = st.session_state.get(speed_key(source.tag))
    rpm = None if over_time else rpm
    settings = (over_time, turns, source.digest, source.name, rate_hz, rpm, chosen, _settings(source))
    key = hashlib.sha256(repr(settings).encode()).hexdigest()[:16]
    request = Request(rate_hz=rate_hz, rpm=rpm, rpm_over_time=over_time, outer_ring_turns=turns, **bearing)
    return Asked(intake, request, key, hints)


def _settings(source: Source) -> tuple[Any, ...]:
    return (
        rate_of(source).value() is None,
        rpm_of(source).value() is None,
        st.session_state.get(unit_key(source)),
        st.session_state.get(f"sensitivity-{unit_key(source)}"),
    )


def _corrected(recording: Recording, source: Source, no_rate: bool, no_rpm: bool) -> Recording:
    """One channel without what was cleared, in the unit that is known or chosen; volts become g by a sensitivity."""
    if no_rate and recording.sampling_rate_hz is not None:
        recording = replace(recording, sampling_rate_hz=None, rate_source="")
    if no_rpm and recording.shaft_rpm is not None:
        recording = replace(recording, shaft_rpm=None, rpm_source="")
    chosen = st.session_state.get(unit_key(source), unit_read(source))
    own = unit_of(recording.channel, recording.unit)
    unit = own if chosen == unit_read(source) else UNITS.get(chosen)
    if unit is None:
        return recording if chosen == unit_read(source) else replace(recording, unit="")
    return in_unit(recording, unit, st.session_state.get(f"sensitivity-{unit_key(source)}"))
