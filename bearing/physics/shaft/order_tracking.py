"""Does the shaft hold its speed; and if not, the signal as if it did.

A line at order 10 of a shaft whose speed moves by 1 % is smeared over a tenth of an order, hundreds of times its own
width: no part can be named. Here the speed over time is taken from the best source at hand (tacho, speed column, the
signal itself), and where it moves by more than the lines bear, the signal is resampled to shaft angle. What comes back
is a signal at a constant pseudo-rate of a shaft at its mean speed: everything downstream works on it unchanged. A
signal whose shaft holds its speed comes back as it went in.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from bearing.errors import ParameterError
from bearing.physics.kinematics import FaultOrders
from bearing.physics.shaft.combs import SpeedSpectra, comb_and_families, speed_spectra
from bearing.physics.shaft.ridge import SpeedRidge, track_speed
from bearing.physics.shaft.speed import estimate_speed, refine
from bearing.physics.shaft.tacho import read_tacho
from bearing.recording import check_rate_hz, check_rpm, check_signal
from bearing.signal.angle import AngleSignal, ShaftAngle, angle_of_speed, to_angle

__all__ = [
    "STANDS",
    "Look",
    "SpeedSource",
    "Stand",
    "Steadied",
    "holds_speed",
    "holds_stated",
    "look",
    "refined",
    "stand_of",
    "steady",
]

FloatArray = NDArray[np.float64]

BEARABLE = 0.002  # of the speed: what slip search and line width take in anyway
STANDS, STANDS_CLEAR = 0.5, 0.7  # confidence from which a comb is said to stand at a stated speed
SHARP, SHARPER = 3.3, 5.0  # height of the comb of a shaft that holds its speed, with a clear stand and with any
SHARP_ALONE = 6.0  # where no speed is stated: what a moving fault line smears into poses as many a slow shaft's comb
# odds that a ridge follows the shaft within 1 %: offset, per unit by which the comb rises with resampling, per ln of
# the ridge's height; fitted by `python -m benchmarks.order_tracking --fit`
FOLLOWS_STATED = (-0.41, 4.47, 1.24)
FOLLOWS_ALONE = (0.16, 2.44, 1.27)
FOLLOWS = 0.8  # from where on a signal is resampled by it
RISES = 0.22  # nepers by which the comb must then rise: of steady recordings at most 0.19, of a 1 % sweep 0.28 or more
SURE = 0.8  # confidence in an estimated speed, from where on it is believed to be the one
MEAN_OFF = 0.03  # how far the lines' mean speed may lie from the stated one
STOPPED = 0.2  # of the median speed: slower stretches are left out
DRAWN = 400  # points of a speed over time


class SpeedSource(Enum):
    """Where the speed over time comes from."""

    TACHO = "tacho"
    COLUMN = "speed column"
    HAND = "by hand"
    SIGNAL = "signal"
    NONE = "none"


@dataclass(frozen=True)
class Steadied:
    """A signal whose shaft holds its speed: the one given, or it resampled to shaft angle.

    Attributes
    ----------
    signal : float64, shape (n,); the very array given where `resampled` is False.
    rate_hz : float. Its rate; after resampling that of a shaft at its mean speed.
    rpm : float or None. The mean speed; what was stated where nothing was resampled.
    resampled : bool
    spread : float. How far the speed moves, 5th to 95th percentile over its mean; 0 where it was not looked for.
    source : SpeedSource
    confidence : float. 0..1, that the speed over time is right within 1 %.
    time_s, rpm_over_time : shape (k,). The speed over time, for drawing; empty where nothing was read.
    first_s : float. Where in the recording the signal begins.
    stands : float. Where the signal itself told: 0..1, how clearly its comb stands once it was made still.
    """

    signal: FloatArray
    rate_hz: float
    rpm: float | None
    resampled: bool = False
    spread: float = 0.0
    source: SpeedSource = SpeedSource.NONE
    confidence: float = 0.0
    time_s: FloatArray = field(default_factory=lambda: np.empty(0))
    rpm_over_time: FloatArray = field(default_factory=lambda: np.empty(0))
    first_s: float = 0.0
    stands: float = 1.0


def steady(
    signal: object,
    rate_hz: float,
    rpm: float | None = None,
    *,
    speed_rpm: object | None = None,
    tacho: object | None = None,
    pulses_per_turn: float | None = None,
    orders: FaultOrders | None = None,
    spectra: SpeedSpectra | None = None,
) -> Steadied:
    """A signal of shape (n,) as that of a shaft that holds its speed; see the module.

    Parameters
    ----------
    rpm : the mean speed where it is stated.
    speed_rpm : speed in rpm at each sample, shape (n,). tacho : a tacho's channel, shape (n,).
    orders : of the bearing, whose lines then speak for the speed, too.
    spectra : `speed_spectra` of the signal where they are at hand: they tell whether the shaft holds its speed.

    Raises
    ------
    SignalError, ParameterError
        For a signal that is none, a speed that never was one, a tacho that is none.
    """
    samples, rate_hz = check_signal(signal, 256), check_rate_hz(rate_hz)
    if tacho is not None:
        reading = read_tacho(tacho, rate_hz, pulses_per_turn, rpm, samples)
        return _by_angle(samples, rate_hz, rpm, reading.angle, SpeedSource.TACHO, reading.confidence)
    if speed_rpm is not None:
        return _by_angle(samples, rate_hz, rpm, _of_column(speed_rpm, samples, rate_hz), SpeedSource.COLUMN, 0.99)
    return _by_signal(samples, rate_hz, rpm, orders, spectra)


def refined(rough: Steadied, orders: FaultOrders | None = None) -> Steadied:
    """A signal made still by a rough speed over time, made still again by what is left: a hand draws no per mille."""
    if not rough.resampled:
        return rough
    again = steady(rough.signal, rough.rate_hz, rough.rpm, orders=orders)
    found = replace(rough, source=SpeedSource.HAND)
    if again.resampled and again.rpm is not None:
        steps = np.diff(rough.time_s, prepend=rough.time_s[:1]) * rough.rpm_over_time
        still_s = np.cumsum(steps) / rough.rpm_over_time.mean() + rough.time_s[0] - rough.first_s
        ratio = np.interp(still_s, again.time_s, again.rpm_over_time) / (rough.rpm or again.rpm)
        rpm = rough.rpm_over_time * ratio
        found = replace(
            again,
            spread=_spread(rpm),
            source=SpeedSource.HAND,
            time_s=rough.time_s,
            rpm_over_time=rpm,
            first_s=rough.first_s + again.first_s,
        )
    stand = stand_of(speed_spectra(found.signal, found.rate_hz), found.rpm, orders)
    return replace(found, confidence=stand.confidence)


def _of_column(speed_rpm: object, samples: FloatArray, rate_hz: float) -> ShaftAngle:
    """The angle by a column of speeds, over the longest stretch in which the shaft turns."""
    speed = np.asarray(speed_rpm, dtype=np.float64)
    if speed.shape != samples.shape:
        raise ParameterError(f"A speed column is as long as its signal, {samples.shape}, got {speed.shape}.")
    turning = ~(speed < STOPPED * np.nanmedian(speed)) if np.isfinite(speed).any() else np.zeros(len(speed), bool)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], turning.astype(np.int8), [0]])))
    if not len(edges):
        raise ParameterError("The speed column holds no number.")
    starts, stops = edges[::2], edges[1::2]
    longest = int(np.argmax(stops - starts))
    start, stop = int(starts[longest]), int(stops[longest])
    angle = angle_of_speed(speed[start:stop], rate_hz)
    return ShaftAngle(angle.at + start, angle.turns)


def _by_angle(
    samples: FloatArray, rate_hz: float, rpm: float | None, angle: ShaftAngle, source: SpeedSource, confidence: float
) -> Steadied:
    at = np.linspace(angle.at[0], angle.at[-1], DRAWN + 2)[1:-1]
    over_time = angle.speed_hz(at, rate_hz, over=rate_hz / max(angle.mean_hz(rate_hz), 1e-9)) * 60
    spread = _spread(over_time)
    mean_rpm = angle.mean_hz(rate_hz) * 60
    if spread <= BEARABLE:
        stated = mean_rpm if rpm is None else rpm
        return Steadied(samples, rate_hz, stated, False, spread, source, confidence, at / rate_hz, over_time)
    still = to_angle(samples, rate_hz, angle)
    return Steadied(
        still.samples,
        still.rate_hz,
        still.mean_hz * 60,
        True,
        spread,
        source,
        confidence,
        at / rate_hz,
        over_time,
        still.first / rate_hz,
    )


def _spread(rpm: FloatArray) -> float:
    low, high = np.percentile(rpm, (5, 95))
    return float((high - low) / rpm.mean())


# ------------------------------------------------------------------------------------------ from the signal itself


def _by_signal(
    samples: FloatArray, rate_hz: float, rpm: float | None, orders: FaultOrders | None, spectra: SpeedSpectra | None
) -> Steadied:
    as_it_is = Steadied(samples, rate_hz, rpm)
    spectra = spectra or speed_spectra(samples, rate_hz)
    before = stand_of(spectra, rpm, orders)
    if holds_speed(spectra, rpm, orders, before):
        return as_it_is
    seen = look(samples, rate_hz, rpm, orders, before)
    if seen is None or seen.after.rpm is None or _spread(seen.ridge.rpm) <= BEARABLE:
        return as_it_is
    follows = _follows(seen.gain, seen.ridge.height, rpm is not None)
    if follows < FOLLOWS or seen.gain < RISES:
        return as_it_is
    ridge, still, after = seen.ridge, seen.still, seen.after
    assert after.rpm is not None
    scale = after.rpm / (still.mean_hz * 60)
    return Steadied(
        still.samples,
        still.rate_hz,
        after.rpm,
        True,
        _spread(ridge.rpm),
        SpeedSource.SIGNAL,
        follows if rpm is not None else follows * after.confidence,
        ridge.time_s,
        ridge.rpm * scale,
        still.first / rate_hz,
        after.confidence,
    )


@dataclass(frozen=True)
class Stand:
    """The speed a spectrum speaks for, how sure (0..1), and how high its comb stands, in nepers."""

    rpm: float | None
    confidence: float
    height: float


@dataclass(frozen=True)
class Look:
    """A ridge, the signal resampled by it, what its comb stands like then, and by how much it rose."""

    ridge: SpeedRidge
    still: AngleSignal
    after: Stand
    gain: float


def look(
    samples: FloatArray, rate_hz: float, rpm: float | None, orders: FaultOrders | None, before: Stand | None = None
) -> Look | None:
    """A signal of shape (n,) resampled by its own ridge, whatever that is worth; None where it is too short for one."""
    before = before or stand_of(speed_spectra(samples, rate_hz), rpm, orders)
    ridge = track_speed(samples, rate_hz, rpm, orders)
    if ridge is None:
        return None
    still = to_angle(samples, rate_hz, ridge.angle(rate_hz, len(samples)))
    after = stand_of(speed_spectra(still.samples, still.rate_hz), rpm, orders)
    return Look(ridge, still, after, after.height - before.height)


def holds_speed(
    spectra: SpeedSpectra, rpm: float | None, orders: FaultOrders | None, stand: Stand | None = None
) -> bool:
    """Whether a comb stands in a signal as no moving speed leaves it: at the stated speed, or at another.

    `stand` is that at the stated speed (the signal's own where none is), where it is at hand.
    """
    stand = stand or stand_of(spectra, rpm, orders)
    return _holds(stand, rpm is not None) or (rpm is not None and _holds(stand_of(spectra, None, orders), False))


def holds_stated(spectra: SpeedSpectra, rpm: float | None, orders: FaultOrders | None) -> bool:
    """The same at the stated speed alone; False where none is."""
    return rpm is not None and _holds(stand_of(spectra, rpm, orders), True)


def _holds(stand: Stand, stated: bool) -> bool:
    """Whether a comb stands as no moving speed leaves it, so that nobody need look for a ridge."""
    if not stated:
        return stand.height >= SHARP_ALONE and stand.confidence >= SURE
    return stand.height >= SHARP and (
        stand.confidence >= STANDS_CLEAR or (stand.height >= SHARPER and stand.confidence >= STANDS)
    )


def _follows(gain: float, height: float, stated: bool) -> float:
    """The probability (0..1) that a ridge follows the shaft, within 1 % on the whole and but for its scale."""
    offset, per_gain, per_height = FOLLOWS_STATED if stated else FOLLOWS_ALONE
    return float(1 / (1 + np.exp(-(offset + per_gain * gain + per_height * np.log(max(height, 0.1))))))


def stand_of(spectra: SpeedSpectra, rpm: float | None, orders: FaultOrders | None) -> Stand:
    """At a stated speed, the highest comb within 3 % of it; else the speed estimated.

    Which of its multiples a ridge followed does not matter: its shape makes the signal stand still, and what stands
    then tells the speed.
    """
    if rpm is None:
        found = estimate_speed(np.empty(0), spectra.sampling_rate_hz, orders, spectra=spectra)
        if found.rpm is None:
            return Stand(None, 0.0, 0.0)
        around = found.rpm / 60 * np.linspace(0.997, 1.003, 25)
        return Stand(found.rpm, found.confidence, float(comb_and_families(spectra, around, orders).max()))
    refined = refine(np.empty(0), spectra.sampling_rate_hz, check_rpm(rpm), spectra=spectra)
    around = rpm / 60 * np.linspace(1 - MEAN_OFF, 1 + MEAN_OFF, 241)
    height = comb_and_families(spectra, around, orders)
    if refined.confidence >= STANDS:
        return Stand(refined.rpm, refined.confidence, float(height.max()))
    return Stand(rpm, refined.confidence, float(height.max()))
