"""What may ail a machine whose bearing is sound: all of it vibrates, and much of it strikes.

Signatures after R. B. Randall, "Vibration-based Condition Monitoring" (2011), ch. 2 and 5, and ISO 13373-3:2015,
annexes: unbalance at once the shaft, misalignment at twice, looseness with many harmonics and halves, gears with
sidebands at their shafts, a broken tooth once a turn, cavitation in random bursts, belts below the shaft's speed,
blades at their number, inverters in close pairs of tones.

Each function takes (rng, clock, true orders of the bearing) and gives what is added to a machine of unit variance,
shape (n,). Nothing here repeats at a part of the bearing: a comb that would meet one is drawn elsewhere, or left out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bearing.lab.machines.parts import (
    Array,
    Clock,
    Rng,
    coloured,
    impact_revolutions,
    impulses,
    meets_a_line,
    through_structure,
)

__all__ = ["AILMENTS", "BURSTING", "Ailment"]

Ailment = Callable[[Rng, Clock, dict[str, float]], Array]

NO_LINE = 0.0


def _tone(cycles: Array, phase: float) -> Array:
    return np.cos(2 * np.pi * (cycles + phase))


def _foreign_order(rng: Rng, true: dict[str, float], low: float, high: float) -> float:
    """An order, even on a logarithmic scale, at which no part of the bearing has a line; NO_LINE when none is found."""
    for _ in range(20):
        order = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        if not meets_a_line(order, true) and min(abs(order / (true["ftf"] * h) - 1) for h in (1, 2)) > 0.03:
            return order
    return NO_LINE


def _shaft_tones(weights: tuple[float, ...]) -> Ailment:
    """Tones at once, twice, ... the shaft, which also press on the bearing: its noise swells with them."""

    def ail(rng: Rng, clock: Clock, true: dict[str, float]) -> Array:
        turns, loudness = clock.revolutions, 10 ** rng.uniform(-0.2, 1.2)
        tones = np.zeros_like(turns)
        for k, weight in enumerate(weights, start=1):
            tones += weight * rng.lognormal(0, 0.4) * _tone(k * turns, rng.random())
        swelling = 10 ** rng.uniform(-1.5, 0) * coloured(rng, len(turns)) * tones / (np.abs(tones).max() + 1e-12)
        return loudness * tones + swelling

    return ail


def _looseness(rng: Rng, clock: Clock, true: dict[str, float]) -> Array:
    """Many shaft harmonics, half ones with them, and parts that clap together once a turn or every other."""
    turns = clock.revolutions
    step = 0.5 if rng.random() < 0.5 else 1.0
    total = np.zeros_like(turns)
    for k in range(1, int(rng.integers(8, 24))):
        if k * step * clock.shaft_hz < clock.rate_hz / 2.2:
            total += rng.lognormal(0, 0.6) / k**0.5 * _tone(k * step * turns, rng.random())
    total *= 10 ** rng.uniform(-0.7, 0.4) / (total.std() + 1e-12)
    blows = np.zeros_like(turns)
    order, jitter = (step if rng.random() < 0.6 else 1.0), 10 ** rng.uniform(-2.5, -1.2)
    for _ in range(int(rng.integers(1, 4))):  # at one to three angles
        count = int(turns[-1] * order) + 2
        at = (np.arange(count) + rng.random()) / order + rng.normal(0, jitter, count)
        blows += impulses(clock, clock.seconds_of(at), rng.lognormal(0, rng.uniform(0.2, 0.9), count))
    return total + 10 ** rng.uniform(-0.8, 0.5) * through_structure(rng, clock, blows)


def _gears(rng: Rng, clock: Clock, true: dict[str, float]) -> Array:
    """A mesh with harmonics, and sidebands at its shafts: its own, and one that a ratio drives."""
    turns, teeth = clock.revolutions, int(rng.integers(11, 80))
    other = _foreign_order(rng, true, 0.1, 4.0)
    swell, wobble = np.ones_like(turns), np.zeros_like(turns)
    for order in (1.0, other):
        for k in range(1, int(rng.integers(2, 5))):
            swell += 10 ** rng.uniform(-1.5, -0.1) / k * _tone(k * order * turns, rng.random())
            wobble += 10 ** rng.uniform(-2, -0.3) / k * _tone(k * order * turns, rng.random()) / (2 * np.pi)
    total = np.zeros_like(turns)
    for h in range(1, 5):
        if teeth * h * clock.shaft_hz < clock.rate_hz / 2.2:
            total += rng.lognormal(0, 0.7) / h * swell * _tone(h * (teeth * turns + wobble), rng.random())
    return 10 ** rng.uniform(-0.6, 0.8) * total


def _broken_tooth(rng: Rng, clock: Clock, true: dict[str, float]) -> Array:
    """One blow a turn, of this shaft or of one that gears drive: a comb without end, at no part of the bearing."""
    order = 1.0 if rng.random() < 0.5 else _foreign_order(rng, true, 0.15, 6.0)
    if order == NO_LINE:
        return np.zeros_like(clock.time_s)
    at = impact_revolutions(rng, clock, order, 10 ** rng.uniform(-5, -3))
    blows = impulses(clock, clock.seconds_of(at), rng.lognormal(0, rng.uniform(0.05, 0.3), len(at)))
    return 10 ** rng.uniform(-0.8, 0.6) * through_structure(rng, clock, blows)


def _to_kurtosis(rng: Rng, blows: Array) -> Array:
    """Bursts so loud that a machine of Gaussian noise gets a kurtosis of 5 to 50 with them.

    The fourth cumulants of independent signals add: excess = excess of the bursts * (their share of the power)^2.
    """
    blows = blows - blows.mean()
    power = float(np.mean(blows**2))
    if power == 0.0:
        return blows
    excess = float(np.mean(blows**4)) / power**2 - 3
    wanted = 10 ** rng.uniform(np.log10(2), np.log10(47))
    share = np.sqrt(min(wanted / max(excess, 1e-3), 0.8))
    return blows * np.sqrt(share / (1 - share) / power)


def _cavitation(rng: Rng, clock: Clock, true: dict[str, float]) -> Array:
    """Bubbles that burst at random, some far louder than others, at times more of them as a blade passes."""
    count = rng.poisson(clock.time_s[-1] * 10 ** rng.uniform(0.8, 2.7)) + 3
    at = rng.uniform(0, clock.time_s[-1], count)
    if rng.random() < 0.3:
        passing = 1 + np.cos(2 * np.pi * rng.integers(3, 8) * at * clock.shaft_hz)
        at = at[rng.random(count) < passing / 2]
    blows = impulses(clock, at, rng.lognormal(0, rng.uniform(0.6, 1.4), len(at)))
    hiss = 10 ** rng.uniform(-1.5, 0.3) * coloured(rng, len(clock.time_s))
    return _to_kurtosis(rng, through_structure(rng, clock, blows)) + hiss


def _bursts(rng: Rng, clock: Clock, true: dict[str, float]) -> Array:
    """Dirt in the grease, sparks through the bearing, somebody at work nearby: bursts, single or in flocks."""
    flocks = rng.poisson(clock.time_s[-1] * 10 ** rng.uniform(-0.5, 1.5)) + 1
    of_flock = rng.geometric(rng.uniform(0.1, 1.0), flocks)
    start = np.repeat(rng.uniform(0, clock.time_s[-1], flocks), of_flock)
    at = start + rng.exponential(10 ** rng.uniform(-3, -1), len(start))
    blows = impulses(clock, at, rng.lognormal(0, rng.uniform(0.3, 1.2), len(at)))
    if rng.random() < 0.4:  # rubbing: a rough noise that comes and goes
        knots = max(4, int(clock.time_s[-1] * rng.uniform(3, 40)))
        comes = np.interp(clock.time_s, np.linspace(0, clock.time_s[-1], knots), rng.random(knots) ** 6)
        blows = blows + comes * coloured(rng, len(clock.time_s)) * (blows.std() + 1e-12) * rng.uniform(0.5, 5)
    return _to_kurtosis(rng, through_structure(rng, clock, blows))


def _belt(rng: Rng, clock: Clock, true: dict[str, float]) -> Array:
    """A belt comes round slower than the shaft: tones, a noise that swells, a splice that slaps the pulley."""
    order = _foreign_order(rng, true, 0.08, 0.9)
    if order == NO_LINE:
        return np.zeros_like(clock.time_s)
    turns = clock.revolutions
    total, swell = np.zeros_like(turns), np.zeros_like(turns)
    for k in range(1, int(rng.integers(3, 8))):
        wave = _tone(k * order * turns, rng.random())
        total += rng.lognormal(0, 0.5) / k**0.7 * wave
        swell += rng.lognormal(0, 0.5) / k * wave
    total *= 10 ** rng.uniform(-0.7, 0.7)
    total += 10 ** rng.uniform(-1.3, -0.2) * swell * coloured(rng, len(turns))
    if rng.random() < 0.4:
        at = impact_revolutions(rng, clock, order, 10 ** rng.uniform(-3.5, -2))
        blows = impulses(clock, clock.seconds_of(at), rng.lognormal(0, 0.2, len(at)))
        total += 10 ** rng.uniform(-0.8, 0.3) * through_structure(rng, clock, blows)
    return total


def _blades(rng: Rng, clock: Clock, true: dict[str, float]) -> Array:
    """Blades or vanes pass: tones at their number and its multiples, and a flow noise that swells with each."""
    turns, blades = clock.revolutions, int(rng.integers(3, 15))
    total, swell = np.zeros_like(turns), np.zeros_like(turns)
    for h in range(1, 5):
        if h * blades * clock.shaft_hz > clock.rate_hz / 2.2:
            break
        wave = _tone(h * blades * turns, rng.random())
        total += rng.lognormal(0, 0.6) / h * wave
        swell += rng.lognormal(0, 0.4) / h * wave
    return 10 ** rng.uniform(-0.6, 0.8) * total + 10 ** rng.uniform(-1, 0) * swell * coloured(rng, len(turns))


def _beating(rng: Rng, clock: Clock, true: dict[str, float]) -> Array:
    """Groups of close tones, as inverters and motor slots make them: in the envelope their distance is a line.

    They lie twice the supply frequency apart (a little over a whole number of turns, for the rotor slips), the mains',
    a shaft turn, or whatever two machines on one floor differ by.
    """
    turns, total = clock.revolutions, np.zeros_like(clock.time_s)
    for _ in range(int(rng.integers(1, 5))):
        spacings = (
            2 * int(rng.integers(1, 4)) * (1 + rng.uniform(0.002, 0.05)),
            2 * float(rng.choice([50, 60])) / clock.shaft_hz,
            float(rng.integers(1, 3)),
            rng.uniform(0.5, 60) / clock.shaft_hz,
        )
        spacing = spacings[int(rng.integers(len(spacings)))]
        centre = rng.uniform(0.03, 0.45) * clock.rate_hz / clock.shaft_hz
        if meets_a_line(spacing, true):
            continue
        loudness = 10 ** rng.uniform(-0.8, 0.7)
        for k in range(int(rng.integers(2, 6))):
            if (centre + k * spacing) * clock.shaft_hz < clock.rate_hz / 2.1:
                total += loudness * rng.lognormal(0, 0.7) * _tone((centre + k * spacing) * turns, rng.random())
    return total


AILMENTS: dict[str, Ailment] = {
    "unbalance": _shaft_tones((1.0, 0.1, 0.05)),
    "bent shaft": _shaft_tones((1.0, 0.6, 0.2)),
    "misalignment": _shaft_tones((0.5, 1.0, 0.4, 0.2)),
    "looseness": _looseness,
    "gear mesh": _gears,
    "broken tooth": _broken_tooth,
    "cavitation": _cavitation,
    "bursts": _bursts,
    "belt": _belt,
    "blade pass": _blades,
    "beating tones": _beating,
}
BURSTING = frozenset({"cavitation", "bursts"})  # they drown a faint fault that tones would leave audible
