"""How windows are divided into training and hold-out: at random, or by something that leaks less."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bearing.errors import ParameterError

__all__ = ["random_split"]

IndexArray = NDArray[np.int64]


def random_split(n: int, train_fraction: float = 0.7, seed: int = 42) -> tuple[IndexArray, IndexArray]:
    """Indices of a random split of n items, both sorted: (train, hold-out), the 70:30 of the original system.

    Neighbouring windows of one recording land on both sides, so the hold-out says nothing about other bearings.
    """
    if not 0 < train_fraction < 1:
        raise ParameterError(f"The training share lies between 0 and 1, got {train_fraction:g}.")
    order = np.random.default_rng(seed).permutation(n)
    cut = round(n * train_fraction)
    return np.sort(order[:cut]), np.sort(order[cut:])
