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
_MAX_LINE = 1_000_000
_PIECE_CELLS = 2_000_000
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


def parse_table(data: bytes, start: int, dialect: Dialect, bounds: Limits) -> tuple[list[Column], list[str]]:
    """Columns of numbers from `start` on, and notes on what was set aside or lost.

    Raises TooLarge before parsing when there are too many cells, UnreadableFile when the rows are broken.
    """
    bounds.check_columns(dialect.columns)
    lines = count_lines(data, start)
    bounds.check_samples(lines, dialect.columns)
    _check_line_lengths(data, start)
    table = _parsed(data, start, dialect)
    columns, notes = table.columns()
    told = ["Decimal commas."] if dialect.decimal == "," else []
    return columns, told + _lost_lines(data, start, lines, table.rows) + notes


def count_lines(data: bytes, start: int = 0) -> int:
    """Lines from `start` on; five times faster than bytes.count."""
    view = np.frombuffer(data, np.uint8)
    pieces = range(start, len(view), _MAX_LINE)
    return sum(int(np.count_nonzero(view[at : at + _MAX_LINE] == 10)) for at in pieces) + (not data.endswith(b"\n"))


def _check_line_lengths(data: bytes, start: int) -> None:
    """UnreadableFile for a line no table has; the parser would keep it in memory several times."""
    at = start
    while len(data) - at > _MAX_LINE:
        at = data.rfind(b"\n", at, at + _MAX_LINE) + 1
        if not at:
            raise UnreadableFile("The file has lines of more than a million characters: it is damaged or no table.")


def _parsed(data: bytes, start: int, dialect: Dialect) -> _Table:
    """The table through pandas' C parser, piece by piece; a stray quote makes it try again without quoting."""
    import pandas as pd

    first = data[start : start + _HEAD]
    comment = "#" if b"#" in first else None
    padded = (
        dialect.delimiter != WHITESPACE and f"{dialect.delimiter} ".encode() in first
    )  # costs a third, if asked for
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        stream = io.BytesIO(data)
        stream.seek(start)
        table = _Table(dialect)
        try:
            with pd.read_csv(
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
                skipinitialspace=padded,
                on_bad_lines="skip",
                encoding="utf-8",
                encoding_errors="replace",
                chunksize=max(_PIECE_CELLS // dialect.columns, 1_000),
            ) as pieces:
                for frame in pieces:
                    table.add(frame)
        except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError, OverflowError):
            continue
        return table
    raise UnreadableFile("The table could not be read: its rows are broken. Export it again as plain CSV.")


class _Table:
    """Collects the pieces of a table as float64 columns, and counts what is not a number."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.rows = self.repeated = 0
        self.pieces: list[list[FloatArray]] = [[] for _ in range(dialect.columns)]
        self.lost = [0] * dialect.columns  # cells with something in them that is no number
        self.filled = [0] * dialect.columns
        self.is_clock = [False] * dialect.columns
        self.first_stamp: list[pd.Timestamp | None] = [None] * dialect.columns

    def add(self, frame: pd.DataFrame) -> None:
        self.rows += len(frame)
        frame = self._without_repeated_headers(frame)
        for index in range(self.dialect.columns):
            series = frame[index]
            if series.dtype.kind in "fiub":
                values = series.to_numpy(np.float64)
                self.filled[index] += len(values)
            else:
                values = self._values_of_text(series, index)
            self.pieces[index].append(values)

    def columns(self) -> tuple[list[Column], list[str]]:
        """Columns that hold numbers; notes on those that do not."""
        columns, notes = [], []
        if self.repeated:
            notes.append(f"The header is repeated {self.repeated} times inside the table; those lines are left out.")
        for index, (name, unit) in enumerate(zip(self.dialect.names, self.dialect.units, strict=True)):
            label = clean_name(name, f"column {index + 1}")
            pieces = self.pieces[index] or [np.empty(0)]
            values = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
            pieces.clear()
            if 2 * self.lost[index] > self.filled[index]:
                notes.append(f"Column '{label}' holds text and is set aside.")
            elif np.isnan(values[:1_000]).all() and np.isnan(values).all():
                notes += [f"Column '{label}' is empty and set aside."] if name else []
            else:
                if self.lost[index]:
                    notes.append(f"{self.lost[index]} cells of column '{label}' are not numbers and count as gaps.")
                columns.append(Column(label, values, "s" if self.is_clock[index] else unit, bool(name)))
        return columns, notes

    def _without_repeated_headers(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows that do not repeat the header, as files glued together do."""
        for index, name in enumerate(self.dialect.names):
            if frame[index].dtype.kind in "fiub" or not name:
                continue
            cells = frame[index].astype("string").str.strip().str.lower().fillna("")
            repeated = cells.str.startswith(name.lower()).to_numpy(bool) & (cells != "nan").to_numpy(bool)
            if 0 < repeated.sum() < len(frame) / 2:
                self.repeated += int(repeated.sum())
                return frame.loc[~repeated]
        return frame

    def _values_of_text(self, series: pd.Series, index: int) -> FloatArray:
        """Numbers of a piece that is not plainly numeric: time stamps in seconds, or numbers with gaps."""
        import pandas as pd

        text = series.astype("string").str.strip()
        filled = text.dropna()
        self.filled[index] += len(filled)
        if not len(filled):
            return np.full(len(series), np.nan)
        if self.is_clock[index] or all(is_stamp(cell) for cell in filled.iloc[:20]):
            self.is_clock[index] = True
            return self._seconds(text, index)
        if self.dialect.thousands:
            text = text.str.replace(self.dialect.thousands, "", regex=False)
        if self.dialect.decimal == ",":
            text = text.str.replace(",", ".", regex=False)
        numbers = np.asarray(pd.to_numeric(text, errors="coerce").to_numpy(np.float64, na_value=np.nan))
        self.lost[index] += int(np.isnan(numbers).sum()) - int(text.isna().sum())
        return numbers

    def _seconds(self, text: pd.Series, index: int) -> FloatArray:
        """Seconds of dates or times of day, counted from the first; NaN where a cell is none."""
        import pandas as pd

        text = text.str.replace(",", ".", regex=False)  # of the fractions of a second
        if re.match(r"\d{1,2}:", str(text.dropna().iloc[0])):
            spans = pd.to_timedelta(text, errors="coerce")
        else:
            first = str(text.dropna().iloc[0])
            layout = "ISO8601" if re.match(r"\d{4}-", first) else "mixed"
            stamps = pd.to_datetime(text, errors="coerce", utc=True, format=layout, dayfirst="." in first[:6])
            if self.first_stamp[index] is None:
                self.first_stamp[index] = stamps.min()
            spans = stamps - self.first_stamp[index]
        return np.asarray(spans.dt.total_seconds().to_numpy(np.float64))


def _lost_lines(data: bytes, start: int, lines: int, rows: int) -> list[str]:
    """A note when the parser took fewer rows than there are lines with something on them."""
    if lines <= rows:
        return []
    lost = lines - rows - _blank_lines(data, start) - data.count(b"\n#", start)
    return [f"{lost} lines do not fit the table (too many fields) and are left out."] if lost > 0 else []


def _blank_lines(data: bytes, start: int) -> int:
    """Lines with nothing on them, counted in pieces."""
    view = np.frombuffer(data, np.uint8)
    count = int(view[start] in (10, 13)) if start < len(view) else 0
    for at in range(start, len(view) - 1, _MAX_LINE):
        ends = view[at : at + _MAX_LINE + 2] == 10
        returns = view[at : at + _MAX_LINE + 2] == 13
        here = min(_MAX_LINE, len(ends) - 1)
        count += int(np.count_nonzero(ends[:here] & ends[1 : here + 1]))
        last = min(here, len(ends) - 2)
        count += int(np.count_nonzero(ends[:last] & returns[1 : last + 1] & ends[2 : last + 2]))
    return count
