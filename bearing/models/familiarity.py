"""Has the waveform CNN met this machine? It reads the rig, so its word counts where it knows the rig, and nowhere else.

The spectrum's shape is a machine's fingerprint. Between loads the same bearing keeps it within about 3 dB; another
bearing on the same rig lies farther off. That line is drawn on the training recordings alone (`largest_distance_db`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["distances_db", "largest_distance_db", "spectral_shape"]

BANDS = 64
QUANTILE = 0.95  # of the distances between loads of one bearing: what lies within counts as known
BATCH = 256

Array = NDArray[np.float64]


def spectral_shape(windows: NDArray[np.floating]) -> Array:
    """The share of 64 equal bands in the power of windows of shape (n, size), n >= 1, in dB; shape (64,).

    Silence has no shape: NaN in every band, near to nothing.
    """
    power = np.zeros(windows.shape[1] // 2 + 1)
    taper = np.hanning(windows.shape[1])
    loudest = float(max(windows.max(), -windows.min())) or 1.0
    for start in range(0, len(windows), BATCH):
        spectrum = np.fft.rfft(windows[start : start + BATCH] / loudest * taper, axis=1)
        power += (spectrum.real**2 + spectrum.imag**2).sum(axis=0)
    power[:3] = 0.0  # the sensor's offset and what the taper spreads of it
    bands = np.array([part.mean() for part in np.array_split(power, BANDS)])
    total = bands.sum()
    return 10 * np.log10(bands / total + 1e-9) if total > 0 else np.full(BANDS, np.nan)


def distances_db(shape: Array, known: Array) -> Array:
    """RMS difference in dB between a shape (64,) and each of `known`, shape (m, 64); infinite for silence."""
    distance = np.sqrt(np.mean((known - shape) ** 2, axis=1))
    return np.where(np.isnan(distance), np.inf, distance)


def largest_distance_db(shapes: Array, bearings: Sequence[str]) -> float:
    """How far the nearest other recording of the same bearing lies in 95 % of cases.

    shapes : (m, 64), one per recording. bearings : which bearing each belongs to; a single recording is left out.
    """
    names = np.array(bearings)
    nearest = []
    for i, name in enumerate(names):
        others = (names == name) & (np.arange(len(names)) != i)
        if others.any():
            nearest.append(distances_db(shapes[i], shapes[others]).min())
    return float(np.quantile(nearest, QUANTILE))
