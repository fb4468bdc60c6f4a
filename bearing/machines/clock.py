"""When was it measured: the files' own clocks, their names, or, where neither tells, their order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

__all__ = ["Timeline", "natural_key", "time_in_name", "timeline"]

_DATE = r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<s>[-_. ]?)(?P<m>\d\d)(?:(?P=s)(?P<d>\d\d)"
_TIME = r"(?:[T_\-. ]{0,3}(?P<H>\d\d)[-_.:h]?(?P<M>\d\d)(?:[-_.:m]?(?P<S>\d\d))?(?!\d))?)?(?![\d])"
_STAMP = re.compile(_DATE + _TIME)
_EPOCH = re.compile(r"(?<!\d)(1\d{9})(?!\d)")


@dataclass(frozen=True)
class Timeline:
    """Measurements in their order. `order` holds indices into what was given; `times` and `days` follow that order.

    times : ISO 8601 with the zone where one is told, ``day 1 09:39:39`` where only the time of day is, else "".
    days : days since the first, NaN where not known. source : in words, where the times come from.
    """

    order: tuple[int, ...]
    times: tuple[str, ...]
    days: tuple[float, ...]
    source: str


def natural_key(name: str) -> list[tuple[int, str]]:
    """Sorts ``acc_2`` before ``acc_10``: of numbers, which may be longer than Python's own, more digits are more."""
    parts = (part for part in re.split(r"(\d+)", name) if part)
    return [(len(p := part.lstrip("0")), p) if part.isdecimal() else (-1, part.lower()) for part in parts]


def time_in_name(name: str) -> str:
    """The date, with the time of day where there is one, in a file's name as ISO 8601; "" where there is none.

    ``2004.02.12.10.32.39``, ``pump_2024-01-31_0830.csv``, ``20240131T083000.wav``, ``fan_2025-08.csv`` (the first of
    the month), ``1706690000.npy`` (seconds since 1970).
    """
    for match in _STAMP.finditer(name):
        part = {key: int(value) for key, value in match.groupdict().items() if value and value.isdigit()}
        if "d" not in part and not match["s"]:
            continue  # six digits are a number, not a month
        try:
            if "H" in part:
                stamp = datetime(
                    part["y"], part["m"], part["d"], part["H"], part["M"], part.get("S", 0)
                )  # no zone is told
                return stamp.isoformat()
            return date(part["y"], part["m"], part.get("d", 1)).isoformat()
        except ValueError:
            continue
    epoch = _EPOCH.search(name)
    return datetime.fromtimestamp(int(epoch[1]), UTC).isoformat() if epoch else ""


def timeline(names: Sequence[str], started: Sequence[str]) -> Timeline:
    """The order and times of measurements, from what their files say (`started`, as in a Recording) and their names."""
    by_name = sorted(range(len(names)), key=lambda i: natural_key(names[i]))
    own = [text if _is_dated(text) else "" for text in started]
    stamps = [clock or time_in_name(name) for clock, name in zip(own, names, strict=True)]
    if stamps and all(stamps):
        source = "the files' own clocks" if all(own) else "the files' names" if not any(own) else "clocks and names"
        moments = [_moment(stamp) for stamp in stamps]
        order = sorted(by_name, key=lambda i: moments[i])
        days = tuple((moments[i] - moments[order[0]]).total_seconds() / 86_400 for i in order)
        return Timeline(tuple(order), tuple(stamps[i] for i in order), days, source)
    if started and all(started) and not any(own):
        return _unwrapped(by_name, started)
    return Timeline(tuple(by_name), ("",) * len(names), (float("nan"),) * len(names), "the order of the files' names")


def _unwrapped(order: Sequence[int], started: Sequence[str]) -> Timeline:
    """Times of day in the order of the names: whenever the clock steps back, a day has passed."""
    day, before, times, days = 0, -1.0, [], []
    for i in order:
        hour, minute, second = started[i].split(":")
        seconds = int(hour) * 3600 + int(minute) * 60 + float(second)
        day += seconds < before - 1.0
        before = seconds
        times.append(f"day {day + 1} {started[i][:8]}")
        days.append(day + seconds / 86_400)
    source = "the files' own clocks (time of day; days counted in the order of the names)"
    return Timeline(tuple(order), tuple(times), tuple(d - days[0] for d in days), source)


def _is_dated(text: str) -> bool:
    return bool(re.match(r"\d{4}-\d\d-\d\d", text))


def _moment(text: str) -> datetime:
    stamp = datetime.fromisoformat(text)
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)  # only to sort by
