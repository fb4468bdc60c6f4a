"""What a user says of a recording; library, REST, command line, assistants and the store of machines all fill it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from bearing.checks import check_number, shown
from bearing.errors import ParameterError
from bearing.physics.catalogue import CatalogueEntry, find, parse_geometry, parse_orders
from bearing.physics.kinematics import FaultOrders, Geometry, fault_orders
from bearing.physics.machine_lines import MachineParts, parse_parts
from bearing.readers.arrays.raw import Layout
from bearing.readers.columns.beside import with_speed_of_tacho
from bearing.recording import FloatArray, Recording, check_rate_hz, check_rpm
from bearing.settings import Limits, limits
from bearing.signal.units import UNITS, Unit, unit_named, unit_of
from bearing.verdict.asked.intake import Intake, open_path, open_upload
from bearing.verdict.diagnosis import OUTER_RING_TURNS, Bearing

__all__ = ["AnyBearing", "Request", "in_unit", "parse_speed"]

MOST_POINTS = 1_000  # of a speed over time

AnyBearing = str | Geometry | FaultOrders | Bearing | CatalogueEntry


@dataclass(frozen=True)
class Request:
    """What the user says, checked once, here: every number is finite and plausible, every bearing known.

    Attributes
    ----------
    channel : str, optional
        A channel by name; by default all that measure the bearing's vibration.
    rate_hz, rpm : float, optional
        Sampling rate in Hz and shaft speed in revolutions per minute; they replace what the file says.
    bearing, geometry, orders : optional
        At most one of: a designation in the catalogue (or the bearing as an object), ``n=8,d=5.97,D=31.62,phi=0``,
        ``bpfo=3.25,bpfi=4.76,bsf=2.56,ftf=0.41``. By default the bearing the file is known to come from, if any.
    member : str, optional
        The only sheet of a spreadsheet, or file of an archive, to read.
    raw : str, optional
        The layout of a file that holds samples alone: ``int16,le,2ch``.
    named : Bearing or None
        The bearing that was named.
    ratio : float, optional
        Turns of the bearing's shaft to one of the shaft whose speed is told: a gear or a belt lies between.
    pulses_per_turn : float, optional
        Of the file's tacho.
    detectable : bool
        Ask, too, how weak a fault would have been seen where the answer is `normal`.
    machine : str, optional
        Read the machine's own lines, too: ``all``, or what is known of it, ``teeth=23,vanes=7,bars=44,poles=4,
        belt=0.37,mains=50``.
    parts : MachineParts or None
        What that says.
    rpm_over_time : str, optional
        A speed that moves, told at a few moments: ``0=600,10=1800`` in seconds and rpm. The signal makes it exact.
    outer_ring_turns : bool
        The outer ring turns and the inner stands, as in rollers, hubs and sheaves.
    unit : str, optional
        What the numbers are: ``g``, ``m/s2``, ``mm/s``, ``mV``; it replaces what the file says.
    mv_per_g : float, optional
        A sensor's sensitivity: volts become g by it.
    part : bool
        Of a file over the limits the first stretch of every channel is read.

    Empty text counts as not given. Raises ParameterError for an unknown bearing, an implausible number, a layout that
    is none, or more than one way of naming the bearing.
    """

    channel: str | None = None
    rate_hz: float | None = None
    rpm: float | None = None
    bearing: AnyBearing | None = None
    geometry: str | None = None
    orders: str | None = None
    member: str | None = None
    raw: str | None = None
    ratio: float | None = None
    pulses_per_turn: float | None = None
    detectable: bool = False
    machine: str | None = None
    part: bool = False
    outer_ring_turns: bool = False
    rpm_over_time: str | None = None
    unit: str | None = None
    mv_per_g: float | None = None
    named: Bearing | None = field(init=False, repr=False, compare=False)
    parts: MachineParts | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("channel", "bearing", "geometry", "orders", "machine", "member", "raw", "rpm_over_time", "unit"):
            text = getattr(self, name)
            if isinstance(text, str):
                self._set(name, text.strip() or None)
            elif text is not None and name != "bearing":
                raise ParameterError(f"The {name} is given as text, got {shown(text)}.")
        self._set("rate_hz", None if self.rate_hz is None else check_rate_hz(self.rate_hz))
        self._set("rpm", None if self.rpm is None else check_rpm(self.rpm))
        self._set("ratio", _between(self.ratio, "The ratio of the two shafts", 0.001, 1000.0))
        self._set("pulses_per_turn", _between(self.pulses_per_turn, "The number of pulses per turn", 0.01, 10_000.0))
        self._set("mv_per_g", _between(self.mv_per_g, "A sensitivity in mV/g", 0.001, 100_000.0))
        self._set("unit", None if self.unit is None else _unit(self.unit, self.mv_per_g).symbol)
        self._set("parts", None if self.machine is None else parse_parts(self.machine))
        given = [name for name in ("bearing", "geometry", "orders") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ParameterError(f"Name the bearing in one way, not by {' and '.join(given)}: leave out all but one.")
        named = self._named()
        self._set("named", _turned(named) if named is not None and self.outer_ring_turns else named)
        if self.raw is not None:
            Layout.parse(self.raw)
        if self.rpm_over_time is not None:
            if self.rpm is not None:
                raise ParameterError("Give one speed, or a speed over time, not both.")
            parse_speed(self.rpm_over_time)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _named(self) -> Bearing | None:
        if self.geometry is not None:
            return Bearing(self.geometry, fault_orders(parse_geometry(self.geometry)))
        if self.orders is not None:
            return Bearing(self.orders, parse_orders(self.orders))
        return None if self.bearing is None else _bearing(self.bearing)

    @property
    def bounds(self) -> Limits:
        """What a file may cost."""
        return replace(limits(), in_part=self.part)

    def open_path(self, path: str | Path) -> Intake:
        """The channels of a file on disk. Raises as `bearing.verdict.asked.intake.open_path`."""
        return open_path(path, self.member, self.raw, self.part)

    def open_upload(self, data: bytes, name: str) -> Intake:
        """The channels of a file's content. Raises as `bearing.verdict.asked.intake.open_upload`."""
        return open_upload(data, name, self.member, self.raw, self.part)

    def apply(self, intake: Intake, channel: str | None = None) -> tuple[Recording, Bearing | None]:
        """One channel of an opened file with the user's corrections, and the bearing on it.

        `channel` replaces the one asked for; without either it is the likely one. Raises ParameterError for a channel
        that the file does not hold.
        """
        index = intake.channel(channel or self.channel)
        named = self.named
        if named is None and intake.bearings[index]:
            named = _bearing(intake.bearings[index])
            named = _turned(named) if self.outer_ring_turns else named
        recording = intake.recordings[index].corrected(self.rate_hz, self.rpm)
        recording = with_speed_of_tacho(recording, self.pulses_per_turn if self.rpm is None else None)
        if self.unit is not None or self.mv_per_g is not None:
            recording = in_unit(recording, UNITS.get(self.unit or ""), self.mv_per_g)
        if self.rpm_over_time is not None:
            recording = recording.with_speed_over_time(*parse_speed(self.rpm_over_time))
        if self.pulses_per_turn is not None:
            recording = replace(recording, pulses_per_turn=self.pulses_per_turn)
        return recording.geared(self.ratio or 1.0), named

    def measured(self, intake: Intake) -> tuple[int, ...]:
        """Indices of the channels to judge: of vibration, and those that the file knows to sit at the bearing named."""
        known = {one: _bearing(one).name for one in set(intake.bearings) if one} if self.bearing is not None else {}
        asked = self.named.name.removesuffix(OUTER_RING_TURNS) if self.named is not None else ""
        there = (i for i, one in enumerate(intake.bearings) if known.get(one) == asked)
        return tuple(sorted({*intake.vibration, *there}))

    def as_dict(self) -> dict[str, Any]:
        """What was said, by field, so that ``Request(**request.as_dict())`` says it again."""
        said = {one.name: getattr(self, one.name) for one in fields(self) if one.init}
        return {name: value for name, value in said.items() if value is not None and value is not False}


def parse_speed(text: str) -> tuple[FloatArray, FloatArray]:
    """``0=600,10=1800`` as seconds and rpm, shape (k,) each, k at least 2. Raises ParameterError for anything else."""
    points = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        time, _, rpm = part.partition("=")
        try:
            points.append((float(time), float(rpm)))
        except ValueError:
            raise ParameterError(f"A speed over time is written 0=600,10=1800, could not use {shown(part)}.") from None
    if not 2 <= len(points) <= MOST_POINTS:
        raise ParameterError(f"A speed over time has 2 to {MOST_POINTS:,} points, written 0=600,10=1800.")
    time_s = np.array([check_number(time, "A moment of the speed", (0.0, 1e9), "s") for time, _ in points])
    if (np.diff(time_s) <= 0).any():
        raise ParameterError("The moments of a speed over time follow each other: each later than the one before.")
    return time_s, np.array([check_rpm(rpm) for _, rpm in points])


def in_unit(recording: Recording, unit: Unit | None, mv_per_g: float | None = None) -> Recording:
    """The recording in a unit that is told (None: its own, else volts); volts with a sensitivity in g."""
    unit = unit or unit_of(recording.channel, recording.unit) or (UNITS["mV"] if mv_per_g else None)
    if unit is None:
        return recording
    if unit.quantity == "voltage" and mv_per_g:
        per_g = mv_per_g * UNITS["mV"].to_si / unit.to_si
        return replace(recording, samples=recording.samples / per_g, unit="g")
    return replace(recording, unit=unit.symbol)


def _unit(text: str, mv_per_g: float | None) -> Unit:
    """The unit a user means. Raises ParameterError for none, and for one that no sensitivity belongs to."""
    unit = unit_named(text)
    if unit is None:
        raise ParameterError(f"A unit is one of {', '.join(UNITS)}, got {shown(text)}.")
    if mv_per_g is not None and unit.quantity != "voltage":
        raise ParameterError(f"A sensitivity turns volts into g: with it the unit is mV or V, not {unit.symbol}.")
    return unit


def _turned(bearing: Bearing) -> Bearing:
    return replace(
        bearing,
        name=f"{bearing.name}{OUTER_RING_TURNS}",
        orders=bearing.orders.with_outer_ring_turning(),
        alternatives=tuple(one.with_outer_ring_turning() for one in bearing.alternatives),
    )


def _between(value: float | None, what: str, low: float, high: float) -> float | None:
    """A number within its limits as a float, None for none; ParameterError otherwise."""
    if value is None:
        return None
    number = check_number(value, what)
    if not low <= number <= high:
        raise ParameterError(f"{what} lies between {low:g} and {high:,.0f}, got {number:g}.")
    return number


def _bearing(given: AnyBearing) -> Bearing:
    """The bearing a caller means by any of the forms."""
    if isinstance(given, str):
        given = find(given)
    if isinstance(given, Geometry):
        g = given
        text = f"n={g.elements},d={g.ball_diameter:g},D={g.pitch_diameter:g},phi={g.contact_angle_deg:g}"
        return Bearing(text, fault_orders(given))
    if isinstance(given, FaultOrders):
        o = given
        return Bearing(f"bpfo={o.bpfo:g},bpfi={o.bpfi:g},bsf={o.bsf:g},ftf={o.ftf:g}", given)
    if isinstance(given, (Bearing, CatalogueEntry)) and isinstance(given.orders, FaultOrders):
        return Bearing(given.name, given.orders, given.estimated, given.alternatives)
    raise ParameterError(
        f"A bearing is a designation like '6205-2RS', a Geometry, FaultOrders or a Bearing, got {shown(given)}."
    )
