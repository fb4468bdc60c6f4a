"""Mains hum in a signal: too much of it, or at frequencies that a wrong sampling rate puts it at."""

from __future__ import annotations

from bearing.physics.kinematics import rpm_to_hz
from bearing.physics.mains import Lines, hum_share, mains_rate_factor
from bearing.recording import Recording
from bearing.verdict.doctor.finding import Finding

__all__ = ["mains_checks"]

MOST_HUM = 0.95  # share of the power from which there is nothing else to hear


def mains_checks(lines: Lines | None, recording: Recording) -> list[Finding | None]:
    """Of the narrow lines of a recording; nothing without its rate."""
    rate_hz = recording.sampling_rate_hz
    if rate_hz is None or lines is None:
        return []
    shaft_hz = rpm_to_hz(recording.shaft_rpm) if recording.shaft_rpm else None
    return [_hum(lines, shaft_hz), _suspicious_rate(lines, shaft_hz, rate_hz)]


def _hum(lines: Lines, shaft_hz: float | None) -> Finding | None:
    mains_hz, share = hum_share(lines, shaft_hz)
    if share < 0.1:
        return None
    return Finding(
        "hum",
        "warning" if share > 0.5 else "note",
        f"{100 * share:.0f} % of the power is mains hum ({mains_hz:g} Hz and harmonics): "
        "check the sensor's cable and earth.",
        vetoes_normal=share > MOST_HUM,
    )


def _suspicious_rate(lines: Lines, shaft_hz: float | None, rate_hz: float) -> Finding | None:
    factor = mains_rate_factor(lines, shaft_hz) if rate_hz >= 2_000 else None
    if factor is None:
        return None
    return Finding(
        "suspicious rate",
        "warning",
        f"The sampling rate of {rate_hz:,.6g} Hz looks wrong: mains hum falls into place only if the true rate is "
        f"another, such as {rate_hz * factor:,.6g} Hz. Check it.",
        vetoes_normal=True,
    )
