"""Raw binary: samples alone, interleaved, in a layout that somebody declares: ``int16,le,2ch``."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from bearing.errors import ParameterError, UnreadableFile
from bearing.readers.arrays.wav import from_int24
from bearing.readers.columns.channels import to_recordings
from bearing.readers.columns.column import Column
from bearing.readers.columns.facts import Facts
from bearing.readers.formats import FORMATS
from bearing.recording import FloatArray, Recording
from bearing.settings import Limits

__all__ = ["EXAMPLE", "Layout", "read_raw"]

EXAMPLE = "int16,le,2ch"
_TYPES = {
    "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int24": "i3", "int32": "i4", "uint32": "u4",
    "float32": "f4", "float64": "f8",
}  # fmt: skip
_ORDERS = {"le": "<", "be": ">"}
_LARGEST, _SMALLEST = 1e12, 1e-20  # of floats a sensor delivers, zero apart
_WRONG_SHARE = 0.01
_FULL, _SWAPPED_GAIN = 0.5, 3.0  # swapped bytes fill the range (0.58 of full scale, RMS), the true ones do not


@dataclass(frozen=True)
class Layout:
    """How samples lie in a raw file: a type, its byte order, interleaved channels, bytes before the first sample."""

    kind: str
    order: str = "le"
    channels: int = 1
    skip_bytes: int = 0

    @classmethod
    def parse(cls, text: str) -> Layout:
        """``int16,le,2ch,skip512``: the type, then in any order what differs from ``le,1ch,skip0``.

        Raises ParameterError for anything else.
        """
        found: dict[str, str | int] = {}
        for part in filter(None, re.split(r"[,;\s]+", text.strip().lower())):
            if part in _TYPES:
                name, value = "kind", part
            elif part in _ORDERS:
                name, value = "order", part
            elif match := re.fullmatch(r"(\d{1,4})ch|skip=?(\d{1,9})", part):
                name, value = ("channels", int(match[1])) if match[1] else ("skip_bytes", int(match[2]))
            else:
                raise ParameterError(f"A raw layout is written like {EXAMPLE},skip512; could not use {part[:40]!r}.")
            if name in found:
                raise ParameterError(f"The raw layout {text[:80]!r} says {name} twice; write it like {EXAMPLE}.")
            found[name] = value
        if "kind" not in found:
            raise ParameterError(f"A raw layout needs a type, one of {', '.join(_TYPES)}: write it like {EXAMPLE}.")
        if not found.get("channels", 1):
            raise ParameterError(f"A raw layout has one channel or more; write it like {EXAMPLE}.")
        return cls(**found)  # type: ignore[arg-type]

    @property
    def sample_bytes(self) -> int:
        return int(_TYPES[self.kind][1:])

    def __str__(self) -> str:
        return f"{self.kind}, {self.order}, {self.channels} channel{'s' * (self.channels > 1)}"


def read_raw(data: bytes, name: str, layout: Layout, bounds: Limits) -> list[Recording]:
    """Channels of a raw file, in counts (integers) or as they stand (floats).

    Raises UnreadableFile where the declared layout cannot be that of these bytes, TooLarge over a limit.
    """
    bounds.check_bytes(len(data))
    _refuse_other_formats(data)
    body = memoryview(data)[layout.skip_bytes :]
    frame_bytes = layout.channels * layout.sample_bytes
    bounds.check_channels(layout.channels)
    if bounds.in_part:
        body = body[: len(body) // frame_bytes * frame_bytes]
    if not body or len(body) % frame_bytes:
        raise UnreadableFile(
            f"{len(body):,} bytes are no whole number of frames of {frame_bytes} bytes ({layout}): check type, "
            "channels and the bytes to skip."
        )
    frames = len(body) // frame_bytes
    frames, in_part = bounds.rows_within(frames, layout.channels)
    body = body[: frames * frame_bytes]
    flat = _samples(body, layout.kind, layout.order)
    _check_plausible(flat, body, layout)
    samples = flat.reshape(frames, layout.channels)
    names = ["signal"] if layout.channels == 1 else [f"channel {index + 1}" for index in range(layout.channels)]
    columns = [Column(label, np.ascontiguousarray(samples[:, index])) for index, label in enumerate(names)]
    return to_recordings(
        columns, name, bounds, Facts(None, None, (f"Raw samples, read as declared: {layout}.", *in_part))
    )


def _samples(body: memoryview, kind: str, order: str) -> FloatArray:
    if kind == "int24":
        return from_int24(body, _ORDERS[order]).astype(np.float64)
    with np.errstate(invalid="ignore"):  # a signalling NaN
        return np.frombuffer(body, _ORDERS[order] + _TYPES[kind]).astype(np.float64)


def _refuse_other_formats(data: bytes) -> None:
    """UnreadableFile for text and for files that say themselves what they are."""
    head = data[:4096]
    if head and all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in head):
        raise UnreadableFile("This file is text, no raw samples: leave the raw layout out.")
    for one in FORMATS[:-2]:  # the last two have no mark of their own
        if one.title != "compressed file" and one.sniff(data, ""):
            raise UnreadableFile(f"This is a {one.title} file, which says itself how it is laid out: leave that out.")


def _check_plausible(flat: FloatArray, body: memoryview, layout: Layout) -> None:
    """UnreadableFile where the numbers are those of another type or byte order."""
    if layout.kind.startswith("float"):
        with np.errstate(invalid="ignore"):
            size = np.abs(flat)
            wrong = ~((size <= _LARGEST) & ((size >= _SMALLEST) | (flat == 0)))
        if wrong.mean() > _WRONG_SHARE:
            raise UnreadableFile(
                f"Read as {layout}, {wrong.mean():.0%} of the values are none a sensor delivers: check type and order."
            )
    elif layout.sample_bytes > 1:
        other = "be" if layout.order == "le" else "le"
        rms = np.std(flat)
        if rms > _FULL * 2.0 ** (8 * layout.sample_bytes - 1) and rms > _SWAPPED_GAIN * np.std(
            _samples(body, layout.kind, other)
        ):
            raise UnreadableFile(
                f"Read as {layout}, the samples fill the range like noise, as {other} they do not: check the order."
            )
