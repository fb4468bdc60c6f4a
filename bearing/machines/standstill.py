"""Measurements of a machine that stood still, or of a sensor that was off: far below all others, nothing to compare."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bearing.machines.limits.rules import in_db
from bearing.machines.measure import Measurement

__all__ = ["GAP_DB", "standing_still"]

GAP_DB = 26.0  # 20 times; a sensor's own noise lies 30 to 60 dB below a machine that runs
FEWEST_RUNNING, RUNNING_SHARE = 4, 0.25  # fewer loud ones may be a broken sensor, or a machine that has just broken


def standing_still(measured: Sequence[Measurement]) -> NDArray[np.bool_]:
    """Which measurements lie below the widest gap between all their levels, where it is as wide as `GAP_DB`.

    No fault grows by so much without a measurement in between.
    """
    rms_db = np.array([in_db("rms", m.values.get("rms")) for m in measured])
    known = np.sort(rms_db[np.isfinite(rms_db)])
    none = np.zeros(len(measured), bool)
    if len(known) < 2:
        return none
    gaps = np.diff(known)
    at = int(gaps.argmax())
    running = len(known) - 1 - at
    if gaps[at] < GAP_DB or running < max(FEWEST_RUNNING, math.ceil(RUNNING_SHARE * len(known))):
        return none
    return np.asarray(rms_db <= known[at], bool)
