"""The verdict for the person at the machine: what was found, how sure that is, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from bearing.states import URGENCY, state
from bearing.verdict.fusion import Count
from bearing.verdict.words.sentences import elsewhere_words, impacts_sentence, percent

if TYPE_CHECKING:
    from bearing.physics.envelope_rule import FamilyEvidence
    from bearing.verdict.diagnosis import Diagnosis

__all__ = [
    "Sureness",
    "advice",
    "cnn_counts",
    "counted_sentence",
    "finding",
    "finding_short",
    "part_of",
    "percent",
    "strongest_family",
    "sureness",
    "sureness_words",
    "why",
    "worst_first",
]

SURE_FROM, LIKELY_FROM = 0.9, 0.6


class Sureness(StrEnum):
    """How sure a statement is, in one word."""

    SURE = "sure"
    LIKELY = "likely"
    UNCLEAR = "unclear"


def sureness(diagnosis: Diagnosis) -> Sureness:
    """The counted confidence in one word; an uncertain verdict is unclear whatever its best guess."""
    if diagnosis.verdict == "uncertain" or diagnosis.confidence < LIKELY_FROM:
        return Sureness.UNCLEAR
    return Sureness.SURE if diagnosis.confidence >= SURE_FROM else Sureness.LIKELY


def sureness_words(diagnosis: Diagnosis) -> str:
    """``likely, 73 %``; of an uncertain verdict ``unclear, best guess healthy 50 %``, where there is a guess."""
    word = sureness(diagnosis)
    if diagnosis.verdict != "uncertain":
        return f"{word}, {percent(diagnosis.confidence)}"
    if not diagnosis.has_guess or diagnosis.best_guess is None:
        return str(word)
    return f"{word}, best guess {part_of(diagnosis, diagnosis.best_guess).lower()} {percent(diagnosis.confidence)}"


def counted_sentence(count: Count) -> str:
    """What the confidence rests on; "" where nothing was counted."""
    if not count.told:
        return ""
    wrong = "none was wrong" if count.wrong == 0 else f"{count.wrong} {'was' if count.wrong == 1 else 'were'} wrong"
    return f"Counted on {count.bearings} bearings never seen before: of {count.told} such statements {wrong}."


def part_of(diagnosis: Diagnosis, family: str) -> str:
    """The short name of a state or family, with what rolls in this bearing: ``Outer race``, ``Roller``."""
    return diagnosis.element.capitalize() if family == "ball" else state(family).part


def finding_short(diagnosis: Diagnosis) -> str:
    """For a list: ``Outer race, sure``."""
    return (
        f"{part_of(diagnosis, diagnosis.verdict)}, {sureness(diagnosis)}"
        if (diagnosis.verdict != "uncertain")
        else state("uncertain").part
    )


def worst_first(diagnoses: Iterable[Diagnosis]) -> list[Diagnosis]:
    """A named part, damage, something that strikes, what cannot be told, health; the surer first of each."""
    return sorted(diagnoses, key=lambda one: (URGENCY[one.verdict], -one.confidence))


def strongest_family(diagnosis: Diagnosis) -> FamilyEvidence | None:
    """The family a person should look at: the verdict's, else the one whose lines stand highest; None without any."""
    found = diagnosis.evidence
    if not found:
        return None
    return found.get(diagnosis.verdict) or max(found.values(), key=lambda family: family.null_score)


def cnn_counts(diagnosis: Diagnosis) -> bool:
    """Whether the waveform CNN says anything about this recording: it has an opinion, and knows the machine."""
    opinion = diagnosis.opinions.get("cnn")
    return opinion is not None and opinion.verdict is not None and opinion.in_domain


def finding(diagnosis: Diagnosis) -> str:
    """What was found, in one short sentence that says no more than is known."""
    verdict, sure = diagnosis.verdict, sureness(diagnosis)
    if verdict == "normal":
        return "No bearing damage found."
    if verdict == "impacts":
        return "Something strikes."
    if verdict == "uncertain":
        return "This recording cannot be judged." if diagnosis.doctor.severity == "severe" else "No verdict."
    part = {"outer": "Outer race damage", "inner": "Inner race damage", "damaged": "Bearing damage"}.get(
        verdict, f"{diagnosis.element.capitalize()} damage"
    )
    unclear = ", part unclear" if verdict == "damaged" else ""
    if sure is Sureness.SURE:
        return f"{part}{unclear}."
    if sure is Sureness.LIKELY:
        return f"{part} likely{unclear}."
    return f"Perhaps {part[:1].lower()}{part[1:]}{unclear}."


def why(diagnosis: Diagnosis) -> str:
    """The reason without what `advice` says already; bearings that would fit are `diagnosis.impacts.fits`."""
    if diagnosis.verdict == "impacts" and diagnosis.impacts is not None:
        elsewhere = elsewhere_words(diagnosis.best_guess, diagnosis.element)
        said = elsewhere if elsewhere in diagnosis.reason else ""
        return impacts_sentence(replace(diagnosis.impacts, fits=()), said)
    reason = diagnosis.reason.removeprefix("No verdict: ")  # `finding` says that
    return reason[:1].upper() + reason[1:] if reason != diagnosis.reason else reason


def advice(diagnosis: Diagnosis) -> str:
    """What to do, in one or two short sentences: a rule for the kind of finding, no measure of how far damage went."""
    d, sure = diagnosis, sureness(diagnosis)
    if d.verdict == "normal":
        return "Measure again at the usual interval."
    if d.verdict in ("inner", "outer", "ball"):
        if sure is Sureness.SURE:
            return "Plan to change the bearing; measure again within two weeks."
        return "Measure again within two weeks; plan a change if it stays."
    if d.verdict == "damaged":
        return "Measure again within a week, nearer to the bearing and for longer."
    if d.doctor.severity == "severe":
        return "Check the sensor, the cable and the settings, and measure again."
    if d.bearing is None and d.verdict == "impacts":
        return "Name the bearing: then it can be told whether the bearing is it."
    if d.bearing is None:
        speed = " and give the shaft speed" if d.shaft_rpm is None else ""
        return f"Name the bearing{speed}: without, no fault line can be looked for."
    if d.shaft_rpm is None:
        return "Give the shaft speed."
    if d.verdict == "impacts":
        return "Check which bearing is fitted; look at gears, coupling, belt and the next bearing."
    return "Check speed and bearing; measure again, for ten seconds or more at a steady speed."
