"""`diagnose(recording, bearing) -> Diagnosis`: weighs what the networks and the physics say of one channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from bearing.errors import MissingRate
from bearing.files import WEIGHTS_DIR
from bearing.models.order import OrderOpinion, OrderPredictor, load_order_predictor
from bearing.models.strangers import Stranger, ask_strangers
from bearing.models.waveform import Predictor, load_predictor
from bearing.physics.candidates import fits
from bearing.physics.guard import LOUD_FROM, QUIET_BELOW, Guard
from bearing.physics.kinematics import FaultOrders
from bearing.physics.machine_lines import MachineParts, machine_lines
from bearing.physics.shaft.combs import speed_spectra
from bearing.recording import Recording
from bearing.signal.order_spectrum import Envelopes
from bearing.signal.units import unit_of
from bearing.states import CLASSES
from bearing.verdict.detectable import detectable
from bearing.verdict.diagnosis import Bearing, Diagnosis, Impacts
from bearing.verdict.doctor.examine import examine
from bearing.verdict.doctor.finding import DoctorReport
from bearing.verdict.forbids import forbids_all, forbids_normal
from bearing.verdict.fusion import NOWHERE, Calibration, Verdict, fuse
from bearing.verdict.hearing import Hearing, hear
from bearing.verdict.opinions import Opinion, WindowVerdicts, cnn_opinion, no_opinion, opinion_of
from bearing.verdict.prepared import Prepared
from bearing.verdict.turning import still_of, turning_of
from bearing.verdict.words.sentences import (
    Held,
    agreement_of,
    burst_sentence,
    family_remark,
    family_sentence,
    held_sentence,
    reason_of,
    whole_percent,
)

__all__ = ["Networks", "diagnose"]

EVEN = dict.fromkeys(CLASSES, 0.25)  # nothing asked, nothing known


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
    calibration = Calibration.from_card(networks.order.card)
    turning = turning_of(recording, prepared.stretch, signal, orders, spectra)
    doctor = examine(recording, orders, spectra, turning.moved is not None, turning.contradicted, prepared.facts)
    fit = doctor.severity != "severe"
    element = "rolling element" if bearing is None else bearing.element
    windows, opinions = _asked_of_windows(prepared, networks.waveform, element)
    recorded = signal, rate_hz, envelopes
    if turning.moved is not None:  # from here on the signal as that of a shaft at its mean speed
        signal, rate_hz = turning.signal, turning.rate_hz
        spectra, envelopes = speed_spectra(signal, rate_hz), Envelopes(signal, rate_hz)
    heard = hear(turning, recorded, orders, spectra, envelopes, networks.order)
    if bearing is not None and bearing.alternatives:
        others = {one: hear(turning, recorded, one, spectra, envelopes, networks.order) for one in bearing.alternatives}
        bearing, heard = _best_heard(bearing, heard, others, calibration)
    if _silent(doctor):  # no speed is read off what no sensor measured
        heard = replace(heard, speed=replace(heard.speed, rpm=turning.rpm))
    found, guard, speed = heard.found, heard.guard, heard.speed
    if found is not None:
        opinions |= _physical_opinions(found, element)
    else:
        opinions |= {name: no_opinion(name, heard.why_not) for name in ("order_cnn", "envelope")}
    memory = opinions["cnn"].probabilities if windows.familiar and "cnn" in opinions else None
    opinions = _as_far_as_fit(opinions, doctor)
    excess = guard.excess if fit and guard is not None else 0.0
    stranger: Stranger | None = None
    if fit and heard.views is not None and _may_be_sound(found, excess, calibration):
        stranger = ask_strangers(heard.views, networks.order)
    ceiling = speed.confidence if found is not None else 1.0
    # of several numbers of elements one was chosen, or none can be at a doubtful speed: named, but not surely
    doubtful = speed.spoken_rpm is not None or doctor.of("speed") is not None
    chosen = bearing is not None and (bearing.orders != orders or (bool(bearing.alternatives) and doubtful))
    if chosen:
        ceiling = min(ceiling, calibration.count("part").confidence)
    held = forbids_all(doctor, bearing, heard, calibration.part_sure_from)
    normal_held = forbids_normal(doctor, bearing, turning, heard)
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
    impacts = _what_strikes(verdict, guard, stranger)
    beats = None
    if verdict.verdict == "uncertain" and not held and verdict.best_guess == "normal":
        beats, why = _what_beats(guard, excess, stranger, normal_held, calibration)
        held = why or normal_held
    weakest = machine = None
    if how_weak and verdict.verdict == "normal" and found is not None and bearing is not None:
        weakest = detectable(signal, rate_hz, found.shaft.shaft_hz, bearing.orders, networks.order, calibration)
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
        counted=calibration.count("part" if chosen and verdict.kind == "part sure" else verdict.kind),
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


def _may_be_sound(found: OrderOpinion | None, excess: float, calibration: Calibration) -> bool:
    """Whether nothing strikes and no part is named, so that it is worth asking for bearings that nobody named."""
    return excess < LOUD_FROM and _likeliest_part(found) < calibration.part_from


def _likeliest_part(found: OrderOpinion | None) -> float:
    """Probability of the likeliest fault, 0 where the network was not asked."""
    return 0.0 if found is None else found.likeliest_part


def _asked_of_windows(
    prepared: Prepared, predictor: Predictor | None, element: str
) -> tuple[WindowVerdicts, dict[str, Opinion]]:
    """The waveform CNN's answers, none where it is silent."""
    if predictor is None:
        none = WindowVerdicts(tuple(EVEN), np.zeros(0), 0.0, np.zeros((0, len(EVEN)), "f4"))
        return none, {}
    windows = prepared.windows(predictor)
    return windows, {"cnn": cnn_opinion(windows, element)}


def _what_strikes(verdict: Verdict, guard: Guard | None, stranger: Stranger | None) -> Impacts | None:
    """What the guard hears, or, where it is quiet and `impacts` are told all the same, the network."""
    if guard is not None and verdict.loud:
        return _impacts(guard)
    if stranger is not None and verdict.verdict == "impacts":
        return _impacts_at(stranger, guard)
    return None


def _what_beats(
    guard: Guard | None, excess: float, stranger: Stranger | None, held: list[str], calibration: Calibration
) -> tuple[Impacts | None, list[str]]:
    """What nearly strikes, or beats at no line of this bearing, where that is all that forbids `normal`; in words."""
    if guard is not None and excess >= QUIET_BELOW:
        return _impacts(guard), [held_sentence(Held.NEARLY, f"{guard.rate_hz:.1f}")]
    if not held and stranger is not None and stranger.probabilities[0] < calibration.elsewhere_from:
        heard = held_sentence(Held.ELSEWHERE, f"{stranger.rate_hz:.1f}", f"{stranger.order:.2f}")
        return _impacts_at(stranger, guard), [heard]
    return None, []


def _impacts(guard: Guard) -> Impacts:
    """With the catalogue's bearings whose lines would fit, one line each."""
    shaft_hz = None if guard.order is None else guard.rate_hz / guard.order
    candidates = fits(guard.rate_hz, shaft_hz) if shaft_hz else ()
    return Impacts(guard.rate_hz, guard.order, guard.harmonics, guard.depth, guard.kurtosis, guard.band_hz, candidates)


def _impacts_at(stranger: Stranger, guard: Guard | None) -> Impacts:
    """The same where the network, not the guard, hears it."""
    line, kurtosis = stranger.line, 0.0 if guard is None else guard.kurtosis
    candidates = fits(stranger.rate_hz, stranger.shaft_hz)
    return Impacts(
        stranger.rate_hz, stranger.order, line.harmonics_found, line.depth, kurtosis, line.band_hz, candidates
    )


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
