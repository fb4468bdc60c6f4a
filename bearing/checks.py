"""The gate for single numbers that a caller gives; arrays have theirs in `bearing.recording`."""

from __future__ import annotations

from numbers import Real

from bearing.errors import ParameterError

__all__ = ["check_number"]


def check_number(value: object, what: str) -> float:
    """A real number as a float; ParameterError when it is none, with `what` as the subject of the sentence."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ParameterError(f"{what} must be a number, got {value!r}.")
    try:
        return float(value)
    except OverflowError:
        raise ParameterError(f"{what} is a number beyond all measure.") from None
