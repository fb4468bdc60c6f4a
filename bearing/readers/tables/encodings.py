"""Text in any encoding as UTF-8: byte-order marks, UTF-16 without one, and the double bytes of East Asia."""

from __future__ import annotations

import re

from bearing.errors import UnreadableFile, UnsupportedFormat
from bearing.readers.columns.facts import facts_in_lines
from bearing.readers.names import kind_of
from bearing.settings import Limits

__all__ = ["as_text", "decode"]

_HEAD = 32_768
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xef\xbb\xbf", "utf-8"),
)
_EASTERN = ("gb18030", "cp932", "euc-kr")
_HIGH = re.compile(rb"[\x80-\xff]+")
# What is written in them: ideographs, kana, hangul and their full-width signs.
_EAST = re.compile(r"[\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7af\uff00-\uff9f]{2,}")
_AMID_LATIN = re.compile(r"[a-z][^\x00-\x7f]+[a-z]")


def decode(data: bytes, bounds: Limits) -> bytes:
    """The text as UTF-8 without a mark, lines ending in a line feed. UnreadableFile when it is no text."""
    mark, encoding = next(((mark, coded) for mark, coded in _BOMS if data.startswith(mark)), (b"", ""))
    data = data[len(mark) :]
    encoding = encoding or _guess(data[:_HEAD])
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


def as_text(raw: bytes) -> str:
    """Bytes that `decode` left as they were: UTF-8, else Latin-1."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _guess(head: bytes) -> str:
    """UTF-16 without a mark shows as a NUL in every other place; one of East Asia's; else UTF-8 (or Latin-1)."""
    pairs = len(head) // 2
    if pairs >= 4:
        even, odd = head[: 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
        if odd > 0.9 * pairs and even < 0.1 * pairs:
            return "utf-16-le"
        if even > 0.9 * pairs and odd < 0.1 * pairs:
            return "utf-16-be"
    return _eastern([line for line in head.split(b"\n")[:-1] or [head] if _HIGH.search(line)][:100])


def _eastern(lines: list[bytes]) -> str:
    """The encoding of East Asia in which the lines read as words, ``utf-8`` where they are none of them.

    Latin-1 has single letters amid others (``Größe``), these have pairs; of several that fit, the one whose words name
    what is measured.
    """
    text = b"\n".join(lines)
    best, most = "utf-8", 0
    if not lines or _decoded(text, "utf-8") is not None:
        return best
    for encoding in _EASTERN:
        decoded = _decoded(text, encoding)
        if decoded is None or _AMID_LATIN.search(decoded):
            continue
        foreign = "".join(sign for sign in decoded if ord(sign) > 0x7F)
        words = _EAST.findall(decoded)
        if not words or sum(map(len, words)) < 0.6 * len(foreign):
            continue
        facts = facts_in_lines(decoded.split("\n"))
        known = sum(bool(kind_of(word)) for word in words) + bool(facts.rate) + bool(facts.rpm)
        usual = len(foreign.encode("gb2312", "ignore")) > 1.8 * len(foreign) or encoding != "gb18030"
        if known + usual > most:
            best, most = encoding, known + usual
    return best


def _decoded(text: bytes, encoding: str) -> str | None:
    try:
        return text.decode(encoding)
    except UnicodeDecodeError:
        return None
