"""Which known bearings would strike at the rate that was heard: evidence for a technician, no verdict.

Slip moves a line by up to 2 %, and many bearings share their orders within that: several fit nearly always.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from bearing.errors import ParameterError
from bearing.physics.catalogue import CatalogueEntry, load_catalogue
from bearing.physics.kinematics import FaultOrders

__all__ = ["Fit", "fits"]

TOLERANCE = 0.02
MOST = 8


@dataclass(frozen=True)
class Fit:
    """One bearing and the part of it that strikes at a heard rate: `part` is outer, inner, ball or cage.

    `error_percent` is how far the heard line lies above the catalogue's (below: negative); `shaft_hz` is the speed it
    was asked at, or the one that would explain several rates.
    """

    bearing: str
    part: str
    error_percent: float
    shaft_hz: float


def fits(
    rate_hz: float | Sequence[float],
    shaft_hz: float | None = None,
    tolerance: float = TOLERANCE,
    most: int = MOST,
    entries: Sequence[CatalogueEntry] | None = None,
) -> tuple[Fit, ...]:
    """Bearings and parts whose lines lie within `tolerance` (relative) of the heard rate, best first, at most `most`.

    With the shaft's speed every rate is asked for itself. Without it one rate says nothing, and the answer is empty;
    two or more must be lines of different parts of one bearing on one shaft, and it is their ratios that are compared.
    `entries` defaults to the catalogue. Raises ParameterError for a rate, speed or tolerance that is not positive.
    """
    rates_hz = tuple(np.atleast_1d(np.asarray(rate_hz, dtype=np.float64)).tolist())
    for value in (*rates_hz, tolerance, *([] if shaft_hz is None else [shaft_hz])):
        if not 0 < value < np.inf:
            raise ParameterError(f"Rates, speed and tolerance of a search are positive numbers, got {value:g}.")
    entries = load_catalogue() if entries is None else entries
    if shaft_hz is not None:
        found = [fit for entry in entries for fit in _at_speed(entry, rates_hz, shaft_hz, tolerance)]
        return tuple(sorted(found, key=lambda fit: abs(fit.error_percent))[:most])
    by_ratio = [pair for entry in entries if (pair := _by_ratios(entry, rates_hz, tolerance))]
    by_ratio.sort(key=lambda pair: max(abs(fit.error_percent) for fit in pair))
    return tuple(fit for pair in by_ratio for fit in pair)[:most]


def _lines(orders: FaultOrders) -> dict[str, float]:
    return {**orders.families, "cage": orders.ftf}


def _at_speed(entry: CatalogueEntry, rates_hz: Sequence[float], shaft_hz: float, tolerance: float) -> list[Fit]:
    return [
        Fit(entry.name, part, 100 * error, shaft_hz)
        for rate_hz in rates_hz
        for part, order in _lines(entry.orders).items()
        if abs(error := rate_hz / shaft_hz / order - 1) <= tolerance
    ]


def _by_ratios(entry: CatalogueEntry, rates_hz: Sequence[float], tolerance: float) -> list[Fit]:
    """The assignment of rates to parts that agrees best on one shaft speed, empty where none does."""
    best: list[Fit] = []
    lines = _lines(entry.orders)
    if not 2 <= len(rates_hz) <= len(lines):
        return best
    for parts in permutations(lines, len(rates_hz)):
        speeds = np.array(rates_hz) / np.array([lines[part] for part in parts])
        shaft_hz = float(np.exp(np.log(speeds).mean()))
        errors = speeds / shaft_hz - 1
        worst = float(np.abs(errors).max())
        if worst <= tolerance / 2 and (not best or worst < max(abs(fit.error_percent) for fit in best) / 100):
            best = [
                Fit(entry.name, part, 100 * float(error), shaft_hz) for part, error in zip(parts, errors, strict=True)
            ]
    return best
