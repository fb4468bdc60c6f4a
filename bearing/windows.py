"""Cutting a signal into windows, and changing its sampling rate: arrays in, arrays out."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bearing.errors import ParameterError, SignalError
from bearing.recording import FloatArray, check_rate_hz

__all__ = ["cut_windows", "resample", "window_starts"]

WINDOW = 2048
HOP = 2048
NETWORK_RATE_HZ = 12_000.0


def window_starts(n_samples: int, size: int = WINDOW, hop: int = HOP) -> NDArray[np.int64]:
    """Start samples of every whole window, shape (n_windows,); the tail that fills no window is left out.

    Raises ParameterError when size or hop is not positive.
    """
    if size < 1 or hop < 1:
        raise ParameterError(f"Window and hop are positive numbers of samples, got size={size}, hop={hop}.")
    return np.arange(0, max(n_samples - size + 1, 0), hop, dtype=np.int64)


def cut_windows(signal: FloatArray, size: int = WINDOW, hop: int = HOP) -> FloatArray:
    """Windows of a signal of shape (n,) as an array of shape (n_windows, size).

    Raises
    ------
    SignalError
        When the signal is shorter than one window.
    """
    starts = window_starts(len(signal), size, hop)
    if not len(starts):
        raise SignalError(f"A window takes {size} samples, the signal has {len(signal)}: record for longer.")
    return np.lib.stride_tricks.sliding_window_view(signal, size)[starts]


def resample(signal: FloatArray, from_hz: float, to_hz: float) -> FloatArray:
    """Change the sampling rate of a signal of shape (n,), with an anti-alias filter (polyphase FIR, Kaiser 5).

    The ratio is met within 1e-6. Shape of the answer: (ceil(n * to / from),).
    """
    ratio = Fraction(check_rate_hz(to_hz) / check_rate_hz(from_hz)).limit_denominator(5000)
    if ratio == 1:
        return np.asarray(signal, dtype=np.float64)
    if ratio == 0:
        raise ParameterError(f"Cannot resample from {from_hz:g} Hz to {to_hz:g} Hz: the rates lie too far apart.")
    from scipy.signal import resample_poly  # late: 0.9 s that whoever reads at the network's rate does not pay

    return np.asarray(resample_poly(signal, ratio.numerator, ratio.denominator))
