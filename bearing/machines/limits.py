"""What changed: the machine's own baseline, limits over it, and the state they put it in. Arrays only.

A machine is judged against its own past. For every measurement, from the first to the last and with nothing that came
later than it except how long the history is (which sets how long is learned):

* **Baseline**: the quietest stretch so far (lowest median RMS of any stretch of a fifth of the history). Machines run
  in: their level falls for hours, and the stretch moves along with it. It moves only while the state is ok, and never
  onto measurements in which something strikes: what has changed cannot become the new normal.
* **Limits**: median of the stretch plus the larger of a change that matters in practice (for an RMS 3 dB, a factor 1.4,
  and 6 dB, a factor 2; ISO 13373-1:2002 annex and ISO 20816-1:2016 clause 6.4 judge change likewise, relative to a
  reference and by its size) and 4 or 5 standard deviations (robust, 1.4826 MAD, drift within the sound time included).
* **New**: a level (RMS, velocity, peak) that the machine had when it was new, as it came down in running in, is alerted
  but no alarm when it returns: that lies 3 dB over the first measurements, up to 12 dB over the baseline.
* **Usual**: what RMS and velocity reached in a tenth of the sound time and came down from again (another load) is no
  change: their limits lie over that.
* **Jumps**: a level that jumps while nothing else changes (no kurtosis, no line, no rhythm is over its limit) may be
  another load or a sensor put on anew: an alert, and an alarm only 3 dB (of an RMS) over the usual limit.
* **Persistence**: outliers change nothing. A limit counts when 2 of 3 measurements in a row are over it, 3 of 4 in a
  history of 96 or more, 4 of 5 in one of 240 or more, in which more of them meet by chance. An end comes fast: where so
  many are over the limit of alert, two in a row over that of alarm are enough for one (of levels compared cell by cell,
  which are medians of several measurements already, they are not).
* **Hysteresis**: a state is left when `HOLD` measurements in a row lie below three quarters of its limit.
* **Lines**: in histories of 96 or more the levels of each part (and of every comb, whoever's) are compared cell by
  cell, band and slip, with those of the baseline, and the greatest rise counts: a line that stood from the first day is
  the machine's own. The median of the last 3 or 5 measurements is compared, which steadies the level to a third of a
  decibel, where that of one recording wanders by two thirds, and which one burst leaves alone. In shorter histories
  a few measurements do not tell so many levels apart.
* **Set by hand** (a zone of a standard, a customer's limit): beside all that, an indicator is over such a limit
  whatever its baseline and speed, with the same persistence and hysteresis.
* **Speed**: measurements are compared only with those at a similar speed and sampling rate (bins of 10 %); what was
  said in one bin holds for the next few measurements in others.
* **Striking**: while something strikes (with that persistence) the state is at least `watch`, whatever the baseline,
  which may have been worn. It is `alert` where next to nothing struck in the baseline; there it is `watch`, too, when
  something strikes or lines stand now and then, in 4 of 16.
* **Worn**: where a baseline chosen by hand stands 6 dB over the machine's quietest time, what does so, too, is `watch`.
* **Onset**: a one-sided CUSUM (E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954) 100-115) on the same
  rises. Its crossing makes `watch`; where it last stood at zero is the estimated onset.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bearing.checks import check_number
from bearing.errors import ParameterError
from bearing.signal.severity import severity

__all__ = [
    "DEPTH",
    "HEARD_OF",
    "LOADS",
    "RULES",
    "STATES",
    "STRIKES",
    "WORN",
    "Assessment",
    "Baseline",
    "HandLimits",
    "IndicatorLimits",
    "Rule",
    "assess",
    "in_db",
    "learning_count",
    "limits_of",
    "with_zones",
]

Array = NDArray[np.float64]

STATES = ("no data", "ok", "watch", "alert", "alarm")
NO_DATA, OK, WATCH, ALERT, ALARM = range(5)

DEPTH = "comb_depth_db"
STRIKES, WORN = (
    "strikes",
    "worn",
)  # causes that are no indicator: what strikes; a baseline by hand that was no sound time
ALERT_SIGMAS, ALARM_SIGMAS = 4.0, 5.0
RELEASE = 0.75
RELEASE_DB = 20 * math.log10(RELEASE)
HOLD = 8
STRETCH_SHARE = 5  # the baseline is a fifth of the history so far
LONGEST_STRETCH = 200
FEWEST_LEARNED, MOST_LEARNED = 4, 30
BIN = 0.10
CUSUM_SLACK, CUSUM_LIMIT, CUSUM_STEP = 0.35, 3.0, 1.0  # in units of the alert limit
MAD_TO_SIGMA = 1.4826
LOADS = ("rms", "velocity_rms")
LEVELS, MOST_OVER_NEW_DB = ("rms", "velocity_rms", "peak"), 12.0
LOOK_EVERY, LOOK_LATEST = 4, 8  # measurements from one choice of the baseline to the next
HEARD_IN, HEARD_OF = 4, 16  # strikes in so many of so many: it comes and goes
RARELY = 0.1  # of a baseline: chance
STILL_KNOWN = 8  # measurements at another speed for which what was said at this one holds
USUAL_SHARE, BACK = 0.1, 0.25  # of the sound time; of the alert's change, in two measurements in a row
PRIOR_COUNT = 4.0  # a short baseline's spread is mixed with what is usual


@dataclass(frozen=True)
class Rule:
    """How one indicator is judged. `alert_db`, `alarm_db`: the least change that matters, in dB over the baseline
    (None: never that state by itself). `usual_db`, `most_db`: standard deviation of a sound machine, typical and most.
    `needs_lines`: counts for an alarm only while the fault's lines stand out in the recording itself."""

    alert_db: float
    alarm_db: float | None
    usual_db: float
    most_db: float
    needs_lines: bool = False


RULES: dict[str, Rule] = {
    "rms": Rule(3.0, 6.0, 0.5, 1.5),
    "velocity_rms": Rule(4.0, 8.0, 0.7, 2.0),
    "peak": Rule(6.0, None, 1.0, 3.0),
    "kurtosis": Rule(5.0, None, 0.5, 3.0),
    "line_outer_db": Rule(3.0, 4.5, 0.8, 2.0, needs_lines=True),
    "line_inner_db": Rule(3.0, 4.5, 0.8, 2.0, needs_lines=True),
    "line_ball_db": Rule(3.0, 4.5, 0.8, 2.0, needs_lines=True),
    "rise_outer_db": Rule(2.0, 3.0, 0.3, 1.5, needs_lines=True),
    "rise_inner_db": Rule(2.0, 3.0, 0.3, 1.5, needs_lines=True),
    "rise_ball_db": Rule(2.0, 3.0, 0.3, 1.5, needs_lines=True),
    "rise_comb_db": Rule(2.0, 4.0, 0.3, 1.5),
    DEPTH: Rule(4.0, 8.0, 0.5, 2.0),
}


# indicator -> alert and alarm set by hand, in its own unit; either may be None
HandLimits = Mapping[str, tuple[float | None, float | None]]


@dataclass(frozen=True)
class Baseline:
    """Measurements `first` to `last` (both included, counted from 0); `count` of them were used.

    What tells a worn stretch: `striking` of them strike, and its RMS stands `above_db` over the quietest one so far.
    """

    first: int
    last: int
    count: int
    chosen: str  # "automatic" or "by hand"
    striking: int = 0
    above_db: float = 0.0


@dataclass(frozen=True)
class IndicatorLimits:
    """One indicator against its baseline at the end of the history, in the indicator's own dB.

    `onset` is the measurement from which it has been rising, None while it has not.
    """

    baseline_db: float
    sigma_db: float
    alert_db: float
    alarm_db: float | None
    state: str
    onset: int | None


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


def learning_count(measurements: int) -> int:
    """How many measurements are learned from before anything is judged: an eighth, at least 4 and at most 30."""
    return int(np.clip(measurements // 8, FEWEST_LEARNED, MOST_LEARNED))


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
    judges: dict[int, _Judge] = {}
    where = {b: np.flatnonzero(bins == b) for b in np.unique(bins)}
    for b, at in where.items():
        by_hand = None
        if baseline is not None:
            inside = np.flatnonzero((at >= baseline[0]) & (at <= baseline[1]))
            by_hand = (int(inside[0]), int(inside[-1])) if len(inside) >= FEWEST_LEARNED else None
        here = {names.index(name): many[at] for name, many in cells.items() if name in names}
        judge = judges[b] = _Judge(names, rules, values[:, at], stand[:, at], strikes[at], n, by_hand, here)
        judge.run()
        values[:, at] = judge.values
        states[at], causes[at] = judge.states, judge.causes
    states, causes = _carried_over(states, causes, bins)
    for name, pair in (limits_by_hand or {}).items():
        if name in names:
            over = _over_set_limits(values[names.index(name)], [in_db(name, level) for level in pair], n)
            causes = np.where(over > states, names.index(name), causes)
            states = np.maximum(states, over)
    last = judges[int(bins[-1])] if n else None
    base = None if last is None else last.baseline_of(where[int(bins[-1])])
    heard = strikes if standing is None else strikes | standing
    struck = _struck(np.where(np.isfinite(values_db["rms"]), strikes, np.nan), heard, base)
    causes, states = np.where(struck > states, len(names), causes), np.maximum(states, struck)
    most_db = _or_inf(rules["rms"].alarm_db)
    if last is not None and base is not None and base.above_db >= most_db:
        at, worn = where[int(bins[-1])], np.zeros(n, np.int64)
        quietest_db = float(last.level[names.index("rms")]) - base.above_db
        worn[at] = np.minimum(_over_set_limits(values_db["rms"][at], [quietest_db + most_db, math.nan], n), WATCH)
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


def in_db(name: str, value: float | None) -> float:
    """Decibels of an indicator's own value; NaN where it is not known."""
    if value is None or not math.isfinite(value):
        return math.nan
    return value if name.endswith("_db") else 20 * math.log10(max(value, 1e-30))


def _over_set_limits(values_db: Array, limits_db: Sequence[float], history: int) -> NDArray[np.int64]:
    """States (n,) by limits for alert and alarm (NaN: none), with persistence and hysteresis; unknown ones hold."""
    enough, hold = _persistence(learning_count(history))
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


def _struck(strikes: Array, heard: NDArray[np.bool_], base: Baseline | None) -> NDArray[np.int64]:
    """States (n,) by what strikes (1, 0, NaN unknown; it persists) and what is heard (it comes and goes); more where
    the baseline is without."""
    n = len(strikes)
    persists = _over_set_limits(np.where(strikes == 0, -99.0, strikes), [1.0, math.nan], n) > NO_DATA
    if base is None or heard[base.first : base.last + 1].mean() > RARELY:
        return np.where(persists, WATCH, NO_DATA)
    counts, often = np.convolve(heard, np.ones(HEARD_OF, np.int64))[:n], np.zeros(n, bool)
    for i, count in enumerate(counts):
        often[i] = count >= HEARD_IN or (i > 0 and often[i - 1] and 2 * count >= HEARD_IN)
    return np.where(persists, ALERT, np.where(often, WATCH, NO_DATA))


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


def _persistence(learned: int) -> tuple[int, int]:
    """How many measurements of one more in a row are to be over a limit, and below it in a row for it to be left."""
    enough = 2 if learned < 12 else 3 if learned < MOST_LEARNED else 4
    return enough, 3 if learned < 12 else HOLD


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


class _Judge:
    """Goes through the measurements at one speed in order; everything it knows at one of them came before it."""

    def __init__(
        self,
        names: Sequence[str],
        rules: Mapping[str, Rule],
        values: Array,
        stand: NDArray[np.bool_],
        strikes: NDArray[np.bool_],
        history: int,
        by_hand: tuple[int, int] | None,
        cells: Mapping[int, NDArray[np.floating]],
    ) -> None:
        self.values, self.stand = values.copy(), stand
        self.names = names
        self.rms = values[list(names).index("rms")]
        self.n = values.shape[1]
        self.usable = np.isfinite(self.rms)
        self.strikes = strikes
        self.learn = learning_count(history)
        self.by_hand = by_hand
        self.enough, self.hold = _persistence(self.learn)
        self.window = self.enough + 1
        self.cells = {row: (many, _steadied(many, 2 * self.enough - 3)) for row, many in cells.items()}
        self.least_alert = np.array([rules[name].alert_db for name in names])
        self.least_alarm = np.array([_or_inf(rules[name].alarm_db) for name in names])
        self.usual = np.array([rules[name].usual_db for name in names])
        self.most = np.array([rules[name].most_db for name in names])
        self.rows = range(len(names))
        self.levels = np.isin(names, LEVELS)
        self.loads = np.isin(names, LOADS)
        self.came_to = np.full(len(names), np.nan)  # what a level stood at when it passed the limit of alert
        self.new = _nanmedian(values[:, np.flatnonzero(self.usable)[: self.learn]])
        self.states = np.zeros(self.n, np.int64)
        self.causes = np.full(self.n, -1)
        self.stretch: tuple[int, int] | None = None
        self.count = 0
        self.struck_from_first = False
        self.learned, self.compared = np.zeros(0, np.int64), 0
        self.own: dict[int, NDArray[np.float32]] = {}
        self.level, self.sigma, self.alert, self.alarm = (np.full(len(names), np.nan) for _ in range(4))
        self.current = np.full(len(names), OK)
        self.calm: list[tuple[int, int]] = [(0, 0)] * len(names)
        self.cusum = np.zeros(len(names))
        self.zero = np.zeros(len(names), np.int64)
        self.over = np.zeros((2, len(names), self.n), bool)

    def run(self) -> None:
        if self.by_hand:
            self._learn(*self.by_hand, known=np.arange(self.by_hand[0], self.by_hand[1] + 1))
        start = 0 if self.by_hand else self.learn
        while start < self.n:
            if self.by_hand is None and (self.stretch is None or bool((self.current == OK).all())):
                self._choose(start)
            stop = min(self.n, start + max(LOOK_EVERY, min(LOOK_LATEST, self.n // 12), start // 10))
            if self.stretch is not None:
                self._judge(start, stop)
            start = stop

    def _choose(self, end: int) -> None:
        """The quietest stretch of what lies before `end`, if enough of it is known and still."""
        fit = self.usable & ~self.strikes
        if self.stretch is None:
            self.struck_from_first = bool(fit[:end].sum() < max(FEWEST_LEARNED, end // 2))
        if self.struck_from_first:
            fit = self.usable  # compare with that
        fit = fit & (self.states <= OK)
        known = np.flatnonzero(fit[:end])
        length = int(np.clip(len(known) // STRETCH_SHARE, self.learn, LONGEST_STRETCH))
        if len(known) < length:
            return
        stretches = np.lib.stride_tricks.sliding_window_view(self.rms[known], length)
        quietest = int(np.median(stretches, axis=1).argmin())
        self._learn(int(known[quietest]), int(known[quietest + length - 1]), known)

    def _learn(self, first: int, last: int, known: NDArray[np.int64]) -> None:
        """Level from the stretch; spread from the stretch and from the sound time since, so that drift is no change."""
        at = known[(known >= first) & (known <= last)]
        self.stretch, self.count = (first, last), len(at)
        if not np.array_equal(at, self.learned):
            self.learned, self.compared = at, 0
            self.own = {row: _nanmedian(single[at].T).astype(np.float32) for row, (single, _) in self.cells.items()}
        self._compare(int(known[-1]) + 1)
        self.level = _nanmedian(self.values[:, at])
        inside = MAD_TO_SIGMA * _nanmedian(np.abs(self.values[:, at] - self.level[:, None]))
        drift = MAD_TO_SIGMA * _nanmedian(np.abs(self.values[:, known[known >= first]] - self.level[:, None]))
        seen = np.fmax(np.fmax(inside, drift), 0.0)
        mixed = np.sqrt((len(at) * seen**2 + PRIOR_COUNT * self.usual**2) / (len(at) + PRIOR_COUNT))
        self.sigma = np.minimum(mixed, self.most)
        over_usual = self._usual(known[known >= first]) - self.least_alert / 2
        self.alert = np.maximum(self.least_alert + np.maximum(over_usual, 0), ALERT_SIGMAS * self.sigma)
        self.alarm = np.maximum(self.least_alarm + np.maximum(over_usual, 0), ALARM_SIGMAS * self.sigma)
        if not self.by_hand:
            over_new = np.minimum(self.new + self.least_alert - self.level, MOST_OVER_NEW_DB)
            self.alarm = np.where(self.levels, np.fmax(self.alarm, over_new), self.alarm)

    def _usual(self, sound: NDArray[np.int64]) -> Array:
        """Per indicator, how far over its baseline it came and went in the sound time; 0 of what never came back."""
        over = self.values[:, sound] - self.level[:, None]
        back = over <= BACK * self.least_alert[:, None]
        back[:, 1:] &= back[:, :-1]
        usual = np.zeros(len(over))
        for row in np.flatnonzero(self.loads & back[:, 1:].any(axis=1)):
            until = len(sound) - int(back[row, ::-1].argmax())
            usual[row] = np.clip(np.nanquantile(over[row, :until], 1 - USUAL_SHARE), 0, MOST_OVER_NEW_DB)
        return usual

    def _compare(self, stop: int) -> None:
        """Cells of the measurements before `stop` with those of the baseline, as far as that has not been done."""
        here = slice(self.compared, stop)
        for row, (_, steadied) in self.cells.items():
            self.values[row, here] = _greatest(steadied[here] - self.own[row])
        self.compared = max(stop, self.compared)

    def _judge(self, start: int, stop: int) -> None:
        """States of the measurements `start` to `stop`, one baseline for all of them."""
        here = slice(start, stop)
        self._compare(stop)
        rise = self.values[:, here] - self.level[:, None]
        rise[~np.isfinite(rise)] = np.nan
        share = np.stack([rise / self.alert[:, None], np.where(self.stand[:, here], rise / self.alarm[:, None], 0.0)])
        self.over[:, :, here] = np.nan_to_num(share) >= 1
        before = max(0, start - self.window + 1)
        padded = np.zeros((2, len(self.names), stop - start + self.window - 1), np.int64)
        padded[:, :, self.window - 1 - (start - before) :] = self.over[:, :, before:stop]
        windows = np.lib.stride_tricks.sliding_window_view(padded, self.window, axis=2)
        over = windows.sum(axis=-1) >= self.enough
        fast = over[0] & windows[1, :, :, -1].astype(bool) & windows[1, :, :, -2].astype(bool)
        over[1] |= fast & ~np.isin(np.arange(len(self.names)), list(self.cells))[:, None]
        level = np.where(over[1], ALARM, np.where(over[0], ALERT, OK))
        states = np.zeros_like(level)
        for row in sorted(self.rows, key=lambda row: self.levels[row]):  # whether others changed is known by then
            if self.levels[row]:
                others: NDArray[np.bool_] = np.any(states[~self.levels] >= ALERT, axis=0)
                level[row] = self._without_jumps(row, start, level[row], others)
            states[row] = self._scan(row, start, share[:, row].tolist(), level[row].tolist())
        worst = states.max(axis=0)
        tells = np.where(np.array(self.names) == DEPTH, 0.0, 1.0)[:, None]  # whatever tells more comes first
        cause = np.where(states == worst, tells * np.nan_to_num(share[0], nan=-1.0), -2.0).argmax(axis=0)
        self.states[here], self.causes[here] = worst, np.where(worst > OK, cause, -1)
        missing = np.flatnonzero(~self.usable[here]) + start
        for i in missing:  # nothing measured, nothing changed
            self.states[i], self.causes[i] = (self.states[i - 1], self.causes[i - 1]) if i else (NO_DATA, -1)

    def _without_jumps(
        self, row: int, start: int, level: NDArray[np.int64], others: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Levels of one indicator: alert in place of alarm where it jumped there, nothing else (`others`) changes, and
        it stands no higher yet."""
        if (level == OK).all() and math.isnan(self.came_to[row]):
            return level
        held, level_db = level.copy(), float(self.level[row])
        most = max(float(self.alarm[row]), float(self.least_alarm[row] + self.least_alert[row]))
        half = float(self.alert[row] + self.alarm[row]) / 2
        for k in np.flatnonzero(np.isfinite(self.values[row, start : start + len(level)])):
            recent = self.values[row, max(0, start + k - self.enough) : start + k + 1] - level_db
            recent = recent[np.isfinite(recent)]
            if level[k] > OK and math.isnan(self.came_to[row]):
                self.came_to[row] = np.median(recent)
            elif level[k] == OK and recent[-1] < RELEASE * self.alert[row]:
                self.came_to[row] = math.nan
            if level[k] == ALARM and not others[k] and self.came_to[row] >= half and recent[-2:].mean() < most:
                held[k] = ALERT
        return held

    def _scan(self, row: int, start: int, share: list[list[float]], level: list[int]) -> list[int]:
        """One indicator's states: persistence has been asked (`level`), here come CUSUM and hysteresis."""
        current, (calm_alert, calm_alarm) = int(self.current[row]), self.calm[row]
        total, zero, states = float(self.cusum[row]), int(self.zero[row]), []
        for i, (alert, alarm, up) in enumerate(zip(*share, level, strict=True), start):
            if alert == alert:  # a NaN changes nothing
                step = max(-CUSUM_STEP, min(CUSUM_STEP, alert)) - CUSUM_SLACK
                total = max(0.0, min(2 * CUSUM_LIMIT, total + step))
                if total <= 0:
                    zero = i + 1
                calm_alert = calm_alert + 1 if alert < RELEASE else 0
                calm_alarm = calm_alarm + 1 if alarm < RELEASE else 0
                if current == ALARM and calm_alarm >= self.hold:
                    current = ALERT
                if current == ALERT and calm_alert >= self.hold:
                    current = WATCH
                if current == WATCH and total <= 0:
                    current = OK
                current = max(current, up, WATCH if total > CUSUM_LIMIT else OK)
            states.append(current)
        self.current[row], self.calm[row] = current, (calm_alert, calm_alarm)
        self.cusum[row], self.zero[row] = total, zero
        return states

    def baseline_of(self, at: NDArray[np.int64]) -> Baseline | None:
        if self.stretch is None:
            return None
        first, last = self.stretch
        known = np.flatnonzero(self.usable)
        inside = known[(known >= first) & (known <= last)]
        above_db = 0.0
        if self.by_hand and len(inside):
            least = np.lib.stride_tricks.sliding_window_view(self.rms[known], min(len(inside), self.learn))
            above_db = float(np.median(self.rms[inside]) - np.median(least, axis=1).min())
        how = "by hand" if self.by_hand else "automatic"
        return Baseline(int(at[first]), int(at[last]), self.count, how, int(self.strikes[inside].sum()), above_db)

    def limits(self, at: NDArray[np.int64]) -> dict[str, IndicatorLimits]:
        if self.stretch is None:
            return {}
        found = {}
        for row, name in enumerate(self.names):
            if not np.isfinite(self.level[row]):
                continue
            level, alarm = float(self.level[row]), float(self.level[row] + self.alarm[row])
            onset = int(at[self.zero[row]]) if self.current[row] > OK and self.zero[row] < self.n else None
            found[name] = IndicatorLimits(
                level,
                float(self.sigma[row]),
                level + float(self.alert[row]),
                alarm if np.isfinite(alarm) else None,
                STATES[self.current[row]],
                onset,
            )
        return found


def _nanmedian(values: NDArray[np.floating]) -> Array:
    """Medians along the last axis, NaN where a row holds nothing (without NumPy's warning)."""
    if np.isfinite(values).all() and values.shape[-1]:
        return np.asarray(np.median(values, axis=-1), dtype=np.float64)
    rows = [row[np.isfinite(row)] for row in values]
    return np.array([np.median(row) if len(row) else np.nan for row in rows])


def _steadied(cells: NDArray[np.floating], count: int) -> NDArray[np.floating]:
    """Medians of the last `count` rows that are known, shape (n, cells); NaN where the row itself is not known."""
    known = np.flatnonzero(np.isfinite(cells).all(axis=1))
    if count < 2 or not len(known):
        return cells
    padded = np.concatenate([np.repeat(cells[known[:1]], count - 1, axis=0), cells[known]])
    out = np.full_like(cells, np.nan)
    if count == 3:  # twenty times as fast as by sorting
        a, b, c = padded[:-2], padded[1:-1], padded[2:]
        out[known] = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
    else:
        out[known] = np.median(np.lib.stride_tricks.sliding_window_view(padded, count, axis=0), axis=-1)
    return out


def _greatest(rises: NDArray[np.floating]) -> Array:
    """Largest of each row, NaN for rows that are not known."""
    return np.asarray(np.fmax.reduce(rises, axis=1), dtype=np.float64)


def _or_inf(value: float | None) -> float:
    return float("inf") if value is None else value
