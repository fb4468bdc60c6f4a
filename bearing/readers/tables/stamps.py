"""Dates and times of day as people and instruments write them -> seconds.

ISO 8601, day first or month first, two-digit years, month names, AM and PM, fractions after a colon, with or without a
zone, minutes and seconds alone, weekdays, brackets, spans of time. Only differences of
stamps are ever used, so where day and month cannot be told apart nothing hangs on it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bearing.recording import FloatArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["is_stamp", "seconds_of_stamps", "seconds_of_texts"]

_MONTHS = {
    name: number
    for names, number in (
        ("jan januar janvier ene enero gen", 1), ("feb februar février fev févr", 2), ("mar mär märz mrz marzo", 3),
        ("apr april avr avril abr", 4), ("may mai mayo mag", 5), ("jun june juni juin giu", 6),
        ("jul july juli juil juillet lug", 7), ("aug august août aou ago", 8), ("sep sept september set", 9),
        ("oct okt october oktober ott", 10), ("nov november noviembre", 11), ("dec dez december dezember déc dic", 12),
    )
    for name in names.split()
}  # fmt: skip
_DATE = (
    r"(?:(?P<y1>\d{4})[-/.](?P<m1>\d{1,2}|[^\W\d_]{3,9})[-/.](?P<d1>\d{1,2})"
    r"|(?P<a2>\d{1,2})[-/.](?P<b2>\d{1,2})[-/.](?P<y2>\d{4}|\d{2})"
    r"|(?P<d3>\d{1,2})[-/. ]{1,2}(?P<m3>[^\W\d_]{3,9})\.?[-/. ](?P<y3>\d{4}|\d{2})"
    r"|(?P<m4>[^\W\d_]{3,9})\.? (?P<d4>\d{1,2}),? (?P<y4>\d{4})"
    r"|(?P<y5>\d{4})(?P<m5>\d{2})(?P<d5>\d{2})(?=[T_ ]\d))"
)
_TIME = (
    r"(?P<minute6>\d{1,2}):(?P<second6>\d{2})[.,](?P<fraction6>\d{1,9})\d*"
    r"|(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,:](?P<fraction>\d{1,9})\d*)?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
)
_ZONE = r"(?: ?(?:Z|[A-Z]{2,3}T|UTC|[+-]\d\d(?::?\d\d)?))?"
_STAMP = re.compile(rf"(?:{_DATE}(?:[T_ ,]|, | - |\s+)?)?(?:(?<!\d)(?:{_TIME}){_ZONE})?")
_DAY_S = 86_400.0
# Other ways to write the same, each told by a look at one cell and brought into the forms above.
_REWRITTEN = tuple(
    (re.compile(pattern, re.IGNORECASE), new)
    for pattern, new in (
        (r"\[[a-z]+/[a-z_/]+\]$", ""),  # a zone's name
        (r"(?<=\d) (\d{1,2})\.(\d\d)\.(\d\d)(?=[., ]|$)", r" \1:\2:\3"),  # Oracle's time of day
        (r"^[\['(]+|[\]')]+$", ""),
        (r"^[^\W\d]{2,10}\.?,? (?=\d{1,2}[-/. ]|[^\W\d]{3,9} +\d)", ""),  # a weekday
        (r"^([^\W\d]{3,9}) +(\d{1,2}) (\d{1,2}:\d\d:\d\d\S*) (\d{4})$", r"\2 \1 \4 \3"),  # C's asctime
        (r"^(\d{4}) ?年 ?(\d{1,2}) ?月 ?(\d{1,2}) ?日 ?", r"\1-\2-\3 "),
        (r"(\d{1,2}) ?[时時点] ?(\d{1,2}) ?分 ?(\d{1,2}(?:\.\d+)?) ?秒?", r"\1:\2:\3"),
        (r"^(\d{4})-?(\d\d)-?(\d\d)[T_ -](\d\d)[-.:]?(\d\d)[-.:]?(\d\d)(?=\D|$)", r"\1-\2-\3T\4:\5:\6"),
        (r"^0 days? ", ""),
    )
)


def is_stamp(text: str) -> bool:
    """Whether a field is a date, a time of day, or both."""
    text = text.strip()
    if not text or text.isdigit() or len(text) > 60 or not re.search(r"\d\D+\d", text):
        return False
    return bool(_STAMP.fullmatch(text) or _STAMP.fullmatch(_rewritten(text)))


def _rewritten(text: str) -> str:
    for pattern, new in _REWRITTEN:
        text = pattern.sub(new, text)
    return text


def seconds_of_texts(texts: Sequence[str]) -> FloatArray | None:
    """Seconds of a column of stamps; None when most of it are none."""
    import pandas as pd

    filled = [text for text in texts[:20] if text]
    if not filled or not all(is_stamp(text) for text in filled):
        return None
    return seconds_of_stamps(pd.Series(texts, dtype="string"), None)[0]


def seconds_of_stamps(text: pd.Series, origin: float | None) -> tuple[FloatArray, float | None]:
    """Seconds from the first day (dates) or from midnight (times of day), NaN where a cell is no stamp.

    Parameters
    ----------
    text : Series of str, shape (n,)
        Stripped cells.
    origin : float or None
        The first day, as a number of days, when an earlier piece of the same column has set it.

    Returns
    -------
    seconds : array, shape (n,)
    origin : float or None
        To be passed with the next piece.
    """
    import pandas as pd

    filled = text.dropna()
    first = str(filled.iloc[0]) if len(filled) else ""
    if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?", first):
        # The usual case has a fast parser of its own; what it cannot take goes the long way.
        plain = text.str.replace(",", ".", regex=False) if "," in first else text
        stamps = pd.to_datetime(plain, errors="coerce", utc=True, format="ISO8601")
        if stamps.notna().sum() >= 0.9 * len(filled):
            nanoseconds = stamps.dt.tz_localize(None).to_numpy().astype("datetime64[ns]")
            days = nanoseconds.astype("datetime64[D]")
            within = (nanoseconds - days).astype(np.int64) * 1e-9
            number = np.where(np.isnat(days), np.nan, days.astype(np.int64).astype(np.float64))
            return _from_origin(number, within, origin)
    if not _STAMP.fullmatch(first):
        for pattern, new in _REWRITTEN:
            if pattern.search(first):
                first, text = pattern.sub(new, first), text.str.replace(pattern, new, regex=True)
    parts = text.str.extract(_STAMP)
    return _from_origin(_days(parts), _seconds_of_day(parts), origin)


def _from_origin(days: FloatArray, seconds: FloatArray, origin: float | None) -> tuple[FloatArray, float | None]:
    if origin is None and np.isfinite(days).any():
        origin = float(np.nanmin(days))
    if origin is None:
        return seconds, None
    return (days - origin) * _DAY_S + seconds, origin


def _days(parts: pd.DataFrame) -> FloatArray:
    """Days since 1970 of the dates; all zero where the column has times of day only."""
    import pandas as pd

    names = ("y1", "m1", "d1", "a2", "b2", "y2", "d3", "m3", "y3", "m4", "d4", "y4", "y5", "m5", "d5")
    dates = parts[list(names)]
    if dates.isna().all(axis=None):
        return np.where(parts["hour"].isna() & parts["minute6"].isna(), np.nan, 0.0)
    # Few different dates stand in a recording: each is worked out once.
    key = dates.fillna("").agg("|".join, axis=1) if len(dates) < 1_000 else _joined(dates)
    codes, uniques = pd.factorize(key)
    number = np.array([_day_number(str(one).split("|"), _day_first(uniques)) for one in uniques])
    return np.asarray(number[codes], np.float64)


def _joined(dates: pd.DataFrame) -> pd.Series:
    joined = dates.iloc[:, 0].fillna("")
    for name in dates.columns[1:]:
        joined = joined + "|" + dates[name].fillna("")
    return joined


def _day_first(uniques: Sequence[object]) -> bool:
    """False only where the second part of some date cannot be a month."""
    return not any(int(parts[4]) > 12 for parts in (str(one).split("|") for one in uniques) if parts[4])


def _day_number(parts: Sequence[str], day_first: bool) -> float:
    y1, m1, d1, a2, b2, y2, d3, m3, y3, m4, d4, y4, y5, m5, d5 = parts
    day, month, year = d1 or d3 or d4 or d5, m1 or m3 or m4 or m5, y1 or y2 or y3 or y4 or y5
    if a2:
        day, month = (a2, b2) if day_first else (b2, a2)
    if not (day and month and year):
        return float("nan")
    number = int(month) if month.isdecimal() else _MONTHS.get(month.lower(), _MONTHS.get(month.lower()[:3], 0))
    try:
        whole = int(year) + (2000 if len(year) == 2 else 0)
        return float(np.datetime64(f"{whole:04d}-{number:02d}-{int(day):02d}", "D").astype(np.int64))
    except ValueError:
        return float("nan")


def _seconds_of_day(parts: pd.DataFrame) -> FloatArray:
    def number(name: str) -> FloatArray:
        return np.asarray(parts[name].astype("string").fillna("0").to_numpy(dtype=np.float64, na_value=0.0))

    hour = number("hour")
    half = parts["half"].astype("string").str.lower().fillna("").to_numpy()
    hour = np.where(half == "p", hour % 12 + 12, np.where(half == "a", hour % 12, hour))
    fraction = parts["fraction"].astype("string").fillna(parts["fraction6"].astype("string")).fillna("0")
    digits = fraction.str.len().to_numpy(dtype=np.float64)
    below = fraction.to_numpy(dtype=np.float64, na_value=0.0) / 10.0**digits
    minute, second = number("minute") + number("minute6"), number("second") + number("second6")
    seconds = hour * 3600 + minute * 60 + second + below
    none = parts[["hour", "minute6", "y1", "a2", "d3", "m4", "y5"]].isna().all(axis=1).to_numpy()
    return np.where(none, np.nan, seconds)
