"""The examination: every check in turn, over what was stated and over the longest stretch without a gap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bearing.physics.kinematics import FaultOrders
from bearing.physics.mains import Lines, narrow_lines
from bearing.physics.shaft.combs import SpeedSpectra
from bearing.recording import FloatArray, Recording, usable_stretch
from bearing.verdict.doctor.amplitudes import amplitude_checks, dead, overflowing
from bearing.verdict.doctor.finding import SEVERITIES, DoctorReport, Finding
from bearing.verdict.doctor.mains import mains_checks
from bearing.verdict.doctor.nature import nature_checks
from bearing.verdict.doctor.speed import CONTRADICTED, speed_checks
from bearing.verdict.doctor.stated import MIN_SAMPLES, stated_checks

__all__ = ["SignalFacts", "examine", "signal_facts"]


def examine(
    recording: Recording,
    orders: FaultOrders | None = None,
    spectra: SpeedSpectra | None = None,
    speed_followed: bool = False,
    speed_contradicted: bool = False,
    facts: SignalFacts | None = None,
) -> DoctorReport:
    """Facts and findings of one recording; never raises, whatever the samples hold.

    Parameters
    ----------
    recording : Recording
        As read, corrected by the user where the file was silent.
    orders : FaultOrders, optional
        The bearing's lines, for the check that the sampling rate reaches them.
    spectra : SpeedSpectra, optional
        `speed_spectra` of the usable stretch, where they are at hand.
    speed_followed : bool
        A moving speed was followed: it smears no line, and no single number says what it was.
    speed_contradicted : bool
        A tacho or a column tells of a moving speed, and the signal holds one: it was not followed.
    facts : SignalFacts, optional
        `signal_facts` of the usable stretch, where they are at hand.
    """
    with np.errstate(all="ignore"):  # samples of 1e-300 and 1e300 are findings, not warnings on the console
        findings = _findings(recording, orders, spectra, speed_followed, facts)
    if speed_contradicted:
        findings = [f for f in findings if f is None or f.code != "speed varies"] + [CONTRADICTED]
    found = [finding for finding in findings if finding is not None]
    found.sort(key=lambda finding: -SEVERITIES.index(finding.severity))
    return DoctorReport(
        channel=recording.channel,
        samples=len(recording.samples),
        duration_s=recording.duration_s,
        sampling_rate_hz=recording.sampling_rate_hz,
        rate_source=recording.rate_source,
        unit=recording.unit,
        shaft_rpm=recording.shaft_rpm,
        rpm_source=recording.rpm_source,
        notes=recording.notes,
        checks=tuple(found)
        or (Finding("all", "ok", "The recording itself is fine: no gaps, no clipping, no dead sensor."),),
    )


@dataclass(frozen=True)
class SignalFacts:
    """What is seen in a signal whatever is said of it: findings on its amplitudes and its nature, its narrow lines."""

    amplitudes: tuple[Finding | None, ...]
    nature: tuple[Finding | None, ...]
    lines: Lines | None


def signal_facts(signal: FloatArray, rate_hz: float | None) -> SignalFacts | None:
    """Of a usable stretch, shape (n,); None for one that no sensor measured."""
    low, high = float(signal.min()), float(signal.max())
    if dead(signal, low, high) or overflowing(low, high):
        return None
    known = rate_hz is not None and len(signal) >= MIN_SAMPLES
    with np.errstate(all="ignore"):
        return SignalFacts(
            tuple(amplitude_checks(signal, low, high)),
            tuple(nature_checks(signal, rate_hz)) if rate_hz is not None and known else (),
            narrow_lines(signal, rate_hz) if rate_hz is not None and known else None,
        )


def _findings(
    recording: Recording,
    orders: FaultOrders | None,
    spectra: SpeedSpectra | None,
    speed_followed: bool,
    facts: SignalFacts | None,
) -> list[Finding | None]:
    stretch = usable_stretch(recording.samples)
    signal = recording.samples[stretch]
    findings = stated_checks(recording, orders, stretch)
    if len(signal):
        low, high = float(signal.min()), float(signal.max())
        sick = dead(signal, low, high) or overflowing(low, high)
        findings.append(sick)
        if sick is None and (facts := facts or signal_facts(signal, recording.sampling_rate_hz)) is not None:
            findings += (*facts.amplitudes, *mains_checks(facts.lines, recording), *facts.nature)
            if not speed_followed:
                findings += speed_checks(signal, recording, spectra, stretch)
    return findings
