"""`diagnose(recording, bearing) -> Diagnosis`: the one sentence of the whole program.

Every door (page, REST, command line) shows this object and computes nothing of its own.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from bearing.errors import MissingRate
from bearing.files import WEIGHTS_DIR
from bearing.models.order import OrderOpinion, load_order_predictor
from bearing.models.waveform import load_predictor
from bearing.physics.envelope_rule import FamilyEvidence
from bearing.physics.kinematics import FaultOrders, rpm_to_hz
from bearing.physics.speed import estimate_speed
from bearing.recording import FloatArray, Recording, check_signal
from bearing.signal.indicators import Indicators, indicators
from bearing.signal.order_spectrum import SHAFT_NOTCH
from bearing.verdict import told
from bearing.verdict.doctor import DoctorReport, examine, usable_stretch
from bearing.verdict.fusion import Calibration, Verdict, fuse
from bearing.verdict.opinions import (
    Opinion,
    WindowVerdicts,
    agreement_of,
    burst_sentence,
    cnn_opinion,
    family_remark,
    family_sentence,
    no_opinion,
    opinion_of,
    window_verdicts,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Bearing", "Diagnosis", "Opinion", "WindowVerdicts", "diagnose"]

MIN_SAMPLES = 2048
SLOWEST_HZ = 500.0  # below there is no band to demodulate
SHORTEST_S = 0.01  # shorter signals do not resolve the narrowest band, some 700 Hz
SURE_SPEED = 0.8  # an estimated shaft speed less likely right than this carries no verdict


@dataclass(frozen=True)
class Bearing:
    """A bearing as the user named it, with its fault orders; `estimated` ones never prove that it is sound."""

    name: str
    orders: FaultOrders
    estimated: bool = False


@dataclass(frozen=True)
class Diagnosis:
    """Verdict, confidence and reason of one channel, with all that led there.

    `verdict` is normal, inner, outer, ball or uncertain; `best_guess` is never uncertain, and `confidence` is
    that of the best guess. `rpm_confidence` (0..1) is 1 for a stated speed, less for one
    estimated from the signal; `shaft_rpm` is None when unknown. `evidence` holds the envelope's finding per family
    (outer, inner, ball), empty where speed or bearing are unknown. `print(diagnosis)` gives it in one line.
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
    best_guess: str
    confidence: float
    reason: str
    agreement: str
    opinions: dict[str, Opinion]
    doctor: DoctorReport
    evidence: dict[str, FamilyEvidence]
    indicators: Indicators
    windows: WindowVerdicts
    model: dict[str, str]
    recording: Recording | None = field(default=None, compare=False)  # the signal, where `bearing.diagnose` was asked

    @property
    def has_guess(self) -> bool:
        """Whether `best_guess` rests on anything: known fault lines, and a recording fit to be diagnosed."""
        return bool(self.evidence) and self.doctor.severity != "severe"

    @property
    def speed_note(self) -> str:
        """A sentence when the speed is an estimate, which nobody should take for a reading; "" otherwise."""
        if self.shaft_rpm is None or self.rpm_confidence >= 1.0:
            return ""
        return f"The shaft speed, {self.shaft_rpm:.0f} rpm, is {self.rpm_source}."

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences of the input doctor and the reader that bear on the verdict, and that of an estimated speed."""
        return tuple(filter(None, (*self.doctor.warnings, *self.doctor.notes, self.speed_note)))

    def __str__(self) -> str:
        return told.one_line(self)

    def __repr__(self) -> str:
        return told.short(self)

    def _repr_html_(self) -> str:
        return told.card(self)

    def figure(self, name: str) -> go.Figure:
        """The waveform, spectrum, spectrogram, windows, envelope or kurtogram as a Plotly figure.

        Raises ParameterError for another name, and where the diagnosis does not hold its `recording`.
        """
        return told.figure(self, name)

    @overload
    def to_html(self, path: None = None) -> str: ...
    @overload
    def to_html(self, path: str | Path) -> None: ...
    def to_html(self, path: str | Path | None = None) -> str | None:
        """The report as one HTML page: returned, or written to `path` (ParameterError where that cannot be)."""
        return told.handed_over(told.as_html(self), path)

    @overload
    def to_json(self, path: None = None) -> str: ...
    @overload
    def to_json(self, path: str | Path) -> None: ...
    def to_json(self, path: str | Path | None = None) -> str | None:
        """`to_dict` as JSON text: returned, or written to `path` (ParameterError where that cannot be)."""
        return told.handed_over(told.as_json(self), path)

    def to_dict(self) -> dict[str, Any]:
        """The same as `as_dict`."""
        return self.as_dict()

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
            "best_guess": self.best_guess,
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
    opinions = {"cnn": cnn_opinion(windows)}
    found: OrderOpinion | None = None
    network = load_order_predictor(weights)
    if not (why := _deaf(orders, rpm, rate_hz, len(signal))):
        assert orders is not None
        assert rpm is not None
        found = network.opinion(signal, rate_hz, rpm_to_hz(rpm), orders)
        opinions |= _physical_opinions(found)
    else:
        opinions |= {name: no_opinion(name, why) for name in ("order_cnn", "envelope")}
    memory = opinions["cnn"].probabilities if windows.familiar else None
    opinions = _as_far_as_fit(opinions, doctor)
    blockers = _blockers(doctor, orders, rpm, rpm_confidence, found)
    calibration = Calibration.from_card(network.card)
    verdict = _verdict(found, calibration, blockers, rpm_confidence, memory)
    if verdict.verdict == "normal" and (held := _normal_held(doctor, bearing)):
        verdict = _verdict(found, calibration, held, rpm_confidence, memory)
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
        verdict=verdict.verdict,
        best_guess=verdict.best_guess,
        confidence=verdict.confidence,
        reason=_reason(verdict, found),
        agreement=agreement_of(opinions),
        opinions=opinions,
        doctor=doctor,
        evidence={} if found is None else found.envelope.families,
        indicators=indicators(signal),
        windows=windows,
        model={"name": str(network.card["name"]), "version": str(network.card["version"]), "sha256": network.sha256},
    )


def _deaf(orders: FaultOrders | None, rpm: float | None, rate_hz: float, samples: int) -> str:
    """Why the envelope cannot be asked, "" where it can."""
    if orders is None or rpm is None:
        return f"Needs {'the bearing' if orders is None else 'the shaft speed'} to know where the fault lines lie."
    if rate_hz < SLOWEST_HZ:
        return f"Needs a sampling rate of {SLOWEST_HZ:g} Hz or more to hear any impact."
    if samples < SHORTEST_S * rate_hz:
        return f"Needs {SHORTEST_S * 1000:g} ms of signal or more."
    return ""


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


def _physical_opinions(found: OrderOpinion) -> dict[str, Opinion]:
    """The order network's and the envelope rule's opinion, in the words of the page."""
    strongest = max(found.envelope.families.values(), key=lambda family: family.null_score)
    named = found.envelope.families.get(found.envelope.label, strongest)
    rule_note = f"{family_sentence(named)} {family_remark(named)}".strip()
    trained = "differently trained networks"
    network_note = found.reason or (
        f"Its {trained} agree within {max(found.spread, 0.01):.0%}."
        if found.spread < 0.1
        else f"Its {trained} differ by {found.spread:.0%}."
    )
    network_note = f"{network_note} {burst_sentence(found.spectrum)}".strip()
    return {
        "order_cnn": opinion_of("order_cnn", found.probabilities, found.in_domain, network_note),
        "envelope": opinion_of("envelope", found.envelope.probabilities, True, rule_note),
    }


def _as_far_as_fit(opinions: dict[str, Opinion], doctor: DoctorReport) -> dict[str, Opinion]:
    """No opinion on what no sensor measured; the networks outside their training where the recording is unfit."""
    if doctor.of("dead") or doctor.of("overflow"):
        return {name: no_opinion(name, "There is no vibration to judge.") for name in opinions}
    if doctor.severity != "severe":
        return opinions
    return {name: o if name == "envelope" else replace(o, in_domain=False) for name, o in opinions.items()}


def _blockers(
    doctor: DoctorReport,
    orders: FaultOrders | None,
    rpm: float | None,
    rpm_confidence: float,
    found: OrderOpinion | None,
) -> list[str]:
    """What forbids a verdict, in words."""
    reasons = [check.sentence.rstrip(".") for check in doctor.checks if check.severity == "severe"]
    if orders is None:
        reasons.append(
            "the bearing is not known, so its fault frequencies are not: name it, or give geometry or orders"
        )
    elif rpm is None:
        reasons.append("the shaft speed is neither given nor readable from the signal: give it")
    elif rpm_confidence < SURE_SPEED:
        reasons.append(f"the shaft speed is not given and its estimate is only {rpm_confidence:.0%} sure: give it")
    if found is not None and not found.in_domain:
        reasons.append(found.reason)
    return reasons


def _normal_held(doctor: DoctorReport, bearing: Bearing | None) -> list[str]:
    """What forbids `normal` alone, in words."""
    hidden = _hidden_lines(bearing.orders) if bearing is not None else ""
    guessed = f"the inside of {bearing.name} is only estimated" if bearing is not None and bearing.estimated else ""
    return [*filter(None, [hidden, guessed]), *(sentence.rstrip(".") for sentence in doctor.normal_vetoes)]


def _hidden_lines(orders: FaultOrders) -> str:
    """Which race's lines, if any, fall on the shaft's own harmonics: finding nothing there says nothing."""
    hidden = [
        f"{name} ({order:.3f})"
        for name, order in (("BPFO", orders.bpfo), ("BPFI", orders.bpfi))
        if abs(order - round(order)) <= SHAFT_NOTCH * order
    ]
    return f"{' and '.join(hidden)} cannot be told from a harmonic of the shaft on this bearing" if hidden else ""


def _verdict(
    found: OrderOpinion | None,
    calibration: Calibration,
    blockers: list[str],
    rpm_confidence: float,
    memory: dict[str, float] | None,
) -> Verdict:
    """The fused verdict; without fault frequencies nothing is known, and each state is as likely as the next."""
    if found is None:
        even = dict.fromkeys(("normal", "outer", "inner", "ball"), 0.25)
        return fuse(even, even, calibration, blockers)
    return fuse(found.probabilities, found.envelope.probabilities, calibration, blockers, rpm_confidence, memory)


def _reason(verdict: Verdict, found: OrderOpinion | None) -> str:
    """The verdict's reason, with the lines of the part it names, or the bursts where it shows none."""
    if found is None or verdict.best_guess not in found.envelope.families:
        return verdict.reason
    family = found.envelope.families[verdict.best_guess]
    bursts = "" if family.harmonics_found else burst_sentence(found.spectrum)
    return f"{verdict.reason} {family_sentence(family)} {bursts}".strip()
