"""Fits the numbers of `fusion.Calibration` to out-of-fold answers, and measures how honest confidences are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from bearing.physics.guard import LOUD_FROM, QUIET_BELOW
from bearing.verdict.fusion import KINDS, Calibration, Count, kinds_of

__all__ = ["Answers", "expected_calibration_error", "fit_calibration", "reliability_bins", "right_of", "unit_weights"]

Array = NDArray[np.float64]
Labels = NDArray[np.integer]

PRECISION = 0.95  # of the parts named, on bearings held out: one in twenty may be wrong
FALSE_ALARMS = 0.01  # of the questions about sound bearings: called a part
FALSE_DAMAGE = 0.01  # the same, called damaged
DAMAGE_PRECISION = 0.8  # of what is called damaged with no part named
MISSED = 0.05  # of the damaged bearings held out: called normal, every bearing counting once
PART_FROM = np.arange(0.40, 0.985, 0.01)
DAMAGED_BELOW = np.arange(0.45, 0.0, -0.01)
NORMAL_FROM = np.arange(0.40, 0.995, 0.01)
ELSEWHERE_FROM = np.arange(0.25, 0.995, 0.01)


@dataclass(frozen=True)
class Answers:
    """Out-of-fold answers.

    p (n, 4) of the network, excess (n,) of the guard, elsewhere (n, 4) of the network for the bearing nobody named that
    looks least sound, truth (n,) index into STATES, units (n,) the bearing.
    """

    p: Array
    excess: Array
    elsewhere: Array
    truth: Labels
    units: NDArray[np.str_]

    def take(self, index: NDArray[np.generic]) -> Answers:
        """The rows of an index or a mask."""
        return Answers(**{f.name: getattr(self, f.name)[index] for f in fields(Answers)})

    @staticmethod
    def join(parts: list[Answers]) -> Answers:
        """All rows of several sets."""
        return Answers(
            **{part.name: np.concatenate([getattr(a, part.name) for a in parts]) for part in fields(Answers)}
        )


def unit_weights(units: NDArray[np.str_]) -> Array:
    """Weights with which every bearing counts once, however many recordings it has; their mean is one."""
    _, index, counts = np.unique(units, return_inverse=True, return_counts=True)
    weights = 1.0 / counts[index]
    return np.asarray(weights / weights.mean())


def fit_calibration(answers: Answers) -> Calibration:
    """Thresholds that keep the promises above, the lowest that do, and what was then counted.

    `normal` is given from where at most MISSED of the damaged bearings of the fit, quiet to the guard, would have got
    it: light faults that show nothing at all are among them. Any other bearing must reach for it what keeps the same
    promise if all had been asked for wrongly, as a bearing at whose lines nothing stands: at most MISSED more. A part
    is told surely from where none told so was wrong.
    """
    weights = unit_weights(answers.units)
    truth, normal, top = answers.truth, answers.p[:, 0], answers.p[:, 1:].max(axis=1)
    named = answers.p[:, 1:].argmax(axis=1) + 1
    sound, quiet = truth == 0, answers.excess < QUIET_BELOW

    def lowest(grid: Array, keeps: Callable[[float], bool]) -> float:
        return float(next((value for value in grid if keeps(value)), grid[-1]))

    def precise(threshold: float) -> bool:
        given = top >= threshold
        wrong = given & (named != truth)
        alarms = (given & sound).sum() / max(sound.sum(), 1)
        return bool(alarms <= FALSE_ALARMS and weights[wrong].sum() <= (1 - PRECISION) * weights[given].sum())

    part_from = lowest(PART_FROM, precise)
    part_sure = lowest(
        PART_FROM[part_from - 1e-9 <= PART_FROM], lambda value: not ((top >= value) & (named != truth)).any()
    )
    damaged = ~sound
    silent = quiet & damaged & (top < part_from)
    normal_from = lowest(
        NORMAL_FROM, lambda value: weights[silent & (normal >= value)].sum() <= MISSED * weights[damaged].sum()
    )
    misled = quiet & damaged & ~(silent & (normal >= normal_from))
    elsewhere_from = lowest(
        ELSEWHERE_FROM,
        lambda value: weights[misled & (answers.elsewhere[:, 0] >= value)].sum() <= MISSED * weights[damaged].sum(),
    )

    def believable(threshold: float) -> bool:
        told = (normal <= threshold) & (top < part_from) & (answers.excess >= LOUD_FROM)
        alarms = (told & sound).sum() / max(sound.sum(), 1)
        return bool(
            alarms <= FALSE_DAMAGE and weights[told & sound].sum() <= (1 - DAMAGE_PRECISION) * weights[told].sum()
        )

    damaged_below = lowest(DAMAGED_BELOW, believable)
    found = Calibration(
        part_from=part_from,
        part_sure_from=part_sure,
        normal_from=normal_from,
        elsewhere_from=elsewhere_from,
        damaged_below=min(damaged_below, normal_from - 0.01),
    )
    return replace(found, counts=_counts(answers, found))


def right_of(answers: Answers, kinds: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Whether each statement is true: the part, `normal` and `impacts` of a sound bearing, `damaged` of a damaged one.

    `impacts` says that what strikes is not at this bearing's lines. Of `uncertain` the best guess is judged.
    """
    p, truth = answers.p, answers.truth
    part = np.char.startswith(kinds, "part")
    healthy = np.char.startswith(kinds, "normal") | np.char.startswith(kinds, "impacts")
    return np.select(
        [part, healthy, kinds == "damaged"],
        [p[:, 1:].argmax(axis=1) + 1 == truth, truth == 0, truth > 0],
        p.argmax(axis=1) == truth,
    ).astype(bool)


def _counts(answers: Answers, calibration: Calibration) -> dict[str, Count]:
    kinds = kinds_of(answers.p, answers.excess, answers.elsewhere, calibration)
    right = right_of(answers, kinds)
    counts = {}
    for kind in KINDS:
        mine = kinds == kind
        counts[kind] = Count(int(mine.sum()), int((mine & ~right).sum()), len(np.unique(answers.units[mine])))
    return counts


def reliability_bins(confidence: Array, right: NDArray[np.bool_], bins: int = 10) -> list[dict[str, float]]:
    """Per bin of confidence: how many, mean confidence, share right. Empty bins are left out."""
    edges = np.linspace(0, 1, bins + 1)
    which = np.clip(np.digitize(confidence, edges) - 1, 0, bins - 1)
    return [
        {
            "low": float(edges[b]),
            "high": float(edges[b + 1]),
            "n": int((which == b).sum()),
            "confidence": float(confidence[which == b].mean()),
            "right": float(right[which == b].mean()),
        }
        for b in range(bins)
        if (which == b).any()
    ]


def expected_calibration_error(confidence: Array, right: NDArray[np.bool_], bins: int = 10) -> float:
    """Mean distance between confidence and share right, over bins of equal width (Naeini et al. 2015)."""
    rows = reliability_bins(confidence, right, bins)
    return float(sum(row["n"] * abs(row["confidence"] - row["right"]) for row in rows) / max(len(confidence), 1))
