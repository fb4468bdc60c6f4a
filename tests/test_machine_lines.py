"""What else the spectrum shows: eight simulated machine faults, each named in the list, none of them a verdict."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bearing.errors import ParameterError
from bearing.physics.machine_lines import LineKind, MachineParts, Reading, machine_lines
from bearing.physics.simulate import SimulationConfig, simulate
from bearing.verdict.words.machine import READING_WORDS, reading_sentence

RATE_HZ = 12_000.0
RPM = 1475.0
SECONDS = 10
Array = np.ndarray

TURNS = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ * RPM / 60
TIME_S = np.arange(len(TURNS)) / RATE_HZ


def tones(orders: dict[float, float]) -> Array:
    return np.asarray(sum(g * np.sin(2 * np.pi * order * TURNS + 7 * order) for order, g in orders.items()))


def blows(at_turns: Array, strength: Array, ring_hz: float = 3000.0) -> Array:
    train = np.zeros(len(TURNS))
    index = np.searchsorted(TURNS, at_turns)
    inside = index < len(train)
    np.add.at(train, index[inside], strength[inside])
    ring = np.exp(-np.arange(200) / 25) * np.sin(2 * np.pi * ring_hz / RATE_HZ * np.arange(200))
    return np.convolve(train, ring)[: len(train)]


def noise(seed: int) -> np.random.Generator:
    return np.random.default_rng(100 + seed)


def cavitation(seed: int) -> Array:
    rng = noise(seed)
    at = rng.uniform(0, TURNS[-1], 600)
    return blows(np.sort(at), rng.lognormal(0, 1.0, 600), 4500.0)


def hiss(seed: int) -> Array:
    bins = np.fft.rfft(noise(seed).standard_normal(len(TURNS)))
    frequency = np.fft.rfftfreq(len(TURNS), 1 / RATE_HZ)
    return np.fft.irfft(bins * np.exp(-(((frequency - 4200) / 500) ** 2)), len(TURNS))


def gear(seed: int) -> Array:
    swell = 1 + 0.5 * np.sin(2 * np.pi * TURNS) + 0.2 * np.sin(4 * np.pi * TURNS)
    return 0.2 * swell * (np.sin(2 * np.pi * 23 * TURNS) + 0.4 * np.sin(2 * np.pi * 46 * TURNS))


FAULTS: dict[str, tuple[Callable[[int], Array], Reading, MachineParts]] = {
    "unbalance": (lambda s: tones({1: 0.4, 2: 0.04}), Reading.UNBALANCE, MachineParts()),
    "bent shaft": (lambda s: tones({1: 0.3, 2: 0.16}), Reading.BENT_SHAFT, MachineParts()),
    "misalignment": (lambda s: tones({1: 0.15, 2: 0.3, 3: 0.1}), Reading.MISALIGNMENT, MachineParts()),
    "looseness": (
        lambda s: tones({k / 2: 0.15 / (1 + k / 4) for k in range(1, 16)}), Reading.LOOSENESS, MachineParts(),
    ),
    "gear": (gear, Reading.GEAR_SIDEBANDS, MachineParts(teeth=23)),
    "gear, teeth unknown": (gear, Reading.GEAR_SIDEBANDS, MachineParts()),
    "broken tooth": (
        lambda s: blows(np.arange(1, TURNS[-1]), np.full(int(TURNS[-1]), 2.0)), Reading.BLOW_PER_TURN, MachineParts(),
    ),
    "cavitation, bursts": (cavitation, Reading.BURSTS, MachineParts()),
    "cavitation, hiss": (hiss, Reading.BROAD_NOISE, MachineParts()),
    "belt": (lambda s: tones({0.37 * k: 0.2 / k for k in range(1, 6)}), Reading.BELT, MachineParts(belt_order=0.37)),
    "belt, order unknown": (lambda s: tones({0.37 * k: 0.2 / k for k in range(1, 6)}), Reading.BELT, MachineParts()),
    "vanes": (lambda s: tones({7: 0.3, 14: 0.1}), Reading.VANE_PASSING, MachineParts(vanes=7)),
    "stator": (lambda s: 0.8 * np.sin(2 * np.pi * 100 * TIME_S), Reading.ELECTRICAL, MachineParts(mains_hz=50)),
    "rotor bars": (
        lambda s: 0.2 * np.sin(2 * np.pi * TURNS) * (1 + 0.3 * np.sin(2 * np.pi * 4 * (25 - RPM / 60) * TIME_S)),
        Reading.ROTOR_BARS, MachineParts(mains_hz=50, poles=4),
    ),
}  # fmt: skip


def machine(fault: str, seed: int) -> tuple[Array, MachineParts]:
    """A sound bearing in quiet rolling noise, its shaft exactly at RPM, with something wrong around it."""
    add, _, parts = FAULTS[fault]
    config = SimulationConfig(
        duration_s=SECONDS, shaft_rpm=RPM, shaft_g=(0.005, 0.002), mains_hz=50, mains_g=(0.002, 0.002), seed=seed
    )
    return simulate(config, TURNS) + add(seed), parts


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("seed", [0, 1])
def test_each_machine_fault_is_named(fault: str, seed: int) -> None:
    signal, parts = machine(fault, seed)
    view = machine_lines(signal, RATE_HZ, RPM, parts)
    assert FAULTS[fault][1] in [one.code for one in view.readings]


@pytest.mark.parametrize("fault", ["unbalance", "misalignment", "broken tooth", "belt", "vanes", "stator"])
def test_one_fault_is_not_read_as_many(fault: str) -> None:
    signal, parts = machine(fault, 3)
    named = {one.code for one in machine_lines(signal, RATE_HZ, RPM, parts).readings}
    assert len(named) <= 2


def test_a_quiet_machine_is_read_as_nothing_that_strikes_or_meshes() -> None:
    config = SimulationConfig(duration_s=SECONDS, shaft_rpm=RPM, mains_hz=50, seed=5)
    named = {one.code for one in machine_lines(simulate(config, TURNS), RATE_HZ, RPM).readings}
    assert named <= {Reading.UNBALANCE, Reading.BENT_SHAFT, Reading.MISALIGNMENT, Reading.ELECTRICAL}


def test_a_line_is_measured_where_it_stands() -> None:
    signal = tones({1: 0.4}) + 0.01 * noise(0).standard_normal(len(TURNS))
    (once,) = machine_lines(signal, RATE_HZ, RPM).of(LineKind.SHAFT, 1)
    assert once.level == pytest.approx(0.4, rel=0.01)
    assert once.frequency_hz == pytest.approx(RPM / 60, abs=0.1)
    assert once.found
    (twice,) = machine_lines(signal, RATE_HZ, RPM).of(LineKind.SHAFT, 2)
    assert not twice.found


def test_levels_follow_the_unit_and_readings_do_not() -> None:
    signal, parts = machine("misalignment", 0)
    one, other = (machine_lines(scale * signal, RATE_HZ, RPM, parts) for scale in (1.0, 1e-6))
    assert [reading.code for reading in one.readings] == [reading.code for reading in other.readings]
    assert one.lines[0].level == pytest.approx(1e6 * other.lines[0].level, rel=1e-4)


def test_lines_beyond_the_spectrum_are_left_out() -> None:
    signal, _ = machine("unbalance", 0)
    assert not machine_lines(signal, RATE_HZ, RPM, MachineParts(teeth=900)).of(LineKind.GEAR_MESH)


def test_every_reading_has_its_sentence() -> None:
    assert set(READING_WORDS) == set(Reading)
    signal, parts = machine("gear", 0)
    for reading in machine_lines(signal, RATE_HZ, RPM, parts).readings:
        assert "{" not in reading_sentence(reading)


def test_parts_no_machine_has_are_refused() -> None:
    with pytest.raises(ParameterError, match="teeth"):
        MachineParts(teeth=0)
    with pytest.raises(ParameterError, match="belt"):
        MachineParts(belt_order=-1)
