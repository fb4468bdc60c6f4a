"""One machine of a store: recordings in, its history out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bearing.checks import shown
from bearing.errors import BearingError, ParameterError, UnreadableFile
from bearing.machines.clock import natural_key
from bearing.machines.history import History, Progress, measure_files
from bearing.machines.kept.fleet import sum_up
from bearing.machines.kept.layout import DEFAULT_STORE
from bearing.machines.kept.store import Store
from bearing.machines.limits.by_hand import limits_of
from bearing.machines.measure import Measurement, measure_bytes, recording_of_bytes, verdict_of_bytes
from bearing.machines.spectra import is_kept, keep_recordings, place_of
from bearing.readers import file_bytes
from bearing.verdict.asked.request import Request

__all__ = ["LONGEST_NAME", "Added", "Machine", "checked_name"]

LONGEST_NAME = 100
# a file, what is in it, and its content once more
_Found = tuple[str, list[Measurement] | str, Callable[[], bytes]]


@dataclass(frozen=True)
class Added:
    """What became of files: measurements new to the store, files known already, and those that are no measurement."""

    measurements: int
    known: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]


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
        summary: bool = True,
    ) -> Added:
        """Recordings, or folders of them, into the store; each is kept as soon as it is measured.

        keep_spectra : waveforms and spectra, too, as Parquet beside the store (`bearing.machines.spectra`).
        limits : set by hand, from now on (`bearing.machines.limits.by_hand`); "" takes those away, None leaves them.
        summary : the machine is judged, and its rows in the fleet kept (`sum_up`); whoever adds file by file does that
        at the end.

        Raises UnreadableFile for a path that does not exist; a file that is no measurement is told in the answer.
        Raises ParameterError for limits that are none, before anything is measured.
        """
        limits_of(limits)
        paths = _files(sources)
        measured = measure_files(paths, [p.name for p in paths], self.asked, progress)
        files = (
            (name, found, partial(file_bytes, path, self.asked.bounds))
            for (name, found), path in zip(measured, paths, strict=False)
        )
        return self._keep(files, keep_spectra, limits, summary)

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

    def _keep(self, files: Iterable[_Found], keep_spectra: bool, limits: str | None, summary: bool = True) -> Added:
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
        if summary:
            sum_up(self.store, [self.name])
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
