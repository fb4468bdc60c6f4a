"""How the shaft turned while it was recorded; where it did not hold its speed, the signal as if it had.

The sources of a speed over time, best first: a tacho of the file, its speed column, the signal itself
(`physics.order_tracking`). The waveform network, indicators and the doctor look at the signal as it was recorded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import fft  # and not `scipy.signal`: half a second of import

from bearing.errors import ParameterError, SignalError
from bearing.physics.combs import SpeedSpectra
from bearing.physics.kinematics import FaultOrders, rpm_to_hz
from bearing.physics.order_tracking import SpeedSource, Steadied, refined, steady
from bearing.recording import FloatArray, Recording
from bearing.verdict.words import speed_source_words

__all__ = ["SpeedOverTime", "Turning", "still_of", "turning_of"]

MIN_TURNS = 10.0  # fewer hold no speed that could be told to move
SURE_TACHO = 0.7  # confidence in a tacho's reading from which it is believed


@dataclass(frozen=True)
class SpeedOverTime:
    """A shaft that did not hold its speed: `source` is tacho, speed column or signal.

    `spread` is how far the speed moves, 5th to 95th percentile over its mean; `confidence` (0..1) that it is right
    within 1 %. `time_s`, `rpm` : shape (k,), the speed over the recording's time, for drawing.
    """

    source: str
    spread: float
    confidence: float
    time_s: FloatArray
    rpm: FloatArray

    def as_dict(self) -> dict[str, Any]:
        """For JSON: what is told of it, without the curve."""
        return {
            "source": self.source,
            "lowest_rpm": float(self.rpm.min()),
            "highest_rpm": float(self.rpm.max()),
            "spread": self.spread,
            "confidence": self.confidence,
        }


@dataclass(frozen=True)
class Turning:
    """The signal to judge, shape (n,), of a shaft that holds `rpm` (None: unknown), and where that speed comes from.

    `moved` is None where the shaft held its speed: `signal` is then the very array given.
    """

    signal: FloatArray
    rate_hz: float
    rpm: float | None
    source: str
    confidence: float
    moved: SpeedOverTime | None = None


def turning_of(
    recording: Recording,
    stretch: slice,
    signal: FloatArray,
    orders: FaultOrders | None,
    spectra: SpeedSpectra | None,
) -> Turning:
    """What turned, of a recording with its rate; `signal` is its usable `stretch`, `spectra` those of it."""
    rate_hz = recording.sampling_rate_hz
    assert rate_hz is not None
    stated = recording.shaft_rpm
    as_it_is = Turning(signal, rate_hz, stated, recording.rpm_source, 0.0 if stated is None else 1.0)
    if spectra is None or (stated is None and orders is None):
        return as_it_is  # nothing could be asked at any speed
    if stated is not None and len(signal) / rate_hz * rpm_to_hz(stated) < MIN_TURNS:
        return as_it_is
    still = _steadied(recording, stretch, signal, rate_hz, orders, spectra)
    if still is None or not still.resampled:
        return as_it_is
    first_s = stretch.start / rate_hz
    moved = SpeedOverTime(
        still.source.value, still.spread, still.confidence, still.time_s + first_s, still.rpm_over_time
    )
    followed = still.source is not SpeedSource.SIGNAL
    return Turning(
        still.signal,
        still.rate_hz,
        still.rpm,
        recording.rpm_source if followed and recording.rpm_source else speed_source_words(still.source),
        1.0 if followed or stated is not None else still.confidence,
        moved,
    )


def still_of(recording: Recording, turning: Turning) -> Recording | None:
    """The signal of a shaft made to hold its mean speed, for drawing; None where it held its speed anyway.

    Only the band that every turn fills: beyond, what the fastest turns lack would look like a modulation.
    """
    if turning.moved is None or turning.rpm is None:
        return None
    assert recording.sampling_rate_hz is not None
    common_hz = min(recording.sampling_rate_hz * turning.rpm / float(turning.moved.rpm.max()), turning.rate_hz)
    count = int(len(turning.signal) * common_hz / turning.rate_hz)
    samples = fft.irfft(fft.rfft(turning.signal)[: count // 2 + 1], count) * (count / len(turning.signal))
    rate_hz = turning.rate_hz * count / len(turning.signal)
    return replace(
        recording, samples=samples, sampling_rate_hz=rate_hz, shaft_rpm=turning.rpm, speed_rpm=None, tacho=None
    )


def _steadied(
    recording: Recording,
    stretch: slice,
    signal: FloatArray,
    rate_hz: float,
    orders: FaultOrders | None,
    spectra: SpeedSpectra,
) -> Steadied | None:
    """By the best source that can be read; None where the signal is too short or odd for any."""
    rpm = recording.shaft_rpm
    if recording.tacho is not None:
        try:
            tacho = recording.tacho[stretch]
            per_turn = recording.pulses_per_turn
            still = steady(signal, rate_hz, rpm, tacho=tacho, pulses_per_turn=per_turn, orders=orders)
            if still.confidence >= SURE_TACHO:
                return still
        except (ParameterError, SignalError):  # no tacho after all, or too short
            pass
    if recording.speed_rpm is not None and np.isfinite(recording.speed_rpm[stretch]).any():
        try:
            still = steady(signal, rate_hz, rpm, speed_rpm=recording.speed_rpm[stretch], orders=orders)
            return refined(still, orders) if recording.speed_by_hand else still
        except (ParameterError, SignalError):  # stands still, or never was a speed
            pass
    try:
        return steady(signal, rate_hz, rpm, orders=orders, spectra=spectra)
    except (ParameterError, SignalError):
        return None
