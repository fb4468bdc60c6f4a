"""`diagnose(recording, bearing) -> Diagnosis`: the one sentence of the whole program.

Every door (page, REST, command line) shows this object and computes nothing of its own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bearing.errors import MissingRate, SignalError
from bearing.indicators import Indicators, indicators
from bearing.kinematics import FaultOrders
from bearing.paths import WEIGHTS_DIR
from bearing.predictor import Predictor, load_predictor
from bearing.recording import FloatArray, Recording, check_signal
from bearing.windows import cut_windows, resample, window_starts

__all__ = ["Bearing", "Diagnosis", "Opinion", "WindowVerdicts", "diagnose"]

MIN_SAMPLES = 2048


@dataclass(frozen=True)
class Bearing:
    """A bearing as the user named it, with its fault orders."""

    name: str
    orders: FaultOrders


@dataclass(frozen=True)
class Opinion:
    """What one way of looking says: `verdict` is None when it could not form an opinion (`note` says why)."""

    name: str  # "cnn" | "order_cnn" | "envelope"
    title: str
    verdict: str | None
    confidence: float | None
    probabilities: dict[str, float]
    in_domain: bool
    note: str


@dataclass(frozen=True)
class WindowVerdicts:
    """The CNN's verdict on each window of 2048 samples at 12 kHz.

    start_s : shape (n,), probabilities : shape (n, 4) in the order of `classes`.
    """

    classes: tuple[str, ...]
    start_s: FloatArray
    duration_s: float
    probabilities: NDArray[np.float32]

    @property
    def verdicts(self) -> list[str]:
        return [self.classes[i] for i in self.probabilities.argmax(axis=1)]

    def share_of(self, verdict: str) -> float:
        """The share of windows that say `verdict`."""
        return self.verdicts.count(verdict) / max(len(self.start_s), 1)


@dataclass(frozen=True)
class Diagnosis:
    """Verdict, confidence and reason of one channel, with all that led there."""

    file: str
    channel: str
    sampling_rate_hz: float
    rate_source: str
    duration_s: float
    shaft_rpm: float | None
    rpm_source: str
    bearing: Bearing | None
    verdict: str  # normal | inner | outer | ball | uncertain
    confidence: float
    reason: str
    opinions: dict[str, Opinion]
    warnings: tuple[str, ...]
    indicators: Indicators
    windows: WindowVerdicts
    model: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: plain values only, per-window probabilities left out."""
        content = asdict(self)
        content["windows"] = {
            "count": len(self.windows.start_s),
            "share": {name: round(self.windows.share_of(name), 4) for name in self.windows.classes},
        }
        return content


def diagnose(recording: Recording, bearing: Bearing | None = None, weights: Path = WEIGHTS_DIR) -> Diagnosis:
    """Weigh what the CNN and the physics say of one channel.

    Raises
    ------
    MissingRate
        The recording has no sampling rate.
    SignalError
        Too short, empty or not finite.
    """
    if recording.sampling_rate_hz is None:
        raise MissingRate(
            f"The sampling rate of {recording.source or 'this recording'} is not in the file: give it (--rate, in Hz)."
        )
    signal = check_signal(recording.samples, MIN_SAMPLES)
    predictor = load_predictor(weights)
    windows = window_verdicts(signal, recording.sampling_rate_hz, predictor)
    cnn = cnn_opinion(windows, predictor)
    assert cnn.verdict is not None
    assert cnn.confidence is not None
    return Diagnosis(
        file=recording.source,
        channel=recording.channel,
        sampling_rate_hz=recording.sampling_rate_hz,
        rate_source=recording.rate_source,
        duration_s=len(signal) / recording.sampling_rate_hz,
        shaft_rpm=recording.shaft_rpm,
        rpm_source=recording.rpm_source,
        bearing=bearing,
        verdict=cnn.verdict,
        confidence=cnn.confidence,
        reason=cnn.note,
        opinions={"cnn": cnn},
        warnings=recording.notes,
        indicators=indicators(signal),
        windows=windows,
        model={"name": predictor.card["name"], "version": predictor.card["version"], "sha256": predictor.sha256},
    )


def window_verdicts(signal: FloatArray, sampling_rate_hz: float, predictor: Predictor) -> WindowVerdicts:
    """The CNN's answer on each window of the signal, brought to the network's rate."""
    rate = predictor.sampling_rate_hz
    at_rate = resample(signal, sampling_rate_hz, rate)
    if len(at_rate) < predictor.window:
        raise SignalError(
            f"The CNN needs {predictor.window / rate:.2f} s of signal, this one lasts "
            f"{len(signal) / sampling_rate_hz:.2f} s: record for longer."
        )
    starts = window_starts(len(at_rate), predictor.window, predictor.window)
    probabilities = predictor.probabilities(cut_windows(at_rate, predictor.window, predictor.window))
    return WindowVerdicts(predictor.classes, starts / rate, predictor.window / rate, probabilities)


def cnn_opinion(windows: WindowVerdicts, predictor: Predictor) -> Opinion:
    """The mean probability over all windows decides."""
    mean = windows.probabilities.mean(axis=0)
    verdict = windows.classes[int(mean.argmax())]
    share = windows.share_of(verdict)
    return Opinion(
        name="cnn",
        title="Waveform CNN",
        verdict=verdict,
        confidence=float(mean.max()),
        probabilities={name: float(p) for name, p in zip(windows.classes, mean, strict=True)},
        in_domain=True,
        note=f"{share:.0%} of {len(windows.start_s)} windows look like {verdict} to the network",
    )
