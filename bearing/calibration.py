"""Fits the numbers of `fusion.Calibration` to out-of-fold answers, and measures how honest confidences are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bearing.fusion import Calibration, fused_probabilities

__all__ = ["confidences", "expected_calibration_error", "fit_calibration", "reliability_bins", "unit_weights", "wary"]

Array = NDArray[np.float64]
Labels = NDArray[np.integer]

COST_OF_WRONG = 4.0  # a wrong verdict costs as much as four right ones bring; `uncertain` costs nothing
HIGHEST = 0.89  # nine in ten is more than some twenty bearings of one rig can support
# the lowest are set by hand: "healthy" must not be said on weak evidence just because no weak fault was at hand
THRESHOLDS = {"threshold_fault": np.arange(0.50, 0.86, 0.01), "threshold_normal": np.arange(0.72, 0.86, 0.01)}


def unit_weights(units: NDArray[np.str_]) -> Array:
    """Weights with which every bearing counts once, however many recordings it has; their mean is one."""
    _, index, counts = np.unique(units, return_inverse=True, return_counts=True)
    weights = 1.0 / counts[index]
    return weights / weights.mean()


def fit_calibration(network: Array, envelope: Array, truth: Labels, units: NDArray[np.str_]) -> Calibration:
    """Temperature, envelope weight and fault shift by maximum likelihood; then thresholds; then ceilings.

    network, envelope : probabilities, shape (n, 4). truth : index of the state, shape (n,). units : name of the bearing
    each row belongs to, shape (n,).
    """
    from scipy.optimize import minimize

    weights = unit_weights(units)

    def loss(x: Array) -> float:
        candidate = Calibration(temperature=float(np.exp(x[0])), envelope_weight=float(x[1]), fault_shift=float(x[2]))
        p = fused_probabilities(network, envelope, candidate)[np.arange(len(truth)), truth]
        prior = 0.02 * (x[0] ** 2 + (x[1] - 0.3) ** 2 + x[2] ** 2)  # so few bearings: stay near the middle
        return float(np.average(-np.log(np.maximum(p, 0.01)), weights=weights) + prior)

    bounds = [(-1, 1.5), (0, 1), (-1.5, 2.5)]
    best = minimize(loss, np.array([0.1, 0.3, 0.1]), method="Nelder-Mead", bounds=bounds).x
    calibration = Calibration(
        temperature=float(np.exp(best[0])),
        envelope_weight=float(best[1]),
        fault_shift=float(best[2]),
        ceiling=1.0,
        ceiling_alone=1.0,
    )
    calibration = replace(calibration, ceiling=_ceiling(*confidences(network, envelope, calibration), truth, units))
    calibration = replace(calibration, ceiling_alone=min(0.85, calibration.ceiling))
    return _with_thresholds(calibration, network, envelope, truth, weights)


def wary(calibration: Calibration, network: Array, envelope: Array) -> Calibration:
    """The same, naming a fault only from where none of these sound bearings, shape (n, 4) each, was called faulty.

    The next machine is like none of those seen; a false alarm is what nobody forgives. Never above `ceiling_alone`:
    some verdicts must remain possible.
    """
    guess, confidence = confidences(network, envelope, calibration)
    grid = THRESHOLDS["threshold_fault"]
    silent = [float(threshold) for threshold in grid if not ((guess > 0) & (confidence >= threshold)).any()]
    threshold = max(calibration.threshold_fault, min(silent, default=float(grid[-1])))
    return replace(calibration, threshold_fault=min(threshold, calibration.ceiling_alone))


def _ceiling(guess: Labels, confidence: Array, truth: Labels, units: NDArray[np.str_]) -> float:
    """What the bearings named with 0.8 or more can support: (right + 1) / (bearings + 2), Laplace's rule.

    Each bearing counts once, with the share of its recordings that were named right.
    """
    sure = confidence >= 0.8
    shares = [float((guess == truth)[sure & (units == unit)].mean()) for unit in np.unique(units[sure])]
    return min((sum(shares) + 1) / (len(shares) + 2), HIGHEST)


def _with_thresholds(
    calibration: Calibration, network: Array, envelope: Array, truth: Labels, weights: Array
) -> Calibration:
    """The thresholds worth most out of fold, for faults and for health apart; of equals the highest."""
    guess, confidence = confidences(network, envelope, calibration)
    worth = weights * np.where(guess == truth, 1.0, -COST_OF_WRONG)
    found = {}
    for name, mine in (("threshold_fault", guess > 0), ("threshold_normal", guess == 0)):
        totals = [worth[mine & (confidence >= threshold)].sum() for threshold in THRESHOLDS[name]]
        found[name] = float(THRESHOLDS[name][len(totals) - 1 - int(np.argmax(totals[::-1]))])
    return replace(calibration, **found)


def confidences(network: Array, envelope: Array, calibration: Calibration) -> tuple[Labels, Array]:
    """Best guess (index) and capped confidence of each row, as `fusion.fuse` gives them."""
    p = fused_probabilities(network, envelope, calibration)
    guess = p.argmax(axis=1)
    agree = (network.argmax(axis=1) == guess) & (envelope.argmax(axis=1) == guess)
    return guess, np.minimum(p.max(axis=1), np.where(agree, calibration.ceiling, calibration.ceiling_alone))


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
