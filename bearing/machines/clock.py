"""When was it measured: the files' own clocks, their names, or, where neither tells, their order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import accumulate, pairwise

__all__ = ["Timeline", "natural_key", "time_in_name", "timeline"]

_CLOCK = r"(?:[T_\-. ]{0,3}(?P<H>\d\d)[-_.:h]?(?P<M>\d\d)(?:[-_.:m]?(?P<S>\d\d))?(?!\d))?"
_YEAR = r"(?P<y>(?:19|20)\d\d)"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    "(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?)(?![a-z])"
)
_STAMP = re.compile(rf"(?<!\d)(?<!\d\d[-_. ]\d\d[-_. ]){_YEAR}(?P<s>[-_. ]?)(?P<m>\d\d)(?P=s)(?P<d>\d\d){_CLOCK}(?!\d)")
_YEAR_LAST = re.compile(rf"(?<!\d)(?P<a>\d\d)(?P<s>[-_. ]?)(?P<b>\d\d)(?P=s){_YEAR}{_CLOCK}(?!\d)")
_SPELT = (
    re.compile(rf"(?<!\d)(?P<d>\d\d?)[-_. ]*{_MONTH}[-_. ,]*{_YEAR}{_CLOCK}(?!\d)", re.IGNORECASE),
    re.compile(rf"(?<![a-z]){_MONTH}[-_. ]*(?P<d>\d\d?)[-_. ,]+{_YEAR}{_CLOCK}(?!\d)", re.IGNORECASE),
)
_MONTH_ALONE = (
    re.compile(rf"(?<!\d)(?<!\d\d[-_. ]\d\d[-_. ]){_YEAR}[-_. ](?P<m>\d\d)(?!\d)"),
    re.compile(rf"(?<!\d)(?P<m>\d\d)[-_.]{_YEAR}(?!\d)"),
    re.compile(rf"(?<![a-z]){_MONTH}[-_. ]*{_YEAR}(?!\d)", re.IGNORECASE),
)
FEW_STEPS_BACK = 10  # one in so many files at most: more is another order
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


def time_in_name(name: str, day_first: Mapping[str, bool] | None = None) -> str:
    """The date, with the time of day where there is one, in a file's name as ISO 8601; "" where there is none.

    Understood: ``2004.02.12.10.32.39``, ``pump_2024-01-31_0830.csv``, ``20240131T083000``, ``3 Feb 2025``,
    ``31.01.2025 08-30``, ``fan_2025-08.csv`` or ``Aug 2025`` (the first of the month), ``1706690000.npy`` (seconds
    since 1970). With the year last, what comes first is told by `day_first` for each separator; by default by dots, and
    by a number that is no month.
    """
    for match in _STAMP.finditer(name):
        if stamp := _stamp(match, int(match["m"]), int(match["d"])):
            return stamp
    for match in (one for pattern in _SPELT for one in pattern.finditer(name)):
        if stamp := _stamp(match, _month(match), int(match["d"])):
            return stamp
    known = day_first_in([name]) if day_first is None else day_first
    turned = list(_YEAR_LAST.finditer(name))
    for match in turned:
        if (first := known.get(match["s"])) is not None:
            day, month = (match["a"], match["b"]) if first else (match["b"], match["a"])
            if stamp := _stamp(match, int(month), int(day)):
                return stamp
    for match in () if turned else (one for pattern in _MONTH_ALONE for one in pattern.finditer(name)):
        if stamp := _stamp(match, _month(match), 1):
            return stamp
    epoch = _EPOCH.search(name)
    return datetime.fromtimestamp(int(epoch[1]), UTC).isoformat() if epoch else ""


def day_first_in(names: Iterable[str]) -> dict[str, bool]:
    """Per separator of dates with the year last, whether the day comes first; none where the names do not tell."""
    pairs: dict[str, list[tuple[int, int]]] = {}
    for name in names:
        for match in _YEAR_LAST.finditer(name):
            pairs.setdefault(match["s"], []).append((int(match["a"]), int(match["b"])))
    told = {}
    for separator, both in pairs.items():
        first, second = any(a > 12 for a, _ in both), any(b > 12 for _, b in both)
        if first != second or (not first and separator == "."):
            told[separator] = first or not second
    return told


def _month(match: re.Match[str]) -> int:
    told = match.groupdict()
    return int(told["m"]) if told.get("m") else 1 + _MONTHS.index(told["name"][:3].lower())


def _stamp(match: re.Match[str], month: int, day: int) -> str:
    """What a name tells as ISO 8601, "" for a day that is none; no zone is told."""
    told = match.groupdict()
    try:
        day_told = date(int(told["y"]), month, day)
        if told.get("H") is None:
            return day_told.isoformat()
        return datetime.combine(day_told, time(int(told["H"]), int(told["M"]), int(told["S"] or 0))).isoformat()
    except ValueError:
        return ""


def timeline(names: Sequence[str], started: Sequence[str]) -> Timeline:
    """The order and times of measurements, from what their files say (`started`, as in a Recording) and their names."""
    by_name = sorted(range(len(names)), key=lambda i: natural_key(names[i]))
    own = [text if _is_dated(text) else "" for text in started]
    turned = day_first_in(names)
    stamps = [clock or time_in_name(name, turned) for clock, name in zip(own, names, strict=True)]
    if stamps and all(stamps):
        source = "the files' own clocks" if all(own) else "the files' names" if not any(own) else "clocks and names"
        moments = [_moment(stamp) for stamp in stamps]
        order = sorted(by_name, key=lambda i: moments[i])
        back = sum(moments[b] < moments[a] for a, b in pairwise(by_name))
        if all(own) and 0 < back <= len(names) // FEW_STEPS_BACK and _numbered(names):
            return _set_back(by_name, stamps, moments, back)
        days = tuple((moments[i] - moments[order[0]]).total_seconds() / 86_400 for i in order)
        return Timeline(tuple(order), tuple(stamps[i] for i in order), days, source)
    if started and all(started) and not any(own):
        return _unwrapped(by_name, started)
    told = sum(map(bool, stamps))
    source = "the order of the files' names" + (f" ({told} of {len(names)} tell a date)" if told else "")
    if any(map(_YEAR_LAST.search, names)) and not told:
        source += " (whether day or month comes first they do not tell)"
    return Timeline(tuple(by_name), ("",) * len(names), (float("nan"),) * len(names), source)


def _numbered(names: Sequence[str]) -> bool:
    """Whether names differ by one number each, as a logger counts."""
    counted = [re.split(r"(\d+)(?=\D*$)", name) for name in names]
    return len({(c[0], c[2]) for c in counted if len(c) == 3}) == 1 and len({c[1] for c in counted}) == len(names)


def _set_back(order: Sequence[int], stamps: Sequence[str], moments: Sequence[datetime], back: int) -> Timeline:
    """Numbered files whose clock was set back (lost power, summer time): their numbers tell the order."""
    steps = [max(0.0, (moments[b] - moments[a]).total_seconds() / 86_400) for a, b in pairwise(order)]
    source = f"the order of the files' numbers (their clocks step back {'once' if back == 1 else f'{back} times'})"
    return Timeline(tuple(order), tuple(stamps[i] for i in order), tuple(accumulate(steps, initial=0.0)), source)


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
