"""Damage to files, reproducible by seed: what storage, networks, editors and attackers do to bytes."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

__all__ = ["mutated"]

_INTEGERS = (0, 1, 2, 3, 7, 8, 15, 16, 127, 255, 256, 1000, 0x7FFF, 0xFFFF, 2**16, 2**31 - 1, 2**31, 2**32 - 1)
_TOKENS = (
    b"nan",
    b"inf",
    b"-inf",
    b"1e308",
    b"-1e308",
    b"1e-320",
    b"1e999",
    b"-0",
    b"",
    b"0x10",
    b"1_000",
    b"9" * 20,
    b"9" * 400,
    b"--1",
    b"1,5",
    b"1.5",
    b"1.234.567,8",
    b"1 000",
    b"=cmd|' /C calc'!A0",
    b"<script>alert(1)</script>",
    b'"',
    b'""',
    b"'",
    b"\0",
    b"#",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    "\u202eabc".encode(),
    "\u0661\u0662".encode(),
    b"\r",
    b"\r\n\r\n",
    b"\n" * 50,
    b";" * 300,
    b"," * 300,
    b"\t" * 300,
    b" " * 300,
    b"a" * 5_000,
    b"2024-02-30 25:61:61",
    b"00:00:00,5",
    b"[g]",
    b"time[us]",
    b"fs: 0",
    b"rpm: -1",
    b"sampling rate: 1e300 Hz",
    b"../../../etc/passwd",
    b"-1",
    b"    -1\n",
    b"    58\n",
    b"***End_of_Header***\n",
    b"Multi",
    b"Samples\t-5\t\n",
    b"Delta_X\t0\t0\n",
)
_NUMBER = re.compile(rb"-?\d+[.,]?\d*(?:[eE][-+]?\d+)?")


def mutated(data: bytes, rng: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """The bytes after one to four random damages; `others` are spliced in now and then."""
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        damage = rng.choice(_DAMAGES)
        data = damage(data, rng) if data else bytes(rng.getrandbits(8) for _ in range(rng.randrange(64)))
    if others and rng.random() < 0.05:
        other = rng.choice(others)
        data = data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]
    return data[:200_000]


def _place(data: bytes, rng: random.Random) -> int:
    """A position, more often near the start, where headers are."""
    return min(int(len(data) * rng.random() ** rng.choice((1, 1, 4))), len(data) - 1)


def _flip(data: bytes, rng: random.Random) -> bytes:
    at = _place(data, rng)
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _overwrite(data: bytes, rng: random.Random) -> bytes:
    at, size = _place(data, rng), rng.choice((1, 1, 2, 4, 8, 30))
    return data[:at] + bytes(rng.getrandbits(8) for _ in range(size)) + data[at + size :]


def _integer(data: bytes, rng: random.Random) -> bytes:
    at, size = _place(data, rng), rng.choice((1, 2, 4, 4, 4, 8, 8))
    at -= at % rng.choice((1, 4, 8))
    value = rng.choice(_INTEGERS) + rng.choice((0, 0, 0, -1, 1))
    word = (value % 256**size).to_bytes(size, rng.choice(("little", "little", "big")))
    return data[:at] + word + data[at + size :]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: _place(data, rng)]


def _delete(data: bytes, rng: random.Random) -> bytes:
    at = _place(data, rng)
    return data[:at] + data[at + rng.choice((1, 2, 4, 8, 64, 512)) :]


def _double(data: bytes, rng: random.Random) -> bytes:
    at, size = _place(data, rng), rng.choice((1, 8, 64, 512, 4096))
    return data[: at + size] + data[at : at + size] * rng.choice((1, 1, 3)) + data[at + size :]


def _token(data: bytes, rng: random.Random) -> bytes:
    at = _place(data, rng)
    return data[:at] + rng.choice(_TOKENS) + data[at + rng.choice((0, 0, 1, 5)) :]


def _number(data: bytes, rng: random.Random) -> bytes:
    found = _NUMBER.search(data, _place(data, rng))
    return data[: found.start()] + rng.choice(_TOKENS) + data[found.end() :] if found else _flip(data, rng)


def _line(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    action = rng.randrange(3)
    if action == 0:
        del lines[at]
    elif action == 1:
        lines.insert(rng.randrange(len(lines) + 1), lines[at])
    else:
        other = rng.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    return b"\n".join(lines)


def _swap_signs(data: bytes, rng: random.Random) -> bytes:
    old, new = rng.sample((b",", b";", b"\t", b".", b" ", b"\n", b"|", b'"'), 2)
    return data.replace(old, new, rng.choice((1, 10, -1)))


_DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip, _flip, _overwrite, _integer, _integer, _integer, _cut, _delete, _double, _token, _number, _line, _swap_signs,
)  # fmt: skip
