"""Real files of every format and oddity, where they are at hand: BEARING_FORMATS_DIR and BEARING_DATA_DIR."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from bearing.errors import UnsupportedFormat
from bearing.readers import read_path
from bearing.readers.safe import read_safely

# file -> channels, sampling rate of the first, its unit; or a part of the sentence it is refused with.
EXPECTED: dict[str, tuple[list[str], float | None, str] | str] = {
    "csv_odd/cwru_DE_FE_header.csv": (["DE", "FE"], None, ""),
    "csv_odd/femto_semicolon_acc_00001.csv": (["column 5", "column 6"], 25_600, ""),
    "csv_odd/iks4a1_Falla.csv": (["acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"], 189.05, "mg"),
    "csv_odd/ims_2003.10.22.12.06.24_noext_tsv": ([f"column {n}" for n in range(1, 9)], None, ""),
    "csv_odd/stator_PP_25_Time_Acc_Label.csv": (["Acc"], 1_024, ""),
    "csv_odd/wsn_resampled_shorted.csv": "not a vibration recording: it holds one row every 5 minutes",
    "ide/test.ide": "an enDAQ .ide recording, which cannot be read: export it as CSV",
    "ide/test4.IDE": "an enDAQ .ide recording",
    "lvm/long_single_header_multi_ch.lvm": (["F", "m_1", "m_2"], 1_023.54, "g"),
    "lvm/multi_time_column.lvm": (["Voltage", "Acceleration"], 51_200, "Volts"),
    "lvm/no_decimal_separator.lvm": (["ax", "ay", "az"], 4_000, "g"),
    "lvm/short.lvm": (["Excitation (Trigger)", "Response (Trigger)"], 25_600, "Newtons"),
    "lvm/short_new_line_end.lvm": (["Excitation (Trigger)", "Response (Trigger)"], 25_600, "Newtons"),
    "lvm/with_comments.lvm": "not a vibration recording: it holds one row every 1 s",
    "lvm/with_empty_fields.lvm": (["Dev0/Ai0", "Dev0/Ai2", "Dev0/Ai0 1"], 1_000, ""),
    "mat_v73/testfile1.mat": "No vibration signal",
    "mat_v73/testfile12.mat": "No vibration signal",
    "mat_v73/testfile16.mat": "No vibration signal",
    "mat_v73/testfile2.mat": "No vibration signal",
    "mat_v73/testfile3.mat": "No vibration signal",
    "mat_v73/testfile5.mat": "No vibration signal",
    "mat_v73/testfile6.mat": "No vibration signal",
    "tdms/Digital_Input.tdms": "holds digital lines",
    "tdms/big_endian.tdms": (["Amplitude sweep", "Phase sweep"], 1_000, ""),
    "tdms/raw_timestamps.tdms": (["Untitled"], 1_000, ""),
    "uff/1858.uff": "no time signal",
    "uff/MPSTD#Set001_2024_10_08_10_27_07.uff": ([f"MPS set1 Dof{n}" for n in range(1, 5)], 3_200, "m/s2"),
    "uff/Sample_UFF58_ascii.uff": (["Mic 01.0Scalar"], 65_536, "Pa"),
    "uff/Sample_UFF58b_bin.uff": (["Mic 01.0Scalar"], 65_536, "Pa"),
    "uff/TestLab_161_164_18_15_82.uff": "only geometry",
    "uff/binary8byte.uff": (["sine 5 Hz"], 100, "g"),
    "uff/mesh_Oros-modal_uff15_uff2412.uff": "only geometry",
    "uff/non_ascii_header.uff": "only frequency response",
    "uff/sample_dataset58_psd.uff": "only power spectral density",
    "uff/time-history-not-all-columns-filled.uff": (["1x : m/s²"], 20_000, "m/s²"),
}


@pytest.fixture(scope="module")
def formats_dir() -> Path:
    folder = Path(os.environ.get("BEARING_FORMATS_DIR", "nowhere"))
    if not folder.is_dir():
        pytest.skip("needs real files of many formats: set BEARING_FORMATS_DIR")
    return folder


@pytest.mark.recordings
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_real_files_open_rightly_or_are_refused_in_words(formats_dir: Path, name: str) -> None:
    path = formats_dir / name
    if not path.is_file():
        pytest.skip(f"{name} is not in BEARING_FORMATS_DIR")
    expected = EXPECTED[name]
    if isinstance(expected, str):
        with pytest.raises(UnsupportedFormat) as refusal:
            read_safely(path.read_bytes(), path.name)
        assert expected in str(refusal.value)
        return
    channels, rate_hz, unit = expected
    recordings = read_safely(path.read_bytes(), path.name)
    assert [r.channel for r in recordings] == channels
    assert recordings[0].sampling_rate_hz == (None if rate_hz is None else pytest.approx(rate_hz, rel=1e-4))
    assert recordings[0].unit == unit


@pytest.mark.recordings
def test_every_cwru_file_opens_to_its_own_channels(recordings_dir: Path) -> None:
    import scipy.io

    manifest = recordings_dir / "manifest.csv"
    rows = {row["file"]: row for row in csv.DictReader(manifest.open())} if manifest.is_file() else {}
    files = sorted(recordings_dir.glob("*.mat"))
    for number, path in enumerate(files):
        recordings = read_path(path)
        assert [r.channel for r in recordings] == ["DE", "FE", "BA"][: len(recordings)], path.name
        assert all(r.sampling_rate_hz is None for r in recordings), path.name
        stated = rows.get(path.name, {}).get("rpm_variable_value")
        if stated:
            assert recordings[0].shaft_rpm == float(stated), path.name
        if number % 10 == 0:
            variables = scipy.io.loadmat(path)
            for recording in recordings:
                np.testing.assert_array_equal(recording.samples, variables[recording.variable].ravel())
    assert len(files) > 0
