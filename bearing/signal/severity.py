"""Vibration severity of a whole machine by ISO 20816-3:2022: velocity RMS of the housing, 10 to 1000 Hz, in zones.

The zones judge the machine, not its bearings: early bearing damage hardly moves them. This edition has one zone where
the older ISO 10816-3 had A and B. Its limits hold for machines above 15 kW at 120 to 30 000 rpm, measured on the
bearing housings; below 600 rpm it asks for a band from 2 Hz, which is not measured here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bearing.errors import ParameterError
from bearing.signal.indicators import velocity_rms
from bearing.signal.units import Unit

__all__ = ["BAND_HZ", "EDITION", "GROUPS", "SLOWEST_RPM", "SUPPORTS", "Severity", "Zone", "severity", "velocity_mm_s"]

EDITION = "ISO 20816-3:2022"
BAND_HZ = (10.0, 1000.0)
SLOWEST_RPM = 600.0  # the band begins at 10 Hz

Zone = Literal["A/B", "C", "D"]
Group = Literal["1", "2"]
Support = Literal["rigid", "flexible"]

GROUPS: dict[str, str] = {
    "1": "Group 1: above 300 kW, or motors of 315 mm shaft height or more",
    "2": "Group 2: 15 to 300 kW, or motors of 160 to 315 mm shaft height",
}
SUPPORTS: dict[str, str] = {"rigid": "Rigid support", "flexible": "Flexible support"}
_LIMITS_MM_S: dict[tuple[str, str], tuple[float, float]] = {  # from here zone C, from here zone D
    ("1", "rigid"): (4.5, 7.1),
    ("1", "flexible"): (7.1, 11.0),
    ("2", "rigid"): (2.8, 4.5),
    ("2", "flexible"): (4.5, 7.1),
}


@dataclass(frozen=True)
class Severity:
    """Velocity RMS in mm/s, its zone, and the limits (mm/s) at which zones C and D begin."""

    velocity_mm_s: float
    zone: Zone
    group: str
    support: str
    limits_mm_s: tuple[float, float]


def velocity_mm_s(signal: NDArray[np.floating], sampling_rate_hz: float, unit: Unit | None) -> float | None:
    """Velocity RMS in BAND_HZ of a finite signal of shape (n,), in mm/s; an acceleration is integrated.

    None without a unit of acceleration or velocity, and where rate or length do not reach the band.
    """
    if unit is None or unit.quantity == "voltage":
        return None
    integrate = unit.quantity == "acceleration"
    value = 1e3 * unit.to_si * velocity_rms(signal, sampling_rate_hz, BAND_HZ, integrate)
    return value if np.isfinite(value) else None


def severity(velocity_mm_s: float, group: str, support: str) -> Severity:
    """The zone of a velocity RMS (10 to 1000 Hz, mm/s) for a machine group and a support.

    Raises ParameterError for a group or support that is none, or a velocity that is no number from 0 on.
    """
    if (group, support) not in _LIMITS_MM_S:
        raise ParameterError(
            f"{EDITION} knows groups {', '.join(GROUPS)} on a rigid or flexible support, got {group!r}, {support!r}."
        )
    if not 0 <= velocity_mm_s < float("inf"):
        raise ParameterError(f"A velocity RMS is a number of mm/s from 0 on, got {velocity_mm_s!r}.")
    from_c, from_d = limits = _LIMITS_MM_S[group, support]
    zone: Zone = "D" if velocity_mm_s > from_d else "C" if velocity_mm_s > from_c else "A/B"
    return Severity(velocity_mm_s, zone, group, support, limits)
