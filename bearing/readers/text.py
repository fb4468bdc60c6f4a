"""CSV, TSV and other text tables, in whatever dialect they come.

The dialect is judged on the first lines (:mod:`bearing.readers.dialect`), the numbers are parsed in C
(:mod:`bearing.readers.table`), and the columns become recordings (:mod:`bearing.readers.channels`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bearing.errors import UnreadableFile, UnsupportedFormat
from bearing.readers.channels import Column, to_recordings
from bearing.readers.dialect import find_dialect
from bearing.readers.facts import Facts, facts_in_lines
from bearing.readers.names import clean_file_name, clean_name
from bearing.readers.table import parse_table
from bearing.recording import Recording
from bearing.settings import Limits

__all__ = ["decode", "read_text"]

_HEAD = 32_768
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xef\xbb\xbf", "utf-8"),
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
    lines = _head_lines(data)
    wide = _rows_as_channels(data, lines, name, bounds)
    if wide:
        return wide
    dialect = find_dialect(lines)
    if dialect is None:
        raise UnsupportedFormat(
            f"No table of numbers in '{clean_file_name(name)}': expected rows such as '0.0001;0.123', "
            f"the file begins with '{clean_name(lines[0] if lines else '', 'nothing')}'."
        )
    start = _offset_of_line(data, dialect.start)
    columns, notes = parse_table(data, start, dialect, bounds)
    facts = Facts(notes=tuple(notes)).or_else(facts_in_lines(dialect.preamble))
    if not columns:
        raise UnsupportedFormat(f"No column of numbers in '{clean_file_name(name)}': its cells are text.")
    return to_recordings(columns, name, bounds, facts)


def decode(data: bytes, bounds: Limits) -> bytes:
    """The text as UTF-8 without a mark, lines ending in a line feed. UnreadableFile when it is no text."""
    mark, encoding = next(((mark, coded) for mark, coded in _BOMS if data.startswith(mark)), (b"", ""))
    data = data[len(mark) :]
    encoding = encoding or _guess_encoding(data[:_HEAD])
    if encoding != "utf-8":
        bounds.check_unpacked(2 * len(data))
        data = data.decode(encoding, "replace").encode("utf-8")
    if not data[:1_000].strip() and not data.strip():
        raise UnreadableFile("The file is empty: export the recording again.")
    head = data[:_HEAD]
    controls = sum(head.count(byte) for byte in (b"\0", b"\x01", b"\x02", b"\x03", b"\x04", b"\x05", b"\x06", b"\x7f"))
    if controls > len(head) / 200:
        raise UnsupportedFormat(
            "The file is neither text nor a known binary format: export the recording as CSV, WAV, MAT, TDMS or UFF."
        )
    if b"\n" not in head and b"\r" in head:
        data = data.replace(b"\r", b"\n")
    return data


def _guess_encoding(head: bytes) -> str:
    """UTF-16 without a mark shows as a NUL in every other place; anything else is read as UTF-8 or Latin-1."""
    pairs = len(head) // 2
    if pairs >= 4:
        even, odd = head[: 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
        if odd > 0.9 * pairs and even < 0.1 * pairs:
            return "utf-16-le"
        if even > 0.9 * pairs and odd < 0.1 * pairs:
            return "utf-16-be"
    return "utf-8"


def _to_text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _head_lines(data: bytes) -> list[str]:
    """The complete lines of the first stretch of the file."""
    head = data[:_HEAD]
    if len(data) > _HEAD:
        cut = head.rfind(b"\n")
        head = head[:cut] if cut > 0 else head
    return [line.rstrip("\r") for line in _to_text(head).split("\n")]


def _offset_of_line(data: bytes, index: int) -> int:
    at = 0
    for _ in range(index):
        at = data.index(b"\n", at) + 1
    return at


def _rows_as_channels(data: bytes, lines: Sequence[str], name: str, bounds: Limits) -> list[Recording]:
    """A table lying on its side: a few very long lines of numbers, one channel each. Empty when it is none."""
    first = lines[0] if lines else ""
    delimiter = next((sign for sign in "\t;, " if first.count(sign) > bounds.max_columns), None)
    if delimiter is None or data.count(b"\n") > bounds.max_channels:
        return []
    bounds.check_samples(data.count(delimiter.encode()) + 1)
    columns = []
    for number, line in enumerate(data.split(b"\n"), 1):
        cells = line.strip().split(None if delimiter == " " else delimiter.encode())
        label = "" if not cells or _is_float(cells[0]) else _to_text(cells.pop(0))
        try:
            values = np.array([cell for cell in cells if cell.strip()], dtype="S32").astype(np.float64)
        except ValueError:
            return []
        if values.size:
            columns.append(Column(label or f"row {number}", values, "", bool(label)))
    if not columns or len({column.values.size for column in columns}) != 1:
        return []
    return to_recordings(columns, name, bounds)


def _is_float(cell: bytes) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
