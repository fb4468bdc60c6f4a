"""What simulated machines are put together from: a clock, impulses, the structure they ring, coloured noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

__all__ = [
    "Array",
    "Clock",
    "Rng",
    "coloured",
    "impact_revolutions",
    "impulses",
    "load_zone",
    "meets_a_line",
    "noise_spectrum",
    "through_structure",
    "wobble",
]

Array = NDArray[np.float64]
Rng = np.random.Generator

PARTS = ("outer", "inner", "ball")
GRID = 8193  # frequencies at which a structure is worked out


@dataclass(frozen=True)
class Clock:
    """Time axis of one machine: seconds, shaft revolutions, and revolutions -> seconds with a slow wander."""

    rate_hz: float
    shaft_hz: float
    time_s: Array
    wander: float = 0.0
    wander_hz: float = 1.0
    phase: float = 0.0

    @property
    def revolutions(self) -> Array:
        return self.time_s * self.shaft_hz

    def seconds_of(self, revolutions: Array) -> Array:
        angle = 2 * np.pi * self.wander_hz * revolutions / self.shaft_hz + self.phase
        return revolutions / self.shaft_hz + self.wander * np.sin(angle) / (2 * np.pi * self.wander_hz)


def meets_a_line(order: float, true: dict[str, float]) -> bool:
    """Whether a comb of this order shares a line with a part of the bearing: it would be no foreign one."""
    lines = [true[part] * h / j for part in PARTS for h in (1, 2, 3) for j in (1, 2, 3)]
    return min(abs(order / line - 1) for line in lines) < 0.03


# ---- impacts --------------------------------------------------------------------------------------------------------


def impact_revolutions(rng: Rng, clock: Clock, order: float, jitter: float, spin_wander: float = 0.0) -> Array:
    """Shaft angle (revolutions) of each impact: increments of 1/order with a random slip that accumulates.

    `spin_wander` : the order itself drifts by up to this share, as a ball's spin does along its way through the load
    zone; its line becomes a hump.
    """
    count = int(clock.time_s[-1] * clock.shaft_hz * order * (1.05 + spin_wander)) + 8
    steps = (1 + rng.normal(0, jitter, count)) / order
    if spin_wander:
        knots = max(4, int(count / rng.uniform(8, 60)))
        drift = np.interp(np.arange(count), np.linspace(0, count - 1, knots), rng.uniform(-1, 1, knots))
        steps /= 1 + spin_wander * drift
    return rng.uniform(0, 1 / order) + np.cumsum(np.maximum(steps, 0.02 / order))


def impulses(clock: Clock, at_s: Array, force: Array) -> Array:
    """Impulses at any time, shared between the two samples around it."""
    signal = np.zeros_like(clock.time_s)
    position = at_s * clock.rate_hz
    index = np.floor(position).astype(np.int64)
    inside = (index >= 0) & (index < len(signal) - 1)
    index, share, force = index[inside], (position - index)[inside], force[inside]
    np.add.at(signal, index, force * (1 - share))
    np.add.at(signal, index + 1, force * share)
    return signal


def wobble(rng: Rng, turns: Array) -> Array:
    """Unbalance and misalignment: the load swells one to three times a turn."""
    swell = np.ones_like(turns)
    for k in range(1, int(rng.integers(2, 4))):
        swell += 10 ** rng.uniform(-1.5, -0.15) * np.cos(2 * np.pi * (k * turns + rng.random()))
    return np.maximum(swell, 0.02)


def load_zone(rng: Rng, turns: Array, widest: float) -> Array:
    """Load at a point that turns through the load zone (McFadden & Smith 1984), over a random constant share."""
    extent, floor = rng.uniform(0.2, widest), rng.uniform(0, 0.7) if rng.random() < 0.5 else 0.0
    load = np.maximum(1 - (1 - np.cos(2 * np.pi * (turns + rng.random()))) / (2 * extent), 0) ** 1.5
    return floor + (1 - floor) * load


# ---- structure and noise --------------------------------------------------------------------------------------------


def through_structure(rng: Rng, clock: Clock, force: Array) -> Array:
    """The answer of a few resonances, or of many that fill the whole range, at unit variance."""
    bins = len(force) // 2 + 1
    frequency = np.linspace(0, clock.rate_hz / 2, min(bins, GRID))
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
    answer = scipy.fft.irfft(scipy.fft.rfft(force) * _stretched(response, bins), len(force))
    return answer / (answer.std() + 1e-12)


def noise_spectrum(rng: Rng, size: int) -> Array:
    """A random noise spectrum: humps, a slope, sometimes a steep low-pass, sometimes ranges that hardly pass.

    The last is what re-mounting a machine or a sensor changes: which ranges reach it, and what rings on the way.
    """
    x = np.linspace(0, 1, min(size // 2 + 1, GRID))
    gain = np.full(len(x), rng.uniform(0.05, 1))
    for _ in range(rng.integers(1, 6)):
        gain += 10 ** rng.uniform(-1, 1) / (1 + ((x - rng.uniform(0.01, 0.95)) / 10 ** rng.uniform(-2.3, -0.5)) ** 2)
    gain *= (x + 0.01) ** rng.uniform(-0.8, 0.3)
    if rng.random() < 0.3:
        gain /= 1 + (x / rng.uniform(0.6, 0.95)) ** int(rng.integers(8, 60))
    if rng.random() < 0.3:
        edges = np.sort(rng.random(int(rng.integers(2, 9))))
        passes = 10 ** rng.uniform(-1.5, 0, len(edges) + 2)
        gain *= np.interp(x, [0, *edges, 1], passes)
        for _ in range(rng.integers(0, 9)):
            mode, damping = rng.uniform(0.03, 0.95), 10 ** rng.uniform(-2.3, -1.2)
            gain *= 1 + rng.uniform(0.5, 8) / (1 + ((x - mode) / (damping * mode)) ** 2)
    return _stretched(gain, size // 2 + 1)


def _stretched(response: NDArray[Any], bins: int) -> NDArray[Any]:
    """A response on a coarse grid, finer than any resonance, at `bins` frequencies over the same range."""
    if len(response) == bins:
        return response
    return np.interp(np.linspace(0, 1, bins), np.linspace(0, 1, len(response)), response)


def coloured(rng: Rng, size: int) -> Array:
    """Noise of a random spectrum, shape (size,), unit variance."""
    noise = scipy.fft.irfft(scipy.fft.rfft(rng.standard_normal(size)) * noise_spectrum(rng, size), size)
    return noise / (noise.std() + 1e-12)
