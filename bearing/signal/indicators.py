"""Condition indicators of a signal or of each of its windows (ISO 13373-1 names; arrays only)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Indicators", "indicators", "indicators_per_window"]


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
    """The indicators of a whole signal of shape (n,)."""
    values = indicators_per_window(np.asarray(signal)[np.newaxis])
    return Indicators(**{name: float(value[0]) for name, value in values.items()})
