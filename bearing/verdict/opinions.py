"""What each way of looking says of a recording: the waveform CNN, the order network, the envelope rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bearing.models.waveform import Predictor
from bearing.recording import FloatArray
from bearing.signal.windows import cut_windows, resample, window_starts
from bearing.verdict.words.sentences import fault_title, whole_percent

__all__ = [
    "Opinion",
    "WindowVerdicts",
    "cnn_opinion",
    "no_opinion",
    "opinion_of",
    "window_verdicts",
]

LARGEST_UPSAMPLING = 4  # a long recording at a few Hz would grow a thousandfold
SAME_DB = 0.05  # a spectrum nearer than this to one trained on is that recording itself
TITLES = {"cnn": "Waveform CNN", "order_cnn": "Order network", "envelope": "Envelope rule"}


@dataclass(frozen=True)
class Opinion:
    """What one way of looking says: `verdict` is None when it could not form an opinion (`note` says why), its
    `confidence` then 0.

    `in_domain` is False where the recording is unlike what that way of looking was made from.
    """

    name: str  # "cnn" | "order_cnn" | "envelope"
    title: str
    verdict: str | None
    confidence: float
    probabilities: dict[str, float]
    in_domain: bool
    note: str


@dataclass(frozen=True)
class WindowVerdicts:
    """The CNN's verdict on each window of 2048 samples at 12 kHz; no windows where the recording is too short.

    start_s : shape (n,), probabilities : shape (n, 4) in the order of `classes`. distance_db : how far the recording's
    spectrum lies from the nearest one trained on; familiar : whether that is near enough to trust the network.
    """

    classes: tuple[str, ...]
    start_s: FloatArray
    duration_s: float
    probabilities: NDArray[np.float32]
    distance_db: float = float("inf")
    familiar: bool = False

    @property
    def verdicts(self) -> list[str]:
        return [self.classes[i] for i in self.probabilities.argmax(axis=1)]

    def share_of(self, verdict: str) -> float:
        """The share of windows that say `verdict`."""
        return self.verdicts.count(verdict) / max(len(self.start_s), 1)


def no_opinion(name: str, why: str) -> Opinion:
    """An opinion that could not be formed."""
    return Opinion(name, TITLES[name], None, 0.0, {}, False, why)


def opinion_of(name: str, probabilities: dict[str, float], in_domain: bool, note: str) -> Opinion:
    """An opinion whose verdict is the most likely class."""
    verdict = max(probabilities, key=lambda key: probabilities[key])
    return Opinion(name, TITLES[name], verdict, probabilities[verdict], probabilities, in_domain, note)


def window_verdicts(signal: FloatArray, sampling_rate_hz: float, predictor: Predictor) -> WindowVerdicts:
    """The CNN's answer on each whole window of a finite signal, brought to the network's rate; none where that is
    more than LARGEST_UPSAMPLING times the signal's own."""
    rate, size = predictor.sampling_rate_hz, predictor.window
    slow = sampling_rate_hz < rate / LARGEST_UPSAMPLING  # what is not in the signal cannot be brought to the rate
    at_rate = signal[:0] if slow else resample(signal, sampling_rate_hz, rate)
    starts = window_starts(len(at_rate), size, size)
    if not len(starts):
        return WindowVerdicts(
            predictor.classes, starts / rate, size / rate, np.zeros((0, len(predictor.classes)), "f4")
        )
    windows = cut_windows(at_rate, size, size)
    distance_db = predictor.distance_db(windows)
    familiar = sampling_rate_hz >= rate and distance_db <= predictor.largest_distance_db
    probabilities = predictor.probabilities(windows)
    return WindowVerdicts(predictor.classes, starts / rate, size / rate, probabilities, distance_db, familiar)


def cnn_opinion(windows: WindowVerdicts, element: str = "ball") -> Opinion:
    """The mean probability over all windows decides; a machine it has not met is outside its domain.

    element : what rolls in the bearing.
    """
    if not len(windows.start_s):
        return no_opinion("cnn", f"Needs {windows.duration_s:.2f} s of signal, sampled at 3 kHz or more.")
    mean = windows.probabilities.mean(axis=0)
    probabilities = {name: float(p) for name, p in zip(windows.classes, mean, strict=True)}
    verdict = windows.classes[int(mean.argmax())]
    many = f"{len(windows.start_s)} windows" if len(windows.start_s) > 1 else "one window"
    share = f"{whole_percent(windows.share_of(verdict))} of {many}: {fault_title(verdict, element).lower()}."
    return opinion_of("cnn", probabilities, windows.familiar, f"{share} {_acquaintance(windows)}")


def _acquaintance(windows: WindowVerdicts) -> str:
    """Whether the CNN has met this machine, in one sentence."""
    if windows.familiar and windows.distance_db < SAME_DB:
        return "It was trained on this very recording: no proof of what it makes of others."
    near = f"the spectrum differs by {windows.distance_db:.1f} dB from the nearest one it learned"
    return f"It {'knows this machine' if windows.familiar else 'was not trained on such a machine'}: {near}."
