"""Bearings nobody named: what a wrong question hides."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from bearing.figures.diagnosis import DiagnosisFigures
from bearing.models.order import load_order_predictor
from bearing.models.strangers import GRID, MOST, ask_strangers, suspects
from bearing.physics.catalogue import load_catalogue
from bearing.physics.envelope_rule import SLIP_STEP, SLIP_STEPS
from bearing.physics.kinematics import FaultOrders
from bearing.physics.simulate import Condition, SimulationConfig, simulate_recording
from bearing.recording import Recording
from bearing.signal.order_spectrum import TwoViews, two_views
from bearing.verdict.diagnosis import Bearing
from bearing.verdict.fusion import Calibration
from bearing.verdict.judging import diagnose

RATE_HZ, RPM = 12_000.0, 1772.0
WRONG = Bearing("another bearing", FaultOrders(bpfo=3.053, bpfi=4.947, bsf=1.994, ftf=0.382))


def views_of(samples: np.ndarray) -> TwoViews:
    return two_views(samples, RATE_HZ, RPM / 60, 36.0)


def simulated(state: Condition) -> np.ndarray:
    return simulate_recording(SimulationConfig(state, RATE_HZ, 5.0, shaft_rpm=RPM, seed=5)).samples


@pytest.mark.parametrize(("state", "order"), [("outer", 3.585), ("inner", 5.415)])
def test_lines_that_nobody_asked_for_are_found(state: Condition, order: float) -> None:
    stranger = ask_strangers(views_of(simulated(state)), load_order_predictor())
    assert stranger.probabilities[0] < 0.1
    ratio = stranger.order / order  # a harmonic or its half is the same train of impacts
    assert min(abs(ratio / k - 1) for k in (0.5, 1, 2, 3)) < 0.01
    assert stranger.rate_hz == pytest.approx(stranger.order * RPM / 60)


def test_noise_is_sound_whatever_is_asked() -> None:
    calibration = Calibration.from_card(load_order_predictor().card)
    for seed in range(3):
        noise = np.random.default_rng(seed).standard_normal(60_000)
        stranger = ask_strangers(views_of(noise), load_order_predictor())
        assert stranger.probabilities[0] >= calibration.elsewhere_from


def test_few_are_asked_and_always_the_same() -> None:
    views = views_of(simulated("outer"))
    first = suspects(views)
    assert len(set(first)) == MOST
    assert first == suspects(views)


def test_the_grid_leaves_hardly_a_bearing_out() -> None:
    """Every race of the catalogue lies within the slip of some line of the grid."""
    lines = np.array([line for orders in GRID for line in (orders.bpfo, orders.bpfi)])
    reach = SLIP_STEP * SLIP_STEPS
    races = [race for e in load_catalogue() for race in (e.orders.bpfo, e.orders.bpfi) if race < lines.max()]
    missed = [race for race in races if np.abs(lines / race - 1).min() > reach]
    assert len(missed) <= 0.02 * len(races)


@pytest.mark.parametrize("bearing", [WRONG, None])
def test_a_weak_fault_asked_for_wrongly_is_not_called_healthy(bearing: Bearing | None) -> None:
    """The guard does not hear it, and no line of the bearing asked for stands: it was told with 0.9 to be sound."""
    loud = simulated("inner")
    noise = scipy.signal.lfilter([1.0], [1.0, -0.7], np.random.default_rng(1).standard_normal(len(loud)))
    samples = loud + noise * loud.std() / noise.std()
    found = diagnose(Recording(samples, RATE_HZ, RPM, source="SIMULATED"), bearing)
    assert found.verdict == "impacts"
    assert found.impacts is not None
    assert found.impacts.order == pytest.approx(5.415, rel=0.01)
    assert found.impacts.rate_hz == pytest.approx(5.415 * RPM / 60, rel=0.01)
    assert any(fit.part == "inner" for fit in found.impacts.fits)
    assert "times a second" in found.reason


def test_what_may_stand_elsewhere_is_told_as_the_reason() -> None:
    loud = simulated("inner")
    noise = scipy.signal.lfilter([1.0], [1.0, -0.7], np.random.default_rng(1).standard_normal(len(loud)))
    samples = loud + 2 * noise * loud.std() / noise.std()
    recording = Recording(samples, RATE_HZ, RPM, source="SIMULATED")
    found = diagnose(recording, WRONG)
    assert found.verdict == "uncertain"
    assert "no line of this bearing: check speed and bearing" in found.reason
    assert found.impacts is None
    assert found.beats is not None
    assert found.beats.order == pytest.approx(5.415, rel=0.01)
    assert f"{found.beats.rate_hz:.1f} times a second" in found.reason
    drawn = DiagnosisFigures(found, recording)["envelope"]
    combs = {trace.name: [x for x in trace.x if x is not None] for trace in drawn.data if trace.mode == "lines"}
    assert combs["What beats"][0] == pytest.approx(found.beats.rate_hz)
