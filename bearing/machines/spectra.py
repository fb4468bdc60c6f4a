"""Waveforms and spectra of a machine's recordings as Parquet, where they were asked for: beside the store.

``plant.sqlite`` has ``plant.spectra/machine=NAME/SHA256.parquet``, one file a recording, named by its content: written
beside its place and renamed before the store learns of the recording, so that whatever kills the program there is
neither half a file nor one twice. ``pandas.read_parquet("plant.spectra")`` reads all of them, a row per measuring
point. A row is bounded: a stretch of the waveform, and the spectrum of the whole recording in so many lines, the
highest of each few.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from bearing.errors import DataError, UnreadableFile
from bearing.machines.measure import WATERFALL_STEP, Measurement
from bearing.recording import Recording, usable_stretch
from bearing.signal.spectrum import amplitude_spectrum

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FOLDER", "is_kept", "keep_recordings", "kept_recording", "kept_waveforms", "place_of", "write_whole"]

FOLDER = ".spectra"  # in place of the store's own ending
MOST_SAMPLES = 65_536
LINES = 2_000
LONGEST = 200  # of a name on disk; longer ones go by their hash

Floats = NDArray[np.float32]


def is_kept(path: Path) -> bool:
    """Whether a file is one of these, or part of a store, and no recording."""
    return ".sqlite" in path.name or any(part.endswith(FOLDER) for part in path.parts)


def keep_recordings(store: Path, machine: str, pairs: Sequence[tuple[Measurement, Recording]]) -> None:
    """Keep what was measured in one file of recordings, all its points. Raises DataError where it cannot be written."""
    import pyarrow as pa

    part = place_of(store, machine, pairs[0][0].sha256)
    table = pa.Table.from_pylist([_row(measured, recording) for measured, recording in pairs], _schema())
    write_whole(table, part, f"The spectra could not be written to {part.parent.parent.name!r}", "add the same files")


def write_whole(table: pa.Table, part: Path, failed: str, again: str) -> None:
    """Write a table as a Parquet file that is there whole or not at all, whatever kills the program.

    Raises DataError where it cannot be written: with the words `failed`, and what to do `again` once there is room.
    """
    import pyarrow.parquet as pq

    beside = part.with_name(f".{part.name}.{os.getpid()}.tmp")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            pq.write_table(table, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(part)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise DataError(
            f"{failed} ({error.strerror or error}): what is there is whole; make room and {again} again."
        ) from error


def kept_recording(store: Path, machine: str, measured: Measurement) -> Recording | None:
    """The stretch of a measurement's waveform that was kept as a recording, None where none was.

    Raises UnreadableFile for a damaged file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    part = place_of(store, machine, measured.sha256)
    if not part.is_file():
        return None
    try:
        rows = pq.read_table(part, filters=[("point", "=", measured.point)], partitioning=None).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise UnreadableFile(f"{part.name!r} is damaged ({error}): delete it, and add its recording again.") from error
    if not rows:
        return None
    row, samples = rows[0], np.array(rows[0]["waveform"], dtype=np.float64)
    return Recording(samples, row["sampling_rate_hz"], row["rpm"], measured.point, measured.file, row["unit"])


def kept_waveforms(store: Path) -> int:
    """How many recordings are kept beside a store."""
    return sum(1 for _ in store.with_suffix(FOLDER).glob("machine=*/*.parquet"))


def place_of(store: Path, machine: str, sha256: str) -> Path:
    """Where a recording of a machine is kept, or would be."""
    parts = [hashlib.sha256(text.encode()).hexdigest() if len(text) > LONGEST else text
             for text in (quote(machine, safe=""), quote(sha256, safe=""))]  # fmt: skip
    return store.with_suffix(FOLDER) / f"machine={parts[0]}" / f"{parts[1]}.parquet"


def _schema() -> object:
    import pyarrow as pa

    texts = [(name, pa.string()) for name in ("point", "file", "sha256", "started", "unit")]
    steps = ("sampling_rate_hz", "rpm", "spectrum_step_hz", "envelope_step_orders")
    lists = [(name, pa.list_(pa.float32())) for name in ("waveform", "spectrum", "envelope_db")]
    return pa.schema([*texts, *((name, pa.float64()) for name in steps), *lists])


def _row(measured: Measurement, recording: Recording) -> dict[str, object]:
    signal = recording.samples[usable_stretch(recording.samples)]
    spectrum, step_hz = np.zeros(0, np.float32), None
    if recording.sampling_rate_hz is not None:
        found = amplitude_spectrum(signal, recording.sampling_rate_hz)
        spectrum, each = _highest(found.values)
        step_hz = each * recording.sampling_rate_hz / len(signal)
    return {
        **{name: getattr(measured, name) for name in ("point", "file", "sha256", "started", "unit")},
        "sampling_rate_hz": recording.sampling_rate_hz,
        "rpm": recording.shaft_rpm,
        "waveform": signal[:MOST_SAMPLES].astype(np.float32),
        "spectrum": spectrum,
        "spectrum_step_hz": step_hz,
        "envelope_db": measured.waterfall.astype(np.float32),
        "envelope_step_orders": WATERFALL_STEP if len(measured.waterfall) else None,
    }


def _highest(values: NDArray[np.floating]) -> tuple[Floats, int]:
    """At most LINES values, the highest of each so many, and how many that are."""
    each = -(-len(values) // LINES)
    return np.maximum.reduceat(values, np.arange(0, len(values), each)).astype(np.float32), each
