"""LabVIEW measurement files (``.lvm``): text with a header per file and per block of rows.

Layout: NI, "Specification for the LabVIEW Measurement File (.lvm)".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bearing.errors import UnreadableFile
from bearing.limits import Limits
from bearing.readers.channels import Column, to_recordings
from bearing.readers.clock import rate_of_stamps
from bearing.readers.dialect import Dialect
from bearing.readers.facts import Facts, Known, tidy_rate
from bearing.readers.names import clean_name
from bearing.readers.text import decode, parse_table
from bearing.recording import RATE_LIMITS_HZ, FloatArray, Recording

__all__ = ["read_lvm"]

_END = re.compile(rb"^\*\*\*End_of_Header\*\*\*[^\n]*(?:\n|\Z)", re.MULTILINE)
_BLOCK = re.compile(rb"^[ \t,;]*\r?\n(?=(?:Notes|Channels)\b)|^(?=Channels[\t,;])", re.MULTILINE)


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
    head_end = _END.search(data)
    if head_end is None:
        raise UnreadableFile("The LabVIEW file is cut off inside its header: copy or export it again.")
    general = _header(data[: head_end.start()], "\t")
    separator = {"comma": ",", "semicolon": ";"}.get(_first(general, "Separator").lower(), "\t")
    if separator != "\t":
        general = _header(data[: head_end.start()], separator)
    blocks = _blocks(data, head_end.end(), separator, bounds)
    first = blocks[0]
    joined = [block for block in blocks if block.names == first.names]
    body = b"".join(block.rows if block.rows.endswith(b"\n") else block.rows + b"\n" for block in joined)
    if not body.strip():
        raise UnreadableFile("The LabVIEW file holds no rows of samples: it is cut off, export it again.")
    decimal = _first(general, "Decimal_Separator") or ("," if b"," in body[:2000] and separator != "," else ".")
    bounds.check_columns(len(first.names))
    bounds.check_samples(body.count(b"\n"), len(first.names))
    dialect = Dialect(separator, "," if decimal == "," else ".", None, len(first.names), 0, (), (), ())
    frame = parse_table(body, 0, dialect)
    table = [_numbers(frame[index].to_numpy(object)) for index in range(len(first.names))]
    notes = [f"{len(joined)} blocks of the same channels are joined."] if len(joined) > 1 else []
    notes += ["Decimal commas."] if decimal == "," else []
    return _recordings(first, table, notes, name, bounds)


def _header(raw: bytes, separator: str) -> dict[str, list[str]]:
    """Key -> values of the header lines."""
    facts: dict[str, list[str]] = {}
    for line in raw.decode("utf-8", "replace").splitlines()[:500]:
        key, *values = line.split(separator)
        facts.setdefault(key.strip(), [value.strip() for value in values])
    return facts


def _first(facts: Mapping[str, Sequence[str]], key: str) -> str:
    values = facts.get(key, ())
    return values[0] if values else ""


def _blocks(data: bytes, at: int, separator: str, bounds: Limits) -> list[_Block]:
    blocks: list[_Block] = []
    while (end := _END.search(data, at)) is not None:
        bounds.check_elements(len(blocks) + 1)
        facts = _header(data[at : end.start()].lstrip(), separator)
        line_end = data.find(b"\n", end.end())
        line_end = len(data) if line_end < 0 else line_end
        names = [_text(cell) for cell in data[end.end() : line_end].rstrip(b"\r").split(separator.encode())]
        following = _BLOCK.search(data, line_end + 1)
        stop = following.start() if following else len(data)
        blocks.append(_Block(facts, tuple(names), data[line_end + 1 : stop]))
        at = stop
        if following is None:
            break
    if not blocks:
        raise UnreadableFile("The LabVIEW file is cut off before its first block of samples: copy or export it again.")
    return blocks


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").strip()


def _numbers(cells: np.ndarray) -> FloatArray:
    """A column as numbers, NaN where a cell is empty or text."""
    import pandas as pd

    return np.asarray(pd.to_numeric(pd.Series(cells), errors="coerce"), dtype=np.float64)


def _recordings(
    block: _Block, table: Sequence[FloatArray], notes: list[str], source: str, bounds: Limits
) -> list[Recording]:
    columns: list[Column] = []
    rates: list[Known] = []
    stamps: FloatArray | None = None
    for index, (name, values) in enumerate(zip(block.names, table, strict=True)):
        if name == "X_Value":
            stamps = values
            continue
        if name == "Comment" or not np.isfinite(values).any():
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
    return to_recordings(columns, source, bounds, Facts(rates[0] if rates else None, None, tuple(notes)))


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
    return rate_of_stamps(stamps, "X_Value", "s", named=True)[0]
