"""The states of the measurements at one speed: persistence, jumps, hysteresis and a CUSUM over their baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bearing.machines.limits.baseline import Past
from bearing.machines.limits.rules import (
    ALARM,
    ALERT,
    DEPTH,
    NO_DATA,
    OK,
    RELEASE,
    STATES,
    WATCH,
    Array,
    Rule,
    persistence,
)

__all__ = ["IndicatorLimits", "Judge"]

CUSUM_SLACK, CUSUM_LIMIT, CUSUM_STEP = 0.35, 3.0, 1.0  # in units of the alert limit
LOOK_EVERY, LOOK_LATEST = 4, 8  # measurements from one choice of the baseline to the next


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


class Judge:
    """Goes through the measurements at one speed in order; everything it knows at one of them came before it.

    stand : bool array, shape (names, n), whether a measurement counts for an alarm. The others as of `Past`. After
    `run` `states` and `causes`, shape (n,), are a state and the row that it rests on, -1 where it rests on none.
    """

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
        self.past = Past(names, rules, values, strikes, history, by_hand, cells)
        self.stand, self.names = stand, names
        self.n = values.shape[1]
        self.enough, self.hold = persistence(self.past.learn)
        self.window = self.enough + 1
        self.came_to = np.full(len(names), np.nan)  # what a level stood at when it passed the limit of alert
        self.states = np.zeros(self.n, np.int64)
        self.causes = np.full(self.n, -1)
        self.current = np.full(len(names), OK)
        self.calm: list[tuple[int, int]] = [(0, 0)] * len(names)
        self.cusum = np.zeros(len(names))
        self.zero = np.zeros(len(names), np.int64)
        self.over = np.zeros((2, len(names), self.n), bool)

    def run(self) -> None:
        """Judges all of them, a few with one baseline, which is then chosen anew while the machine is sound."""
        past = self.past
        start = 0 if past.by_hand else past.learn
        while start < self.n:
            if past.by_hand is None and (past.stretch is None or bool((self.current == OK).all())):
                past.choose(start, self.states <= OK)
            stop = min(self.n, start + max(LOOK_EVERY, min(LOOK_LATEST, self.n // 12), start // 10))
            if past.stretch is not None:
                self._judge(start, stop)
            start = stop

    def _judge(self, start: int, stop: int) -> None:
        """States of the measurements `start` to `stop`, one baseline for all of them."""
        past, here = self.past, slice(start, stop)
        past.compare(stop)
        rise = past.values[:, here] - past.level[:, None]
        rise[~np.isfinite(rise)] = np.nan
        share = np.stack([rise / past.alert[:, None], np.where(self.stand[:, here], rise / past.alarm[:, None], 0.0)])
        self.over[:, :, here] = np.nan_to_num(share) >= 1
        before = max(0, start - self.window + 1)
        padded = np.zeros((2, len(self.names), stop - start + self.window - 1), np.int64)
        padded[:, :, self.window - 1 - (start - before) :] = self.over[:, :, before:stop]
        windows = np.lib.stride_tricks.sliding_window_view(padded, self.window, axis=2)
        over = windows.sum(axis=-1) >= self.enough
        fast = over[0] & windows[1, :, :, -1].astype(bool) & windows[1, :, :, -2].astype(bool)
        over[1] |= fast & ~np.isin(np.arange(len(self.names)), list(past.cells))[:, None]
        level = np.where(over[1], ALARM, np.where(over[0], ALERT, OK))
        states = np.zeros_like(level)
        for row in sorted(range(len(states)), key=lambda row: past.levels[row]):  # the others are known by then
            if past.levels[row]:
                others: NDArray[np.bool_] = np.any(states[~past.levels] >= ALERT, axis=0)
                level[row] = self._without_jumps(row, start, level[row], others)
            states[row] = self._scan(row, start, share[:, row].tolist(), level[row].tolist())
        worst = states.max(axis=0)
        tells = np.where(np.array(self.names) == DEPTH, 0.0, 1.0)[:, None]  # whatever tells more comes first
        cause = np.where(states == worst, tells * np.nan_to_num(share[0], nan=-1.0), -2.0).argmax(axis=0)
        self.states[here], self.causes[here] = worst, np.where(worst > OK, cause, -1)
        missing = np.flatnonzero(~past.usable[here]) + start
        for i in missing:  # nothing measured, nothing changed
            self.states[i], self.causes[i] = (self.states[i - 1], self.causes[i - 1]) if i else (NO_DATA, -1)

    def _without_jumps(
        self, row: int, start: int, level: NDArray[np.int64], others: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Levels of one indicator: alert in place of alarm where it jumped there, nothing else (`others`) changes, and
        it stands no higher yet."""
        if (level == OK).all() and math.isnan(self.came_to[row]):
            return level
        past, held = self.past, level.copy()
        level_db, values = float(past.level[row]), past.values[row]
        most = max(float(past.alarm[row]), float(past.least_alarm[row] + past.least_alert[row]))
        half = float(past.alert[row] + past.alarm[row]) / 2
        for k in np.flatnonzero(np.isfinite(values[start : start + len(level)])):
            recent = values[max(0, start + k - self.enough) : start + k + 1] - level_db
            recent = recent[np.isfinite(recent)]
            if level[k] > OK and math.isnan(self.came_to[row]):
                self.came_to[row] = np.median(recent)
            elif level[k] == OK and recent[-1] < RELEASE * past.alert[row]:
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

    def limits(self, at: NDArray[np.int64]) -> dict[str, IndicatorLimits]:
        """Of each indicator at the end; `at`, shape (n,), as of `Past.baseline`."""
        past = self.past
        if past.stretch is None:
            return {}
        found = {}
        for row, name in enumerate(self.names):
            if not np.isfinite(past.level[row]):
                continue
            level, alarm = float(past.level[row]), float(past.level[row] + past.alarm[row])
            onset = int(at[self.zero[row]]) if self.current[row] > OK and self.zero[row] < self.n else None
            found[name] = IndicatorLimits(
                level,
                float(past.sigma[row]),
                level + float(past.alert[row]),
                alarm if np.isfinite(alarm) else None,
                STATES[self.current[row]],
                onset,
            )
        return found
