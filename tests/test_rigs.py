"""The second rig: its registry's facts, its loader on a file made here, and, where it is at hand, the real thing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bearing.cwru.download import is_published
from bearing.errors import DataError, ParameterError, RecordingMissing
from bearing.files import local_data_dir
from bearing.rigs.adi_mfs import AXES, adi_bearing, adi_registry, load_adi, locate_adi
from bearing.verdict.asked.intake import open_path

ENTRY = adi_registry()[0]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with one file laid out like the publisher's: seconds, three axes in volts, three means in row one."""
    time, axes = np.arange(4000) / 20_000, 0.9 + np.random.default_rng(0).normal(0, 0.01, (4000, 3))
    rows = [f"{t:g};" + " ;".join(f"{v:.8f}" for v in row) for t, row in zip(time, axes, strict=True)]
    rows[0] += " ;0.9 ;0.9 ;0.9"
    (tmp_path / ENTRY.file_name).write_bytes("\r\n".join(rows).encode() + b"\r\n")
    monkeypatch.setenv("BEARING_ADI_DIR", str(tmp_path))
    return tmp_path


def test_39_recordings_of_seven_bearings_at_three_speeds() -> None:
    assert Counter(e.label for e in adi_registry()) == {"normal": 21, "inner": 6, "outer": 6, "ball": 6}
    assert len({e.bearing_id for e in adi_registry()}) == 7
    assert {e.nominal_rpm for e in adi_registry()} == {600, 1800, 3000}
    assert len({e.sha256 for e in adi_registry()}) == 39


def test_healthy_bearings_turn_in_machines_with_other_faults() -> None:
    ailments = Counter(e.condition for e in adi_registry() if e.label == "normal")
    assert set(ailments.values()) == {3}
    assert {"bent shaft", "misaligned", "very heavy imbalance", "balanced"} < set(ailments)
    assert ENTRY.description == "healthy, bent shaft, 600 rpm"


def test_its_bearing_has_eight_balls() -> None:
    orders = adi_bearing().orders
    assert round(orders.bpfo + orders.bpfi) == 8
    assert orders.ftf == pytest.approx(0.381)


def test_one_axis_is_read_in_volts_about_rest(written: Path) -> None:
    recordings = [load_adi(ENTRY, axis) for axis in AXES]
    assert {r.samples.shape for r in recordings} == {(4000,)}
    assert {(r.sampling_rate_hz, r.shaft_rpm, r.unit) for r in recordings} == {(20_000.0, 600.0, "V")}
    assert all(abs(r.samples.mean()) < 1e-12 and 0.009 < r.samples.std() < 0.011 for r in recordings)
    assert not np.array_equal(recordings[0].samples, recordings[1].samples)


def test_a_fourth_axis_or_a_damaged_file_is_one_sentence(written: Path) -> None:
    with pytest.raises(ParameterError, match="x, y, z"):
        load_adi(ENTRY, "w")
    (written / ENTRY.file_name).write_bytes(b"not a table")
    with pytest.raises(DataError, match="fetch it again"):
        load_adi(ENTRY)


def test_a_recording_that_is_not_there_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BEARING_ADI_DIR", str(tmp_path))
    with pytest.raises(RecordingMissing, match="BEARING_ADI_DIR"):
        locate_adi(ENTRY)
    monkeypatch.delenv("BEARING_ADI_DIR")
    monkeypatch.setenv("BEARING_CACHE_DIR", str(tmp_path))
    with pytest.raises(RecordingMissing, match="fetch --rig adi_mfs"):
        locate_adi(ENTRY, fetch=False)


@pytest.mark.recordings
def test_the_real_files_are_the_published_ones_and_read_alike_by_both_roads() -> None:
    folder = local_data_dir("BEARING_ADI_DIR")
    if folder is None or not (folder / ENTRY.file_name).exists():
        pytest.skip("needs the recordings of adi_mfs: set BEARING_ADI_DIR")
    assert is_published(ENTRY, (folder / ENTRY.file_name).read_bytes())
    uploaded = open_path(folder / ENTRY.file_name).recordings[AXES.index("y")]
    loaded = load_adi(ENTRY, "y").samples
    assert len(loaded) == 40_000
    assert uploaded.sampling_rate_hz == pytest.approx(20_000)
    np.testing.assert_allclose(np.diff(uploaded.samples[-39_000:]), np.diff(loaded[-39_000:]), atol=1e-9)
