"""Limits that people set, whatever the machine's past: as they are written, and the states they make."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bearing.checks import check_number
from bearing.errors import ParameterError
from bearing.machines.limits.rules import ALARM, ALERT, NO_DATA, RELEASE, RULES, Array, learning_count, persistence
from bearing.signal.severity import severity

__all__ = ["HandLimits", "limits_of", "over_set_limits", "with_zones"]

RELEASE_DB = 20 * math.log10(RELEASE)
# indicator -> alert and alarm set by hand, in its own unit; either may be None
HandLimits = Mapping[str, tuple[float | None, float | None]]


def limits_of(text: str | None) -> HandLimits:
    """Limits as they are written, ``velocity_rms=2.8/4.5,rms=0.5``: alert, or alert/alarm, in the indicator's own unit.

    ``iso=2/rigid`` stands for the velocity RMS at which zones C and D of ISO 20816-3 begin, for a group and a support.

    Raises ParameterError for an indicator that has no limits, a number that is none, or an alarm below its alert.
    """
    limits: dict[str, tuple[float | None, float | None]] = {}
    text = text or ""
    for part in text.split(","):
        if not part.strip():
            continue
        name, _, levels = part.strip().partition("=")
        if ("velocity_rms" if name == "iso" else name) in limits:
            raise ParameterError(f"A limit is set once, {name[:40]!r} is set twice in {text[:60]!r}.")
        if name == "iso":
            limits["velocity_rms"] = severity(0.0, *_pair(levels)).limits_mm_s
            continue
        if name not in RULES:
            raise ParameterError(f"No limit can be set for {name[:40]!r}: it is iso, or one of {', '.join(RULES)}.")
        first, _, second = levels.partition("/")
        within = (-300.0, 300.0) if name.endswith("_db") else (0.0, 1e12)
        alert = check_number(_number(first, part), f"The limit of {name}", within)
        alarm = None if not second else check_number(_number(second, part), f"The limit of {name}", within)
        if alarm is not None and alarm < alert:
            raise ParameterError(f"An alarm lies above its alert, got {part.strip()[:60]!r}.")
        limits[name] = (alert, alarm)
    return limits


def with_zones(text: str, group: str, support: str) -> str:
    """The same limits with those of ISO 20816-3 for the velocity, in place of what it had."""
    others = [
        part.strip() for part in text.split(",") if part.strip().partition("=")[0] not in ("", "iso", "velocity_rms")
    ]
    return ",".join([*others, f"iso={group}/{support}"])


def _pair(levels: str) -> tuple[str, str]:
    group, parted, support = levels.strip().partition("/")
    if not parted:
        raise ParameterError(f"ISO limits are written iso=2/rigid, got {levels.strip()[:60]!r}.")
    return group, support


def _number(text: str, part: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ParameterError(f"A limit is written rms=0.5 or rms=0.5/0.8, got {part.strip()[:60]!r}.") from None


def over_set_limits(values_db: Array, limits_db: Sequence[float], history: int) -> NDArray[np.int64]:
    """States (n,) by limits for alert and alarm (NaN: none), with persistence and hysteresis; unknown ones hold."""
    enough, hold = persistence(learning_count(history))
    states, current, calm, recent = np.zeros(len(values_db), np.int64), NO_DATA, 0, [[False, False]] * (enough + 1)
    for i, value in enumerate(values_db):
        if value == value:
            recent = [*recent[1:], [value >= level for level in limits_db]]  # of NaN it is none
            up = max((s for k, s in enumerate((ALERT, ALARM)) if sum(r[k] for r in recent) >= enough), default=NO_DATA)
            left = limits_db[current - ALERT] + RELEASE_DB if current else math.inf
            calm = 0 if value >= left else calm + 1
            if up > current:
                current = up
            elif current and calm >= hold:
                current = max(up, ALERT if current == ALARM and value >= limits_db[0] + RELEASE_DB else NO_DATA)
        states[i] = current
    return states
