"""WAV sound files: PCM of 8, 16, 24 and 32 bits and IEEE float, any number of channels.

Layout: Microsoft/IBM "Multimedia Programming Interface and Data Specifications 1.0" (RIFF), and WAVE_FORMAT_EXTENSIBLE.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from bearing.errors import UnreadableFile, UnsupportedFormat
from bearing.readers.columns.channels import to_recordings
from bearing.readers.columns.column import Column
from bearing.readers.columns.facts import Facts, Known
from bearing.recording import RATE_LIMITS_HZ, FloatArray, Recording
from bearing.settings import Limits

__all__ = ["from_int24", "read_wav"]

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_FULL_SCALE_NOTE = "A WAV file holds fractions of full scale (-1 to 1), no physical unit."


def read_wav(data: bytes, name: str, bounds: Limits) -> list[Recording]:
    """Channels of a WAV file, integers scaled to fractions of full scale.

    Raises UnreadableFile for a damaged header, UnsupportedFormat for compressed sound.
    """
    order = ">" if data[:4] == b"RIFX" else "<"
    layout: tuple[int, int, int, int, int] | None = None
    body: memoryview | None = None
    notes = [_FULL_SCALE_NOTE]
    at, chunks = 12, 0
    while at + 8 <= len(data) and body is None:
        chunks += 1
        bounds.check_elements(chunks)
        chunk, size = data[at : at + 4], struct.unpack_from(order + "I", data, at + 4)[0]
        at += 8
        if chunk == b"fmt ":
            layout = _layout(data[at : at + size], order)
        elif chunk == b"data":
            if size > len(data) - at:
                # 0 and 0xFFFFFFFF stand in headers that were written before the length was known.
                notes.append(f"The header promises {size:,} bytes of sound, {len(data) - at:,} are there.")
            body = memoryview(data)[at : at + size] if size else memoryview(data)[at:]
        at += size + size % 2
    if layout is None:
        raise UnreadableFile("The WAV file has no readable format chunk: it is damaged or cut off, export it again.")
    if body is None:
        raise UnreadableFile("The WAV file has no data chunk: it is damaged or cut off, export it again.")
    kind, channels, rate, bits, frame_bytes = layout
    if not RATE_LIMITS_HZ[0] <= rate <= RATE_LIMITS_HZ[1]:
        raise UnreadableFile(f"The WAV file claims a sampling rate of {rate:,} Hz: its header is damaged.")
    bounds.check_channels(channels)
    frames = len(body) // frame_bytes
    frames, in_part = bounds.rows_within(frames, channels)
    notes += in_part
    samples = _samples(body[: frames * frame_bytes], kind, bits, order).reshape(frames, channels)
    names = ["signal"] if channels == 1 else [f"channel {index + 1}" for index in range(channels)]
    columns = [Column(label, np.ascontiguousarray(samples[:, index])) for index, label in enumerate(names)]
    if not frames:
        raise UnreadableFile("The WAV file holds no samples: it is cut off, export it again.")
    return to_recordings(columns, name, bounds, Facts(Known(float(rate), "WAV header"), None, tuple(notes)))


def _layout(chunk: bytes, order: str) -> tuple[int, int, int, int, int]:
    """Sample kind, channels, rate in Hz, bits per sample and bytes per frame."""
    if len(chunk) < 16:
        raise UnreadableFile("The format chunk of this WAV file is cut off: export it again.")
    kind, channels, rate, _, frame_bytes, bits = struct.unpack_from(order + "HHIIHH", chunk)
    if kind == _EXTENSIBLE and len(chunk) >= 26:
        kind = struct.unpack_from(order + "H", chunk, 24)[0]
    if kind not in (_PCM, _FLOAT) or bits not in ((8, 16, 24, 32) if kind == _PCM else (32, 64)):
        raise UnsupportedFormat(
            f"The WAV file is compressed or of an unusual kind (format {kind}, {bits} bits): export it as PCM or float."
        )
    if not channels or frame_bytes != channels * bits // 8:
        raise UnreadableFile(f"The WAV header is damaged: {channels} channels of {bits} bits in {frame_bytes} bytes.")
    return kind, channels, rate, bits, frame_bytes


def _samples(body: memoryview, kind: int, bits: int, order: str) -> FloatArray:
    if kind == _FLOAT:
        return np.frombuffer(body, f"{order}f{bits // 8}").astype(np.float64)
    if bits == 8:  # the only unsigned width
        return (np.frombuffer(body, np.uint8).astype(np.float64) - 128.0) / 128.0
    if bits == 24:
        return from_int24(body, order).astype(np.float64) / 2.0**23
    return np.frombuffer(body, f"{order}i{bits // 8}").astype(np.float64) / 2.0 ** (bits - 1)


def from_int24(body: memoryview, order: str) -> NDArray[np.int32]:
    """Integers of three bytes, in byte order ``<`` or ``>``."""
    raw = np.frombuffer(body, np.uint8).reshape(-1, 3)
    wide = np.zeros((len(raw), 4), np.uint8)
    wide[:, 1:] = raw if order == "<" else raw[:, ::-1]
    return wide.view("<i4")[:, 0] >> 8
