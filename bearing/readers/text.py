"""CSV, TSV and other text tables, in whatever dialect they come.

The dialect is judged on the first lines (:mod:`bearing.readers.dialect`); the numbers then go to pandas' C parser in
one piece. What it cannot take as numbers is looked at column by column, and every cell or line lost is told in a note.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bearing.errors import UnreadableFile, UnsupportedFormat
from bearing.limits import Limits
from bearing.readers.channels import Column, to_recordings
from bearing.readers.dialect import WHITESPACE, Dialect, find_dialect, is_stamp
from bearing.readers.facts import Facts, facts_in_lines
from bearing.readers.names import clean_file_name, clean_name
from bearing.recording import FloatArray, Recording

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["decode", "parse_table", "read_text"]

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
    bounds.check_columns(dialect.columns)
    start = _offset_of_line(data, dialect.start)
    rows = data.count(b"\n", start) + 1
    bounds.check_samples(rows, dialect.columns)
    frame = parse_table(data, start, dialect)
    columns, notes = _columns(frame, dialect)
    notes = _told(dialect) + _lost_lines(data, start, len(frame)) + notes
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
    if not data.strip():
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


def parse_table(data: bytes, start: int, dialect: Dialect) -> pd.DataFrame:
    """The table through pandas' C parser; a stray quote makes it try again without quoting."""
    import pandas as pd

    comment = "#" if b"#" in data[start : start + _HEAD] else None
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        stream = io.BytesIO(data)
        stream.seek(start)
        try:
            return pd.read_csv(
                stream,
                sep=dialect.delimiter,
                decimal=dialect.decimal,
                thousands=dialect.thousands,
                header=None,
                names=list(range(dialect.columns)),
                index_col=False,
                engine="c",
                quoting=quoting,
                comment=comment,
                skipinitialspace=dialect.delimiter != WHITESPACE,
                on_bad_lines="skip",
                encoding="utf-8",
                encoding_errors="replace",
            )
        except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError, OverflowError):
            continue
    raise UnreadableFile("The table could not be read: its rows are broken. Export it again as plain CSV.")


def _columns(frame: pd.DataFrame, dialect: Dialect) -> tuple[list[Column], list[str]]:
    """Columns of numbers with names and units, and notes on what was set aside or lost."""
    notes: list[str] = []
    frame = _without_repeated_headers(frame, dialect, notes)
    columns = []
    for index in range(dialect.columns):
        name, unit = dialect.names[index], dialect.units[index]
        label = clean_name(name, f"column {index + 1}")
        series = frame[index]
        if series.dtype.kind in "fiub":
            values = series.to_numpy(np.float64)
        else:
            values, unit = _values_of_text(series, dialect, label, unit, notes)
        if values.size and np.isnan(values).all():
            if name and series.dtype.kind in "fiub":
                notes.append(f"Column '{label}' is empty and set aside.")
            continue
        if values.size:
            columns.append(Column(label, values, unit, bool(name)))
    return columns, notes


def _without_repeated_headers(frame: pd.DataFrame, dialect: Dialect, notes: list[str]) -> pd.DataFrame:
    """The rows that do not repeat the header, as files glued together do."""
    raw_names = {name.lower() for name in dialect.names if name}
    for index in range(dialect.columns):
        if frame[index].dtype.kind in "fiub" or not dialect.names[index]:
            continue
        cells = frame[index].astype("string").str.strip().str.lower().fillna("")
        repeated = cells.str.startswith(dialect.names[index].lower()) & ~cells.isin(("nan", ""))
        count = int(repeated.sum())
        if raw_names and 0 < count < len(frame) / 2:
            notes.append(f"The header is repeated {count} times inside the table; those lines are left out.")
            return frame.loc[~repeated.to_numpy(bool)]
    return frame


def _values_of_text(
    series: pd.Series, dialect: Dialect, label: str, unit: str, notes: list[str]
) -> tuple[FloatArray, str]:
    """Numbers of a column that is not plainly numeric: time stamps in seconds, or numbers with gaps; empty if text."""
    import pandas as pd

    text = series.astype("string").str.strip()
    filled = text.dropna()
    if len(filled) and all(is_stamp(cell) for cell in filled.iloc[:20]):
        return _seconds(text), "s"
    if dialect.thousands:
        text = text.str.replace(dialect.thousands, "", regex=False)
    if dialect.decimal == ",":
        text = text.str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(text, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    lost = int(np.isnan(numbers).sum()) - int(text.isna().sum())
    if np.isfinite(numbers).sum() < 0.5 * max(len(filled), 1):
        notes.append(f"Column '{label}' holds text and is set aside.")
        return np.empty(0), unit
    if lost > 0:
        notes.append(f"{lost} cells of column '{label}' are not numbers and count as gaps.")
    return numbers, unit


def _seconds(text: pd.Series) -> FloatArray:
    """Seconds of dates or times of day, counted from the first; NaN where a cell is none."""
    import warnings

    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas warns when it has to guess each date's format
        if re.match(r"\d{1,2}:", str(text.dropna().iloc[0])):
            spans = pd.to_timedelta(text.str.replace(",", ".", regex=False), errors="coerce")
        else:
            stamps = pd.to_datetime(text, errors="coerce", utc=True)
            spans = stamps - stamps.min()
    return spans.dt.total_seconds().to_numpy(np.float64)


def _told(dialect: Dialect) -> list[str]:
    return ["Decimal commas."] if dialect.decimal == "," else []


def _lost_lines(data: bytes, start: int, rows: int) -> list[str]:
    """A note when the parser took fewer rows than there are lines with something on them."""
    body = data[start:]
    lines = body.count(b"\n") + (not body.endswith(b"\n"))
    if lines <= rows:
        return []
    blank = len(re.findall(rb"^[ \t\r]*(?:#[^\n]*)?$", body, re.MULTILINE)) - body.endswith(b"\n")
    lost = lines - blank - rows
    return [f"{lost} lines do not fit the table (too many fields) and are left out."] if lost > 0 else []
