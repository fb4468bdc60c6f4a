"""Fits the numbers of `fusion.Calibration` to out-of-fold answers, and measures how honest confidences are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bearing.fusion import Calibration, fused_probabilities

__all__ = ["confidences", "expected_calibration_error", "fit_calibration", "reliability_bins", "unit_weights"]

Array = NDArray[np.float64]
Labels = NDArray[np.integer]

ALLOWED_WRONG = 0.04  # among verdicts given, out of fold: leaves room below the 5 % promised
THRESHOLDS = np.arange(0.35, 0.86, 0.01)


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

    best = minimize(loss, np.array([0.0, 0.3, 0.0]), method="L-BFGS-B", bounds=[(-1, 1.5), (0, 1), (-1.5, 1.5)]).x
    bearings = len(np.unique(units))
    calibration = Calibration(
        temperature=float(np.exp(best[0])),
        envelope_weight=float(best[1]),
        fault_shift=float(best[2]),
        ceiling=1 - 1 / (bearings + 2),  # Laplace: what n bearings in a row without a miss can support
        ceiling_alone=0.85,
    )
    return _with_thresholds(calibration, network, envelope, truth, weights)


def _with_thresholds(
    calibration: Calibration, network: Array, envelope: Array, truth: Labels, weights: Array
) -> Calibration:
    """The lowest thresholds at which verdicts are wrong rarely enough, for faults and for health apart."""
    guess, confidence = confidences(network, envelope, calibration)
    wrong = guess != truth
    found = {}
    for name, mine in (("threshold_fault", guess > 0), ("threshold_normal", guess == 0)):
        found[name] = float(THRESHOLDS[-1])
        for threshold in THRESHOLDS:
            given = mine & (confidence >= threshold)
            if not given.any() or np.average(wrong[given], weights=weights[given]) <= ALLOWED_WRONG:
                found[name] = float(threshold)
                break
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
