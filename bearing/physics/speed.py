"""Shaft speed read from the signal itself: estimated when nobody gave it, checked and refined when somebody did.

A turning shaft leaves a comb of lines at its whole-number orders, in the spectrum (unbalance, misalignment) and in the
envelope spectrum (load on the bearings). A candidate speed is scored by how far its comb stands over the floor, minus
what stands half-way and a third of the way between its teeth: that tells a speed from its multiples. Lines within
0.25 Hz of multiples of 50 and 60 Hz are mains and count for nobody. With known bearing orders the lines of the best
standing fault family count as well: a strong BPFO comb then speaks for the shaft that makes it, not for one of its own.

How often it is right, and what its confidence is worth: `benchmarks/speed_estimation.py`, numbers in docs/physics.md
(with the bearing's orders 93 % of CWRU's tested ends and 76 % of another rig within 1 %; without them 83 % and 43 %).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bearing.errors import ParameterError
from bearing.physics.kinematics import FaultOrders
from bearing.recording import check_rate_hz, check_rpm, check_signal
from bearing.signal.envelope import Band, Demodulator, running_median

__all__ = ["SpeedCheck", "SpeedEstimate", "check_speed", "estimate_speed", "refine_speed"]

FloatArray = NDArray[np.float64]

RPM_RANGE = (300.0, 6000.0)
FASTEST_RPM = 24_000.0  # a search further up takes long and finds nobody's shaft
HARMONICS = 10
FAMILY_HARMONICS = 4
FAMILY_SLIP = 0.008
MAX_SECONDS = 30.0  # of a longer recording: speeds drift, and the lines smear
MAINS_HZ = (50.0, 60.0)
MAINS_WIDTH_HZ = 0.25
PLAIN_MAX_HZ = 1500.0
ENVELOPE_MAX_HZ = 800.0
LEVEL_CAP = 5.0  # natural logarithm over the floor: one huge line must not outweigh a comb
MIN_BINS_PER_TURN = 8  # spectrum bins between two teeth: closer ones cannot be told apart
CONFIDENCE_ALONE = (-0.96, 3.84, -0.02)  # offset, per unit of lead, per unit of height
CONFIDENCE_WITH_ORDERS = (-3.58, 2.29, 0.49)
MOST_ALONE = 0.9  # the comb of an outer-race fault can pose as a shaft where the bearing is unknown
FAULT_LIKE = 1.5  # times the shaft speed, from where on a comb may be a fault's own
STANDS_OUT = 0.95  # of `refine_speed`, for lines that are nobody's chance
SURE = 0.8  # confidence from which another speed contradicts a claimed one


@dataclass(frozen=True)
class SpeedEstimate:
    """A shaft speed with the probability (0..1) that it lies within 1 % of the true one.

    `rpm` is None when the recording is too short to tell; `others` are the next best candidates.
    """

    rpm: float | None
    confidence: float
    others: tuple[float, ...] = ()


@dataclass(frozen=True)
class SpeedCheck:
    """Whether a claimed speed contradicts the spectrum, in one sentence, and what the spectrum says instead."""

    contradicts: bool
    claimed_rpm: float
    found: SpeedEstimate
    reason: str


@dataclass(frozen=True)
class _Levels:
    """ln(power / floor) of the plain and of the envelope spectrum, 0..LEVEL_CAP, NaN-free, one bin step for both."""

    plain: FloatArray
    envelope: FloatArray
    step_hz: float


def estimate_speed(
    signal: object,
    sampling_rate_hz: float,
    orders: FaultOrders | None = None,
    rpm_range: tuple[float, float] = RPM_RANGE,
) -> SpeedEstimate:
    """The shaft speed within `rpm_range` that the spectra of a signal of shape (n,), n >= 256, speak for.

    `orders` of the bearing, when known, make it right more often. Raises SignalError and ParameterError.
    """
    if not check_rpm(rpm_range[0]) < check_rpm(rpm_range[1]):
        raise ParameterError(f"A range of speeds runs from low to high, got {rpm_range[0]:g} to {rpm_range[1]:g} rpm.")
    return _estimate(_spectra(signal, sampling_rate_hz), orders, rpm_range)


def _estimate(levels: _Levels, orders: FaultOrders | None, rpm_range: tuple[float, float]) -> SpeedEstimate:
    low, high = rpm_range[0] / 60.0, rpm_range[1] / 60.0
    low = max(low, MIN_BINS_PER_TURN * levels.step_hz)
    if high < 1.2 * low:
        return SpeedEstimate(None, 0.0)
    speeds = np.arange(low, high, levels.step_hz / 8)
    score = _score(levels, speeds, orders)
    best = _peaks(speeds, score, 4)
    confidence = _confidence(score, best, orders is not None)
    return SpeedEstimate(float(speeds[best[0]] * 60), confidence, tuple(float(speeds[i] * 60) for i in best[1:]))


def refine_speed(
    signal: object, sampling_rate_hz: float, rpm: float, tolerance: float = 0.02, orders: FaultOrders | None = None
) -> SpeedEstimate:
    """The speed within +-`tolerance` of a stated one whose comb stands highest.

    Where nothing stands out the stated speed comes back with a confidence below 0.5.
    """
    return _refine(_spectra(signal, sampling_rate_hz), check_rpm(rpm), tolerance, orders)


def _refine(levels: _Levels, stated: float, tolerance: float, orders: FaultOrders | None) -> SpeedEstimate:
    if stated / 60 < MIN_BINS_PER_TURN * levels.step_hz:
        return SpeedEstimate(stated, 0.0)
    wide = np.arange(0.85, 1.15, min(levels.step_hz / 8 / (stated / 60), tolerance / 10))
    score = _score(levels, wide * stated / 60, orders)
    near = np.abs(wide - 1) <= tolerance
    best = int(np.flatnonzero(near)[np.argmax(score[near])])
    away = score[~near]
    rise = (score[best] - np.median(away)) / (np.quantile(away, 0.95) - np.median(away) + 1e-9)
    confidence = float(np.clip((rise - 1) / 3, 0, 1))
    if confidence < 0.5:
        return SpeedEstimate(stated, confidence)
    return SpeedEstimate(float(wide[best] * stated), confidence)


def check_speed(
    signal: object, sampling_rate_hz: float, rpm: float, orders: FaultOrders | None = None, tolerance: float = 0.02
) -> SpeedCheck:
    """Whether a claimed speed contradicts the spectrum: a comb stands clearly elsewhere, and none at the claimed speed.

    A comb at a quarter of it is asked for first: recordings made at 48 kHz are passed round as 12 kHz (CWRU's normals).

    Half and double the found speed do not contradict (a comb cannot always tell), nor does silence. Without the
    bearing's orders a comb well above the claimed speed does not either: a fault's own lines look like that.
    """
    claimed = check_rpm(rpm)
    levels = _spectra(signal, sampling_rate_hz)
    at_claimed, half, quarter = (_refine(levels, claimed / part, tolerance, orders) for part in (1, 2, 4))
    if at_claimed.confidence < 0.5 and half.confidence < STANDS_OUT <= quarter.confidence:
        reason = (
            f"A shaft's lines stand at a quarter of the given {claimed:.0f} rpm: was the signal sampled at "
            f"{4 * sampling_rate_hz:,.0f} Hz instead of {sampling_rate_hz:,.0f} Hz?"
        )
        return SpeedCheck(True, claimed, quarter, reason)
    wide = (min(RPM_RANGE[0], claimed / 2), max(RPM_RANGE[1], min(2 * claimed, FASTEST_RPM)))
    found = _estimate(levels, orders, wide)
    if found.rpm is None or found.confidence < SURE:
        return SpeedCheck(False, claimed, found, "The spectrum does not show a shaft speed clearly enough to judge.")
    if any(abs(claimed / found.rpm / ratio - 1) <= tolerance for ratio in (0.5, 1, 2)):
        return SpeedCheck(False, claimed, found, f"The spectrum agrees with {claimed:.0f} rpm.")
    if orders is None and found.rpm > FAULT_LIKE * claimed:
        return SpeedCheck(False, claimed, found, f"Lines {found.rpm / claimed:.1f} times the speed may be a fault's.")
    if at_claimed.confidence >= 0.5:
        return SpeedCheck(False, claimed, found, f"Lines stand at {claimed:.0f} rpm too.")
    reason = (
        f"The spectrum speaks for {found.rpm:.0f} rpm, not for the given {claimed:.0f} rpm: "
        "check the speed, or the sampling rate."
    )
    return SpeedCheck(True, claimed, found, reason)


# ------------------------------------------------------------------------------------------------------- spectra


def _spectra(signal: object, sampling_rate_hz: float) -> _Levels:
    rate_hz = check_rate_hz(sampling_rate_hz)
    samples = check_signal(signal, 256)[: max(256, int(MAX_SECONDS * rate_hz))]
    n = len(samples)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)
    step_hz = rate_hz / n
    top_hz = min(PLAIN_MAX_HZ, 0.95 * rate_hz / 2)
    unit = samples / (np.abs(samples).max() or 1.0)
    power = np.abs(np.fft.rfft((unit - unit.mean()) * window))[: int(top_hz / step_hz)] ** 2
    demodulator = Demodulator(samples, rate_hz)
    full = demodulator.full_band()
    rows = []
    for parts in (1, 2, 4):
        edges = full.low_hz + full.width_hz / parts * np.arange(parts + 1)
        for low, high in pairwise(edges):
            limit = min(ENVELOPE_MAX_HZ, full.width_hz / 4)
            spectrum = demodulator.envelope_spectrum(Band(float(low), float(high)), limit)
            level = _level(spectrum.amplitude**2, spectrum.step_hz)
            rows.append(np.interp(np.arange(0, limit, step_hz), spectrum.frequency_hz, level))
    return _Levels(
        _without_mains(_level(power, step_hz), step_hz), _without_mains(np.mean(rows, axis=0), step_hz), step_hz
    )


def _level(power: FloatArray, step_hz: float) -> FloatArray:
    """ln(power / local mean of the noise) - 1, 0..LEVEL_CAP; the mean of noise is its median / ln 2."""
    floor = running_median(power, max(25, round(12.0 / step_hz))) / np.log(2)
    return np.clip(np.log(np.maximum(power, 1e-300) / np.maximum(floor, 1e-300)) - 1.0, 0.0, LEVEL_CAP)


def _without_mains(level: FloatArray, step_hz: float) -> FloatArray:
    """The level with NaN where multiples of the mains lie: no evidence, neither for nor against."""
    frequency = np.arange(len(level)) * step_hz
    for mains in MAINS_HZ:
        multiple = np.maximum(np.round(frequency / mains), 1) * mains
        level = np.where(np.abs(frequency - multiple) < MAINS_WIDTH_HZ, np.nan, level)
    return level


# --------------------------------------------------------------------------------------------------------- score


def _score(levels: _Levels, speeds_hz: FloatArray, orders: FaultOrders | None) -> FloatArray:
    """How well each speed (Hz) explains the lines, shape (n,): about 0 for none, up to LEVEL_CAP and more."""
    score = _comb(levels.plain, levels.step_hz, speeds_hz)
    if orders is None:
        return score
    score = score + 0.3 * _comb(levels.envelope, levels.step_hz, speeds_hz)
    families = [_family(levels, speeds_hz * order) for order in orders.families.values()]
    return score + np.max(families, axis=0)


def _comb(level: FloatArray, step_hz: float, speeds_hz: FloatArray) -> FloatArray:
    """Mean level on the first harmonics less the mean level between them, half-way or at thirds, the higher one."""
    number = np.arange(1, HARMONICS + 1, dtype=np.float64)
    usable = np.isfinite(level)
    level = np.where(usable, level, 0.0)
    around = np.maximum(level, np.maximum(np.roll(level, 1), np.roll(level, -1)))  # a line lies between two bins
    teeth, weight = _mean_at(around, usable, step_hz, speeds_hz, number)
    half, _ = _mean_at(around, usable, step_hz, speeds_hz, number - 1 / 2)
    third, _ = _mean_at(around, usable, step_hz, speeds_hz, np.concatenate([number - 1 / 3, number - 2 / 3]))
    return teeth * np.minimum(1.3 * weight, 1.0) - np.maximum(half, third)


def _mean_at(
    level: FloatArray, usable: NDArray[np.bool_], step_hz: float, speeds_hz: FloatArray, multiples: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Weighted mean (1 / sqrt(multiple)) of the level at multiples of each speed, and the share that was usable."""
    total, weights = np.zeros(len(speeds_hz)), np.zeros(len(speeds_hz))
    for multiple in multiples:
        index = np.rint(multiple * speeds_hz / step_hz).astype(np.int64)
        inside = index < len(level)
        index = np.minimum(index, len(level) - 1)
        weight = np.where(inside & usable[index], 1 / np.sqrt(np.ceil(multiple)), 0.0)
        total += weight * level[index]
        weights += weight
    return total / np.maximum(weights, 1e-9), weights / (1 / np.sqrt(np.ceil(multiples))).sum()


def _family(levels: _Levels, lines_hz: FloatArray) -> FloatArray:
    """Mean height of fault lines and harmonics in the envelope, slip allowed, over what chance finds so near."""
    level, step_hz = np.nan_to_num(levels.envelope), levels.step_hz
    total = np.zeros(len(lines_hz))
    for harmonic in range(1, FAMILY_HARMONICS + 1):
        reach = np.maximum(FAMILY_SLIP * harmonic * lines_hz / step_hz, 1.0)
        power = np.ceil(np.log2(reach)).astype(np.int64)
        index = np.rint(harmonic * lines_hz / step_hz).astype(np.int64)
        for exponent in np.unique(power):
            highest = _sliding_max(level, 2 ** int(exponent))
            excess = highest - _sliding_mean(highest, max(3, int(20.0 / step_hz)))
            at = (power == exponent) & (index < len(level))
            total[at] += excess[index[at]] / np.sqrt(harmonic)
    return total / sum(1 / np.sqrt(h) for h in range(1, FAMILY_HARMONICS + 1))


def _sliding_max(values: FloatArray, reach: int) -> FloatArray:
    """Highest of the `reach` values on either side and the value itself, same shape."""
    highest, width = np.pad(values, reach, mode="edge"), 1
    while 2 * width <= 2 * reach + 1:  # highest[i] covers `width` values from i on, then twice as many
        highest = np.maximum(highest[:-width], highest[width:])
        width *= 2
    return np.maximum(highest[: len(values)], highest[-len(values) :])


def _sliding_mean(values: FloatArray, width: int) -> FloatArray:
    """Mean of `width` values around each, same shape."""
    half = width // 2
    sums = np.concatenate([[0.0], np.cumsum(np.pad(values, half, mode="edge"))])
    return (sums[2 * half + 1 :] - sums[: -(2 * half + 1)]) / (2 * half + 1)


def _peaks(speeds: FloatArray, score: FloatArray, count: int) -> list[int]:
    """Indices of the highest scores at least 1 % of the speed apart."""
    left, found = score.copy(), []
    for _ in range(count):
        best = int(np.argmax(left))
        found.append(best)
        left[np.abs(speeds - speeds[best]) < 0.01 * speeds[best]] = -np.inf
    return found


def _features(score: FloatArray, best: list[int]) -> tuple[float, float]:
    """Lead of the winner over the runner-up, and its height over all candidates in standard deviations, both capped."""
    lead = float(score[best[0]] - score[best[1]])
    height = float((score[best[0]] - np.median(score)) / (score.std() + 1e-9))
    return min(lead, 2.0), min(height, 12.0)


def _confidence(score: FloatArray, best: list[int], with_orders: bool) -> float:
    """Probability of being within 1 %: a logistic curve in the two features.

    Fitted to CWRU and to simulated machines by `benchmarks/speed_estimation.py --fit`.
    """
    lead, height = _features(score, best)
    offset, per_lead, per_height = CONFIDENCE_WITH_ORDERS if with_orders else CONFIDENCE_ALONE
    confidence = float(1 / (1 + np.exp(-(offset + per_lead * lead + per_height * height))))
    return confidence if with_orders else min(confidence, MOST_ALONE)
