"""What is wrong with a recording by what is said of it: length, gaps, rate, speed and bearing."""

from __future__ import annotations

import math

import numpy as np

from bearing.physics.kinematics import FaultOrders, rpm_to_hz
from bearing.recording import FloatArray, Recording
from bearing.verdict.doctor.finding import Finding

__all__ = ["MIN_SAMPLES", "stated_checks"]

MIN_SAMPLES = 2_048
# Strong faults, read at too high a rate: 16 of 60 are "normal" in 5.5 turns, 4 of 40 in 7, none of 80 in 10 to 20.
FEWEST_TURNS_SOUND = 10.0
MIN_TURNS = 5.0
SLOWEST_RPM = 350.0  # below, simulated inner race faults of the size of the noise pass for sound; from there on, none
LIKELY_HZ = 120.0  # a slower "rpm" may be in Hz
MOST_LOST = 0.02
LEAST_FILLED_DEG = 165.0  # the emptiest bearing of the catalogue fills 174


def stated_checks(recording: Recording, orders: FaultOrders | None, stretch: slice) -> list[Finding | None]:
    """Of a recording of which only `stretch` is numbers in a row; `orders` are the bearing's lines."""
    usable = stretch.stop - stretch.start
    return [
        _not_finite(recording.samples, stretch),
        _short(recording, usable),
        _rate(recording, orders),
        _speed_unknown(recording),
        _slow(recording),
        _lost(recording),
        _crowd(orders),
        *(
            Finding("doubtful", "warning", f"{doubt[0].upper()}{doubt[1:]}.", vetoes_normal=True)
            for doubt in recording.doubts
        ),
    ]


def _not_finite(samples: FloatArray, stretch: slice) -> Finding | None:
    bad = int(samples.size - np.count_nonzero(np.isfinite(samples)))
    if not bad:
        return None
    left = stretch.stop - stretch.start
    severity = "warning" if left >= MIN_SAMPLES and left >= 0.2 * samples.size else "severe"
    return Finding(
        "gaps",
        severity,
        f"{bad:,} of {samples.size:,} samples are gaps (no finite number); "
        f"only the longest stretch between them, {left:,} samples, can be analysed.",
    )


def _short(recording: Recording, usable: int) -> Finding | None:
    if usable < MIN_SAMPLES:
        return Finding(
            "short",
            "severe",
            f"Only {usable:,} usable samples, at least {MIN_SAMPLES:,} are needed: record for longer.",
        )
    if recording.sampling_rate_hz is None or recording.shaft_rpm is None:
        return None
    turns = usable / recording.sampling_rate_hz * rpm_to_hz(recording.shaft_rpm)
    if turns < MIN_TURNS:
        return Finding(
            "short", "severe", f"The recording spans {turns:.1f} turns of the shaft, at least {MIN_TURNS:g} are needed."
        )
    if turns < FEWEST_TURNS_SOUND:
        return Finding(
            "short",
            "warning",
            f"The recording spans only {turns:.0f} turns of the shaft: in fewer than {FEWEST_TURNS_SOUND:g} a wrong "
            "entry leaves no trace, so no bearing can be called sound. Record for longer.",
            vetoes_normal=True,
        )
    if turns < 4 * MIN_TURNS:
        return Finding(
            "short", "note", f"The recording spans only {turns:.0f} turns of the shaft; longer ones are surer."
        )
    return None


def _rate(recording: Recording, orders: FaultOrders | None) -> Finding | None:
    """Envelope analysis demodulates resonances of 1-10 kHz (Randall & Antoni 2011, section 5): they must be inside."""
    rate_hz = recording.sampling_rate_hz
    if rate_hz is None:
        return Finding(
            "rate", "severe", "The file does not say its sampling rate: give it, nothing can be told without."
        )
    if orders is not None and recording.shaft_rpm is not None:
        line_hz = max(orders.families.values()) * rpm_to_hz(recording.shaft_rpm)
        if rate_hz < 2.56 * 2 * line_hz:
            return Finding(
                "rate",
                "severe",
                f"Sampled at {rate_hz:,.6g} Hz, too slow for this bearing: its highest fault line lies at "
                f"{line_hz:,.0f} Hz, its harmonics above; sample at {2.56 * 4 * line_hz:,.0f} Hz or more."
                f"{_in_khz(rate_hz)}",
            )
    if rate_hz < 2_000:
        return Finding(
            "rate",
            "severe",
            f"Sampled at {rate_hz:,.6g} Hz, too slow for bearing diagnosis: faults ring at 1-10 kHz; "
            f"sample at 10 kHz or more.{_in_khz(rate_hz)}",
        )
    if rate_hz < 5_000:
        return Finding(
            "rate",
            "warning",
            f"Sampled at {rate_hz:,.6g} Hz, which leaves few resonances to listen to; sample at 10 kHz or more.",
        )
    return None


def _in_khz(rate_hz: float) -> str:
    return f" If {rate_hz:g} kHz was meant, give {1000 * rate_hz:,.0f} Hz." if rate_hz < 1_000 else ""


def _speed_unknown(recording: Recording) -> Finding | None:
    if recording.shaft_rpm is not None:
        return None
    return Finding("speed unknown", "note", "The file does not say the shaft speed: give it for a surer verdict.")


def _slow(recording: Recording) -> Finding | None:
    """Impacts of a slow shaft are weak and few (see SLOWEST_RPM)."""
    rpm = recording.shaft_rpm
    if rpm is None or rpm >= SLOWEST_RPM:
        return None
    in_hz = f" If {rpm:.5g} Hz (revolutions per second) was meant, give {60 * rpm:.0f} rpm." if rpm < LIKELY_HZ else ""
    return Finding(
        "slow shaft",
        "warning",
        f"At {rpm:.5g} rpm no bearing can be called sound: below {SLOWEST_RPM:g} rpm the blows of an inner race are "
        f"too few and too weak to be sure of.{in_hz}",
        vetoes_normal=True,
    )


def _lost(recording: Recording) -> Finding | None:
    """Samples that the reader had to bridge: where the clock has holes, a rhythm loses its beat."""
    share = recording.lost_share
    if share <= MOST_LOST:
        return None
    return Finding(
        "lost samples",
        "warning",
        f"{100 * share:.2g} % of the samples were lost on the way: lines smear, and a sound bearing cannot be told.",
        vetoes_normal=True,
    )


def _crowd(orders: FaultOrders | None) -> Finding | None:
    """Elements that fill too little of their circle: the outside diameter was typed for the pitch diameter."""
    if orders is None:
        return None
    filled = (orders.bpfo + orders.bpfi) * 2 * math.degrees(math.asin(min(abs(1 - 2 * orders.ftf), 1.0)))
    if filled >= LEAST_FILLED_DEG:
        return None
    return Finding(
        "geometry",
        "warning",
        f"The rolling elements would fill only {filled:.0f} of 360 degrees, no bearing is so empty: is D the outside "
        "diameter? Give the pitch diameter, about (bore + outside diameter) / 2.",
        vetoes_normal=True,
    )
