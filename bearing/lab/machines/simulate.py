"""Machines the order network is trained on: random bearings, speeds, rates, structures and disturbances.

`bearing.physics.simulate` makes one believable signal from a config; this module makes thousands that share nothing
but the physics, so that a network cannot find anything else to learn. Faults follow Antoni & Randall 2003 (random
slip that accumulates) and McFadden & Smith 1984 (load zone); healthy machines get everything that fools an envelope
spectrum: noise modulated by the shaft, blades, gears and mains, impulses at random and at foreign rates, shallow
ball-pass lines, which healthy bearings show too, and what else may ail a machine (`ailments`). So do damaged
ones: a bad bearing in a machine that is out of balance is still a bad bearing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bearing.lab.machines.ailments import AILMENTS, BURSTING
from bearing.lab.machines.parts import (
    Array,
    Clock,
    Rng,
    coloured,
    impact_revolutions,
    impulses,
    load_zone,
    meets_a_line,
    noise_spectrum,
    through_structure,
    wobble,
)
from bearing.physics.kinematics import FaultOrders
from bearing.states import CLASSES

__all__ = ["CLASSES", "SimulatedMachine", "implant_fault", "noise_spectrum", "random_bearing", "simulate_machine"]

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
HOW_MANY_AILMENTS = (0.4, 0.34, 0.18, 0.08)  # the share of machines with none, one, two, three
FAINTEST, FAINTEST_IN_BURSTS, LOUDEST = -0.7, -0.3, 0.9  # of a fault, decades over the machine; fainter is inaudible


@dataclass(frozen=True)
class SimulatedMachine:
    """A signal of shape (n,), the stated speed (up to about 1 % wrong), the catalogue's orders, and the truth.

    `ailments` : what else ails the machine, names of `AILMENTS`.
    """

    signal: Array
    sampling_rate_hz: float
    shaft_hz: float
    orders: FaultOrders
    label: str
    ailments: tuple[str, ...] = ()


def random_bearing(rng: Rng) -> tuple[int, FaultOrders]:
    """Number of elements and catalogue orders of a bearing that could exist; a third are as common as a 6205."""
    common = rng.random() < 1 / 3
    while True:
        count, ratio = int(rng.integers(6, 25)), rng.uniform(0.08, 0.42)
        if common:
            count, ratio = int(rng.integers(7, 11)), rng.uniform(0.17, 0.29)
        if ratio < 0.95 * np.sin(np.pi / count):  # the elements fit beside each other
            break
    angle = np.radians(rng.uniform(0, 40)) if rng.random() < 0.25 else 0.0
    g = ratio * np.cos(angle)
    return count, FaultOrders(count / 2 * (1 - g), count / 2 * (1 + g), (1 - g * g) / (2 * ratio), (1 - g) / 2)


def _true_orders(count: int, orders: FaultOrders, rng: Rng) -> dict[str, float]:
    """Where the lines really fall: the cage slips, and another make under the same name has another geometry.

    One cage speed moves them all: the elements pass the outer race `count` times its rate and the inner race `count`
    times the rest of a turn, so that the two add up to `count`. The spin follows, more or less as it is the contact
    angle or the diameter of the balls that differs.
    """
    slip = float(np.clip(rng.normal(0, 0.005), -0.018, 0.018) if rng.random() < 0.65 else rng.uniform(-0.029, 0.029))
    ftf = orders.ftf * (1 + slip)
    spin = float(np.clip(rng.uniform(0.3, 3.0) * slip + rng.normal(0, 0.003), -0.029, 0.029))
    return {"outer": count * ftf, "inner": count * (1 - ftf), "ball": 2 * orders.bsf * (1 + spin), "ftf": ftf}


def simulate_machine(
    rng: Rng, label: str, revolutions: float | None = None, ailments: tuple[str, ...] | None = None
) -> SimulatedMachine:
    """One machine of a class; `revolutions` defaults to anything from 5 to 500, `ailments` to a random few or none."""
    shaft_hz = rng.uniform(23, 32) if rng.random() < 0.4 else 10 ** rng.uniform(np.log10(4), np.log10(62))
    rate_hz = float(rng.choice([*RATES_HZ, 10 ** rng.uniform(3.7, 5)]))
    revolutions = revolutions or 10 ** rng.uniform(np.log10(5), np.log10(500))
    size = int(np.clip(revolutions / shaft_hz * rate_hz, 2048, MAX_SAMPLES))
    count, orders = random_bearing(rng)
    true = _true_orders(count, orders, rng)
    clock = Clock(
        rate_hz,
        shaft_hz,
        np.arange(size) / rate_hz,
        wander=float(rng.uniform(0, 0.004)) if rng.random() < 1 / 3 else 0.0,
        wander_hz=float(rng.uniform(0.05, 1.5)),
        phase=float(rng.uniform(0, 2 * np.pi)),
    )
    if ailments is None:
        how_many = int(rng.choice(len(HOW_MANY_AILMENTS), p=HOW_MANY_AILMENTS))
        ailments = tuple(str(name) for name in rng.choice(list(AILMENTS), how_many, replace=False))
    signal = _background(rng, clock, true)
    for name in ailments:
        signal = signal + AILMENTS[name](rng, clock, true)
    if label != "normal":
        faintest = FAINTEST_IN_BURSTS if BURSTING & set(ailments) else FAINTEST
        signal = signal + _fault(rng, clock, true, label) * 10 ** rng.uniform(faintest, LOUDEST)
    if rng.random() < 0.15:
        quantum = min(signal.std(), 2.0) * 10 ** rng.uniform(-2, -0.7)
        signal = np.round(signal / quantum) * quantum
    stated_hz = shaft_hz * (1 + rng.normal(0, 0.003)) if rng.random() < 0.5 else shaft_hz
    return SimulatedMachine(signal, rate_hz, stated_hz, orders, label, ailments)


def implant_fault(rng: Rng, signal: Array, rate_hz: float, shaft_hz: float, orders: FaultOrders, part: str) -> Array:
    """A real signal, at unit variance, with a simulated fault of a bearing in it."""
    clock = Clock(rate_hz, shaft_hz, np.arange(len(signal)) / rate_hz)
    true = _true_orders(round(orders.bpfo / orders.ftf), orders, rng)
    return signal / signal.std() + _fault(rng, clock, true, part) * 10 ** rng.uniform(FAINTEST, 0.8)


# ---- what a healthy machine sounds like -----------------------------------------------------------------------------


def _background(rng: Rng, clock: Clock, true: dict[str, float]) -> Array:
    """Unit-variance signal of a machine that nothing ails."""
    signal = coloured(rng, len(clock.time_s)) * np.maximum(_modulation(rng, clock, true), 0) + _tones(rng, clock)
    if rng.random() < 0.25:
        count = rng.poisson(clock.time_s[-1] * 10 ** rng.uniform(-0.3, 1.7)) + 1
        blows = impulses(clock, rng.uniform(0, clock.time_s[-1], count), rng.lognormal(0, 0.7, count))
        signal += through_structure(rng, clock, blows) * 10 ** rng.uniform(-1, 0.2)
    if rng.random() < 0.12:
        signal += _foreign_impacts(rng, clock, true)
    return signal / signal.std()


def _modulation(rng: Rng, clock: Clock, true: dict[str, float]) -> Array:
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


def _tones(rng: Rng, clock: Clock) -> Array:
    """Shaft harmonics, mains, and tones from anywhere."""
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
    if rng.random() < 0.2:
        for _ in range(rng.integers(1, 6)):
            tone(10 ** rng.uniform(-1.5, 0.3), rng.uniform(0.02, 0.49) * clock.rate_hz * time)
    return total


def _foreign_impacts(rng: Rng, clock: Clock, true: dict[str, float]) -> Array:
    """Impacts at a rate that no part of this bearing has; silence when the drawn rate is too close to one."""
    order = rng.uniform(0.5, 10)
    if meets_a_line(order, true):
        return np.zeros_like(clock.time_s)
    at = impact_revolutions(rng, clock, order, 10 ** rng.uniform(-4, -1.8))
    blows = impulses(clock, clock.seconds_of(at), np.exp(rng.normal(0, 0.2, len(at))))
    return through_structure(rng, clock, blows) * 10 ** rng.uniform(-0.8, 0.4)


# ---- what a fault sounds like ---------------------------------------------------------------------------------------


def _fault(rng: Rng, clock: Clock, true: dict[str, float], part: str) -> Array:
    """Unit-variance vibration of a damaged part."""
    if part == "ball":
        at, force = _ball_strikes(rng, clock, true)
    else:
        at = impact_revolutions(rng, clock, true[part], 10 ** rng.uniform(-3.3, -1.7))
        force = np.exp(rng.normal(0, rng.uniform(0.05, 0.4), len(at)))
        if part == "outer":
            force *= wobble(rng, at) if rng.random() < 0.75 else 1.0
        else:
            lobes = 2 if rng.random() < 0.25 else 1  # an oval housing or a preload squeezes the race twice a turn
            force *= load_zone(rng, lobes * at, 1.2)
            force *= wobble(rng, at) if rng.random() < 0.4 else 1.0
        if rng.random() < 0.6:  # no two elements are alike: lines at the cage's rate
            count = round(true["outer"] / true["ftf"])
            force *= np.exp(rng.normal(0, rng.uniform(0.03, 0.4), count))[np.arange(len(at)) % count]
    if rng.random() < 0.2:  # a rough patch instead of a sharp edge: bursts of noise
        position = np.interp(clock.revolutions, at, np.arange(len(at)))
        burst = np.exp(-0.5 * ((position % 1 - 0.5) / rng.uniform(0.05, 0.3)) ** 2)
        blows = burst * np.interp(position, np.arange(len(at)), force) * rng.standard_normal(len(position))
    else:
        blows = impulses(clock, clock.seconds_of(at), force)
    return through_structure(rng, clock, blows)


def _ball_strikes(rng: Rng, clock: Clock, true: dict[str, float]) -> tuple[Array, Array]:
    """When and how hard a damaged ball strikes: in step, hardly in step, or at the cage's pace alone.

    Half of the real ones show no line at 2 x BSF: the ball rolls over its defect by chance (blows, at best a hump), or
    what repeats is its way through the load zone, once or twice a turn of the cage.
    """
    kind = str(rng.choice(["in step", "by chance", "cage"], p=[0.5, 0.25, 0.25]))
    jitter = {"in step": (-3.3, -1.7), "by chance": (-1.7, -0.6), "cage": (-1.7, -0.3)}[kind]
    drifts = rng.random() < (0.3 if kind == "in step" else 0.6)
    drift = rng.uniform(0.003, 0.012 if kind == "in step" else 0.03) if drifts else 0.0
    at = impact_revolutions(rng, clock, true["ball"], 10 ** rng.uniform(*jitter), drift)
    force = np.exp(rng.normal(0, rng.uniform(0.05, 0.4) if kind == "in step" else rng.uniform(0.4, 1.2), len(at)))
    lobes = 2 if rng.random() < (0.7 if kind == "cage" else 0.3) else 1
    force *= load_zone(rng, lobes * true["ftf"] * at, 0.6 if kind == "cage" else 1.5)
    force *= wobble(rng, at) if rng.random() < 0.3 else 1.0
    force[::2] *= rng.uniform(0.1, 1) if rng.random() < 0.5 else 1.0  # the two races answer differently
    if rng.random() < 0.4:  # the ball's axis wanders: the defect meets the track for a while, then misses it
        knots = max(3, int(at[-1] / rng.uniform(3, 40)))
        meets = np.interp(at, np.linspace(0, at[-1], knots), rng.random(knots))
        force *= (meets > rng.uniform(0.1, 0.6)) * meets
    return at, np.maximum(force, 0.01)  # short signals may hold no loaded stretch at all, and silence is no fault
