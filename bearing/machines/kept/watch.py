"""A folder that recordings arrive in: each is added when it has stopped growing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bearing.machines.kept.fleet import sum_up
from bearing.machines.kept.machine import Added, Machine
from bearing.machines.spectra import is_kept

__all__ = ["Watcher", "watch"]

Stamp = tuple[int, int]


class Watcher:
    """Looks at a folder again and again. A file is taken when its size and time are those of the last look; one that
    could not be read then is tried again only when it has changed, so a half-written one survives."""

    def __init__(self, machine: Machine, folder: Path, keep_spectra: bool = False) -> None:
        self.machine, self.folder, self.keep_spectra = machine, folder, keep_spectra
        self._seen: dict[Path, Stamp] = {}
        self._done: dict[Path, Stamp] = {}

    def look(self) -> list[tuple[Path, Added]]:
        """Add what has become still since the last look, and what became of it."""
        now = {path: stamp for path in self.folder.rglob("*") if (stamp := _stamp(path)) is not None}
        still = [p for p, stamp in now.items() if self._seen.get(p) == stamp and self._done.get(p) != stamp]
        self._seen = now
        added = []
        for path in sorted(still):
            added.append((path, self.machine.add(path, keep_spectra=self.keep_spectra, summary=False)))
            self._done[path] = now[path]
        if added:
            sum_up(self.machine.store, [self.machine.name])
        return added


def watch(
    machine: Machine,
    folder: Path,
    every_s: float = 5.0,
    sleep: Callable[[float], None] = time.sleep,
    keep_spectra: bool = False,
) -> Iterator[tuple[Path, Added]]:
    """Look for ever, `every_s` seconds apart; yields what was added."""
    watcher = Watcher(machine, folder, keep_spectra)
    while True:
        yield from watcher.look()
        sleep(every_s)


def _stamp(path: Path) -> Stamp | None:
    """Size and time of a file; None for what is none, is hidden, empty, or has just gone."""
    if path.name.startswith(".") or is_kept(path):
        return None
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns) if path.is_file() and status.st_size else None
