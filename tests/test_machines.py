"""The simulator of training machines: the same seed gives the same bytes, and each ailment sounds as handbooks say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kurtosis

from bearing.lab.machines.ailments import AILMENTS
from bearing.lab.machines.parts import Clock, impact_revolutions, meets_a_line
from bearing.lab.machines.simulate import CLASSES, _true_orders, implant_fault, random_bearing, simulate_machine
from bearing.physics.kinematics import FaultOrders

TRUE = {"outer": 3.585, "inner": 5.415, "ball": 4.714, "ftf": 0.3983}
CLOCK = Clock(12_000.0, 30.0, np.arange(60_000) / 12_000)


def spectrum_at(signal: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Amplitude at orders of CLOCK's shaft, by a Hann-windowed transform."""
    amplitude = np.abs(np.fft.rfft(signal * np.hanning(len(signal))))
    return amplitude[np.round(orders * CLOCK.shaft_hz * len(signal) / CLOCK.rate_hz).astype(int)]


def test_a_seed_decides_everything() -> None:
    for label in CLASSES:
        one, two = (simulate_machine(np.random.default_rng(5), label) for _ in range(2))
        np.testing.assert_array_equal(one.signal, two.signal)
        assert one.ailments == two.ailments


def test_most_machines_ail_from_something_whatever_their_bearing() -> None:
    rng = np.random.default_rng(1)
    for label in ("normal", "ball"):
        seen = [simulate_machine(rng, label, 10).ailments for _ in range(60)]
        assert 0.4 < np.mean([bool(names) for names in seen]) < 0.8
        assert max(len(names) for names in seen) > 1


@pytest.mark.parametrize("name", AILMENTS)
def test_ailments_are_finite_audible_and_as_long_as_the_machine(name: str) -> None:
    for seed, turns in ((0, 4.5), (1, 40.0), (2, 40.0)):
        machine = simulate_machine(np.random.default_rng(seed), "normal", turns, (name,))
        assert np.isfinite(machine.signal).all()
        assert machine.ailments == (name,)
        assert machine.signal.std() > 0.5


def test_unbalance_is_loudest_at_once_the_shaft_and_misalignment_at_twice() -> None:
    for name, order in (("unbalance", 1), ("misalignment", 2)):
        levels = np.mean(
            [spectrum_at(AILMENTS[name](np.random.default_rng(s), CLOCK, TRUE), np.arange(1, 7)) for s in range(12)],
            axis=0,
        )
        assert levels.argmax() + 1 == order


def test_cavitation_and_bursts_reach_the_kurtosis_of_real_healthy_machines() -> None:
    for name in ("cavitation", "bursts"):
        seen = []
        for seed in range(20):
            rng = np.random.default_rng(seed)
            seen.append(3 + kurtosis(rng.standard_normal(60_000) + AILMENTS[name](rng, CLOCK, TRUE)))
        assert 5 < np.median(seen) < 40
        assert max(seen) > 12


def test_a_broken_tooth_strikes_at_no_part_of_the_bearing() -> None:
    assert meets_a_line(TRUE["outer"] * 1.01, TRUE)
    assert not meets_a_line(1.0, TRUE)


def test_one_cage_speed_moves_all_families() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        count, orders = random_bearing(rng)
        true = _true_orders(count, orders, rng)
        assert true["outer"] + true["inner"] == pytest.approx(count)
        assert true["outer"] == pytest.approx(count * true["ftf"])
        assert abs(true["ball"] / (2 * orders.bsf) - 1) <= 0.03


def test_a_drifting_spin_makes_a_hump_of_a_line() -> None:
    def share_on_the_line(drift: float) -> float:
        at = impact_revolutions(np.random.default_rng(0), CLOCK, 4.714, 0.001, drift)
        at = at[at < 150]
        return float(np.abs(np.exp(2j * np.pi * 4.714 * at).mean()))

    assert share_on_the_line(0.0) > 0.9 > 0.5 > share_on_the_line(0.02)


def test_no_damaged_ball_is_silent() -> None:
    rng, orders = np.random.default_rng(2), FaultOrders(3.585, 5.415, 2.357, 0.3983)
    for _ in range(40):
        quiet = 1e-3 * rng.standard_normal(2048)
        added = implant_fault(rng, quiet, 12_000.0, 30.0, orders, "ball") - quiet / quiet.std()
        assert added.std() > 0.1
