"""Health states, fault families and what they are called: once, for every page, chart, table and sentence.

How a state looks is in `bearing.figures.looks`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

__all__ = [
    "CLASSES",
    "FAMILIES",
    "FAULTS",
    "LABELS",
    "MACHINE_STATES",
    "STATES",
    "UNCERTAIN",
    "URGENCY",
    "Family",
    "HealthState",
    "Label",
    "MachineState",
    "State",
    "state",
]

Family = Literal["outer", "inner", "ball"]
"""A family of fault lines: BPFO, BPFI, 2×BSF."""
Label = Literal["normal", "inner", "outer", "ball"]
"""What a bearing truly is, where that is known."""
State = Literal["normal", "inner", "outer", "ball", "damaged", "impacts", "uncertain"]
"""What a verdict can say."""
MachineState = Literal["no data", "ok", "watch", "alert", "alarm"]
"""What a machine's history can say."""

FAMILIES: tuple[str, ...] = get_args(Family)  # in the order of every array with an axis of families
LABELS: tuple[str, ...] = get_args(Label)  # in the order of tables and charts
CLASSES: tuple[str, ...] = ("normal", *FAMILIES)  # in the order of the order network's outputs
UNCERTAIN = "uncertain"
FAULTS: tuple[str, ...] = ("inner", "outer", "ball", "damaged")  # verdicts that call the bearing damaged
# From the worst down: a named part, damage somewhere, something that strikes, what cannot be told, health.
URGENCY: dict[str, int] = {
    **dict.fromkeys(FAMILIES, 0), "damaged": 1, "impacts": 2, UNCERTAIN: 3, "normal": 4,
}  # fmt: skip


@dataclass(frozen=True)
class HealthState:
    """`key` is the name in data. For people: `title` alone, `part` where space is short, `sentence` in a text."""

    key: State | MachineState
    title: str
    part: str
    sentence: str


STATES: dict[str, HealthState] = {
    s.key: s
    for s in (
        HealthState("normal", "Healthy", "Healthy", "No bearing fault found"),
        HealthState("inner", "Inner race fault", "Inner race", "The inner race is damaged"),
        HealthState("outer", "Outer race fault", "Outer race", "The outer race is damaged"),
        HealthState("ball", "Ball fault", "Ball", "A rolling element is damaged"),
        HealthState(
            "damaged",
            "Bearing damage, part unclear",
            "Damage",
            "The bearing is damaged, and the evidence does not say which part",
        ),
        HealthState("impacts", "Something strikes", "Impacts", "Something strikes that need not be the bearing"),
        HealthState("uncertain", "Uncertain", "Uncertain", "The evidence does not carry a verdict"),
    )
}

MACHINE_STATES: dict[str, HealthState] = {
    s.key: s
    for s in (
        HealthState("no data", "Learning", "Learning", "What is usual is not known yet"),
        HealthState("ok", "OK", "OK", "Nothing changed"),
        HealthState("watch", "Watch", "Watch", "Something began to change"),
        HealthState("alert", "Alert", "Alert", "It changed beyond what is usual"),
        HealthState("alarm", "Alarm", "Alarm", "It changed greatly and for long"),
    )
}  # mildest first


def state(key: str) -> HealthState:
    """The state of a verdict or label; KeyError for a name that is none."""
    return STATES[key]
