"""A whole history: the states of each speed by themselves, what holds across them, and what they rest on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bearing.errors import ParameterError
from bearing.machines.limits.baseline import Baseline
from bearing.machines.limits.by_hand import HandLimits, over_set_limits
from bearing.machines.limits.rules import (
    ALARM,
    ALERT,
    FEWEST_LEARNED,
    NO_DATA,
    OK,
    RULES,
    STATES,
    STRIKES,
    WATCH,
    WORN,
    Array,
    Rule,
    in_db,
    learning_count,
    or_inf,
)
from bearing.machines.limits.states import IndicatorLimits, Judge

__all__ = ["HEARD_OF", "Assessment", "assess"]

BIN = 0.10
HEARD_IN, HEARD_OF = 4, 16  # strikes in so many of so many: it comes and goes
RARELY = 0.1  # of a baseline: chance
STILL_KNOWN = 8  # measurements at another speed for which what was said at this one holds


@dataclass(frozen=True)
class Assessment:
    """States of a history of n measurements.

    states : one of STATES per measurement. first : per state of watch, alert, alarm the first measurement in that state
    or a worse one, None if never. cause : the indicator that the last state rests on (or STRIKES, WORN), "" if
    ok. baseline : of the last speed bin, None while learning. limits : per indicator, of the last speed bin. rises :
    what was made of `cells`, the greatest rise over the baseline in dB per measurement.
    """

    states: tuple[str, ...]
    first: dict[str, int | None]
    cause: str
    causes: dict[str, str]
    baseline: Baseline | None
    limits: dict[str, IndicatorLimits]
    rises: dict[str, tuple[float, ...]] = field(default_factory=dict)
    by_hand: HandLimits = field(default_factory=dict)

    @property
    def state(self) -> str:
        """The state at the end."""
        return self.states[-1] if self.states else "no data"


def assess(
    values_db: Mapping[str, Array],
    lines_stand: Mapping[str, NDArray[np.bool_]] | None = None,
    striking: NDArray[np.bool_] | None = None,
    rpm: Array | None = None,
    baseline: tuple[int, int] | None = None,
    rules: Mapping[str, Rule] = RULES,
    cells: Mapping[str, NDArray[np.floating]] | None = None,
    limits_by_hand: HandLimits | None = None,
    rate_hz: Array | None = None,
    standing: NDArray[np.bool_] | None = None,
) -> Assessment:
    """States of a history.

    Parameters
    ----------
    values_db : mapping of name to array, shape (n,)
        Indicators in decibels (20 log10 of amplitudes and of the kurtosis), NaN where not known; needs ``rms``.
    lines_stand : mapping of name to bool array, shape (n,), optional
        Per line indicator, whether the fault's lines stand out in that recording by themselves.
    striking : bool array, shape (n,), optional
        Measurements in which something strikes: never part of a baseline.
    rpm : array, shape (n,), optional
        Shaft speed; measurements are compared with those of a similar one. NaN: unknown, a bin of its own.
    rate_hz : array, shape (n,), optional
        Sampling rate, likewise: another rate hears another band.
    standing : bool array, shape (n,), optional
        Measurements in which any part's lines stand: with `striking`, what comes and goes.
    baseline : (first, last), optional
        Measurements chosen by hand as the sound ones, both included.
    rules : mapping, optional
        Limits per indicator.
    cells : mapping of name to array, shape (n, cells), optional
        Levels in dB that are compared one by one with those of the baseline, NaN rows where not known; the indicator of
        that name is the greatest rise. Not looked at in a history of fewer than 96.
    limits_by_hand : mapping, optional
        Limits that hold whatever the baseline; of indicators in decibels in these, of others in their own unit.

    Raises
    ------
    ParameterError
        When the baseline chosen by hand lies outside the history or holds fewer than 4 measurements.
    """
    cells = cells if cells and learning_count(len(values_db["rms"])) >= 12 else {}
    names = [name for name in rules if name in values_db or name in cells]
    n = len(values_db["rms"])
    unknown = np.full(n, np.nan)
    values = np.array([values_db.get(name, unknown) for name in names], dtype=np.float64).reshape(len(names), n)
    if baseline is not None and not (baseline[0] >= 0 and baseline[0] + FEWEST_LEARNED - 1 <= baseline[1] < n):
        raise ParameterError(
            f"A baseline is at least {FEWEST_LEARNED} of the measurements 0 to {n - 1}, "
            f"got {baseline[0]} to {baseline[1]}."
        )
    stand = np.ones((len(names), n), bool)
    for row, name in enumerate(names):
        if rules[name].needs_lines:
            stand[row] = lines_stand[name] if lines_stand and name in lines_stand else False
    strikes = np.zeros(n, bool) if striking is None else np.asarray(striking, bool)
    bins = _bins(rpm, n) + (n + 1) * _bins(rate_hz, n)
    states = np.zeros(n, np.int64)
    causes = np.full(n, -1)
    judges: dict[int, Judge] = {}
    where = {b: np.flatnonzero(bins == b) for b in np.unique(bins)}
    for b, at in where.items():
        by_hand = None
        if baseline is not None:
            inside = np.flatnonzero((at >= baseline[0]) & (at <= baseline[1]))
            by_hand = (int(inside[0]), int(inside[-1])) if len(inside) >= FEWEST_LEARNED else None
        here = {names.index(name): many[at] for name, many in cells.items() if name in names}
        judge = judges[b] = Judge(names, rules, values[:, at], stand[:, at], strikes[at], n, by_hand, here)
        judge.run()
        values[:, at] = judge.past.values
        states[at], causes[at] = judge.states, judge.causes
    states, causes = _carried_over(states, causes, bins)
    for name, pair in (limits_by_hand or {}).items():
        if name in names:
            over = over_set_limits(values[names.index(name)], [in_db(name, level) for level in pair], n)
            causes = np.where(over > states, names.index(name), causes)
            states = np.maximum(states, over)
    last = judges[int(bins[-1])] if n else None
    base = None if last is None else last.past.baseline(where[int(bins[-1])])
    heard = strikes if standing is None else strikes | standing
    struck = _struck(np.where(np.isfinite(values_db["rms"]), strikes, np.nan), heard, base)
    causes, states = np.where(struck > states, len(names), causes), np.maximum(states, struck)
    most_db = or_inf(rules["rms"].alarm_db)
    if last is not None and base is not None and base.above_db >= most_db:
        at, worn = where[int(bins[-1])], np.zeros(n, np.int64)
        quietest_db = float(last.past.level[names.index("rms")]) - base.above_db
        worn[at] = np.minimum(over_set_limits(values_db["rms"][at], [quietest_db + most_db, math.nan], n), WATCH)
        causes, states = np.where(worn > states, len(names) + 1, causes), np.maximum(states, worn)
    told = [*names, STRIKES, WORN]
    return Assessment(
        states=tuple(STATES[s] for s in states),
        first={name: _first(states >= level) for level, name in enumerate(STATES) if level >= WATCH},
        cause=told[causes[-1]] if n and causes[-1] >= 0 else "",
        causes={
            STATES[level]: told[causes[i]] if (i := _first(states >= level)) is not None and causes[i] >= 0 else ""
            for level in (WATCH, ALERT, ALARM)
        },
        baseline=base,
        limits={} if last is None else last.limits(where[int(bins[-1])]),
        rises={name: tuple(values[row].tolist()) for row, name in enumerate(names) if name in cells},
        by_hand=dict(limits_by_hand or {}),
    )


def _struck(strikes: Array, heard: NDArray[np.bool_], base: Baseline | None) -> NDArray[np.int64]:
    """States (n,) by what strikes (1, 0, NaN unknown; it persists) and what is heard (it comes and goes); more where
    the baseline is without."""
    n = len(strikes)
    persists = over_set_limits(np.where(strikes == 0, -99.0, strikes), [1.0, math.nan], n) > NO_DATA
    if base is None or heard[base.first : base.last + 1].mean() > RARELY:
        return np.where(persists, WATCH, NO_DATA)
    counts, often = np.convolve(heard, np.ones(HEARD_OF, np.int64))[:n], np.zeros(n, bool)
    for i, count in enumerate(counts):
        often[i] = count >= HEARD_IN or (i > 0 and often[i - 1] and 2 * count >= HEARD_IN)
    return np.where(persists, ALERT, np.where(often, WATCH, NO_DATA))


def _first(which: NDArray[np.bool_]) -> int | None:
    return int(which.argmax()) if which.any() else None


def _bins(values: Array | None, n: int) -> NDArray[np.int64]:
    """A bin per measurement: speeds, or rates, within 10 % of the first of their bin; -1 unknown."""
    bins = np.full(n, -1, np.int64)
    if values is None:
        return bins
    centres: list[float] = []
    for i, speed in enumerate(values):
        if not np.isfinite(speed):
            continue
        near = [b for b, centre in enumerate(centres) if abs(speed / centre - 1) <= BIN]
        if not near:
            centres.append(float(speed))
            near = [len(centres) - 1]
        bins[i] = min(near, key=lambda b: abs(speed / centres[b] - 1))
    return bins


def _carried_over(
    states: NDArray[np.int64], causes: NDArray[np.int64], bins: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A machine does not heal by turning at another speed: what the last few measurements at another one said holds.

    While a new bin is being learned the last state stands; that it was sound says something of a few measurements only.
    """
    held, why, since = states.copy(), causes.copy(), 0
    last: dict[int, int] = {}  # of each bin its last measurement
    for i, b in enumerate(bins):
        if states[i] == NO_DATA:
            since += 1
            if i and (held[i - 1] > OK or (held[i - 1] == OK and since <= STILL_KNOWN)):
                held[i], why[i] = held[i - 1], why[i - 1]
            continue
        since, last[int(b)] = 0, i
        worst = max((at for at in last.values() if i - at <= STILL_KNOWN), key=lambda at: (states[at], at))
        if states[worst] > states[i]:
            held[i], why[i] = states[worst], causes[worst]
    return held, why
