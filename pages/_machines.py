"""What the machine and fleet pages share: stores and their histories, kept; uploads measured with a bar."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import streamlit as st

from bearing.errors import BearingError
from bearing.machines.demo import DEMO_STORE
from bearing.machines.history import History, history_of_measurements, with_verdicts
from bearing.machines.kept.fleet import FleetRow, fleet, rows_of, sum_up
from bearing.machines.kept.layout import DEFAULT_STORE
from bearing.machines.kept.store import Acknowledgement, Store
from bearing.machines.limits.by_hand import limits_of
from bearing.machines.measure import Measurement, measure_bytes, recording_of_bytes, verdict_of_bytes
from bearing.machines.spectra import keep_recordings
from bearing.readers.names import clean_file_name
from bearing.settings import store_file
from bearing.verdict.asked.request import Request

SHAPES = {"no data": "○", "ok": "●", "watch": "▲", "alert": "◆", "alarm": "■"}  # as in the charts
UPLOADED = "machine.uploaded"
KEPT = "machine.kept"
TOLD_EVERY_S = 0.25
FORGETS = "This server forgets them when you leave: Fleet offers them as a file, and takes it back."


def own_store() -> Path | None:
    """The file machines are kept in, this server's or else the visitor's own; None where there is none yet."""
    path = store_file() or session_store()
    return path if path is not None and path.is_file() else None


def session_store() -> Path | None:
    """Where this visitor's machines are kept on a server that keeps none: gone with the session."""
    folder: TemporaryDirectory[str] | None = st.session_state.get(KEPT)
    return None if folder is None else Path(folder.name) / DEFAULT_STORE


def store_to_write() -> Store:
    """The server's store, or one for this session, made when first needed."""
    if store_file() is None and KEPT not in st.session_state:
        st.session_state[KEPT] = TemporaryDirectory(prefix="bearing-machines-")  # removed when the session forgets it
    path = store_file() or session_store()
    assert path is not None
    return Store(path)


def stamp(path: Path) -> float:
    """Changes when something was added: caches ask for it."""
    beside = path.with_name(f"{path.name}-wal")
    return max(one.stat().st_mtime for one in (path, beside) if one.exists())


@st.cache_data(max_entries=4, show_spinner="Reading the fleet")
def rows_in(path: Path, changed: float) -> list[FleetRow]:
    """All points of a store, worst first: of a machine that has not changed as they were."""
    store = Store(path, read_only=True)
    stamps = store.stamps()
    return fleet(store, lambda machine: _rows_of_one(path, machine, stamps[machine]))


@st.cache_data(max_entries=2_000, show_spinner=False)
def _rows_of_one(path: Path, machine: str, stamp: str) -> list[FleetRow]:
    return rows_of([(machine, Store(path, read_only=True).history(machine))])


def history_in(path: Path | None, machine: str) -> History | None:
    """One machine of a store, None where it holds none of that name."""
    stamps = {} if path is None else Store(path, read_only=True).stamps()
    return _history_in(path, machine, stamps[machine]) if path is not None and machine in stamps else None


@st.cache_data(max_entries=8, show_spinner="Reading the history")
def _history_in(path: Path, machine: str, stamp: str) -> History:
    return Store(path, read_only=True).history(machine)


def demo_rows() -> list[FleetRow]:
    """The demo fleet, worst first."""
    return rows_in(DEMO_STORE, 0.0)


def set_limits(kept_in: Path | None, machine: str, text: str) -> None:
    """Limits by hand, of a machine that is kept or of the uploads. Raises ParameterError for what is none."""
    if kept_in is not None:
        store = Store(kept_in)
        store.set_limits(machine, text)
        sum_up(store, [machine])
        return
    limits_of(text)
    work: Uploads = st.session_state[UPLOADED]
    work.limits = text
    work.finish()


def limits_in(kept_in: Path | None, machine: str) -> str:
    """What was set by hand, as it was written."""
    return Store(kept_in, read_only=True).set_limits_of(machine) if kept_in else st.session_state[UPLOADED].limits


def acknowledged_in(path: Path, machine: str) -> dict[str, Acknowledgement]:
    """What was said of a machine's points."""
    return Store(path, read_only=True).acknowledged(machine)


@dataclass
class Uploads:
    """Recordings of one machine on their way into a history, and their contents by hash for a closer look."""

    asked: Request
    total: int
    found: list[Measurement] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    contents: dict[str, tuple[str, Any]] = field(default_factory=dict)
    history: History | None = None
    limits: str = ""  # set by hand

    def content(self, sha256: str) -> tuple[str, bytes] | None:
        """Name and bytes of an uploaded recording."""
        held = self.contents.get(sha256)
        return None if held is None else (held[0], held[1].getvalue())

    def finish(self) -> None:
        """The history of what has been measured."""
        limits = limits_of(self.limits)
        made = history_of_measurements(self.found, self.asked, None, self.skipped, limits)
        self.history = with_verdicts(
            made,
            lambda one: verdict_of_bytes(self.contents[one.sha256][1].getvalue(), one.file, self.asked, one.point),
        )


def keep(work: Uploads, machine: str, waveforms: bool = False) -> int:
    """Keep what was measured as a machine's, with the verdicts there are; how many measurements were new."""
    assert work.history is not None
    store = store_to_write()
    for digest, (name, _) in work.contents.items() if waveforms else ():
        (_, data), its = work.content(digest) or (name, b""), [m for m in work.found if m.sha256 == digest]
        keep_recordings(store.path, machine, [(m, recording_of_bytes(data, name, work.asked, m.point)) for m in its])
    new = store.add(machine, [m for p in work.history.points for m in p.measurements], work.asked)
    if work.limits:
        store.set_limits(machine, work.limits)
    sum_up(store, [machine])
    return new


def stop() -> None:
    """Callback: what is measured so far is the history."""
    st.session_state[UPLOADED].finish()


def measure_uploads(files: Sequence[Any], asked: Request) -> None:
    """Measure uploaded files with rows done, seconds left and a way to stop; a bad file is told, not fatal."""
    bar = st.progress(0.0, text="Measuring")
    work = st.session_state[UPLOADED] = Uploads(asked, len(files))
    st.button("Stop here", key="machine-stop", on_click=stop)  # ends this run; the next one shows what is done
    began = told = time.monotonic()
    for done, file in enumerate(files, start=1):
        name = clean_file_name(file.name)
        try:
            measured = [replace(m, file=name) for m in measure_bytes(file.getvalue(), name, asked)]
            work.found += measured
            work.contents[measured[0].sha256] = (name, file)
        except BearingError as error:
            work.skipped.append((name, str(error)))
        now = time.monotonic()
        if now - told < TOLD_EVERY_S:  # a browser that draws each of hundreds takes longer than measuring them
            continue
        told, left = now, (now - began) / done * (len(files) - done)
        bar.progress(done / len(files), text=f"{done} of {len(files)} files, {left:.0f} s left")
    work.finish()
    bar.empty()
