"""One recording -> what the order network sees: the envelope spectrum gathered around the harmonics of each family.

Everything is relative: to the floor, to the mean modulation, to made-up orders of the same recording. Nothing tells the
sensor, the machine, the sampling rate or the absolute speed, so that a network cannot learn them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bearing.physics.envelope_rule import HarmonicScores, family_scores, sideband_dominance
from bearing.physics.kinematics import FaultOrders
from bearing.signal.dsp import middle_and_high
from bearing.signal.order_spectrum import OrderSpectrum
from bearing.states import FAMILIES

__all__ = [
    "GLOBAL_FEATURES",
    "PATCH_FEATURES",
    "PATCH_OFFSETS",
    "SCALAR_FEATURES",
    "OrderFeatures",
    "bare_ball_line",
    "order_features",
    "over_chance",
]

Array = NDArray[np.float64]
Array32 = NDArray[np.float32]

STEP = 0.00125  # width of one offset cell, relative to the line
CELLS = 24  # on each side: slips up to 3 %
HALF_PATCH = 3
SMEAR = 0.006  # half width of a smeared line, relative
HUMP = 0.025  # of a broad hump: a ball strikes both races and slips
PATCH_OFFSETS = 2 * HALF_PATCH + 1
BANDS_BY_LEVEL = 2
BANDS_BY_DEPTH = 2
SQUARED_PATCHES = BANDS_BY_LEVEL + BANDS_BY_DEPTH + 1  # the last one is the mean of all bands
LOG_PATCHES = BANDS_BY_LEVEL + 1  # of the log envelope; the last one is the mean here too
PATCHES = SQUARED_PATCHES + LOG_PATCHES
ROWS = 23  # 6 harmonics, 6 shaft sidebands, 4 cage sidebands, 2 half orders, 3 smeared harmonics, 2 humps
PATCH_FEATURES = 2 * ROWS + 4  # level and depth of each row; slip; two measures of bursts; whether of the log envelope
CAGE_ROWS = slice(12, 16)
BARE_LINE_LEVEL = 3.5  # mean of the first three harmonics, nepers of power over the floor
BARE_LINE_RATIO = -2.0  # second strongest cage sideband against the line, ln of amplitudes: below 14 %
LOG_SCALARS = 7  # of the log envelope, the first of those taken of the squared one
SCALAR_FEATURES = 11 + LOG_SCALARS + 1  # whether the family's line is another's sideband
GLOBAL_FEATURES = 25


@dataclass(frozen=True)
class OrderFeatures:
    """Input of the order network for one recording.

    patches : float32, shape (3 families, PATCHES, PATCH_OFFSETS, PATCH_FEATURES): per family and band level and depth
    of ROWS rows at 7 offsets around the slip that suits the harmonics best, that slip, how bursty the band is, and
    whether this is the log envelope.
    scalars : float32, shape (3, SCALAR_FEATURES): each family against the made-up orders.
    globals : float32, shape (GLOBAL_FEATURES,): cage lines, bursts, and how many revolutions there are.
    """

    patches: Array32
    scalars: Array32
    globals: Array32


def order_features(spectrum: OrderSpectrum, orders: FaultOrders, scores: HarmonicScores | None = None) -> OrderFeatures:
    """Features of one view of a recording: its order spectra with their log envelopes; `scores` if at hand."""
    assert spectrum.log is not None
    assert spectrum.bursts is not None
    scores = scores or family_scores(spectrum, orders)
    log_scores = family_scores(spectrum.log, orders)
    scalars, relative = _against_chance(scores)
    log_scalars, log_relative = _against_chance(log_scores)
    squared = _Gatherer(spectrum, orders, spectrum.bursts, 0.0)
    log = _Gatherer(spectrum.log, orders, spectrum.bursts, 1.0)
    patches = []
    for i in range(len(FAMILIES)):
        by_level = _highest(relative[:, i], BANDS_BY_LEVEL)
        merit = scores.depth[:, i] + 0.3 * scores.level[:, i]
        merit[by_level] = -np.inf
        by_depth = _highest(merit, BANDS_BY_DEPTH)
        of_squared = squared.patches(i, by_level + by_depth)
        of_log = log.patches(i, _highest(log_relative[:, i], BANDS_BY_LEVEL))
        patches.append(np.concatenate([of_squared, of_log]))
    return OrderFeatures(
        np.stack(patches),
        np.concatenate(
            [scalars, log_scalars[:, :LOG_SCALARS], sideband_dominance(spectrum, orders, scores)[:, None]],
            axis=1,
            dtype=np.float32,
        ),
        _global_features(spectrum, orders.ftf),
    )


def _highest(merit: Array32, count: int) -> list[int]:
    return [int(band) for band in np.argsort(-merit)[:count]]


def over_chance(scores: HarmonicScores, count: int) -> tuple[Array32, Array32]:
    """Level and depth, shape (bands, orders) each, of all orders over what those behind the first `count` reach.

    0 is the middle of those control orders in the same band, 1 their 90 % quantile.
    """

    def relative(values: Array32, offset: float) -> Array32:
        middle, high = middle_and_high(values[:, count:])
        return np.asarray((values - middle) / (high - middle + offset))

    return relative(scores.level, 0.15), relative(scores.depth, 0.08)


def _against_chance(scores: HarmonicScores) -> tuple[Array32, Array32]:
    """Scalars per family, and the level of each family relative to made-up orders per band, shape (bands, 3)."""
    count = len(FAMILIES)
    level, depth = over_chance(scores, count)
    best_level, best_depth = level[:, count:].max(axis=0), depth[:, count:].max(axis=0)
    deepest = scores.depth[:, count:].max(axis=0)
    high_level, high_depth = middle_and_high(best_level)[1], middle_and_high(best_depth)[1]
    middle_deepest, high_deepest = middle_and_high(deepest)
    rows = []
    for i in range(count):
        family_level, family_depth = level[:, i].max(), depth[:, i].max()
        depth_of_family = scores.depth[:, i].max()
        rows.append(
            [
                family_level,
                family_depth,
                scores.level[:, i].max(),
                depth_of_family,
                (best_level < family_level).mean(),
                (best_depth < family_depth).mean(),
                (deepest < depth_of_family).mean(),
                high_level.item(),
                high_depth.item(),
                middle_deepest.item(),
                high_deepest.item(),
            ]
        )
    return np.array(rows, np.float32), level[:, :count]


def bare_ball_line(patches: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Whether a strong line at 2 x BSF lacks the cage's sidebands, so that some other part of the machine makes it.

    A damaged ball passes the load zone once per turn of the cage: its line always carries sidebands at the cage's rate
    (Randall & Antoni 2011, section 2). `patches` has the shape of `OrderFeatures.patches`, with any axes before it.
    """
    ball = np.asarray(patches[..., FAMILIES.index("ball"), : SQUARED_PATCHES - 1, :, :], dtype=np.float64)
    level, depth = ball[..., 0 : 2 * ROWS : 2], ball[..., 1 : 2 * ROWS : 2]
    centre = HALF_PATCH
    deepest = depth[..., centre, :3].mean(axis=-1).argmax(axis=-1)[..., None]

    def of_deepest(values: Array) -> Array:
        return np.take_along_axis(values, deepest, axis=-1)[..., 0]

    line = of_deepest(level[..., centre, :3].mean(axis=-1))
    sidebands = np.sort(depth[..., centre - 1 : centre + 2, CAGE_ROWS].max(axis=-2), axis=-1)[..., -2]
    return (line > BARE_LINE_LEVEL) & (of_deepest(sidebands - depth[..., centre, 0]) < BARE_LINE_RATIO)


class _Smoothed:
    """Mean power over the floor in any range up to some order: smeared lines, that have no sharp maximum, show here."""

    def __init__(self, spectrum: OrderSpectrum, top: float) -> None:
        power = np.exp(np.clip(spectrum.level[:, : int(top / spectrum.step) + 4], -5, 8)).astype(np.float64)
        self.sums = np.zeros((power.shape[0], power.shape[1] + 1))
        np.cumsum(power, axis=1, out=self.sums[:, 1:])
        self.step = spectrum.step

    def level(self, centre: Array, half: Array) -> Array32:
        """ln of the mean power between centre - half and centre + half, shape (bands, *centre.shape)."""
        bins = self.sums.shape[1]
        first = np.clip(np.rint((centre - half) / self.step).astype(np.int64), 0, bins - 2)
        last = np.clip(np.rint((centre + half) / self.step).astype(np.int64) + 1, first + 1, bins - 1)
        total = self.sums.take(last, axis=1) - self.sums.take(first, axis=1)
        return np.log(np.maximum(total / (last - first), 0.05)).astype(np.float32)


class _Gatherer:
    """Cuts the patches of one kind of spectrum."""

    def __init__(self, spectrum: OrderSpectrum, orders: FaultOrders, bursts: Array32, flag: float) -> None:
        self.rows = _gather(spectrum, np.array(list(orders.families.values())), orders.ftf)
        self.bursts, self.flag = np.clip(bursts, -1, 4), flag

    def patches(self, family: int, bands: list[int]) -> Array32:
        """Patches of some bands and of the mean of all, shape (len(bands) + 1, PATCH_OFFSETS, PATCH_FEATURES)."""
        rows = self.rows[:, family]  # (bands, rows, cells, 2)
        chosen = np.concatenate([rows[bands], rows.mean(axis=0, keepdims=True)])
        merit = np.clip(chosen[:, :4, :, 0], 0, 6).mean(axis=1) + chosen[:, :3, :, 1].mean(axis=1)
        best = merit.argmax(axis=-1)  # per patch, one slip common to its harmonics
        at = np.clip(best[:, None] + np.arange(-HALF_PATCH, HALF_PATCH + 1), 0, chosen.shape[2] - 1)
        cut = np.take_along_axis(chosen, at[:, None, :, None], axis=2)
        patch = np.moveaxis(cut, 2, 1).reshape(len(chosen), PATCH_OFFSETS, 2 * ROWS)
        bursts = np.concatenate([self.bursts[bands], self.bursts.mean(axis=0, keepdims=True)])
        slip = ((best - CELLS) / CELLS)[:, None]
        of_band = np.concatenate([slip, bursts, np.full_like(slip, self.flag)], axis=1)
        repeated = np.repeat(of_band[:, None, :], PATCH_OFFSETS, axis=1)
        return np.concatenate([patch, repeated], axis=-1).astype(np.float32)


def _gather(spectrum: OrderSpectrum, orders: Array, ftf: float) -> Array32:
    """Level and depth of every row at every offset from each order, shape (bands, orders, ROWS, 2 * CELLS + 1, 2)."""
    first = orders[:, None, None] * (1 + np.arange(-CELLS, CELLS + 1) * STEP)  # (orders, 1, cells)
    harmonics = np.arange(1, 7)[:, None] * first
    shaft = np.array([-1.0, 1.0])[:, None]
    cage = ftf * shaft
    centre = np.concatenate(
        [
            harmonics,
            *(first + shaft, 2 * first + shaft, first + 2 * shaft),
            *(first + cage, 2 * first + cage),
            *(0.5 * first, 1.5 * first),
        ],
        axis=1,
    )
    cell = orders[:, None, None] * STEP
    widths = np.array([*np.arange(1, 7) / 2, *[0.75] * 10, 0.5, 0.5])[:, None] * cell
    widths[:, CAGE_ROWS] += 0.01 * ftf
    half = np.broadcast_to(widths, centre.shape)
    level = spectrum.highest(centre - half, centre + half)
    depth = 0.5 * (level + spectrum.floor_at(centre))
    smooth = _Smoothed(spectrum, float(harmonics[:, 2].max()) * (1 + SMEAR))
    wide = np.concatenate([harmonics[:, :3], harmonics[:, :2]], axis=1)
    share = np.array([SMEAR] * 3 + [HUMP] * 2)[:, None]
    smeared = smooth.level(wide, np.maximum(wide * share, 2 * spectrum.step))
    level = np.concatenate([level, smeared], axis=2)
    depth = np.concatenate([depth, 0.5 * (smeared + spectrum.floor_at(wide))], axis=2)
    return np.stack([np.clip(level, -1, 8), np.clip(depth, -6, 1)], axis=-1)


def _global_features(spectrum: OrderSpectrum, ftf: float) -> Array32:
    """Highest level and depth over all bands of the cage's lines, bursts, and the revolutions seen."""
    assert spectrum.log is not None
    assert spectrum.bursts is not None
    centre = np.concatenate([ftf * np.arange(1, 5), [1 - ftf, 2 - ftf]])
    half = np.maximum(centre * 0.012, 0.6 * spectrum.step)
    level = spectrum.highest(centre - half, centre + half)
    depth = 0.5 * (level + spectrum.floor_at(centre))
    log_level = spectrum.log.highest(centre - half, centre + half)
    bursts = np.clip(spectrum.bursts, -1, 4)
    values = [
        np.clip(level.max(axis=0), 0, 8),
        np.clip(depth.max(axis=0), -6, 1),
        [np.log(spectrum.revolutions)],
        np.clip(log_level.max(axis=0), 0, 8),
        bursts[0],
        bursts.max(axis=0),
        np.median(bursts, axis=0),
    ]
    return np.concatenate(values).astype(np.float32)
