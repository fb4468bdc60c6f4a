"""The units vibration is written in: read from a header or a name, and what one of them is in SI.

A table of its own and no library of units: to those `g` is a gram, and what stands in headers (``m/s^2``, ``mm/s rms``,
``acceleration_g``) they do not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["UNITS", "Quantity", "Unit", "unit_in_name", "unit_named", "unit_of"]

Quantity = Literal["acceleration", "velocity", "voltage"]


@dataclass(frozen=True)
class Unit:
    """`symbol` is how it is written here; `to_si` turns a number of it into m/s², m/s or V."""

    symbol: str
    quantity: Quantity
    to_si: float


UNITS: dict[str, Unit] = {
    unit.symbol: unit
    for unit in (
        Unit("g", "acceleration", 9.80665),  # standard gravity, ISO 80000-3
        Unit("mg", "acceleration", 9.80665e-3),
        Unit("m/s²", "acceleration", 1.0),
        Unit("mm/s²", "acceleration", 1e-3),
        Unit("mm/s", "velocity", 1e-3),
        Unit("m/s", "velocity", 1.0),
        Unit("in/s", "velocity", 0.0254),
        Unit("mV", "voltage", 1e-3),
        Unit("V", "voltage", 1.0),
    )
}
_SPELT = {
    "g": "g gn gs g's grms g(rms) [g]",
    "mg": "mg milli-g",
    "m/s²": "m/s2 m/s^2 m/s**2 m/s/s m/sec2 m/sec^2 ms-2 m.s-2 m·s-2 ms^-2 mps2 ms2 m_s2 m/s²",
    "mm/s²": "mm/s2 mm/s^2 mm/s**2 mms-2 mm/s²",
    "mm/s": "mm/s mm/sec mms-1 mm_s mmps",
    "m/s": "m/s m/sec",
    "in/s": "in/s ips in/sec",
    "mV": "mv millivolt millivolts",
    "V": "v volt volts",
}
_SYMBOL = {spelling: symbol for symbol, spellings in _SPELT.items() for spelling in spellings.split()}
_LEVELS = re.compile(r"[\s,;]*\(?\b(?:rms|peak|pk|0-p|p-p|eu)\b\)?$")
_IN_NAME = re.compile(r"^.*?(?:acc|vib|vel)[a-z]*(?:_[a-z0-9]+)*?_(?P<unit>[a-z]+(?:_s2?|2)?)$")


def unit_named(text: str) -> Unit | None:
    """The unit a text means (``M/S^2``, ``mm/s rms``), None for a text that means none of `UNITS`."""
    plain = _LEVELS.sub("", " ".join(text.strip().strip("[]()").lower().split()))
    symbol = _SYMBOL.get(plain)
    return None if symbol is None else UNITS[symbol]


def unit_in_name(name: str) -> Unit | None:
    """The unit at the end of a channel's name that says what it measures: ``acceleration_g``, ``vib_x_mm_s``."""
    match = _IN_NAME.match(name.strip().lower())
    return None if match is None else unit_named(match["unit"])


def unit_of(channel: str, unit: str) -> Unit | None:
    """The unit of a channel: as the file writes it, else as its name ends; None where neither says one."""
    return unit_named(unit) or (None if unit.strip() else unit_in_name(channel))
