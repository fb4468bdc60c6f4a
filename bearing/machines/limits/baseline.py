"""What a machine is compared with: the quietest stretch of its own past, and how far from it is a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bearing.machines.limits.rules import (
    FEWEST_LEARNED,
    LEVELS,
    LOADS,
    Array,
    Rule,
    learning_count,
    or_inf,
    persistence,
)

__all__ = ["Baseline", "Past"]

ALERT_SIGMAS, ALARM_SIGMAS = 4.0, 5.0
STRETCH_SHARE = 5  # the baseline is a fifth of the history so far
LONGEST_STRETCH = 200
MAD_TO_SIGMA = 1.4826
USUAL_SHARE, BACK = 0.1, 0.25  # of the sound time; of the alert's change, in two measurements in a row
MOST_OVER_NEW_DB = 12.0
PRIOR_COUNT = 4.0  # a short baseline's spread is mixed with what is usual


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


class Past:
    """The measurements at one speed, in order, and what was learned from those before the one that is judged.

    names : of the indicators, one of them ``rms``. values : array, shape (names, n), in dB; rows of `cells` are made
    here. strikes : bool array, shape (n,). history : measurements at all speeds. by_hand : first and last of a baseline
    that was chosen. cells : per row of `values` levels, shape (n, cells), that are compared one by one.

    Once something is learned `stretch` is (first, last) of the baseline, else None; per name `level` is its level,
    `sigma` the spread of the sound time, `alert` and `alarm` what is over the limit, all in dB.
    """

    def __init__(
        self,
        names: Sequence[str],
        rules: Mapping[str, Rule],
        values: Array,
        strikes: NDArray[np.bool_],
        history: int,
        by_hand: tuple[int, int] | None,
        cells: Mapping[int, NDArray[np.floating]],
    ) -> None:
        self.values = values.copy()
        self.rms = values[list(names).index("rms")]
        self.usable = np.isfinite(self.rms)
        self.strikes = strikes
        self.learn = learning_count(history)
        self.by_hand = by_hand
        enough, _ = persistence(self.learn)
        self.cells = {row: (many, _steadied(many, 2 * enough - 3)) for row, many in cells.items()}
        self.least_alert = np.array([rules[name].alert_db for name in names])
        self.least_alarm = np.array([or_inf(rules[name].alarm_db) for name in names])
        self.usual = np.array([rules[name].usual_db for name in names])
        self.most = np.array([rules[name].most_db for name in names])
        self.levels = np.isin(names, LEVELS)
        self.loads = np.isin(names, LOADS)
        self.new = _nanmedian(values[:, np.flatnonzero(self.usable)[: self.learn]])
        self.stretch: tuple[int, int] | None = None
        self.count = 0
        self.struck_from_first = False
        self.learned, self.compared = np.zeros(0, np.int64), 0
        self.own: dict[int, NDArray[np.float32]] = {}
        self.level, self.sigma, self.alert, self.alarm = (np.full(len(names), np.nan) for _ in range(4))
        if by_hand:
            self._learn(*by_hand, known=np.arange(by_hand[0], by_hand[1] + 1))

    def choose(self, end: int, sound: NDArray[np.bool_]) -> None:
        """The quietest stretch of what lies before `end` and is `sound`, shape (n,), if enough is known and still."""
        fit = self.usable & ~self.strikes
        if self.stretch is None:
            self.struck_from_first = bool(fit[:end].sum() < max(FEWEST_LEARNED, end // 2))
        if self.struck_from_first:
            fit = self.usable  # compare with that
        fit = fit & sound
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
        self.compare(int(known[-1]) + 1)
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

    def compare(self, stop: int) -> None:
        """Cells of the measurements before `stop` with those of the baseline, as far as that has not been done."""
        here = slice(self.compared, stop)
        for row, (_, steadied) in self.cells.items():
            self.values[row, here] = _greatest(steadied[here] - self.own[row])
        self.compared = max(stop, self.compared)

    def baseline(self, at: NDArray[np.int64]) -> Baseline | None:
        """What was learned last, in the numbers `at`, shape (n,), that the measurements have in the whole history."""
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
