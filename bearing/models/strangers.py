"""Bearings nobody named: would the network see a fault if it had been asked for another bearing?

The network answers the question that was asked. Where the bearing or the speed is another than stated, a plain fault
stands at lines it was not asked for, and it rightly says that the bearing asked for shows nothing. So before a machine
is called sound its recording is asked for bearings of 6 to 17 balls, too: for those at whose lines most stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bearing.models.order_features import order_features, over_chance
from bearing.physics.envelope_rule import FamilyEvidence, envelope_evidence, harmonic_scores
from bearing.physics.guard import SHAFT_DRIFT
from bearing.physics.kinematics import FaultOrders, Geometry, fault_orders
from bearing.signal.order_spectrum import OrderSpectrum, TwoViews
from bearing.states import CLASSES

if TYPE_CHECKING:
    from bearing.models.order import OrderPredictor

__all__ = ["LEAST_REACH", "MOST", "Stranger", "ask_strangers", "of_shaft", "suspects", "without_shaft"]

LEAST_REACH = 30.0  # orders a spectrum must show for lines to be found that nobody asked for
BALLS = range(6, 18)
RATIOS = (0.16, 0.20, 0.24, 0.28)  # ball to pitch diameter: with the slip that is searched hardly a line falls between
GRID = tuple(fault_orders(Geometry(n, ratio, 1.0)) for n in BALLS for ratio in RATIOS)
MOST = 4  # asked of the network; the answers of twice as many part the same recordings
NEAR_SHAFT = 0.1  # orders: what stands so near a harmonic of the shaft is likely the shaft's ...
NEAR_SHAFT_LESS = 2.0  # ... and counts for less by so much, where sound machines reach 7 to 15
SHAFT_SKIRT = 1.1  # over the revolutions, in orders: within it a line is a harmonic of the shaft
CONTROLS = 80
CONTROL_RANGE = (1.3, 15.0)  # orders
CLEAR_OF_SHAFT = 0.02  # orders: controls keep this far from the shaft's harmonics

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Stranger:
    """The bearing nobody named that looks least sound.

    probabilities : the network's answer for it, shape (4,) in the order of CLASSES; a part heard where the shaft has a
    harmonic counts nothing, but takes from `normal`. line : what stands at the part that
    would be damaged, in the prewhitened view. shaft_hz : the speed of both.
    """

    probabilities: Array
    line: FamilyEvidence
    shaft_hz: float

    @property
    def order(self) -> float:
        """How often the line's part strikes in a turn of the shaft."""
        return self.line.order * (1 + self.line.slip)

    @property
    def rate_hz(self) -> float:
        """The same in a second."""
        return self.order * self.shaft_hz


def suspects(views: TwoViews) -> tuple[FaultOrders, ...]:
    """The MOST bearings of the grid at whose lines most stands in both views, against control orders of the same."""
    lines = np.array([list(orders.families.values()) for orders in GRID])
    orders, where = np.unique(lines.round(6), return_inverse=True)
    asked = np.concatenate([orders, _controls()])
    merit = np.zeros(len(orders))
    for view in (views.raw, views.white):
        scores = harmonic_scores(view, asked)
        level, depth = over_chance(scores, len(orders))
        merit += level[:, : len(orders)].max(axis=0) + depth[:, : len(orders)].max(axis=0)
    merit[np.abs(orders - np.rint(orders)) < NEAR_SHAFT] -= NEAR_SHAFT_LESS
    best = merit[where.reshape(lines.shape)].max(axis=1)
    return tuple(GRID[i] for i in np.argsort(-best, kind="stable")[:MOST])


def ask_strangers(views: TwoViews, network: OrderPredictor) -> Stranger:
    """The suspect that looks least sound to the network."""
    orders = suspects(views)
    answers = [network.probabilities((order_features(views.raw, o), order_features(views.white, o)))[0] for o in orders]
    least = int(np.argmin([answer[0] for answer in answers]))
    part = 1 + int(answers[least][1:].argmax())
    lines = envelope_evidence(views.white, orders[least])
    counted = without_shaft(answers[least], of_shaft(views.white, lines))
    return Stranger(counted, lines[CLASSES[part]], views.white.shaft_hz)


def of_shaft(white: OrderSpectrum, lines: Mapping[str, FamilyEvidence]) -> NDArray[np.bool_]:
    """Which of a suspect's parts, shape (3,) in the order of CLASSES, are heard where the shaft has a harmonic."""
    heard = np.array([lines[part].order * (1 + lines[part].slip) for part in CLASSES[1:]], np.float64)
    width = np.maximum(SHAFT_SKIRT / white.revolutions, SHAFT_DRIFT * heard)
    return np.asarray(np.abs(heard - np.rint(heard)) <= width)


def without_shaft(probabilities: Array, of_shaft: NDArray[np.bool_]) -> Array:
    """Probabilities (..., 4) where no part counts, shape (..., 3), that a harmonic of the shaft may pose as."""
    parts = np.where(of_shaft, 0.0, probabilities[..., 1:])
    return np.concatenate([probabilities[..., :1], parts], axis=-1)


def _controls() -> Array:
    """Orders spread evenly over the grid's range; always the same ones."""
    low, high = CONTROL_RANGE
    golden = (np.arange(1, 2 * CONTROLS + 1) * 0.6180339887498949) % 1  # low-discrepancy, no seed
    orders: Array = np.asarray(low + (high - low) * golden, np.float64)
    return orders[np.abs(orders - np.rint(orders)) > CLEAR_OF_SHAFT][:CONTROLS]
