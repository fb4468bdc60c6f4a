"""The numbers of a text table, through pandas' C parser, a piece at a time so that memory stays bounded.

What the parser cannot take as numbers is looked at column by column; every cell or line lost is told in a note.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
from typing import TYPE_CHECKING

import numpy as np

from bearing.errors import UnreadableFile
from bearing.readers.columns.column import Column
from bearing.readers.columns.facts import iso_time
from bearing.readers.columns.keyed import MOST_KEYS
from bearing.readers.names import clean_name
from bearing.readers.tables.dialect import WHITESPACE, Dialect
from bearing.readers.tables.stamps import is_stamp, seconds_of_stamps
from bearing.recording import FloatArray
from bearing.settings import Limits

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["parse_table"]

_HEAD = 32_768
_MAX_LINE = 1_000_000
_PIECE_CELLS = 2_000_000
_SPACE_INSIDE = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f](?=\d{3})")  # of thousands
# A number in quotes, with a unit or a checksum behind it, or with the exponent of Fortran.
_DECORATED = re.compile(
    r"^'?([+-]?(?:\d++\.?\d*+|\.\d++)(?:[eEdD][+-]?\d{1,3})?)\s*(?:[A-Za-zµ°²/^%]{1,5}2?|\*[0-9A-Fa-f]{2})?'?$"
)


def parse_table(data: bytes, start: int, dialect: Dialect, bounds: Limits) -> tuple[list[Column], list[str]]:
    """Columns of numbers from `start` on, and notes on what was set aside or lost.

    Raises TooLarge before parsing when there are too many cells, UnreadableFile when the rows are broken.
    """
    bounds.check_columns(dialect.columns)
    lines = _count_lines(data, start)
    most, in_part = bounds.rows_within(lines, dialect.columns)
    if in_part:
        data = data[: _end_of_line(data, start, most)]
    _check_line_lengths(data, start)
    table = _parsed(data, start, dialect)
    columns, notes = table.columns()
    told = ["Decimal commas."] if dialect.decimal == "," else []
    return columns, [*told, *in_part, *_lost_lines(data, start, min(lines, most), table.rows), *notes]


def _count_lines(data: bytes, start: int = 0) -> int:
    """Lines from `start` on; five times faster than bytes.count."""
    view = np.frombuffer(data, np.uint8)
    pieces = range(start, len(view), _MAX_LINE)
    return sum(int(np.count_nonzero(view[at : at + _MAX_LINE] == 10)) for at in pieces) + (not data.endswith(b"\n"))


def _end_of_line(data: bytes, start: int, lines: int) -> int:
    """Where so many lines from `start` on end."""
    view = np.frombuffer(data, np.uint8)
    for at in range(start, len(view), _MAX_LINE):
        ends = np.flatnonzero(view[at : at + _MAX_LINE] == 10)
        if len(ends) >= lines:
            return at + int(ends[lines - 1]) + 1
        lines -= len(ends)
    return len(data)


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

    warnings.filterwarnings("ignore", category=pd.errors.ParserWarning)  # lines of other lengths are counted below
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
        self.started = [""] * dialect.columns
        self.origin: list[float | None] = [None] * dialect.columns
        self.words: list[dict[str, int] | None] = [{} for _ in range(dialect.columns)]  # None: more than a few

    def add(self, frame: pd.DataFrame) -> None:
        self.rows += len(frame)
        frame = self._without_repeated_headers(self._without_remarks(frame))
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
            if words := self._few_words(index):
                columns.append(Column(label, values, "", bool(name), labels=words))
            elif 2 * self.lost[index] > self.filled[index]:
                notes.append(f"Column '{label}' holds text and is set aside.")
            elif np.isnan(values[:1_000]).all() and np.isnan(values).all():
                notes += [f"Column '{label}' is empty and set aside."] if name else []
            else:
                if self.lost[index]:
                    notes.append(f"{self.lost[index]} cells of column '{label}' are not numbers and count as gaps.")
                stamp = self.is_clock[index]
                columns.append(
                    Column(label, values, "s" if stamp else unit, bool(name), stamp, started=self.started[index])
                )
        return columns, notes

    def _without_remarks(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows without comments between them, which are no gaps: a sign of comments, or words and nothing else."""
        if frame[0].dtype.kind in "fiub":
            return frame
        cells = frame[0].astype("string").str.strip()
        remark = cells.str.match(r"(?:[#%!;]|//)").fillna(False).to_numpy(bool)
        if self.dialect.columns > 1:
            alone = frame.iloc[:, 1:].isna().all(axis=1).to_numpy(bool) & cells.notna().to_numpy(bool)
            words = cells.str.match(r"[^\d+\-.]*[^\W\d]{2}").fillna(False).to_numpy(bool)
            remark |= alone & words & ~cells.str.lower().isin(["nan", "inf", "na", "null", "none"]).to_numpy(bool)
        return frame.loc[~remark] if remark.any() else frame

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
            self.started[index] = self.started[index] or iso_time(str(filled.iloc[0]))
            seconds, self.origin[index] = seconds_of_stamps(text, self.origin[index])
            return seconds
        if self.dialect.thousands:
            text = text.str.replace(self.dialect.thousands, "", regex=False)
        if self.dialect.decimal == ",":
            text = text.str.replace(",", ".", regex=False)
        text = text.str.replace(_SPACE_INSIDE, "", regex=True)
        numbers = np.asarray(pd.to_numeric(text, errors="coerce").to_numpy(np.float64, na_value=np.nan))
        if np.isnan(numbers).sum() - text.isna().sum() > len(filled) / 2:
            plain = text.str.extract(_DECORATED)[0].str.replace(r"[dD]", "E", regex=True)
            numbers = np.asarray(pd.to_numeric(plain, errors="coerce").to_numpy(np.float64, na_value=np.nan))
        lost = int(np.isnan(numbers).sum()) - int(text.isna().sum())
        self.lost[index] += lost
        return numbers if lost < len(filled) else self._codes_of_words(text, index)

    def _codes_of_words(self, text: pd.Series, index: int) -> FloatArray:
        """Which of the few different words of its column each cell is; NaN where there are many."""
        import pandas as pd

        words = self.words[index]
        codes, uniques = pd.factorize(text)
        if words is None or len(uniques) + len(words) > 2 * MOST_KEYS:
            self.words[index] = None
            return np.full(len(text), np.nan)
        numbers = np.array([words.setdefault(str(one), len(words)) for one in uniques] + [np.nan])
        return np.asarray(numbers[codes])

    def _few_words(self, index: int) -> tuple[str, ...]:
        """The words of a column that consists of a few, in the order of their codes; empty for any other."""
        words = self.words[index]
        return tuple(clean_name(word) for word in words) if words and self.lost[index] == self.filled[index] else ()


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
