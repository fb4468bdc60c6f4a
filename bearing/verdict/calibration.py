"""Fits the numbers of `fusion.Calibration` to out-of-fold answers, and measures how honest confidences are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bearing.verdict.fusion import STATES, Calibration, fused_probabilities

__all__ = ["confidences", "expected_calibration_error", "fit_calibration", "reliability_bins", "unit_weights"]

Array = NDArray[np.float64]
Labels = NDArray[np.integer]

PRECISION = 0.95  # of the verdicts given, on bearings held out: one in twenty may be wrong
FALSE_ALARMS = 0.01  # of the questions about sound bearings held out: a false alarm is what nobody forgives
FAULT_FROM = np.arange(0.50, 0.96, 0.01)
NORMAL_FROM = np.arange(0.80, 0.96, 0.01)  # the lowest set by hand: a missed fault is worse than no answer


def unit_weights(units: NDArray[np.str_]) -> Array:
    """Weights with which every bearing counts once, however many recordings it has; their mean is one."""
    _, index, counts = np.unique(units, return_inverse=True, return_counts=True)
    weights = 1.0 / counts[index]
    return weights / weights.mean()


def fit_calibration(network: Array, envelope: Array, truth: Labels, units: NDArray[np.str_]) -> Calibration:
    """Temperature and envelope weight by maximum likelihood; then the lowest thresholds that keep both promises above.

    network, envelope : probabilities, shape (n, 4). truth : index of the state, shape (n,). units : name of the bearing
    each row belongs to, shape (n,).
    """
    from scipy.optimize import minimize

    weights = unit_weights(units)

    def loss(x: Array) -> float:
        candidate = Calibration(temperature=float(np.exp(x[0])), envelope_weight=float(x[1]))
        p = fused_probabilities(network, envelope, candidate)[np.arange(len(truth)), truth]
        prior = 0.02 * (x[0] ** 2 + (x[1] - 0.3) ** 2)  # so few bearings: stay near the middle
        return float(np.average(-np.log(np.maximum(p, 0.01)), weights=weights) + prior)

    starts = [np.array([start, 0.3]) for start in (-0.3, 0.1, 0.6, 1.1)]  # clipped as it is, the loss has flat parts
    fits = [minimize(loss, start, method="Nelder-Mead", bounds=[(-1, 1.5), (0, 1)]) for start in starts]
    best = min(fits, key=lambda fit: float(fit.fun)).x
    calibration = Calibration(temperature=float(np.exp(best[0])), envelope_weight=float(best[1]))
    p = fused_probabilities(network, envelope, calibration)
    guess, highest = p.argmax(axis=1), p.max(axis=1)

    sound = truth == STATES.index("normal")

    def threshold(named: NDArray[np.bool_], grid: Array) -> float:
        for lowest in grid:
            given = named & (highest >= lowest)
            wrong = given & (guess != truth)
            alarms = (wrong & sound).sum() / max(sound.sum(), 1)
            if alarms <= FALSE_ALARMS and weights[wrong].sum() <= (1 - PRECISION) * weights[given].sum():
                return float(lowest)
        return float(grid[-1])

    return replace(
        calibration,
        threshold_fault=threshold(guess > 0, FAULT_FROM),
        threshold_normal=threshold(guess == 0, NORMAL_FROM),
    )


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
