"""One column of numbers as a file holds it; and how matrices, snapshots and samples along rows become columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bearing.errors import UnsupportedFormat
from bearing.readers.columns.clock import rises
from bearing.readers.names import clean_name
from bearing.recording import FloatArray
from bearing.settings import Limits

__all__ = [
    "Column",
    "MOST_UNNAMED_CHANNELS",
    "columns_of",
    "holds_snapshots",
    "joined_at",
    "joined_pieces",
    "unwrapped",
]

MOST_UNNAMED_CHANNELS = 8  # a nameless matrix with more short rows than this holds snapshots of one channel
LONGEST_PIECE = 4_096  # a longer row is judged well enough on its own
SHORTEST_PIECE = 256  # samples of a snapshot, where there are more snapshots than that


@dataclass(frozen=True)
class Column:
    """One named column of numbers, shape (n,), as it stands in the file.

    `named` is False for a made-up name, `stamp` True for dates or times of day in seconds. A channel joined of equal
    `pieces` is `seamless` when they plainly follow each other.
    `started` is the first stamp of a clock with dates, ISO 8601. `labels` are the few words a column of text consists
    of, `values` then which of them stands in each row.
    """

    name: str
    values: FloatArray
    unit: str = ""
    named: bool = True
    stamp: bool = False
    pieces: int = 1
    seamless: bool = True
    started: str = ""
    labels: tuple[str, ...] = ()


def columns_of(matrix: np.ndarray, name: str, bounds: Limits) -> list[Column]:
    """The channels of a 1-D or 2-D array: the smaller side counts channels, as no recording is that short."""
    table = np.atleast_1d(matrix)
    if table.ndim > 2:
        table = np.squeeze(table)
    if table.ndim == 3 and min(table.shape) <= MOST_UNNAMED_CHANNELS:  # (snapshots, samples, axes), in any order
        table = np.moveaxis(table, int(np.argmin(table.shape)), 0)
        table = table if table.shape[1] < table.shape[2] else table.transpose(0, 2, 1)
        return [joined_pieces(f"{name or 'column'} {index + 1}", pieces) for index, pieces in enumerate(table)]
    if table.ndim == 1:
        return [Column(name, np.asarray(table, dtype=np.float64))]
    if table.ndim != 2:
        raise UnsupportedFormat(
            f"'{clean_name(name)}' has {table.ndim} dimensions, expected one or two: (samples, channels)."
        )
    if holds_snapshots(table.shape):
        return [joined_pieces(name or "signal", _along_rows(table))]
    if table.shape[0] < table.shape[1]:
        table = table.T
    bounds.check_columns(table.shape[1])
    if table.shape[1] == 1:
        return [Column(name, np.asarray(table[:, 0], dtype=np.float64))]
    return [
        Column(
            f"{name} {index + 1}" if name else f"column {index + 1}",
            np.ascontiguousarray(column, np.float64),
            "",
            False,
        )
        for index, column in enumerate(table.T)
    ]


def holds_snapshots(shape: Sequence[int]) -> bool:
    """Whether a matrix holds equal pieces of one channel: more than a machine has sensors, none a recording alone.

    The longer side is that of the samples, unless only the shorter one can be that of snapshots by the thousand.
    """
    few, many = sorted(shape)
    if few <= MOST_UNNAMED_CHANNELS:
        return False
    return many <= LONGEST_PIECE or (few >= SHORTEST_PIECE and few & (few - 1) == 0)


def _along_rows(table: np.ndarray) -> np.ndarray:
    """Snapshots as rows. Neighbours in time are alike, neighbours among snapshots are not; else the longer side."""
    rows, columns = table.shape
    if min(rows, columns) >= SHORTEST_PIECE:
        within, across = (abs(_neighbours(one)) for one in (table[:256], table[:, :256].T))
        if abs(within - across) > 0.1:
            return table if within > across else table.T
        powers = [size & (size - 1) == 0 for size in (rows, columns)]
        if powers[0] != powers[1]:
            return table if powers[1] else table.T
    return table if columns >= rows else table.T


def _neighbours(rows: np.ndarray) -> float:
    """Correlation of samples that follow each other in the rows of a matrix."""
    values = np.asarray(rows, dtype=np.float64)
    values = np.where(np.isfinite(values), values, 0.0)
    values -= values.mean(axis=1, keepdims=True)
    power = float(np.square(values).sum())
    return float((values[:, 1:] * values[:, :-1]).sum()) / power if power > 0 else 0.0


def unwrapped(columns: Sequence[Column]) -> list[Column]:
    """Samples that follow each other along the rows (`s0 s1 ... s7`, or ten numbers a line) in one column, as before.

    Told by the correlation of neighbours 1, 2, ... apart, which is then the same along the rows and from the end of one
    to the beginning of the next. A clock in front keeps its stamps, one a row.
    """
    names = [re.sub(r"[\d_.\[\]() ]+", "", column.name) if column.named else "" for column in columns]
    clock = columns[0] if len(columns) > 2 and (columns[0].stamp or names[0] != names[1]) else None
    if clock is None and len(columns) > 2 and not columns[0].named and rises(columns[0].values[:4_096]):
        clock = columns[0]
    samples = list(columns[1:] if clock else columns)
    alike = len(set(names[1:] if clock else names)) == 1 and len({column.unit for column in samples}) == 1
    if len(samples) < 3 or not alike or len({column.values.size for column in samples}) != 1:
        return list(columns)
    if not _runs_along_rows(np.stack([column.values[:8_192] for column in samples], axis=1)):
        return list(columns)
    whole = np.stack([column.values for column in samples], axis=1).reshape(-1)
    stem = names[-1].strip("-_ ") or "signal"
    one = Column(stem, whole, samples[0].unit, bool(names[-1]), pieces=1)
    if clock is None:
        return [one]
    stamps = np.full(whole.size, np.nan)
    stamps[:: len(samples)] = clock.values
    return [replace(clock, values=stamps, named=True), one]


def _runs_along_rows(table: FloatArray) -> bool:
    """Whether the rows of a table, shape (rows, columns), are one signal cut into pieces."""
    table = table[np.isfinite(table).all(axis=1)]
    rows, width = table.shape
    centred = table - table.mean(axis=0)
    spread = centred.std(axis=0)
    if rows < 64 or not (spread > 0).all() or spread.max() > 1.3 * spread.min():
        return False
    unit = centred / spread
    within, across = unit.T @ unit / rows, unit[:-1].T @ unit[1:] / (rows - 1)
    lags = range(1, width)
    inside = [np.diagonal(within, lag) for lag in lags]
    joints = np.array([np.diagonal(across, lag - width).mean() for lag in lags])
    means = np.array([of_lag.mean() for of_lag in inside])
    even = max(float(np.ptp(of_lag)) for of_lag in inside) < 0.1 + 6 / rows**0.5
    telling = float(np.abs(means).max()) > 0.2 and float(np.ptp(means)) > 0.15
    return even and telling and float(np.abs(joints - means).max()) < 0.05 + 4 / rows**0.5


def joined_pieces(name: str, pieces: np.ndarray, unit: str = "") -> Column:
    """Snapshots of equal length, shape (pieces, samples), as one channel, counted; each about its own mean."""
    rows = np.asarray(pieces, dtype=np.float64)
    whole = Column(name, rows.reshape(-1), unit, False)
    return joined_at(whole, np.arange(1, len(rows)) * rows.shape[1]) if len(rows) > 1 else whole


def joined_at(column: Column, breaks: NDArray[np.int64]) -> Column:
    """A channel whose rows may not follow each other at `breaks`; if so, each piece about its own mean.

    Whether they do shows at the joints: the step across them is then like any other.
    """
    x = np.asarray(column.values, dtype=np.float64)
    edges = np.concatenate(([0], breaks, [x.size]))
    steps, joints = np.abs(np.diff(x)), np.abs(x[breaks] - x[breaks - 1])
    far = (breaks + int(np.median(np.diff(edges))) // 2) % x.size
    usual, apart = float(np.nanmean(steps)), float(np.nanmean(np.abs(x[breaks - 1] - x[far])))
    across, chance = float(np.nanmean(joints)), float(np.nanstd(joints)) / len(joints) ** 0.5
    seamless = bool(len(joints) >= 8 and across + 3 * chance < apart and across < 0.5 * (usual + apart))
    if not seamless:
        known = np.isfinite(x)
        counts = np.maximum(np.add.reduceat(known, edges[:-1]), 1)
        means = np.add.reduceat(np.where(known, x, 0.0), edges[:-1]) / counts
        x = x - np.repeat(means, np.diff(edges))
    return replace(column, values=x, pieces=len(breaks) + 1, seamless=seamless)
