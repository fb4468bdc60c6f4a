"""What each way of looking says of a recording: the waveform CNN, the order network, the envelope rule."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bearing.predictor import Predictor
from bearing.recording import FloatArray
from bearing.style import state
from bearing.windows import cut_windows, resample, window_starts

__all__ = ["Opinion", "WindowVerdicts", "cnn_opinion", "no_opinion", "window_verdicts"]

FAMILIAR_SHARE = 0.75  # of windows; 95 % of the CNN's own hold-out windows are familiar to it
TITLES = {"cnn": "Waveform CNN", "order_cnn": "Order network", "envelope": "Envelope rule"}


@dataclass(frozen=True)
class Opinion:
    """What one way of looking says: `verdict` is None when it could not form an opinion (`note` says why).

    `in_domain` is False where the recording is unlike what that way of looking was made from.
    """

    name: str  # "cnn" | "order_cnn" | "envelope"
    title: str
    verdict: str | None
    confidence: float | None
    probabilities: dict[str, float]
    in_domain: bool
    note: str


@dataclass(frozen=True)
class WindowVerdicts:
    """The CNN's verdict on each window of 2048 samples at 12 kHz; no windows where the recording is too short.

    start_s : shape (n,), probabilities : shape (n, 4) in the order of `classes`, familiar : shape (n,), whether the
    window looks like anything in the network's training.
    """

    classes: tuple[str, ...]
    start_s: FloatArray
    duration_s: float
    probabilities: NDArray[np.float32]
    familiar: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))

    @property
    def verdicts(self) -> list[str]:
        return [self.classes[i] for i in self.probabilities.argmax(axis=1)]

    def share_of(self, verdict: str) -> float:
        """The share of windows that say `verdict`."""
        return self.verdicts.count(verdict) / max(len(self.start_s), 1)


def no_opinion(name: str, why: str) -> Opinion:
    """An opinion that could not be formed."""
    return Opinion(name, TITLES[name], None, None, {}, False, why)


def opinion_of(name: str, probabilities: dict[str, float], in_domain: bool, note: str) -> Opinion:
    """An opinion whose verdict is the most likely class."""
    verdict = max(probabilities, key=lambda key: probabilities[key])
    return Opinion(name, TITLES[name], verdict, probabilities[verdict], probabilities, in_domain, note)


def window_verdicts(signal: FloatArray, sampling_rate_hz: float, predictor: Predictor) -> WindowVerdicts:
    """The CNN's answer on each whole window of a finite signal, brought to the network's rate."""
    rate, size = predictor.sampling_rate_hz, predictor.window
    at_rate = resample(signal, sampling_rate_hz, rate)
    starts = window_starts(len(at_rate), size, size)
    windows = cut_windows(at_rate, size, size) if len(starts) else np.zeros((0, size))
    probabilities, familiar = predictor.judge(windows)
    return WindowVerdicts(predictor.classes, starts / rate, size / rate, probabilities, familiar)


def cnn_opinion(windows: WindowVerdicts, sampling_rate_hz: float, network_rate_hz: float) -> Opinion:
    """The mean probability over all windows decides; unfamiliar windows put the recording outside its domain."""
    if not len(windows.start_s):
        return no_opinion("cnn", f"Needs {windows.duration_s:.2f} s of signal for one window.")
    mean = windows.probabilities.mean(axis=0)
    probabilities = {name: float(p) for name, p in zip(windows.classes, mean, strict=True)}
    verdict = windows.classes[int(mean.argmax())]
    familiar = float(windows.familiar.mean())
    note = f"{windows.share_of(verdict):.0%} of {len(windows.start_s)} windows: {state(verdict).title.lower()}."
    if sampling_rate_hz < network_rate_hz:
        note += f" Sampled below the {network_rate_hz / 1000:g} kHz it was trained at."
    elif familiar < FAMILIAR_SHARE:
        note += f" Only {familiar:.0%} of them look like the one test rig it was trained on."
    in_domain = familiar >= FAMILIAR_SHARE and sampling_rate_hz >= network_rate_hz
    return opinion_of("cnn", probabilities, in_domain, note)
