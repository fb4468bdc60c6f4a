"""Where a recording comes from: an upload, a shipped simulated sample, or the CWRU collection. All take one door."""

from __future__ import annotations

import hashlib
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
from bearing.verdict.intake import Intake, open_upload
from pages._show import plain

SAMPLES = {"outer": "Outer race fault", "inner": "Inner race fault", "ball": "Ball fault", "healthy": "Healthy bearing"}


@dataclass(frozen=True)
class Source:
    """An opened file. `digest` names its content, `simulated` is never hidden, `note` says where it came from."""

    name: str
    digest: str
    intake: Intake
    simulated: bool = False
    note: str = ""


def current() -> Source | None:
    """The file on the table; it stays there across reruns and pages until another one is opened."""
    return st.session_state.get("diagnose.source")


def complaint() -> str:
    """Why the last file could not be opened, "" when it could."""
    return st.session_state.get("diagnose.complaint", "")


def take(data: bytes, name: str, note: str = "") -> None:
    """Open a file's bytes and lay it on the table, or remember in one sentence why that was not possible."""
    try:
        intake = open_upload(data, name)
    except BearingError as error:
        st.session_state["diagnose.complaint"] = f"{clean_file_name(name)}: {error}"
        return
    simulated = b"SIMULATED" in data[:400]
    digest = hashlib.sha256(data).hexdigest()
    st.session_state["diagnose.source"] = Source(clean_file_name(name), digest, intake, simulated, note)
    st.session_state["diagnose.complaint"] = ""


def uploader(compact: bool) -> None:
    """The drop zone. A file is taken once and the zone is then empty for the next, so the bytes are not kept twice."""
    turn = st.session_state.setdefault("diagnose.turn", 0)
    file = st.file_uploader(
        "Drop another recording" if compact else "Drop a vibration recording here, or browse for one",
        type=None,
        key=f"diagnose-upload-{turn}",
        help=f"{', '.join(one.title for one in FORMATS)}: up to {limits().max_bytes // 1_000_000} MB.",
    )
    if file is not None:
        with st.spinner("Reading the file"):
            take(file.getvalue(), file.name)
        st.session_state["diagnose.turn"] = turn + 1
        st.rerun()


def open_sample(name: str) -> None:
    """Callback: lay one of the shipped simulated samples on the table."""
    take((DATA_DIR / "samples" / f"{name}.csv").read_bytes(), f"{name}.csv")


@st.cache_data(max_entries=1, show_spinner=False)
def sample_pictures() -> dict[str, NDArray[np.float64]]:
    """A stretch of each sample to show on its card."""
    stretches = {}
    for name in SAMPLES:
        intake = open_upload((DATA_DIR / "samples" / f"{name}.csv").read_bytes(), f"{name}.csv")
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
        st.session_state["diagnose.complaint"] = f"{error}"
        return
    except OSError as error:
        st.session_state["diagnose.complaint"] = f"{number}.mat could not be opened: {error.strerror}."
        return
    take(data, f"{number}.mat", found.note)


def show_complaint() -> None:
    """One clear sentence about the file that could not be opened, and what is still shown below."""
    if not complaint():
        return
    kept = current()
    below = f" Below is still the recording before it, {kept.name}." if kept else ""
    st.error(plain(complaint() + below), icon=":material/error:")
