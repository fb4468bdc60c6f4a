"""What the mains leave in a vibration signal: hum at multiples of 50 or 60 Hz, exact enough to check a clock by.

Electric machines hum at exact multiples of the mains. Their share of the power tells a bad cable; where they fall
tells a wrong sampling rate: found at 90 and 180 Hz with nothing at 120, the clock ran k times faster than stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log10

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from bearing.recording import FloatArray
from bearing.signal.dsp import kept_window

__all__ = ["MAINS_HZ", "Lines", "hum_share", "mains_rate_factor", "narrow_lines"]

MAINS_HZ = (50.0, 60.0)
_SPECTRUM_SAMPLES = 2**18
_RATE_FACTORS = (0.1, 0.125, 0.2, 0.25, 1 / 3, 0.5, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0)
_HARMONICS = np.arange(2, 25, 2)  # magnetic pull and rectifiers hum at even harmonics
_ALL_HARMONICS = np.arange(1, 25)
_LEAST_EVIDENCE = 5.0  # decades against chance; on 109 CWRU files and another rig nothing true reached it
_LEAST_LEAD = 4.6  # decades over the evidence for the stated rate


@dataclass(frozen=True)
class Lines:
    """Narrow spectral lines (Hz, the highest over their floor first) and the power spectrum they stand in."""

    frequency_hz: FloatArray
    power: FloatArray  # shape (bins,)
    bin_hz: float


def narrow_lines(signal: FloatArray, rate_hz: float, strongest: int = 60) -> Lines:
    """The strongest lines that stand out of their neighbourhood (64 bins) and are at most a few bins wide."""
    count = min(len(signal), _SPECTRUM_SAMPLES) // 256 * 256
    start = (len(signal) - count) // 2
    stretch = signal[start : start + count]
    amplitude = np.abs(scipy.fft.rfft((stretch - stretch.mean()) * kept_window("hanning", count)))
    bin_hz = rate_hz / count
    amplitude = amplitude[: len(amplitude) // 64 * 64]
    floor = np.repeat(np.median(amplitude.reshape(-1, 64), axis=1), 64)
    height = amplitude / np.maximum(floor, 1e-12 * amplitude.max() + 1e-300)
    at = (
        np.flatnonzero((amplitude[1:-1] > amplitude[:-2]) & (amplitude[1:-1] >= amplitude[2:]) & (height[1:-1] > 5)) + 1
    )
    at = at[(at > 8) & (at < len(amplitude) - 4)]
    at = at[(amplitude[at - 3] < 0.3 * amplitude[at]) & (amplitude[at + 3] < 0.3 * amplitude[at])]
    at = at[np.argsort(-height[at])][:strongest]
    before, peak, after = (np.log(amplitude[at + shift] + 1e-300) for shift in (-1, 0, 1))
    curvature = before - 2 * peak + after
    offset = np.divide(0.5 * (before - after), curvature, out=np.zeros_like(peak), where=curvature < 0)
    return Lines((at + np.clip(offset, -0.5, 0.5)) * bin_hz, np.square(amplitude), bin_hz)


def hum_share(lines: Lines, shaft_hz: float | None = None) -> tuple[float, float]:
    """50 or 60 Hz and the share (0..1) of the power in its first six harmonics, those apart that the shaft explains."""
    if lines.bin_hz > 1.0:
        return 50.0, 0.0  # too short a signal to tell a line from its neighbourhood
    total = float(lines.power.sum())
    shares = {}
    for mains_hz in MAINS_HZ:
        share = 0.0
        for harmonic in mains_hz * np.arange(1, 7):
            near_line = np.abs(lines.frequency_hz - harmonic) < max(1e-3 * harmonic, 0.5 * lines.bin_hz)
            by_shaft = shaft_hz is not None and abs(harmonic / shaft_hz - round(harmonic / shaft_hz)) < 0.02
            if near_line.any() and not by_shaft:
                middle = round(harmonic / lines.bin_hz)
                share += float(lines.power[max(middle - 4, 0) : middle + 5].sum()) / total
        shares[mains_hz] = share
    return max(shares.items(), key=lambda item: item[1])


def mains_rate_factor(lines: Lines, shaft_hz: float | None = None) -> float | None:
    """By how much the stated sampling rate has to be multiplied for the mains to fall into place; None when it fits.

    Lines at whole multiples of the shaft speed do not count: several of them would meet the mains by themselves.
    """
    unexplained_hz = lines.frequency_hz
    if shaft_hz is not None:
        order = unexplained_hz / shaft_hz
        unexplained_hz = unexplained_hz[np.abs(order - np.round(order)) > np.maximum(0.01, 1e-3 * order)]
    if unexplained_hz.size < 4:
        return None
    # at the stated rate odd harmonics count, too: twice their frequencies would meet the even ones
    stated = max(_evidence(lines.frequency_hz, lines.bin_hz, 1.0, some) for some in (_HARMONICS, _ALL_HARMONICS))
    evidence = [
        min(_evidence(some_hz, lines.bin_hz, factor) for some_hz in (lines.frequency_hz, unexplained_hz))
        for factor in _RATE_FACTORS
    ]
    best = int(np.argmax(evidence))
    if evidence[best] < _LEAST_EVIDENCE or evidence[best] - stated < _LEAST_LEAD:
        return None
    return _RATE_FACTORS[best]


def _evidence(
    frequency_hz: FloatArray, bin_hz: float, factor: float, harmonics: NDArray[np.int64] = _HARMONICS
) -> float:
    """-log10 of the probability that so many lines meet harmonics of 50 or 60 Hz by chance, frequencies x factor."""
    best = 0.0
    for mains_hz in MAINS_HZ:
        scaled = frequency_hz * factor
        nearest = np.round(scaled / mains_hz)
        tolerance = np.maximum(3e-4 * scaled, 0.3 * bin_hz * factor)
        hits = int(np.sum(np.isin(nearest, harmonics) & (np.abs(scaled - nearest * mains_hz) < tolerance)))
        reachable = scaled < mains_hz * (harmonics[-1] + 0.5)
        share = len(harmonics) / harmonics[-1]
        expected = share * float(np.sum(np.minimum(2 * tolerance / mains_hz, 1.0) * reachable))
        best = max(best, -log10(min(1.0, 2 * _poisson_tail(hits, expected))))
    return best


def _poisson_tail(count: int, mean: float) -> float:
    """Probability of `count` or more events when `mean` are expected."""
    if count <= 0:
        return 1.0
    term = total = exp(-mean)
    for index in range(1, count):
        term *= mean / index
        total += term
    return max(1.0 - total, 1e-15)
