"""Tacho channels: found by their shape, counted through noise and missing pulses."""

from __future__ import annotations

import numpy as np
import pytest

from bearing.errors import ParameterError
from bearing.physics.shaft.tacho import find_pulses, pulses_per_turn, read_tacho
from bearing.physics.simulate import SimulationConfig, simulate

RATE_HZ = 12_000.0
SECONDS = 10


def drive(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Speed in Hz of a shaft that runs up and hunts, and its turns, at each sample."""
    at = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ
    speed_hz = 20 + 10 * at / SECONDS + 1.5 * np.sin(2 * np.pi * 0.4 * at + seed)
    return speed_hz, np.cumsum(speed_hz) / RATE_HZ


def tacho(turns: np.ndarray, per_turn: int = 1, duty: float = 0.1, noise: float = 0.1, missing: float = 0.0,
          seed: int = 0) -> np.ndarray:  # fmt: skip
    """Pulses of 5 V in noise (standard deviation, share of the pulse), some of them missing."""
    rng = np.random.default_rng(seed)
    number = np.floor(turns * per_turn).astype(int)
    gone = rng.random(number.max() + 2) < missing
    pulse = ((turns * per_turn) % 1 < duty) & ~gone[number]
    return np.asarray(5.0 * pulse + 5.0 * noise * rng.standard_normal(len(turns)))


@pytest.mark.parametrize("per_turn", [1, 4])
@pytest.mark.parametrize("duty", [0.02, 0.5, 0.97])
@pytest.mark.parametrize("missing", [0.0, 0.05])
def test_the_speed_is_read_within_a_twentieth_of_a_percent(per_turn: int, duty: float, missing: float) -> None:
    speed_hz, turns = drive()
    found = read_tacho(tacho(turns, per_turn, duty, 0.1, missing), RATE_HZ, per_turn)
    at = np.linspace(found.angle.at[0], found.angle.at[-1], 500)[10:-10]
    read = found.angle.speed_hz(at, RATE_HZ, over=RATE_HZ / 25)
    off = np.abs(read / np.interp(at, np.arange(len(speed_hz)), speed_hz) - 1)
    assert np.median(off) < 0.0005
    assert off.max() < 0.005
    assert found.confidence > 0.95
    assert (found.pulses.missing > 3) == (missing > 0)


def test_whole_turns_are_counted_over_missing_pulses() -> None:
    _, turns = drive()
    found = read_tacho(tacho(turns, 1, 0.1, 0.1, 0.05, seed=3), RATE_HZ, 1)
    assert found.angle.total_turns == pytest.approx(
        np.ptp(np.interp(found.angle.at, np.arange(len(turns)), turns)), abs=0.05
    )


def test_chatter_of_a_bouncing_edge_is_not_counted() -> None:
    _, turns = drive()
    channel = tacho(turns, 1, 0.1, 0.01)
    first = np.flatnonzero(np.diff(turns // 1)) + 1
    channel[first + 3] = 0.0  # every edge bounces once
    channel[first + 4] = 0.0
    found = read_tacho(channel, RATE_HZ, 1)
    assert found.pulses.missing == 0
    assert found.angle.total_turns == pytest.approx(len(found.pulses.at) - 1)
    assert abs(len(found.pulses.at) - len(first)) <= 1


def test_the_stated_speed_tells_how_many_pulses_make_a_turn() -> None:
    _, turns = drive()
    pulses = find_pulses(tacho(turns, 4, 0.3), RATE_HZ)
    assert pulses is not None
    assert pulses_per_turn(pulses, RATE_HZ, rpm=1450)[0] == 4


def test_the_vibration_tells_how_many_pulses_make_a_turn() -> None:
    for seed, per_turn in enumerate((1, 2, 8)):
        config = SimulationConfig(duration_s=10, shaft_rpm=1450, speed_wander=0.02, seed=seed)
        _, turns = _vibration_and_turns(config)
        found = read_tacho(tacho(turns, per_turn, 0.3), RATE_HZ, vibration=simulate(config))
        assert found.pulses_per_turn == per_turn
        assert 0.5 < found.confidence < 0.99


def _vibration_and_turns(config: SimulationConfig) -> tuple[np.ndarray, np.ndarray]:
    from bearing.physics import simulate as simulation

    rng = np.random.default_rng(config.seed)
    count = round(config.duration_s * config.sampling_rate_hz)
    return simulate(config), simulation._shaft_turns(config, count, rng)


@pytest.mark.parametrize("state", ["healthy", "outer", "inner", "ball"])
def test_a_vibration_is_no_tacho(state: str) -> None:
    config = SimulationConfig(state=state, impact_g=3.0, seed=1)  # type: ignore[arg-type]
    assert find_pulses(simulate(config), RATE_HZ) is None


def test_what_is_no_tacho_is_refused_in_one_sentence() -> None:
    rng = np.random.default_rng(0)
    steps = np.repeat(rng.integers(0, 2, 300), 40).astype(float)  # two levels, but no rhythm
    for channel in (np.zeros(5000), rng.standard_normal(5000), np.full(5000, np.nan), steps, np.zeros(3)):
        with pytest.raises(ParameterError, match="tacho"):
            read_tacho(channel, RATE_HZ, 1)


def test_a_speed_that_hunts_within_a_few_turns_is_not_smoothed_away() -> None:
    at = np.arange(round(4 * RATE_HZ)) / RATE_HZ
    speed_hz = 29.5 * (1 + 0.056 * np.sin(2 * np.pi * 5 * at))  # six turns to and fro
    turns = np.cumsum(speed_hz) / RATE_HZ
    found = read_tacho(tacho(turns, noise=0.0), RATE_HZ, 1)
    near = np.linspace(2_000, 46_000, 800)
    assert np.ptp(np.interp(near, np.arange(len(turns)), turns) - found.angle.turns_at(near)) < 0.03
