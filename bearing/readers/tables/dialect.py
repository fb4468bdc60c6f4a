"""How a text table is written: delimiter, decimal sign, where the numbers begin, and what the lines above them say.

Judged on a first stretch of the file, so that the table itself can go to a fast parser in one piece.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bearing.readers.columns.facts import facts_in_lines
from bearing.readers.names import kind_of, split_unit, word_set
from bearing.readers.tables.stamps import is_stamp

__all__ = ["Dialect", "bare", "find_dialect", "is_comment", "split_fields"]

WHITESPACE = r"\s+"
_DELIMITERS = ("\t", ";", "|", ",", WHITESPACE)
_SAMPLED_LINES = 40
_MAX_LINE = 20_000  # characters of a line that are looked at

_EXPONENT = r"(?:[eE][+-]?\d+)?"
_DOT = re.compile(rf"[+-]?(?:\d++\.?\d*+|\.\d++){_EXPONENT}|[+-]?(?:nan|inf|infinity)|n/?a|null|none|", re.IGNORECASE)
_COMMA = re.compile(rf"[+-]?(?:\d++,?\d*+|,\d++){_EXPONENT}|[+-]?(?:nan|inf|infinity)|n/?a|null|none|", re.IGNORECASE)
_THOUSANDS = {
    (".", ","): re.compile(rf"[+-]?\d{{1,3}}(?:,\d{{3}})+(?:\.\d*)?{_EXPONENT}"),
    (",", "."): re.compile(rf"[+-]?\d{{1,3}}(?:\.\d{{3}})+(?:,\d*)?{_EXPONENT}"),
    (".", "'"): re.compile(rf"[+-]?\d{{1,3}}(?:'\d{{3}})+(?:\.\d*)?{_EXPONENT}"),
}
_SPACED = re.compile(r"[+-]?\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?:[.,]\d*)?")
_SPACES = re.compile(r"[ \u00a0\u2009\u202f]")
# What stands around a number in a cell: quotes, a unit, a checksum; and the exponent of Fortran.
_AROUND = re.compile(r"(?<=\d) ?(?:g|mg|m/s\^?2|m/s²|mm/s|s|ms|us|µs|V|mV|Hz|°C|rpm)(?=['\"]?\s*(?:[,;|\t]|$))|'")
_FORTRAN = re.compile(r"(?<=[\d.])[dD](?=[+-]?\d{1,3}(?!\d))")
_WORDS = re.compile(r"[^\W\d][\w \-/().]{0,40}")
_COMMENT = re.compile(r"^\s*(?:(?:#|%|//|!)+|;+(?=\s*[^\W\d]))\s?")
_HEAD_WORD = re.compile(r"(?:headers?|columns?|names?|fields?|channels?|time waveform|data)\s*:?", re.IGNORECASE)
_NAMES_BELOW = re.compile(r"(?:channel|column|signal)[ _]?names?\s*:?", re.IGNORECASE)
_MOST_HEADER_ROWS = 4
_UNIT_WORDS = word_set(
    "s ms us µs g mg m/s2 m/s^2 m/s² mm/s mm/s2 v mv a rpm hz n pa °c degc - s. sec mdps dps volts counts [-] µm um mm"
)


@dataclass(frozen=True)
class Dialect:
    """How to read one table.

    `start` is the index of the first line of numbers among the lines judged; `names` and `units` have one entry per
    column (empty where the file has none); `preamble` are the lines above, comments without their signs.
    """

    delimiter: str
    decimal: str
    thousands: str | None
    columns: int
    start: int
    names: tuple[str, ...]
    units: tuple[str, ...]
    preamble: tuple[str, ...]


def bare(text: str) -> str:
    """Numbers without what stands around them in their cells: ``'0.1 g'`` -> ``0.1``, ``1D-3`` -> ``1E-3``."""
    return _FORTRAN.sub("E", _AROUND.sub("", text))


def find_dialect(lines: Sequence[str]) -> Dialect | None:
    """The dialect of the lines as they stand, else of their bare numbers, else of numbers beside words; None for none.

    Parameters
    ----------
    lines : sequence of str
        The first lines of the file, the last one complete.
    """
    lines = [line[:_MAX_LINE] for line in lines]
    return _dialect_of(lines) or _dialect_of([bare(line) for line in lines]) or _dialect_beside_words(lines)


def _dialect_beside_words(lines: Sequence[str]) -> Dialect | None:
    """The dialect of a table half of whose columns are words (labels, states), which are read as 0 to find it."""
    body = [line for line in lines if line.strip() and not _COMMENT.match(line)]
    sample = body[len(body) // 2 :][:_SAMPLED_LINES]
    for delimiter in ("\t", ";", "|", ","):
        rows = [split_fields(line, delimiter) for line in sample]
        width = len(rows[0]) if rows else 0
        if width < 2 or any(len(row) != width for row in rows):
            continue
        wordy = [all(_WORDS.fullmatch(row[column]) for row in rows) for column in range(width)]
        labels = {row[column] for row in rows for column in range(width) if wordy[column]}
        if not any(wordy) or all(wordy) or 2 * len(labels) > len(rows):  # names, each with a number, are no table
            continue
        numbers = [[field for field, words in zip(row, wordy, strict=True) if not words] for row in rows]
        found = _best_guess([delimiter.join(row) for row in numbers]) if delimiter != "," else None
        found = found or _best_guess([";".join(row) for row in numbers])
        if found is None or found[0] != width - sum(wordy):
            continue
        above = next((index for index, line in enumerate(lines) if _fits(line, delimiter, wordy, found)), None)
        if above is None:
            continue
        names, units, used = _names_above([line for line in lines[:above] if line.strip()], width, delimiter)
        preamble = tuple(_COMMENT.sub("", line).strip() for line in lines[: max(above - used, 0)])
        return Dialect(delimiter, found[2], found[3], width, above, names, units, preamble)
    return None


def _fits(line: str, delimiter: str, wordy: Sequence[bool], found: tuple[int, str, str, str | None]) -> bool:
    fields = split_fields(line, delimiter)
    return len(fields) == len(wordy) and all(
        _WORDS.fullmatch(field) if words else _is_number(field, found[2], found[3]) or is_stamp(field)
        for field, words in zip(fields, wordy, strict=True)
    )


def _dialect_of(lines: Sequence[str]) -> Dialect | None:
    """The dialect under which the sampled lines are most plainly a table of numbers; None when none fits."""
    body = [line for line in lines if (text := line.lstrip()) and not (text[0] in "#%/!" and _COMMENT.match(text))]
    sample = body[len(body) // 2 :][:_SAMPLED_LINES]  # past any preamble
    best = _best_guess(sample)
    if best is None:
        return None
    columns, delimiter, decimal, thousands = best
    if delimiter == "," and columns == 2 and _is_decimal_comma(sample, lines):
        columns, delimiter, decimal = 1, ";", ","
    return _with_header(lines, columns, delimiter, decimal, thousands)


def _best_guess(sample: Sequence[str]) -> tuple[int, str, str, str | None] | None:
    """Columns, delimiter, decimal and thousands sign that fit best; plain ones are tried first and win ties."""
    if not sample:
        return None
    quoted = any('"' in line for line in sample)
    signs = set("".join(sample))
    candidates = [sign for sign in _DELIMITERS if sign in signs or (sign == WHITESPACE and " " in signs)] + [";"]
    best_score, best = 0.5, None
    for decimal, thousands in ((".", None), (",", None), (".", ","), (",", "."), (".", "'")):
        for delimiter in candidates:
            if delimiter == "," and decimal == "," and not quoted:
                continue
            score, columns = _score(sample, delimiter, decimal, thousands)
            if columns and score > best_score + 1e-9:
                best_score, best = score, (columns, delimiter, decimal, thousands)
        if best_score > 0.999:
            break
    return best


def split_fields(line: str, delimiter: str) -> list[str]:
    """The fields of one line, unquoted and stripped."""
    if delimiter == WHITESPACE:
        return line.replace('"', "").split()
    if '"' in line:
        try:
            fields = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
        except (csv.Error, StopIteration):
            fields = line.split(delimiter)
    else:
        fields = line.split(delimiter)
    return [field.strip() for field in fields]


def is_comment(line: str) -> bool:
    """Whether a line begins with a sign of comments (``#``, ``%``, ``//``, ``!``, or ``;`` before a word)."""
    return bool(_COMMENT.match(line))


def _is_number(field: str, decimal: str, thousands: str | None) -> bool:
    plain = _DOT if decimal == "." else _COMMA
    if plain.fullmatch(field):
        return True
    if _SPACED.fullmatch(field):
        return bool(plain.fullmatch(_SPACES.sub("", field)))
    return thousands is not None and bool(_THOUSANDS[decimal, thousands].fullmatch(field))


def _score(sample: Sequence[str], delimiter: str, decimal: str, thousands: str | None) -> tuple[float, int]:
    """How plainly the lines are rows of numbers (0..1), and the number of columns."""
    rows = [split_fields(line, delimiter) for line in sample]
    if not rows:
        return 0.0, 0
    columns, agreeing = Counter(len(row) for row in rows).most_common(1)[0]
    if thousands is not None and not any(
        _THOUSANDS[decimal, thousands].fullmatch(field) for row in rows for field in row
    ):
        return 0.0, 0
    good = filled = numbers = 0
    for row in rows:
        for field in row:
            if not field:
                continue
            filled += 1
            if _is_number(field, decimal, thousands):
                good += 1
                numbers += 1
            elif is_stamp(field):
                good += 1
    if not numbers:
        return 0.0, 0
    return good / filled * (agreeing / len(rows)) ** 0.5, columns


def _is_decimal_comma(sample: Sequence[str], lines: Sequence[str]) -> bool:
    """Whether ``-0,0123`` is one number, not two: the second half is only ever digits.

    Two columns of whole numbers look the same; leading zeros, ``-0`` or a header of one name tell them apart.
    """
    pairs = [split_fields(line, ",") for line in sample]
    pairs = [pair for pair in pairs if len(pair) == 2]
    if not pairs or not all(
        re.fullmatch(r"[+-]?\d*", left) and re.fullmatch(r"\d+(?:[eE][+-]?\d+)?", right) for left, right in pairs
    ):
        return False
    header = next((line for line in lines if line.strip() and not _COMMENT.match(line)), "")
    if re.search(r"[^\W\d]", header) and not re.fullmatch(_COMMA, header.strip()):
        return "," not in header
    telling = sum(left in ("-0", "+0") or (len(right) > 1 and right[0] == "0") for left, right in pairs)
    return telling > 0


def _with_header(
    lines: Sequence[str], columns: int, delimiter: str, decimal: str, thousands: str | None
) -> Dialect | None:
    start = _first_row(lines, columns, delimiter, decimal, thousands)
    if start is None:
        return None
    above = [line for line in lines[:start] if line.strip(' \t\r\n,;|"')]
    names, units, used = _names_above(above, columns, delimiter)
    if columns > 2 and used and names[0] and not names[-1] and _rows_are_numbered(lines[start : start + 4], delimiter):
        names, units = ("", *names[:-1]), ("", *units[:-1])  # R names no column of row numbers
    facts_in_header = [line for line in above[len(above) - used :] if re.search(r"=\s*[-+.\d]", line)]
    preamble = tuple(_COMMENT.sub("", line).strip() for line in (*above[: len(above) - used], *facts_in_header))
    return Dialect(delimiter, decimal, thousands, columns, start, names, units, preamble)


def _rows_are_numbered(lines: Sequence[str], delimiter: str) -> bool:
    """Whether the rows begin with their number and end in a value."""
    rows = [split_fields(line, delimiter) for line in lines if line.strip()]
    firsts = [int(row[0]) for row in rows if row[0].isdecimal() and row[-1]]
    return len(firsts) == len(rows) > 1 and all(b - a == 1 for a, b in pairwise(firsts))


def _first_row(lines: Sequence[str], columns: int, delimiter: str, decimal: str, thousands: str | None) -> int | None:
    """Index of the first line that is a row of numbers and is followed by another one (or is the last)."""

    def is_row(line: str) -> bool:
        if _COMMENT.match(line):
            return False
        fields = split_fields(line, delimiter)
        filled = [field for field in fields if field]
        if not filled or not columns - 1 <= len(fields) <= columns:
            return False
        good = [_is_number(field, decimal, thousands) or is_stamp(field) for field in filled]
        if len(fields) != columns and not all(good):
            return False
        return sum(good) >= max(1, 0.6 * len(filled)) and any(_is_number(field, decimal, thousands) for field in filled)

    candidate = None
    for index, line in enumerate(lines):
        if not line.strip():
            continue
        if not is_row(line):
            candidate = None
        elif candidate is not None:
            return candidate
        else:
            candidate = index
    return candidate


def _names_above(above: Sequence[str], columns: int, delimiter: str) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Column names and units from the last lines above the numbers, and how many lines they took.

    Of several header rows one of units gives the units, and the one whose words mean most the names.
    """
    empty = ("",) * columns
    rows: list[tuple[str, ...]] = []
    used = 0
    for back, line in enumerate(reversed(above[-2 * _MOST_HEADER_ROWS :]), 1):
        if columns > 1 and not rows and _HEAD_WORD.fullmatch(line.strip()):
            continue  # `data:` announces the numbers and names none
        fields = _header_fields(line, columns, delimiter)
        if fields is None and is_comment(line) and not rows:
            continue  # a remark between the header and the numbers
        if fields is None or len(rows) == _MOST_HEADER_ROWS:
            break
        rows.append(fields)
        used = back
    if not rows:
        announced = _announced_names(above, columns, delimiter)
        return (announced, empty, 0) if announced else (empty, empty, 0)
    units = next((row for row in rows if _are_units(row)), None)
    named = [row for row in rows if row is not units] or rows
    best = max(named, key=_meaning)
    split = [split_unit(field[:200]) for field in best]
    names = tuple(name for name, _ in split)
    if units is not None and units is not best:
        stated = tuple(field.strip("[]() ") for field in units)
        return names, tuple(unit or own for unit, (_, own) in zip(stated, split, strict=True)), used
    return names, tuple(unit for _, unit in split), used


def _announced_names(above: Sequence[str], columns: int, delimiter: str) -> tuple[str, ...]:
    """The names in the line below one that says so (``channel names:``), wherever above the table; empty for none."""
    for line, below in pairwise(above):
        fields = split_fields(below, delimiter)
        if _NAMES_BELOW.fullmatch(line.strip()) and len(fields) == columns:
            return tuple(fields)
    return ()


def _header_fields(line: str, columns: int, delimiter: str) -> tuple[str, ...] | None:
    """The fields of a line that may name the columns; None for a remark, a fact or anything of another width."""
    plain = line if len(split_fields(line, delimiter)) == columns and line[:1] == delimiter else _COMMENT.sub("", line)
    fields = split_fields(plain, delimiter)
    if len(fields) != columns and delimiter == WHITESPACE:
        apart = (re.split(r"\s{2,}", plain.strip()), *(split_fields(plain, d) for d in ("\t", ";", ",")))
        fields = next((list(row) for row in apart if len(row) == columns), fields)
    if len(fields) == columns + 1 and _HEAD_WORD.fullmatch(fields[0]):
        fields = fields[1:]
    if not columns - 1 <= len(fields) <= columns + 1 or not any(re.search(r"[^\W\d]", field) for field in fields):
        return None
    filled = [field for field in fields if field]
    if 2 * sum(bool(_DOT.fullmatch(field)) for field in filled) >= len(filled):
        return None
    if is_comment(line) and (columns == 1 or re.search(r"[:=]\s*[-+.\d]", plain)):
        return None
    if columns == 1 and re.search(r"[:=,;\t]\s*[\"']?[-+.\d]", plain):  # `Time:,10:11:12` names no column
        return None
    stated = facts_in_lines([plain]) if re.search(r"\d", plain) else None
    if (
        stated is not None
        and (stated.rate or stated.rpm or stated.notes)
        and (columns <= 2 or not any(map(kind_of, fields)))
    ):
        return None
    return tuple((fields + [""] * columns)[:columns])


def _meaning(fields: Sequence[str]) -> float:
    """How much the words of a header row mean: known kinds first, then any words."""
    known = sum(bool(kind_of(*split_unit(field[:200]))) for field in fields)
    return known + 0.01 * sum(bool(re.search(r"[^\W\d]", field)) for field in fields)


def _are_units(fields: Sequence[str]) -> bool:
    filled = [field.strip("[]() ").lower() for field in fields if field.strip()]
    return bool(filled) and all(field in _UNIT_WORDS or not field for field in filled)
