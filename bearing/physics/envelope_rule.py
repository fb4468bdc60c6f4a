"""What the envelope spectrum says about each part of the bearing, without any training.

For every family (outer BPFO, inner BPFI, ball 2 x BSF) the harmonics 1-4 are looked up in a tree of bands, with one
slip common to all of them. The same is done for some eighty made-up orders of the same recording: what they reach by
chance is the null that tells a finding from the machine's own clutter. A finding counts when it beats the null AND the
modulation is deep: on a long recording a healthy bearing shows its ball-pass lines too, sharp but shallow.

Source: R. B. Randall & J. Antoni, "Rolling element bearing diagnostics - a tutorial", MSSP 25 (2011) 485-520.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bearing.physics.kinematics import FaultOrders
from bearing.signal.dsp import middle_and_high
from bearing.signal.order_spectrum import OrderSpectrum
from bearing.states import FAMILIES

__all__ = [
    "SLIPS",
    "EnvelopeOpinion",
    "FamilyEvidence",
    "HarmonicScores",
    "Line",
    "envelope_evidence",
    "family_scores",
    "harmonic_scores",
    "made_up_orders",
    "max_order_of",
    "opinion_of_families",
    "sideband_dominance",
]

Array = NDArray[np.float64]
Array32 = NDArray[np.float32]

SLIP_STEP = 0.00225
SLIP_STEPS = 12  # on each side: bearings of another make under the same name lie up to 2.7 % off the catalogue
SLIPS = 2 * SLIP_STEPS + 1
HARMONICS = 4
DEPTH_HARMONICS = 3
NULL_ORDERS = 80
FOUND_DB = 8.0  # pure noise reaches it in about 2 % of the look-ups
DB_PER_NEPER = 10 / np.log(10)  # of power
FOUND_NEPERS = FOUND_DB / DB_PER_NEPER
MIN_HARMONICS_ROOM = 6
LINE_REACH = 0.0015  # how far from where the common slip puts it a line is looked for, relative
BEATS_CHANCE = 1.2  # null score
DEEP = 0.15


@dataclass(frozen=True)
class Line:
    """One expected line: where it was looked for, where the highest point lies, and how far it stands out.

    `name` is ``1x``, ``2x`` or, for sidebands, ``1x - shaft``; `depth` is the amplitude of the modulation relative to
    the mean squared envelope of the band (0 none, near 2 a train of short impacts).
    """

    name: str
    expected_hz: float
    found_hz: float
    level_db: float
    depth: float
    found: bool


@dataclass(frozen=True)
class FamilyEvidence:
    """Everything the envelope says about one family.

    `slip` is relative to the given order, common to all harmonics. `score` is the mean level of harmonics 1-4 in nepers
    of power (0 floor, 6 very strong), `null_score` the same against made-up orders: 0 is their median, 1 their 90 %
    quantile. `depth` is the mean (geometric) modulation depth of harmonics 1-3. All in the best band, given in Hz.
    """

    family: str
    order: float
    slip: float
    lines: tuple[Line, ...]
    sidebands: tuple[Line, ...]
    score: float
    null_score: float
    depth: float
    band_hz: tuple[float, float]

    @property
    def harmonics_found(self) -> int:
        """How many of the harmonics stand out of the floor."""
        return sum(line.found for line in self.lines)

    @property
    def suspected(self) -> bool:
        """Whether the rule takes this family for damaged rather than healthy."""
        return bool(_strength(np.array(self.null_score), np.array(self.depth)) > 0)


@dataclass(frozen=True)
class EnvelopeOpinion:
    """The untrained rule's answer: probability-like weights that sum to one. No calibration is claimed for them."""

    probabilities: dict[str, float]
    families: dict[str, FamilyEvidence]

    @property
    def label(self) -> str:
        """The most likely state."""
        return max(self.probabilities, key=lambda name: self.probabilities[name])


@dataclass(frozen=True)
class HarmonicScores:
    """Scores of many orders in all bands, shape (bands, orders) each.

    level : mean level of harmonics 1-4 at the best common slip. depth : mean ln depth of harmonics 1-3 at theirs.
    slip : the slip of `level`. by_slip : the mean level at every slip, shape (bands, orders, slips).
    """

    level: Array32
    depth: Array32
    slip: Array
    by_slip: Array32


def max_order_of(orders: FaultOrders) -> float:
    """How far the order axis must reach for six harmonics of every family and their sidebands."""
    return MIN_HARMONICS_ROOM * max(orders.families.values()) * 1.025 + 2.5


def harmonic_scores(spectrum: OrderSpectrum, orders: Array) -> HarmonicScores:
    """Levels and depths of the first harmonics of each order, one slip common to the harmonics."""
    slips = np.arange(-SLIP_STEPS, SLIP_STEPS + 1) * SLIP_STEP
    harmonic = np.arange(1, HARMONICS + 1)
    centre = orders[:, None, None] * harmonic[:, None] * (1 + slips)
    half = orders[:, None, None] * harmonic[:, None] * (0.0025 / 2) * np.ones_like(slips)
    level = np.clip(spectrum.highest(centre - half, centre + half), -1, 8)  # (bands, orders, harmonics, slips)
    floor = spectrum.floor_at(orders[:, None] * harmonic)
    mean_level = np.clip(level, 0, 6).mean(axis=2)
    log_depth = 0.5 * (level[:, :, :DEPTH_HARMONICS] + floor[:, :, :DEPTH_HARMONICS, None])
    mean_depth = np.clip(log_depth, -6, 1).mean(axis=2)
    best = slips[mean_level.argmax(axis=-1)]
    return HarmonicScores(mean_level.max(axis=-1), mean_depth.max(axis=-1), best, mean_level)


def family_scores(spectrum: OrderSpectrum, orders: FaultOrders) -> HarmonicScores:
    """Scores of the three families, in the order of FAMILIES, followed by those of the made-up orders."""
    family_orders = np.array([orders.families[name] for name in FAMILIES])
    return harmonic_scores(spectrum, np.concatenate([family_orders, made_up_orders(orders, spectrum)]))


def made_up_orders(orders: FaultOrders, spectrum: OrderSpectrum, count: int = NULL_ORDERS) -> Array:
    """Orders no part of this bearing strikes at, evenly spread over the range of its families; always the same ones."""
    family = np.array(list(orders.families.values()))
    low, high = 0.6 * family.min(), 1.45 * family.max()
    golden = (np.arange(1, 2 * count + 1) * 0.6180339887498949) % 1  # low-discrepancy, no seed
    candidates = low + (high - low) * golden
    near = (np.abs(candidates[:, None] / family - 1) < 0.03).any(axis=1)
    if spectrum.revolutions >= 40:
        near |= np.abs(candidates - np.rint(candidates)) < 0.02
    return candidates[~near][:count]


def sideband_dominance(spectrum: OrderSpectrum, orders: FaultOrders, scores: HarmonicScores) -> Array:
    """How far another family towers over each whose line is that other's sideband, shape (3,), nepers, -4..4.

    n (BPFI - k shaft) of a damaged inner race falls into the search around BPFO or 2 x BSF of many bearings: eight
    balls with BPFI 4.95 have a sideband at 2.95, BPFO is 3.05. A family that is nobody's sideband gets -4.
    """
    count = len(FAMILIES)
    level = scores.level[:, :count]
    band = level.argmax(axis=0)
    best = level.max(axis=0)
    found = np.array(list(orders.families.values())) * (1 + scores.slip[band, np.arange(count)])
    resolution = np.maximum(1.2 / max(spectrum.revolutions, 1.0), 0.004 * found)
    out = np.full(count, -4.0)
    for i in range(count):
        for j in range(count):
            if i == j or not orders.sidebands[FAMILIES[j]]:
                continue
            steps = np.arange(-3, 4)[:, None] * orders.sidebands[FAMILIES[j]]
            near = np.abs(steps + found[j] * np.array([1.0, 2.0]) - found[i]) < resolution[i]
            if near[np.arange(7) != 3].any():
                out[i] = max(out[i], float(np.clip(best[j] - best[i], -3, 4)))
    return out


def envelope_evidence(
    spectrum: OrderSpectrum, orders: FaultOrders, scores: HarmonicScores | None = None
) -> dict[str, FamilyEvidence]:
    """Evidence per family; `scores` are those of the families followed by the made-up orders, if at hand."""
    scores = scores or family_scores(spectrum, orders)
    chance = scores.level[:, len(FAMILIES) :]
    middle, high = middle_and_high(chance)
    relative = (scores.level - middle) / (high - middle + 0.15)
    # the best of many bands: the made-up orders may choose theirs too
    best_chance = relative[:, len(FAMILIES) :].max(axis=0)
    centre, high_chance = middle_and_high(best_chance)
    spread = high_chance - centre + 0.1
    found = {}
    for i, family in enumerate(FAMILIES):
        null_scores = (relative[:, i] - centre) / spread
        band = int(_strength(null_scores, np.exp(scores.depth[:, i])).argmax())
        found[family] = _family_evidence(
            spectrum,
            orders,
            family,
            band,
            float(scores.slip[band, i]),
            score=float(scores.level[band, i]),
            null_score=float(null_scores[band]),
            depth=float(np.exp(scores.depth[band, i])),
        )
    return found


def _family_evidence(
    spectrum: OrderSpectrum,
    orders: FaultOrders,
    family: str,
    band: int,
    slip: float,
    score: float,
    null_score: float,
    depth: float,
) -> FamilyEvidence:
    order, spacing = orders.families[family], orders.sidebands[family]
    lines = tuple(
        _line(spectrum, band, f"{h}x", h * order, h * order * (1 + slip), LINE_REACH * h * order)
        for h in range(1, HARMONICS + 1)
    )
    word = {"inner": "shaft", "ball": "FTF"}.get(family, "")
    sidebands = tuple(
        _line(
            spectrum,
            band,
            f"{h}x {sign} {word}",
            h * order + step,
            h * order * (1 + slip) + step,
            LINE_REACH * h * order,
        )
        for h in (1, 2)
        for sign, step in (("-", -spacing), ("+", spacing))
        if spacing
    )
    return FamilyEvidence(family, order, slip, lines, sidebands, score, null_score, depth, spectrum.bands[band])


def _line(spectrum: OrderSpectrum, band: int, name: str, expected: float, centre: float, half: float) -> Line:
    """The highest bin near `centre` (orders) in one band."""
    first = max(0, round((centre - half) / spectrum.step))
    row = spectrum.level[band, first : max(first, round((centre + half) / spectrum.step)) + 1]
    if not len(row):
        return Line(name, expected * spectrum.shaft_hz, centre * spectrum.shaft_hz, 0.0, 0.0, False)
    at = first + int(row.argmax())
    level = float(row.max())
    level_db = DB_PER_NEPER * level
    depth = float(np.exp(0.5 * (level + spectrum.floor[band, at])))
    found_hz = at * spectrum.step * spectrum.shaft_hz
    return Line(name, expected * spectrum.shaft_hz, found_hz, level_db, depth, level_db >= FOUND_DB)


def opinion_of_families(families: dict[str, FamilyEvidence]) -> EnvelopeOpinion:
    """The untrained rule: a family is suspected when it beats the made-up orders and its modulation is deep."""
    strength = {name: _strength(np.array(e.null_score), np.array(e.depth)) for name, e in families.items()}
    weights = {"normal": 1.0, **{name: float(np.exp(value)) for name, value in strength.items()}}
    total = sum(weights.values())
    return EnvelopeOpinion({name: weight / total for name, weight in weights.items()}, families)


def _strength(null_score: Array, depth: Array) -> Array:
    """Log-odds of a family against normal, any shape: it takes both to beat chance and to be deep."""
    beats_chance = np.minimum(1.5 * (null_score - BEATS_CHANCE), 4.0)
    deep = 2.0 * np.log(np.maximum(depth, 1e-3) / DEEP)
    return np.clip(np.minimum(beats_chance, deep + 1.0) + np.minimum(deep, 1.0), -6, 5)
