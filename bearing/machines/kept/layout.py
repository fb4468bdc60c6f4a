"""The SQLite file that machines are kept in: its tables, how it is opened, written to and brought to a newer layout."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bearing.errors import BearingError, DataError, UnreadableFile

__all__ = ["DEFAULT_STORE", "MIGRATIONS", "StoreFile", "refuse_programs"]

DEFAULT_STORE = Path("machines.sqlite")
WAIT_S = 10.0
MIGRATIONS = (
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
    # A machine's stamp is drawn anew whenever anything is changed that its history is made of, whoever changes it.
    """
    ALTER TABLE machine ADD COLUMN stamp TEXT NOT NULL DEFAULT '';
    UPDATE machine SET stamp = hex(randomblob(8));
    CREATE TABLE summary (
        machine INTEGER PRIMARY KEY REFERENCES machine(id) ON DELETE CASCADE,
        stamp TEXT NOT NULL,
        program TEXT NOT NULL,
        points TEXT NOT NULL
    );
    CREATE TRIGGER stamp_added AFTER INSERT ON measurement BEGIN
        UPDATE machine SET stamp = hex(randomblob(8)) WHERE id = NEW.machine;
    END;
    CREATE TRIGGER stamp_deleted AFTER DELETE ON measurement BEGIN
        UPDATE machine SET stamp = hex(randomblob(8)) WHERE id = OLD.machine;
    END;
    CREATE TRIGGER stamp_updated AFTER UPDATE ON measurement BEGIN
        UPDATE machine SET stamp = hex(randomblob(8)) WHERE id IN (OLD.machine, NEW.machine);
    END;
    CREATE TRIGGER stamp_said AFTER UPDATE OF name, asked, limits ON machine
    WHEN OLD.name <> NEW.name OR OLD.asked <> NEW.asked OR OLD.limits <> NEW.limits BEGIN
        UPDATE machine SET stamp = hex(randomblob(8)) WHERE id = NEW.id;
    END;
    """,
)


class StoreFile:
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
        with self.opened() as connection:
            self._migrate(connection)

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        """A connection; what goes wrong with the file becomes one sentence."""
        try:
            connection = self._connected("mode=ro" if self.read_only else "mode=rwc")
            if self.read_only and not self._answers(connection):
                connection.close()  # no room, or no right, for the file that readers share
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
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it, or nothing."""
        with self.opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def _migrate(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise UnreadableFile(
                f"{self.path.name!r} has layout {version}, this program knows {len(MIGRATIONS)}: use a newer one."
            )
        if self.read_only:
            if version < len(MIGRATIONS):
                self._bring_up(version)
            return
        if version == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
            raise UnreadableFile(f"{self.path.name!r} is another program's database: name a new file for the machines.")
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            try:
                connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")
            except sqlite3.OperationalError:
                if connection.in_transaction:
                    connection.rollback()
                if connection.execute("PRAGMA user_version").fetchone() < (number,):
                    raise  # otherwise another program was faster

    def _bring_up(self, version: int) -> None:
        """A store of an earlier layout in the present one, although it was opened to be read: nothing of it is lost."""
        if version == 0:
            raise UnreadableFile(f"{self.path.name!r} is no store of machines.")
        try:
            StoreFile(self.path)
        except DataError as error:
            raise UnreadableFile(
                f"{self.path.name!r} has an older layout and cannot be written to here: "
                "`python -m bearing fleet --store FILE` brings it up where it can be."
            ) from error

    @contextmanager
    def understood(self) -> Iterator[None]:
        """What a row holds is nothing that this program wrote: one sentence."""
        try:
            yield
        except BearingError:  # a sentence already
            raise
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise UnreadableFile(f"{self.path.name!r} is no store of machines, or is damaged.") from error


def refuse_programs(path: Path) -> None:
    """Raise UnreadableFile for a stranger's file that would run anything but this layout's own triggers when used."""
    wanted = "SELECT name, sql FROM sqlite_master WHERE type NOT IN ('table', 'index')"
    with closing(sqlite3.connect(":memory:")) as connection:
        for script in MIGRATIONS:
            connection.executescript(script)
        own = set(connection.execute(wanted))
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            others = set(connection.execute(wanted)) - own
    except sqlite3.Error as error:
        raise UnreadableFile(f"{path.name!r} is no store of machines, or is damaged ({error}).") from error
    if others:
        raise UnreadableFile("This is no store of machines: it holds views or triggers.")
