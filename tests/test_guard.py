"""The guard: what strikes is heard whatever was asked, and what does not strike is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bearing.lab.machines.simulate import simulate_machine
from bearing.physics.guard import AXIS_HZ, Guard, blind_spectrum, listen
from bearing.physics.kinematics import FaultOrders
from bearing.physics.simulate import Resonance, SimulationConfig, simulate
from bearing.signal.order_spectrum import envelope_order_spectrum, two_views

RATE_HZ = 12_000.0
SHAFT_HZ = 1772 / 60


def struck(order: float, seed: int = 1, impact_g: float = 0.6, seconds: float = 4.0) -> np.ndarray:
    """Impacts at an order of the shaft no catalogue need know, over the simulator's noise, tones and hum."""
    orders = FaultOrders(order, order + 2, 2.36, 0.398)
    return simulate(SimulationConfig("outer", duration_s=seconds, impact_g=impact_g, seed=seed, orders=orders))


def with_speed(signal: np.ndarray, rate_hz: float = RATE_HZ, shaft_hz: float = SHAFT_HZ) -> Guard:
    return listen(two_views(signal, rate_hz, shaft_hz, 37.0).white)


@pytest.mark.parametrize("order", [2.31, 3.5848, 6.77])
def test_impacts_at_any_order_are_heard(order: float) -> None:
    guard = with_speed(struck(order))
    assert guard.loud
    assert guard.order is not None
    multiples = np.array([1 / 3, 1 / 2, 1, 2, 3])
    assert np.abs(guard.order / order / multiples - 1).min() < 0.02
    assert guard.harmonics >= 3


def test_impacts_are_heard_with_no_speed_at_all() -> None:
    guard = listen(blind_spectrum(struck(3.37), RATE_HZ), speed_known=False)
    assert guard.loud
    assert guard.order is None
    ratio = guard.rate_hz / (3.37 * SHAFT_HZ)
    assert min(abs(ratio / k - 1) for k in (1 / 3, 1 / 2, 1, 2, 3)) < 0.02


def test_a_wrong_speed_does_not_silence_it() -> None:
    for factor in (0.9, 0.95, 1.05, 1.1):
        assert with_speed(struck(3.5848), shaft_hz=SHAFT_HZ * factor).loud


@pytest.mark.parametrize("factor", [0.9, 0.95, 1.05, 1.1])
def test_a_shaft_that_knocks_once_a_turn_tells_its_speed_and_nothing_more(factor: float) -> None:
    guard = with_speed(struck(1.0), shaft_hz=SHAFT_HZ * factor)
    assert not guard.loud
    assert guard.speed_is_wrong
    assert guard.shaft * factor == pytest.approx(1.0, rel=0.005)
    assert not with_speed(struck(1.0)).speed_is_wrong


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("seconds", [1.0, 5.0])
def test_noise_does_not_strike(seed: int, seconds: float) -> None:
    noise = np.random.default_rng(seed).standard_normal(int(seconds * RATE_HZ))
    assert not with_speed(noise).loud
    assert not listen(blind_spectrum(noise, RATE_HZ), speed_known=False).loud


def test_bursts_without_a_rhythm_do_not_strike() -> None:
    rng = np.random.default_rng(3)
    signal = rng.standard_normal(60_000)
    ring = np.exp(-np.arange(240) / 60) * np.sin(2 * np.pi * 0.25 * np.arange(240))
    for start in rng.integers(0, len(signal) - 240, 60):
        signal[start : start + 240] += 25 * rng.uniform(0.5, 1) * ring
    guard = with_speed(signal)
    assert guard.kurtosis > 4
    assert not guard.loud


def test_the_shafts_own_rhythm_does_not_count() -> None:
    rng = np.random.default_rng(6)
    time = np.arange(5 * 12_000) / RATE_HZ
    swell = 1 + 0.8 * sum(np.cos(2 * np.pi * k * SHAFT_HZ * time) / k for k in range(1, 6))
    guard = with_speed(rng.standard_normal(len(time)) * swell)
    assert not guard.loud


def test_tones_and_ramps_do_not_strike() -> None:
    rng = np.random.default_rng(7)
    time = np.arange(5 * 12_000) / RATE_HZ
    tones = sum(np.sin(2 * np.pi * f * time) for f in (50.0, 1000.0, 1013.0, 3100.0))
    assert not with_speed(tones + 0.02 * rng.standard_normal(len(time))).loud
    assert not with_speed(np.linspace(0, 1, len(time)) + 1e-3 * rng.standard_normal(len(time))).loud


@settings(max_examples=10, deadline=None)
@given(power=st.integers(-100, 100))
def test_the_unit_does_not_matter(power: int) -> None:
    signal = struck(3.5848, seconds=2.0)
    plain, scaled = with_speed(signal), with_speed(signal * 10.0**power)
    assert scaled.loud == plain.loud
    assert scaled.depth == pytest.approx(plain.depth, rel=0.02)


def test_sound_simulated_machines_rarely_strike() -> None:
    rng = np.random.default_rng(77)
    heard = 0
    for _ in range(20):
        machine = simulate_machine(rng, "normal", revolutions=120)
        heard += with_speed(machine.signal, machine.sampling_rate_hz, machine.shaft_hz).loud
    assert heard <= 5


def test_the_axis_without_a_speed_is_in_hertz() -> None:
    spectrum = blind_spectrum(struck(3.0), RATE_HZ)
    assert spectrum.shaft_hz == AXIS_HZ
    assert spectrum.level.shape[1] * spectrum.step * AXIS_HZ >= 1500


def test_a_short_piece_is_judged_against_its_own_null() -> None:
    ring = Resonance(2_900.0, 0.05)
    quiet = SimulationConfig("healthy", duration_s=0.25, resonances=(ring,), seed=4)
    assert not with_speed(simulate(quiet)).loud


@pytest.mark.parametrize("rate_hz", [12_000.0, 20_000.0, 25_600.0])
def test_noise_strikes_nothing_where_the_spectrum_of_a_narrow_band_ends(rate_hz: float) -> None:
    for seed in range(4):
        noise = np.random.default_rng(seed).normal(size=int(rate_hz))
        assert not listen(envelope_order_spectrum(noise, rate_hz, 2000 / 60, 37.0, prewhiten=True)).loud


def knocking(order: float, hunts: float, seconds: float = 4.0, seed: int = 3) -> np.ndarray:
    """A bump each 1 / `order` of a turn, over noise, of a shaft 1.9 % faster than SHAFT_HZ that hunts at 1.5 Hz."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    turns = SHAFT_HZ * 1.019 * (time_s + hunts * np.sin(2 * np.pi * 1.5 * time_s) / (2 * np.pi * 1.5))
    bump = np.exp(-0.5 * (((turns * order + 0.5) % 1 - 0.5) / 0.03) ** 2)
    return rng.standard_normal(len(time_s)) * (1 + 6 * bump)


def test_a_shaft_that_hunts_beside_the_stated_speed_strikes_only_itself() -> None:
    assert not with_speed(knocking(1.0, hunts=0.004)).loud
    assert not with_speed(knocking(1.0, hunts=0.0)).loud


@pytest.mark.parametrize("order", [1.98, 3.048, 4.95])
def test_a_fault_near_a_whole_order_is_no_shaft(order: float) -> None:
    assert with_speed(knocking(order, hunts=0.0)).loud
    assert with_speed(struck(order)).loud
