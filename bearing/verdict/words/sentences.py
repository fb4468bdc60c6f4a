"""Every sentence about a verdict, in one room: codes and numbers in, short English out, one fact a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from bearing.physics.catalogue import element_named
from bearing.physics.envelope_rule import BEATS_CHANCE, FamilyEvidence
from bearing.physics.shaft.order_tracking import SpeedSource
from bearing.signal.order_spectrum import OrderSpectrum
from bearing.states import state

if TYPE_CHECKING:
    from bearing.physics.candidates import Fit
    from bearing.verdict.detectable import Detectable
    from bearing.verdict.diagnosis import Impacts
    from bearing.verdict.fusion import Verdict
    from bearing.verdict.opinions import Opinion
    from bearing.verdict.turning import SpeedOverTime

__all__ = [
    "Held",
    "agreement_of",
    "burst_sentence",
    "corrected_sentence",
    "detectable_sentence",
    "elements_sentence",
    "elsewhere_words",
    "estimated_sentence",
    "family_remark",
    "family_sentence",
    "fault_title",
    "fit_part",
    "held_sentence",
    "impacts_sentence",
    "moved_sentence",
    "reason_of",
    "set_aside_words",
    "speed_source_words",
    "state_word",
    "watch_sentence",
]

FASTEST_SHAFT_HZ = 100.0  # what strikes as slowly may be a shaft out of balance
BURSTY = 1.0  # spectral kurtosis worth a word; that of Gaussian noise is 0
LINES = {"outer": "BPFO", "inner": "BPFI", "ball": "2 x BSF"}


class Held(StrEnum):
    """What can forbid a statement. The doctor's findings and the network's domain bring sentences of their own."""

    BEARING_UNKNOWN = "bearing unknown"
    SPEED_UNKNOWN = "speed unknown"
    SPEED_UNSURE = "speed unsure"
    HIDDEN_LINES = "hidden lines"
    ESTIMATED_GEOMETRY = "estimated geometry"
    SPEED_TOLD = "speed told"
    OTHER_SPEED = "other speed"
    SPEED_UNSEEN = "speed unseen"
    LINES_OF_SHAFT = "lines of shaft"
    KNOCKS = "knocks"
    SPEED_FOLLOWED = "speed followed"
    NEARLY = "nearly"
    ELSEWHERE = "elsewhere"
    MANY_ELEMENTS = "many elements"
    UNFIT = "unfit"  # with the doctor's sentence
    OUT_OF_DOMAIN = "out of domain"  # with the network's sentence


_HELD = {
    Held.BEARING_UNKNOWN: "the bearing is not known, so its fault frequencies are not: name it, or give geometry or "
    "orders",
    Held.SPEED_UNKNOWN: "the shaft speed is neither given nor readable from the signal: give it",
    Held.SPEED_UNSURE: "the shaft speed is not given and its estimate is only {0} sure: give it",
    Held.HIDDEN_LINES: "{0} cannot be told from a harmonic of the shaft on this bearing",
    Held.ESTIMATED_GEOMETRY: "the inside of {0} is only estimated",
    Held.SPEED_TOLD: "the signal does not show the speed over time that was given: check it",
    Held.OTHER_SPEED: "the shaft's own lines stand at {0} rpm, not at {1} rpm: check the speed",
    Held.SPEED_UNSEEN: "no shaft shows at {0} rpm, the signal speaks for {1} rpm: check the speed",
    Held.LINES_OF_SHAFT: "the lines found are the shaft's own if it turns at {0} rpm instead of {1}: check the speed",
    Held.SPEED_FOLLOWED: "the speed moves and only the signal tells how, which smears faint lines: give it over time",
    Held.KNOCKS: "something strikes at the pace given for the shaft: a knocking shaft, or a fault at another speed",
    Held.NEARLY: "something beats {0} times a second, nearly as deep as what strikes",
    Held.ELSEWHERE: "something beats {0} times a second, {1} times a turn, no line of this bearing: check speed "
    "and bearing",
    Held.MANY_ELEMENTS: "this bearing has {0} rolling elements, the network knows up to {1}: it cannot call it sound",
    Held.UNFIT: "{0}",
    Held.OUT_OF_DOMAIN: "{0}",
}


def held_sentence(code: Held, *facts: object) -> str:
    """What forbids the statement, without a full stop, ready to stand behind ``No verdict:``."""
    return _HELD[code].format(*facts)


def reason_of(
    verdict: Verdict, families: Mapping[str, FamilyEvidence], impacts: Impacts | None, held: Sequence[str], element: str
) -> str:
    """Why this verdict, in two or three short sentences. It never says what the table of lines contradicts.

    element : what rolls in the bearing: ball, roller, or rolling element.
    """
    said = verdict.verdict
    if said in families:
        family = families[said]
        if family.harmonics_found:
            return family_sentence(family, element)
        return f"{family_sentence(family, element)} The network hears bursts as this part makes them."
    if said == "damaged":
        best = max(families.values(), key=lambda family: family.null_score, default=None)
        lines = family_sentence(best, element) if best is not None and best.harmonics_found else ""
        return f"The signal is not that of a healthy bearing, but no part stands out. {lines}".strip()
    if said == "impacts" and impacts is not None:
        why = f" {_capital('; '.join(held))}." if held else ""
        if held or not families:
            return f"{impacts_sentence(impacts)}{why}"
        return impacts_sentence(impacts, elsewhere_words(verdict.best_guess, element))
    if said == "normal":
        return f"No fault line of this bearing stands deep, and nothing strikes. {watch_sentence(families)}".strip()
    if held:
        return f"No verdict: {'; '.join(_inside(one) for one in held)}."
    p = verdict.probabilities[verdict.best_guess]
    guess = _with_article(verdict.best_guess, element)
    return f"It looks most like {guess} ({percent(p)}), too little for a verdict. {watch_sentence(families)}".strip()


def unsaid(reason: str, sentences: Iterable[str]) -> tuple[str, ...]:
    """Those sentences that the reason does not tell already."""
    cores = ((one, one.rstrip(".")) for one in sentences)
    return tuple(one for one, core in cores if core not in reason and _inside(core) not in reason)


_SET_ASIDE = {
    "elsewhere": "not at the bearing",
    "velocity": "acceleration beside it shows more",
    "constant": "it does not move",
    "ramp": "a ramp",
    "pulses": "pulses of a tacho",
    "steps": "steps",
    "one-sided": "no vibration",
    "level": "a slow level",
    "noise": "noise alone",
    "label": "a label",
    "time": "a clock",
    "tacho": "a tacho",
    "counter": "a counter",
    "electrical": "it measures current or voltage",
    "": "no vibration by its name",
}


def set_aside_words(code: str) -> str:
    """Why a channel is not judged with the others: ``it measures temperature``."""
    return _SET_ASIDE.get(code) or f"it measures {code}"


def watch_sentence(families: Mapping[str, FamilyEvidence]) -> str:
    """What stands at the fault lines though no part is named: a table of lines is never passed over in silence."""
    standing = [family for family in families.values() if family.harmonics_found >= 3]
    if not standing:
        return ""
    names = " and ".join(
        f"{LINES[f.family]} ({f.harmonics_found} of {len(f.lines)}, {_height(f)} dB)" for f in standing
    )
    return f"Shallow lines stand at {names}, as healthy bearings show them too: watch them."


def elsewhere_words(best_guess: str | None, element: str) -> str:
    """What strikes, held against the lines of the bearing that was asked for."""
    if best_guess in LINES:
        part = element if best_guess == "ball" else state(best_guess).part.lower()
        return f"; it may be the {part} of this bearing, of which too little stands to say so"
    return ", and fits no line of this bearing"


def impacts_sentence(impacts: Impacts, elsewhere: str = "") -> str:
    """``Something strikes 74.8 times a second, 3.03 times a turn, and fits no line of this bearing.``"""
    turn = "" if impacts.order is None else f", {impacts.order:.2f} times a turn"
    fits = ""
    if impacts.fits:
        fits = f" It would fit {', '.join(f'{fit.bearing} ({fit_part(fit)})' for fit in impacts.fits[:3])}."
    shaft = ""
    if impacts.order is None and impacts.rate_hz <= FASTEST_SHAFT_HZ:
        shaft = f" If the shaft turns at {60 * impacts.rate_hz:.0f} rpm, it is the shaft itself: give the speed."
    return f"Something strikes {impacts.rate_hz:.1f} times a second{turn}{elsewhere}.{shaft}{fits}"


def state_word(key: str, element: str) -> str:
    """A state or part as a word within a sentence, with what rolls in the bearing: ``outer``, ``roller``."""
    return element if key == "ball" else key


def fault_title(key: str, element: str) -> str:
    """A state standing alone: ``Outer race fault``, ``Roller fault``."""
    return f"{element.capitalize()} fault" if key == "ball" else state(key).title


def _with_article(key: str, element: str) -> str:
    title = fault_title(key, element).lower()
    return "a healthy bearing" if key == "normal" else f"{'an' if title[0] in 'aeiou' else 'a'} {title}"


def fit_part(fit: Fit) -> str:
    """Which part of a candidate would strike: ``outer race``, ``roller``, ``cage``."""
    if fit.part == "cage":
        return fit.part
    return element_named(fit.bearing) if fit.part == "ball" else state(fit.part).part.lower()


def family_sentence(family: FamilyEvidence, element: str) -> str:
    """One sentence on one family: ``Outer race: 4 of 4 harmonics found, 14-21 dB over the floor.``"""
    part = element.capitalize() if family.family == "ball" else state(family.family).part
    if not family.harmonics_found:
        return f"{part}: none of {len(family.lines)} harmonics found."
    return (
        f"{part}: {family.harmonics_found} of {len(family.lines)} harmonics found, {_height(family)} dB over the floor."
    )


def _height(family: FamilyEvidence) -> str:
    levels = [line.level_db for line in family.lines if line.found]
    low, high = round(min(levels)), round(max(levels))
    return f"{low}" if low == high else f"{low}-{high}"


def family_remark(family: FamilyEvidence) -> str:
    """What the lines of one family are worth, in one sentence; "" where none was found."""
    if not family.harmonics_found:
        return ""
    if family.suspected:
        return "Suspicious: higher than control frequencies reach, and deep enough for impacts."
    if family.null_score < BEATS_CHANCE:
        return "No finding: control frequencies reach as high in this recording."
    return "No finding: sharp but shallow lines, as healthy bearings show them too."


def burst_sentence(spectrum: OrderSpectrum) -> str:
    """How bursty the burstiest band is, which the network weighs beside the lines; "" where none is."""
    if spectrum.bursts is None:
        return ""
    kurtosis = 2 * np.exp(spectrum.bursts[:, 0]) - 2
    band = int(kurtosis.argmax())
    if kurtosis[band] < BURSTY:
        return ""
    low_hz, high_hz = spectrum.bands[band]
    return f"Bursts heard: kurtosis {kurtosis[band]:.1f} from {low_hz / 1000:.1f} to {high_hz / 1000:.1f} kHz."


_SPEED_SOURCES = {
    SpeedSource.TACHO: "the tacho",
    SpeedSource.COLUMN: "the speed column",
    SpeedSource.HAND: "what was given, made exact by the signal",
    SpeedSource.SIGNAL: "the signal's own lines",
    SpeedSource.NONE: "",
}


def speed_source_words(source: SpeedSource) -> str:
    """Who says how the shaft turned: ``the tacho``."""
    return _SPEED_SOURCES[source]


def moved_sentence(moved: SpeedOverTime) -> str:
    """That the shaft did not hold its speed, and what was done about it."""
    return (
        f"The speed moves from {moved.rpm.min():,.0f} to {moved.rpm.max():,.0f} rpm by "
        f"{speed_source_words(SpeedSource(moved.source))}: judged turn by turn, not second by second."
    )


def corrected_sentence(used_rpm: float, stated_rpm: float, by_signal: bool) -> str:
    """That another speed than the stated one was used: the signal's own, or one near by; it may turn elsewhere."""
    if by_signal:
        return f"Stated {stated_rpm:.0f} rpm, the signal says {used_rpm:.1f} rpm: that was used."
    return f"Judged at {used_rpm:.1f} rpm, by the lines nearest to the stated {stated_rpm:.0f} rpm."


def estimated_sentence(rpm: float, source: str) -> str:
    """That the speed is an estimate, and whose."""
    return f"The shaft speed, {rpm:.0f} rpm, is {source}."


def elements_sentence(elements: int, counts: Sequence[int], element: str) -> str:
    """That the number of rolling elements is a guess, and which one the lines speak for."""
    *first, last = (str(count) for count in counts)
    asked = f"{', '.join(first)} or {last} {element}s"
    return f"The inside of this bearing is estimated: of {asked} the lines stand for {elements}."


def detectable_sentence(found: Detectable, element: str) -> str:
    """How weak a fault would have been seen: ``A fault would have been seen from -18 dB ... on (outer race), ...``"""
    levels = {"outer race": found.outer_db, "inner race": found.inner_db, element: found.ball_db}
    told = ", ".join(f"{part} {'not at all' if db is None else f'{db:.0f} dB'}" for part, db in levels.items())
    return f"A fault of so much power, compared with the whole signal, would have been seen: {told}."


def agreement_of(opinions: Mapping[str, Opinion], element: str = "ball") -> str:
    """Who agrees with whom, in one sentence; an opinion from outside its domain is named as such."""
    said = [opinion for opinion in opinions.values() if opinion.verdict is not None]
    if not said:
        return "No opinion could be formed."
    if len(said) == 1:
        return f"Only the {said[0].title} has an opinion{_outside(said[0])}."
    sides: dict[str, list[str]] = {}
    for opinion in said:
        sides.setdefault(state_word(str(opinion.verdict), element), []).append(
            f"the {opinion.title}{_outside(opinion)}"
        )
    if len(sides) == 1:
        names = "Both opinions" if len(said) == 2 else "All three opinions"
        outside = " and ".join(f"the {opinion.title}" for opinion in said if not opinion.in_domain)
        return f"{names} agree{f' ({outside} outside its training)' if outside else ''}."
    parts = [
        f"{' and '.join(names)} {'say' if len(names) > 1 else 'says'} {verdict}" for verdict, names in sides.items()
    ]
    return f"Opinions differ: {'; '.join(parts)}."


def _outside(opinion: Opinion) -> str:
    return "" if opinion.in_domain else " (outside its training)"


def _inside(sentence: str) -> str:
    """A sentence to stand behind a colon."""
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() else sentence


def percent(share: float) -> str:
    """A whole percent of what is never quite certain: ``> 99 %``."""
    return "> 99 %" if share > 0.995 else whole_percent(share)


def whole_percent(share: float) -> str:
    """``42 %``"""
    return f"{share:.0%}".replace("%", " %")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
