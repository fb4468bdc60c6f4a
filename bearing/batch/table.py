"""Measurements as partitioned Parquet: ``DIR/machine=NAME/part-*.parquet``, readable by pandas, Arrow, Dask, DuckDB.

A part is written beside its place, flushed to disk and renamed: it is whole or it is not there. Which recordings are
done is read from the parts alone, so nothing is counted twice, whatever killed the program.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bearing.batch.sources import Source
from bearing.errors import DataError, ParameterError, UnreadableFile
from bearing.machines.clock import natural_key
from bearing.machines.measure import Measurement, Verdict
from bearing.machines.spectra import write_whole
from bearing.physics.envelope_rule import SLIPS
from bearing.signal.order_spectrum import packed, unpacked
from bearing.states import FAMILIES

__all__ = ["Row", "claimed", "done", "is_batch", "machines_of", "read_measurements", "rows_of", "write_rows"]

ABOUT = "_batch.json"  # Arrow and Dask leave out names that begin with an underscore
Row = dict[str, object]

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("url", "stamp", "file", "point", "sha256", "started")),
        *((name, pa.float64()) for name in ("duration_s", "sampling_rate_hz", "turns")),
        *((name, pa.string()) for name in ("unit", "bearing", "verdict")),
        ("confidence", pa.float64()),
        *((name, pa.string()) for name in ("reason", "warnings", "findings", "lines_stand", "indicators", "error")),
        *((name, pa.binary()) for name in ("waterfall", "lines", "spectrum")),
    ]
)


def rows_of(source: Source, found: Sequence[Measurement] | str) -> list[Row]:
    """A row per measuring point; one with its `error` for a file that is no measurement."""
    told: Row = {"machine": source.machine, "url": source.url, "stamp": source.stamp, "file": source.name}
    if isinstance(found, str):
        return [{**told, "point": "", "error": found}]
    return [{**told, **_row(one)} for one in found]


def _row(one: Measurement) -> Row:
    said = one.verdict
    return {
        "point": one.point,
        "sha256": one.sha256,
        "started": one.started,
        "duration_s": one.duration_s,
        "sampling_rate_hz": one.sampling_rate_hz,
        "turns": one.turns,
        "unit": one.unit,
        "bearing": one.bearing,
        "verdict": None if said is None else said.verdict,
        "confidence": None if said is None else said.confidence,
        "reason": None if said is None else said.reason,
        "warnings": None if said is None else json.dumps(said.warnings),
        "findings": json.dumps(one.findings),
        "lines_stand": json.dumps(sorted(one.lines_stand)),
        "indicators": json.dumps(one.values),
        "waterfall": one.waterfall.astype("<f2").tobytes(),
        "lines": one.lines.astype("<f2").tobytes(),
        "spectrum": None if one.spectrum is None else packed(one.spectrum),
    }


def write_rows(folder: Path, rows: Iterable[Row]) -> None:
    """Add rows as one part per machine. Raises DataError where the disk is full or may not be written."""
    by_machine: dict[str, list[Row]] = {}
    for row in rows:
        by_machine.setdefault(str(row["machine"]), []).append(row)
    for machine, its in by_machine.items():
        part = folder / f"machine={quote(machine, safe='')}" / f"part-{uuid.uuid4().hex}.parquet"
        table = pa.Table.from_pylist([{k: v for k, v in row.items() if k != "machine"} for row in its], SCHEMA)
        write_whole(table, part, f"The results could not be written to {str(folder)!r}", "start the same command")


def done(folder: Path) -> set[tuple[str, str]]:
    """Address and stamp of every recording that the parts hold."""
    known: set[tuple[str, str]] = set()
    for part in _parts(folder):
        table = pq.read_table(part, columns=["url", "stamp"], partitioning=None)
        known |= set(zip(table["url"].to_pylist(), table["stamp"].to_pylist(), strict=True))
    return known


@contextmanager
def claimed(folder: Path, about: Mapping[str, object]) -> Iterator[None]:
    """The folder, held by this program alone; what a killed one left half-written is swept away.

    Raises ParameterError where another program writes there, or what is there was asked for otherwise; DataError where
    the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a")
    except OSError as error:
        raise DataError(f"{str(folder)!r} cannot be written ({error.strerror}): name another folder.") from error
    with lock:
        _lock(lock.fileno(), folder)
        told = folder / ABOUT
        if told.is_file():
            if json.loads(told.read_text()) != about:
                raise ParameterError(
                    f"{str(folder)!r} holds results that were asked for otherwise (rate, speed, bearing or version): "
                    "name another folder for these."
                )
        elif any(not one.name.startswith(".") for one in folder.iterdir()):
            raise ParameterError(f"{str(folder)!r} holds other files: name a new folder for the results.")
        else:
            beside = folder / f".{ABOUT}.tmp"
            beside.write_text(json.dumps(about))
            beside.replace(told)
        for left in folder.glob("machine=*/.part-*.tmp"):
            left.unlink(missing_ok=True)
        yield


def _lock(descriptor: int, folder: Path) -> None:
    try:
        import fcntl
    except ImportError:  # not on this system: nobody is kept out
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise ParameterError(f"Another program writes to {str(folder)!r}: wait for it, or name another.") from error


def is_batch(folder: Path) -> bool:
    """Whether a folder holds such results."""
    return (folder / ABOUT).is_file()


def asked_of(folder: Path) -> dict[str, object]:
    """What was asked of all recordings in the results of a folder: arguments of a Request."""
    asked: dict[str, object] = json.loads((folder / ABOUT).read_text())["asked"]
    return asked


def machines_of(folder: Path) -> list[str]:
    """Names of the machines in the results."""
    names = [unquote(place.name.removeprefix("machine=")) for place in folder.glob("machine=*")]
    return sorted(names, key=natural_key)


def read_measurements(folder: Path, machine: str | None = None) -> tuple[list[Measurement], list[tuple[str, str]]]:
    """The measurements of one machine, or of all, and the files that are none with the reason for each.

    Of a recording that has changed since, the last one measured counts. Raises UnreadableFile for a damaged part.
    """
    found: dict[tuple[str, str], Measurement] = {}
    skipped: dict[str, str] = {}
    for part in sorted(_parts(folder, machine), key=lambda path: path.stat().st_mtime_ns):
        try:
            rows = pq.read_table(part, partitioning=None).to_pylist()
        except (OSError, pa.ArrowException) as error:
            raise UnreadableFile(f"{part.name!r} is damaged ({error}): delete it and run the batch again.") from error
        for row in rows:
            if row["error"] is not None:
                skipped[row["file"]] = row["error"]
            else:
                found[row["url"], row["point"]] = _measurement(row)
    return list(found.values()), sorted(skipped.items())


def _measurement(row: dict) -> Measurement:
    said = None
    if row["verdict"] is not None:
        warnings = tuple(json.loads(row["warnings"]))
        said = Verdict(row["verdict"], row["confidence"], row["reason"], warnings)
    return Measurement(
        row["file"], row["point"], row["sha256"], row["started"], row["duration_s"], row["sampling_rate_hz"],
        row["unit"], json.loads(row["indicators"]), row["bearing"], frozenset(json.loads(row["lines_stand"])),
        row["turns"], tuple(json.loads(row["findings"])),
        None if row["spectrum"] is None else unpacked(row["spectrum"]),
        np.frombuffer(row["waterfall"], "<f2").astype(np.float16), 1, said,
        np.frombuffer(row["lines"], "<f2").astype(np.float16).reshape(-1, len(FAMILIES), SLIPS),
    )  # fmt: skip


def _parts(folder: Path, machine: str | None = None) -> Iterator[Path]:
    of = "machine=*" if machine is None else f"machine={quote(machine, safe='')}"
    return folder.glob(f"{of}/part-*.parquet")
