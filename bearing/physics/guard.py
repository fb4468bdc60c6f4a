"""What strikes, whatever the bearing: the deepest train of impacts in a recording, at any order or any frequency.

The fault lines of the bearing that was named say nothing when the name or the speed is wrong. So the prewhitened
envelope spectra are searched blindly, by orders that know no bearing: three harmonics with one common slip, in every
band, of the squared envelope and of its logarithm. The second hardly hears single loud blows: a comb must stand in it
too, since healthy machines are bursty as well (kurtosis of 14 to 47 on one rig), and bursts without a rhythm prove
nothing. The shaft's own harmonics and the mains' count for nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bearing.physics.envelope_rule import FOUND_NEPERS, harmonic_scores
from bearing.signal.order_spectrum import BAND_ENDS, Envelopes, OrderSpectrum, envelope_order_spectrum

__all__ = ["LOUD_FROM", "QUIET_BELOW", "SHAFT_BESIDE", "SHAFT_DRIFT", "Guard", "blind_spectrum", "listen"]

Array = NDArray[np.float64]

LOWEST_ORDER, HIGHEST_ORDER = 0.30, 12.0
CELL = 1.052  # ratio of neighbouring orders: the slip search of +-2.7 % leaves no gap
SLIP = 0.027  # the search of `harmonic_scores`, on each side
AXIS_HZ = 25.0  # with no speed known: a middling shaft, so that floors and lengths are as with one
LOWEST_HZ, HIGHEST_HZ = 5.0, 500.0
SHAFT_WIDTH = 2.2  # over the revolutions: a line and its skirts (Hann)
SHAFT_DRIFT = 0.002  # share of an order that an imperfect speed moves it
SHAFT_LOOKS = 4  # combs of a shaft that did not hold its speed, cut out one after the other
HUNTING = 0.12  # orders: how far beside a moving shaft's harmonics its sidebands reach
AS_DEEP = 0.8  # from where on the lines between a comb's make it the shaft's
SHAFT_BESIDE = (0.9, 1.12)  # orders: where a wrongly stated shaft is looked for; lower, a ball's 2 x FTF may stand
MAINS_HZ = (50.0, 60.0)
MAINS_WIDTH_HZ = 0.3


LOUD = (0.33, 2.4)  # depth of the squared envelope: absolute, and over the middle of all combs (its own null)
LOUD_LOG = (0.25, 2.1)  # the same of the log envelope
LOUD_FROM = 1.0  # of those limits
QUIET_BELOW = 0.91  # half-way from the deepest comb of a sound bearing, 0.83 (CWRU, motor simulator), to the limit


@dataclass(frozen=True)
class Guard:
    """The deepest comb of a recording.

    order : of the shaft, None with no speed known. rate_hz : how often it strikes. harmonics : how many of the first
    six stand. depth, log_depth : modulation of the squared envelope and of its logarithm (0 none, near 2 short
    impacts), geometric means over three harmonics; chance, log_chance : what the middle one of all combs reaches, the
    recording's own null. kurtosis : of the burstiest band, 0 for noise. turns : length in
    revolutions (of `AXIS_HZ` with no speed known). band_hz : where the squared envelope is deepest. shaft : the order
    at which the shaft's own comb was heard striking, 1 where it was not heard, or where it was expected. knock : how
    far over the limits what strikes at the shaft's own pace stands, 0 where nothing was heard to.
    """

    order: float | None
    rate_hz: float
    harmonics: int
    depth: float
    log_depth: float
    chance: float
    log_chance: float
    kurtosis: float
    turns: float
    band_hz: tuple[float, float]
    shaft: float = 1.0
    knock: float = 0.0

    @property
    def speed_is_wrong(self) -> bool:
        """Whether the shaft's own comb strikes at another speed than the one listened at."""
        return abs(self.shaft - 1) > SLIP

    @property
    def loud(self) -> bool:
        """Whether something strikes: a comb deep in itself, and deeper than the recording's other combs.

        The limits were read off CWRU's normals and the sound bearings of the motor simulator, whole and in pieces.
        """
        return self.excess >= LOUD_FROM

    @property
    def excess(self) -> float:
        """How far over those limits the comb stands, as a ratio: 1 is the limit."""
        squared = self.depth / max(LOUD[0], LOUD[1] * self.chance)
        log = self.log_depth / max(LOUD_LOG[0], LOUD_LOG[1] * self.log_chance)
        return max(squared, log)


def blind_spectrum(
    signal: Array,
    sampling_rate_hz: float,
    bands: tuple[tuple[float, float], ...] | None = None,
    envelopes: Envelopes | None = None,
) -> OrderSpectrum:
    """The prewhitened spectrum to `listen` to where no speed is known, on an axis in multiples of AXIS_HZ."""
    top = 3.1 * HIGHEST_HZ / AXIS_HZ
    return envelope_order_spectrum(
        signal, sampling_rate_hz, AXIS_HZ, top, bands, notch_shaft=False, prewhiten=True, envelopes=envelopes
    )


def listen(white: OrderSpectrum, speed_known: bool = True) -> Guard:
    """The deepest comb in a prewhitened spectrum that has its log envelope; with `speed_known`, the shaft's aside."""
    assert white.log is not None
    assert white.bursts is not None
    if speed_known:
        low, high = LOWEST_ORDER, HIGHEST_ORDER
    else:
        low, high = LOWEST_HZ / AXIS_HZ, HIGHEST_HZ / AXIS_HZ
    low = max(low, 2.5 / white.revolutions)  # nothing slower can be resolved
    high = min(high, white.level.shape[1] * white.step / 3.1)
    grid: Array = low * np.power(CELL, np.arange(max(1, int(np.log(high / low) / np.log(CELL)) + 1), dtype=np.float64))
    strange, shaft = _strangers(white, speed_known), 1.0
    guard, cleared, band = _deepest(white, strange, grid, speed_known)
    for _ in range(SHAFT_LOOKS):
        base = _shafts_own(cleared, guard.order, band) if guard.loud and guard.order is not None else None
        if base is None:
            break
        elsewhere = abs(base - 1) > SLIP
        if elsewhere and shaft == 1.0:
            shaft = base
            strange = strange | _on_multiples(white, base)
        else:
            strange = strange | _near_multiples(white, base)
        guard, cleared, band = _deepest(white, strange, grid, speed_known)
    return replace(guard, shaft=shaft)


def _deepest(
    white: OrderSpectrum, strange: NDArray[np.bool_], grid: Array, speed_known: bool
) -> tuple[Guard, OrderSpectrum, int]:
    """The deepest comb of all bins that are not `strange`; the spectrum without those, and the comb's band."""
    assert white.log is not None
    assert white.bursts is not None
    cleared = _without(white, strange)
    squared = harmonic_scores(cleared, grid)
    depth = np.exp(squared.depth.astype(np.float64))
    log_depth = np.exp(harmonic_scores(_without(white.log, strange), grid).depth.astype(np.float64))
    inside = 3 * (1 + SLIP) * grid <= _reach(white)[:, None]
    depth, log_depth = np.where(inside, depth, 0.0), np.where(inside, log_depth, 0.0)
    band, cell = np.unravel_index(int(depth.argmax()), depth.shape)
    order = float(grid[cell] * (1 + squared.slip[band, cell]))
    centre: Array = order * np.arange(1, 7, dtype=np.float64)
    lines = cleared.highest(centre * 0.997, centre * 1.003)[band]
    guard = Guard(
        order=order if speed_known else None,
        rate_hz=order * white.shaft_hz,
        harmonics=int((lines >= FOUND_NEPERS).sum()),
        depth=float(depth.max()),
        log_depth=float(log_depth.max()),
        chance=float(np.median(depth.max(axis=0))),
        log_chance=float(np.median(log_depth.max(axis=0))),
        kurtosis=float((2 * np.exp(white.bursts[:, 0]) - 2).max()),
        turns=white.total_revolutions,
        band_hz=white.bands[int(band)],
    )
    return guard, cleared, int(band)


def _shafts_own(cleared: OrderSpectrum, order: float, band: int) -> float | None:
    """The order of the shaft's own comb, where the comb found is part of it: it left 1, or was never there.

    A rotor far out of balance slows and hastens: its harmonics leave the whole numbers, and any of their multiples may
    be the deepest comb. With a speed some percent off all of the shaft's harmonics lie beside the whole numbers. Then
    the lines between stand as deep as the comb's own. Those of a fault near a whole order do not: of damaged recordings
    of both rigs that were trained on at most 0.57 as deep, of rotors out of balance 0.97. No part of a bearing strikes
    once a turn.
    """
    low, high = SHAFT_BESIDE
    found = None
    for multiple in range(max(1, int(np.ceil(order / high))), int(order / low) + 1):
        base = order / multiple
        between = np.inf if multiple == 1 else _between(cleared, base, multiple, band)
        if between >= AS_DEEP and (found is None or between > found[0]):
            found = between, base
    return None if found is None else found[1]


def _between(cleared: OrderSpectrum, base: float, multiple: int, band: int) -> float:
    """How deep the multiples of an order stand that a comb leaves out, compared with those it takes: every so many."""
    number = np.arange(1, 3 * multiple + 1)
    centre: Array = base * number.astype(np.float64)
    half = np.maximum(0.004 * centre, 1.2 * cleared.step)
    level, floor = cleared.highest(centre - half, centre + half)[band], cleared.floor_at(centre)[band]
    depth = np.exp(0.5 * (level.astype(np.float64) + floor))
    own = number % multiple == 0
    return float(np.median(depth[~own]) / np.exp(np.log(depth[own]).mean()))


def _line_width(spectrum: OrderSpectrum, order: NDArray[np.floating]) -> NDArray[np.floating]:
    """How far, in orders, a line of a shaft that holds its speed reaches to each side."""
    width: NDArray[np.floating] = np.maximum(SHAFT_WIDTH / spectrum.revolutions, SHAFT_DRIFT * order)
    return width


def _on_multiples(spectrum: OrderSpectrum, base: float) -> NDArray[np.bool_]:
    """Which bins, shape (bins,), lie on multiples of an order, as wide as a line is that holds its speed."""
    order = np.arange(spectrum.level.shape[1]) * spectrum.step
    width = _line_width(spectrum, order)
    off = np.abs(order - base * np.maximum(np.rint(order / base), 1))
    return np.asarray(off < np.minimum(width, 0.08))


def _near_multiples(spectrum: OrderSpectrum, base: float) -> NDArray[np.bool_]:
    """Which bins, shape (bins,), lie on multiples of an order or beside them, where its hunting leaves sidebands."""
    order = np.arange(spectrum.level.shape[1]) * spectrum.step
    number = np.maximum(np.rint(order / base), 1)
    return np.asarray(np.abs(order - number * base) < HUNTING)


def _reach(spectrum: OrderSpectrum) -> Array:
    """To which order each band has a spectrum, shape (bands,)."""
    width = np.array([high - low for low, high in spectrum.bands])
    ends: Array = BAND_ENDS * width / spectrum.shaft_hz
    return ends


def _strangers(spectrum: OrderSpectrum, speed_known: bool) -> NDArray[np.bool_]:
    """Which bins, shape (bins,), belong to the shaft's harmonics and halves (where known) or to the mains."""
    order = np.arange(spectrum.level.shape[1]) * spectrum.step
    hz = order * spectrum.shaft_hz
    width_hz = max(MAINS_WIDTH_HZ, spectrum.shaft_hz / spectrum.revolutions)
    strange = np.zeros(len(order), bool)
    if width_hz < 0.05 * min(MAINS_HZ):
        for mains_hz in MAINS_HZ:
            strange |= np.abs(hz - mains_hz * np.maximum(np.rint(hz / mains_hz), 1)) < width_hz
    if speed_known:
        width = _line_width(spectrum, order)
        strange |= _on_multiples(spectrum, 1.0)
        strange |= np.abs(order - 0.5) < np.minimum(width, 0.03)
    return strange


def _without(spectrum: OrderSpectrum, strange: NDArray[np.bool_]) -> OrderSpectrum:
    """The spectrum with those bins at the floor."""
    ceiling = np.where(strange, np.float32(0), np.float32(np.inf))
    return OrderSpectrum(
        spectrum.bands,
        np.minimum(spectrum.level, ceiling),
        spectrum.floor,
        spectrum.step,
        spectrum.revolutions,
        spectrum.total_revolutions,
        spectrum.shaft_hz,
    )
