"""Universal files (``.uff``, ``.unv``): time signals of dataset 58, in text or binary (58b).

Layout: SDRC/Siemens "Universal File Format", dataset 58 "Function at Nodal DOF"; UC-SDRL for the binary header.
Spectra, frequency responses and geometry in the same file are passed over, or refused when there is nothing else.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from bearing.errors import UnreadableFile, UnsupportedFormat
from bearing.readers.columns.channels import to_recordings
from bearing.readers.columns.column import Column
from bearing.readers.columns.facts import Facts, Known, tidy_rate
from bearing.readers.names import clean_file_name, clean_name, unique_names
from bearing.recording import RATE_LIMITS_HZ, FloatArray, Recording
from bearing.settings import Limits

__all__ = ["read_uff"]

_DELIMITER = re.compile(rb"^[ \t]*-1[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
_FUNCTIONS = {
    2: "auto spectrum", 3: "cross spectrum", 4: "frequency response", 5: "transmissibility", 6: "coherence",
    9: "power spectral density", 10: "energy spectral density", 12: "spectrum", 24: "shock response spectrum",
}  # fmt: skip
_GEOMETRY = {15, 18, 82, 2411, 2412, 2420, 2414, 55}
_TIME = 17
_PIECE = 1_000_000
_REAL = {2: "f4", 4: "f8"}


@dataclass(frozen=True)
class _Header:
    """What the eleven header lines of a dataset 58 say."""

    name: str
    function: int
    data_type: int
    points: int
    evenly: bool
    step: float
    abscissa: int
    abscissa_unit: str
    unit: str

    @property
    def is_time_signal(self) -> bool:
        in_time = self.abscissa == _TIME or self.abscissa_unit.lower() in ("s", "sec")
        return self.function in (0, 1) and in_time and self.data_type in _REAL


def read_uff(data: bytes, name: str, bounds: Limits) -> list[Recording]:
    """Time signals of a universal file, their rate from the spacing of the abscissa.

    Raises UnsupportedFormat when it holds only spectra or geometry, UnreadableFile when it is damaged.
    """
    kinds: list[int] = []
    passed_over: list[str] = []
    recordings: list[Recording] = []
    samples = 0
    for kind, start, end, binary in _datasets(data, bounds):
        kinds.append(kind)
        if kind != 58:
            continue
        header, body_at = _header(data, start, end)
        if not header.is_time_signal:
            passed_over.append(_FUNCTIONS.get(header.function, "no time signal"))
            continue
        samples += header.points
        bounds.check_samples(samples)
        body = memoryview(data)[body_at:end]
        values = _binary_values(body, header, *binary) if binary else _text_values(bytes(body), header)
        recordings += _recording(header, values, name, bounds)
        bounds.check_channels(len(recordings))
    if not recordings:
        raise UnsupportedFormat(_refusal(kinds, passed_over, name))
    names = unique_names(recording.channel for recording in recordings)
    return [replace(recording, channel=label) for recording, label in zip(recordings, names, strict=True)]


def _datasets(data: bytes, bounds: Limits) -> Iterator[tuple[int, int, int, tuple[str, int] | None]]:
    """Number, start, end and (for binary ones) byte order and size of each dataset, between lines of ``-1``."""
    at = count = 0
    while (opening := _DELIMITER.search(data, at)) is not None:
        count += 1
        bounds.check_elements(count)
        line_end = data.find(b"\n", opening.end())
        if line_end < 0:
            return
        words = data[opening.end() : line_end].split()
        start = line_end + 1
        if not words or not re.fullmatch(rb"\d{1,5}b?", words[0]):
            raise UnreadableFile("The universal file is damaged: a dataset without a number. Export it again.")
        binary = None
        search_from = start
        if words[0] == b"58b":
            binary = _binary_header(words)
            search_from = min(_skip_lines(data, start, 11) + binary[1], len(data))
        closing = _DELIMITER.search(data, search_from)
        end = closing.start() if closing else len(data)
        yield int(words[0].rstrip(b"b")), start, end, binary
        at = closing.end() if closing else len(data)


def _binary_header(words: list[bytes]) -> tuple[str, int]:
    """Byte order and number of bytes out of a line ``58b 1 2 11 317168 ...``."""
    try:
        order, floats, _, size = (int(word) for word in words[1:5])
    except ValueError as error:
        raise UnreadableFile(
            "The universal file is damaged: a binary dataset without a size. Export it again."
        ) from error
    if order not in (1, 2) or floats != 2 or size < 0:
        raise UnsupportedFormat("The universal file holds DEC or IBM floats, which are not read: export it as text.")
    return ("<" if order == 1 else ">"), size


def _skip_lines(data: bytes, at: int, lines: int) -> int:
    for _ in range(lines):
        found = data.find(b"\n", at)
        if found < 0:
            raise UnreadableFile("The universal file is cut off inside the header of a dataset: export it again.")
        at = found + 1
    return at


def _header(data: bytes, start: int, end: int) -> tuple[_Header, int]:
    body_at = _skip_lines(data, start, 11)
    if body_at > end + 1:
        raise UnreadableFile("The universal file is cut off inside the header of a dataset: export it again.")
    lines = [_text(line) for line in data[start:body_at].split(b"\n")[:11]]
    try:
        spacing = lines[6].split()
        header = _Header(
            name=_name(lines),
            function=int(lines[5][:5]),
            data_type=int(spacing[0]),
            points=int(spacing[1]),
            evenly=spacing[2] == "1",
            step=_number(spacing[4]),
            abscissa=int(lines[7][:10]),
            abscissa_unit=_label(lines[7], 1),
            unit=_label(lines[8], 1),
        )
    except (ValueError, IndexError) as error:
        raise UnreadableFile(
            "The universal file is damaged: a header of dataset 58 is broken. Export it again."
        ) from error
    if header.points < 0:
        raise UnreadableFile("The universal file is damaged: a dataset claims a negative number of points.")
    return header, min(body_at, end)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8").rstrip("\r")
    except UnicodeDecodeError:
        return raw.decode("latin-1").rstrip("\r")


def _number(text: str) -> float:
    return float(text.replace("D", "E").replace("d", "e"))


def _name(lines: list[str]) -> str:
    """The first line of the header, else the response node, else the label of the ordinate."""
    candidates = (lines[0].strip(), lines[5][30:41].strip(), _label(lines[8], 0))
    return next((name for name in candidates if name and name.upper() != "NONE"), "signal")


def _label(line: str, index: int) -> str:
    """Axis label (0) or unit (1) of a line: two fields of twenty characters from column 26."""
    label = line[26 + 21 * index : 46 + 21 * index].strip()
    return "" if label.upper() == "NONE" else label


def _binary_values(body: memoryview, header: _Header, order: str, size: int) -> FloatArray:
    dtype = np.dtype(order + _REAL[header.data_type])
    whole = min(len(body), size)
    count = header.points * (1 if header.evenly else 2)
    if not header.evenly:  # each abscissa is a 4-byte float before its value
        record = np.dtype([("x", order + "f4"), ("y", dtype)])
        rows = np.frombuffer(body[: whole // record.itemsize * record.itemsize], record)[: header.points]
        return np.stack([rows["x"].astype(np.float64), rows["y"].astype(np.float64)], axis=1)
    return np.frombuffer(body[: whole // dtype.itemsize * dtype.itemsize], dtype)[:count].astype(np.float64)


def _text_values(body: bytes, header: _Header) -> FloatArray:
    # In pieces, as the words of a long signal take six times the room of its numbers.
    pieces = []
    at = 0
    while at < len(body):
        cut = body.find(b" ", at + _PIECE, at + 2 * _PIECE)
        if cut < 0 and len(body) - at > 2 * _PIECE:
            raise UnreadableFile("The universal file is damaged: its numbers cannot be read. Export it again.")
        end = len(body) if cut < 0 else cut
        pieces.append(_floats(body[at:end].replace(b"D", b"E")))
        at = end
    values = np.concatenate(pieces) if pieces else np.empty(0)
    if not header.evenly:
        return values[: values.size // 2 * 2].reshape(-1, 2)[: header.points]
    return values[: header.points]


def _floats(text: bytes) -> FloatArray:
    import pandas as pd

    for pattern in (None, rb"(?<=[\d.])(?=[+-])"):  # full fields leave no blank before a minus: 1.0E+00-2.0E+00
        words = (re.sub(pattern, b" ", text) if pattern else text).split()
        if not words:
            return np.empty(0)
        try:
            return pd.read_csv(io.BytesIO(b"\n".join(words)), header=None, dtype=np.float64)[0].to_numpy()
        except (ValueError, OverflowError):
            continue
    raise UnreadableFile("The universal file is damaged: its numbers cannot be read. Export it again.")


def _recording(header: _Header, values: FloatArray, source: str, bounds: Limits) -> list[Recording]:
    notes = []
    if len(values) < header.points:
        notes.append(f"The header promises {header.points:,} samples, the file holds {len(values):,}.")
    rate: Known | None = None
    clock: list[Column] = []
    if header.evenly:
        rate_hz = tidy_rate(1.0 / header.step) if header.step > 0 else 0.0
        if RATE_LIMITS_HZ[0] / 1e6 <= rate_hz <= RATE_LIMITS_HZ[1]:
            rate = Known(rate_hz, "abscissa spacing")
    else:
        clock = [Column("abscissa", np.ascontiguousarray(values[:, 0]), "s", stamp=True)] if len(values) else []
        values = values[:, 1]
    if not len(values):
        raise UnreadableFile("The universal file is cut off: a time signal without samples. Export it again.")
    column = Column(header.name, np.ascontiguousarray(values), clean_name(header.unit, ""))
    return to_recordings([*clock, column], source, bounds, Facts(rate, None, tuple(notes)))


def _refusal(kinds: list[int], passed_over: list[str], name: str) -> str:
    held = f"'{clean_file_name(name)}' holds no time signal"
    if passed_over:
        return f"{held}, only {' and '.join(sorted(set(passed_over)))}: export the time history (dataset 58)."
    listed = ", ".join(str(kind) for kind in sorted(set(kinds))[:8])
    what = "geometry" if _GEOMETRY.intersection(kinds) else "other data"
    return f"{held}, only {what} (datasets {listed or 'none'}): export the time history as dataset 58."
