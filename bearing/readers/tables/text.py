"""CSV, TSV and other text tables, in whatever dialect they come.

The dialect is judged on the first lines (:mod:`bearing.readers.tables.dialect`), the numbers are parsed in C
(:mod:`bearing.readers.tables.table`), and the columns become recordings (:mod:`bearing.readers.columns.channels`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from bearing.errors import UnsupportedFormat
from bearing.readers.columns.channels import to_recordings
from bearing.readers.columns.column import MOST_UNNAMED_CHANNELS, Column, joined_pieces
from bearing.readers.columns.facts import Facts, facts_in_lines
from bearing.readers.names import clean_file_name, clean_name
from bearing.readers.tables.dialect import find_dialect
from bearing.readers.tables.encodings import as_text, decode
from bearing.readers.tables.octave import is_octave, read_octave
from bearing.readers.tables.serial import one_decimal_sign, one_record_a_line, plain_table
from bearing.readers.tables.stamps import is_stamp
from bearing.readers.tables.table import parse_table
from bearing.recording import FloatArray, Recording
from bearing.settings import Limits

__all__ = ["read_text"]

_HEAD = 32_768
_SHORTEST_ROW = 256  # fewer numbers in a row are the columns of a table
_NOBODY = re.compile(r"(?:y|y\[0\]|value|values|data|wert|werte|column 1|amplitude|0)", re.IGNORECASE)
_CHANNEL_LINE = re.compile(
    r"\s*(?:channel|signal|sensor|kanal|trace|waveform|voie|canal)(?:[ _]?name)?\s*[:=;,\t]+\s*(?P<name>[^;\t]{2,60})",
    re.IGNORECASE,
)


def read_text(data: bytes, name: str, bounds: Limits) -> list[Recording]:
    """Channels of a text table, its rate from a time column or from the lines above it.

    Raises
    ------
    UnreadableFile, UnsupportedFormat
        When the bytes are no text, or the text holds no table of numbers.
    TooLarge
        When it holds too many numbers, columns or channels.
    """
    data = decode(data, bounds)
    if is_octave(data):
        return read_octave(data.replace(b"\r\n", b"\n"), name, bounds)
    data = one_record_a_line(data)
    lines = _head_lines(data)
    data, signs = one_decimal_sign(data, lines)
    lines = _head_lines(data) if signs else lines
    wide = _long_rows(data, lines, name, bounds)
    if wide:
        return wide
    rewritten = plain_table(data, lines)
    if rewritten is not None:
        data, above = rewritten
        lines = _head_lines(data)
    else:
        above = ()
    dialect = find_dialect(lines)
    if dialect is None:
        raise UnsupportedFormat(
            f"No table of numbers in '{clean_file_name(name)}': expected rows such as '0.0001;0.123', "
            f"the file begins with '{clean_name(lines[0] if lines else '', 'nothing')}'."
        )
    start = _offset_of_line(data, dialect.start)
    columns, notes = parse_table(data, start, dialect, bounds)
    decimal = "," if dialect.decimal == "," else ""
    facts = Facts(notes=(*notes, *filter(None, (signs,)))).or_else(facts_in_lines((*dialect.preamble, *above), decimal))
    if not columns:
        raise UnsupportedFormat(f"No column of numbers in '{clean_file_name(name)}': its cells are text.")
    return to_recordings(_named_in_head(columns, dialect.preamble), name, bounds, facts)


def _head_lines(data: bytes) -> list[str]:
    """The complete lines of the first stretch of the file."""
    head = data[:_HEAD]
    if len(data) > _HEAD:
        cut = head.rfind(b"\n")
        head = head[:cut] if cut > 0 else head
    return [line.rstrip("\r") for line in as_text(head).split("\n")]


def _offset_of_line(data: bytes, index: int) -> int:
    at = 0
    for _ in range(index):
        at = data.index(b"\n", at) + 1
    return at


def _named_in_head(columns: list[Column], preamble: Sequence[str]) -> list[Column]:
    """A single channel called ``Y`` or nothing, by the name the lines above the table give it."""
    if len(columns) != 1 or (columns[0].named and not _NOBODY.fullmatch(columns[0].name)):
        return columns
    for line in preamble:
        match = _CHANNEL_LINE.match(line[:200])
        if match and re.search(r"[^\W\d]{2}", match["name"]):
            return [replace(columns[0], name=clean_name(match["name"].strip(' "')), named=True)]
    return columns


def _long_rows(data: bytes, lines: Sequence[str], name: str, bounds: Limits) -> list[Recording]:
    """A table lying on its side: long rows of numbers, each a channel, or each a snapshot of one and the same channel.

    Snapshots are what stands under a header that counts the samples, beside time stamps or labels, or in more rows
    than a machine has sensors. Empty when the text is nothing of the kind.
    """
    first = lines[0] if lines else ""
    delimiter = next((sign for sign in "\t;, " if first.count(sign) > bounds.max_columns), None)
    if delimiter is None:
        return []
    bounds.check_elements(data.count(b"\n"))
    bounds.check_samples(data.count(delimiter.encode()) + 1)
    rows: list[tuple[str, FloatArray]] = []
    kept: np.ndarray | None = None
    for line in data.split(b"\n"):
        cells = line.strip().strip(b'"').split(None if delimiter == " " else delimiter.encode())
        if len(cells) < 2:
            continue
        if kept is None and not rows and _counts_or_names(cells):
            kept = _sample_columns(cells)
            continue
        label = "" if _is_float(cells[0]) else as_text(cells[0])
        if kept is not None and len(cells) == len(kept):
            cells = [cell for cell, keep in zip(cells, kept, strict=True) if keep]
        cells = cells[1:] if cells and not _is_float(cells[0]) else cells
        cells = cells[:-1] if cells and not _is_float(cells[-1]) else cells
        try:
            values = np.array([cell for cell in cells if cell.strip()], dtype="S32").astype(np.float64)
        except ValueError:
            return []
        if values.size:
            rows.append((label, values))
    if not rows or len({values.size for _, values in rows}) != 1 or rows[0][1].size < _SHORTEST_ROW:
        return []
    snapshots = kept is not None or len(rows) > MOST_UNNAMED_CHANNELS or all(is_stamp(label) for label, _ in rows)
    if snapshots:
        return to_recordings([joined_pieces("signal", np.stack([values for _, values in rows]))], name, bounds)
    columns = [Column(label or f"row {number}", v, "", bool(label)) for number, (label, v) in enumerate(rows, 1)]
    return to_recordings(columns, name, bounds)


def _counts_or_names(cells: Sequence[bytes]) -> bool:
    """Whether the first row is a header: the count of the samples, or their names."""
    numbers = [float(cell) for cell in cells if _is_float(cell)]
    if len(numbers) < 0.5 * len(cells):
        return True
    return len(numbers) > 2 and all(b - a == 1 for a, b in pairwise(numbers))


def _sample_columns(header: Sequence[bytes]) -> np.ndarray:
    """Which columns hold samples: those named like most (``s0 s1 ...``, ``0 1 ...``), not labels, stamps or speeds."""
    stems = [re.sub(r"[\d_.\[\]\" ]+", "", as_text(cell)) for cell in header]
    usual = Counter(stems).most_common(1)[0][0]
    return np.array([stem == usual for stem in stems])


def _is_float(cell: bytes) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
