"""Machines and their measurements in one SQLite file: numbers, not waveforms.

The file is written in transactions of one recording each, in WAL mode: whatever kills the program or fills the disk, it
opens again and holds whole measurements only. One program writes at a time, others wait up to `WAIT_S`; any number may
read. The same recording added twice counts once (by the hash of its content). The layout is in `_MIGRATIONS`, and any
SQLite browser, or pandas (`pd.read_sql("select * from measurement", ...)`), reads it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bearing import __version__
from bearing.checks import shown
from bearing.errors import BearingError, DataError, ParameterError, UnreadableFile
from bearing.machines.clock import natural_key
from bearing.machines.history import History, Progress, history_of_measurements, measure_files, with_verdicts
from bearing.machines.limits.by_hand import HandLimits, limits_of
from bearing.machines.limits.rules import STATES
from bearing.machines.measure import (
    Measurement,
    Verdict,
    measure_bytes,
    recording_of_bytes,
    verdict_of_bytes,
)
from bearing.machines.spectra import is_kept, keep_recordings, place_of
from bearing.physics.envelope_rule import SLIPS
from bearing.readers import file_bytes
from bearing.signal.order_spectrum import packed, unpacked
from bearing.states import FAMILIES
from bearing.verdict.asked.request import Request

__all__ = ["DEFAULT_STORE", "LONGEST_NAME", "Acknowledgement", "Added", "Machine", "Store", "checked_name"]

DEFAULT_STORE = Path("machines.sqlite")
WAIT_S = 10.0
LONGEST_NAME = 100
LARGEST_ROW = 1_000_000  # bytes; a measurement of this program takes some 10,000
_SIZE = " + ".join(
    f"coalesce(length({name}), 0)"
    for name in ("waterfall", "lines", "spectrum", "indicators", "lines_stand", "findings", "verdict")
)
_TOLD_TOGETHER = (("bearing", "geometry", "orders"), ("rpm", "rpm_over_time"), ("unit", "mv_per_g"))
_SQLITE = b"SQLite format 3\0"
# a file, what is in it, and its content once more
_Found = tuple[str, list[Measurement] | str, Callable[[], bytes]]
_MIGRATIONS = (
    """
    CREATE TABLE machine (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        asked TEXT NOT NULL DEFAULT '{}',
        note TEXT NOT NULL DEFAULT ''
    );
    CREATE TABLE measurement (
        id INTEGER PRIMARY KEY,
        machine INTEGER NOT NULL REFERENCES machine(id) ON DELETE CASCADE,
        point TEXT NOT NULL,
        file TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        started TEXT NOT NULL,
        duration_s REAL,
        sampling_rate_hz REAL,
        unit TEXT NOT NULL,
        bearing TEXT NOT NULL,
        turns REAL NOT NULL,
        joined INTEGER NOT NULL,
        indicators TEXT NOT NULL,
        lines_stand TEXT NOT NULL,
        findings TEXT NOT NULL,
        verdict TEXT,
        waterfall BLOB NOT NULL,
        program TEXT NOT NULL,
        added TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
        UNIQUE (machine, sha256, point)
    );
    """,
    "ALTER TABLE measurement ADD COLUMN lines BLOB NOT NULL DEFAULT x'';",
    """
    CREATE TABLE acknowledgement (
        id INTEGER PRIMARY KEY,
        machine INTEGER NOT NULL REFERENCES machine(id) ON DELETE CASCADE,
        point TEXT NOT NULL,
        state TEXT NOT NULL,
        note TEXT NOT NULL,
        who TEXT NOT NULL,
        at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    );
    """,
    "ALTER TABLE machine ADD COLUMN limits TEXT NOT NULL DEFAULT '';",
    "ALTER TABLE measurement ADD COLUMN spectrum BLOB;",  # of what waits for its neighbours
)


@dataclass(frozen=True)
class Added:
    """What became of files: measurements new to the store, files known already, and those that are no measurement."""

    measurements: int
    known: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Acknowledgement:
    """What a person said of a point's state. It holds until the state is worse than the one that was seen."""

    point: str
    state: str
    note: str
    who: str
    at: str

    def holds(self, state: str) -> bool:
        """Whether it speaks of this state, too."""
        return STATES.index(state) <= STATES.index(self.state)

    def __str__(self) -> str:
        return f"{self.at[:10]}{f' {self.who}' if self.who else ''}: {self.note}"


class Store:
    """One SQLite file of machines; made when first written to.

    Raises
    ------
    UnreadableFile
        When the file is no store, or was made by a newer version of this program.
    DataError
        When it cannot be written: the disk is full, the folder is read-only, another program keeps it locked.
    """

    def __init__(self, path: Path = DEFAULT_STORE, read_only: bool = False) -> None:
        self.path, self.read_only = Path(path), read_only
        if read_only and not self.path.is_file():
            raise UnreadableFile(f"No store {str(path)!r}: `python -m bearing add MACHINE FILE` makes one.")
        with self._open() as connection:
            self._migrate(connection)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection; what goes wrong with the file becomes one sentence."""
        try:
            connection = self._connected("mode=ro" if self.read_only else "mode=rwc")
            if self.read_only and not self._answers(
                connection
            ):  # no room, or no right, for the file that readers share
                connection.close()
                connection = self._connected("mode=ro&immutable=1")
        except sqlite3.Error as error:
            raise DataError(f"The store {self.path.name!r} could not be opened ({error}): check the folder.") from error
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            if not self.read_only:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
            yield connection
        except sqlite3.OperationalError as error:
            raise DataError(
                f"The store {self.path.name!r} could not be used ({error}); what was in it is untouched."
            ) from error
        except sqlite3.DatabaseError as error:
            raise UnreadableFile(f"{self.path.name!r} is no store of machines, or is damaged ({error}).") from error
        finally:
            connection.close()

    def _connected(self, how: str) -> sqlite3.Connection:
        uri = f"{self.path.absolute().as_uri()}?{how}"
        return sqlite3.connect(uri, uri=True, timeout=WAIT_S, isolation_level=None)

    def _answers(self, connection: sqlite3.Connection) -> bool:
        """Whether it can be read; told so, too, where there is a journal without which it would be half the truth."""
        journal = self.path.with_name(f"{self.path.name}-wal")
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            return journal.is_file() and journal.stat().st_size > 0
        except sqlite3.DatabaseError:  # no store: said by whoever asks next
            return True
        return True

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it, or nothing."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def _migrate(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(_MIGRATIONS):
            raise UnreadableFile(
                f"{self.path.name!r} has layout {version}, this program knows {len(_MIGRATIONS)}: use a newer one."
            )
        if self.read_only:
            if version < len(_MIGRATIONS):
                raise UnreadableFile(f"{self.path.name!r} is no store of machines, or an older one: add to it once.")
            return
        if version == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
            raise UnreadableFile(f"{self.path.name!r} is another program's database: name a new file for the machines.")
        for number, script in enumerate(_MIGRATIONS[version:], start=version + 1):
            connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")

    def machines(self) -> list[str]:
        """Names of all machines, sorted as people sort."""
        with self._open() as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM machine")]
        return sorted(names, key=natural_key)

    def stamps(self) -> dict[str, str]:
        """What changes whenever something of a machine does, by its name: for those who keep what they made of it."""
        with self._open() as connection:
            return {
                row[0]: repr(row[1:])
                for row in connection.execute(
                    "SELECT name, asked, limits, count(measurement.id), max(measurement.id) FROM machine "
                    "LEFT JOIN measurement ON machine = machine.id GROUP BY machine.id"
                )
            }

    def asked(self, machine: str) -> Request:
        """What was said of a machine's recordings when they were added. Raises ParameterError for an unknown one."""
        with self._understood():
            return Request(**self._said(machine))

    def asked_with(self, machine: str, now: Request) -> Request:
        """What is said now, and what was said before of everything that is not said anew."""
        said = now.as_dict()
        anew = {name for group in _TOLD_TOGETHER for name in group if any(other in said for other in group)}
        before = {name: value for name, value in self._said(machine).items() if name not in anew}
        with self._understood():
            return Request(**before | said)

    def _still_known(self, machine: str) -> Request:
        """The same without a bearing that the catalogue here does not name: what was measured can be shown without."""
        said = self._said(machine)
        with self._understood():
            try:
                return Request(**said)
            except ParameterError:
                return Request(**{name: value for name, value in said.items() if name != "bearing"})

    def _said(self, machine: str) -> dict[str, Any]:
        with self._open() as connection:
            row = connection.execute("SELECT asked FROM machine WHERE name = ?", (machine,)).fetchone()
        if row is None:
            raise ParameterError(
                f"No machine {machine!r} in the store; it holds {', '.join(self.machines()) or 'none'}."
            )
        with self._understood():
            return dict(json.loads(row[0]))

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """What a row holds is nothing that this program wrote: one sentence."""
        try:
            yield
        except BearingError:  # a sentence already
            raise
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise UnreadableFile(f"{self.path.name!r} is no store of machines, or is damaged.") from error

    def add(self, machine: str, measured: Iterable[Measurement], asked: Request = Request()) -> int:  # noqa: B008
        """Keep measurements of a machine (made when new) in one transaction; how many were new to it."""
        with self._writing() as connection:
            said = json.dumps(asked.as_dict())
            connection.execute(
                "INSERT INTO machine (name, asked) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET asked = "
                "CASE excluded.asked WHEN '{}' THEN asked ELSE excluded.asked END",
                (machine, said),
            )
            (key,) = connection.execute("SELECT id FROM machine WHERE name = ?", (machine,)).fetchone()
            before = connection.total_changes
            connection.executemany(
                "INSERT OR IGNORE INTO measurement (machine, point, file, sha256, started, duration_s, "
                "sampling_rate_hz, unit, bearing, turns, joined, indicators, lines_stand, findings, verdict, "
                f"waterfall, lines, spectrum, program) VALUES ({', '.join('?' * 19)})",
                [(key, *_row(m)) for m in measured],
            )
            return connection.total_changes - before

    def set_limits(self, machine: str, text: str) -> None:
        """Limits that hold whatever the baseline, written as `limits_of` reads them; "" takes them away."""
        limits_of(text)
        self.asked(machine)
        with self._writing() as connection:
            connection.execute("UPDATE machine SET limits = ? WHERE name = ?", (text.strip(), machine))

    def set_limits_of(self, machine: str) -> str:
        """The limits that were set for a machine, as they were written."""
        with self._open() as connection:
            row = connection.execute("SELECT limits FROM machine WHERE name = ?", (machine,)).fetchone()
        return str(row[0]) if row else ""

    def acknowledge(self, machine: str, point: str, state: str, note: str, who: str = "") -> None:
        """A person has seen a point's state and says so. Raises ParameterError without a note, or for no machine."""
        if not note.strip():
            raise ParameterError("Say in a few words what was found or decided.")
        self.asked(machine)
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO acknowledgement (machine, point, state, note, who) "
                "SELECT id, ?, ?, ?, ? FROM machine WHERE name = ?",
                (point, state, note.strip()[:1000], who.strip()[:100], machine),
            )

    def acknowledged(self, machine: str) -> dict[str, Acknowledgement]:
        """The last word on each point of a machine."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT point, state, acknowledgement.note, who, at FROM acknowledgement JOIN machine "
                "ON machine.id = machine WHERE name = ? ORDER BY acknowledgement.id",
                (machine,),
            )
            return {row[0]: Acknowledgement(*row) for row in rows if row[1] in STATES}

    def known(self, machine: str) -> set[str]:
        """Hashes of the recordings that a machine has."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT DISTINCT sha256 FROM measurement JOIN machine ON machine.id = machine WHERE name = ?",
                (machine,),
            )
            return {digest for (digest,) in rows}

    def measurements(self, machine: str) -> list[Measurement]:
        """All measurements of a machine, in the order in which they were added."""
        self._said(machine)
        with self._open() as connection:
            rows = connection.execute(
                "SELECT point, file, sha256, started, duration_s, sampling_rate_hz, unit, bearing, turns, joined, "
                "indicators, lines_stand, findings, verdict, waterfall, lines, spectrum FROM measurement JOIN machine "
                "ON machine.id = machine WHERE machine.name = ? ORDER BY measurement.id",
                (machine,),
            )
            with self._understood():
                return [_measurement(row) for row in rows]

    def history(
        self, machine: str, baseline: tuple[int, int] | None = None, limits: HandLimits | None = None
    ) -> History:
        """What changed in a machine; its verdicts are those kept with its last recordings.

        limits : set by hand, in place of those kept with the machine.
        """
        limits = limits or limits_of(self.set_limits_of(machine))
        measured = self.measurements(machine)
        return with_verdicts(history_of_measurements(measured, self._still_known(machine), baseline, limits=limits))

    def as_bytes(self) -> bytes:
        """The whole store as one file, what is still in its journal included: to be handed out, and taken back."""
        with self._open() as connection:
            return connection.serialize()

    def take_over(self, data: bytes) -> int:
        """Everything that another store, as `as_bytes` gave it, holds and this one does not; how many were new.

        The other may come from a stranger: only rows of this program's own tables are read, and all of them before the
        first is kept. Raises UnreadableFile where it is no store.
        """
        if not data.startswith(_SQLITE):
            raise UnreadableFile("This is no store of machines: a file that was downloaded here is expected.")
        with tempfile.TemporaryDirectory() as folder:
            sent = Path(folder) / "the file sent"
            sent.write_bytes(data)
            other = Store(sent)
            with other._open() as connection:
                kinds = {kind for (kind,) in connection.execute("SELECT DISTINCT type FROM sqlite_master")}
                if not kinds <= {"table", "index"}:
                    raise UnreadableFile("This is no store of machines: it holds views or triggers.")
                (largest,) = connection.execute(f"SELECT max({_SIZE}) FROM measurement").fetchone()
                if (largest or 0) > LARGEST_ROW:
                    raise UnreadableFile("This is no store of machines: one of its measurements is far too large.")
            with other._understood():
                held = [
                    (n, other.measurements(n), other._still_known(n), other.acknowledged(n), other.set_limits_of(n))
                    for n in other.machines()
                ]
                for n, *_ in held:
                    other.history(n).as_dict()  # what could not be shown is not kept
        new = 0
        for name, measured, asked, said, limits in held:
            new += self.add(name, measured, asked)
            self.set_limits(name, self.set_limits_of(name) or limits)
            with self._writing() as connection:
                connection.executemany(
                    "INSERT INTO acknowledgement (machine, point, state, note, who, at) SELECT id, ?2, ?3, ?4, ?5, ?6 "
                    "FROM machine WHERE name = ?1 AND NOT EXISTS (SELECT 1 FROM acknowledgement AS a WHERE "
                    "a.machine = machine.id AND a.point = ?2 AND a.at = ?6)",
                    [(name, a.point, a.state, a.note, a.who, a.at) for a in said.values()],
                )
        return new


def checked_name(name: str) -> str:
    """A machine's name without spaces around it. Raises ParameterError for one that no list could show."""
    name = name.strip()
    if not name:
        raise ParameterError("A machine needs a name, this one is empty.")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise ParameterError(
            f"A machine's name is one line of {LONGEST_NAME} characters at most, got {shown(name)} ({len(name)})."
        )
    return name


@dataclass(frozen=True)
class Machine:
    """One machine of a store.

    >>> import bearing
    >>> pump = bearing.Machine("pump 3", "plant.sqlite", rpm=1480, bearing="6205")   # doctest: +SKIP
    >>> pump.add("recordings/2025-08/")                                              # doctest: +SKIP
    >>> pump.history().worst.state                                                   # doctest: +SKIP
    'alert'
    """

    name: str
    store: Store
    asked: Request

    def __init__(
        self,
        name: str,
        store: str | Path | Store = DEFAULT_STORE,
        *,
        channel: str | None = None,
        rate_hz: float | None = None,
        rpm: float | None = None,
        bearing: str | None = None,
        geometry: str | None = None,
        orders: str | None = None,
        member: str | None = None,
        raw: str | None = None,
        ratio: float | None = None,
        pulses_per_turn: float | None = None,
        part: bool = False,
        outer_ring_turns: bool = False,
        rpm_over_time: str | None = None,
        unit: str | None = None,
        mv_per_g: float | None = None,
    ) -> None:
        name = checked_name(name)
        asked = Request(
            channel, rate_hz, rpm, bearing, geometry, orders, member, raw, ratio, pulses_per_turn, part=part,
            outer_ring_turns=outer_ring_turns, rpm_over_time=rpm_over_time, unit=unit, mv_per_g=mv_per_g,
        )  # fmt: skip
        kept = store if isinstance(store, Store) else Store(Path(store))
        if name in kept.machines():
            asked = kept.asked_with(name, asked)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "store", kept)
        object.__setattr__(self, "asked", asked)

    def add(
        self,
        *sources: str | Path,
        progress: Progress | None = None,
        keep_spectra: bool = False,
        limits: str | None = None,
    ) -> Added:
        """Recordings, or folders of them, into the store; each is kept as soon as it is measured.

        keep_spectra : waveforms and spectra, too, as Parquet beside the store (`bearing.machines.spectra`).
        limits : set by hand, from now on (`bearing.machines.limits.by_hand`); "" takes those away, None leaves them.

        Raises UnreadableFile for a path that does not exist; a file that is no measurement is told in the answer.
        Raises ParameterError for limits that are none, before anything is measured.
        """
        limits_of(limits)
        paths = _files(sources)
        measured = measure_files(paths, [p.name for p in paths], self.asked, progress)
        return self._keep(
            (
                (name, found, partial(file_bytes, path, self.asked.bounds))
                for (name, found), path in zip(measured, paths, strict=False)
            ),
            keep_spectra,
            limits,
        )

    def add_contents(
        self,
        contents: Iterable[tuple[str, Callable[[], bytes]]],
        keep_spectra: bool = False,
        limits: str | None = None,
    ) -> Added:
        """The same of files that lie in no folder: each a name, and how its content is read."""
        limits_of(limits)
        return self._keep((self._measured(name, read()) for name, read in contents), keep_spectra, limits)

    def _measured(self, name: str, data: bytes) -> _Found:
        found: list[Measurement] | str
        try:
            found = measure_bytes(data, name, self.asked)
        except BearingError as error:
            found = str(error)
        return name, found, lambda: data

    def _keep(self, files: Iterable[_Found], keep_spectra: bool, limits: str | None) -> Added:
        """Each file's measurements in a transaction of their own, with the full diagnosis of each."""
        known, skipped, added = [], [], 0
        have = self.store.known(self.name)
        for name, measured, read in files:
            if isinstance(measured, str):
                skipped.append((name, measured))
                continue
            try:
                if keep_spectra:
                    self._keep_spectra(name, measured, read)
                if measured and measured[0].sha256 in have:
                    known.append(name)
                elif any(m.spectrum is not None for m in measured):
                    added += self.store.add(self.name, measured, self.asked)  # too short for a diagnosis
                else:
                    added += self.store.add(self.name, self._diagnosed(name, measured, read()), self.asked)
            except UnreadableFile as error:  # gone since it was measured
                skipped.append((name, str(error)))
        if limits is not None and self.name in self.store.machines():  # no file may have been a measurement
            self.store.set_limits(self.name, limits)
        return Added(added, tuple(known), tuple(skipped))

    def _diagnosed(self, name: str, measured: Sequence[Measurement], data: bytes) -> list[Measurement]:
        return [replace(m, verdict=verdict_of_bytes(data, name, self.asked, m.point)) for m in measured]

    def _keep_spectra(self, name: str, measured: Sequence[Measurement], read: Callable[[], bytes]) -> None:
        if measured and not place_of(self.store.path, self.name, measured[0].sha256).is_file():
            data = read()
            recordings = [recording_of_bytes(data, name, self.asked, m.point) for m in measured]
            keep_recordings(self.store.path, self.name, list(zip(measured, recordings, strict=True)))

    def history(self, baseline: tuple[int, int] | None = None) -> History:
        """What changed in the machine so far."""
        return self.store.history(self.name, baseline)


def _files(sources: Sequence[str | Path]) -> list[Path]:
    """Files, and those of folders, in the order of their names; the store itself and hidden files are none."""
    paths: list[Path] = []
    for source in map(Path, sources):
        if os.path.isdir(source):  # unlike Path's, these two take any name, be it too long or with a null in it
            inside = (p for p in source.rglob("*") if p.is_file() and not p.name.startswith("."))
            paths += sorted(inside, key=lambda p: natural_key(str(p)))
        elif os.path.isfile(source):
            paths.append(source)
        else:
            raise UnreadableFile(f"No file or folder {str(source)[:200]!r}: check the path.")
    return [p for p in paths if not is_kept(p)]


def _row(m: Measurement) -> tuple[object, ...]:
    return (
        m.point, m.file, m.sha256, m.started, m.duration_s, m.sampling_rate_hz, m.unit, m.bearing, m.turns, m.joined,
        json.dumps(m.values), json.dumps(sorted(m.lines_stand)), json.dumps(m.findings),
        None if m.verdict is None else json.dumps(asdict(m.verdict)), m.waterfall.astype("<f2").tobytes(),
        m.lines.astype("<f2").tobytes(), None if m.spectrum is None else packed(m.spectrum), __version__,
    )  # fmt: skip


def _measurement(row: tuple) -> Measurement:
    point, file, digest, started, duration, rate, unit, bearing, turns, joined, *rest = row
    indicators, stand, findings, verdict, waterfall, lines, spectrum = rest
    said = None if verdict is None else json.loads(verdict)
    values = {str(name): float(value) for name, value in json.loads(indicators).items()}
    return Measurement(
        file, point, digest, started, duration, rate, unit, values, bearing, frozenset(json.loads(stand)),
        turns, tuple(json.loads(findings)), None if spectrum is None else unpacked(spectrum),
        np.frombuffer(waterfall, "<f2").astype(np.float16), joined,
        None if said is None else Verdict(**{**said, "warnings": tuple(said["warnings"])}),
        np.frombuffer(lines, "<f2").astype(np.float16).reshape(-1, len(FAMILIES), SLIPS),
    )  # fmt: skip
