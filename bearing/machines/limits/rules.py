"""The states of a machine, and for each indicator what change matters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ALARM", "ALERT", "DEPTH", "FEWEST_LEARNED", "HOLD", "LEVELS", "LOADS", "NO_DATA", "OK",
    "RELEASE", "RULES", "STATES", "STRIKES", "WATCH", "WORN", "Array", "Rule", "in_db", "learning_count", "or_inf",
    "persistence",
]  # fmt: skip

Array = NDArray[np.float64]
STATES = ("no data", "ok", "watch", "alert", "alarm")
NO_DATA, OK, WATCH, ALERT, ALARM = range(5)
DEPTH = "comb_depth_db"
# causes that are no indicator: what strikes; a baseline by hand that was no sound time
STRIKES, WORN = "strikes", "worn"
RELEASE = 0.75
HOLD = 8
FEWEST_LEARNED, MOST_LEARNED = 4, 30
LOADS = ("rms", "velocity_rms")
LEVELS = ("rms", "velocity_rms", "peak")


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


def learning_count(measurements: int) -> int:
    """How many measurements are learned from before anything is judged: an eighth, at least 4 and at most 30."""
    return int(np.clip(measurements // 8, FEWEST_LEARNED, MOST_LEARNED))


def persistence(learned: int) -> tuple[int, int]:
    """How many measurements of one more in a row are to be over a limit, and below it in a row for it to be left."""
    enough = 2 if learned < 12 else 3 if learned < MOST_LEARNED else 4
    return enough, 3 if learned < 12 else HOLD


def in_db(name: str, value: float | None) -> float:
    """Decibels of an indicator's own value; NaN where it is not known."""
    if value is None or not math.isfinite(value):
        return math.nan
    return value if name.endswith("_db") else 20 * math.log10(max(value, 1e-30))


def or_inf(value: float | None) -> float:
    """A limit that may be none, to be compared with."""
    return float("inf") if value is None else value
