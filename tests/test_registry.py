"""The registry's facts and the recognition of published recordings."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bearing.cwru.dataset import load_recording, locate, window_set
from bearing.cwru.registry import drive_end_entries, entry, recognise, recognise_variable, registry
from bearing.errors import ParameterError, RecordingMissing
from bearing.states import LABELS
from bearing.verdict.asked.intake import open_path


def test_109_recordings_60_drive_end_45_fan_end_4_normal() -> None:
    assert Counter(e.set for e in registry()) == {"normal": 4, "drive end": 60, "fan end": 45}
    assert len({e.number for e in registry()}) == 109
    assert {e.label for e in registry()} == set(LABELS)


def test_only_normals_are_sampled_at_48_khz() -> None:
    assert {e.sampling_rate_hz for e in registry() if e.label == "normal"} == {48_000.0}
    assert {e.sampling_rate_hz for e in registry() if e.label != "normal"} == {12_000.0}


def test_every_entry_has_a_hash_to_check_a_download_by() -> None:
    for e in registry():
        assert len(e.git_blob_sha1) == 40
        assert len(e.sha256) == 64 or e.number in (98, 99, 100)


def test_speeds_are_recorded_or_nominal() -> None:
    assert entry(105).rpm == 1797
    assert entry(3003).recorded_rpm is None
    assert entry(3003).rpm == 1750


def test_an_unknown_number_says_where_the_list_is() -> None:
    with pytest.raises(ParameterError, match=r"data/cwru\.csv"):
        entry(1)


def test_variables_name_their_recording() -> None:
    found = recognise_variable("X098_DE_time")
    assert found is not None
    assert found.number == 98
    assert recognise_variable("X999_DE_time") is None
    assert recognise_variable("vibration") is None


def test_unknown_bytes_are_not_recognised() -> None:
    assert recognise(b"0,1\n" * 10) is None


def test_a_missing_recording_says_what_to_do(no_recordings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecordingMissing, match="python -m bearing fetch 105"):
        locate(105, fetch=False)
    monkeypatch.setenv("BEARING_DATA_DIR", str(no_recordings))
    with pytest.raises(RecordingMissing, match="BEARING_DATA_DIR"):
        locate(105)


@pytest.mark.recordings
def test_recordings_are_read_at_their_true_rate_by_the_right_variable(recordings_dir: Path) -> None:
    assert load_recording(97).sampling_rate_hz == 48_000
    assert load_recording(3001).samples.shape == (120_801,)
    assert load_recording(270).channel == "FE"
    assert locate(98).note.startswith("98.mat differs")
    assert locate(105).note == ""


@pytest.mark.recordings
def test_the_original_window_count_without_its_traps(recordings_dir: Path) -> None:
    data = window_set(e for e in drive_end_entries() if e.number in (97, 105, 3001))
    assert dict(Counter(data.number.tolist())) == {97: 29, 105: 59, 3001: 58}
    assert data.windows.dtype == np.float32
    table = data.metadata()
    assert table.loc[table["recording"] == 105, "fault_diameter_in"].eq(0.007).all()
    assert table["start_sample"].mod(2048).eq(0).all()


@pytest.mark.recordings
def test_intake_fills_what_cwru_files_omit(recordings_dir: Path) -> None:
    published = open_path(recordings_dir / "97.mat")
    assert published.recordings[0].sampling_rate_hz == 48_000
    assert "recognised by content" in published.recordings[0].rate_source
    assert published.bearings[:2] == ("SKF 6205-2RS JEM", "SKF 6203-2RS JEM")
    saved_again = open_path(recordings_dir / "98.mat")
    assert saved_again.recordings[0].sampling_rate_hz == 48_000
    assert "X098_DE_time" in saved_again.recordings[0].rate_source


@pytest.mark.recordings
def test_a_renamed_copy_is_recognised_all_the_same(recordings_dir: Path, tmp_path: Path) -> None:
    copy = tmp_path / "pump 7.mat"
    copy.write_bytes((recordings_dir / "3005.mat").read_bytes())
    opened = open_path(copy)
    assert opened.recordings[0].sampling_rate_hz == 12_000
    assert opened.recordings[0].shaft_rpm == 1797
