"""LabVIEW measurement files (``.lvm``): text with a header per file and per block of rows.

Layout: NI, "Specification for the LabVIEW Measurement File (.lvm)".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bearing.errors import UnreadableFile
from bearing.readers.columns.channels import to_recordings
from bearing.readers.columns.clock import clock_of_stamps
from bearing.readers.columns.column import Column
from bearing.readers.columns.facts import Facts, Known, iso_time, tidy_rate
from bearing.readers.names import clean_name
from bearing.readers.tables.dialect import Dialect
from bearing.readers.tables.encodings import decode
from bearing.readers.tables.table import parse_table
from bearing.recording import RATE_LIMITS_HZ, FloatArray, Recording
from bearing.settings import Limits

__all__ = ["read_lvm"]

_END = b"***End_of_Header***"


@dataclass(frozen=True)
class _Block:
    """One stretch of rows with the header above it; `names` has one entry per column."""

    facts: Mapping[str, Sequence[str]]
    names: tuple[str, ...]
    rows: bytes


def read_lvm(data: bytes, name: str, bounds: Limits) -> list[Recording]:
    """Channels of a LabVIEW text measurement, blocks of the same channels joined.

    Raises UnreadableFile when a header or the rows are missing, UnsupportedFormat when nothing in it is vibration.
    """
    data = decode(data, bounds)
    head_end = data.find(_END)
    if head_end < 0:
        raise UnreadableFile("The LabVIEW file is cut off inside its header: copy or export it again.")
    general = _header(data[:head_end], "\t")
    separator = {"comma": ",", "semicolon": ";"}.get(_first(general, "Separator").lower(), "\t")
    if separator != "\t":
        general = _header(data[:head_end], separator)
    blocks = _blocks(data, _next_line(data, head_end), separator, bounds)
    first = blocks[0]
    joined = [block for block in blocks if block.names == first.names]
    body = b"".join(block.rows if block.rows.endswith(b"\n") else block.rows + b"\n" for block in joined)
    if not body.strip():
        raise UnreadableFile("The LabVIEW file holds no rows of samples: it is cut off, export it again.")
    decimal = _first(general, "Decimal_Separator") or ("," if b"," in body[:2000] and separator != "," else ".")
    names = tuple(f"{index}" for index in range(len(first.names)))  # pairs of X_Value and channel share a name
    units = ("",) * len(names)
    dialect = Dialect(separator, "," if decimal == "," else ".", None, len(names), 0, names, units, ())
    columns, notes = parse_table(body, 0, dialect, bounds)
    table = {int(column.name): column.values for column in columns}
    notes = [note for note in notes if not note.startswith("Column ")]
    if len(joined) > 1:
        notes.append(f"{len(joined)} blocks of the same channels are joined.")
    return _recordings(first, table, notes, name, bounds)


def _header(raw: bytes, separator: str) -> dict[str, list[str]]:
    """Key -> values of the header lines."""
    facts: dict[str, list[str]] = {}
    for line in raw[:65_536].decode("utf-8", "replace").splitlines():
        key, *values = line.split(separator)
        facts.setdefault(key.strip(), [value.strip() for value in values])
    return facts


def _first(facts: Mapping[str, Sequence[str]], key: str) -> str:
    values = facts.get(key, ())
    return values[0] if values else ""


def _blocks(data: bytes, at: int, separator: str, bounds: Limits) -> list[_Block]:
    """Header, column names and rows of each block; `at` is the end of the file's own header."""
    blocks: list[_Block] = []
    end = data.find(_END, at)
    while end >= 0:
        bounds.check_elements(50 * (len(blocks) + 1))
        facts = _header(data[at:end].lstrip(), separator)
        names_at = _next_line(data, end)
        rows_at = _next_line(data, names_at)
        names = [_text(cell) for cell in data[names_at:rows_at].strip(b"\r\n").split(separator.encode())]
        next_end = data.find(_END, rows_at)
        at = len(data) if next_end < 0 else max(data.rfind(b"\nChannels", rows_at - 1, next_end), rows_at - 1) + 1
        notes_at = data.rfind(b"\nNotes", max(rows_at - 1, at - 2_000), at)
        blocks.append(_Block(facts, tuple(names), data[rows_at : notes_at + 1 if notes_at >= 0 else at]))
        end = next_end
    if not blocks:
        raise UnreadableFile("The LabVIEW file is cut off before its first block of samples: copy or export it again.")
    return blocks


def _next_line(data: bytes, at: int) -> int:
    found = data.find(b"\n", at)
    return len(data) if found < 0 else found + 1


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").strip()


def _recordings(
    block: _Block, table: Mapping[int, FloatArray], notes: list[str], source: str, bounds: Limits
) -> list[Recording]:
    columns: list[Column] = []
    rates: list[Known] = []
    stamps: FloatArray | None = None
    for index, name in enumerate(block.names):
        values = table.get(index)
        if name == "X_Value":
            stamps = values
            continue
        if name == "Comment" or values is None or not np.isfinite(values).any():
            continue
        # A channel that stopped early leaves empty cells below.
        values = values[: int(np.flatnonzero(np.isfinite(values))[-1]) + 1]
        promised = _cell(block.facts, "Samples", index)
        if promised.isdecimal() and len(values) < int(promised[:12]) and not columns:
            notes.append(f"The header promises {int(promised[:12]):,} samples, the file holds {len(values):,}.")
        columns.append(Column(name, values, _cell(block.facts, "Y_Unit_Label", index)))
        rate = _rate(_cell(block.facts, "Delta_X", index), stamps)
        rates += [rate] if rate else []
    if not columns:
        raise UnreadableFile("The LabVIEW file holds no numbers: it is cut off or empty, export it again.")
    if len({rate.value for rate in rates}) > 1:
        notes.append("The channels have different sampling rates; that of the first one is used.")
    started = iso_time(f"{_first(block.facts, 'Date')} {_first(block.facts, 'Time')}")
    facts = Facts(rates[0] if rates else None, None, tuple(notes), started=started)
    return to_recordings(columns, source, bounds, facts)


def _cell(facts: Mapping[str, Sequence[str]], key: str, column: int) -> str:
    values = facts.get(key, ())
    return clean_name(values[column - 1], "") if 0 < column <= len(values) else ""


def _rate(delta_x: str, stamps: FloatArray | None) -> Known | None:
    try:
        step_s = float(delta_x.replace(",", "."))
    except ValueError:
        step_s = 0.0
    if step_s > 0 and RATE_LIMITS_HZ[0] / 1e6 <= 1 / step_s <= RATE_LIMITS_HZ[1]:
        return Known(tidy_rate(1 / step_s), "Delta_X in the header")
    if stamps is None or np.isfinite(stamps).sum() < 3:
        return None
    clock = clock_of_stamps(stamps, "X_Value", "s", named=True)
    return clock.rate if clock else None
