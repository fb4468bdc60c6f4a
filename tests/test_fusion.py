"""One verdict from two opinions, and the calibration behind it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bearing.verdict.calibration import (
    confidences,
    expected_calibration_error,
    fit_calibration,
    reliability_bins,
    unit_weights,
)
from bearing.verdict.fusion import STATES, UNCERTAIN, Calibration, fuse, fused_probabilities

CALIBRATION = Calibration(temperature=1.0, envelope_weight=0.3, threshold_fault=0.6, threshold_normal=0.6)


def opinion(state: str, p: float) -> dict[str, float]:
    """Probability `p` for one state, the rest shared by the others."""
    return {name: p if name == state else (1 - p) / 3 for name in STATES}


@pytest.mark.parametrize("state", STATES)
def test_two_sure_opinions_give_the_verdict(state: str) -> None:
    verdict = fuse(opinion(state, 0.95), opinion(state, 0.8), CALIBRATION)
    assert verdict.verdict == verdict.best_guess == state
    assert verdict.agree
    assert "both point to" in verdict.reason


def test_disagreement_is_named_and_lowers_the_confidence() -> None:
    agreed = fuse(opinion("outer", 0.9), opinion("outer", 0.7), CALIBRATION)
    split = fuse(opinion("outer", 0.9), opinion("inner", 0.7), CALIBRATION)
    assert split.confidence < agreed.confidence
    assert not split.agree
    assert "an outer race fault" in split.reason
    assert "an inner race fault" in split.reason


def test_no_evidence_is_uncertain() -> None:
    even = dict.fromkeys(STATES, 0.25)
    verdict = fuse(even, even, CALIBRATION)
    assert verdict.verdict == UNCERTAIN
    assert verdict.confidence == pytest.approx(0.25)
    assert "too little for a verdict" in verdict.reason


def test_a_blocker_forbids_any_verdict() -> None:
    verdict = fuse(opinion("inner", 0.99), opinion("inner", 0.99), CALIBRATION, ["the shaft speed is a guess"])
    assert verdict.verdict == UNCERTAIN
    assert verdict.best_guess == "inner"
    assert "the shaft speed is a guess" in verdict.reason


def test_no_confidence_beyond_what_few_bearings_support() -> None:
    certain = {name: float(name == "outer") for name in STATES}
    assert fuse(certain, certain, CALIBRATION).confidence == CALIBRATION.ceiling
    assert fuse(certain, opinion("normal", 0.4), CALIBRATION).confidence <= CALIBRATION.ceiling_alone


@given(st.lists(st.floats(0.001, 1), min_size=8, max_size=8))
def test_fused_probabilities_are_probabilities(numbers: list[float]) -> None:
    network, envelope = (np.array(part) / sum(part) for part in (numbers[:4], numbers[4:]))
    p = fused_probabilities(network, envelope, CALIBRATION)
    assert p.sum() == pytest.approx(1.0)
    verdict = fuse(dict(zip(STATES, network, strict=True)), dict(zip(STATES, envelope, strict=True)), CALIBRATION)
    assert verdict.verdict in (*STATES, UNCERTAIN)
    assert 0 <= verdict.confidence <= CALIBRATION.ceiling


def test_the_vector_and_the_single_form_agree() -> None:
    rng = np.random.default_rng(0)
    network, envelope = rng.dirichlet(np.ones(4), 50), rng.dirichlet(np.ones(4), 50)
    guess, confidence = confidences(network, envelope, CALIBRATION)
    for i in range(50):
        verdict = fuse(
            dict(zip(STATES, network[i], strict=True)), dict(zip(STATES, envelope[i], strict=True)), CALIBRATION
        )
        assert verdict.best_guess == STATES[guess[i]]
        assert verdict.confidence == pytest.approx(confidence[i])


def test_an_overconfident_network_is_cooled_down() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 4, 400)
    said = np.where(rng.random(400) < 0.6, truth, rng.integers(0, 4, 400))
    network = np.full((400, 4), 0.002)
    network[np.arange(400), said] = 0.994
    units = np.array([f"bearing {i // 10}" for i in range(400)])
    fitted = fit_calibration(network, np.full((400, 4), 0.25), truth, units)
    _, confidence = confidences(network, np.full((400, 4), 0.25), fitted)
    right = said == truth
    assert expected_calibration_error(confidence, right) < expected_calibration_error(np.full(400, 0.994), right) / 2
    assert fitted.ceiling < 0.9


def test_every_bearing_weighs_the_same() -> None:
    weights = unit_weights(np.array(["a", "a", "a", "b"]))
    assert weights[:3].sum() == pytest.approx(weights[3])
    assert weights.mean() == pytest.approx(1.0)


def test_calibration_error_of_perfect_and_of_boastful_confidence() -> None:
    right = np.array([True] * 8 + [False] * 2)
    assert expected_calibration_error(np.full(10, 0.8), right) == pytest.approx(0.0)
    assert expected_calibration_error(np.full(10, 0.99), right) == pytest.approx(0.19)
    assert sum(row["n"] for row in reliability_bins(np.full(10, 0.8), right)) == 10


def test_thresholds_keep_the_named_right_and_the_healthy_rare() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 4, 800)
    sure = rng.uniform(0.3, 0.99, 800)
    said = np.where(rng.random(800) < sure, truth, (truth + rng.integers(1, 4, 800)) % 4)
    network = np.repeat((1 - sure)[:, None] / 3, 4, axis=1)
    network[np.arange(800), said] = sure
    units = np.array([f"bearing {i // 8}" for i in range(800)])
    fitted = fit_calibration(network, network, truth, units)
    p = fused_probabilities(network, network, fitted)
    named = (p.argmax(axis=1) > 0) & (p.max(axis=1) >= fitted.threshold_fault)
    assert (p.argmax(axis=1) == truth)[named].mean() >= 0.94
    assert 0.6 < fitted.threshold_fault < 0.95
    assert fitted.threshold_normal >= 0.8


def test_the_card_round_trip() -> None:
    assert Calibration.from_card({"calibration": CALIBRATION.as_dict()}) == CALIBRATION
