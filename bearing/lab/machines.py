"""Machines the order network is trained on: random bearings, speeds, rates, structures and disturbances.

`bearing.physics.simulate` makes one believable signal from a config; this module makes thousands that share nothing
but the physics, so that a network cannot find anything else to learn. Faults follow Antoni & Randall 2003 (random
slip that accumulates) and McFadden & Smith 1984 (load zone); healthy machines get everything that fools an envelope
spectrum: noise modulated by the shaft, blades, gears and mains, impulses at random and at foreign rates, tones of
inverters, and shallow ball-pass lines, which healthy bearings show too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from bearing.physics.kinematics import FaultOrders

__all__ = ["CLASSES", "SimulatedMachine", "implant_fault", "noise_spectrum", "random_bearing", "simulate_machine"]

Array = NDArray[np.float64]
Rng = np.random.Generator

CLASSES = ("normal", "outer", "inner", "ball")
RATES_HZ = (
    5000,
    8000,
    10000,
    12000,
    12800,
    16000,
    20000,
    25600,
    32000,
    42000,
    48000,
    48828,
    50000,
    51200,
    64000,
    97656,
)
MAX_SAMPLES = 131_072


@dataclass(frozen=True)
class SimulatedMachine:
    """A signal of shape (n,), the stated speed (up to about 1 % wrong), the catalogue's orders, and the truth."""

    signal: Array
    sampling_rate_hz: float
    shaft_hz: float
    orders: FaultOrders
    label: str


@dataclass(frozen=True)
class _Clock:
    """Time axis of one machine: seconds, shaft revolutions, and revolutions -> seconds with a slow wander."""

    rate_hz: float
    shaft_hz: float
    time_s: Array
    wander: float
    wander_hz: float
    phase: float

    @property
    def revolutions(self) -> Array:
        return self.time_s * self.shaft_hz

    def seconds_of(self, revolutions: Array) -> Array:
        angle = 2 * np.pi * self.wander_hz * revolutions / self.shaft_hz + self.phase
        return revolutions / self.shaft_hz + self.wander * np.sin(angle) / (2 * np.pi * self.wander_hz)


def random_bearing(rng: Rng) -> tuple[int, FaultOrders]:
    """Number of elements and catalogue orders of a bearing that could exist."""
    while True:
        count, ratio = int(rng.integers(6, 25)), rng.uniform(0.08, 0.42)
        if ratio < 0.95 * np.sin(np.pi / count):  # the elements fit beside each other
            break
    angle = np.radians(rng.uniform(0, 40)) if rng.random() < 0.25 else 0.0
    g = ratio * np.cos(angle)
    return count, FaultOrders(count / 2 * (1 - g), count / 2 * (1 + g), (1 - g * g) / (2 * g), (1 - g) / 2)


def _true_orders(count: int, orders: FaultOrders, rng: Rng) -> dict[str, float]:
    """Where the lines really fall: the cage slips, and another make under the same name has another geometry."""
    slip = float(np.clip(rng.normal(0, 0.005), -0.018, 0.018) if rng.random() < 0.65 else rng.uniform(-0.029, 0.029))
    ftf = orders.ftf * (1 + slip)
    spin = float(np.clip(rng.normal(0, 0.006) + 1.5 * slip * rng.random(), -0.029, 0.029))
    return {"outer": count * ftf, "inner": count * (1 - ftf), "ball": 2 * orders.bsf * (1 + spin), "ftf": ftf}


def simulate_machine(rng: Rng, label: str, revolutions: float | None = None) -> SimulatedMachine:
    """One machine of a class; `revolutions` defaults to anything from 5 to 500."""
    shaft_hz = rng.uniform(23, 32) if rng.random() < 0.4 else 10 ** rng.uniform(np.log10(4), np.log10(62))
    rate_hz = float(rng.choice([*RATES_HZ, 10 ** rng.uniform(3.7, 5)]))
    revolutions = revolutions or 10 ** rng.uniform(np.log10(5), np.log10(500))
    size = int(np.clip(revolutions / shaft_hz * rate_hz, 2048, MAX_SAMPLES))
    count, orders = random_bearing(rng)
    true = _true_orders(count, orders, rng)
    clock = _Clock(
        rate_hz,
        shaft_hz,
        np.arange(size) / rate_hz,
        wander=float(rng.uniform(0, 0.004)) if rng.random() < 1 / 3 else 0.0,
        wander_hz=float(rng.uniform(0.05, 1.5)),
        phase=float(rng.uniform(0, 2 * np.pi)),
    )
    signal = _background(rng, clock, true)
    if label != "normal":
        signal = signal + _fault(rng, clock, true, label) * 10 ** rng.uniform(-0.7, 0.9)
    if rng.random() < 0.15:
        quantum = signal.std() * 10 ** rng.uniform(-2, -0.7)
        signal = np.round(signal / quantum) * quantum
    stated_hz = shaft_hz * (1 + rng.normal(0, 0.003)) if rng.random() < 0.5 else shaft_hz
    return SimulatedMachine(signal, rate_hz, stated_hz, orders, label)


def implant_fault(rng: Rng, signal: Array, rate_hz: float, shaft_hz: float, orders: FaultOrders, part: str) -> Array:
    """A real signal, at unit variance, with a simulated fault of a bearing in it."""
    clock = _Clock(rate_hz, shaft_hz, np.arange(len(signal)) / rate_hz, 0.0, 1.0, 0.0)
    true = _true_orders(round(orders.bpfo / orders.ftf), orders, rng)
    return signal / signal.std() + _fault(rng, clock, true, part) * 10 ** rng.uniform(-0.7, 0.8)


# ---- what a healthy machine sounds like -----------------------------------------------------------------------------


def _background(rng: Rng, clock: _Clock, true: dict[str, float]) -> Array:
    """Unit-variance signal of a machine without a fault in this bearing."""
    noise = _filtered(rng.standard_normal(len(clock.time_s)), noise_spectrum(rng, len(clock.time_s)))
    signal = noise * np.maximum(_modulation(rng, clock, true), 0) + _tones(rng, clock)
    if rng.random() < 0.25:
        count = rng.poisson(clock.time_s[-1] * 10 ** rng.uniform(-0.3, 1.7)) + 1
        blows = _impulses(clock, rng.uniform(0, clock.time_s[-1], count), rng.lognormal(0, 0.7, count))
        signal += _through_structure(rng, clock, blows) * 10 ** rng.uniform(-1, 0.2)
    if rng.random() < 0.12:
        signal += _foreign_impacts(rng, clock, true)
    return signal / signal.std()


def _modulation(rng: Rng, clock: _Clock, true: dict[str, float]) -> Array:
    """1 + the periodic modulations of the noise: shaft, healthy ball passes, foreign parts, twice the mains."""
    turns = clock.revolutions
    total = np.ones_like(turns)

    def add(depth: float, order: float, harmonics: int = 1, decay: float = 1.0) -> None:
        for h in range(1, harmonics + 1):
            total[:] += depth / h**decay * np.cos(2 * np.pi * (h * order * turns + rng.random()))

    for k in range(1, 7):
        if rng.random() < 0.35:
            add(10 ** rng.uniform(-2, -0.3), k)
    if rng.random() < 0.45:
        for part in ("outer", "inner", "ftf", "ball"):
            if rng.random() < 0.5:
                depth, harmonics = 10 ** rng.uniform(-2.3, -0.6), int(rng.integers(1, 6))
                add(depth, true[part], harmonics, rng.uniform(0, 1))
                if rng.random() < 0.3:
                    for side in (true[part] - 1, true[part] + 1):
                        add(depth * rng.uniform(0.1, 0.8), side, 1)
    if rng.random() < 0.25:
        for _ in range(rng.integers(1, 4)):
            near_integer = rng.integers(1, 8) * (1 + rng.choice([-1, 1]) * rng.uniform(0.002, 0.012))
            order = rng.uniform(0.3, 12) if rng.random() < 0.7 else near_integer
            add(10 ** rng.uniform(-2, -0.4), order, int(rng.integers(1, 5)))
    if rng.random() < 0.3:
        add(10 ** rng.uniform(-2, -0.5), rng.choice([50, 60]) / clock.shaft_hz, 4)
    return total


def _tones(rng: Rng, clock: _Clock) -> Array:
    """Shaft harmonics, mains, gear meshes and inverter tones."""
    turns, time = clock.revolutions, clock.time_s
    total = np.zeros_like(time)

    def tone(amplitude: float, cycles: Array) -> None:
        total[:] += amplitude * np.cos(2 * np.pi * (cycles + rng.random()))

    for k in range(1, rng.integers(2, 30)):
        if rng.random() < 0.6:
            tone(10 ** rng.uniform(-2, 0.3) / k**0.7, k * turns)
    if rng.random() < 0.5:
        mains_hz = rng.choice([50, 60])
        for k in range(1, 12):
            if rng.random() < 0.5:
                tone(10 ** rng.uniform(-2, 0), k * mains_hz * time)
    if rng.random() < 0.35:
        teeth = rng.integers(11, 80) * (rng.uniform(0.2, 3) if rng.random() < 1 / 3 else 1)
        loudness, sideband = 10 ** rng.uniform(-1.5, 0.5), rng.random()
        for h in (1, 2, 3):
            if teeth * h * clock.shaft_hz < clock.rate_hz / 2.2:
                wobble = 0.5 * sideband * np.sin(2 * np.pi * turns) / (2 * np.pi)
                swell = 1 + sideband * np.cos(2 * np.pi * (turns + rng.random()))
                total += loudness / h * swell * np.cos(2 * np.pi * (teeth * h * turns + rng.random() + wobble))
    if rng.random() < 0.2:
        for _ in range(rng.integers(1, 6)):
            tone(10 ** rng.uniform(-1.5, 0.3), rng.uniform(0.02, 0.49) * clock.rate_hz * time)
    return total


def _foreign_impacts(rng: Rng, clock: _Clock, true: dict[str, float]) -> Array:
    """Impacts at a rate that no part of this bearing has; silence when the drawn rate is too close to one."""
    order = rng.uniform(0.5, 10)
    lines = [true[part] * h / j for part in CLASSES[1:] for h in (1, 2, 3) for j in (1, 2, 3)]
    if min(abs(order / line - 1) for line in lines) < 0.03:
        return np.zeros_like(clock.time_s)
    at = _impact_revolutions(rng, clock, order, 10 ** rng.uniform(-4, -1.8))
    blows = _impulses(clock, clock.seconds_of(at), np.exp(rng.normal(0, 0.2, len(at))))
    return _through_structure(rng, clock, blows) * 10 ** rng.uniform(-0.8, 0.4)


# ---- what a fault sounds like ---------------------------------------------------------------------------------------


def _fault(rng: Rng, clock: _Clock, true: dict[str, float], part: str) -> Array:
    """Unit-variance vibration of a damaged part."""
    irregular = part == "ball" and rng.random() < 0.25  # it rolls over its defect at random: blows, hardly a rhythm
    jitter = rng.uniform(-1.7, -0.6) if irregular else rng.uniform(-3.3, -1.7)
    at = _impact_revolutions(rng, clock, true[part], 10**jitter)
    force = np.exp(rng.normal(0, rng.uniform(0.4, 1.2) if irregular else rng.uniform(0.05, 0.4), len(at)))
    if part == "outer":
        force *= _wobble(rng, at) if rng.random() < 0.75 else 1.0
    elif part == "inner":
        lobes = 2 if rng.random() < 0.25 else 1  # an oval housing or a preload squeezes the race twice a turn
        force *= _load_zone(rng, lobes * at, 1.2)
        force *= _wobble(rng, at) if rng.random() < 0.4 else 1.0
    else:
        force *= _load_zone(rng, true["ftf"] * at, 1.5)
        force *= _wobble(rng, at) if rng.random() < 0.3 else 1.0
        force[::2] *= rng.uniform(0.1, 1) if rng.random() < 0.5 else 1.0  # the two races answer differently
        if rng.random() < 0.4:  # the ball's axis wanders: the defect meets the track for a while, then misses it
            knots = max(3, int(at[-1] / rng.uniform(3, 40)))
            meets = np.interp(at, np.linspace(0, at[-1], knots), rng.random(knots))
            force *= (meets > rng.uniform(0.1, 0.6)) * meets
    if part != "ball" and rng.random() < 0.6:  # no two elements are alike: lines at the cage's rate
        count = round(true["outer"] / true["ftf"])
        force *= np.exp(rng.normal(0, rng.uniform(0.03, 0.4), count))[np.arange(len(at)) % count]
    if rng.random() < 0.2:  # a rough patch instead of a sharp edge: bursts of noise
        position = np.interp(clock.revolutions, at, np.arange(len(at)))
        burst = np.exp(-0.5 * ((position % 1 - 0.5) / rng.uniform(0.05, 0.3)) ** 2)
        blows = burst * np.interp(position, np.arange(len(at)), force) * rng.standard_normal(len(position))
    else:
        blows = _impulses(clock, clock.seconds_of(at), force)
    return _through_structure(rng, clock, blows)


def _wobble(rng: Rng, turns: Array) -> Array:
    """Unbalance and misalignment: the load swells one to three times a turn."""
    swell = np.ones_like(turns)
    for k in range(1, int(rng.integers(2, 4))):
        swell += 10 ** rng.uniform(-1.5, -0.15) * np.cos(2 * np.pi * (k * turns + rng.random()))
    return np.maximum(swell, 0.02)


def _impact_revolutions(rng: Rng, clock: _Clock, order: float, jitter: float) -> Array:
    """Shaft angle (revolutions) of each impact: increments of 1/order with a random slip that accumulates."""
    count = int(clock.time_s[-1] * clock.shaft_hz * order * 1.05) + 8
    return rng.uniform(0, 1 / order) + np.cumsum((1 + rng.normal(0, jitter, count)) / order)


def _load_zone(rng: Rng, turns: Array, widest: float) -> Array:
    """Load at a point that turns through the load zone (McFadden & Smith 1984), over a random constant share."""
    extent, floor = rng.uniform(0.2, widest), rng.uniform(0, 0.7) if rng.random() < 0.5 else 0.0
    load = np.maximum(1 - (1 - np.cos(2 * np.pi * (turns + rng.random()))) / (2 * extent), 0) ** 1.5
    return floor + (1 - floor) * load


def _impulses(clock: _Clock, at_s: Array, force: Array) -> Array:
    """Impulses at any time, shared between the two samples around it."""
    signal = np.zeros_like(clock.time_s)
    position = at_s * clock.rate_hz
    index = np.floor(position).astype(np.int64)
    inside = (index >= 0) & (index < len(signal) - 1)
    index, share, force = index[inside], (position - index)[inside], force[inside]
    np.add.at(signal, index, force * (1 - share))
    np.add.at(signal, index + 1, force * share)
    return signal


# ---- structure and noise --------------------------------------------------------------------------------------------


def _through_structure(rng: Rng, clock: _Clock, force: Array) -> Array:
    """The answer of a few resonances, or of many that fill the whole range, at unit variance."""
    frequency = np.arange(len(force) // 2 + 1) * clock.rate_hz / len(force)
    response = np.zeros(len(frequency), complex)
    if rng.random() < 0.4:
        response += 10 ** rng.uniform(-1.5, 0.5)  # a short, stiff path passes everything
    for _ in range(rng.integers(1, 4) if rng.random() < 0.5 else rng.integers(4, 13)):
        mode_hz = rng.uniform(0.05, 0.45) * clock.rate_hz
        if clock.rate_hz > 24_000 and rng.random() < 0.6:
            mode_hz = rng.uniform(800, min(9000, 0.45 * clock.rate_hz))
        damping = 10 ** rng.uniform(-2, -1)
        mode = mode_hz**2 / (mode_hz**2 - frequency**2 + 2j * damping * mode_hz * frequency)
        phase = np.exp(1j * rng.uniform(0, 2 * np.pi))
        response += rng.uniform(0.3, 1) * phase * np.clip(frequency / mode_hz, 0, 1) * mode
    answer = _filtered(force, response)
    return answer / (answer.std() + 1e-12)


def noise_spectrum(rng: Rng, size: int) -> Array:
    """A random noise spectrum: humps, a slope, sometimes a steep low-pass."""
    x = np.arange(size // 2 + 1) / (size // 2)
    gain = np.full(len(x), rng.uniform(0.05, 1))
    for _ in range(rng.integers(1, 6)):
        gain += 10 ** rng.uniform(-1, 1) / (1 + ((x - rng.uniform(0.01, 0.95)) / 10 ** rng.uniform(-2.3, -0.5)) ** 2)
    gain *= (x + 0.01) ** rng.uniform(-0.8, 0.3)
    if rng.random() < 0.3:
        gain /= 1 + (x / rng.uniform(0.6, 0.95)) ** int(rng.integers(8, 60))
    return gain


def _filtered(signal: Array, response: Array) -> Array:
    out = scipy.fft.irfft(scipy.fft.rfft(signal) * response, len(signal))
    return out / (out.std() + 1e-12) if np.isrealobj(response) else out
