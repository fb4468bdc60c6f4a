"""Every format and oddity opens to the right channels, rate and unit, or is refused with the right sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import twins

from bearing.errors import TooLarge, UnreadableFile, UnsupportedFormat
from bearing.readers import preferred_channel, read_bytes, read_path
from bearing.readers.safe import read_safely


def read(name: str) -> list:
    return read_bytes(twins.ALL[name](), name)


# --- MATLAB ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compressed", [False, True])
def test_cwru_channels_are_de_fe_ba_with_the_files_rpm(compressed: bool) -> None:
    recordings = read_bytes(twins.cwru(105, compressed=compressed), "105.mat")
    assert [recording.channel for recording in recordings] == ["DE", "FE", "BA"]
    assert {recording.shaft_rpm for recording in recordings} == {1797.0}
    assert {recording.sampling_rate_hz for recording in recordings} == {None}
    np.testing.assert_array_equal(recordings[1].samples, twins.signal(seed=1))


def test_cwru_group_goes_by_the_files_number() -> None:
    recordings = read_bytes(twins.cwru_99(), "99.mat")
    assert [r.channel for r in recordings] == ["DE", "FE", "BA", "X098_DE_time", "X098_FE_time"]
    assert [len(r.samples) for r in recordings] == [4_000] * 3 + [3_000] * 2
    assert recordings[3].shaft_rpm is None
    assert "X098 and X099" in recordings[0].notes[0]
    assert [r.channel for r in read_bytes(twins.cwru_99(), "98.mat")][:2] == ["DE", "FE"]
    unnamed = read_bytes(twins.cwru_99(), "motor.mat")
    assert unnamed[0].channel == "X099_DE_time"
    assert "does not say which one" in unnamed[0].notes[0]


def test_cwru_3001_holds_one_variable_of_another_number() -> None:
    (recording,) = read_bytes(twins.mat({"X056_DE_time": twins.signal()[:, None]}), "3001.mat")
    assert (recording.channel, recording.shaft_rpm) == ("DE", None)


def test_cwru_stray_variable_is_ignored() -> None:
    data = twins.cwru(277, {"i": np.arange(10_000, dtype=np.int16)})
    assert [r.channel for r in read_bytes(data, "277.mat")] == ["DE", "FE", "BA"]


def test_mfpt_struct() -> None:
    (recording,) = read("mfpt.mat")
    assert (recording.channel, recording.sampling_rate_hz, recording.shaft_rpm) == ("gs", 48_828.0, 1_500.0)


def test_bare_column_of_any_name() -> None:
    (recording,) = read_bytes(twins.mat({"z20_4": twins.signal()[:, None]}), "IR2_1200.mat")
    assert (recording.channel, recording.sampling_rate_hz, recording.shaft_rpm) == ("z20_4", None, None)


def test_nested_struct_takes_the_rate_of_its_scope() -> None:
    recordings = read("nested.mat")
    assert [r.channel for r in recordings] == ["acc", "tacho"]
    assert {r.sampling_rate_hz for r in recordings} == {25_600.0}
    assert preferred_channel(recordings)[0] == 0


@pytest.mark.parametrize("shape", [(1, 4_000), (4_000, 1), (4_000,)])
def test_vectors_of_any_orientation(shape: tuple[int, ...]) -> None:
    (recording,) = read_bytes(twins.mat({"x": twins.signal().reshape(shape)}), "a.mat")
    np.testing.assert_array_equal(recording.samples, twins.signal())


@pytest.mark.parametrize("axis", [0, 1])
def test_matrix_has_its_channels_on_the_smaller_side(axis: int) -> None:
    matrix = np.stack([twins.signal(seed=seed) for seed in range(3)], axis=axis)
    recordings = read_bytes(twins.mat({"data": matrix}), "a.mat")
    assert [r.channel for r in recordings] == ["data 1", "data 2", "data 3"]
    np.testing.assert_array_equal(recordings[2].samples, twins.signal(seed=2))


def test_matrix_with_a_time_column() -> None:
    matrix = np.stack([twins.clock(), twins.signal()], axis=1)
    (recording,) = read_bytes(twins.mat({"data": matrix}), "a.mat")
    assert recording.sampling_rate_hz == 12_000.0


@pytest.mark.parametrize(
    ("scalars", "rate", "rpm"),
    [
        ({"Fs": 25_600.0}, 25_600.0, None),
        ({"samplingRate": 25_600, "rpm": 1_500}, 25_600.0, 1_500.0),
        ({"fs_khz": 25.6, "shaft_hz": 25.0}, 25_600.0, 1_500.0),
        ({"dt": 1 / 25_600}, 25_600.0, None),
        ({"sampling_rate": 0.0}, None, None),
        ({"fs": np.nan, "rpm": np.inf}, None, None),
    ],
)
def test_named_scalars_are_facts(scalars: dict, rate: float | None, rpm: float | None) -> None:
    (recording,) = read_bytes(twins.mat({"vib": twins.signal(), **scalars}), "a.mat")
    assert recording.sampling_rate_hz == rate
    assert recording.shaft_rpm == rpm


def test_speed_without_a_unit_is_told_and_not_guessed() -> None:
    (recording,) = read_bytes(twins.mat({"vib": twins.signal(), "speed": 25.0}), "a.mat")
    assert recording.shaft_rpm is None
    assert any("Hz or rpm" in note for note in recording.notes)


def test_signals_and_their_clock_in_different_structs() -> None:
    """Paderborn's files: Y(k).Name and Y(k).Data beside X(1).Data, the clock."""
    fields = [("Name", object), ("Data", object)]
    signals, clocks = np.zeros((1, 2), fields), np.zeros((1, 1), fields)
    signals[0, 0] = ("force", twins.signal(1_000)[None, :])
    signals[0, 1] = ("vibration_1", twins.signal()[None, :])
    clocks[0, 0] = ("Time", np.arange(4_000)[None, :] / 64_000)
    recordings = read_bytes(twins.mat({"N15": {"X": clocks, "Y": signals}}), "N15.mat")
    assert {r.channel: r.sampling_rate_hz for r in recordings} == {"force": None, "vibration_1": 64_000.0}
    index, reason = preferred_channel(recordings)
    assert (recordings[index].channel, reason) == ("vibration_1", "its name says vibration")


def test_own_matlab_reader_agrees_with_scipy() -> None:
    from bearing.readers.arrays.mat import mat5_tree
    from bearing.settings import Limits

    variables = {
        "double": twins.signal(50).reshape(5, 10),
        "int16": np.arange(-4, 4, dtype=np.int16).reshape(2, 4),
        "uint8": np.arange(8, dtype=np.uint8),
        "single": twins.signal(7).astype(np.float32),
    }
    for compressed in (False, True):
        tree = mat5_tree(twins.mat(variables, do_compression=compressed), Limits())
        for name, expected in variables.items():
            np.testing.assert_array_equal(np.squeeze(tree[name]), expected)


def test_mat4_and_mat73() -> None:
    (recording,) = read("v4.mat")
    assert (recording.channel, recording.sampling_rate_hz) == ("vib", 12_000.0)
    for reader in (read_bytes, read_safely):
        (recording,) = reader(twins.mat73(), "v73.mat")
        assert (recording.channel, recording.sampling_rate_hz, recording.shaft_rpm) == ("gs", 97_656.0, 1_500.0)
        np.testing.assert_array_equal(recording.samples, twins.signal())


def test_no_signal_in_a_mat_file() -> None:
    with pytest.raises(UnsupportedFormat, match=r"at least 500 samples, found 'a' \(1x3\)"):
        read_bytes(twins.mat({"a": [1, 2, 3], "b": "text"}), "a.mat")


# --- text -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "channels", "rate", "units"),
    [
        ("plain.csv", ["DE", "FE"], None, ["", ""]),
        ("ours.csv", ["acceleration_g"], 12_000, [""]),
        ("no_header.txt", ["column 1"], None, [""]),
        ("noext", ["column 1", "column 2", "column 3"], None, [""] * 3),
        ("semicolon_comma.csv", ["Beschleunigung"], 12_000, ["m/s²"]),
        ("one_column_comma.csv", ["column 1"], None, [""]),
        ("tab_comma_units.txt", ["vib"], 12_000, ["g"]),
        ("crlf_trailing.csv", ["a", "b"], None, ["", ""]),
        ("bom.csv", ["acc"], None, [""]),
        ("utf16.csv", ["acc"], 12_000, ["g"]),
        ("latin1.csv", ["Schwingung"], 12_000, ["m/s²"]),
        ("quoted.csv", ["a", "b"], None, ["", ""]),
        ("spaces.dat", ["a"], 12_000, [""]),
        ("thousands.csv", ["a", "b"], None, ["", ""]),
        ("blank_lines.csv", ["a", "b"], None, ["", ""]),
        ("label.csv", ["Acc"], 1_024, [""]),
        ("preamble.csv", ["acc"], 25_600, [""]),
        ("femto.csv", ["column 5", "column 6"], 25_600, ["", ""]),
        ("us_header.csv", ["acc_x", "gyro_x"], pytest.approx(189.94, abs=0.05), ["mg", "mdps"]),
        ("lying.csv", ["row 1", "row 2"], None, ["", ""]),
    ],
)
def test_text_dialects(name: str, channels: list[str], rate: object, units: list[str]) -> None:
    recordings = read(name)
    assert [r.channel for r in recordings] == channels
    assert all(r.sampling_rate_hz == rate for r in recordings)
    assert [r.unit for r in recordings] == units
    first = recordings[0].samples
    assert np.isfinite(first).all()
    assert len(first) == {"femto.csv": 2_560, "us_header.csv": 2_000}.get(name, 4_000)
    if name not in ("thousands.csv", "us_header.csv"):
        np.testing.assert_allclose(first, twins.signal(len(first)), atol=6e-4)


def test_thousands_keep_their_value() -> None:
    np.testing.assert_allclose(read("thousands.csv")[0].samples, 1e4 * twins.signal(), atol=6e-4)


def test_repeated_header_is_left_out_and_told() -> None:
    recordings = read("repeated_header.csv")
    assert [len(r.samples) for r in recordings] == [8_000, 8_000]
    assert any("repeated 1 times" in note for note in recordings[0].notes)


def test_lost_cells_are_gaps_and_told() -> None:
    first, second = read("nan_gaps.csv")
    assert np.isfinite(first.samples).all()
    assert len(first.samples) == 4_000  # what is lost at the very end is cut off
    assert first.lost_share == 0.0
    assert len(second.samples) == 4_002
    assert any("not numbers and count as gaps" in note for note in first.notes)


def test_lines_with_too_many_fields_are_told() -> None:
    text = twins.table(twins.signal(), twins.signal(), before="a,b\n")
    recording, _ = read_bytes((text + "1,2,3\n" + text[4:]).encode(), "a.csv")
    assert len(recording.samples) == 8_000
    assert any("1 lines do not fit" in note for note in recording.notes)


def test_comment_lines_give_rate_and_speed() -> None:
    (recording,) = read("ours.csv")
    assert (recording.sampling_rate_hz, recording.shaft_rpm) == (12_000.0, 1_797.0)
    assert recording.rate_source == "line 'sampling_rate_hz: 12000'"
    (recording,) = read("preamble.csv")
    assert recording.shaft_rpm == 1_500.0


def test_jitter_and_decimal_commas_are_told() -> None:
    assert any("step jitter" in note for note in read("us_header.csv")[0].notes)
    assert "Decimal commas." in read("semicolon_comma.csv")[0].notes


@pytest.mark.parametrize("decimal", [".", ","])
def test_dates_and_times_of_day_give_the_rate(decimal: str) -> None:
    rows = [(f"00:00:{tick // 10_000:02d}.{tick % 10_000:04d}", value) for tick, value in enumerate(twins.signal())]
    for date in ("", "2024-05-01 ", "2024-05-01T"):
        text = "stamp;vib\n" + "".join(f"{date}{stamp};{value:.5f}\n" for stamp, value in rows)
        text = text.replace(".", decimal)
        (recording,) = read_bytes(text.encode(), "a.csv")
        assert recording.sampling_rate_hz == 10_000.0


def test_time_of_unknown_unit_gives_no_rate() -> None:
    data = twins.table(1e3 * twins.clock(), twins.signal(), before="time,acc\n").encode()
    (recording,) = read_bytes(data, "a.csv")
    assert recording.sampling_rate_hz is None
    assert any("unknown unit" in note for note in recording.notes)
    named = data.replace(b"time,", b"time_ms,", 1)
    assert read_bytes(named, "a.csv")[0].sampling_rate_hz == pytest.approx(12_000, rel=1e-4)


def test_row_counter_is_no_signal() -> None:
    data = twins.table(np.arange(4_000.0), twins.signal()).encode()
    (recording,) = read_bytes(data, "a.csv")
    assert recording.channel == "column 2"
    assert recording.sampling_rate_hz is None


def test_speed_column_gives_the_rpm() -> None:
    data = twins.table(twins.signal(), 0 * twins.signal() + 1_500, before="acc,rpm\n").encode()
    (recording,) = read_bytes(data, "a.csv")
    assert recording.shaft_rpm == 1_500.0


def test_temperature_log_is_refused() -> None:
    with pytest.raises(UnsupportedFormat, match=r"not a vibration recording: it holds one row every 5 minutes"):
        read("temperature.csv")


# --- WAV and NumPy --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bits", "kind"), [(8, 1), (16, 1), (24, 1), (32, 1), (32, 3), (64, 3)])
@pytest.mark.parametrize("channels", [1, 3])
def test_wav_of_every_width(bits: int, kind: int, channels: int) -> None:
    recordings = read_bytes(twins.wav(bits, channels, kind), "a.wav")
    assert len(recordings) == channels
    assert recordings[0].sampling_rate_hz == twins.RATE_HZ
    np.testing.assert_allclose(
        recordings[-1].samples, twins.signal(seed=channels - 1) / 3, atol=2.0 ** (2 - min(bits, 24))
    )


def test_numpy_files() -> None:
    assert [r.channel for r in read("matrix.npy")] == ["column 1", "column 2"]
    (recording,) = read("named.npz")
    assert (recording.channel, recording.sampling_rate_hz, recording.shaft_rpm) == ("acc", 12_000.0, 1_797.0)
    fields = np.zeros(4_000, [("acc_x", "f4"), ("acc_y", "f8")])
    fields["acc_x"] = twins.signal()
    assert [r.channel for r in read_bytes(twins.npy(fields), "a.npy")] == ["acc_x", "acc_y"]


def test_pickled_objects_are_never_opened() -> None:
    data = twins.npy(np.array([{"a": 1}], dtype=object), allow_pickle=True)
    for name in ("a.npy", "a.csv"):
        with pytest.raises(UnsupportedFormat, match="pickled Python objects, which are never opened"):
            read_bytes(data, name)
    import pickle

    with pytest.raises(UnsupportedFormat, match="pickled Python object, which is never opened"):
        read_bytes(pickle.dumps(list(range(100))), "a.pkl")


# --- LabVIEW and universal files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("x_columns", ["No", "One", "Multi"])
@pytest.mark.parametrize("decimal", [",", "."])
@pytest.mark.parametrize("blocks", [1, 3])
def test_lvm(x_columns: str, decimal: str, blocks: int) -> None:
    recordings = read_bytes(twins.lvm(decimal, x_columns, blocks), "a.lvm")
    assert [(r.channel, r.unit, r.sampling_rate_hz) for r in recordings] == [
        ("Force", "N", 25_600),
        ("vib", "g", 25_600),
    ]
    np.testing.assert_allclose(recordings[1].samples, np.tile(twins.signal(seed=1), blocks), atol=1e-6)
    assert preferred_channel(recordings) == (1, "its unit g is one of vibration")
    assert any("3 blocks" in note for note in recordings[0].notes) == (blocks == 3)


def test_lvm_with_comments_keeps_every_row() -> None:
    recordings = read("comment.lvm")
    assert [len(r.samples) for r in recordings] == [4_000, 4_000]
    assert np.isfinite(recordings[0].samples).all()


def test_lvm_that_promises_more() -> None:
    data = twins.lvm().replace(b"Samples\t4000\t4000", b"Samples\t9000\t9000")
    assert "The header promises 9,000 samples, the file holds 4,000." in read_bytes(data, "a.lvm")[0].notes


@pytest.mark.parametrize("binary", [False, True])
def test_uff_time_signal(binary: bool) -> None:
    (recording,) = read_bytes(twins.uff(binary), "a.uff")
    assert (recording.channel, recording.unit, recording.sampling_rate_hz) == ("Bearing 1 +Z", "m/s2", 12_800.0)
    np.testing.assert_allclose(recording.samples, twins.signal(), rtol=2e-5, atol=1e-9)


def test_own_uff_reader_agrees_with_pyuff(tmp_path: Path) -> None:
    pyuff = pytest.importorskip("pyuff")
    for binary in (False, True):
        path = tmp_path / f"{binary}.uff"
        path.write_bytes(twins.uff(binary))
        sets = pyuff.UFF(str(path)).read_sets(1)
        np.testing.assert_allclose(read_path(path)[0].samples, sets["data"], rtol=1e-6)


def test_uff_without_a_time_signal() -> None:
    with pytest.raises(UnsupportedFormat, match="only power spectral density: export the time history"):
        read_bytes(twins.uff(function=9), "a.uff")
    with pytest.raises(UnsupportedFormat, match=r"only geometry \(datasets 15\)"):
        read_bytes(twins.uff().split(b"    58")[0], "a.uff")


def test_uff_numbers_that_run_into_each_other() -> None:
    data = twins.uff().replace(b"E-01 -", b"E-001-").replace(b"E+00 -", b"E+000-")
    (recording,) = read_bytes(data, "a.uff")
    np.testing.assert_allclose(recording.samples, twins.signal(), rtol=2e-5, atol=1e-9)


def test_tdms() -> None:
    for reader in (read_bytes, read_safely):
        (recording,) = reader(twins.tdms(), "a.tdms")
        assert (recording.channel, recording.unit, recording.sampling_rate_hz) == ("acc_x", "g", 25_600.0)
        np.testing.assert_array_equal(recording.samples, twins.signal())
    (recording,) = read_bytes(twins.tdms(0, stamps=True), "a.tdms")
    assert (recording.channel, recording.sampling_rate_hz) == ("acc_x", 10_000.0)


def test_tdms_with_digital_lines_only() -> None:
    with pytest.raises(UnsupportedFormat, match="holds digital lines"):
        read_bytes(twins.tdms(digital=True), "a.tdms")


# --- any ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(twins.ALL))
def test_content_decides_over_the_extension(name: str) -> None:
    data = twins.ALL[name]()
    if name == "temperature.csv":
        pytest.skip("refused under any name")
    for other in ("x.wav", "x.mat", "x.csv", "x"):
        number = "99" if name == "99.mat" else "x"
        again = read_bytes(data, other.replace("x", number, 1))
        assert [r.channel for r in again] == [r.channel for r in read(name)]


@pytest.mark.parametrize(
    ("data", "name", "error", "match"),
    [
        (b"", "a.csv", UnreadableFile, "The file is empty"),
        (b"  \n\n", "a.csv", UnreadableFile, "The file is empty"),
        (b"\x1a\x45\xdf\xa3" + bytes(100), "a.csv", UnsupportedFormat, r"enDAQ \.ide recording.*export it as CSV"),
        (b"PK\x03\x04" + bytes(30), "a.xlsx", UnreadableFile, "or as CSV"),
        (b"\x89PNG\r\n\x1a\n", "a.csv", UnsupportedFormat, "a picture"),
        (b"<!DOCTYPE html><p>Sign in", "105.mat", UnsupportedFormat, "a web page"),
        (b"dear sir,\nhow are you?\n", "a.csv", UnsupportedFormat, r"No table of numbers.*'dear sir,'"),
        (bytes(range(256)) * 40, "a.dat", UnsupportedFormat, "neither text nor a known binary format"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(data: bytes, name: str, error: type, match: str) -> None:
    with pytest.raises(error, match=match):
        read_bytes(data, name)


def test_text_that_looks_like_another_format_stays_text() -> None:
    padded = "x" * 126 + "IM\n" + twins.table(twins.signal())
    assert len(read_bytes(padded.encode(), "a.csv")[0].samples) == 4_000
    whole = "-1\n15\n" + "".join(f"{value:.0f}\n" for value in 100 * twins.signal())
    assert len(read_bytes(whole.encode(), "a.txt")[0].samples) == 4_002


def test_a_channel_with_gaps_may_be_the_likely_one() -> None:
    text = twins.table(twins.signal(), twins.signal(), before="temperature,vib\n").replace("\n", "\n1,nan\n", 2)
    assert preferred_channel(read_bytes(text.encode(), "a.csv"))[0] == 1


def test_read_path_of_nothing(tmp_path) -> None:
    with pytest.raises(UnreadableFile, match=r"'gone\.csv' could not be opened"):
        read_path(tmp_path / "gone.csv")


def test_too_large_is_refused_before_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEARING_MAX_MB", "0.01")
    with pytest.raises(TooLarge, match="the limit is 0 MB"):
        read("plain.csv")


def test_names_are_made_harmless() -> None:
    header = "a\u202e\u200bb\x07,<img src=x>,=1+1," + 300 * "x" + ",a b,a b\n"
    text = header + twins.table(*[twins.signal(seed=seed) for seed in range(6)])
    recordings = read_bytes(text.encode(), "../../etc/<b>\u202epasswd.csv")
    names = [r.channel for r in recordings]
    assert names[:3] == ["ab", "‹img src=x›", "=1+1"]
    assert len(names[3]) == 80
    assert names[4:] == ["a b", "a b (2)"]
    assert recordings[0].source == "‹b›passwd.csv"


def test_preferred_channel_has_a_reason() -> None:
    assert preferred_channel(read("105.mat")) == (0, "drive end, next to the bearing under test")
    assert preferred_channel(read("us_header.csv"))[0] == 0
    data = twins.table(20 + 0 * twins.signal(), twins.signal(), twins.signal(), before="temperature,tacho,vib_x\n")
    index, reason = preferred_channel(read_bytes(data.encode(), "a.csv"))
    assert index == 2
    assert reason == "its name says vibration"
