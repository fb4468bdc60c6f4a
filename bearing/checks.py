"""The gate for single numbers from outside; arrays have theirs in `bearing.recording`."""

from __future__ import annotations

import math
from numbers import Real

from bearing.errors import ParameterError

__all__ = ["check_number", "shown"]


def shown(value: object) -> str:
    """A value from outside as a sentence quotes it: its `repr`, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # an integer of more digits than Python writes out
        text = f"a {type(value).__name__} beyond all measure"
    return text if len(text) <= 80 else f"{text[:77]}..."


def check_number(value: object, what: str, within: tuple[float, float] | None = None, unit: str = "") -> float:
    """A finite real number as a float, in the closed range `within` where one is given.

    Raises ParameterError when it is not, with `what` as the subject of the sentence.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ParameterError(f"{what} must be a number, got {shown(value)}.")
    try:
        number = float(value)
    except OverflowError:
        raise ParameterError(f"{what} is a number beyond all measure.") from None
    if within is not None and not within[0] <= number <= within[1]:  # catches NaN, too
        limits = f"{within[0]:,.10g} and {within[1]:,.10g} {unit}".rstrip()
        raise ParameterError(f"{what} must lie between {limits}, got {number:g}.")
    if not math.isfinite(number):
        raise ParameterError(f"{what} must be a finite number, got {number:g}.")
    return number
