"""The gate for single numbers from outside; arrays have theirs in `bearing.recording`."""

from __future__ import annotations

import math
from numbers import Real

from bearing.errors import ParameterError

__all__ = ["check_number"]


def check_number(value: object, what: str, within: tuple[float, float] | None = None, unit: str = "") -> float:
    """A finite real number as a float, in the closed range `within` where one is given.

    Raises ParameterError when it is not, with `what` as the subject of the sentence.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ParameterError(f"{what} must be a number, got {value!r}.")
    try:
        number = float(value)
    except OverflowError:
        raise ParameterError(f"{what} is a number beyond all measure.") from None
    if within is not None and not within[0] <= number <= within[1]:  # catches NaN, too
        shown = f"{within[0]:,.10g} and {within[1]:,.10g} {unit}".rstrip()
        raise ParameterError(f"{what} must lie between {shown}, got {number:g}.")
    if not math.isfinite(number):
        raise ParameterError(f"{what} must be a finite number, got {number:g}.")
    return number
