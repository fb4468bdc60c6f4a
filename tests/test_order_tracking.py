"""Speed over time from the signal itself, and signals made to stand still."""

from __future__ import annotations

import numpy as np
import pytest

from bearing.errors import ParameterError
from bearing.physics.shaft.order_tracking import SpeedSource, steady
from bearing.physics.shaft.ridge import _whittaker, track_speed
from bearing.physics.simulate import SimulationConfig, simulate
from bearing.signal.envelope import envelope_spectrum

RATE_HZ = 12_000.0
SECONDS = 10


def machine(
    state: str, law: str, amount: float = 0.0, seed: int = 1
) -> tuple[np.ndarray, np.ndarray, SimulationConfig]:
    """A simulated signal with its speed in rpm at each sample."""
    config = SimulationConfig(
        state=state,  # type: ignore[arg-type]
        duration_s=SECONDS,
        shaft_rpm=1200 if law == "run-up" else 1772,
        seed=seed,
    )
    share = np.arange(round(SECONDS * RATE_HZ)) / (SECONDS * RATE_HZ)
    laws = {
        "steady": np.ones_like(share),
        "ramp": 1 + amount * (2 * share - 1),
        "sine": 1 + amount * np.sin(2 * np.pi * share + seed),
        "run-up": 0.5 + share,
    }
    rpm = config.shaft_rpm * laws[law]
    return simulate(config, np.cumsum(rpm) / 60 / RATE_HZ), rpm, config


def off(time_s: np.ndarray, read: np.ndarray, rpm: np.ndarray) -> np.ndarray:
    """Relative error of a speed over time, its scale apart (a ridge may follow half or twice the shaft)."""
    ratio = read / np.interp(time_s, np.arange(len(rpm)) / RATE_HZ, rpm)
    return np.abs(ratio / np.median(ratio) - 1)


@pytest.mark.parametrize(
    ("state", "law", "amount"), [("outer", "sine", 0.1), ("healthy", "ramp", 0.2), ("inner", "run-up", 0.0)]
)
def test_the_ridge_follows_the_shaft_within_a_fifth_of_a_percent(state: str, law: str, amount: float) -> None:
    signal, rpm, config = machine(state, law, amount)
    found = track_speed(signal, RATE_HZ, config.shaft_rpm, config.orders)
    assert found is not None
    assert np.median(off(found.time_s, found.rpm, rpm)) < 0.002


def test_without_speed_or_bearing_the_ridge_still_has_the_law_s_shape() -> None:
    signal, rpm, _ = machine("healthy", "sine", 0.1)
    found = track_speed(signal, RATE_HZ)
    assert found is not None
    assert np.median(off(found.time_s, found.rpm, rpm)) < 0.005


def test_too_short_a_signal_has_no_ridge() -> None:
    noise = np.random.default_rng(0).standard_normal(6_000)
    assert track_speed(noise[:600], RATE_HZ, 1772) is None
    assert track_speed(noise, 1e7, 20) is None  # not a wave of what is looked at


def test_smoothing_solves_its_equation() -> None:
    values = np.random.default_rng(0).standard_normal(12)
    second = np.diff(np.eye(12), 2, axis=0)
    assert _whittaker(values, 3.0) == pytest.approx(np.linalg.solve(np.eye(12) + 3 * second.T @ second, values))


@pytest.mark.parametrize("state", ["healthy", "outer", "inner", "ball"])
def test_a_steady_signal_comes_back_as_it_went_in(state: str) -> None:
    signal, _, config = machine(state, "steady")
    found = steady(signal, RATE_HZ, config.shaft_rpm, orders=config.orders)
    assert found.signal is signal
    assert not found.resampled
    assert (found.rate_hz, found.rpm) == (RATE_HZ, config.shaft_rpm)


@pytest.mark.parametrize("known", ["column", "tacho", "mean"])
def test_a_sweep_is_made_to_stand_still(known: str) -> None:
    signal, rpm, config = machine("outer", "sine", 0.1)
    turns = np.cumsum(rpm) / 60 / RATE_HZ
    if known == "column":
        found = steady(signal, RATE_HZ, speed_rpm=rpm)
    elif known == "tacho":
        found = steady(signal, RATE_HZ, 1772, tacho=((turns % 1) < 0.1).astype(float))
    else:
        found = steady(signal, RATE_HZ, 1772, orders=config.orders)
    assert found.resampled
    assert found.source is {"column": SpeedSource.COLUMN, "tacho": SpeedSource.TACHO}.get(known, SpeedSource.SIGNAL)
    assert found.rpm == pytest.approx(1772, rel=0.005)
    assert found.spread == pytest.approx(0.2, abs=0.03)
    assert np.median(off(found.time_s, found.rpm_over_time, rpm)) < 0.002
    line_hz = config.orders.bpfo * found.rpm / 60
    before = envelope_spectrum(signal, RATE_HZ).peak_near(line_hz)[1]
    after = envelope_spectrum(found.signal, found.rate_hz).peak_near(line_hz)[1]
    assert after > before + 10


def test_a_column_that_holds_still_changes_nothing() -> None:
    signal, rpm, _ = machine("outer", "steady")
    found = steady(signal, RATE_HZ, speed_rpm=rpm + np.random.default_rng(0).uniform(-0.5, 0.5, len(rpm)))
    assert found.signal is signal
    assert found.rpm == pytest.approx(1772, rel=1e-4)


def test_a_stretch_where_the_shaft_stands_is_left_out() -> None:
    signal, rpm, _ = machine("outer", "sine", 0.1)
    rpm[:30_000] = 0.0
    found = steady(signal, RATE_HZ, speed_rpm=rpm)
    assert found.resampled
    assert found.first_s == pytest.approx(2.5, abs=0.01)


def test_columns_that_are_none_are_refused() -> None:
    signal, rpm, _ = machine("healthy", "steady")
    with pytest.raises(ParameterError, match="as long as"):
        steady(signal, RATE_HZ, speed_rpm=rpm[:-1])
    with pytest.raises(ParameterError, match="no number"):
        steady(signal, RATE_HZ, speed_rpm=np.full(len(rpm), np.nan))
    with pytest.raises(ParameterError, match="tacho"):
        steady(signal, RATE_HZ, tacho=signal)
