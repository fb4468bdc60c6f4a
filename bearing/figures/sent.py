"""A figure as a page sends it to a browser, so that plotly draws it once.

Streamlit's page hands every chart to plotly twice, the second time as a copy. Plotly compares copies: lists of numbers
that are told to be of one revision (`DRAWN_ONCE`) count as equal, arrays in base64 and a template never do, and the
whole figure is drawn again. So numbers travel as lists, and without a template: every figure here has all of its look
itself. Text is `INK`, to be read on paper; the pages' own style puts their colour in its place.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import plotly.graph_objects as go

__all__ = ["Sent"]

DIGITS = 6  # of the largest number of an array: more than any screen has pixels


class Sent(go.Figure):
    """A copy of a figure; `selects`: which selection the page listens to (points or box), nothing without."""

    def __init__(self, figure: go.Figure, selects: str = "") -> None:
        super().__init__(figure.data, figure.layout.to_plotly_json() | {"template": {}})
        if selects:  # as Streamlit sets it after the first drawing: said at once, nothing is left to draw anew
            self.update_layout(
                clickmode="event" if selects == "box" else "event+select",
                dragmode="select" if selects == "box" else self.layout.dragmode or "pan",
            )

    def to_dict(self) -> dict[str, Any]:
        """The figure as plain data."""
        said: dict[str, Any] = _plain(super().to_dict())
        said["layout"].pop("template", None)
        return said


def _plain(value: Any) -> Any:
    """The same with every array, in base64 or not, as a list of numbers."""
    if isinstance(value, dict):
        return _numbers(value) if "bdata" in value else {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def _numbers(packed: dict[str, Any]) -> Any:
    """Plotly's ``{"dtype": "f4", "bdata": "..."[, "shape": "2, 3"]}`` as numbers, no longer than they are exact."""
    values = np.frombuffer(base64.b64decode(packed["bdata"]), dtype=packed["dtype"])
    if "shape" in packed:
        values = values.reshape([int(size) for size in str(packed["shape"]).split(",")])
    if values.dtype.kind != "f":
        return values.tolist()
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max(initial=0.0))
    places = DIGITS - int(np.ceil(np.log10(largest))) if largest > 0 else 0
    return np.round(values.astype(np.float64), min(places, 300)).tolist()
