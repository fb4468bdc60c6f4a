"""Tables that name the channel in a column of its own, row by row: taken apart into one set of columns per channel.

Databases and historians export so (``time,channel,value``), interleaved or one channel below the other. Read as one
signal, the samples of two sensors would be spliced into a third that nobody measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bearing.readers.columns.column import Column
from bearing.readers.names import kind_of, word_set, words_of
from bearing.recording import FloatArray

__all__ = ["KEY_WORDS", "MOST_KEYS", "split_by_key"]

MOST_KEYS = 64
FEWEST_ROWS = 500  # of one channel
KEY_WORDS = word_set(
    "channel chan ch dev kanal voie canal sensor sensorid axis id tag tagname node nodeid point signal variable var "
    "varname field series name metric machine motor pump device run file test recording measurement trial"
)
_VALUE_WORDS = word_set("value values val data reading wert valeur valor y v varvalue")
_LABEL_WORDS = word_set("label class state status condition fault health")


def split_by_key(columns: Sequence[Column]) -> list[list[Column]]:
    """The columns of each channel that a key column tells apart; empty when none does."""
    values = [column for column in columns if not column.labels]
    for key in columns:
        others = [column for column in values if column is not key]
        if not others or (not key.labels and not (KEY_WORDS | _LABEL_WORDS).intersection(words_of(key.name))):
            continue
        codes, names = _codes(key)
        if not 2 <= len(names) <= MOST_KEYS or not _tells_channels_apart(key, codes, len(names), others):
            continue
        parts = [_of_key(name, code + 1, codes == code, others) for code, name in enumerate(names)]
        return [part for part in parts if part[0].values.size >= FEWEST_ROWS]
    return []


def _codes(key: Column) -> tuple[NDArray[np.int64], list[str]]:
    """Which channel each row is of, shape (rows,), and the channels' names; no names where the column is no key."""
    few = key.values[:: max(1, key.values.size // 4_096)]
    if not np.isfinite(key.values).all() or (not key.labels and (np.unique(few).size > MOST_KEYS or (few % 1).any())):
        return np.zeros(1, np.int64), []
    present, codes = np.unique(key.values, return_inverse=True)
    if key.labels:
        return codes, [key.labels[int(one)] for one in present]
    return codes, [f"{key.name} {one:g}" for one in present]


def _tells_channels_apart(key: Column, codes: NDArray[np.int64], count: int, others: Sequence[Column]) -> bool:
    """Whether the rows of one key are a recording of their own, and those of all keys together are none."""
    changes = np.flatnonzero(np.diff(codes))
    named = bool(KEY_WORDS.intersection(words_of(key.name)))
    clock = next((column for column in others if column.stamp or kind_of(column.name, column.unit) == "time"), None)
    if clock is not None:
        at_changes = np.diff(clock.values)[changes]
        often = named and changes.size > 0.25 * codes.size
        together = bool(changes.size and (np.mean(at_changes <= 0) > 0.3 or often))
        return together and all(_rises(clock.values[codes == code]) for code in range(count))
    if np.bincount(codes, minlength=count).min() < FEWEST_ROWS:
        return False
    return changes.size == count - 1 or (named and bool((codes[count:] == codes[:-count]).all()))


def _rises(stamps: FloatArray) -> bool:
    steps = np.diff(stamps[np.isfinite(stamps)])
    return not steps.size or bool(np.mean(steps < 0) < 0.01 and steps.max() > 0)


def _of_key(name: str, number: int, rows: NDArray[np.bool_], others: Sequence[Column]) -> list[Column]:
    """The columns of one channel, called by it and by what they were called; plain values by the channel alone."""
    signals = [column for column in others if not column.stamp and kind_of(column.name, column.unit) != "time"]
    alone = len(signals) == 1 and (not signals[0].named or bool(_VALUE_WORDS.intersection(words_of(signals[0].name))))
    columns = []
    for column in others:
        called = column.name
        if any(column is signal for signal in signals):
            called = name if alone else f"{name} {column.name}"
            if not alone and kind_of(called) != kind_of(column.name):  # `high load acc` measures no load
                called = f"{column.name} {number}"
        columns.append(replace(column, values=column.values[rows], name=called, named=True))
    return columns
