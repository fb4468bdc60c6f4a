"""`diagnose(recording, bearing) -> Diagnosis`: the one sentence of the whole program.

Every door (page, REST, command line) shows this object and computes nothing of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from bearing.errors import MissingRate
from bearing.files import WEIGHTS_DIR
from bearing.models.order import OrderOpinion, OrderPredictor, load_order_predictor
from bearing.models.strangers import Stranger, ask_strangers
from bearing.models.waveform import Predictor, load_predictor
from bearing.physics.candidates import Fit, fits
from bearing.physics.catalogue import element_named
from bearing.physics.envelope_rule import FamilyEvidence
from bearing.physics.guard import LOUD_FROM, QUIET_BELOW, Guard
from bearing.physics.kinematics import FaultOrders, rpm_to_hz
from bearing.physics.machine_lines import MachineParts, MachineView, machine_lines
from bearing.physics.shaft.combs import speed_spectra
from bearing.physics.shaft.order_tracking import SpeedSource
from bearing.recording import Recording
from bearing.signal.indicators import Indicators
from bearing.signal.order_spectrum import Envelopes
from bearing.signal.units import unit_of
from bearing.states import CLASSES
from bearing.verdict import told
from bearing.verdict.detectable import Detectable, detectable
from bearing.verdict.doctor.examine import examine
from bearing.verdict.doctor.finding import DoctorReport
from bearing.verdict.fusion import NOWHERE, Calibration, Count, fuse
from bearing.verdict.hearing import HIDDEN_WIDTH, Hearing, SpeedAsked, hear, lines_of_shaft
from bearing.verdict.opinions import (
    Opinion,
    WindowVerdicts,
    cnn_opinion,
    no_opinion,
    opinion_of,
)
from bearing.verdict.prepared import Prepared
from bearing.verdict.turning import SpeedOverTime, Turning, still_of, turning_of
from bearing.verdict.words.machine import machine_as_dict, machine_sentences
from bearing.verdict.words.sentences import (
    Held,
    agreement_of,
    burst_sentence,
    corrected_sentence,
    counted_sentence,
    detectable_sentence,
    estimated_sentence,
    family_remark,
    family_sentence,
    held_sentence,
    moved_sentence,
    percent,
    reason_of,
    whole_percent,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Bearing", "ChannelVerdict", "Diagnosis", "Impacts", "Networks", "Opinion", "WindowVerdicts", "diagnose"]

SURE_SPEED = 0.8  # an estimated shaft speed less likely right than this carries no verdict
MOST_ELEMENTS = 24  # the network was trained with; faults of bearings of 30 and 60, asked rightly, passed for sound
KNOCKS_FROM = 1.1  # of the guard's limits, at the shaft's own pace; of sound machines told so the loudest is 1.04
SMEARS_FROM = 0.1  # spread of a speed that only the signal tells, from where what is left hid faint lines; half did not
SOUND_THOUGH_FOLLOWED = 0.7  # of the network, where the signal alone told its moving speed: CWRU's faults, their time
# warped, reach 0.69, its sound bearings fall to 0.73
EVEN = dict.fromkeys(CLASSES, 0.25)  # nothing asked, nothing known
OUTER_RING_TURNS = ", outer ring turns"  # behind such a bearing's name
TOLD_FROM = 0.005  # a correction of the stated speed that is told, relative


@dataclass(frozen=True)
class Bearing:
    """A bearing as the user named it, with its fault orders; `estimated` ones never prove that it is sound.

    `alternatives` are the orders it may have as well, where the number of its elements is a guess.
    """

    name: str
    orders: FaultOrders
    estimated: bool = False
    alternatives: tuple[FaultOrders, ...] = ()

    @property
    def element(self) -> str:
        """What rolls in it: ball, roller, or rolling element where the type is not known."""
        return element_named(self.name.removesuffix(OUTER_RING_TURNS))

    @property
    def elements(self) -> int:
        """How many roll in it."""
        return self.orders.elements

    @property
    def counts(self) -> tuple[int, ...]:
        """How many it may hold, in rising order."""
        return tuple(sorted({orders.elements for orders in (self.orders, *self.alternatives)}))

    def with_orders(self, orders: FaultOrders) -> Bearing:
        """The same where `orders`, one of its `alternatives`, are taken for its own, and its own for one of those."""
        others = (self.orders, *(one for one in self.alternatives if one != orders))
        return replace(self, orders=orders, alternatives=others)

    def as_dict(self) -> dict[str, Any]:
        """Name, orders, and whether they are estimated."""
        return {"name": self.name, "orders": asdict(self.orders), "estimated": self.estimated}


@dataclass(frozen=True)
class Networks:
    """The networks a diagnosis asks; `waveform` is None where it shall be silent, as when the verdict is evaluated."""

    order: OrderPredictor
    waveform: Predictor | None

    @classmethod
    def load(cls, folder: Path = WEIGHTS_DIR) -> Networks:
        """Both from a folder, loaded once. Raises ModelError where they do not fit their cards."""
        return _load_networks(folder)


@lru_cache(maxsize=4)
def _load_networks(folder: Path) -> Networks:
    return Networks(load_order_predictor(folder), load_predictor(folder))


@dataclass(frozen=True)
class Impacts:
    """What strikes, whatever the bearing: how often, how many harmonics, how deep, and whose line it could be.

    `order` is None with no speed known. `band_hz` is where it stands deepest. `fits` are candidates from the catalogue,
    the best first: evidence, no verdict.
    """

    rate_hz: float
    order: float | None
    harmonics: int
    depth: float
    kurtosis: float
    band_hz: tuple[float, float]
    fits: tuple[Fit, ...] = ()


@dataclass(frozen=True)
class ChannelVerdict:
    """One channel of a file in a row; `verdict` is ``error`` where it could not be judged, and `reason` says why."""

    channel: str
    verdict: str
    confidence: float
    best_guess: str | None
    reason: str
    sampling_rate_hz: float | None = None
    shaft_rpm: float | None = None


@dataclass(frozen=True)
class Diagnosis:
    """Verdict, confidence and reason of one channel, with all that led there.

    `verdict` is normal, inner, outer, ball, damaged (this bearing's, part unclear), impacts (something strikes, not at
    this bearing's lines) or uncertain. `best_guess` is a state, None where no fault line could be asked for.
    `confidence` is what was counted of such statements on held-out bearings (`counted`); of an uncertain verdict, of
    its best guess. `rpm_confidence` (0..1) is 1 for a stated speed, less for one estimated from the signal.
    `shaft_rpm` is the speed used, exact as the signal shows it, None when unknown; `stated_rpm` the one given.
    `moved` is the speed over time where it did not hold: the signal was then judged in shaft angle.
    `detectable` (how weak a fault would have been seen) and `machine` (its own lines) are there where asked for.
    `impacts` is there whenever something strikes, `beats` where something beats that only forbids `normal`. `evidence`
    holds the envelope's finding per family (outer, inner, ball), empty where speed or bearing are unknown. Where a file
    was judged, this is its worst channel's and `channels` holds a row of each (`bearing.verdict.asked.file`).
    `print(diagnosis)` gives it in one line.
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
    best_guess: str | None
    confidence: float
    reason: str
    agreement: str
    opinions: dict[str, Opinion]
    doctor: DoctorReport
    evidence: dict[str, FamilyEvidence]
    indicators: Indicators
    windows: WindowVerdicts
    model: dict[str, str]
    counted: Count = field(default_factory=Count)
    stated_rpm: float | None = None
    impacts: Impacts | None = None
    beats: Impacts | None = None
    channels: tuple[ChannelVerdict, ...] = ()
    moved: SpeedOverTime | None = None
    detectable: Detectable | None = None
    machine: MachineView | None = None
    recording: Recording | None = field(default=None, compare=False)  # the signal, where `bearing.diagnose` was asked
    still: Recording | None = field(default=None, compare=False)  # where the speed moved: the signal as it was judged

    @property
    def element(self) -> str:
        """What rolls in the bearing: ball, roller, or rolling element where that is not known."""
        return "rolling element" if self.bearing is None else self.bearing.element

    @property
    def has_guess(self) -> bool:
        """Whether `best_guess` rests on anything: known fault lines, and a recording fit to be diagnosed."""
        return self.best_guess is not None and self.doctor.severity != "severe"

    @property
    def speed_note(self) -> str:
        """A sentence when the speed moves, is an estimate, or another than the stated one; "" otherwise."""
        if self.moved is not None:
            return moved_sentence(self.moved)
        if self.shaft_rpm is None:
            return ""
        stated_rpm, sure = self.stated_rpm, self.rpm_confidence >= 1.0
        if stated_rpm is not None and abs(self.shaft_rpm / stated_rpm - 1) > TOLD_FROM:
            return corrected_sentence(self.shaft_rpm, stated_rpm, by_signal=not sure)
        return "" if sure else estimated_sentence(self.shaft_rpm, self.rpm_source)

    @property
    def bearing_note(self) -> str:
        """A sentence where a part is named of a bearing whose number of elements is a guess; "" otherwise."""
        if self.bearing is None or not self.bearing.alternatives or self.verdict not in self.evidence:
            return ""
        return counted_sentence(self.bearing.elements, self.bearing.counts, self.element)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences of the input doctor and the reader that bear on the verdict, and those of what is estimated."""
        return tuple(filter(None, (*self.doctor.warnings, *self.doctor.notes, self.speed_note, self.bearing_note)))

    @property
    def asked_besides(self) -> tuple[str, ...]:
        """Sentences on what was asked for besides the verdict: how weak a fault would have been seen, the machine."""
        weakest = () if self.detectable is None else (detectable_sentence(self.detectable, self.element),)
        return weakest + (() if self.machine is None else machine_sentences(self.machine))

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
            "channels": [asdict(row) for row in self.channels],
            "sampling_rate_hz": self.sampling_rate_hz,
            "rate_source": self.rate_source,
            "duration_s": self.duration_s,
            "shaft_rpm": self.shaft_rpm,
            "stated_rpm": self.stated_rpm,
            "rpm_source": self.rpm_source,
            "rpm_confidence": self.rpm_confidence,
            "moved": None if self.moved is None else self.moved.as_dict(),
            "bearing": None if self.bearing is None else self.bearing.as_dict(),
            "verdict": self.verdict,
            "best_guess": self.best_guess,
            "confidence": self.confidence,
            "counted": asdict(self.counted),
            "impacts": None if self.impacts is None else asdict(self.impacts),
            "beats": None if self.beats is None else asdict(self.beats),
            "detectable_db": None if self.detectable is None else asdict(self.detectable),
            "machine": None if self.machine is None else machine_as_dict(self.machine),
            "besides": list(self.asked_besides),
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


def diagnose(
    recording: Recording,
    bearing: Bearing | None = None,
    weights: Path = WEIGHTS_DIR,
    networks: Networks | None = None,
    how_weak: bool = False,
    parts: MachineParts | None = None,
    prepared: Prepared | None = None,
) -> Diagnosis:
    """Weigh what the networks and the physics say of one channel.

    Parameters
    ----------
    recording : Recording
        With its sampling rate.
    bearing : Bearing, optional
        Without it, or without a speed, only what strikes can be told.
    weights : Path
        The folder the networks are loaded from, unless `networks` are given.
    how_weak : bool
        Find out, too, how weak a fault would have been seen where the verdict is `normal`; a second or two.
    parts : MachineParts, optional
        Read the machine's own lines, too, with what is known of it; the shaft speed must be.
    prepared : Prepared, optional
        Of these samples, where they were asked about before.

    Raises
    ------
    MissingRate
        The recording has no sampling rate.
    SignalError
        Fewer than 2048 finite samples in a row; the sentence says whether gaps are to blame.
    """
    if recording.sampling_rate_hz is None:
        raise MissingRate(
            f"The sampling rate of {recording.source or 'this recording'} is not in the file: give it (--rate, in Hz)."
        )
    rate_hz = recording.sampling_rate_hz
    orders = bearing.orders if bearing else None
    if prepared is None or not prepared.is_of(recording):
        prepared = Prepared(recording)
    signal, spectra, envelopes = prepared.signal, prepared.spectra, prepared.envelopes
    networks = networks or Networks.load(weights)
    turning = turning_of(recording, prepared.stretch, signal, orders, spectra)
    doctor = examine(recording, orders, spectra, turning.moved is not None, turning.contradicted, prepared.facts)
    element = "rolling element" if bearing is None else bearing.element
    windows, opinions = _asked_of_windows(prepared, networks.waveform, element)
    recorded = signal, rate_hz, envelopes
    if turning.moved is not None:  # from here on the signal as that of a shaft at its mean speed
        signal, rate_hz = turning.signal, turning.rate_hz
        spectra, envelopes = speed_spectra(signal, rate_hz), Envelopes(signal, rate_hz)
    calibration = Calibration.from_card(networks.order.card)
    heard = hear(turning, recorded, orders, spectra, envelopes, networks.order)
    if bearing is not None and bearing.alternatives:
        others = {one: hear(turning, recorded, one, spectra, envelopes, networks.order) for one in bearing.alternatives}
        bearing, heard = _best_heard(bearing, heard, others, calibration)
    chosen = bearing is not None and bearing.orders != orders
    orders = bearing.orders if bearing else None
    found, guard, speed = heard.found, heard.guard, heard.speed
    if _silent(doctor):  # no speed is read off what no sensor measured
        speed = replace(speed, rpm=turning.rpm)
    if found is not None:
        opinions |= _physical_opinions(found, element)
    else:
        opinions |= {name: no_opinion(name, heard.why_not) for name in ("order_cnn", "envelope")}
    memory = opinions["cnn"].probabilities if windows.familiar and "cnn" in opinions else None
    opinions = _as_far_as_fit(opinions, doctor)
    held = _held(doctor, orders, speed, found)
    normal_held = _normal_held(doctor, bearing, turning, speed, found)
    fit = doctor.severity != "severe"
    excess = guard.excess if fit and guard is not None else 0.0
    if guard is not None and guard.knock >= KNOCKS_FROM:  # a fault's own pace, if the speed is grossly wrong
        normal_held.append(held_sentence(Held.KNOCKS))
    stranger: Stranger | None = None
    if fit and heard.views is not None and _may_be_sound(found, excess, calibration):
        stranger = ask_strangers(heard.views, networks.order)
    ceiling = speed.confidence if found is not None else 1.0
    if chosen:  # of several numbers of elements that were asked for: named, but not surely
        ceiling = min(ceiling, calibration.count("part").confidence)
    verdict = fuse(
        EVEN if found is None else found.probabilities,
        excess=excess,
        calibration=calibration,
        held_back=held,
        normal_held_back=normal_held,
        ceiling=ceiling,
        memory=memory,
        elsewhere=NOWHERE if stranger is None else stranger.probabilities,
    )
    impacts = beats = None
    if verdict.verdict == "uncertain" and not held and verdict.best_guess == "normal":
        held = normal_held
        if excess >= QUIET_BELOW and guard is not None:
            beats = _impacts(guard)
            held = [held_sentence(Held.NEARLY, f"{guard.rate_hz:.1f}")]
        elif not held and stranger is not None and stranger.probabilities[0] < calibration.elsewhere_from:
            beats = _impacts_at(stranger, 0.0 if guard is None else guard.kurtosis)
            held = [held_sentence(Held.ELSEWHERE, f"{stranger.rate_hz:.1f}", f"{stranger.order:.2f}")]
    if guard is not None and verdict.loud:
        impacts = _impacts(guard)
    elif stranger is not None and verdict.verdict == "impacts":
        impacts = _impacts_at(stranger, 0.0 if guard is None else guard.kurtosis)
    weakest = machine = None
    if how_weak and verdict.verdict == "normal" and found is not None and orders is not None:
        weakest = detectable(signal, rate_hz, found.shaft.shaft_hz, orders, networks.order, calibration)
    if parts is not None and speed.rpm is not None and spectra is not None and fit:
        unit = unit_of(recording.channel, recording.unit)
        is_velocity = unit is not None and unit.quantity == "velocity"
        machine = machine_lines(signal, rate_hz, speed.rpm, parts, is_velocity, spectra)
    families = {} if found is None else found.envelope.families
    network = networks.order
    return Diagnosis(
        file=recording.source,
        channel=recording.channel,
        sampling_rate_hz=recording.sampling_rate_hz,
        rate_source=recording.rate_source,
        duration_s=len(recording.samples) / recording.sampling_rate_hz,
        shaft_rpm=speed.rpm,
        rpm_source=speed.source,
        rpm_confidence=speed.confidence,
        bearing=bearing,
        verdict=verdict.verdict,
        best_guess=None if found is None else verdict.best_guess,
        confidence=verdict.confidence,
        reason=reason_of(verdict, families, impacts, held, element),
        agreement=agreement_of(opinions, element),
        opinions=opinions,
        doctor=doctor,
        evidence=families,
        indicators=prepared.level,
        windows=windows,
        model={"name": network.card["name"], "version": network.card["version"], "sha256": network.sha256},
        counted=calibration.count(verdict.kind),
        stated_rpm=recording.shaft_rpm,
        impacts=impacts,
        beats=beats,
        moved=turning.moved,
        detectable=weakest,
        machine=machine,
        still=still_of(recording, turning),
    )


def _best_heard(
    bearing: Bearing, heard: Hearing, others: Mapping[FaultOrders, Hearing], calibration: Calibration
) -> tuple[Bearing, Hearing]:
    """The bearing with those of the orders it may have at which a part stands most, and what is heard there.

    Others than its own only where a part stands surely: what a neighbour strikes lies at some line of three bearings
    oftener than of one.
    """
    orders, best = max(others.items(), key=lambda other: _likeliest_part(other[1].found))
    likeliest = _likeliest_part(best.found)
    if likeliest >= calibration.part_sure_from and likeliest > _likeliest_part(heard.found):
        return bearing.with_orders(orders), best
    return bearing, heard


def _asked_of_windows(
    prepared: Prepared, predictor: Predictor | None, element: str
) -> tuple[WindowVerdicts, dict[str, Opinion]]:
    """The waveform CNN's answers, none where it is silent."""
    if predictor is None:
        none = WindowVerdicts(tuple(EVEN), np.zeros(0), 0.0, np.zeros((0, len(EVEN)), "f4"))
        return none, {}
    windows = prepared.windows(predictor)
    return windows, {"cnn": cnn_opinion(windows, element)}


def _impacts(guard: Guard) -> Impacts:
    """With the catalogue's bearings whose lines would fit, one line each."""
    shaft_hz = None if guard.order is None else guard.rate_hz / guard.order
    candidates = fits(guard.rate_hz, shaft_hz) if shaft_hz else ()
    return Impacts(guard.rate_hz, guard.order, guard.harmonics, guard.depth, guard.kurtosis, guard.band_hz, candidates)


def _impacts_at(stranger: Stranger, kurtosis: float) -> Impacts:
    """The same where the network, not the guard, hears it."""
    line = stranger.line
    candidates = fits(stranger.rate_hz, stranger.shaft_hz)
    return Impacts(
        stranger.rate_hz, stranger.order, line.harmonics_found, line.depth, kurtosis, line.band_hz, candidates
    )


def _may_be_sound(found: OrderOpinion | None, excess: float, calibration: Calibration) -> bool:
    """Whether nothing strikes and no part is named, so that it is worth asking for bearings that nobody named."""
    return excess < LOUD_FROM and _likeliest_part(found) < calibration.part_from


def _likeliest_part(found: OrderOpinion | None) -> float:
    """Probability of the likeliest fault, 0 where the network was not asked."""
    return 0.0 if found is None else max(p for name, p in found.probabilities.items() if name != "normal")


def _physical_opinions(found: OrderOpinion, element: str) -> dict[str, Opinion]:
    """The order network's and the envelope rule's opinion, in the words of the page."""
    strongest = max(found.envelope.families.values(), key=lambda family: family.null_score)
    named = found.envelope.families.get(found.envelope.label, strongest)
    rule_note = f"{family_sentence(named, element)} {family_remark(named)}".strip()
    trained = "differently trained networks"
    network_note = found.reason or (
        f"Its {trained} agree within {whole_percent(max(found.spread, 0.01))}."
        if found.spread < 0.1
        else f"Its {trained} differ by {whole_percent(found.spread)}."
    )
    network_note = f"{network_note} {burst_sentence(found.views.raw)}".strip()
    return {
        "order_cnn": opinion_of("order_cnn", found.probabilities, found.in_domain, network_note),
        "envelope": opinion_of("envelope", found.envelope.probabilities, True, rule_note),
    }


def _silent(doctor: DoctorReport) -> bool:
    """Whether no sensor measured this."""
    return bool(doctor.of("dead") or doctor.of("overflow"))


def _as_far_as_fit(opinions: dict[str, Opinion], doctor: DoctorReport) -> dict[str, Opinion]:
    """No opinion on what no sensor measured; the networks outside their training where the recording is unfit."""
    if _silent(doctor):
        return {name: no_opinion(name, "There is no vibration to judge.") for name in opinions}
    if doctor.severity != "severe":
        return opinions
    return {name: o if name == "envelope" else replace(o, in_domain=False) for name, o in opinions.items()}


def _held(doctor: DoctorReport, orders: FaultOrders | None, speed: SpeedAsked, found: OrderOpinion | None) -> list[str]:
    """What forbids any statement about a part, each in words."""
    if unfit := [held_sentence(Held.UNFIT, c.sentence.rstrip(".")) for c in doctor.checks if c.severity == "severe"]:
        return unfit  # what else is missing would not help
    reasons: list[str] = []
    if orders is None:
        reasons.append(held_sentence(Held.BEARING_UNKNOWN))
    elif speed.rpm is None:
        reasons.append(held_sentence(Held.SPEED_UNKNOWN))
    elif speed.confidence < SURE_SPEED:
        reasons.append(held_sentence(Held.SPEED_UNSURE, percent(speed.confidence)))
    if found is not None and not found.in_domain:
        reasons.append(held_sentence(Held.OUT_OF_DOMAIN, found.reason))
    if found is not None and speed.own_rpm is not None and lines_of_shaft(found, rpm_to_hz(speed.own_rpm)):
        reasons.append(held_sentence(Held.LINES_OF_SHAFT, f"{speed.own_rpm:.0f}", f"{speed.rpm:.0f}"))
    return reasons


def _normal_held(
    doctor: DoctorReport, bearing: Bearing | None, turning: Turning, speed: SpeedAsked, found: OrderOpinion | None
) -> list[str]:
    """What forbids `normal` alone, each in words."""
    reasons = [held_sentence(Held.UNFIT, sentence.rstrip(".")) for sentence in doctor.normal_vetoes]
    moved = turning.moved
    if moved is not None and moved.source == SpeedSource.SIGNAL.value:
        faint = found is not None and found.probabilities["normal"] < SOUND_THOUGH_FOLLOWED
        if moved.spread >= SMEARS_FROM and (faint or not turning.shown):
            reasons.append(held_sentence(Held.SPEED_FOLLOWED))
    elif not turning.shown:
        reasons.append(held_sentence(Held.SPEED_TOLD))
    if speed.own_rpm is not None and speed.rpm is not None and not doctor.of("speed"):  # which says the same
        reasons.append(held_sentence(Held.OTHER_SPEED, f"{speed.own_rpm:.0f}", f"{speed.rpm:.0f}"))
    if bearing is None:
        return reasons
    if bearing.estimated:
        reasons.append(held_sentence(Held.ESTIMATED_GEOMETRY, bearing.name))
    orders = bearing.orders
    if bearing.elements > MOST_ELEMENTS:
        reasons.append(held_sentence(Held.MANY_ELEMENTS, bearing.elements, MOST_ELEMENTS))
    hidden = [
        f"{name} ({order:.3f})"
        for name, order in (("BPFO", orders.bpfo), ("BPFI", orders.bpfi))
        if abs(order - round(order)) <= HIDDEN_WIDTH
    ]
    if hidden:
        reasons.append(held_sentence(Held.HIDDEN_LINES, " and ".join(hidden)))
    return reasons
