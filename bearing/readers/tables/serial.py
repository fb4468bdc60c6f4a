"""What serial monitors, databases and phones write (``ax:0.1,ay:0.2``; all records on one line) -> plain tables.

Each form is told by a look at some lines in the middle of the first stretch, and rewritten in one pass.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["one_decimal_sign", "one_record_a_line", "plain_table"]

_LABELLED = re.compile(
    r"(?P<label>[^\W\d][\w .]{0,20}?)\s*[:=]\s*(?P<value>[-+]?(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d+)?)(?![\w.:])"
)
_ARRIVED = re.compile(r"^\s*(?P<stamp>(?:\d{4}-\d\d-\d\d[ T])?\d{1,2}:\d\d:\d\d[.,:]?\d*)\s*(?:->|-›|→|,|;|\t)\s*")
_ARRIVED_BEFORE = re.compile(r"^\W{0,2}(?:\d{4}-)?(?:\d\d-\d\d[ T])?\d{1,2}:\d\d:\d\d[.,]\d+(?=[\]) ])")
_LEVEL_WORD = rb"\W?(?:trace|debug|info|notice|warning|warn|error|TRACE|DEBUG|INFO|NOTICE|WARNING|WARN|ERROR)\b"
_LEVEL = re.compile(r"\s*" + _LEVEL_WORD.decode())  # in front of what a logging library writes
# What a line of labelled values may begin with, and how rows are found behind it.
_STARTS = (
    (_ARRIVED, rb"^[ \t]*(\d[-\d :.,T]*\d)[ \t]*(?:->|\xe2\x86\x92|[,;\t])[ \t]*"),
    (_ARRIVED_BEFORE, rb"^\W{0,2}(\d[-\d :.,T]*\d)(?=[\]) ])[^\n]*?(?<![\w.])"),
    (_LEVEL, rb"^[ \t]*" + _LEVEL_WORD + rb"[^\n\d]*?(?<![\w.])"),
    (re.compile(""), rb"^[ \t]*"),
)
_LINE_PROTOCOL = re.compile(
    r"(?P<series>[^\s]+) (?P<fields>[^\s=,]+=[^\s,]+(?:,[^\s=,]+=[^\s,]+)*) (?P<stamp>\d{10,19})"
)
_AROUND_ROW = re.compile(r"\s*(?:\$[A-Z]{2,8},|[(\[{]+)?[-+.\d].*?(?:[)\]}]+[,;]?|\*[0-9A-Fa-f]{2})\s*")
_UNIT_BEHIND = rb"(?: ?(?:m?g|m/s\^?2|m/s\xc2\xb2|mm/s|m?V|deg/s|dps|(?:\xc2\xb0)?C))?"
_EITHER_SIGN = re.compile(r"[-+]?\d*[.,]?\d+(?:[eE][-+]?\d+)?")
_THOUSAND = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
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


def one_decimal_sign(data: bytes, lines: Sequence[str]) -> tuple[bytes, str]:
    """The text with points for the commas of a table whose cells have now one, now the other; and what to tell, or "".

    Files glued of two languages look so. No cell has both, and the commas cannot all part thousands.
    """
    middle = _middle([line for line in lines if line.strip()])
    cells = [cell for line in middle for cell in re.split(r"[;\t| ]", line.strip()) if cell]
    commas = [cell for cell in cells if "," in cell]
    if len(cells) < _LEAST_LINES or not commas or not any("." in cell for cell in cells):
        return data, ""
    if not all(map(_EITHER_SIGN.fullmatch, cells)) or all(map(_THOUSAND.fullmatch, commas)):
        return data, ""
    told = "Some cells have decimal commas, others points: both are read as such."
    return re.sub(rb"(?<=\d),(?=\d)", b".", data), told


def plain_table(data: bytes, lines: Sequence[str]) -> tuple[bytes, tuple[str, ...]] | None:
    """The text as a plain table, and the lines that stood above or beside it; None where it is one, or none of these.

    Parameters
    ----------
    data : bytes
        The text.
    lines : sequence of str
        The complete lines of its first stretch.
    """
    forms = (_line_protocol, _arff, _labelled, _enclosed, _decimal_commas, _block_beside)
    body = [line for line in lines if line.strip()]
    return next((table for form in forms if (table := form(data, body)) is not None), None)


def _middle(body: Sequence[str]) -> Sequence[str]:
    return body[len(body) // 2 :][:40]


def _line_protocol(data: bytes, body: Sequence[str]) -> tuple[bytes, tuple[str, ...]] | None:
    """InfluxDB's line protocol: ``vib,axis=x acc=0.1,n=2i 1732615872000000000``."""
    found = [_LINE_PROTOCOL.fullmatch(line.strip()) for line in _middle(body)]
    if len(found) < _LEAST_LINES or not all(found):
        return None
    fields = [field.split("=")[0] for field in found[0]["fields"].split(",")] if found[0] else []
    pairs = b",".join(re.escape(field.encode()) + rb"=([-+.\deE]+)[iu]?" for field in fields)
    rows = re.findall(rb"^(\S+) " + pairs + rb" (\d{10,19})[ \t\r]*$", data, re.MULTILINE)
    header = ";".join(("series", *fields, "time")).encode()
    return header + b"\n" + b"\n".join(map(b";".join, rows)) + b"\n", ()


def _arff(data: bytes, body: Sequence[str]) -> tuple[bytes, tuple[str, ...]] | None:
    """Weka's tables: names in ``@attribute`` lines, the rows below ``@data``."""
    at = next((index for index, line in enumerate(body) if "@" in line and line.strip().lower() == "@data"), None)
    names = [line.split()[1].strip("'\"") for line in body[: at or 0] if line.lower().startswith("@attribute ")]
    if at is None or not names:
        return None
    rows = re.split(rb"^@data[ \t\r]*\n", data, maxsplit=1, flags=re.MULTILINE | re.IGNORECASE)[1]
    return ",".join(names).encode() + b"\n" + rows, tuple(line for line in body[:at] if line.startswith("%"))


def _enclosed(data: bytes, body: Sequence[str]) -> tuple[bytes, tuple[str, ...]] | None:
    """Rows in brackets (``(0.1, 0.2)``), or as NMEA writes them (``$ACC,1,0.1*4F``)."""
    sample = _middle(body)
    if len(sample) < _LEAST_LINES or not all(_AROUND_ROW.fullmatch(line) for line in sample):
        return None
    data = re.sub(rb"^[ \t]*(?:\$[A-Z]{2,8},|[(\[{]+)(?=[ \t]*[-+.\d])", b"", data, flags=re.MULTILINE)
    return re.sub(rb"(?<=\d)[ \t]*(?:[)\]}]+[,;]?|\*[0-9A-Fa-f]{2})[ \t\r]*$", b"", data, flags=re.MULTILINE), ()


def _decimal_commas(data: bytes, body: Sequence[str]) -> tuple[bytes, tuple[str, ...]] | None:
    """``0,0001,-0,25`` below a header of two names: commas part the columns and the decimals alike."""
    sample = _middle(body)
    header = next((line for line in body if line[0] not in "#%"), "")
    width = header.count(",") + 1
    pair = r"[+-]?\d+,\d+"
    row = re.compile(f"{pair}(?:,{pair}){{{width - 1}}}\\s*")
    if not 2 <= width <= 64 or len(sample) < _LEAST_LINES or not re.search(r"[^\W\d]", header):
        return None
    if not all(row.fullmatch(line) for line in sample):
        return None
    return re.sub(rb"(\d),(\d+)(?=,|[ \t\r]*$)(,?)", rb"\1.\2\3", data, flags=re.MULTILINE), ()


def _block_beside(data: bytes, body: Sequence[str]) -> tuple[bytes, tuple[str, ...]] | None:
    """A table beside whose first lines stand facts, in columns that are empty below; and those facts.

    ``Sample Interval,8.3e-05,,-1.0,0.02`` above ``,,,-0.9999,0.03`` (oscilloscopes), or to the right of the numbers.
    Empty columns in front are cut off. None for any other text.
    """
    middle = _middle(body)
    if len(body) < 4 * _LEAST_LINES:
        return None
    for sign in ",;\t":
        rows = [line.split(sign) for line in middle]
        filled = [[at for at, cell in enumerate(row) if cell.strip()] for row in rows]
        if not all(filled):
            continue
        first, last = min(row[0] for row in filled), max(row[-1] for row in filled) + 1
        if max(first, len(rows[0]) - last) < 2:
            continue
        head = [line.split(sign) for line in body[:_MOST_FACTS]]
        beside = [sign.join(side) for row in head for side in (row[:first], row[last:])]
        facts = tuple(text for text in beside if re.search(r"[^\W\d]{2}", text))
        if not facts:
            continue
        field = re.escape(sign.encode())
        cut = re.sub(rb"^(?:[^%b\n]*%b){%d}" % (field, field, first), b"", data, flags=re.MULTILINE) if first else data
        return cut, facts
    return None


def _labelled(data: bytes, body: Sequence[str]) -> tuple[bytes, tuple[str, ...]] | None:
    """Lines of ``label: value`` pairs as a table with the labels for a header, and the lines before.

    A stamp that a serial monitor or a log wrote in front becomes a column ``time``; braces and quotes around the pairs
    (one JSON object a line, behind a topic) and units behind the values are passed over.
    """
    if len(_middle(body)) >= _LEAST_LINES and all(re.match(r'[^{}"]{1,200}\{"', line) for line in _middle(body)):
        data = re.sub(rb'^[^{\n]*\{|["}]', b"", data, flags=re.MULTILINE)
        body = [re.sub(r'^[^{]*\{|["}]', "", line) for line in body]
    sample = body[len(body) // 2 :][:40]
    found = [_LABELLED.findall(_ARRIVED.sub("", line)) for line in sample]
    if len(sample) < _LEAST_LINES or not found[0]:
        return None
    labels = [label.strip() for label, _ in found[0]]
    agreeing = sum([label.strip() for label, _ in one] == labels for one in found)
    if agreeing < 0.8 * len(sample) or len(set(labels)) != len(labels):
        return None
    number = rb"\s*[:=]\s*([-+]?(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d+)?)" + _UNIT_BEHIND
    pairs = rb"[ ,;\t|]+".join(re.escape(label.encode()) + number for label in labels)
    for begins, start in _STARTS:
        rows = re.findall(start + pairs, data, re.MULTILINE) if all(map(begins.match, sample)) else []
        if len(rows) >= _LEAST_LINES:
            break
    else:
        return None
    stamped = begins in (_ARRIVED, _ARRIVED_BEFORE)
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
