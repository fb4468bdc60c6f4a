"""Per-window z-score: what the CNN sees. It keeps the shape of a signal and drops its level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["zscore"]


def zscore(windows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Windows of shape (..., size) with mean 0 and standard deviation 1 along the last axis, as float32.

    A constant window (a dead sensor) becomes zeros: it has no shape to keep, and a division would make one up.
    """
    windows = np.asarray(windows, dtype=np.float64)
    level = np.abs(windows).max(axis=-1, keepdims=True, initial=0.0)
    relative = windows / np.where(level > 0, level, 1.0)  # a square of 1e200 would overflow
    centred = relative - relative.mean(axis=-1, keepdims=True)
    deviation = np.sqrt(np.mean(centred**2, axis=-1, keepdims=True))
    # Rounding leaves a constant window a spread of about 1e-16 of its level: noise, not signal.
    flat = deviation <= 1e-9
    return np.where(flat, 0.0, centred / np.where(flat, 1.0, deviation)).astype(np.float32)
