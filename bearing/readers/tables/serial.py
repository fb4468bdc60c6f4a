"""What serial monitors and phones write (``ax:0.1,ay:0.2``; all records on one line) -> plain tables."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["one_record_a_line", "table_of_labels", "without_block_beside"]

_LABELLED = re.compile(
    r"(?P<label>[^\W\d][\w .]{0,20}?)\s*[:=]\s*(?P<value>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.:])"
)
_ARRIVED = re.compile(r"^\s*(?P<stamp>(?:\d{4}-\d\d-\d\d[ T])?\d{1,2}:\d\d:\d\d[.,:]?\d*)\s*(?:->|-›|→|,|;|\t)\s*")
_LEAST_LINES = 20
_MOST_FACTS = 100  # lines beside which facts may stand


def one_record_a_line(data: bytes) -> bytes:
    """Records that follow each other on one line, split by ``;`` or ``|``, put on a line each; other text as it is."""
    if len(data) < 2_000 or data.count(b"\n", 0, 20_000) > 2 or data.count(b"\n") > 2:
        return data
    for between in (b";", b"|"):
        head = data[:20_000].rstrip(b"\r\n").split(between)[:-1]
        for inside in (b",", b" ", b"\t"):
            counts = {record.strip().count(inside) for record in head[1:40]}
            if len(head) > _LEAST_LINES and len(counts) == 1 and counts.pop() >= 1:
                return data.replace(between, b"\n")
    return data


def without_block_beside(data: bytes, lines: Sequence[str]) -> tuple[bytes, tuple[str, ...]] | None:
    """A table beside whose first lines stand facts, in columns that are empty below; and those facts.

    ``Sample Interval,8.3e-05,,-1.0,0.02`` above ``,,,-0.9999,0.03`` (oscilloscopes), or to the right of the numbers.
    Empty columns in front are cut off. None for any other text.
    """
    middle = lines[len(lines) // 2 :][:40]
    if len(lines) < 4 * _LEAST_LINES:
        return None
    for sign in ",;\t":
        rows = [line.split(sign) for line in middle]
        filled = [[at for at, cell in enumerate(row) if cell.strip()] for row in rows]
        if not all(filled):
            continue
        first, last = min(row[0] for row in filled), max(row[-1] for row in filled) + 1
        head = [line.split(sign) for line in lines[:_MOST_FACTS]]
        beside = [sign.join(side) for row in head for side in (row[:first], row[last:])]
        facts = tuple(text for text in beside if re.search(r"[^\W\d]{2}", text))
        if not facts or max(first, len(rows[0]) - last) < 2:
            continue
        field = re.escape(sign.encode())
        cut = re.sub(rb"^(?:[^%b\n]*%b){%d}" % (field, field, first), b"", data, flags=re.MULTILINE) if first else data
        return cut, facts
    return None


def table_of_labels(data: bytes, lines: Sequence[str]) -> tuple[bytes, tuple[str, ...]] | None:
    """Lines of ``label: value`` pairs as a table with the labels for a header, and the lines before; None for others.

    A stamp that a serial monitor wrote in front becomes a column ``time``.
    """
    body = [line for line in lines if line.strip()]
    sample = body[len(body) // 2 :][:40]
    found = [_LABELLED.findall(_ARRIVED.sub("", line)) for line in sample]
    if len(sample) < _LEAST_LINES or not found[0]:
        return None
    labels = [label.strip() for label, _ in found[0]]
    agreeing = sum([label.strip() for label, _ in one] == labels for one in found)
    if agreeing < 0.8 * len(sample) or len(set(labels)) != len(labels):
        return None
    stamped = all(_ARRIVED.match(line) for line in sample)
    number = rb"\s*[:=]\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    pairs = rb"[ ,;\t|]+".join(re.escape(label.encode()) + number for label in labels)
    start = rb"^[ \t]*(\d[-\d :.,T]*\d)[ \t]*(?:->|\xe2\x86\x92|[,;\t])[ \t]*" if stamped else rb"^[ \t]*"
    rows = re.findall(start + pairs, data, re.MULTILINE)
    if len(rows) < _LEAST_LINES:
        return None
    unit = _unit_after(sample[0])
    header = ["time"] * stamped + [f"{label} [{unit}]" if unit else label for label in labels]
    single = not stamped and len(labels) == 1
    table = b"\n".join(rows) if single else b"\n".join(b";".join(row) for row in rows)
    above = tuple(line for line in body[:40] if not _LABELLED.search(_ARRIVED.sub("", line)) or line not in sample)
    return ";".join(header).encode() + b"\n" + table + b"\n", above[:20]


def _unit_after(line: str) -> str:
    """The one unit at the end of a line of labelled values (``X: 0.27  Y: 0.20  m/s^2``)."""
    match = re.search(r"\d\s+(g|mg|m/s\^?2|m/s²|mm/s|V|mV)\s*$", line)
    return match[1] if match else ""
