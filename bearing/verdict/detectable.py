"""How weak a fault would have been seen in this very recording: the number beside `normal`.

Simulated impacts of each part are added to the recording at falling levels, and the verdict's own rule is asked from
which level on it would have said something else than `normal` or `uncertain`. What the structure would make of a real
fault is not known: the impacts ring at two modes where bearings mostly do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from bearing.models.order import OrderPredictor
from bearing.physics.kinematics import FaultOrders
from bearing.physics.simulate import Condition, Resonance, SimulationConfig, simulate
from bearing.recording import FloatArray
from bearing.states import CLASSES
from bearing.verdict.fusion import NOWHERE, Calibration, kinds_of

__all__ = ["LEVELS_DB", "Detectable", "detectable"]

LEVELS_DB = tuple(range(-36, 10, 3))
MOST_SAMPLES = 2**16  # of the recording: a longer one would show weaker faults still
RINGS_HZ = 3500.0  # where bearings ring most (Randall & Antoni 2011: 1-10 kHz)
SEED = 7
PARTS: tuple[Condition, ...] = ("outer", "inner", "ball")


@dataclass(frozen=True)
class Detectable:
    """Levels in dB of a fault's power over the whole signal's, from which on it is seen; None where not even at 9."""

    outer_db: float | None
    inner_db: float | None
    ball_db: float | None


def detectable(
    signal: FloatArray,
    rate_hz: float,
    shaft_hz: float,
    orders: FaultOrders,
    network: OrderPredictor,
    calibration: Calibration,
) -> Detectable:
    """From which level on a fault would be seen in a finite signal of shape (n,), n >= 2048, of a steady shaft.

    Some twelve questions, a second or two.
    """
    signal = signal[:MOST_SAMPLES]
    signal = (signal - signal.mean()) / signal.std()

    def seen(part: Condition, level_db: float) -> bool:
        implanted = signal + 10 ** (level_db / 20) * _impacts(part, len(signal), rate_hz, shaft_hz, orders)
        found = network.opinion(implanted, rate_hz, shaft_hz, orders, refine=False)
        p = np.array([[found.probabilities[name] for name in CLASSES]])
        kind = str(kinds_of(p, np.array([found.guard.excess]), NOWHERE[None], calibration)[0])
        return not kind.startswith(("normal", "uncertain"))

    outer, inner, ball = (_lowest(partial(seen, part)) for part in PARTS)
    return Detectable(outer, inner, ball)


def _impacts(part: Condition, samples: int, rate_hz: float, shaft_hz: float, orders: FaultOrders) -> FloatArray:
    """A fault's impacts alone, of unit power, shape (samples,)."""
    high_hz = min(0.24 * rate_hz, RINGS_HZ)
    config = SimulationConfig(
        state=part,
        sampling_rate_hz=rate_hz,
        duration_s=samples / rate_hz,
        shaft_rpm=60 * shaft_hz,
        orders=orders,
        resonances=(Resonance(high_hz), Resonance(0.46 * high_hz, 0.06, 0.3)),
        shaft_g=(),
        mains_g=(),
        noise_g=0.0,
        seed=SEED,
    )
    alone = simulate(config)[:samples]
    return np.asarray(alone / alone.std())


def _lowest(seen: Callable[[float], bool]) -> float | None:
    """The lowest of LEVELS_DB at which a fault is seen, taking it that a stronger one is seen as well."""
    low, high = 0, len(LEVELS_DB)
    while low < high:
        middle = (low + high) // 2
        if seen(LEVELS_DB[middle]):
            high = middle
        else:
            low = middle + 1
    return float(LEVELS_DB[low]) if low < len(LEVELS_DB) else None
