"""Reading a stranger's file without risking the server: bounded in time and in memory.

The project's own parsers (MATLAB to version 7, text, WAV, NumPy, LVM, UFF) check every claim against the size of the
file first, run in time proportional to it, and are used as they are. HDF5, TDMS, spreadsheets, Parquet and whatever
unpacks (the `in_child` column of :mod:`bearing.readers.formats`) go through libraries that trust their input, so that
happens in a child process with a memory limit, which is killed when its time is over. The child
is a plain subprocess (no fork of a threaded server), and answers in JSON and raw numbers, never in pickles.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import BinaryIO

import numpy as np

from bearing import errors
from bearing.errors import TooLarge, UnreadableFile
from bearing.readers import read_bytes
from bearing.readers.formats import format_of
from bearing.recording import FloatArray, Recording
from bearing.settings import Limits, limits

__all__ = ["read_safely"]

_PATIENCE = 4.0


def read_safely(
    data: bytes, name: str, timeout_s: float | None = None, bounds: Limits | None = None, member: str = ""
) -> list[Recording]:
    """The same answer as :func:`bearing.readers.read_bytes`, from any file, in bounded time and memory.

    Parameters
    ----------
    data, name, bounds, member
        As for ``read_bytes``.
    timeout_s : float, optional
        Seconds until a parse in a child process is given up; by default that of the limits.

    Raises
    ------
    ParameterError, UnreadableFile, UnsupportedFormat, TooLarge
        As ``read_bytes``; UnreadableFile also when the parser crashed, TooLarge when it ran out of time or memory.
    """
    bounds = bounds or limits()
    bounds.check_bytes(len(data))
    if not data or not format_of(data, name).in_child:
        return read_bytes(data, name, bounds, member)
    return _read_in_child(data, name, timeout_s or bounds.timeout_s, bounds, member)


def _read_in_child(data: bytes, name: str, timeout_s: float, bounds: Limits, member: str) -> list[Recording]:
    root = str(Path(__file__).resolve().parents[2])
    # One BLAS thread: the others would reserve address space for nothing.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    environment["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # others reserve address space
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    request = json.dumps({"name": name, "bounds": asdict(bounds), "timeout_s": timeout_s, "member": member}).encode()
    # Files without a name rather than pipes: no copies of the recording wait in this process.
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as sink:
        source.write(struct.pack("<I", len(request)) + request)
        source.write(data)
        source.seek(0)
        child = subprocess.Popen(
            [sys.executable, "-m", "bearing.readers.child"],
            stdin=source,
            stdout=sink,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        try:
            child.wait(_PATIENCE * timeout_s)  # the child counts its processor time itself; a busy host takes longer
        except subprocess.TimeoutExpired as error:
            raise TooLarge(
                f"Reading took longer than {timeout_s:g} s and was stopped: the file is damaged or too long."
            ) from error
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        sink.seek(0)
        return _unpacked(sink)


def _unpacked(answer: BinaryIO) -> list[Recording]:
    """Recordings, or the error, out of the child's answer; UnreadableFile when it died without one."""
    size = answer.read(4)
    if len(size) < 4:
        raise UnreadableFile("The file crashed its reader: it is damaged, save it again or export it as CSV.")
    head = json.loads(answer.read(*struct.unpack("<I", size)))
    if "error" in head:
        raise getattr(errors, head["error"], UnreadableFile)(head["message"])
    recordings = []
    for meta in head["recordings"]:
        count, has_speed = meta.pop("count"), meta.pop("has_speed")
        arrays = [_numbers(answer, count) for _ in range(1 + has_speed)]
        meta["notes"], meta["doubts"] = tuple(meta["notes"]), tuple(meta["doubts"])
        recordings.append(Recording(arrays[0], speed_rpm=arrays[1] if has_speed else None, **meta))
    return recordings


def _numbers(answer: BinaryIO, count: int) -> FloatArray:
    """The next array of the child's answer; UnreadableFile when it died in the middle of it."""
    numbers = np.empty(count, "<f8")
    if answer.readinto(numbers.data.cast("B")) != numbers.nbytes:  # type: ignore[attr-defined]
        raise UnreadableFile("The file crashed its reader: it is damaged, save it again or export it as CSV.")
    return numbers


def packed(recordings: list[Recording]) -> list[bytes | memoryview]:
    """The child's answer in pieces: the length of a JSON head, the head, the arrays of each channel."""
    names = [field.name for field in fields(Recording) if field.name not in ("samples", "speed_rpm")]
    facts = [
        {**{n: getattr(r, n) for n in names}, "count": len(r.samples), "has_speed": r.speed_rpm is not None}
        for r in recordings
    ]
    head = json.dumps({"recordings": facts}).encode()
    arrays = [array for r in recordings for array in (r.samples, r.speed_rpm) if array is not None]
    return [struct.pack("<I", len(head)), head, *(array.astype("<f8", copy=False).data for array in arrays)]
