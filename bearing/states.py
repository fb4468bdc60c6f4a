"""One word, one colour and one icon per health state, used by every page, chart and table.

Colours: Okabe & Ito's palette, distinguishable with any colour vision, chosen to stand on light and dark grounds.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MACHINE_STATES", "STATES", "HealthState", "state"]


@dataclass(frozen=True)
class HealthState:
    """`key` is the name in data; `title` and `sentence` are for people; `icon` is a Material symbol."""

    key: str
    title: str
    sentence: str
    colour: str
    icon: str
    symbol: str  # plotly marker: a second channel besides colour


STATES: dict[str, HealthState] = {
    s.key: s
    for s in (
        HealthState("normal", "Healthy", "No bearing fault found", "#009E73", ":material/check_circle:", "circle"),
        HealthState(
            "inner", "Inner race fault", "The inner race is damaged", "#D55E00", ":material/adjust:", "diamond"
        ),
        HealthState(
            "outer", "Outer race fault", "The outer race is damaged", "#0072B2", ":material/trip_origin:", "square"
        ),
        HealthState(
            "ball", "Ball fault", "A rolling element is damaged", "#CC79A7", ":material/bubble_chart:", "triangle-up"
        ),
        HealthState(
            "uncertain", "Uncertain", "The evidence does not carry a verdict", "#8A8F98", ":material/help:", "x"
        ),
    )
}

MACHINE_STATES: dict[str, HealthState] = {
    s.key: s
    for s in (
        HealthState(
            "no data", "No data", "Too few measurements", "#8A8F98", ":material/hourglass_empty:", "circle-open"
        ),
        HealthState("ok", "OK", "Nothing changed", "#009E73", ":material/check_circle:", "circle"),
        HealthState("watch", "Watch", "Something began to change", "#56B4E9", ":material/visibility:", "triangle-up"),
        HealthState("alert", "Alert", "It changed beyond what is usual", "#E69F00", ":material/warning:", "diamond"),
        HealthState("alarm", "Alarm", "It changed greatly and for long", "#D55E00", ":material/error:", "square"),
    )
}  # mildest first


def state(key: str) -> HealthState:
    """The state of a verdict or label; KeyError for a name that is none."""
    return STATES[key]
