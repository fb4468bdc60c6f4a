"""`diagnose(recording, bearing) -> Diagnosis`: the one sentence of the whole program.

Every door (page, REST, command line) shows this object and computes nothing of its own.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bearing.doctor import DoctorReport, examine, usable_stretch
from bearing.errors import MissingRate, ModelError
from bearing.evidence import FamilyEvidence, envelope_opinion
from bearing.indicators import Indicators, indicators
from bearing.kinematics import FaultOrders, rpm_to_hz
from bearing.opinions import Opinion, WindowVerdicts, cnn_opinion, no_opinion, opinion_of, window_verdicts
from bearing.order_predictor import load_order_predictor
from bearing.paths import WEIGHTS_DIR
from bearing.predictor import load_predictor
from bearing.recording import FloatArray, Recording, check_signal
from bearing.speed import estimate_speed

__all__ = ["Bearing", "Diagnosis", "Opinion", "WindowVerdicts", "diagnose"]

MIN_SAMPLES = 2048


@dataclass(frozen=True)
class Bearing:
    """A bearing as the user named it, with its fault orders."""

    name: str
    orders: FaultOrders


@dataclass(frozen=True)
class Diagnosis:
    """Verdict, confidence and reason of one channel, with all that led there.

    `verdict` is normal, inner, outer, ball or uncertain. `rpm_confidence` (0..1) is 1 for a stated speed, less for one
    estimated from the signal; `shaft_rpm` is None when unknown. `evidence` holds the envelope's finding per family (outer,
    inner, ball), empty where speed or bearing are unknown.
    """

    file: str
    channel: str
    sampling_rate_hz: float
    rate_source: str
    duration_s: float
    shaft_rpm: float | None
    rpm_source: str
    rpm_confidence: float
    bearing: Bearing | None
    verdict: str
    confidence: float
    reason: str
    agreement: str
    opinions: dict[str, Opinion]
    doctor: DoctorReport
    evidence: dict[str, FamilyEvidence]
    indicators: Indicators
    windows: WindowVerdicts
    model: dict[str, str]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences of the input doctor and the reader that bear on the verdict."""
        return (*self.doctor.warnings, *self.doctor.notes)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: plain values only; per-window probabilities are summed up as shares."""
        content = {
            "file": self.file,
            "channel": self.channel,
            "sampling_rate_hz": self.sampling_rate_hz,
            "rate_source": self.rate_source,
            "duration_s": self.duration_s,
            "shaft_rpm": self.shaft_rpm,
            "rpm_source": self.rpm_source,
            "rpm_confidence": self.rpm_confidence,
            "bearing": None if self.bearing is None else asdict(self.bearing),
            "verdict": self.verdict,
            "confidence": self.confidence,
            "reason": self.reason,
            "agreement": self.agreement,
            "opinions": {name: asdict(opinion) for name, opinion in self.opinions.items()},
            "warnings": list(self.warnings),
            "checks": [asdict(check) for check in self.doctor.checks],
            "evidence": {name: asdict(family) for name, family in self.evidence.items()},
            "indicators": asdict(self.indicators),
            "windows": {
                "count": len(self.windows.start_s),
                "share": {name: self.windows.share_of(name) for name in self.windows.classes},
            },
            "model": self.model,
        }
        return _plain(content)


def _plain(value: Any) -> Any:
    """The same content without NumPy's scalars, tuples, or numbers JSON cannot hold."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def diagnose(recording: Recording, bearing: Bearing | None = None, weights: Path = WEIGHTS_DIR) -> Diagnosis:
    """Weigh what the networks and the physics say of one channel.

    Raises
    ------
    MissingRate
        The recording has no sampling rate.
    SignalError
        Fewer than 2048 finite samples in a row.
    """
    if recording.sampling_rate_hz is None:
        raise MissingRate(
            f"The sampling rate of {recording.source or 'this recording'} is not in the file: give it (--rate, in Hz)."
        )
    rate_hz = recording.sampling_rate_hz
    orders = bearing.orders if bearing else None
    signal = check_signal(recording.samples[usable_stretch(recording.samples)], MIN_SAMPLES)
    doctor = examine(recording, orders)
    rpm, rpm_source, rpm_confidence = _speed(recording, signal, orders)
    predictor = load_predictor(weights)
    windows = window_verdicts(signal, rate_hz, predictor)
    opinions = {"cnn": cnn_opinion(windows, rate_hz, predictor.sampling_rate_hz)}
    physical, evidence = _physical_opinions(signal, rate_hz, rpm, orders, weights)
    opinions |= physical
    verdict = physical["envelope"].verdict or "uncertain"
    return Diagnosis(
        file=recording.source,
        channel=recording.channel,
        sampling_rate_hz=rate_hz,
        rate_source=recording.rate_source,
        duration_s=len(recording.samples) / rate_hz,
        shaft_rpm=rpm,
        rpm_source=rpm_source,
        rpm_confidence=rpm_confidence,
        bearing=bearing,
        verdict=verdict,
        confidence=physical["envelope"].confidence or 0.0,
        reason=physical["envelope"].note,
        agreement="",
        opinions=opinions,
        doctor=doctor,
        evidence=evidence,
        indicators=indicators(signal),
        windows=windows,
        model={"name": predictor.card["name"], "version": predictor.card["version"], "sha256": predictor.sha256},
    )


def _speed(recording: Recording, signal: FloatArray, orders: FaultOrders | None) -> tuple[float | None, str, float]:
    """The stated speed in rpm, or one estimated from the signal; where it comes from; how sure it is."""
    if recording.shaft_rpm is not None:
        return recording.shaft_rpm, recording.rpm_source, 1.0
    if orders is None:
        return None, "", 0.0  # without a bearing no speed would help
    assert recording.sampling_rate_hz is not None
    found = estimate_speed(signal, recording.sampling_rate_hz, orders)
    if found.rpm is None:
        return None, "", 0.0
    return found.rpm, f"estimated from the signal ({found.confidence:.0%} sure)", found.confidence


def _physical_opinions(
    signal: FloatArray, rate_hz: float, rpm: float | None, orders: FaultOrders | None, weights: Path
) -> tuple[dict[str, Opinion], dict[str, FamilyEvidence]]:
    """The order network's and the envelope rule's opinion: both need the fault frequencies."""
    missing = "the bearing" if orders is None else "the shaft speed" if rpm is None else ""
    if orders is None or rpm is None:
        why = f"Needs {missing} to know where the fault frequencies lie."
        return {name: no_opinion(name, why) for name in ("order_cnn", "envelope")}, {}
    shaft_hz = rpm_to_hz(rpm)
    try:
        found = load_order_predictor(weights).opinion(signal, rate_hz, shaft_hz, orders)
        envelope = found.envelope
        network = opinion_of("order_cnn", found.probabilities, found.in_domain, found.reason)
    except ModelError as error:
        envelope = envelope_opinion(signal, rate_hz, shaft_hz, orders)
        network = no_opinion("order_cnn", str(error))
    strongest = max(envelope.families.values(), key=lambda family: family.null_score)
    rule = opinion_of("envelope", envelope.probabilities, True, _in_words(strongest))
    return {"order_cnn": network, "envelope": rule}, envelope.families


def _in_words(family: FamilyEvidence) -> str:
    """One sentence on one family, such as ``outer race: 4 of 4 harmonics found, 14-21 dB over the floor``."""
    part = {"outer": "outer race", "inner": "inner race", "ball": "ball"}[family.family]
    found = [line.level_db for line in family.lines if line.found]
    if not found:
        return f"{part}: none of {len(family.lines)} harmonics found"
    height = f"{min(found):.0f}-{max(found):.0f}" if len(found) > 1 else f"{found[0]:.0f}"
    return f"{part}: {len(found)} of {len(family.lines)} harmonics found, {height} dB over the floor"
