"""How the shaft turned while it was recorded; where it did not hold its speed, the signal as if it had.

The sources of a speed over time, best first: a tacho of the file, its speed column, the signal itself
(`physics.shaft.order_tracking`). The waveform network, indicators and the doctor look at the signal as it was recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import fft  # and not `scipy.signal`: half a second of import

from bearing.errors import ParameterError, SignalError
from bearing.physics.kinematics import FaultOrders, rpm_to_hz
from bearing.physics.shaft.combs import SpeedSpectra, speed_spectra
from bearing.physics.shaft.order_tracking import (
    STANDS,
    SpeedSource,
    Steadied,
    holds_speed,
    holds_stated,
    refined,
    stand_of,
    steady,
)
from bearing.recording import FloatArray, Recording
from bearing.verdict.words.sentences import speed_source_words

__all__ = ["SpeedOverTime", "Turning", "still_of", "turning_of"]

MIN_TURNS = 10.0  # fewer hold no speed that could be told to move
SURE_TACHO = 0.7  # confidence in a tacho's reading from which it is believed
MOVES = 0.01  # of the speed: what a signal whose own comb stands sharp cannot have gone through
FALLS = 0.22  # nepers by which a comb that falls tells that the signal was resampled by another shaft's speed
SHOWS = 1.0  # nepers: a comb as high shows the speed that was told (true ones 2.3 or more, another shaft's up to 0.2)


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

    `moved` is None where the shaft held its speed: `signal` is then the very array given. `contradicted` : a tacho or
    a column told of a moving speed, and the signal holds one. `shown` : the signal shows the speed that was followed.
    """

    signal: FloatArray
    rate_hz: float
    rpm: float | None
    source: str
    confidence: float
    moved: SpeedOverTime | None = None
    contradicted: bool = False
    shown: bool = True


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
    still, contradicted = _steadied(recording, stretch, signal, rate_hz, orders, spectra)
    if contradicted and not holds_stated(spectra, stated, orders):  # the number was read off that other shaft, too
        as_it_is, stated = Turning(signal, rate_hz, None, "", 0.0), None
    if still is None or not still.resampled:
        return replace(as_it_is, contradicted=contradicted)
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
        contradicted,
        shown=_shown(still, orders),
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
) -> tuple[Steadied | None, bool]:
    """By the best source that can be read, None where the signal is too short or odd for any; and whether one was
    passed over because the signal contradicts it."""
    rpm, contradicted = recording.shaft_rpm, False
    for still in _told(recording, stretch, signal, rate_hz, orders):
        if not _contradicted(still, spectra, rpm, orders):
            by_hand = recording.speed_by_hand and still.source is SpeedSource.COLUMN
            return refined(still, orders) if by_hand else still, contradicted
        contradicted = True
    try:
        return steady(signal, rate_hz, rpm, orders=orders, spectra=spectra), contradicted
    except (ParameterError, SignalError):
        return None, contradicted


def _told(
    recording: Recording, stretch: slice, signal: FloatArray, rate_hz: float, orders: FaultOrders | None
) -> Iterator[Steadied]:
    """The signal made still by what the file says of the speed, the best first."""
    rpm = recording.shaft_rpm
    if recording.tacho is not None:
        tacho, per_turn = recording.tacho[stretch], recording.pulses_per_turn
        with suppress(ParameterError, SignalError):  # no tacho after all, or too short
            still = steady(signal, rate_hz, rpm, tacho=tacho, pulses_per_turn=per_turn, orders=orders)
            if still.confidence >= SURE_TACHO:
                yield still
    if recording.speed_rpm is not None and np.isfinite(recording.speed_rpm[stretch]).any():
        with suppress(ParameterError, SignalError):  # stands still, or never was a speed
            yield steady(signal, rate_hz, rpm, speed_rpm=recording.speed_rpm[stretch], orders=orders)


def _contradicted(still: Steadied, spectra: SpeedSpectra, rpm: float | None, orders: FaultOrders | None) -> bool:
    """Whether a tacho or a column tells of a speed that moves, and the signal holds one: it is of another shaft.

    Resampled by it every line would be smeared, and a plain fault would look sound.
    """
    if not still.resampled or still.spread < MOVES:
        return False
    return holds_speed(spectra, rpm, orders) or _comb(still, orders) < stand_of(spectra, rpm, orders).height - FALLS


def _shown(still: Steadied, orders: FaultOrders | None) -> bool:
    """Whether the signal, made still, shows the speed that was told, or that it told itself."""
    if still.source is SpeedSource.SIGNAL:
        return still.stands >= STANDS
    if still.source is SpeedSource.HAND:
        return still.confidence >= STANDS
    return _comb(still, orders) >= SHOWS


def _comb(still: Steadied, orders: FaultOrders | None) -> float:
    """How high the shaft's comb stands in a signal made still, in nepers."""
    return stand_of(speed_spectra(still.signal, still.rate_hz), still.rpm, orders).height
