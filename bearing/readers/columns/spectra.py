"""Spectra in files: recognised before anybody asks for a sampling rate, so that none is judged as a time signal."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from bearing.readers.columns.samples import look_of
from bearing.readers.names import word_set, words_of
from bearing.recording import FloatArray

__all__ = ["is_complex_pair", "is_frequency_axis", "is_spectral_name", "is_unnamed_spectrum"]

_AXIS_WORDS = word_set(
    "frequency frequencies freq freqs frequenz frequenzen fréquence frequence frequences frecuencia frecuencias "
    "frequenza frequência frekvens hz khz cpm cpms order orders ordnung ordnungen ordre ordres orden ordenes bin bins "
    "lag lags quefrency частота 周波数 częstotliwość frekans"
)
_REAL, _IMAGINARY = word_set("real re reell réel reel"), word_set("imaginary imag im imaginär imaginaire imaginario")
_AXIS_UNITS = word_set("hz khz mhz cpm kcpm order orders ord xn x")
_SPECTRAL = re.compile(
    r"\b(?:fft|dft|psd|asd|autocorr\w*|cepstr\w*|coherence|spectr\w*|spektr\w*|espectr\w*|leistungsdichte"
    r"|power density|re\(\w*\)|im\(\w*\))|频谱|频率",
    re.I,
)


def is_frequency_axis(name: str, unit: str, values: FloatArray) -> bool:
    """Whether a column is the axis of a spectrum: called a frequency or an order, and rising throughout."""
    called = unit.strip().lower() in _AXIS_UNITS or bool(_AXIS_WORDS.intersection(words_of(name)))
    called = called or name.strip() in ("f", "F", "频率", "频率")
    x = values[np.isfinite(values)] if called else values[:0]
    if x.size < 3:
        return False
    steps = np.diff(x)
    two_sided = abs(float(x[0] + x[-1])) <= 2 * float(steps[0])
    return (float(x[0]) >= 0 or two_sided) and bool((steps > 0).all())


def is_spectral_name(name: str) -> bool:
    """Whether a column's own name says that it is a spectrum (``FFT``, ``PSD``, ``Spektrum``)."""
    return bool(_SPECTRAL.search(name.replace("_", " ")))


def is_complex_pair(names: Sequence[str]) -> bool:
    """Whether columns called real and imaginary stand side by side: a transform, whatever it is called."""
    words = {word for name in names for word in words_of(name)}
    return bool(words & _REAL and words & _IMAGINARY)


def is_unnamed_spectrum(axis: FloatArray, beside: list[FloatArray], slowest_hz: float) -> bool:
    """Whether a nameless even ramp with one-sided columns beside it is a spectrum and its axis.

    Only a ramp that starts at zero and is too slow to be a clock in seconds (fewer rows a second than `slowest_hz`) is
    taken for one, a mere count of the rows only beside lines far over their floor.
    """
    x = axis[np.isfinite(axis)]
    if x.size < 3 or not beside:
        return False
    step = float(np.median(np.diff(x)))
    if not step > 0 or abs(float(x[0])) > step or 1.0 / step > slowest_hz:
        return False
    if abs(step - 1.0) < 1e-9 and not any(_peaked(values) or _uneven(values) for values in beside):
        return False
    return all(_one_sided(values) for values in beside)


def _peaked(values: FloatArray) -> bool:
    """Lines far over their floor, as no envelope has them: a row's number is then a line of the spectrum."""
    x = np.abs(values[np.isfinite(values)])
    return bool(x.size and x.max() > 30 * np.median(x) > 0)


def _uneven(values: FloatArray) -> bool:
    """Whether the usual height changes along the column as that of a spectrum does at its resonances, no envelope's.

    Medians of 32 pieces: those of envelopes of simulated machines differ by up to 1.3, of spectra by 3.3 and more.
    """
    x = values[np.isfinite(values)]
    if x.size < 32 * 16:
        return False
    middles = np.median(x[: x.size // 32 * 32].reshape(32, -1), axis=1)
    low, high = float(middles.min()), float(middles.max())
    return high > 2.2 * low if x.min() >= 0 else high - low > x.std()


def _one_sided(values: FloatArray) -> bool:
    """Amplitudes, or levels in dB below the reference; never a vibration about a constant part."""
    x = values[np.isfinite(values)]
    if not x.size:
        return False
    return look_of(values) == "one-sided" or bool(x.max() < 0 and x.std() > 0.05 * abs(x.mean()))
