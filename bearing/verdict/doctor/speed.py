"""The stated speed against the signal: another one in its spectrum, or one that does not hold."""

from __future__ import annotations

import numpy as np

from bearing.errors import BearingError
from bearing.physics.kinematics import rpm_to_hz
from bearing.physics.shaft.combs import SpeedSpectra
from bearing.physics.shaft.speed import SpeedQuestion, WrongEntry, cross_check
from bearing.recording import FloatArray, Recording
from bearing.signal.nature import drift
from bearing.verdict.doctor.finding import Finding
from bearing.verdict.doctor.stated import MIN_SAMPLES

__all__ = ["CONTRADICTED", "speed_checks"]

MOST_DRIFT = 0.02
MOST_WANDERING = 0.05  # of a speed column, which is noisy
NOMINAL = 0.02  # stated speeds are off by as much, and nobody is told
_SPEED_SAMPLES = 2**17
_DRIFT_S, _DRIFT_SAMPLES = 12.0, 2**17  # looked at: a longer recording costs no more
_USUAL_RPM = 1500.0  # where none is known: the axis on which lines are followed is logarithmic anyway

CONTRADICTED = Finding(
    "speed contradicted",
    "warning",
    "The speed told beside the vibration moves, but the vibration's own lines hold one speed: it was not followed. "
    "Check whether it is this shaft's.",
    vetoes_normal=True,
)


def speed_checks(
    signal: FloatArray, recording: Recording, spectra: SpeedSpectra | None, stretch: slice
) -> list[Finding | None]:
    """Of a signal, shape (n,), which is the `stretch` of a recording whose speed was not followed."""
    return [_speed(signal, recording, spectra), _wandering(signal, recording, stretch)]


def _speed(signal: FloatArray, recording: Recording, spectra: SpeedSpectra | None) -> Finding | None:
    """A stated speed that the spectrum contradicts, which a wrong sampling rate looks like, too."""
    if recording.shaft_rpm is None or recording.sampling_rate_hz is None or len(signal) < MIN_SAMPLES:
        return None
    try:
        # Without the bearing's orders: a fault's own lines then cannot pose as another shaft.
        at_hand = spectra if len(signal) <= _SPEED_SAMPLES else None  # of a longer one only the beginning is judged
        rate_hz, rpm = recording.sampling_rate_hz, recording.shaft_rpm
        question = cross_check(signal[:_SPEED_SAMPLES], rate_hz, rpm, spectra=at_hand)
    except BearingError:  # too short or too odd to judge
        return None
    apart = abs((question.other_rpm or question.stated_rpm) / question.stated_rpm - 1)
    if question.wrong_entry is None and apart <= NOMINAL:
        return None
    return Finding("speed", "warning", _speed_sentence(question, recording), vetoes_normal=True)


def _wandering(signal: FloatArray, recording: Recording, stretch: slice) -> Finding | None:
    """A run-up or run-down: every line smears, and finding none says nothing."""
    rate_hz, rpm = recording.sampling_rate_hz, recording.shaft_rpm
    if rate_hz is None or len(signal) < MIN_SAMPLES:
        return None
    if recording.speed_rpm is not None and (known := recording.speed_rpm[stretch])[np.isfinite(known)].size:
        low, high = np.nanpercentile(known, (5, 95))
        share = float(high / low - 1) if low > 0 else float("inf")
        share = share if share > MOST_WANDERING else 0.0
    else:
        looked_at = signal[: min(int(_DRIFT_S * rate_hz), _DRIFT_SAMPLES)]
        share = drift(looked_at, rate_hz, rpm_to_hz(rpm or _USUAL_RPM))
    if share <= MOST_DRIFT:
        return None
    by = f" by about {100 * share:.0f} %" if share < 10 else ""
    return Finding(
        "speed varies",
        "warning",
        f"The shaft does not hold its speed: it changes{by} while this is recorded, and every "
        "line smears. Record at constant speed, or give a speed channel.",
        vetoes_normal=True,
    )


def _speed_sentence(question: SpeedQuestion, recording: Recording) -> str:
    """What does not fit between the stated speed, the sampling rate and the signal, and what was probably meant."""
    found_rpm = question.found.rpm if question.wrong_entry else question.other_rpm
    stated, found = f"{question.stated_rpm:.5g} rpm", f"{found_rpm or 0:.0f} rpm"
    rate_hz = recording.sampling_rate_hz or 0.0
    meant_rpm, meant_rate_hz = question.meant_rpm or 0.0, question.meant_rate_hz or 0.0
    return {
        None: f"The spectrum speaks for {found}, not for the given {stated}: check the speed, or the sampling rate.",
        WrongEntry.RATE_IN_KHZ: f"A sampling rate of {rate_hz:g} Hz is none for vibration: {rate_hz:g} kHz, "
        f"that is {meant_rate_hz:,.0f} Hz, was probably meant.",
        WrongEntry.RPM_IN_HZ: f"The spectrum speaks for {meant_rpm:.0f} rpm, 60 times the given {stated}: "
        f"{question.stated_rpm:.5g} Hz (revolutions per second) was probably meant.",
        WrongEntry.RPM_IN_RAD_PER_S: f"The spectrum speaks for {found}, which is {question.stated_rpm:.5g} rad/s, "
        f"not the given {stated}: give the speed in rpm.",
        WrongEntry.HZ_IN_RPM: f"The spectrum speaks for {found}, a sixtieth of the given {stated}: "
        "it was probably multiplied by 60 once too often.",
        WrongEntry.HALF_SPEED: f"The spectrum speaks for {found}, twice the given {stated}: check the speed.",
        WrongEntry.DOUBLE_SPEED: f"The spectrum speaks for {found}, half the given {stated}: check the speed.",
        WrongEntry.OTHER_RATE: f"A shaft's lines stand at {meant_rate_hz / rate_hz if rate_hz else 0:.3g} times lower "
        f"frequencies than {stated} has: was the signal sampled at {meant_rate_hz:,.0f} Hz instead of "
        f"{rate_hz:,.0f} Hz?"
        if meant_rate_hz > rate_hz
        else f"A shaft's lines stand at higher frequencies than {stated} has: was the signal sampled at "
        f"{meant_rate_hz:,.0f} Hz instead of {rate_hz:,.0f} Hz?",
        WrongEntry.OTHER_SHAFT: f"The spectrum speaks for {found}, not for the given {stated}: is that the motor's, "
        "and the bearing on a shaft driven by a belt or a gear? Check the speed, or the sampling rate.",
    }[question.wrong_entry]
