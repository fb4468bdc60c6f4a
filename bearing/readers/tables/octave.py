"""Octave's own text files (``save`` without an option): named scalars, matrices and strings one below the other."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from bearing.errors import UnreadableFile
from bearing.readers.arrays.mat import Tree
from bearing.readers.arrays.matlab import tree_to_recordings
from bearing.recording import Recording
from bearing.settings import Limits

__all__ = ["is_octave", "read_octave"]

_CREATED = b"# Created by Octave"
_VARIABLE = re.compile(
    rb"^# name: (?P<name>[^\n]{1,200})\n# type: (?P<kind>[^\n]{1,80})\n(?P<about>(?:# [^\n]{1,80}\n)*)", re.MULTILINE
)
_COUNT = re.compile(rb"# (?:rows|columns): (\d{1,12})")


def is_octave(data: bytes) -> bool:
    """Whether a text was saved by Octave."""
    return data.startswith(_CREATED)


def read_octave(data: bytes, name: str, bounds: Limits) -> list[Recording]:
    """Channels of the matrices in the file, its scalars as facts.

    Raises UnreadableFile when a matrix is cut off, and what `tree_to_recordings` raises.
    """
    tree: dict[str, Tree] = {}
    for variable, kind, about, body in _variables(data):
        bounds.check_elements(len(tree) + 1)
        if kind in ("scalar", "float scalar"):
            tree[variable] = _numbers(body, 1, variable)
        elif kind in ("matrix", "float matrix"):
            counts = [int(count) for count in _COUNT.findall(about)]
            if len(counts) == 2:
                bounds.check_samples(*counts)
                tree[variable] = _numbers(body, counts[0] * counts[1], variable).reshape(counts)
        elif kind in ("string", "sq_string"):
            tree[variable] = body.partition(b"\n")[2].partition(b"\n")[0].decode("utf-8", "replace")
    return tree_to_recordings(tree, name, bounds)


def _variables(data: bytes) -> Iterator[tuple[str, str, bytes, bytes]]:
    """Name, type, what is said of its size, and the text of each variable."""
    found = list(_VARIABLE.finditer(data))
    ends = [one.start() for one in found[1:]] + [len(data)]
    for one, end in zip(found, ends, strict=True):
        name, kind = (one[key].decode("utf-8", "replace").strip() for key in ("name", "kind"))
        yield name, kind, one["about"], data[one.end() : end]


def _numbers(body: bytes, count: int, name: str) -> np.ndarray:
    try:
        values = np.fromstring(body.decode("ascii"), dtype=np.float64, count=count, sep=" ")
    except ValueError:
        values = np.empty(0)
    if values.size != count:
        raise UnreadableFile(f"The Octave file is cut off inside '{name}': copy or save it again.")
    return values if count > 1 else np.asarray(values[0] if count else np.nan)
