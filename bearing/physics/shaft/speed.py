"""Shaft speed: read from the signal itself, refined where it is stated, and held against what was stated.

A candidate speed is scored by how far its comb of lines stands over the floor, minus what stands half-way and a third
of the way between its teeth: that tells a speed from its multiples. With known bearing orders the lines of the best
standing fault family count as well (`combs`). Every function takes the signal or, where they are at
hand, its `speed_spectra`: these are most of the work.

How often it is right, and what its confidence is worth: `benchmarks/speed_estimation.py`, numbers in docs/physics.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from bearing.errors import ParameterError
from bearing.physics.kinematics import FaultOrders
from bearing.physics.shaft.combs import SpeedSpectra, comb_and_families, speed_spectra, sum_of_teeth, teeth
from bearing.recording import check_rate_hz, check_rpm

__all__ = [
    "SpeedEstimate",
    "SpeedQuestion",
    "WrongEntry",
    "confidence_features",
    "cross_check",
    "estimate_speed",
    "refine",
]

FloatArray = NDArray[np.float64]

RPM_RANGE = (300.0, 6000.0)
FASTEST_RPM = 24_000.0  # a search further up takes long and finds nobody's shaft
MIN_BINS_PER_TURN = 8  # spectrum bins between two teeth: closer ones cannot be told apart

REFINE_FROM_TURNS = 40.0  # below, a shaft harmonic is too broad to correct a speed by
FAR_STANDS, NEAR_STANDS = 2.2, 1.7  # times the 90 % quantile of the candidates' heights
NEAR = 0.004  # share of the speed by which a nominal one is off anyway
PLATEAU = 0.05  # share of the score that speeds beside the best may lack
PEAKS = 16  # candidates that share the probability
PER_LEAD = 4.0  # of a candidate's odds, per unit of score
# odds of being right: offset, per logit of the winner's share, per its height, per ln of the turns looked at
CONFIDENCE_ALONE = (3.90, 0.83, 0.23, -1.14)
CONFIDENCE_WITH_ORDERS = (1.43, 0.84, 0.22, -0.54)
MOST_ALONE = 0.9  # the comb of an outer-race fault can pose as a shaft where the bearing is unknown
STANDS = 0.5  # confidence from which a comb is said to stand at a speed
STANDS_OUT = 0.95  # for lines that are nobody's chance
SURE = 0.8  # confidence from which another speed contradicts a stated one
SURE_ENOUGH_TO_ASK = 0.75  # and from which the diagnosis is asked at that speed, too
ASKED_APART = (0.015, 0.15)  # how far it then lies from the stated one
UNSEEN_BELOW = 0.1  # confidence below which nothing of a comb is said to stand at a speed
UNSEEN_APART = 0.03  # how far the signal's own speed then lies from it
UNSEEN_WITHIN = (0.4, 1.3)  # times the stated one: further up it may be a motor's that drives this shaft by a belt, a
# misaligned shaft's second harmonic, or the mains
SAME = 0.02  # speeds this close are one
FAULT_LIKE = 1.5  # times the shaft speed, from where on a comb may be a fault's own
FASTEST_IN_HZ = 120.0  # a number below it may be meant in revolutions per second
SLOWEST_RATE_HZ = 1000.0  # a number below it is meant in kHz
COMMON_RATES_HZ = (
    5_000, 6_400, 8_000, 8_192, 10_000, 10_240, 12_000, 12_800, 16_000, 16_384, 20_000, 20_480, 24_000, 25_600, 32_000,
    32_768, 40_000, 40_960, 44_100, 48_000, 50_000, 51_200, 64_000, 65_536, 96_000, 97_656, 100_000, 102_400,
)  # fmt: skip
RATE_MATCH = 0.006


@dataclass(frozen=True)
class SpeedEstimate:
    """A shaft speed with the probability (0..1) that it lies within 1 % of the true one.

    `rpm` is None when the recording is too short to tell; `others` are the next best candidates.
    """

    rpm: float | None
    confidence: float
    others: tuple[float, ...] = ()


class WrongEntry(Enum):
    """What a stated speed or rate may have been typed wrong as; the signal's own speed bears it out."""

    RATE_IN_KHZ = "rate in kHz"
    RPM_IN_HZ = "rpm in Hz"
    RPM_IN_RAD_PER_S = "rpm in rad/s"
    HZ_IN_RPM = "rpm times 60"
    HALF_SPEED = "half the speed"
    DOUBLE_SPEED = "double the speed"
    OTHER_RATE = "another sampling rate"
    OTHER_SHAFT = "another shaft"


UNITS = {WrongEntry.RPM_IN_HZ: 60.0, WrongEntry.HZ_IN_RPM: 1 / 60, WrongEntry.RPM_IN_RAD_PER_S: 30 / np.pi}
HARMONIC = {WrongEntry.HALF_SPEED: 2.0, WrongEntry.DOUBLE_SPEED: 0.5}


@dataclass(frozen=True)
class SpeedQuestion:
    """A stated speed held against the signal's own.

    Attributes
    ----------
    stated_rpm : float
    found : SpeedEstimate
        The signal's own speed, whatever was stated; None as `rpm` where it cannot be told.
    other_rpm : float or None
        The signal is sure of a speed 1.5-15 % from the stated one, or of the half of such a speed, as loose machines
        show it; or it speaks for such a speed and the stated one is `unseen`: a diagnosis should be asked at both.
    wrong_entry : WrongEntry or None
        The slip of the pen that explains the two numbers, None where they agree, or where none does.
    meant_rpm, meant_rate_hz : float or None
        What would then have been right.
    unseen : bool
        Nothing of a shaft stands at the stated speed, and the signal speaks for another, though it may not be sure.
    """

    stated_rpm: float
    found: SpeedEstimate
    other_rpm: float | None = None
    wrong_entry: WrongEntry | None = None
    meant_rpm: float | None = None
    meant_rate_hz: float | None = None
    unseen: bool = False

    @property
    def far_rpm(self) -> float | None:
        """The speed the signal is sure of, far from a stated one at which no shaft shows."""
        return self.found.rpm if self.unseen and self.found.confidence >= SURE_ENOUGH_TO_ASK else None

    @property
    def contradicts(self) -> bool:
        """Whether the signal speaks against the stated speed, or against the rate it was told with."""
        return self.other_rpm is not None or self.wrong_entry is not None


def estimate_speed(
    signal: object,
    sampling_rate_hz: float,
    orders: FaultOrders | None = None,
    rpm_range: tuple[float, float] = RPM_RANGE,
    spectra: SpeedSpectra | None = None,
) -> SpeedEstimate:
    """The shaft speed within `rpm_range` that the spectra of a signal of shape (n,), n >= 256, speak for.

    `orders` of the bearing, when known, make it right more often. Raises SignalError and ParameterError.
    """
    if not check_rpm(rpm_range[0]) < check_rpm(rpm_range[1]):
        raise ParameterError(f"A range of speeds runs from low to high, got {rpm_range[0]:g} to {rpm_range[1]:g} rpm.")
    return _estimate(spectra or speed_spectra(signal, sampling_rate_hz), orders, rpm_range)


def refine(
    signal: object,
    sampling_rate_hz: float,
    rpm: float,
    tolerance: float = 0.03,
    spectra: SpeedSpectra | None = None,
) -> SpeedEstimate:
    """The speed within +-`tolerance` of a stated one whose harmonics stand out most, if they do.

    Two witnesses are asked, the envelope spectrum and the plain one. A speed away from the stated one is taken only
    when both name the same, and not at the end of the range: what is highest there has its peak beyond. A correction
    within 0.4 % needs only their sum to stand out. Otherwise the stated speed comes back with a confidence below 0.5.
    """
    spectra = spectra or speed_spectra(signal, sampling_rate_hz)
    shaft_hz = check_rpm(rpm) / 60
    turns = shaft_hz / spectra.step_hz
    if turns < REFINE_FROM_TURNS:
        return SpeedEstimate(rpm, 0.0)
    offsets = np.arange(-tolerance, tolerance + 1e-9, min(0.0005, 0.05 / turns))
    speeds = shaft_hz * (1 + offsets)
    envelope = teeth(spectra.envelope, spectra.step_hz, speeds)
    plain = teeth(spectra.plain, spectra.step_hz, speeds)
    both = envelope + 0.5 * plain
    middle = np.median(both)
    standing = (both - middle) / (np.quantile(both, 0.9) - middle + 1e-6)
    best = int(both.argmax())
    near = np.flatnonzero(np.abs(offsets) <= NEAR)
    near_best = int(near[both[near].argmax()])
    agree = abs(offsets[envelope.argmax()] - offsets[plain.argmax()]) < max(0.0012, 0.1 / turns)
    if agree and standing[best] > FAR_STANDS and 0 < best < len(offsets) - 1:
        return SpeedEstimate(float(speeds[best] * 60), float(np.clip(standing[best] / 4, 0.5, 1)))
    if standing[near_best] > NEAR_STANDS:
        return SpeedEstimate(float(speeds[near_best] * 60), float(np.clip(standing[near_best] / 5, 0.5, 0.8)))
    return SpeedEstimate(rpm, 0.3)


def cross_check(
    signal: object,
    sampling_rate_hz: float,
    stated_rpm: float,
    orders: FaultOrders | None = None,
    spectra: SpeedSpectra | None = None,
) -> SpeedQuestion:
    """A stated speed held against the signal of shape (n,), n >= 256, and the usual wrong entries tried on the two.

    Half and double the found speed are one comb where lines stand at the stated one, too. Without the bearing's
    `orders` a comb well above the stated speed proves nothing: a fault's own lines look like that. Raises SignalError
    and ParameterError.
    """
    rate_hz, stated = check_rate_hz(sampling_rate_hz), check_rpm(stated_rpm)
    if rate_hz < SLOWEST_RATE_HZ:
        nothing = SpeedEstimate(None, 0.0)
        return SpeedQuestion(
            stated, nothing, wrong_entry=WrongEntry.RATE_IN_KHZ, meant_rpm=stated, meant_rate_hz=1000 * rate_hz
        )
    spectra = spectra or speed_spectra(signal, rate_hz)
    wide = (min(RPM_RANGE[0], max(stated / 2, RPM_RANGE[0] / 4)), max(RPM_RANGE[1], min(2 * stated, FASTEST_RPM)))
    found = _estimate(spectra, orders, wide)
    unseen = (
        found.rpm is not None
        and found.confidence >= STANDS
        and abs(found.rpm / stated - 1) > UNSEEN_APART
        and UNSEEN_WITHIN[0] <= found.rpm / stated <= UNSEEN_WITHIN[1]
        and _stands(spectra, stated, None) < UNSEEN_BELOW
    )
    other_rpm = None
    if found.rpm is not None and (unseen or found.confidence >= SURE_ENOUGH_TO_ASK):
        apart = {rpm: abs(rpm / stated - 1) for rpm in (found.rpm, 2 * found.rpm)}
        other_rpm = next((rpm for rpm, by in apart.items() if ASKED_APART[0] <= by <= ASKED_APART[1]), None)
    entry, meant_rpm, meant_rate_hz = _wrong_entry(spectra, stated, found, orders)
    return SpeedQuestion(stated, found, other_rpm, entry, meant_rpm, meant_rate_hz, unseen)


def _wrong_entry(
    spectra: SpeedSpectra, stated: float, found: SpeedEstimate, orders: FaultOrders | None
) -> tuple[WrongEntry | None, float | None, float | None]:
    """The entry that was meant: which slip, the speed in rpm, the rate in Hz."""
    if _stands(spectra, stated, orders) >= STANDS:
        return None, None, None
    in_hz = 60 * stated
    if stated < FASTEST_IN_HZ and RPM_RANGE[0] <= in_hz and _stands(spectra, in_hz, orders) >= STANDS:
        return WrongEntry.RPM_IN_HZ, in_hz, None
    halves, quarters = (_stands(spectra, stated / part, orders) for part in (2, 4))
    if halves < STANDS_OUT <= quarters:  # 48 kHz passed round as 12: CWRU's normals
        return WrongEntry.OTHER_RATE, stated, 4 * spectra.sampling_rate_hz
    if found.rpm is None or found.confidence < STANDS:
        return None, None, None
    ratio = found.rpm / stated
    for entry, factor in UNITS.items():  # no shaft meets these by chance
        if abs(ratio / factor - 1) <= SAME:
            return entry, found.rpm, None
    if found.confidence < SURE or (orders is None and found.rpm > FAULT_LIKE * stated):
        return None, None, None
    for entry, factor in HARMONIC.items():  # a comb alone cannot tell a speed from its half; a bearing's lines can
        if orders is None and abs(ratio / factor - 1) <= SAME:
            return None, None, None
        if abs(ratio / factor - 1) <= SAME:
            return entry, found.rpm, None
    if abs(ratio - 1) <= ASKED_APART[1]:
        return None, None, None
    rate_hz = spectra.sampling_rate_hz / ratio
    common = min(COMMON_RATES_HZ, key=lambda one: abs(one / rate_hz - 1))
    if abs(common / rate_hz - 1) <= RATE_MATCH:
        return WrongEntry.OTHER_RATE, stated, float(common)
    return WrongEntry.OTHER_SHAFT, found.rpm, None


def _stands(spectra: SpeedSpectra, rpm: float, orders: FaultOrders | None) -> float:
    """How clearly (0..1) a comb stands within 2 % of a speed, against the speeds up to 15 % from it."""
    shaft_hz = rpm / 60
    if shaft_hz < MIN_BINS_PER_TURN * spectra.step_hz:
        return 0.0
    wide = np.arange(0.85, 1.15, min(spectra.step_hz / 8 / shaft_hz, SAME / 10))
    score = comb_and_families(spectra, wide * shaft_hz, orders)
    near = np.abs(wide - 1) <= SAME
    away = score[~near]
    middle = np.median(away)
    rise = (score[near].max() - middle) / (np.quantile(away, 0.95) - middle + 1e-9)
    return float(np.clip((rise - 1) / 3, 0, 1))


def _estimate(spectra: SpeedSpectra, orders: FaultOrders | None, rpm_range: tuple[float, float]) -> SpeedEstimate:
    low_hz, high_hz = max(rpm_range[0] / 60, MIN_BINS_PER_TURN * spectra.step_hz), rpm_range[1] / 60
    if high_hz < 1.2 * low_hz:
        return SpeedEstimate(None, 0.0)
    speeds = np.arange(low_hz, high_hz, spectra.step_hz / 8)
    score = comb_and_families(spectra, speeds, orders)
    best = _peaks(speeds, score, PEAKS)
    features = confidence_features(score, best, speeds[best[0]] / spectra.step_hz)
    offset, *weights = CONFIDENCE_ALONE if orders is None else CONFIDENCE_WITH_ORDERS
    confidence = float(1 / (1 + np.exp(-(offset + np.dot(weights, features)))))
    others = tuple(float(speeds[i] * 60) for i in best[1:4])
    rpm = 60 * _sharpened(spectra, speeds, score, best[0])
    return SpeedEstimate(rpm, confidence if orders is not None else min(confidence, MOST_ALONE), others)


def _sharpened(spectra: SpeedSpectra, speeds: FloatArray, score: FloatArray, best: int) -> float:
    """Of the speeds beside the best that score as well, the one whose lines stand highest.

    The search forgives a bin on either side of each line: a whole stretch of speeds scores alike.
    """
    lower = np.flatnonzero(score < score[best] - PLATEAU * abs(score[best]))
    at = int(np.searchsorted(lower, best))
    first = int(lower[at - 1]) + 1 if at > 0 else 0
    last = int(lower[at]) if at < len(lower) else len(score)
    near = speeds[first:last]
    height = sum_of_teeth(spectra.plain, spectra.step_hz, near)
    height = height + 0.5 * sum_of_teeth(spectra.envelope, spectra.step_hz, near)
    return float(near[height.argmax()])


def _peaks(speeds: FloatArray, score: FloatArray, count: int) -> list[int]:
    """Indices of the highest scores at least 1 % of the speed apart."""
    left, found = score.copy(), []
    for _ in range(count):
        best = int(np.argmax(left))
        found.append(best)
        first, last = np.searchsorted(speeds, [0.99 * speeds[best], 1.01 * speeds[best]])
        left[first:last] = -np.inf
    return found


def confidence_features(score: FloatArray, best: list[int], turns: float) -> tuple[float, float, float]:
    """What the confidence is made of: `best` are the indices of the highest candidates, the winner first.

    The logit of the winner's share where every candidate has odds exp(PER_LEAD x score); its height over all speeds in
    standard deviations, at most 12; ln of the turns of the shaft in the transform: in longer ones chance finds more.
    Fitted to CWRU, a motor simulator, simulated machines and noise by `benchmarks/speed_estimation.py --fit`.
    """
    share = 1 / np.exp(PER_LEAD * (score[best] - score[best[0]])).sum()
    height = float((score[best[0]] - np.median(score)) / (score.std() + 1e-9))
    return float(np.log(share + 1e-3) - np.log(1 - share + 1e-3)), min(height, 12.0), float(np.log(turns))
