"""Condition indicators of a signal or of each of its windows (ISO 13373-1 names; arrays only)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Indicators", "indicators", "indicators_per_window", "velocity_rms"]


_PIECE = 2**20


@dataclass(frozen=True)
class Indicators:
    """Level and impulsiveness of one signal. `rms`, `peak` in the signal's unit; the others have none.

    Kurtosis is Pearson's (3 for Gaussian noise); crest factor is peak / RMS.
    """

    rms: float
    peak: float
    crest_factor: float
    kurtosis: float

    def to_pandas(self) -> pd.Series[float]:
        """The four numbers by name, as a pandas Series: one row of a table of many recordings."""
        import pandas as pd

        return pd.Series(asdict(self))


def indicators_per_window(windows: NDArray[np.floating]) -> dict[str, NDArray[np.float64]]:
    """RMS, peak, crest factor and kurtosis of windows of shape (n, size), each of shape (n,).

    The mean of each window is taken off first: a sensor's DC offset is not vibration. A constant window has
    crest factor 0 and kurtosis 0.
    """
    centred = np.asarray(windows, dtype=np.float64)
    centred = centred - centred.mean(axis=-1, keepdims=True)
    square = centred**2
    power = square.mean(axis=-1)
    peak = np.abs(centred).max(axis=-1)
    alive = power > 0
    safe = np.where(alive, power, 1.0)
    return {
        "rms": np.sqrt(power),
        "peak": peak,
        "crest_factor": np.where(alive, peak / np.sqrt(safe), 0.0),
        "kurtosis": np.where(alive, (square**2).mean(axis=-1) / safe**2, 0.0),
    }


def indicators(signal: NDArray[np.floating]) -> Indicators:
    """The indicators of a whole signal of shape (n,), a piece at a time: its squares would take its size again."""
    signal = np.asarray(signal)
    mean, square, fourth = float(signal.mean(dtype=np.float64)), 0.0, 0.0
    peak = max(float(signal.max()) - mean, mean - float(signal.min()))
    scale = 2.0 ** np.frexp(peak)[1]  # a power of two changes no digit, and fourth powers stay within range
    for at in range(0, len(signal), _PIECE):
        centred = (np.asarray(signal[at : at + _PIECE], dtype=np.float64) - mean) / scale
        centred *= centred
        square += float(centred.sum())
        fourth += float(np.dot(centred, centred))
    power = square / len(signal)
    if not power > 0:
        return Indicators(0.0, peak, 0.0, 0.0)
    rms = float(scale * np.sqrt(power))
    return Indicators(rms, peak, peak / rms, fourth / len(signal) / power**2)


def velocity_rms(
    signal: NDArray[np.floating], sampling_rate_hz: float, band_hz: tuple[float, float], integrate: bool = True
) -> float:
    """RMS velocity within a band of an acceleration of shape (n,), in the acceleration's unit times seconds.

    Integrated in the spectrum: a Hann-windowed line of amplitude a at frequency f has the velocity a / (2 pi f). With
    `integrate` off the signal is a velocity already. The machine standards ask for 10 to 1000 Hz (ISO 20816-1:2016).
    The signal must hold at least five turns of the lowest frequency, or its lines cannot be told from drift: NaN for a
    shorter one, or one sampled too slowly.
    """
    low_hz, high_hz = band_hz
    n = len(signal)
    if n < 5 * sampling_rate_hz / low_hz or sampling_rate_hz < 2.2 * high_hz:
        return float("nan")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)
    bins = np.fft.rfft((signal - np.mean(signal)) * window)
    frequency_hz = np.arange(len(bins)) * (sampling_rate_hz / n)
    inside = (frequency_hz >= low_hz) & (frequency_hz <= high_hz)
    velocity = np.abs(bins[inside]) / (2 * np.pi * frequency_hz[inside] if integrate else 1.0)
    return float(np.sqrt(2.0 * (velocity**2).sum() / (n * (window**2).sum())))
