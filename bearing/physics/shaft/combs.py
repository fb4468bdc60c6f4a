"""Spectra in which shafts and fault lines are looked for as combs, and how high the comb of any speed stands in them.

A turning shaft leaves a comb of lines at its whole-number orders, in the spectrum (unbalance, misalignment) and in the
envelope spectrum (load on the bearings). Both are kept as heights over the local floor on one axis, made once per
signal (`speed_spectra`) and asked as often as one likes. Lines within 0.25 Hz of multiples of 50 and 60 Hz are mains
and count for nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from bearing.physics.kinematics import FaultOrders
from bearing.physics.mains import MAINS_HZ
from bearing.recording import check_rate_hz, check_signal
from bearing.signal.dsp import hann
from bearing.signal.envelope import Band, Demodulator, running_median, to_unit

__all__ = ["HARMONICS", "SpeedSpectra", "comb", "comb_and_families", "speed_spectra", "sum_of_teeth", "teeth"]

FloatArray = NDArray[np.float64]

HARMONICS = 10
FAMILY_HARMONICS = 4
FAMILY_SLIP = 0.008
MAX_SECONDS = 30.0  # of a longer recording: speeds drift, and the lines smear
MAINS_WIDTH_HZ = 0.25
PLAIN_MAX_HZ = 1500.0
ENVELOPE_MAX_HZ = 800.0
LEVEL_CAP = 5.0  # natural logarithm over the floor: one huge line must not outweigh a comb
BAND_PARTS = (1, 2, 4)


@dataclass(frozen=True)
class SpeedSpectra:
    """Heights of one signal's lines: ln(power / floor) - 1, 0..LEVEL_CAP, NaN at the mains; bin i is at i * step_hz.

    plain : shape (bins,), of the spectrum up to 1500 Hz. envelope : shape (bins,), of the squared envelope up to
    800 Hz, mean of seven bands.
    """

    plain: FloatArray
    envelope: FloatArray
    step_hz: float
    sampling_rate_hz: float
    _excess: dict[int, FloatArray] = field(default_factory=dict, repr=False, compare=False)

    def envelope_excess(self, exponent: int) -> FloatArray:
        """Highest envelope level within 2**exponent bins of each, over what chance finds so near; made when asked."""
        if exponent not in self._excess:
            highest = _sliding_max(np.nan_to_num(self.envelope), 2**exponent)
            self._excess[exponent] = highest - _sliding_mean(highest, max(3, int(20.0 / self.step_hz)))
        return self._excess[exponent]


def speed_spectra(signal: object, sampling_rate_hz: float) -> SpeedSpectra:
    """Both spectra of a signal of shape (n,), n >= 256. Raises SignalError and ParameterError."""
    rate_hz = check_rate_hz(sampling_rate_hz)
    samples = check_signal(signal, 256)[: max(256, int(MAX_SECONDS * rate_hz))]
    n = len(samples)
    step_hz = rate_hz / n
    unit, _ = to_unit(samples)
    window = hann(n)
    top_hz = min(PLAIN_MAX_HZ, 0.95 * rate_hz / 2)
    lines = scipy.fft.rfft(unit * window)[: int(top_hz / step_hz)]
    plain = _level((lines.real**2 + lines.imag**2).astype(np.float64), step_hz)
    return SpeedSpectra(
        _without_mains(plain, step_hz), _without_mains(_envelope(samples, rate_hz), step_hz), step_hz, rate_hz
    )


def _envelope(samples: FloatArray, rate_hz: float) -> FloatArray:
    """Mean level of the envelope spectra of the whole range, its halves and its quarters."""
    demodulator = Demodulator(samples, rate_hz)
    full = demodulator.full_band()
    limit_hz = min(ENVELOPE_MAX_HZ, full.width_hz / 4)
    grid_hz = np.arange(0, limit_hz, rate_hz / len(samples))
    total = np.zeros(len(grid_hz))
    for parts in BAND_PARTS:
        edges = full.low_hz + full.width_hz / parts * np.arange(parts + 1)
        for low_hz, high_hz in pairwise(edges):
            spectrum = demodulator.envelope_spectrum(Band(float(low_hz), float(high_hz)), limit_hz)
            over_floor = np.square(spectrum.amplitude / np.maximum(spectrum.floor, 1e-300)) * np.log(2)
            total += np.interp(grid_hz, spectrum.frequency_hz, _height(over_floor))
    return total / sum(BAND_PARTS)


def _level(power: FloatArray, step_hz: float) -> FloatArray:
    """Height of each bin over the local mean of the noise, which is its median / ln 2."""
    floor = running_median(power, max(25, round(12.0 / step_hz))) / np.log(2)
    return _height(power / np.maximum(floor, 1e-300))


def _height(power_over_floor: FloatArray) -> FloatArray:
    """ln(power / floor) - 1, 0..LEVEL_CAP."""
    return np.clip(np.log(np.maximum(power_over_floor, 1e-300)) - 1.0, 0.0, LEVEL_CAP)


def _without_mains(level: FloatArray, step_hz: float) -> FloatArray:
    """The level with NaN where multiples of the mains lie: no evidence, neither for nor against."""
    frequency = np.arange(len(level)) * step_hz
    for mains in MAINS_HZ:
        multiple = np.maximum(np.round(frequency / mains), 1) * mains
        level = np.where(np.abs(frequency - multiple) < MAINS_WIDTH_HZ, np.nan, level)
    return level


# --------------------------------------------------------------------------------------------------------- combs


def comb(level: FloatArray, step_hz: float, speeds_hz: FloatArray) -> FloatArray:
    """Mean level on the first harmonics less the mean level between them, half-way or at thirds, the higher one.

    About 0 for a speed that explains nothing, up to LEVEL_CAP; shape of `speeds_hz`, (n,).
    """
    number = np.arange(1, HARMONICS + 1, dtype=np.float64)
    usable = np.isfinite(level)
    level = np.where(usable, level, 0.0)
    around = np.maximum(level, np.maximum(np.roll(level, 1), np.roll(level, -1)))  # a line lies between two bins
    bins = np.append(np.where(usable, around + 1j, 0), 0)  # height and whether it counts, looked up as one
    whole, weight = _mean_at(bins, step_hz, speeds_hz, number)
    half, _ = _mean_at(bins, step_hz, speeds_hz, number - 1 / 2)
    third, _ = _mean_at(bins, step_hz, speeds_hz, np.concatenate([number - 1 / 3, number - 2 / 3]))
    return whole * np.minimum(1.3 * weight, 1.0) - np.maximum(half, third)


def teeth(level: FloatArray, step_hz: float, speeds_hz: FloatArray) -> FloatArray:
    """Mean level on the first harmonics alone that the mains spare, read between the bins, shape (n,)."""
    usable = np.isfinite(level)
    at = np.arange(1, HARMONICS + 1)[:, None] * speeds_hz / step_hz
    weight = np.interp(at, np.arange(len(level)), usable.astype(np.float64), right=0.0).sum(axis=0)
    return np.asarray(sum_of_teeth(level, step_hz, speeds_hz) / np.maximum(weight, 1.0))


def sum_of_teeth(level: FloatArray, step_hz: float, speeds_hz: FloatArray) -> FloatArray:
    """Their sum; a line that meets the mains counts as none."""
    at = np.arange(1, HARMONICS + 1)[:, None] * speeds_hz / step_hz
    return np.asarray(np.interp(at, np.arange(len(level)), np.nan_to_num(level), right=0.0).sum(axis=0))


def comb_and_families(spectra: SpeedSpectra, speeds_hz: FloatArray, orders: FaultOrders | None) -> FloatArray:
    """How well each speed explains the lines, shape (n,): its comb and, with the bearing's orders, its fault lines.

    A strong BPFO comb then speaks for the shaft that makes it, not for one of its own.
    """
    score = comb(spectra.plain, spectra.step_hz, speeds_hz)
    if orders is None:
        return score
    score = score + 0.3 * comb(spectra.envelope, spectra.step_hz, speeds_hz)
    families = [_family(spectra, speeds_hz * order) for order in orders.families.values()]
    return np.asarray(score + np.max(families, axis=0))


def _mean_at(
    bins: NDArray[np.complex128], step_hz: float, speeds_hz: FloatArray, multiples: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Weighted mean (1 / sqrt(multiple)) of the level at multiples of each speed, and the share that was usable.

    `bins` hold the level and, as imaginary part, 1 where it counts; beyond the last one, 0, there is nothing.
    """
    weight = 1 / np.sqrt(np.ceil(multiples))
    total = np.zeros(len(speeds_hz), np.complex128)
    for multiple, share in zip(multiples, weight, strict=True):
        index = np.rint(multiple * speeds_hz / step_hz).astype(np.int64)
        total += share * bins.take(index, mode="clip")
    return total.real / np.maximum(total.imag, 1e-9), total.imag / weight.sum()


def _family(spectra: SpeedSpectra, lines_hz: FloatArray) -> FloatArray:
    """Mean height of fault lines and harmonics in the envelope, slip allowed, over what chance finds so near."""
    step_hz, bins = spectra.step_hz, len(spectra.envelope)
    total = np.zeros(len(lines_hz))
    for harmonic in range(1, FAMILY_HARMONICS + 1):
        reach = np.maximum(FAMILY_SLIP * harmonic * lines_hz / step_hz, 1.0)
        power = np.ceil(np.log2(reach)).astype(np.int64)
        index = np.rint(harmonic * lines_hz / step_hz).astype(np.int64)
        for exponent in range(int(power.min()), int(power.max()) + 1):
            at = (power == exponent) & (index < bins)
            if at.any():
                total[at] += spectra.envelope_excess(exponent)[index[at]] / np.sqrt(harmonic)
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
