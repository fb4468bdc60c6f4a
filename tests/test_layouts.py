"""Layouts of published data sets and of vendors' exports: each kind that was once read wrongly, simulated."""

from __future__ import annotations

import io

import numpy as np
import pytest
import twins

from bearing.errors import InputError
from bearing.physics.simulate import Resonance, SimulationConfig, simulate
from bearing.readers import read_bytes, vibration_channels
from bearing.readers.columns.column import columns_of
from bearing.readers.columns.samples import look_of, pulse_rate
from bearing.readers.names import kind_of, measures_else, split_unit
from bearing.readers.tables.encodings import decode
from bearing.recording import Recording
from bearing.settings import limits
from bearing.verdict.asked.ask import diagnose
from bearing.verdict.asked.request import Request

RATE_HZ = 12_000.0


def only(data: bytes | str, name: str) -> Recording:
    recordings = read_bytes(data.encode() if isinstance(data, str) else data, name)
    assert len(recordings) == 1, [one.channel for one in recordings]
    return recordings[0]


# --- MATLAB ---------------------------------------------------------------------------------------------------------


def test_clocks_without_a_name_give_each_raster_its_rate_and_its_speed_to_all():
    by_name = {one.channel: one for one in read_bytes(twins.paderborn(samples=48_000), "N15_M07_F10_KA01_1.mat")}
    assert set(by_name) == {"force", "phase_current_1", "vibration_1"}
    assert (by_name["force"].sampling_rate_hz, by_name["vibration_1"].sampling_rate_hz) == (4_000, 64_000)
    assert by_name["vibration_1"].shaft_rpm == pytest.approx(1_500, abs=1)
    assert by_name["vibration_1"].speed_rpm.shape == (48_000,)


def test_a_steady_speed_of_another_raster_counts_without_any_clock():
    by_name = {one.channel: one for one in read_bytes(twins.paderborn(False, 48_000), "only_y.mat")}
    assert by_name["vibration_1"].shaft_rpm == pytest.approx(1_500, abs=1)
    assert by_name["vibration_1"].speed_rpm is None


def test_the_speed_of_one_run_is_not_that_of_another():
    fast = {"acc": twins.signal(4_000), "speed": 1_500 + np.random.default_rng(0).standard_normal(4_000)}
    runs = {
        one.channel: one for one in read_bytes(twins.mat({"a": fast, "b": {"acc": twins.signal(3_000)}}), "two.mat")
    }
    assert runs["a.acc"].shaft_rpm == pytest.approx(1_500, abs=1)
    assert runs["b.acc"].shaft_rpm is None


def test_a_units_name_may_lie_in_its_quantity():
    signal = {
        "x_values": {"start_value": 0.0, "increment": 1 / 25_600, "number_of_values": 4_000.0},
        "y_values": {"values": twins.signal(4_000)[:, None], "quantity": {"label": "Pa", "factor": 1.0}},
    }
    recording = only(twins.mat({"Signal": signal}), "0Nm_Normal.mat")
    assert (recording.unit, recording.sampling_rate_hz) == ("Pa", 25_600)
    assert any("measures sound" in doubt for doubt in recording.doubts)


@pytest.mark.parametrize("shape", [(60, 1_024), (1_024, 60), (3_000, 256), (1_500, 1_024)])
def test_snapshots_lie_along_the_side_on_which_neighbours_are_alike(shape):
    pieces, size = (max(shape), min(shape)) if shape[0] > 1_024 else (60, 1_024)
    whole = np.convolve(np.random.default_rng(0).standard_normal(pieces * size), np.ones(6), "same")
    table = whole.reshape(pieces, size)
    table = table if shape == table.shape else table.T
    (column,) = columns_of(table, "data", limits())
    assert (column.pieces, column.seamless) == (pieces, True)
    assert np.array_equal(column.values, whole)
    recordings = read_bytes(twins.mat({"data": table, "label": np.zeros((pieces, 1))}), "KATData0.mat")
    assert vibration_channels(recordings) == (0,)
    assert len(recordings[0].samples) == pieces * size


def test_a_map_of_levels_is_no_set_of_snapshots():
    with pytest.raises(InputError):
        read_bytes(twins.mat({"spectrogram": np.abs(np.random.default_rng(0).standard_normal((257, 400)))}), "map.mat")


# --- tachos ---------------------------------------------------------------------------------------------------------


def pulses(shape: np.ndarray, hz: float = 29.5, seconds: float = 2.0, rate_hz: float = 25_600.0) -> np.ndarray:
    """One `shape` per turn, a little noise."""
    turns = np.floor(np.cumsum(np.full(int(seconds * rate_hz), hz / rate_hz)))
    struck = np.concatenate(([0.0], np.diff(turns)))
    rng = np.random.default_rng(0)
    return np.convolve(struck, shape)[: struck.size] + 0.01 * np.abs(shape).max() * rng.standard_normal(struck.size)


X = np.arange(-60, 60) / 15.0
COIL = -X * np.exp(-(X**2) / 2)


@pytest.mark.parametrize("shape", [COIL, np.exp(-(X**2) / 2), -np.exp(-(X**2) / 2), np.exp(-np.arange(200) / 20.0)])
def test_soft_pulses_and_those_of_a_coil_are_a_tacho(shape):
    assert look_of(pulses(shape)) == "pulses"
    assert pulse_rate(pulses(shape)) * 25_600 == pytest.approx(29.5, rel=1e-3)


@pytest.mark.parametrize("damping", [0.03, 0.1, 0.2])
@pytest.mark.parametrize("state", ["outer", "inner"])
def test_no_fault_however_clean_is_a_tacho(state, damping):
    clean = SimulationConfig(
        state, 25_600.0, 2.0, 1_770.0, resonances=(Resonance(3_000.0, damping),), impact_g=5.0, impact_spread=0.0,
        slip=0.0, load_floor=1.0, shaft_g=(0.0,), mains_g=(), noise_g=0.001,
    )  # fmt: skip
    assert pulse_rate(simulate(clean)) == 0


def two_columns(pulse_hz: float, rpm: float) -> str:
    config = SimulationConfig("outer", 25_600.0, 3.0, rpm)
    acceleration = simulate(config)
    turns = np.cumsum(np.full(acceleration.size, pulse_hz / 25_600.0))
    tacho = np.where(turns % 1 < 0.3, 5.0, 0.0) + 0.01 * np.random.default_rng(0).standard_normal(turns.size)
    return twins.table(acceleration, tacho, before="acc [g],tacho\n", form="{:.4f}")


def test_many_pulses_a_turn_are_not_taken_for_one():
    request = Request(rate_hz=25_600, bearing="6205-2RS JEM")
    intake = request.open_upload(two_columns(pulse_hz=300.0, rpm=1_800).encode(), "tacho.csv")
    untold = request.apply(intake)[0]
    assert untold.shaft_rpm is None
    assert any("pulses 300 times a second" in note for note in untold.notes)
    told = Request(rate_hz=25_600, bearing="6205-2RS JEM", pulses_per_turn=10)
    assert told.apply(intake)[0].shaft_rpm == pytest.approx(1_800, rel=1e-3)
    by_hand = Request(rate_hz=25_600, rpm=1_750, pulses_per_turn=10)
    assert by_hand.apply(intake)[0].shaft_rpm == 1_750


# --- what is no vibration -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "unit", "measured"),
    [("torque", "", "force"), ("Bearing torque", "", "force"), ("Ia", "A", "electrical"), ("mic", "", "sound"),
     ("phase_current_1", "", "electrical"), ("acc", "V", ""), ("Voltage_0", "V", ""), ("load end acc", "", ""),
     ("CH1", "", ""), ("Temperature", "", "temperature"), ("DE", "", "")],
)  # fmt: skip
def test_what_a_name_says_is_measured_instead_of_vibration(name, unit, measured):
    assert measures_else(name, unit) == measured


def test_an_acceleration_at_a_load_is_judged_beside_another():
    assert kind_of("motor load end acc") == kind_of("power side vib") == "vibration"
    assert kind_of("vibration motor current") == "electrical"
    table = twins.table(twins.signal(), twins.signal(seed=1), before="drive end acc,load end acc\n")
    assert vibration_channels(read_bytes(table.encode(), "motor.csv")) == (0, 1)


def test_a_torque_never_proves_a_bearing_sound():
    sound = twins.table(simulate(SimulationConfig("healthy", RATE_HZ, 3.0, 1_772.0)), before="torque\n")
    answer = diagnose(only(sound, "torque.csv"), rate_hz=RATE_HZ, rpm=1_772, bearing="6205-2RS JEM")
    assert answer.verdict == "uncertain"
    assert "measures force" in answer.reason


# --- text -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("gb18030", "序号\t温度(℃)\t加速度(g)\n"), ("gb18030", "采样频率:25600Hz\n转速:1772r/min\n"),
     ("gb18030", "X方向振动,Y方向振动\n"), ("cp932", "サンプリング周波数,25600,Hz\n回転数,1772,rpm\n"),
     ("cp932", "時間[s],加速度[m/s2]\n"), ("euc-kr", "시간,가속도\n")],
)  # fmt: skip
def test_double_bytes_of_east_asia_are_read(encoding, text):
    assert decode(text.encode(encoding) + b"1,2\n", limits()).decode() == text + "1,2\n"


@pytest.mark.parametrize(
    "text", ["Größe;Zeit\n", "°C;µm;±2g\n", "Fréquence d'échantillonnage\n", "À propos: durée çà\n"]
)
def test_western_letters_stay_what_they_are(text):
    assert decode(text.encode("latin-1"), limits()) == text.encode("latin-1")


def test_the_acceleration_beside_a_temperature_is_found_in_gbk():
    rows = twins.table(40 + 0.01 * twins.signal(seed=3), twins.signal(), delimiter="\t", before="温度(℃)\t加速度(g)\n")
    recordings = read_bytes(rows.encode("gbk"), "dasp.txt")
    assert [recordings[index].channel for index in vibration_channels(recordings)] == ["加速度"]


def test_a_header_apart_by_many_spaces_tells_milliseconds():
    stamps = np.arange(4_000) / 25.6
    above = "  PUMP 1  MOTOR OUTBOARD\n  RPM = 1772.  (29.53 Hz)\n\n   Time in mSecs   Acceleration in G-s\n"
    recording = only(twins.table(stamps, twins.signal(), delimiter="   ", before=above, form="{:.5f}"), "ams.txt")
    assert (recording.channel, recording.unit, recording.shaft_rpm) == ("Acceleration", "g", 1_772)
    assert recording.sampling_rate_hz == pytest.approx(25_600, rel=1e-4)
    assert split_unit("Velocity in mm/sec") == ("Velocity", "mm/s")


def test_the_range_of_a_sensor_is_no_unit():
    assert split_unit("X (100g)") == ("X", "g")


def test_names_announced_above_the_numbers_are_theirs():
    above = "channel names:\nMod1_ai0\tMod1_ai1\nstart times:\n3/12/2021 10:22:11\t3/12/2021 10:22:11\ndata:\n"
    table = twins.table(twins.signal(), twins.signal(seed=1), delimiter="\t", before=above)
    assert [one.channel for one in read_bytes(table.encode(), "express.txt")] == ["Mod1_ai0", "Mod1_ai1"]


@pytest.mark.parametrize(
    "line",
    ["[INFO] acc={:.5f}", "INFO:root:{:.5f}", "DEBUG sensor acc: {:.5f} g", "2021-03-12 10:22:11,004 INFO acc={:.5f}"],
)
def test_lines_of_a_log_are_rows(line):
    signal = twins.signal()
    recording = only("\n".join(line.format(value) for value in signal) + "\n", "run.log")
    assert recording.samples == pytest.approx(signal, abs=1e-5)


def test_decimal_points_and_commas_in_one_column_are_numbers():
    signal = twins.signal()
    rows = [f"{value:.5f}".replace(".", "," if index % 3 else ".") for index, value in enumerate(signal)]
    recording = only("acc\n" + "\n".join(rows) + "\n", "glued.csv")
    assert recording.samples == pytest.approx(signal, abs=1e-5)
    assert any("decimal commas, others points" in note for note in recording.notes)


# --- lists in cells -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 40])
def test_lists_of_samples_in_the_cells_of_a_table_are_one_channel(rows):
    import pyarrow as pa
    from pyarrow import parquet

    samples = twins.signal(SIZE * rows)
    cells = {"signal": list(samples.reshape(rows, SIZE)), "label": ["OR"] * rows, "fs": [12_000] * rows}
    stream = io.BytesIO()
    parquet.write_table(pa.table(cells), stream)
    recording = only(stream.getvalue(), "set.parquet")
    assert (recording.channel, recording.sampling_rate_hz) == ("signal", 12_000)
    assert len(recording.samples) == SIZE * rows
    assert any(note.startswith("40 pieces of 1,024") for note in recording.notes) == (rows > 1)


# --- blocks ---------------------------------------------------------------------------------------------------------

SIZE, BLOCKS = 1_024, 40


def in_blocks(columns: str) -> str:
    """Blocks of 1,024 rows out of a longer recording; between them more was lost than kept."""
    long = simulate(SimulationConfig("outer", RATE_HZ, 12.0, 1_772.0))
    starts = np.arange(BLOCKS) * (long.size // BLOCKS)
    at = (starts[:, None] + np.arange(SIZE)).reshape(-1)
    within = np.tile(np.arange(SIZE), BLOCKS)
    cells = {"time": at / RATE_HZ, "restart": within / RATE_HZ, "block": np.repeat(np.arange(BLOCKS), SIZE)}
    table = [*(cells[name] for name in columns.split()), long[at]]
    header = ",".join([*columns.replace("restart", "time").split(), "acc"])
    return twins.table(*table, before=header + "\n", form="{:.7f}")


@pytest.mark.parametrize("columns", ["time", "restart", "block restart", "block"])
def test_short_blocks_are_judged_together_and_never_prove_health(columns):
    recording = only(in_blocks(columns), "blocks.csv")
    assert len(recording.samples) == SIZE * BLOCKS
    assert any(f"{BLOCKS} pieces" in doubt for doubt in recording.doubts)
    assert recording.sampling_rate_hz == (None if columns == "block" else pytest.approx(RATE_HZ, rel=1e-4))


def test_a_block_that_runs_on_is_joined_without_a_doubt():
    whole = np.convolve(np.random.default_rng(0).standard_normal(SIZE * BLOCKS), np.ones(6), "same")
    table = twins.table(np.repeat(np.arange(BLOCKS), SIZE), whole, before="block,acc\n")
    assert not only(table, "blocks.csv").doubts
