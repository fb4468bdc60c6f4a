"""Machines and their measurements in one SQLite file: numbers, not waveforms.

The file is written in transactions of one recording each, in WAL mode: whatever kills the program or fills the disk, it
opens again and holds whole measurements only. One program writes at a time, others wait up to `WAIT_S`; any number may
read. The same recording added twice counts once (by the hash of its content). The layout is in `layout`, and any SQLite
browser, or pandas (`pd.read_sql("select * from measurement", ...)`), reads it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bearing.errors import ParameterError, UnreadableFile
from bearing.machines.clock import natural_key
from bearing.machines.history import History, history_of_measurements, with_verdicts
from bearing.machines.kept.layout import StoreFile, refuse_programs
from bearing.machines.kept.rows import COLUMNS, SIZE, measurement_of, row_of
from bearing.machines.limits.by_hand import HandLimits, limits_of
from bearing.machines.limits.rules import STATES
from bearing.machines.measure import Measurement
from bearing.verdict.asked.request import Request

__all__ = ["Acknowledgement", "Store"]

LARGEST_ROW = 1_000_000  # bytes; a measurement of this program takes some 10,000
_TOLD_TOGETHER = (("bearing", "geometry", "orders"), ("rpm", "rpm_over_time"), ("unit", "mv_per_g"))
_SQLITE = b"SQLite format 3\0"


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


class Store(StoreFile):
    """The machines of one SQLite file."""

    def machines(self) -> list[str]:
        """Names of all machines, sorted as people sort."""
        with self.opened() as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM machine")]
        return sorted(names, key=natural_key)

    def stamps(self) -> dict[str, str]:
        """What changes whenever something of a machine does, by its name: for those who keep what they made of it."""
        with self.opened() as connection:
            return dict(connection.execute("SELECT name, stamp FROM machine"))

    def summaries(self, program: str) -> dict[str, str]:
        """What `keep_summary` was given of each machine by the same program, where nothing has changed since."""
        with self.opened() as connection:
            return dict(
                connection.execute(
                    "SELECT name, points FROM summary JOIN machine ON machine.id = machine "
                    "WHERE summary.stamp = machine.stamp AND program = ?",
                    (program,),
                )
            )

    def keep_summary(self, machine: str, program: str, stamp: str, points: str) -> None:
        """What a program made of a machine whose stamp was that one before it was read."""
        with self.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO summary (machine, stamp, program, points) "
                "SELECT id, ?, ?, ? FROM machine WHERE name = ?",
                (stamp, program, points, machine),
            )

    def asked(self, machine: str) -> Request:
        """What was said of a machine's recordings when they were added. Raises ParameterError for an unknown one."""
        with self.understood():
            return Request(**self._said(machine))

    def asked_with(self, machine: str, now: Request) -> Request:
        """What is said now, and what was said before of everything that is not said anew."""
        said = now.as_dict()
        anew = {name for group in _TOLD_TOGETHER for name in group if any(other in said for other in group)}
        before = {name: value for name, value in self._said(machine).items() if name not in anew}
        with self.understood():
            return Request(**before | said)

    def _still_known(self, machine: str) -> Request:
        """The same without a bearing that the catalogue here does not name: what was measured can be shown without."""
        said = self._said(machine)
        with self.understood():
            try:
                return Request(**said)
            except ParameterError:
                return Request(**{name: value for name, value in said.items() if name != "bearing"})

    def _said(self, machine: str) -> dict[str, Any]:
        with self.opened() as connection:
            row = connection.execute("SELECT asked FROM machine WHERE name = ?", (machine,)).fetchone()
        if row is None:
            raise ParameterError(
                f"No machine {machine!r} in the store; it holds {', '.join(self.machines()) or 'none'}."
            )
        with self.understood():
            return dict(json.loads(row[0]))

    def add(self, machine: str, measured: Iterable[Measurement], asked: Request = Request()) -> int:  # noqa: B008
        """Keep measurements of a machine (made when new) in one transaction; how many were new to it."""
        with self.writing() as connection:
            said = json.dumps(asked.as_dict())
            connection.execute(
                "INSERT INTO machine (name, asked) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET asked = "
                "CASE excluded.asked WHEN '{}' THEN asked ELSE excluded.asked END",
                (machine, said),
            )
            (key,) = connection.execute("SELECT id FROM machine WHERE name = ?", (machine,)).fetchone()
            return connection.executemany(
                f"INSERT OR IGNORE INTO measurement (machine, {', '.join(COLUMNS)}, program) "
                f"VALUES ({', '.join('?' * (len(COLUMNS) + 2))})",
                [(key, *row_of(m)) for m in measured],
            ).rowcount

    def set_limits(self, machine: str, text: str) -> None:
        """Limits that hold whatever the baseline, written as `limits_of` reads them; "" takes them away."""
        limits_of(text)
        self.asked(machine)
        with self.writing() as connection:
            connection.execute("UPDATE machine SET limits = ? WHERE name = ?", (text.strip(), machine))

    def set_limits_of(self, machine: str) -> str:
        """The limits that were set for a machine, as they were written."""
        with self.opened() as connection:
            row = connection.execute("SELECT limits FROM machine WHERE name = ?", (machine,)).fetchone()
        return str(row[0]) if row else ""

    def acknowledge(self, machine: str, point: str, state: str, note: str, who: str = "") -> None:
        """A person has seen a point's state and says so. Raises ParameterError without a note, or for no machine."""
        if not note.strip():
            raise ParameterError("Say in a few words what was found or decided.")
        self.asked(machine)
        with self.writing() as connection:
            connection.execute(
                "INSERT INTO acknowledgement (machine, point, state, note, who) "
                "SELECT id, ?, ?, ?, ? FROM machine WHERE name = ?",
                (point, state, note.strip()[:1000], who.strip()[:100], machine),
            )

    def acknowledged(self, machine: str) -> dict[str, Acknowledgement]:
        """The last word on each point of a machine."""
        return {point: said for (name, point), said in self.every_acknowledged().items() if name == machine}

    def every_acknowledged(self) -> dict[tuple[str, str], Acknowledgement]:
        """The last word on each machine's points."""
        with self.opened() as connection:
            rows = connection.execute(
                "SELECT name, point, state, acknowledgement.note, who, at FROM acknowledgement JOIN machine "
                "ON machine.id = machine ORDER BY acknowledgement.id"
            )
            return {(row[0], row[1]): Acknowledgement(*row[1:]) for row in rows if row[2] in STATES}

    def known(self, machine: str) -> set[str]:
        """Hashes of the recordings that a machine has."""
        with self.opened() as connection:
            rows = connection.execute(
                "SELECT DISTINCT sha256 FROM measurement JOIN machine ON machine.id = machine WHERE name = ?",
                (machine,),
            )
            return {digest for (digest,) in rows}

    def measurements(self, machine: str) -> list[Measurement]:
        """All measurements of a machine, in the order in which they were added."""
        self._said(machine)
        with self.opened() as connection:
            rows = connection.execute(
                f"SELECT {', '.join(COLUMNS)} FROM measurement JOIN machine "
                "ON machine.id = machine WHERE machine.name = ? ORDER BY measurement.id",
                (machine,),
            )
            with self.understood():
                return [measurement_of(row) for row in rows]

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
        with self.opened() as connection:
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
            refuse_programs(sent)
            other = Store(sent)
            with other.opened() as connection:
                (largest,) = connection.execute(f"SELECT max({SIZE}) FROM measurement").fetchone()
                if (largest or 0) > LARGEST_ROW:
                    raise UnreadableFile("This is no store of machines: one of its measurements is far too large.")
            with other.understood():
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
            with self.writing() as connection:
                connection.executemany(
                    "INSERT INTO acknowledgement (machine, point, state, note, who, at) SELECT id, ?2, ?3, ?4, ?5, ?6 "
                    "FROM machine WHERE name = ?1 AND NOT EXISTS (SELECT 1 FROM acknowledgement AS a WHERE "
                    "a.machine = machine.id AND a.point = ?2 AND a.at = ?6)",
                    [(name, a.point, a.state, a.note, a.who, a.at) for a in said.values()],
                )
        return new
