"""What each figure shows in a sentence: the text for whoever hears a page instead of seeing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bearing.signal.spectrum import Spectrogram
from bearing.states import STATES

if TYPE_CHECKING:
    from bearing.results.metrics import Epoch
    from bearing.results.verdict import Honesty

__all__ = [
    "confusion_words",
    "counts_words",
    "coverage_words",
    "curves_words",
    "kernels_words",
    "reliability_words",
    "spectrogram_words",
    "spectrum_words",
    "waveform_words",
]

Array = NDArray[np.floating]


def waveform_words(channel: str, time_s: Array, samples: Array, unit: str) -> str:
    """How long and how high a signal is; shape (n,) each."""
    if not len(samples):
        return f"Signal of {channel}: empty."
    return (
        f"Signal of {channel} over {float(time_s[-1] - time_s[0]):.3g} s, "
        f"between {float(np.min(samples)):.3g} and {float(np.max(samples)):.3g} {unit}".rstrip()
    )


def spectrum_words(frequency_hz: Array, level: Array) -> str:
    """Where an amplitude spectrum stands highest; shape (n,) each."""
    span = f"Amplitude spectrum from {float(frequency_hz[0]):.0f} to {float(frequency_hz[-1]):.0f} Hz"
    return f"{span}, highest at {float(frequency_hz[int(np.argmax(level))]):,.1f} Hz"


def spectrogram_words(shown: Spectrogram, across: str = "s", up: str = "Hz", name: str = "Spectrogram") -> str:
    """Where a map of level is loudest on the whole, and how much that changes over time."""
    power = 10 ** (np.asarray(shown.level_db, dtype=np.float64) / 10)
    loudest = float(shown.frequency_hz[int(np.argmax(power.mean(axis=1)))])
    whole_db = 10 * np.log10(np.maximum(power.sum(axis=0), 1e-30))
    swing = float(np.quantile(whole_db, 0.95) - np.quantile(whole_db, 0.05))
    end = float(shown.time_s[-1])
    return f"{name} over {end:.3g} {across}: loudest at {loudest:,.4g} {up}; the level varies by {swing:.0f} dB"


def confusion_words(matrix: NDArray[np.int64], classes: Sequence[str], answers: Sequence[str] = ()) -> str:
    """How many answers are right and which mistake is the most frequent; shape (n, m), rows truth."""
    answers = answers or classes
    right = sum(int(matrix[i, answers.index(name)]) for i, name in enumerate(classes) if name in answers)
    wrong = np.array(matrix, dtype=np.int64)
    for i, name in enumerate(classes):
        if name in answers:
            wrong[i, answers.index(name)] = 0
    said = f"Confusion matrix: {right:,} of {int(np.sum(matrix)):,} right"
    if not wrong.any():
        return said
    row, column = (int(at) for at in np.unravel_index(int(np.argmax(wrong)), wrong.shape))
    truth, answer = STATES[classes[row]].title.lower(), STATES[answers[column]].title.lower()
    return f"{said}; most often otherwise: {truth} called {answer}, {int(wrong[row, column]):,} times"


def counts_words(rows: Sequence[tuple[str, Mapping[str, int]]]) -> str:
    """``name: 44 right, 15 uncertain, 1 wrong; ...``"""
    told = (f"{name}: " + ", ".join(f"{n} {what}" for what, n in counts.items() if n) for name, counts in rows)
    return "; ".join(told).replace("<b>", "").replace("</b>", "")


def reliability_words(honesty: Honesty) -> str:
    """How far confidence and truth lie apart."""
    bins = honesty.reliability
    surest = f"; the surest answers, {bins[-1].confidence:.0%} sure, were right {bins[-1].right:.0%}" if bins else ""
    return f"Reliability diagram, calibration error {honesty.ece:.3f}{surest}"


def coverage_words(honesty: Honesty) -> str:
    """How right the surest half is, and all."""
    curve = honesty.coverage
    if not curve:
        return "Accuracy against coverage: no answers"
    half = min(curve, key=lambda point: abs(point[0] - 0.5))
    return f"Accuracy against coverage: the surest {half[0]:.0%} are {half[1]:.0%} right, all {curve[-1][1]:.0%}"


def curves_words(epochs: Sequence[Epoch], of: str, held_out: float | None = None) -> str:
    """Where the learning curves end."""
    if not epochs:
        return f"Learning curves of {of}, before the first epoch has ended"
    last = epochs[-1]
    told = f"Learning curves of {of} over {len(epochs)} epochs: validation accuracy {last.validation_accuracy:.0%}"
    return told if held_out is None else f"{told}, held out {held_out:.0%}"


def kernels_words(kernels: Array, rate_hz: float) -> str:
    """The frequency each learned filter lets through best; shape (n, k)."""
    passed = np.abs(np.fft.rfft(kernels, 1024, axis=1))
    at_khz = np.sort(np.argmax(passed, axis=1)) * rate_hz / 1024 / 1000
    return f"The {len(kernels)} learned filters pass best " + ", ".join(f"{khz:.1f}" for khz in at_khz) + " kHz"
