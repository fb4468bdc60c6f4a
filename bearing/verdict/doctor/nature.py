"""Whether a signal is vibration at all, and of a range wide enough to hear a bearing in."""

from __future__ import annotations

import numpy as np

from bearing.readers.columns.samples import WHITE, spectral_flatness
from bearing.recording import FloatArray
from bearing.signal.nature import Nature, NoVibration, nature, occupied_hz
from bearing.verdict.doctor.finding import Finding

__all__ = ["nature_checks"]

LEAST_OCCUPIED_HZ = 2_000.0
_WHITE_SAMPLES = 2**15
# Without the lowest 6 % of its band no real channel of 378 reaches 0.47, white noise 0.97.
SLOW_BINS, WHITE_REST, MOSTLY_SLOW = 16, 0.93, 0.2


def nature_checks(signal: FloatArray, rate_hz: float) -> list[Finding | None]:
    """Whether it is vibration at all, and of how wide a range."""
    kind = nature(signal, rate_hz)
    if kind.no_vibration is not None:
        return [Finding("not vibration", "severe", _nature_sentence(kind), vetoes_normal=True)]
    return [_white(signal), _narrow(signal, rate_hz, kind)]


def _nature_sentence(kind: Nature) -> str:
    tones = ", ".join(f"{tone:.5g}" for tone in kind.tones_hz[:4])
    what = {
        NoVibration.FEW_VALUES: f"the samples take only {kind.values} different values",
        NoVibration.RAMP: "the samples only rise or only fall, as a clock, a counter or a temperature does",
        NoVibration.COUNTER: "nearly every sample differs from the last by the same step, as a counter does",
        NoVibration.TONES: f"there are a few pure tones ({tones} Hz) and nothing else, as of a generator or the mains",
        NoVibration.BYTES: "the samples are spread evenly over their range and unrelated, as random bytes are",
        NoVibration.RANGE: "the samples span more powers of ten than any sensor does: the file was misread",
    }
    assert kind.no_vibration is not None
    return f"This is not vibration: {what[kind.no_vibration]}. Choose the right channel or file."


def _white(signal: FloatArray) -> Finding | None:
    """What a converter adds to a voltage, a temperature or nothing at all: a machine colours its noise."""
    looked_at = signal[:_WHITE_SAMPLES]
    flatness = spectral_flatness(looked_at)
    if flatness <= WHITE:
        if spectral_flatness(looked_at, SLOW_BINS) > WHITE_REST and flatness < MOSTLY_SLOW:
            return Finding(
                "white",
                "warning",
                "Beside what moves slowly the signal is as white as a converter's noise: no bearing is heard in it.",
                vetoes_normal=True,
            )
        if spectral_flatness(np.diff(looked_at)) <= WHITE:
            return None
        return Finding(
            "white",
            "warning",
            "The signal wanders by steps that have nothing to do with one another, as a temperature or a drifting "
            "voltage does: no machine moves like that.",
            vetoes_normal=True,
        )
    return Finding(
        "white",
        "warning",
        f"The signal is as white as the noise of a converter (spectral flatness {flatness:.2f}, no machine recorded so "
        "far reaches 0.5): a sensor without contact, a temperature or a voltage looks like this.",
        vetoes_normal=True,
    )


def _narrow(signal: FloatArray, rate_hz: float, kind: Nature) -> Finding | None:
    """A signal recorded slowly and filled in, or cut off low: bearings ring above (Randall & Antoni 2011)."""
    top_hz = occupied_hz(signal, rate_hz)
    if not kind.filled_in and top_hz >= min(LEAST_OCCUPIED_HZ, 0.9 * rate_hz / 2):
        return None
    what = "most samples are filled in between others" if kind.filled_in else f"nothing lies above {top_hz:,.0f} Hz"
    return Finding(
        "bandwidth",
        "warning",
        f"The signal was recorded more slowly than {rate_hz:,.6g} Hz, or filtered: {what}. Bearings ring at 1-10 kHz; "
        "give the recording as the sensor took it.",
        vetoes_normal=True,
    )
