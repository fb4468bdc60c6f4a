"""Cutting a signal into windows, and changing its sampling rate: arrays in, arrays out."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from bearing.errors import ParameterError, SignalError
from bearing.recording import FloatArray, check_rate_hz

__all__ = ["cut_windows", "resample", "window_starts"]

WINDOW = 2048
HOP = 2048
NETWORK_RATE_HZ = 12_000.0
TAPER_FROM = 0.95  # of the lower Nyquist frequency
EDGE_BLOCKS = 64


def window_starts(n_samples: int, size: int = WINDOW, hop: int = HOP) -> NDArray[np.int64]:
    """Start samples of every whole window, shape (n_windows,); the tail that fills no window is left out.

    Raises ParameterError when size or hop is not positive.
    """
    if size < 1 or hop < 1:
        raise ParameterError(f"Window and hop are positive numbers of samples, got size={size}, hop={hop}.")
    return np.arange(0, max(n_samples - size + 1, 0), hop, dtype=np.int64)


def cut_windows(signal: FloatArray, size: int = WINDOW, hop: int = HOP) -> FloatArray:
    """Windows of a signal of shape (n,) as an array of shape (n_windows, size): a view, not to be written to.

    Raises
    ------
    SignalError
        When the signal is shorter than one window.
    """
    if not len(window_starts(len(signal), size, hop)):
        raise SignalError(f"A window takes {size} samples, the signal has {len(signal)}: record for longer.")
    return np.lib.stride_tricks.sliding_window_view(signal, size)[::hop]


def resample(signal: FloatArray, from_hz: float, to_hz: float) -> FloatArray:
    """Change the sampling rate of a signal of shape (n,) in its spectrum; shape of the answer: (ceil(n * to / from),).

    What lies above the lower Nyquist frequency is removed, with a cosine taper over the last 5 % below it. The ratio of
    the rates is met within 1e-6. SciPy's polyphase filter would do as well, but brings 50 MB of `scipy.signal` along.

    Raises ParameterError for implausible rates, or ones that lie too far apart.
    """
    ratio = Fraction(check_rate_hz(to_hz) / check_rate_hz(from_hz)).limit_denominator(5000)
    if ratio == 1:
        return np.asarray(signal, dtype=np.float64)
    if ratio == 0:
        raise ParameterError(f"Cannot resample from {from_hz:g} Hz to {to_hz:g} Hz: the rates lie too far apart.")
    blocks = fft.next_fast_len(-(-len(signal) // ratio.denominator) + EDGE_BLOCKS)
    before, after = blocks * ratio.denominator, blocks * ratio.numerator  # zeros behind, or the end meets the start
    spectrum = fft.rfft(np.asarray(signal, dtype=np.float64), before)[: min(before, after) // 2 + 1]
    position = np.linspace(0.0, 1.0, len(spectrum))
    spectrum *= 0.5 + 0.5 * np.cos(np.pi * np.clip((position - TAPER_FROM) / (1 - TAPER_FROM), 0, 1))
    length = -(-len(signal) * ratio.numerator // ratio.denominator)
    return fft.irfft(spectrum, after)[:length] * (after / before)
