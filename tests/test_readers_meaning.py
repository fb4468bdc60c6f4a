"""Files as people really write them: clocks with holes, several axes, spectra, archives, serial monitors."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterable
from functools import cache

import numpy as np
import orjson
import pytest
import twins

from bearing.errors import UnsupportedFormat
from bearing.readers import read_bytes, vibration_channels
from bearing.readers.formats import FORMATS, suffixes
from bearing.readers.safe import read_safely
from bearing.verdict.asked.intake import open_upload
from bearing.verdict.asked.request import Request

RATE_HZ = 12_000


def coloured(size: int = 6_000, seed: int = 0) -> np.ndarray:
    """A vibration as a sensor sees it: noise through a resonance, nothing white about it."""
    noise = np.random.default_rng(seed).normal(size=size + 100)
    out = np.zeros_like(noise)
    for index in range(2, len(noise)):
        out[index] = 0.9 * out[index - 1] - 0.8 * out[index - 2] + noise[index]
    return out[100:]


def csv(header: str, *columns: Iterable[object], delimiter: str = ",") -> bytes:
    cells = [[cell if isinstance(cell, str) else f"{cell:.7g}" for cell in column] for column in columns]
    rows = (delimiter.join(row) for row in zip(*cells, strict=True))
    return (header + "\n" + "\n".join(rows) + "\n").encode()


def vibrating(data: bytes, name: str = "a.csv") -> list[str]:
    recordings = read_bytes(data, name)
    return [recordings[index].channel for index in vibration_channels(recordings)]


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_a_hole_in_the_clock_is_a_gap_and_never_joined_up() -> None:
    x, clock = coloured(), np.arange(6_000) / RATE_HZ
    kept = np.ones(6_000, bool)
    kept[2_000:2_300] = kept[4_000:4_033] = False
    rows = [f"{value:.6f}" for value in clock[kept]]
    (recording,) = read_bytes(csv("time_s,acc", rows, x[kept]), "a.csv")
    assert recording.sampling_rate_hz == RATE_HZ
    assert len(recording.samples) == 6_000
    assert recording.lost_share == pytest.approx(333 / 6_000, abs=1e-4)
    np.testing.assert_allclose(recording.samples[kept], x[kept], rtol=1e-5)


def test_a_late_stamp_is_no_hole() -> None:
    clock = (np.arange(6_000) + np.random.default_rng(0).uniform(-0.3, 0.3, 6_000)) / RATE_HZ
    (recording,) = read_bytes(csv("time_s,acc", [f"{value:.7f}" for value in clock], coloured()), "a.csv")
    assert recording.lost_share == 0.0
    assert recording.sampling_rate_hz == pytest.approx(RATE_HZ, rel=1e-3)


STAMPS = {
    "iso": lambda t: f"2024-03-01T10:00:{t:09.6f}",
    "day first": lambda t: f"01.03.2024 10:00:{t:09.6f}",
    "two-digit year": lambda t: f"01.03.24 10:00:{t:09.6f}",
    "afternoon": lambda t: f"3/1/2024 2:00:{t:09.6f} PM",
    "month name": lambda t: f"01-Mar-2024 10:00:{t:09.6f}",
    "fraction after a colon": lambda t: "10:00:" + f"{t:09.6f}".replace(".", ":"),
    "unix seconds": lambda t: f"{1_709_287_200 + t:.6f}",
    "unix milliseconds": lambda t: f"{1_709_287_200_000 + 1e3 * t:.3f}",
    "unix microseconds": lambda t: f"{1_709_287_200_000_000 + 1e6 * t:.0f}",
    "spreadsheet days": lambda t: f"{45_352.4166 + t / 86_400:.12f}",
    "whole milliseconds": lambda t: f"2024-03-01 10:00:{int(t * 1e3) / 1e3:06.3f}",
}


@pytest.mark.parametrize("kind", sorted(STAMPS))
def test_stamps_of_every_kind_give_the_rate_and_never_cost_the_table(kind: str) -> None:
    stamps = [STAMPS[kind](index / RATE_HZ) for index in range(6_000)]
    (recording,) = read_bytes(csv("timestamp;acc", stamps, coloured(), delimiter=";"), "a.csv")
    assert recording.sampling_rate_hz == pytest.approx(RATE_HZ, rel=2e-3)
    assert recording.lost_share == 0.0


def test_date_and_time_in_two_columns_are_one_clock() -> None:
    times = [f"10:00:{index / RATE_HZ:09.6f}" for index in range(6_000)]
    (recording,) = read_bytes(csv("Date,Time,acc", ["2024-03-01"] * 6_000, times, coloured()), "a.csv")
    assert recording.sampling_rate_hz == RATE_HZ


# --- channels ---------------------------------------------------------------------------------------------------------


def test_every_axis_counts_and_a_temperature_by_any_name_does_not() -> None:
    noise = np.random.default_rng(1).normal(size=6_000)
    three = csv("ax,ay,az", coloured(), coloured(seed=1), coloured(seed=2) + 9.8)
    assert vibrating(three) == ["ax", "ay", "az"]
    assert vibrating(csv("Bearing 1 degC,Bearing 1 g", 45 + 0.1 * noise, coloured())) == ["Bearing 1 g"]
    assert vibrating(csv("ch1,ch2", 45 + 0.1 * noise, coloured())) == ["ch2"]


def test_a_tachometer_gives_the_speed_and_is_no_vibration() -> None:
    pulses = 4.3 - 4.0 * (np.arange(24_000) % 400 < 12)
    data = csv("time_s,ai0,ai1", [f"{i / RATE_HZ:.6f}" for i in range(24_000)], pulses, coloured(24_000))
    assert vibrating(data) == ["ai1"]
    assert read_bytes(data, "a.csv")[1].shaft_rpm == pytest.approx(1_800, rel=1e-3)


def test_a_tachometer_gives_the_speed_where_only_the_user_knows_the_rate() -> None:
    pulses = 255 * (np.arange(24_000) % 400 < 200)
    intake = open_upload(csv("ch1,ch2", pulses, coloured(24_000)), "a.csv")
    assert Request().apply(intake, "ch2")[0].shaft_rpm is None
    assert Request(rate_hz=RATE_HZ).apply(intake, "ch2")[0].shaft_rpm == pytest.approx(1_800, rel=1e-3)


def test_one_bad_column_does_not_condemn_the_file() -> None:
    every_second = [f"{value:.5f}" if index % 2 == 0 else "" for index, value in enumerate(coloured())]
    seldom = ["21.5" if index % 1_200 == 0 else "" for index in range(6_000)]
    clock = [f"{index / RATE_HZ:.6f}" for index in range(6_000)]
    recordings = {r.channel: r for r in read_bytes(csv("time_s,acc,temp", clock, every_second, seldom), "a.csv")}
    assert recordings["acc"].sampling_rate_hz == RATE_HZ / 2
    assert len(recordings["acc"].samples) == 3_000


def test_rows_that_are_snapshots_are_one_channel_and_counted() -> None:
    rows = coloured(24 * 2_048).reshape(24, 2_048)
    buffer = io.BytesIO()
    np.save(buffer, rows)
    (recording,) = read_bytes(buffer.getvalue(), "a.npy")
    assert len(recording.samples) == 24 * 2_048
    assert any("24 pieces of 2,048 samples" in note for note in recording.notes)


# --- spectra ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    ["Frequency (Hz),Amplitude (g)", "f,Mag (dB)", "CPM,mm/s RMS", "Frequenz [Hz],Amplitude [g]", "Order,g",
     "Fréquence,g", "Frequency (Hz),Envelope (gE)"],
)  # fmt: skip
def test_a_spectrum_is_refused_as_one_before_a_rate_is_asked(header: str) -> None:
    level = np.abs(coloured(3_000)) if "dB" not in header else -40 + coloured(3_000)
    with pytest.raises(UnsupportedFormat, match="holds a spectrum"):
        read_bytes(csv(header, np.arange(3_000) * 0.5, level), "a.csv")


def test_a_spectrum_beside_the_time_signal_is_set_aside() -> None:
    clock = [f"{index / RATE_HZ:.6f}" for index in range(6_000)]
    data = csv("Time;Acceleration;Frequency;Amplitude", clock, coloured(), np.arange(6_000) * 1.0, np.abs(coloured()),
               delimiter=";")  # fmt: skip
    assert [r.channel for r in read_bytes(data, "a.csv")] == ["Acceleration"]


# --- containers -------------------------------------------------------------------------------------------------------


def test_archives_open_to_the_tables_inside() -> None:
    table = csv("time_s,acc", [f"{index / RATE_HZ:.6f}" for index in range(6_000)], coloured())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("Raw Data.csv", table)
        archive.writestr("meta/device.csv", "property,value\nversion,1\n")
    for data, name in ((buffer.getvalue(), "a.zip"), (gzip.compress(table), "a.csv.gz")):
        (recording,) = read_safely(data, name)
        assert (recording.channel, recording.sampling_rate_hz, len(recording.samples)) == ("acc", RATE_HZ, 6_000)


def test_parquet_feather_and_json_tables() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import feather, parquet

    table = pyarrow.table({"time_s": np.arange(6_000) / RATE_HZ, "acc": coloured()})
    for write, name in ((parquet.write_table, "a.parquet"), (feather.write_feather, "a.feather")):
        buffer = io.BytesIO()
        write(table, buffer)
        (recording,) = read_safely(buffer.getvalue(), name)
        assert (recording.channel, recording.sampling_rate_hz) == ("acc", RATE_HZ)
    text = '{"sampling_rate_hz": 12000, "rpm": 1772, "acc": [' + ",".join(f"{v:.5f}" for v in coloured()) + "]}"
    (recording,) = read_safely(text.encode(), "a.json")
    assert (recording.channel, recording.sampling_rate_hz, recording.shaft_rpm) == ("acc", RATE_HZ, 1_772)


def test_what_a_serial_monitor_shows_is_read() -> None:
    x, y = coloured(), coloured(seed=1)
    plotter = "".join(f"ax:{a:.3f},ay:{b:.3f}\n" for a, b in zip(x, y, strict=True)).encode()
    assert [r.channel for r in read_bytes(plotter, "a.txt")] == ["ax", "ay"]
    one_line = ";".join(f"{index / RATE_HZ:.6f},{value:.4f}" for index, value in enumerate(x)).encode() + b";"
    (recording,) = read_bytes(one_line, "a.dat")
    assert recording.sampling_rate_hz == RATE_HZ


def test_the_table_of_formats_is_whole() -> None:
    assert len(set(suffixes())) == len(suffixes())
    assert {".csv", ".mat", ".h5", ".xlsx", ".parquet", ".zip", ".json"} <= set(suffixes())
    assert FORMATS[-1].title == "text"
    assert twins.ALL


# --- several recordings in one file -----------------------------------------------------------------------------------


def test_every_stretch_between_stops_is_a_recording_of_its_own() -> None:
    x = coloured()
    hours = [f"2024-03-01 {10 + at // 3_000}:00:{at % 3_000 / RATE_HZ:09.6f}" for at in range(6_000)]
    relative = [f"{at % 3_000 / RATE_HZ:.6f}" for at in range(6_000)]
    for stamps in (hours, relative):  # an hour apart; the clock beginning anew
        recordings = read_bytes(csv("time,acc", stamps, x), "a.csv")
        assert [r.channel for r in recordings] == ["acc part 1", "acc part 2"]
        assert [len(r.samples) for r in recordings] == [3_000, 3_000]
        assert vibration_channels(recordings) == (0, 1)
        np.testing.assert_allclose(recordings[1].samples, x[3_000:], rtol=1e-5)


def test_short_stretches_that_are_not_judged_are_told() -> None:
    clock = [f"{at / RATE_HZ + 1_000.0 * (at >= 5_000):.6f}" for at in range(6_000)]
    (recording,) = read_bytes(csv("time,acc", clock, coloured()), "a.csv")
    assert len(recording.samples) == 5_000
    assert any("17 % of the rows lie in other" in doubt for doubt in recording.doubts)


KEYED = {
    "interleaved": ("time,channel,value", lambda at: at // 2, lambda at: ("ax", "ay")[at % 2]),
    "one below the other": ("time,channel,value", lambda at: at % 6_000, lambda at: ("ax", "ay")[at // 6_000]),
    "by number": ("time,sensor_id,acc", lambda at: at // 2, lambda at: str(101 + at % 2)),
}


@pytest.mark.parametrize("how", sorted(KEYED))
def test_a_column_that_names_the_channel_takes_the_table_apart(how: str) -> None:
    header, place, key = KEYED[how]
    apart = np.stack([coloured(), coloured(seed=1)])
    order = [(0 if key(at) in ("ax", "101") else 1, place(at)) for at in range(12_000)]
    stamps = [f"{row / RATE_HZ:.6f}" for _, row in order]
    data = csv(header, stamps, [key(at) for at in range(12_000)], [apart[one, row] for one, row in order])
    recordings = read_bytes(data, "a.csv")
    assert vibration_channels(recordings) == (0, 1)
    for recording, x in zip(recordings, apart, strict=True):
        assert recording.sampling_rate_hz == RATE_HZ
        np.testing.assert_allclose(recording.samples, x, rtol=1e-5)


def test_a_column_of_states_does_not_take_the_table_apart() -> None:
    states = ["RUN" if at % 1_500 < 900 else "IDLE" for at in range(6_000)]
    clock = [f"{at / RATE_HZ:.6f}" for at in range(6_000)]
    (recording,) = read_bytes(csv("time,acc,state", clock, coloured(), states), "a.csv")
    assert len(recording.samples) == 6_000


@pytest.mark.parametrize("bits", [8, 16, 24])
def test_counts_written_without_their_sign_are_read_with_it(bits: int) -> None:
    counts = np.rint(coloured() * 2 ** (bits - 4) / np.abs(coloured()).max())
    written = [f"{int(count) % 2**bits}" for count in counts]
    (recording,) = read_bytes(csv("# fs: 12000\nz", written), "a.csv")
    np.testing.assert_array_equal(recording.samples, counts)


# --- other ways to write the same -------------------------------------------------------------------------------------


@cache
def written_otherwise() -> dict[str, bytes]:
    """One and the same vibration of 12 kHz: as columns of one clock, or rows, or packets, whoever wrote them."""
    x = coloured()
    clock = np.arange(x.size) / RATE_HZ
    cells, times = [f"{value:.5f}" for value in x], [f"{value:.6f}" for value in clock]
    seconds = [f"{1_773_480_413 + int(value)}" for value in clock]
    micros = [f"{round(value * 1e6) % 1_000_000}" for value in clock]
    packets = [{"fs": RATE_HZ, "z": x[at : at + 500].tolist()} for at in range(0, x.size, 500)]
    return {
        "weekday": csv("t,acc", [f"Sat 14 Mar 2026 09:26:{6 + value:09.6f}" for value in clock], cells),
        "asctime": csv("t,acc", [f"Sat Mar 14 09:26:{6 + value:09.6f} 2026" for value in clock], cells),
        "compact": csv("t,acc", [f"20260314T0926{6 + value:09.6f}" for value in clock], cells),
        "dashes": csv("t,acc", [f"2026-03-14-09-26-{6 + value:09.6f}" for value in clock], cells),
        "minutes": csv("t,acc", [f"26:{6 + value:09.6f}" for value in clock], cells),
        "brackets": csv("t,acc", [f"[09:26:{6 + value:09.6f}]" for value in clock], cells),
        "chinese": csv("t,acc", [f"2026年03月14日 09:26:{6 + value:09.6f}" for value in clock], cells),
        "span": csv("t,acc", [f"0 days 00:00:{6 + value:09.6f}" for value in clock], cells),
        "ticks": csv("Ticks,acc", [f"{639_091_276_130_000_000 + round(v * 1e7)}" for v in clock], cells),
        "seconds and micros": csv("tv_sec,tv_usec,acc", seconds, micros, cells),
        "newest first": csv("time,acc", times[::-1], cells[::-1]),
        "numbered by R": csv("time,acc", [str(index + 1) for index in range(x.size)], times, cells),
        "units in cells": csv("time,acc", [f"{one} s" for one in times], [f"{one} g" for one in cells]),
        "single quotes": csv("'time','acc'", [f"'{one}'" for one in times], [f"'{one}'" for one in cells]),
        "Fortran": csv("time,acc", times, [f"{value:.5E}".replace("E", "D") for value in x]),
        "a label": csv("# fs: 12000\nstate,acc", ["running"] * x.size, cells),
        "a checksum": csv("time,acc,n", times, [f"{one}*4F" for one in cells], ["1"] * x.size),
        "ten a row": b"# fs: 12000\n"
        + b"\n".join(" ".join(cells[at : at + 10]).encode() for at in range(0, x.size, 10)),
        "packed": csv("ts,s0,s1,s2,s3", times[::4], *(cells[at::4] for at in range(4))),
        "keyed by row": orjson.dumps(
            {"fs": RATE_HZ, "acc": {str(index): value for index, value in enumerate(x.tolist())}}
        ),
        "packets": b"\n".join(map(orjson.dumps, packets)),
        **{f"json {how}": orjson.dumps(content) for how, content in as_json(x).items()},
        "line protocol": lines("v,axis=z acc={} {}", cells, [f"{10**18 + round(at * 1e9)}" for at in clock]),
        "arff": b"@RELATION v\n@ATTRIBUTE t NUMERIC\n@ATTRIBUTE acc NUMERIC\n@DATA\n" + lines("{},{}", times, cells),
        "parentheses": lines("({}, {})", times, cells),
        "NMEA": b"# fs: 12000\n" + lines("$ACC,{}*4F", cells),
        "log": lines("2024-11-26 10:11:{} INFO a - z={}", [f"{12 + at:09.6f}" for at in clock], cells),
        "psql": lines(" 2024-11-26 10:11:{}+00 | {}", [f"{12 + at:09.6f}" for at in clock], cells),
        "Oracle": csv("t,acc", [f"26-NOV-24 10.11.{12 + at:09.6f} AM" for at in clock], cells),
        "named zone": csv("t,acc", [f"2024-11-26T10:11:{12 + at:09.6f}+01:00[Europe/Berlin]" for at in clock], cells),
        "hour, minute, second": csv(
            "h,m,s,acc", ["10"] * x.size, ["11"] * x.size, [f"{at:.6f}" for at in clock], cells
        ),
        "commas for everything": b"t,acc\n" + lines("{},{}", times, cells).replace(b".", b","),
        "facts beside": lines("{},,{},{}", ["Sample Interval,1", "Units,V"] + [","] * (x.size - 2), times, cells),
        "Octave": b"# Created by Octave 8.4.0\n# name: fs\n# type: scalar\n12000\n\n\n# name: acc\n# type: matrix\n"
        + f"# rows: {x.size}\n# columns: 1\n".encode()
        + lines("{}", cells),
    }


def lines(form: str, *columns: list[str]) -> bytes:
    return "".join(form.format(*row) + "\n" for row in zip(*columns, strict=True)).encode()


def as_json(x: np.ndarray) -> dict[str, object]:
    clock = [f"2024-11-26T10:11:{12 + at / RATE_HZ:09.6f}Z" for at in range(x.size)]
    cells = x.tolist()
    nested = [
        {"ts": at, "payload": {"acc": {"z": cells[at : at + 500]}, "fs": RATE_HZ}} for at in range(0, x.size, 500)
    ]
    return {
        "keyed by time": {"acc": dict(zip(clock, cells, strict=True))},
        "nested packets": nested,
        "names and rows": {"columns": ["time", "acc"], "values": [list(row) for row in zip(clock, cells, strict=True)]},
        "values with units": {"samplingRate": {"value": 12, "unit": "kHz"}, "acc": cells},
        "records in records": [{"t": t, "v": {"body": v}} for t, v in zip(clock, cells, strict=True)],
    }


@pytest.mark.parametrize("how", sorted(written_otherwise()))
def test_the_same_vibration_written_otherwise(how: str) -> None:
    name = "a.json" if how.startswith("json") or how in ("keyed by row", "packets") else "a.csv"
    recordings = read_bytes(written_otherwise()[how], name)
    recording = recordings[vibration_channels(recordings)[0]]
    assert recording.sampling_rate_hz == pytest.approx(RATE_HZ, rel=1e-5)
    np.testing.assert_allclose(recording.samples, coloured(), atol=2e-5)


def test_packets_are_told_apart_by_their_sensor_and_counted() -> None:
    a, b = coloured(), coloured(seed=1)
    sent = [{"dev": dev, "seq": at, "fs": RATE_HZ, "acc": of[at * 500 : at * 500 + 500].tolist()}
            for at in range(12) for dev, of in (("A", a), ("B", b)) if (dev, at) != ("B", 5)]  # fmt: skip
    recordings = read_bytes(b"\n".join(map(orjson.dumps, sent)), "a.json")
    assert [(r.channel, len(r.samples)) for r in recordings] == [("A.acc", 6_000), ("B.acc", 6_000)]
    np.testing.assert_allclose(recordings[0].samples, a)
    assert recordings[1].lost_share == pytest.approx(1 / 12)


def test_what_was_computed_of_a_vibration_is_no_waveform() -> None:
    with pytest.raises(UnsupportedFormat, match="no waveform"):
        read_bytes(csv("# fs: 12000\nvRMS (mm/s)", 2 + 0.1 * coloured() / np.abs(coloured()).max()), "a.csv")
    uneven = np.abs(coloured()) * np.linspace(1, 20, 6_000)
    with pytest.raises(UnsupportedFormat, match="holds a spectrum"):
        read_bytes(csv(",", [str(line) for line in range(6_000)], uneven), "a.csv")


@pytest.mark.parametrize("lost", ["-999", "-9999", "9.9E+37", "0"])
def test_a_number_that_stands_for_a_lost_sample_is_a_gap(lost: str) -> None:
    x = coloured() + (1_000.0 if lost == "0" else 0.0)
    gone = np.random.default_rng(1).random(x.size) < 1 / 150
    cells = [lost if none else f"{value:.5f}" for value, none in zip(x, gone, strict=True)]
    (recording,) = read_bytes(csv("# fs: 12000\nacc", cells), "a.csv")
    assert recording.lost_share == pytest.approx(gone.mean(), rel=0.05)
    assert np.ptp(recording.samples) < 1.2 * np.ptp(x)


def test_three_sensors_side_by_side_are_not_one_signal() -> None:
    apart = [coloured(seed=seed) for seed in range(3)]
    together = [apart[0], apart[0] + 0.1 * apart[1], apart[0] + 0.1 * apart[2]]
    for columns in (apart, together):
        assert len(read_bytes(csv("# fs: 12000\ns0,s1,s2", *columns), "a.csv")) == 3


def test_a_slow_column_beside_a_fast_one_is_set_aside() -> None:
    slow = [f"{40 + index / 1e4:.3f}" if index % 1_200 == 0 else "" for index in range(24_000)]
    x = coloured(24_000)
    (recording,) = read_bytes(csv("time,acc,temp", [f"{at / RATE_HZ:.6f}" for at in range(24_000)], x, slow), "a.csv")
    assert recording.channel == "acc"
