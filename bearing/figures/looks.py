"""One colour and one marker per health state, in every chart, report and page.

Colours: Okabe & Ito's palette, and two beside it for what it has none left; distinguishable with any colour vision,
chosen to stand on light and dark grounds. Markers are the second channel besides colour.
"""

from __future__ import annotations

from dataclasses import dataclass

from bearing.states import MachineState, State

__all__ = ["LOOKS", "MACHINE_LOOKS", "Look"]


@dataclass(frozen=True)
class Look:
    """`symbol` is the name of a plotly marker."""

    colour: str
    symbol: str


_LOOKS: dict[State, Look] = {  # mypy sees a misspelt state
    "normal": Look("#009E73", "circle"),
    "inner": Look("#D55E00", "diamond"),
    "outer": Look("#0072B2", "square"),
    "ball": Look("#CC79A7", "triangle-up"),
    "damaged": Look("#A8324A", "hexagon"),
    "impacts": Look("#B37A00", "star"),
    "uncertain": Look("#8A8F98", "x"),
}
LOOKS: dict[str, Look] = dict(_LOOKS.items())

_MACHINE_LOOKS: dict[MachineState, Look] = {
    "no data": Look("#8A8F98", "circle-open"),
    "ok": Look("#009E73", "circle"),
    "watch": Look("#56B4E9", "triangle-up"),
    "alert": Look("#E69F00", "diamond"),
    "alarm": Look("#D55E00", "square"),
}
MACHINE_LOOKS: dict[str, Look] = dict(_MACHINE_LOOKS.items())
