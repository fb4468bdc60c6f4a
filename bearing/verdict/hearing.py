"""At which speed a bearing is asked for, and what strikes in the machine at that.

A stated speed is held against the signal's own and made exact by its lines. Where they contradict each other both are
asked: a bearing does not show its lines at a speed it does not turn at, and a shaft that knocks is no fault.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bearing.models.order import OrderOpinion, OrderPredictor
from bearing.physics.guard import SHAFT_BESIDE, Guard, blind_spectrum, listen
from bearing.physics.kinematics import FaultOrders, rpm_to_hz
from bearing.physics.shaft.combs import SpeedSpectra
from bearing.physics.shaft.speed import cross_check, estimate_speed
from bearing.recording import FloatArray
from bearing.signal.order_spectrum import Envelopes, TwoViews, refine_shaft_hz, two_views
from bearing.verdict.prepared import SLOWEST_HZ
from bearing.verdict.turning import Turning
from bearing.verdict.words.sentences import percent

__all__ = ["GUARD_REACH", "HIDDEN_WIDTH", "SHORTEST_S", "Hearing", "SpeedAsked", "hear", "lines_of_shaft"]

SHORTEST_S = 0.01  # shorter signals do not resolve the narrowest band, some 700 Hz
DOUBTED_FROM = 0.4  # probability of `normal` from where it is asked again whether nothing strikes
GUARD_REACH = 37.0  # orders: three harmonics of the highest the guard looks at
SPEED_OF_SIGNAL = 0.9  # how sure the signal is of a speed that is asked against a stated one
SAME_SPEED = 0.02  # speeds this close, relative, are asked once
FURTHER_BESIDE = (SHAFT_BESIDE[1], 1.25)  # orders: what strikes there is the shaft where its multiples pose as a part
HIDDEN_WIDTH = 0.02  # orders: a line nearer to a whole number is lost with the shaft's harmonics


@dataclass(frozen=True)
class SpeedAsked:
    """The shaft speed to ask with, None when unknown; where it comes from; how sure it is (0..1).

    `other_rpm` is the signal's own where that contradicts a stated one and both shall be asked. `own_rpm` is where the
    shaft's own comb turned out to stand instead, though no fault shows there. `spoken_rpm` is what the
    signal speaks for where nothing of a shaft stands at the stated speed.
    """

    rpm: float | None
    source: str
    confidence: float
    other_rpm: float | None = None
    own_rpm: float | None = None
    spoken_rpm: float | None = None


@dataclass(frozen=True)
class Hearing:
    """What was heard, and at which speed.

    found : the order network's opinion, None where it could not be asked; `why_not` then says why. guard : what
    strikes, None where nothing can be heard. views : the spectra both looked at, None with no speed known.
    """

    speed: SpeedAsked
    found: OrderOpinion | None
    guard: Guard | None
    views: TwoViews | None
    why_not: str = ""


def hear(
    turning: Turning,
    recorded: tuple[FloatArray, float, Envelopes],
    orders: FaultOrders | None,
    spectra: SpeedSpectra | None,
    envelopes: Envelopes,
    network: OrderPredictor,
) -> Hearing:
    """Ask the network, and listen for what strikes whatever the bearing.

    `turning` holds the signal to judge, `spectra` and `envelopes` are those of it; `recorded` is the signal with its
    rate and envelopes before a moving speed was made still.
    """
    signal, rate_hz = turning.signal, turning.rate_hz
    speed = _speed(turning, orders, spectra)
    found: OrderOpinion | None = None
    guard: Guard | None = None
    views: TwoViews | None = None
    if not (why_not := _deaf(orders, speed.rpm, rate_hz, len(signal))):
        assert orders is not None
        found, heard, speed = _asked(signal, rate_hz, speed, orders, network, envelopes)
        guard, views = heard.guard, heard.views
        if found.probabilities["normal"] >= DOUBTED_FROM:
            stated = turning.confidence == 1.0
            guard = _without_speed(guard, heard.shaft.shaft_hz, signal, rate_hz, envelopes, stated)
            if heard is found and guard.speed_is_wrong:
                speed = replace(speed, own_rpm=60 * heard.shaft.shaft_hz * guard.shaft)
    elif _hears(rate_hz, len(signal)):
        guard, views = _blind_guard(signal, rate_hz, speed.rpm, envelopes)
    if turning.moved is not None and guard is not None and speed.rpm is not None:
        # what strikes at one pace all the time shows only in the signal as it was recorded: the speed was another's
        guard = _without_speed(guard, rpm_to_hz(speed.rpm), *recorded, stated=True)
        if guard.speed_is_wrong:
            speed = replace(speed, own_rpm=speed.rpm * guard.shaft)
    return Hearing(speed, found, guard, views, why_not)


def _speed(turning: Turning, orders: FaultOrders | None, spectra: SpeedSpectra | None) -> SpeedAsked:
    """The known speed, held against the signal's own; or one estimated from the signal."""
    signal, rate_hz = turning.signal, turning.rate_hz
    if turning.rpm is not None:
        known = SpeedAsked(turning.rpm, turning.source, turning.confidence)
        if spectra is None or turning.confidence < 1.0:
            return known
        question = cross_check(signal, rate_hz, turning.rpm, orders, spectra)
        spoken_rpm = question.found.rpm if question.unseen else None
        return replace(known, other_rpm=question.other_rpm or question.far_rpm, spoken_rpm=spoken_rpm)
    if orders is None or spectra is None:
        return SpeedAsked(None, "", 0.0)  # without a bearing no speed would help
    found = estimate_speed(signal, rate_hz, orders, spectra=spectra)
    if found.rpm is None:
        return SpeedAsked(None, "", 0.0)
    return SpeedAsked(found.rpm, f"estimated from the signal ({percent(found.confidence)} sure)", found.confidence)


def _asked(
    signal: FloatArray,
    rate_hz: float,
    speed: SpeedAsked,
    orders: FaultOrders,
    network: OrderPredictor,
    envelopes: Envelopes,
) -> tuple[OrderOpinion, OrderOpinion, SpeedAsked]:
    """The order network's opinion at the speed, made exact from the signal's own lines; and which one to listen to.

    Where the signal is surer of another speed both are asked, and the one at which more of a fault stands is used: a
    bearing does not show its lines at a speed it does not turn at. Where none stands at the other either, but what
    struck was the shaft itself turning at that, it is what is heard there that counts, and the speed is in doubt.
    """
    assert speed.rpm is not None
    first = network.opinion(signal, rate_hz, rpm_to_hz(speed.rpm), orders, envelopes=envelopes)
    found = heard = first
    doubted_hz = None
    if speed.confidence < 1.0:  # an estimate that the shaft contradicts: there is no better one to ask at
        doubted_hz = first.shaft.shaft_hz * first.guard.shaft if first.guard.speed_is_wrong else None
    else:
        for other_hz in _other_speeds(first, speed):
            other = network.opinion(signal, rate_hz, other_hz, orders, envelopes=envelopes)
            if other.probabilities["normal"] < min(found.probabilities["normal"], 0.5):
                speed = replace(speed, source="the signal's own lines", confidence=SPEED_OF_SIGNAL, spoken_rpm=None)
                found = heard = other
            elif found is first and (first.guard.speed_is_wrong or (first.guard.loud and not other.guard.loud)):
                heard, doubted_hz = other, other.shaft.shaft_hz
            elif found is first and lines_of_shaft(first, other.shaft.shaft_hz):
                doubted_hz = other.shaft.shaft_hz
    own_rpm = 60 * doubted_hz if doubted_hz is not None and found is first else None
    return found, heard, replace(speed, rpm=found.shaft.shaft_hz * 60.0, own_rpm=own_rpm)


def _other_speeds(found: OrderOpinion, speed: SpeedAsked) -> list[float]:
    """Where else to ask, in Hz: the speed the spectra speak for, and the one at which the shaft itself may strike."""
    others = [] if speed.other_rpm is None else [rpm_to_hz(speed.other_rpm)]
    striking_hz = found.shaft.shaft_hz * found.guard.shaft if found.guard.speed_is_wrong else _posing_hz(found)
    if striking_hz is not None:
        others += [striking_hz] * all(abs(striking_hz / other - 1) > SAME_SPEED for other in others)
    return others


def _posing_hz(found: OrderOpinion) -> float | None:
    """The pace of what strikes, in Hz, where the shaft may have it and its multiples pose as the part that is named.

    A damaged part strikes at its own line, not at a half or a third of it.
    """
    order, (low, high) = found.guard.order, FURTHER_BESIDE
    if not found.guard.loud or order is None or not low < order <= high:
        return None
    striking_hz = found.shaft.shaft_hz * order
    family = found.envelope.families.get(found.label)
    at_its_line = family is not None and abs(family.order / order - 1) < 0.5
    return striking_hz if lines_of_shaft(found, striking_hz) and not at_its_line else None


def lines_of_shaft(found: OrderOpinion, own_hz: float) -> bool:
    """Whether the lines of the part that is named are whole multiples of another speed, which the shaft may turn at."""
    family = found.envelope.families.get(found.label)
    if family is None:
        return False
    order = family.order * (1 + family.slip) * found.shaft.shaft_hz / own_hz
    return abs(order - round(order)) <= HIDDEN_WIDTH


def _without_speed(
    guard: Guard, shaft_hz: float, signal: FloatArray, rate_hz: float, envelopes: Envelopes, stated: bool
) -> Guard:
    """The guard's answer at a speed, or, where that is silence, the answer without any.

    With a speed some percent off, a fault's line may fall on a whole number and go with the shaft's harmonics. What
    strikes at the shaft's own pace, its half or its double is the shaft's, where that pace was stated: an estimated one
    may be a fault's own. What strikes about once a turn is the shaft's, too, and tells that it turns at another speed.
    """
    if guard.loud:
        return guard
    blind = listen(blind_spectrum(signal, rate_hz, envelopes=envelopes), speed_known=False)
    order = blind.rate_hz / shaft_hz
    if blind.excess <= guard.excess:
        return guard
    if stated and any(abs(order / multiple - 1) < 0.03 for multiple in (0.5, 1.0, 1.5, 2.0)):
        return replace(guard, knock=blind.excess)
    if stated and SHAFT_BESIDE[0] <= order <= SHAFT_BESIDE[1]:
        return replace(guard, shaft=order) if blind.loud else guard
    return replace(blind, order=order)


def _hears(rate_hz: float, samples: int) -> bool:
    return rate_hz >= SLOWEST_HZ and samples >= SHORTEST_S * rate_hz


def _deaf(orders: FaultOrders | None, rpm: float | None, rate_hz: float, samples: int) -> str:
    """Why the envelope cannot be asked for the fault lines, "" where it can."""
    if orders is None or rpm is None:
        return f"Needs {'the bearing' if orders is None else 'the shaft speed'} to know where the fault lines lie."
    if rate_hz < SLOWEST_HZ:
        return f"Needs a sampling rate of {SLOWEST_HZ:g} Hz or more to hear any impact."
    if samples < SHORTEST_S * rate_hz:
        return f"Needs {SHORTEST_S * 1000:g} ms of signal or more."
    return ""


def _blind_guard(
    signal: FloatArray, rate_hz: float, rpm: float | None, envelopes: Envelopes
) -> tuple[Guard, TwoViews | None]:
    """What strikes, with the speed (the shaft's own harmonics aside; then the spectra, too) or without."""
    if rpm is None:
        return listen(blind_spectrum(signal, rate_hz, envelopes=envelopes), speed_known=False), None
    shaft_hz = refine_shaft_hz(signal, rate_hz, rpm_to_hz(rpm), envelopes=envelopes).shaft_hz
    views = two_views(signal, rate_hz, shaft_hz, GUARD_REACH, envelopes)
    guard = listen(views.white)
    if guard.speed_is_wrong:
        shaft_hz *= guard.shaft
        views = two_views(signal, rate_hz, shaft_hz, GUARD_REACH, envelopes)
        guard = listen(views.white)
    return _without_speed(guard, shaft_hz, signal, rate_hz, envelopes, stated=True), views
