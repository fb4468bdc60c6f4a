"""The 109 CWRU recordings this project uses: facts only, no samples.

Publisher: Case Western Reserve University Bearing Data Center. Facts and their oddities: `data/cwru.csv`.
"""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from bearing.errors import ParameterError
from bearing.files import DATA_DIR
from bearing.states import state

__all__ = [
    "BEARING_OF_END",
    "RegistryEntry",
    "drive_end_entries",
    "entry",
    "git_blob_sha1",
    "recognise",
    "recognise_variable",
    "registry",
]

BASE_URL = "https://engineering.case.edu/sites/default/files/"
BEARING_OF_END = {"DE": "SKF 6205-2RS JEM", "FE": "SKF 6203-2RS JEM"}


@dataclass(frozen=True)
class RegistryEntry:
    """One recording as published: `label` is the truth, lengths in inches, speeds in rpm, 48 kHz for normals.

    `expert_grade` : whether the drive-end fault can be diagnosed by envelope methods: Y it can, P partly, N not; empty
    where nobody graded (W. A. Smith & R. B. Randall, MSSP 64-65 (2015) 100-131, tables B2-B5).
    """

    number: int
    set: str
    label: str
    fault_diameter_in: float | None
    clock_position: int | None
    load_hp: int
    sampling_rate_hz: float
    nominal_rpm: float
    recorded_rpm: float | None
    variable_prefix: str
    bytes: int | None
    sha256: str
    git_blob_sha1: str
    expert_grade: str
    quirk: str

    folder_variable: ClassVar[str] = "BEARING_DATA_DIR"

    @property
    def file_name(self) -> str:
        return f"{self.number}.mat"

    @property
    def url(self) -> str:
        return BASE_URL + self.file_name

    @property
    def faulty_end(self) -> str:
        """The channel at the tested bearing: FE for the fan-end set, else DE."""
        return "FE" if self.set == "fan end" else "DE"

    @property
    def rpm(self) -> float:
        """The recorded speed, or the nominal one of the load where none was recorded."""
        return self.recorded_rpm if self.recorded_rpm is not None else self.nominal_rpm

    @property
    def fault_size(self) -> str:
        """Fault diameter as a name, ``0.007``; empty for normals."""
        return "" if self.fault_diameter_in is None else f"{self.fault_diameter_in:.3f}"

    @property
    def bearing_id(self) -> str:
        """The physical bearing: recordings that share it differ in load only."""
        return "/".join((self.set, self.label, self.fault_size, str(self.clock_position or "")))

    @property
    def description(self) -> str:
        """One line for people, such as ``105: inner race, 0.007 in, 0 hp, drive end``."""
        part = state(self.label).part.lower()
        clock = f" at {self.clock_position} o'clock" if self.clock_position else ""
        size = f", {self.fault_size} in" if self.fault_size else ""
        end = "fan" if self.set == "fan end" else "drive"
        return f"{self.number}: {part}{clock}{size}, {self.load_hp} hp, {end} end"


def _float(text: str) -> float | None:
    return float(text) if text else None


@lru_cache(maxsize=1)
def registry() -> tuple[RegistryEntry, ...]:
    """All entries, in the order of `data/cwru.csv`: normals, drive end, fan end."""
    with (DATA_DIR / "cwru.csv").open(newline="", encoding="utf-8") as file:
        return tuple(
            RegistryEntry(
                number=int(row["number"]),
                set=row["set"],
                label=row["label"],
                fault_diameter_in=_float(row["fault_diameter_in"]),
                clock_position=int(row["clock_position"]) if row["clock_position"] else None,
                load_hp=int(row["load_hp"]),
                sampling_rate_hz=float(row["sampling_rate_hz"]),
                nominal_rpm=float(row["nominal_rpm"]),
                recorded_rpm=_float(row["recorded_rpm"]),
                variable_prefix=row["variable_prefix"],
                bytes=int(row["bytes"]) if row["bytes"] else None,
                sha256=row["sha256"],
                git_blob_sha1=row["git_blob_sha1"],
                expert_grade=row["expert_grade"],
                quirk=row["quirk"],
            )
            for row in csv.DictReader(file)
        )


def entry(number: int) -> RegistryEntry:
    """The entry of a recording's number; ParameterError when there is none."""
    for candidate in registry():
        if candidate.number == number:
            return candidate
    raise ParameterError(f"No CWRU recording {number} in the registry: the numbers are listed in data/cwru.csv.")


def drive_end_entries() -> tuple[RegistryEntry, ...]:
    """The 4 normal and 60 drive-end recordings: what the CNN learns from."""
    return tuple(e for e in registry() if e.set in ("normal", "drive end"))


def git_blob_sha1(data: bytes) -> str:
    """Git's id of a file's bytes; the published hash of the three normals whose sha256 is not known."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def recognise(data: bytes) -> RegistryEntry | None:
    """The published recording these very bytes are, or None. By content, never by name."""
    sizes = {e.bytes for e in registry()} | {None}
    if len(data) not in sizes and len(data) > 8_000_000:  # the largest published file has under 8 MB
        return None
    digest = hashlib.sha256(data).hexdigest()
    blob = git_blob_sha1(data)
    return next((e for e in registry() if e.sha256 == digest or e.git_blob_sha1 == blob), None)


def recognise_variable(variable: str) -> RegistryEntry | None:
    """The recording a CWRU variable such as ``X105_DE_time`` belongs to, or None."""
    match = re.fullmatch(r"(X\d{3})_(DE|FE|BA)_time", variable)
    if match is None:
        return None
    return next((e for e in registry() if e.variable_prefix == match[1]), None)
