"""The verdict of a measuring point: what its last recordings say, and which lines rose over its own baseline.

A recording alone is asked "do lines stand here"; with a sound baseline the question is "which lines rose since". A line
that stood from the first day is the machine's own; one that grew and stands is the bearing's. So where the recordings
alone stay uncertain (or see nothing), lines in alarm make it `damaged`. They name the part only when they rose by
`NAMED_DB`: on CWRU weak faults of balls raise the lines of the races, by up to 12 dB, and nothing that was tried parts
the two (`python -m benchmarks.own_baseline`).

Recordings that were joined have no verdict of their own, and what stands in their average is none either: asked alone,
it called 3 of 4 sound bearings of a second rig damaged (`python -m benchmarks.joined`). Only what rose over the
machine's own baseline counts. Parts that so few turns do not tell apart are `damaged`, and only in a state of alarm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bearing.machines.limits.assess import Assessment
from bearing.machines.limits.rules import STATES
from bearing.machines.measure import Measurement, Verdict
from bearing.states import FAMILIES

__all__ = ["NOT_ASKED", "is_fault", "most_said", "of_joined", "over_baseline"]

NAMED_DB, AHEAD_DB = 15.0, 2.0
LAST = 3
KINDS = ("rise", "line")
RIGHT, TOLD = 3, 3  # bearings of those that CWRU's recordings alone leave uncertain: counted by that benchmark
CONFIDENCE = (RIGHT + 1) / (TOLD + 2)
NOT_COUNTED = 0.5  # by the same rule, of statements that were counted on nothing measured
NOT_ASKED = Verdict("uncertain", 0.0, "no recording has been diagnosed in full", (), 0)
PARTS = {"outer": "the outer race", "inner": "the inner race", "ball": "a rolling element"}


def is_fault(verdict: str) -> bool:
    """Whether a verdict says that something is damaged or strikes."""
    return verdict not in ("normal", "uncertain")


def most_said(said: Sequence[Verdict]) -> Verdict:
    """The verdict of most of them, in the words of the surest.

    Where most name a fault but not the same one, the most that they agree on: `damaged`, else `impacts`. `normal` needs
    that none names a fault: a fault is heard first in one recording. Anything else is `uncertain`.
    """
    if not said:
        return NOT_ASKED
    names = [v.verdict for v in said]
    top = max(dict.fromkeys(names), key=names.count)
    if names.count(top) * 2 <= len(names) or (top == "normal" and any(map(is_fault, names))):
        why = f"the last recordings disagree: {', '.join(names)}"
        damaged = [v for v in said if v.verdict in (*FAMILIES, "damaged")]
        for agreed, those in (("damaged", damaged), ("impacts", [v for v in said if is_fault(v.verdict)])):
            if len(those) * 2 > len(said):
                return Verdict(agreed, min(v.confidence for v in those), why, (), len(said))
        return Verdict("uncertain", 0.0, why, (), len(said))
    surest = max((v for v in said if v.verdict == top), key=lambda v: v.confidence)
    return replace(surest, recordings=len(said))


def of_joined(measured: Sequence[Measurement], found: Assessment) -> Verdict:
    """What recordings too short for a verdict say together, the last of them being joined."""
    count = min(LAST * measured[-1].joined, len(measured))
    few = f"{measured[-1].turns:.1f} turns a recording are too few for a verdict"
    about = f"{few}; {measured[-1].joined} in a row are joined"
    risen = [family for family in FAMILIES if _worst(family, found) in ("alert", "alarm")]
    if not risen:
        return Verdict("uncertain", 0.0, f"{about}: no lines rose over the machine's own baseline.", (), count)
    which, rise_db = " and ".join(PARTS[f] for f in risen), max(_rise(f, measured, found) for f in risen)
    how = f"{about}: the lines around {which} rose by {rise_db:.0f} dB over the machine's own baseline"
    if found.state != "alarm":
        return Verdict("uncertain", 0.0, f"{how}.", (), count)
    return Verdict("damaged", NOT_COUNTED, f"{how}, its state is alarm; which part it is they do not tell.", (), count)


def over_baseline(said: Verdict, measured: Sequence[Measurement], found: Assessment) -> Verdict:
    """What the last recordings say, sharpened by which lines stand in alarm over the baseline at the end."""
    in_alarm = [family for family in FAMILIES if _worst(family, found) == "alarm"]
    if not in_alarm:
        return said
    rises = {family: _rise(family, measured, found) for family in FAMILIES}
    first, second = sorted(FAMILIES, key=lambda family: -rises[family])[:2]
    how = f"the lines of {PARTS[first]} rose by {rises[first]:.0f} dB over the machine's own baseline and stand"
    if said.verdict in FAMILIES:
        if said.verdict in in_alarm:
            return replace(said, reason=f"{said.reason} Over time: {how if first == said.verdict else 'they rose'}.")
        told = f"the recordings alone name {PARTS[said.verdict]}, but {how}"
        return replace(said, warnings=(*said.warnings, f"{told[0].upper()}{told[1:]}."))
    joined = min(LAST * measured[-1].joined, len(measured))
    if first in in_alarm and rises[first] >= NAMED_DB and rises[first] - rises[second] >= AHEAD_DB:
        return Verdict(first, CONFIDENCE, f"{how[0].upper()}{how[1:]}.", said.warnings, joined)
    why = f"{how[0].upper()}{how[1:]}; which part it is they do not tell."
    return Verdict("damaged", CONFIDENCE, why, said.warnings, joined)


def _worst(family: str, found: Assessment) -> str:
    """The worse state of a part's lines at the end, by the two ways to tell."""
    states = [limit.state for kind in KINDS if (limit := found.limits.get(f"{kind}_{family}_db"))]
    return max(states, key=STATES.index, default="no data")


def _rise(family: str, measured: Sequence[Measurement], found: Assessment) -> float:
    """How far the lines of a part stand over the baseline at the end, in dB; the greater of the two ways to tell."""
    rises = [0.0]
    for kind in KINDS:
        name = f"{kind}_{family}_db"
        limit = found.limits.get(name)
        last = sorted(m.values[name] for m in measured[-LAST:] if name in m.values)
        if limit is not None and last:
            rises.append(last[len(last) // 2] - limit.baseline_db)
    return max(rises)
