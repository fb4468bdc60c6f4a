"""A simulated bearing: what a healthy or damaged one sounds like, from published models.

x(t) = sum_i A_i h(t - T_i)  +  shaft harmonics  +  mains hum  +  rolling noise  +  sensor noise

* T_i, the impacts: random increments about the fault order, in shaft angle, with 1-2 % slip that accumulates
  (J. Antoni & R. B. Randall, "A stochastic model for simulation and diagnostics of rolling element bearings with
  localized faults", J. Vib. Acoust. 125 (2003) 282-289; R. B. Randall & J. Antoni, MSSP 25 (2011) 485-520).
* A_i, their strength: the load zone q(theta) = [1 - (1 - cos theta) / (2 eps)]^1.5 where the defect is at that moment:
  it stands still for an outer race, turns with the shaft for an inner race, with the cage for a ball
  (P. D. McFadden & J. D. Smith, "Model for the vibration produced by a single point defect in a rolling element
  bearing", J. Sound Vib. 96 (1984) 69-82).
* h, the answer of the structure: a sum of decaying resonances, which also colours the rolling noise.

`python -m bearing.physics.simulate` writes the four samples of `data/samples/`; the same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bearing.errors import ParameterError
from bearing.files import DATA_DIR
from bearing.physics.kinematics import FaultOrders, Geometry, fault_orders
from bearing.recording import Recording, check_rate_hz, check_rpm
from bearing.states import Family

__all__ = ["Resonance", "SimulationConfig", "load_zone", "simulate", "simulate_recording"]

FloatArray = NDArray[np.float64]
Condition = Literal["healthy"] | Family
CONDITIONS: tuple[Condition, ...] = get_args(Literal["healthy"]) + get_args(Family)
ORDERS_6205 = fault_orders(Geometry(9, 7.94, 39.04))  # SKF 6205-2RS JEM: 0.3126 in balls on a 1.537 in circle


@dataclass(frozen=True)
class Resonance:
    """One mode of the structure: frequency in Hz, damping ratio zeta, gain relative to the other modes."""

    frequency_hz: float
    damping: float = 0.05
    gain: float = 1.0


@dataclass(frozen=True)
class SimulationConfig:
    """Everything that decides a simulated signal; amplitudes in g.

    `slip` is the standard deviation of one interval between impacts, relative to its mean, and accumulates;
    `mean_slip` moves the line itself (real bearings: up to 1-2 % below the kinematic order).
    `impact_g` is the peak of an impact at full load, 0 means no defect whatever the state says.
    `noise_g` is the RMS of all noise, `rolling_share` the part of its power that went through the structure.
    """

    state: Condition = "healthy"
    sampling_rate_hz: float = 12_000.0
    duration_s: float = 3.0
    shaft_rpm: float = 1772.0
    orders: FaultOrders = ORDERS_6205
    resonances: tuple[Resonance, ...] = (Resonance(2_900.0, 0.05), Resonance(1_350.0, 0.06, 0.3))
    impact_g: float = 1.0
    impact_spread: float = 0.15
    slip: float = 0.01
    mean_slip: float = -0.003
    load_zone_extent: float = 0.45
    load_floor: float = 0.1
    shaft_g: tuple[float, ...] = (0.05, 0.03, 0.012, 0.006)
    speed_wander: float = 5e-4
    mains_hz: float = 60.0
    mains_g: tuple[float, ...] = (0.01, 0.02)
    noise_g: float = 0.1
    rolling_share: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        check_rate_hz(self.sampling_rate_hz)
        check_rpm(self.shaft_rpm)
        if self.state not in CONDITIONS:
            raise ParameterError(f"A simulated bearing is one of {', '.join(CONDITIONS)}, got {self.state!r}.")
        if self.duration_s * self.sampling_rate_hz < 2:
            raise ParameterError(f"A simulated signal needs at least 2 samples, got {self.duration_s:g} s.")
        if not 0 <= self.slip < 0.2 or not -0.2 < self.mean_slip < 0.2:
            raise ParameterError(f"Slip lies below 0.2 (20 %), got slip={self.slip:g}, mean_slip={self.mean_slip:g}.")
        for mode in self.resonances:
            if not 0 < mode.frequency_hz < self.sampling_rate_hz / 2 or not 0 < mode.damping < 1:
                raise ParameterError(f"A resonance lies below half the sampling rate with zeta in 0..1, got {mode}.")


def load_zone(angle_rad: FloatArray, extent: float) -> FloatArray:
    """Relative load at an angle from the load line, 0..1, same shape (McFadden & Smith 1984, eq. 5).

    `extent` is eps of the paper: below 0.5 with positive clearance, so that part of the circle carries nothing.
    """
    return np.maximum(1.0 - (1.0 - np.cos(angle_rad)) / (2.0 * extent), 0.0) ** 1.5


def simulate(config: SimulationConfig, turns: FloatArray | None = None) -> FloatArray:
    """The simulated acceleration in g, shape (round(duration_s * sampling_rate_hz),).

    `turns` of the shaft at each sample, same shape, tell how a speed moves; None holds it but for a slow wander.
    """
    rng = np.random.default_rng(config.seed)
    n_samples = round(config.duration_s * config.sampling_rate_hz)
    steady = _shaft_turns(config, n_samples, rng)
    turns = steady if turns is None else turns
    signal = _tones(config, turns, rng) + _noise(config, n_samples, rng)
    if config.state != "healthy" and config.impact_g > 0:
        impact_turns, strength = _impacts(config, turns[-1], rng)
        times = np.interp(impact_turns, turns, np.arange(n_samples, dtype=np.float64))
        signal += _ring(config, times, config.impact_g * strength, n_samples)
    return signal


def simulate_recording(config: SimulationConfig) -> Recording:
    """The same as a Recording that says it is simulated."""
    return Recording(
        samples=simulate(config),
        sampling_rate_hz=config.sampling_rate_hz,
        shaft_rpm=config.shaft_rpm,
        channel="acceleration",
        source=f"SIMULATED {config.state}",
        unit="g",
        rate_source="simulation",
        rpm_source="simulation",
        notes=("Simulated signal, not a measurement.",),
    )


def _shaft_turns(config: SimulationConfig, n_samples: int, rng: np.random.Generator) -> FloatArray:
    """Turns of the shaft at each sample: the nominal speed with a slow wander (0.3-2 Hz, as a drive hunts)."""
    time_s = np.arange(n_samples) / config.sampling_rate_hz
    wander_hz, phase = rng.uniform(0.3, 2.0, 4), rng.uniform(0, 2 * np.pi, 4)
    angle = 2 * np.pi * np.outer(wander_hz, time_s) + phase[:, None]
    wander_s = (np.sin(angle) / (2 * np.pi * wander_hz[:, None])).sum(axis=0) * config.speed_wander / np.sqrt(2)
    return config.shaft_rpm / 60.0 * (time_s + wander_s - wander_s[0])


def _tones(config: SimulationConfig, turns: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Harmonics of the shaft and of the mains, below half the sampling rate, with random phases."""
    time_s = np.arange(len(turns)) / config.sampling_rate_hz
    signal = np.zeros(len(turns))
    shaft = [(config.shaft_rpm / 60, turns, k, g) for k, g in enumerate(config.shaft_g, 1)]
    mains = [(config.mains_hz, config.mains_hz * time_s, k, g) for k, g in enumerate(config.mains_g, 1)]
    for base_hz, cycles, harmonic, amplitude in shaft + mains:
        phase = rng.uniform(0, 2 * np.pi)
        if harmonic * base_hz < config.sampling_rate_hz / 2:
            signal += amplitude * np.sin(2 * np.pi * harmonic * cycles + phase)
    return signal


def _impacts(config: SimulationConfig, last_turn: float, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """When the defect strikes (in turns of the shaft) and how hard (relative to full load), both shape (n,)."""
    order = config.orders.families[config.state] * (1.0 + config.mean_slip)
    count = int(last_turn * order * 1.2) + 10
    steps = (1.0 + config.slip * rng.standard_normal(count)) / order
    turns = rng.uniform(0, 1 / order) + np.cumsum(np.maximum(steps, 0.1 / order))
    strength = np.clip(1.0 + config.impact_spread * rng.standard_normal(count), 0.1, None)
    if config.state == "inner":
        strength *= _loaded(config, turns + rng.uniform())
    elif config.state == "ball":
        strength *= _loaded(config, turns * config.orders.ftf + rng.uniform())
        strength[1::2] *= 0.7  # every other strike is on the inner race, whose way to the sensor is longer
    inside = turns < last_turn
    return turns[inside], strength[inside]


def _loaded(config: SimulationConfig, turns: FloatArray) -> FloatArray:
    """Load where the defect is; `load_floor` stands for preload and centrifugal force outside the load zone."""
    zone = load_zone(2 * np.pi * turns, config.load_zone_extent)
    return config.load_floor + (1.0 - config.load_floor) * zone


def _impulse_response(config: SimulationConfig) -> FloatArray:
    """h at whole samples until 1e-4 of its start, scaled so that its peak is 1; only for colouring noise."""
    length = int(max(_decay_s(mode) for mode in config.resonances) * config.sampling_rate_hz) + 1
    return _response(config, np.arange(length) / config.sampling_rate_hz)


def _decay_s(mode: Resonance) -> float:
    return float(np.log(1e4) / (2 * np.pi * mode.frequency_hz * mode.damping))


def _response(config: SimulationConfig, time_s: FloatArray) -> FloatArray:
    """h(t) for t >= 0, 0 before: sum of gain * exp(-zeta w t) sin(w sqrt(1 - zeta^2) t)."""
    answer = np.zeros_like(time_s)
    late = np.maximum(time_s, 0.0)
    for mode in config.resonances:
        omega = 2 * np.pi * mode.frequency_hz
        answer += mode.gain * np.exp(-mode.damping * omega * late) * np.sin(omega * np.sqrt(1 - mode.damping**2) * late)
    return np.where(time_s >= 0, answer, 0.0)


def _ring(config: SimulationConfig, at_samples: FloatArray, strength: FloatArray, n_samples: int) -> FloatArray:
    """The structure's answer to impacts at fractional sample positions; `strength` is the peak of each."""
    length = int(max(_decay_s(mode) for mode in config.resonances) * config.sampling_rate_hz) + 2
    peak = np.abs(_response(config, np.linspace(0, length / config.sampling_rate_hz, 20 * length))).max()
    first = np.floor(at_samples).astype(np.int64)
    signal = np.zeros(n_samples + length)
    for start, end in _chunks(len(first), max(1, 2_000_000 // length)):
        index = first[start:end, None] + np.arange(length)
        rung = _response(config, (index - at_samples[start:end, None]) / config.sampling_rate_hz)
        np.add.at(signal, index, rung * (strength[start:end, None] / peak))
    return signal[:n_samples]


def _chunks(total: int, size: int) -> list[tuple[int, int]]:
    return [(start, min(start + size, total)) for start in range(0, total, size)]


def _noise(config: SimulationConfig, n_samples: int, rng: np.random.Generator) -> FloatArray:
    """Rolling noise through the structure and white sensor noise, together of RMS `noise_g`."""
    white = rng.standard_normal(n_samples)
    response = _impulse_response(config)
    size = 1 << int(np.ceil(np.log2(n_samples + len(response))))
    source = np.fft.rfft(rng.standard_normal(n_samples), size)
    rolling = np.fft.irfft(source * np.fft.rfft(response, size), size)[:n_samples]
    rolling /= np.sqrt(np.sum(response**2))
    return config.noise_g * (np.sqrt(config.rolling_share) * rolling + np.sqrt(1 - config.rolling_share) * white)


# ---------------------------------------------------------------------------------------- the shipped samples


@dataclass(frozen=True)
class _Sample:
    file: str
    config: SimulationConfig = field(default_factory=SimulationConfig)


SAMPLES = (
    _Sample("healthy.csv", SimulationConfig("healthy", shaft_rpm=1797, seed=11)),
    _Sample("outer.csv", SimulationConfig("outer", shaft_rpm=1772, impact_g=0.55, seed=12)),
    _Sample("inner.csv", SimulationConfig("inner", shaft_rpm=1750, impact_g=0.85, seed=13)),
    _Sample("ball.csv", SimulationConfig("ball", shaft_rpm=1730, impact_g=0.75, slip=0.007, seed=14)),
)


def write_sample(config: SimulationConfig, path: Path) -> None:
    """One CSV: a comment line with what the signal is, a header line, one value in g per line."""
    about = (
        f"# SIMULATED, not a measurement; state={config.state}; sampling_rate_hz={config.sampling_rate_hz:g}; "
        f"shaft_rpm={config.shaft_rpm:g}; bearing=6205-2RS JEM; unit=g; made by python -m bearing.physics.simulate"
    )
    lines = [about, "acceleration_g", *(f"{value:.5g}" for value in simulate(config))]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def main(argv: Sequence[str] | None = None) -> None:
    """Write the shipped samples (healthy, outer, inner, ball) into a folder."""
    parser = argparse.ArgumentParser(prog="python -m bearing.physics.simulate", description=main.__doc__)
    default = DATA_DIR / "samples"
    parser.add_argument("folder", nargs="?", type=Path, default=default, help="where to write (default: data/samples)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of each sample")
    arguments = parser.parse_args(argv)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for sample in SAMPLES:
        write_sample(replace(sample.config, duration_s=arguments.seconds), arguments.folder / sample.file)
        print(arguments.folder / sample.file)


if __name__ == "__main__":
    main()
