"""Where recordings come from: uploads, a shipped simulated sample, or the CWRU collection. All take one door.

Every file opened stays on the table, until there are too many: the worst is found among all, one is shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from bearing.cwru.dataset import available, locate
from bearing.cwru.registry import entry, registry
from bearing.errors import BearingError
from bearing.files import DATA_DIR
from bearing.readers.formats import FORMATS
from bearing.readers.names import clean_file_name
from bearing.settings import limits
from bearing.verdict.asked.intake import Intake, open_upload
from pages._show import plain

SAMPLES = {"outer": "Outer race fault", "inner": "Inner race fault", "ball": "Ball fault", "healthy": "Healthy bearing"}
PART = "diagnose-part"  # the key of the toggle
MOST_NUMBERS = 20_000_000  # on the table of one visitor, 160 MB


@dataclass(frozen=True)
class Source:
    """An opened file. `digest` names its content, `simulated` is never hidden, `note` says where it came from.

    `batch` is shared by the files that were dropped together; `link` is the name and value that open it again.
    """

    name: str
    digest: str
    intake: Intake
    simulated: bool = False
    note: str = ""
    batch: str = ""
    link: tuple[str, str] = ("file", "")

    @property
    def tag(self) -> str:
        """Short and unique, for the keys of widgets."""
        return self.digest[:12]

    @property
    def numbers(self) -> int:
        return sum(len(recording.samples) for recording in self.intake.recordings)


def opened() -> dict[str, Source]:
    """The files on the table by digest, in the order they came; they stay across reruns and pages."""
    files: dict[str, Source] = st.session_state.setdefault("diagnose.files", {})
    return files


def current() -> Source | None:
    """The file that is shown; None while there is none, or while the table of all files is."""
    return opened().get(st.session_state.get("diagnose.shown", ""))


def show(digest: str) -> None:
    """Callback: show this file, or the table of all with ""."""
    st.session_state["diagnose.shown"] = digest


def complaints() -> list[str]:
    """Why the last files could not be opened, one sentence each."""
    found: list[str] = st.session_state.get("diagnose.complaints", [])
    return found


def take(
    files: Sequence[tuple[str, bytes]], note: str = "", link: tuple[str, str] | None = None, part: bool = False
) -> None:
    """Open files dropped together and lay them on the table; remember in a sentence each why one could not be."""
    table = opened()
    wrong: list[str] = []
    taken: list[Source] = []
    batch = hashlib.sha256(repr([name for name, _ in files]).encode() + files[0][1][:4096]).hexdigest()[:12]
    for name, data in files:
        clean = clean_file_name(name)
        try:
            intake = open_upload(data, name, part=part)
        except BearingError as error:
            wrong.append(f"{clean}: {error}")
            continue
        source = Source(
            clean, hashlib.sha256(data).hexdigest(), intake, b"SIMULATED" in data[:400], note, batch,
            link or ("file", clean),
        )  # fmt: skip
        if sum(one.numbers for one in taken) + source.numbers > MOST_NUMBERS and taken:
            wrong.append(f"{clean}: too much for one table; drop fewer at once, or the whole folder on Machine.")
            continue
        taken.append(source)
        table.pop(source.digest, None)
        table[source.digest] = source
    while sum(one.numbers for one in table.values()) > MOST_NUMBERS and len(table) > len(taken):
        del table[next(iter(table))]
    st.session_state["diagnose.complaints"] = wrong
    if taken:
        show(taken[0].digest if len(taken) == 1 else "")


def uploader(compact: bool) -> None:
    """The drop zone. Files are taken once and the zone is then empty for the next, so the bytes are not kept twice."""
    turn = st.session_state.setdefault("diagnose.turn", 0)
    key = f"diagnose-upload-{turn}"
    st.file_uploader(
        "Add recordings" if compact else "Drop vibration recordings here, or browse for them",
        type=None,
        accept_multiple_files=True,
        key=key,
        help=", ".join(one.title for one in FORMATS),
        on_change=_dropped,
        args=(key,),
    )
    bounds = limits()
    st.caption(f"Each at most {bounds.max_bytes // 1_000_000} MB and {bounds.max_samples / 1e6:.3g} million numbers.")
    st.toggle("Read longer ones in part: the first stretch of every channel", key=PART)


def _dropped(key: str) -> None:
    """Callback: take the files before the page is drawn, so that it is drawn once, with what was found."""
    files = st.session_state[key]
    if files:
        with st.spinner(f"Reading {len(files)} files" if len(files) > 1 else "Reading the file"):
            take([(file.name, file.getvalue()) for file in files], part=bool(st.session_state.get(PART)))
        st.session_state["diagnose.turn"] += 1


def open_sample(name: str) -> None:
    """Lay one of the shipped simulated samples on the table."""
    take([(f"{name}.csv", (DATA_DIR / "samples" / f"{name}.csv").read_bytes())], link=("sample", name))


@st.cache_data(max_entries=1, show_spinner=False)
def sample_pictures() -> dict[str, NDArray[np.float64]]:
    """A stretch of each sample to show on its card."""
    stretches = {}
    for name in SAMPLES:
        intake = open_upload((DATA_DIR / "samples" / f"{name}.csv").read_bytes(), f"{name}.csv", part=True)
        stretches[name] = intake.recordings[0].samples[:3000]
    return stretches


def cwru_picker() -> None:
    """Any of the 109 CWRU recordings, fetched from its publisher when it is first opened."""
    numbers = [e.number for e in registry()]
    number = st.selectbox(
        "CWRU recording",
        numbers,
        index=numbers.index(105) if 105 in numbers else 0,
        format_func=lambda n: entry(n).description,
        key="diagnose-cwru",
        persist_state="session",
    )
    here = available(number)
    if st.button(
        "Open" if here else "Fetch and open",
        icon=":material/folder_open:" if here else ":material/download:",
        key="diagnose-cwru-open",
        type="secondary",
    ):
        fetch(number)
        st.rerun()
    st.caption("Measured at Case Western Reserve University; each file comes from the publisher when it is opened.")


def fetch(number: int) -> None:
    """One CWRU recording from the local folder, the cache or the publisher, with a bar while it comes."""
    bar = st.progress(0.0, text=f"Fetching {number}.mat from the publisher")

    def progress(done: int, expected: int) -> None:
        bar.progress(min(done / expected, 1.0) if expected else 0.0, text=f"{number}.mat: {done / 1e6:.1f} MB")

    try:
        found = locate(number, progress)
        data = Path(found.path).read_bytes()
    except BearingError as error:
        st.session_state["diagnose.complaints"] = [f"{error}"]
    except OSError as error:
        st.session_state["diagnose.complaints"] = [f"{number}.mat could not be opened: {error.strerror}."]
    else:
        take([(f"{number}.mat", data)], found.note, ("cwru", str(number)))
    bar.empty()


def show_complaints() -> None:
    """One clear sentence about each file that could not be opened, and what is still shown below."""
    found = complaints()
    if not found:
        return
    kept = current()
    below = f" Below is still the recording before it, {kept.name}." if kept else ""
    shown = found[:5] + ([f"And {len(found) - 5} more."] if len(found) > 5 else [])
    st.error("  \n".join(plain(one) for one in shown) + plain(below), icon=":material/error:")
