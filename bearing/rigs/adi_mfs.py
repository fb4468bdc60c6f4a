"""A motor simulator with a MEMS sensor: 39 recordings of healthy and damaged ER-12K bearings, and how to get them.

Publisher: Analog Devices, github.com/analogdevicesinc/CbM-Datasets, folder `SampleMotorDataLimerick`: a SpectraQuest
Machinery Fault Simulator, an ADXL356 accelerometer on three axes, 20 kHz, two seconds, nominal speeds (the lines say
within 0.5 %). There is no licence text, so nothing is redistributed. What makes it worth having is its *healthy*
bearings under other faults: imbalance of four grades, a bent shaft, misalignment.

The publisher does not name the bearing. Its lines do: BPFO 3.03-3.04, BPFI 4.95 and FTF 0.38 orders are those of the
ER-12K (8 balls) that these simulators are sold with. Numbers are the sensor's volts, about 0.9 V at 0 g.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np

from bearing.cwru.download import Progress, download
from bearing.errors import DataError, ParameterError, RecordingMissing
from bearing.files import DATA_DIR, cache_dir, local_data_dir
from bearing.physics.catalogue import CatalogueEntry, find
from bearing.recording import Recording
from bearing.states import state

__all__ = [
    "AXES",
    "BEARING",
    "BEST_AXIS",
    "RATE_HZ",
    "AdiEntry",
    "adi_bearing",
    "adi_registry",
    "load_adi",
    "locate_adi",
]

BASE_URL = (
    "https://raw.githubusercontent.com/analogdevicesinc/CbM-Datasets/805b33c/"
    "SampleMotorDataLimerick/SpectraQuest_Rig_Data_Voyager_3/Data_ADXL356C/"
)
FOLDER_VARIABLE = "BEARING_ADI_DIR"
BEARING = "ER-12K"
RATE_HZ = 20_000.0
AXES = ("x", "y", "z")
BEST_AXIS = "x"  # race faults stand 29.5 over the null of made-up orders, summed; 24.6 on y, 24.8 on z


@dataclass(frozen=True)
class AdiEntry:
    """One recording as published. `label` is the bearing's state; `condition` is what else ails the machine."""

    file_name: str
    label: str
    severity: str
    condition: str
    nominal_rpm: float
    bytes: int
    sha256: str

    folder_variable: ClassVar[str] = FOLDER_VARIABLE
    git_blob_sha1: ClassVar[str] = ""

    @property
    def url(self) -> str:
        return BASE_URL + self.file_name

    @property
    def bearing_id(self) -> str:
        """The physical bearing: recordings that share it differ in speed, or in what else ails the machine."""
        return "/".join(filter(None, ("adi_mfs", self.label, self.severity)))

    @property
    def description(self) -> str:
        """One line for people, such as ``inner race, heavy, 600 rpm`` or ``healthy, bent shaft, 600 rpm``."""
        part = state(self.label).part.lower()
        return f"{part}, {self.severity or self.condition}, {self.nominal_rpm:g} rpm"


@lru_cache(maxsize=1)
def adi_registry() -> tuple[AdiEntry, ...]:
    """All 39 entries in the order of `data/adi_mfs.csv`: by speed, then by name."""
    with (DATA_DIR / "adi_mfs.csv").open(newline="", encoding="utf-8") as file:
        return tuple(
            AdiEntry(
                file_name=row["file"],
                label=row["label"],
                severity=row["severity"],
                condition=row["condition"],
                nominal_rpm=float(row["nominal_rpm"]),
                bytes=int(row["bytes"]),
                sha256=row["sha256"],
            )
            for row in csv.DictReader(file)
        )


def adi_bearing() -> CatalogueEntry:
    """The bearing under test, from the catalogue, with its fault orders."""
    return find(BEARING)


def locate_adi(entry: AdiEntry, progress: Progress | None = None, fetch: bool = True) -> Path:
    """A recording on disk: from ``BEARING_ADI_DIR`` when that is set, else the cache, else downloaded.

    Raises
    ------
    RecordingMissing
        Not in the local folder, or not downloaded yet and `fetch` is False.
    DownloadFailed, HashMismatch
        From the download.
    """
    local = local_data_dir(FOLDER_VARIABLE)
    path = (cache_dir() / "adi_mfs" if local is None else local) / entry.file_name
    if local is not None and not path.exists():
        raise RecordingMissing(
            f"{entry.file_name} is not in the folder that {FOLDER_VARIABLE} names: add it there, or unset "
            f"{FOLDER_VARIABLE} to download it from the publisher."
        )
    if local is None and not fetch and not path.exists():
        raise RecordingMissing(
            f"{entry.file_name} has not been downloaded yet: run `python -m bearing fetch --rig adi_mfs`."
        )
    return path if local is not None or not fetch else download(entry, path.parent, progress)


def load_adi(entry: AdiEntry, axis: str = BEST_AXIS, progress: Progress | None = None) -> Recording:
    """One axis of a recording, without the sensor's voltage at rest (0.9 V).

    Raises
    ------
    ParameterError
        No such axis. DataError: the file is damaged. Also what `locate_adi` raises.
    """
    if axis not in AXES:
        raise ParameterError(f"The sensor has the axes {', '.join(AXES)}, got {axis!r}.")
    path = locate_adi(entry, progress)
    try:
        volts = np.loadtxt(path, delimiter=";", usecols=1 + AXES.index(axis))
    except (OSError, ValueError) as error:
        raise DataError(f"{path.name} is damaged and cannot be read: delete it and fetch it again.") from error
    return Recording(
        samples=volts - volts.mean(),
        sampling_rate_hz=RATE_HZ,
        shaft_rpm=entry.nominal_rpm,
        channel=axis,
        source=entry.file_name,
        unit="V",
        bearing=BEARING,
        rate_source="the publisher",
        rpm_source="the publisher, nominal",
    )
