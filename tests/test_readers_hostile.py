"""Hostile and unlucky files: refused in one sentence, quickly, and without filling the memory."""

from __future__ import annotations

import io
import random
import resource
import struct
import threading
import time
import zlib
from collections.abc import Callable

import numpy as np
import pytest
import twins
from hypothesis import given, settings
from hypothesis import strategies as st
from mutate import mutated

from bearing.errors import InputError, ParameterError, TooLarge, UnreadableFile, UnsupportedFormat
from bearing.readers import preferred_channel, read_bytes
from bearing.readers.names import clean_name, safe_cell
from bearing.readers.safe import read_safely
from bearing.settings import Limits, limits
from bearing.verdict.doctor.examine import examine

MEGABYTE = 1_000_000
MAT5 = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"


def whole_way(data: bytes, name: str) -> str:
    """Read, choose a channel, examine: what the app does with an upload. The outcome, or a failure of the test."""
    try:
        recordings = read_bytes(data, name)
    except InputError as error:
        sentence = str(error)
        assert sentence.endswith((".", "?")), sentence
        assert "\n" not in sentence
        assert len(sentence) < 700
        return type(error).__name__
    preferred_channel(recordings)
    for recording in recordings[:4]:
        with np.errstate(all="ignore"):
            assert examine(recording).checks
        assert recording.channel.isprintable()
        assert not set("<>") & set(recording.channel + recording.source)
    return "read"


@pytest.fixture
def small_twins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twins, "SAMPLES", 520)


@pytest.mark.parametrize("name", sorted(twins.ALL))
@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("small_twins")
def test_damaged_files_are_read_or_refused_in_one_sentence(name: str) -> None:
    """A small, fixed slice of benchmarks/fuzz.py."""
    rng = random.Random(name)
    data = twins.ALL[name]()
    outcomes = {whole_way(mutated(data, rng), name) for _ in range(40)}
    assert outcomes <= {"read", "UnreadableFile", "UnsupportedFormat", "TooLarge"}


@pytest.mark.parametrize("name", sorted(twins.BINARIES))
@pytest.mark.filterwarnings("ignore")
def test_truncated_at_every_kilobyte(name: str) -> None:
    data = twins.ALL[name]()
    ends = range(0, len(data), 1_024)
    for end in ends if len(ends) < 80 else ends[:: len(ends) // 60]:
        whole_way(data[:end], name)


@pytest.mark.parametrize("name", ["105.mat", "130.mat", "v4.mat", "matrix.npy", "named.npz", "v73.mat"])
def test_a_file_cut_in_half_says_so(name: str) -> None:
    data = twins.ALL[name]()
    with pytest.raises(UnreadableFile, match=r"cut off|damaged"):
        read_bytes(data[: len(data) // 2], name)


@given(st.binary(max_size=400), st.sampled_from(["a.mat", "a.csv", "a.wav", "a.npy", "a.tdms", "a.uff", "a"]))
@settings(max_examples=150, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_any_bytes(data: bytes, name: str) -> None:
    whole_way(data, name)


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_any_text(text: str) -> None:
    whole_way(text.encode("utf-8", "replace"), "a.csv")


# --- claims and bombs -----------------------------------------------------------------------------------------------


def element(kind: int, body: bytes) -> bytes:
    return struct.pack("<II", kind, len(body)) + body + b"\0" * (-len(body) % 8)


def matrix(shape: tuple[int, int], payload: bytes, matlab_class: int = 6) -> bytes:
    flags = element(6, struct.pack("<II", matlab_class, 0))
    body = flags + element(5, struct.pack("<2i", *shape)) + element(1, b"x") + payload
    return struct.pack("<II", 14, len(body)) + body


def mat_bomb() -> bytes:
    """One compressed variable of a gigabyte of zeros."""
    size = 1_000 * MEGABYTE
    head = matrix((size // 8, 1), b"")[8:] + struct.pack("<II", 9, size)
    squeeze = zlib.compressobj(9)
    start = squeeze.compress(struct.pack("<II", 14, len(head) + size) + head) + squeeze.flush(zlib.Z_FULL_FLUSH)
    megabyte = squeeze.compress(bytes(MEGABYTE)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    body = start + 1_000 * megabyte
    return MAT5 + struct.pack("<II", 15, len(body)) + body


def hdf5(fill: Callable[[object], None]) -> bytes:
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        fill(file)
    return stream.getvalue()


def nested_mat(depth: int) -> bytes:
    tree: dict = {"x": twins.signal(600)}
    for _ in range(depth):
        tree = {"s": tree}
    return twins.mat(tree)


def wav(channels: int, bits: int, size: int) -> bytes:
    layout = struct.pack("<HHIIHH", 1, channels, 12_000, 1, channels * bits // 8 % 65_536, bits)
    return b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", 16) + layout + b"data" + struct.pack("<I", size) + bytes(1_000)


def npz(arrays: dict[str, np.ndarray]) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def zip_directory(entries: int) -> bytes:
    """A central directory of nameless entries, and its end, which says that there is one."""
    entry = b"PK\1\2" + bytes(42)
    return entry * entries + b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 1, 1, entries * len(entry), 49, 0)


HOSTILE: dict[str, tuple[Callable[[], bytes], str, type, str]] = {
    "zlib bomb": (mat_bomb, "a.mat", TooLarge, "would unpack to 1,000 MB"),
    "claimed gigabyte": (
        lambda: MAT5 + matrix((125 * MEGABYTE, 1), struct.pack("<II", 9, 10**9)),
        "a.mat",
        UnreadableFile,
        "claims 1,000,000,000 bytes",
    ),
    "two thousand million cells": (
        lambda: MAT5 + matrix((2**31 - 1, 1), b"", 1),
        "a.mat",
        TooLarge,
        "variables and fields",
    ),
    "a million empty elements": (
        lambda: MAT5 + bytes([1, 0, 0, 0, 0, 0, 0, 0]) * MEGABYTE,
        "a.mat",
        TooLarge,
        "variables and fields",
    ),
    "deep structs": (lambda: nested_mat(30), "a.mat", TooLarge, "nested more than 16 deep"),
    "version 4 claim": (
        lambda: struct.pack("<5i", 0, 2**31 - 1, 2**31 - 1, 0, 2) + b"x\0" + bytes(1_000),
        "a.mat",
        UnreadableFile,
        "'x' claims",
    ),
    "zip bomb": (twins.zip_bomb, "a.npz", TooLarge, "would unpack to 201 MB"),
    "seven arrays that unpack to more than one may hold": (
        lambda: npz({f"a{i}": np.zeros(2_000_000, np.int8) for i in range(7)}),
        "a.npz",
        TooLarge,
        "12,000,000 numbers",
    ),
    "sixty-four fields": (
        lambda: twins.npy(np.zeros(200_000, [(f"f{i}", "i1") for i in range(64)])),
        "a.npy",
        TooLarge,
        "12,800,000 numbers",
    ),
    "half a million entries in a zip directory": (
        lambda: b"PK\3\4.npy" + bytes(40) + zip_directory(500_000),
        "a.npz",
        TooLarge,
        "variables and fields",
    ),
    "claimed .npy": (
        lambda: twins.npy(np.zeros(1)).replace(b"(1,), }           ", b"(999999999,), }   "),
        "a.npy",
        TooLarge,
        "999,999,999 numbers",
    ),
    "200 MB of text": (lambda: b"1.0,2.0\n" * (25 * MEGABYTE), "a.csv", TooLarge, "has 200 MB, the limit is 100 MB"),
    "a hundred million lines": (lambda: b"1\n" + b"\n" * (95 * MEGABYTE), "a.csv", TooLarge, "numbers, the limit"),
    "one endless line": (lambda: b"1" * (90 * MEGABYTE), "a.csv", UnreadableFile, "more than a million characters"),
    "endless commas": (lambda: b"," * (90 * MEGABYTE), "a.csv", TooLarge, "numbers, the limit"),
    "a long line inside": (
        lambda: b"1,2\n" * 10_000 + b"1" * (30 * MEGABYTE) + b",2\n",
        "a.csv",
        UnreadableFile,
        "more than a million characters",
    ),
    "65,535 channels": (lambda: wav(65_535, 8, 2**32 - 1), "a.wav", TooLarge, "65,535 channels"),
    "a million chunks": (
        lambda: b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * MEGABYTE,
        "a.wav",
        TooLarge,
        "variables and fields",
    ),
    "hdf5 of eight terabytes": (
        lambda: hdf5(lambda file: file.create_dataset("x", (10**12,), "f8", chunks=(1_000,))),
        "a.mat",
        TooLarge,
        "would unpack to 8,000,000 MB",
    ),
    "hdf5 in circles": (
        lambda: hdf5(
            lambda file: [file.create_group("g"), *(file["g"].__setitem__(str(i), file["g"]) for i in range(9))]
        ),
        "a.h5",
        TooLarge,
        "nested more than 16 deep",
    ),
    "hdf5 that points elsewhere": (
        lambda: hdf5(lambda file: file.__setitem__("x", __import__("h5py").ExternalLink("/etc/passwd", "/x"))),
        "a.h5",
        UnsupportedFormat,
        "a link to somewhere else",
    ),
    "hdf5 stored elsewhere": (
        lambda: hdf5(lambda file: file.create_dataset("x", (100,), "f8", external=[("/etc/passwd", 0, 800)])),
        "a.h5",
        UnsupportedFormat,
        "lie in another file",
    ),
}


HANG_S = 10.0  # what no refusal may take, on however busy a machine; how fast: benchmarks


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_hostile_files_are_refused_quickly_and_cheaply(case: str) -> None:
    make, name, error, match = HOSTILE[case]
    data = make()
    read_bytes(twins.ours(), "warm.csv")  # imports are not the file's
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    with pytest.raises(error, match=match):
        read_safely(data, name)
    assert time.perf_counter() - start < HANG_S
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before_mb < 120


def test_a_child_that_takes_too_long_is_killed() -> None:
    start = time.perf_counter()
    with pytest.raises(TooLarge, match=r"longer than 0\.01 s and was stopped"):
        read_safely(twins.mat73(), "a.mat", timeout_s=0.01)
    assert time.perf_counter() - start < HANG_S


def test_a_child_that_runs_out_of_memory_is_refused() -> None:
    def fill(file: object) -> None:
        file.create_dataset("x", (9_000_000,), "f8", chunks=(9_000_000,), compression="gzip", fillvalue=1.0)  # type: ignore[attr-defined]

    with pytest.raises(InputError, match=r"memory|damaged"):
        read_safely(hdf5(fill), "a.mat", bounds=Limits(child_bytes=30 * MEGABYTE))


def test_others_are_served_while_a_child_reads() -> None:
    """Two uploads at once: the parent only waits for its child."""
    results: list[int] = []

    def slow() -> None:
        results.append(len(read_safely(twins.mat73(), "a.mat")))

    threads = [threading.Thread(target=slow) for _ in range(3)]
    for thread in threads:
        thread.start()
    start = time.perf_counter()
    assert read_safely(twins.ours(), "a.csv")
    assert time.perf_counter() - start < HANG_S
    for thread in threads:
        thread.join(20)
    assert results == [1, 1, 1]


# --- found by fuzzing and by looking for trouble; each was a crash, a hang or a swollen process -----------------------


def test_numpy_header_that_never_closes() -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (4000,"
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(32_000)
    with pytest.raises(UnreadableFile, match="header of this NumPy file is damaged"):
        read_bytes(data, "a.npy")


@pytest.mark.parametrize("line", ["a" + " " * 299, "a" + '"' * 299, "a" + " ;" * 150, "a " * 150, "a" + "( " * 150])
def test_preamble_lines_take_no_time(line: str) -> None:
    from bearing.readers.columns.facts import facts_in_lines

    start = time.perf_counter()
    facts_in_lines([line])
    assert time.perf_counter() - start < HANG_S  # the first of these took 26 s


@pytest.mark.parametrize("step", ["1e-320", "0", "-1", "1e320"])
def test_impossible_time_steps_give_no_rate(step: str) -> None:
    (recording,) = read_bytes(f"# dt: {step}\nacc\n".encode() + twins.table(twins.signal()).encode(), "a.csv")
    assert recording.sampling_rate_hz is None


def test_a_clock_that_jumps_about_gives_no_rate() -> None:
    from bearing.readers.columns.clock import clock_of_stamps

    stamps = np.cumsum(np.tile([1e-5, 1e-3], 1_000))[:-1]  # as many short steps as long ones: none near the median
    clock = clock_of_stamps(stamps, "time", "s", named=True)
    assert clock is not None
    assert clock.rate is None
    assert "jumps about" in clock.note


def test_uff_without_line_ends_stays_small() -> None:
    text = twins.uff().replace(b"      4000", b"   9000000")[:-7] + b" -1.47553E-02" * (2 * MEGABYTE)
    (recording,) = read_bytes(text, "a.uff")
    assert len(recording.samples) == len(twins.signal()) + 2 * MEGABYTE
    assert any("promises 9,000,000 samples" in note for note in recording.notes)


def test_times_of_day_do_not_swell_the_process() -> None:
    read_bytes(twins.ours(), "warm.csv")
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    read_bytes(b"2024-01-01 00:00:00.123,2\n" * MEGABYTE, "a.csv")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before_mb < 300


# --- limits, names and numbers --------------------------------------------------------------------------------------


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEARING_MAX_MB", "5")
    monkeypatch.setenv("BEARING_READ_TIMEOUT_S", "0.5")
    assert (limits().max_bytes, limits().timeout_s) == (5 * MEGABYTE, 0.5)
    monkeypatch.setenv("BEARING_MAX_MB", "many")
    with pytest.raises(ParameterError, match="BEARING_MAX_MB must be a positive number of megabytes, got 'many'"):
        limits()


def test_too_many_channels_and_columns() -> None:
    wide = twins.table(*[twins.signal(50, seed) for seed in range(70)]).encode()
    with pytest.raises(TooLarge, match="70 channels, the limit is 64"):
        read_bytes(wide, "a.csv")
    with pytest.raises(TooLarge, match="100 columns, the limit is 80"):
        read_bytes((",".join("1" * 100) + "\n").encode() * 70, "a.csv", Limits(max_columns=80))


@given(st.text(max_size=200))
def test_clean_names_are_printable_and_short(text: str) -> None:
    name = clean_name(text)
    assert name
    assert len(name) <= 80
    assert name.isprintable()
    assert not set("<>\u202e\u200b\n\r\t\0") & set(name)
    assert clean_name(name) == name


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        " =1",
        "|calc",
        "%x",
        "\r=1",
        "＝1",
        "＋1",
        "－1",
        "＠a",
        "\u200b=1",
        "\ufeff ＝1",
        "\xa0=1",
    ],
)
def test_safe_cells_do_not_start_a_formula(text: str) -> None:
    assert safe_cell(text) == "'" + text
    assert safe_cell("acc_x [g]") == "acc_x [g]"


@pytest.mark.parametrize("value", ["1e308", "-1e308", "1e-320", "inf", "-inf", "nan", "1e999", "9" * 400])
def test_extreme_numbers_pass_through_to_the_doctor(value: str) -> None:
    text = twins.table(twins.signal(), twins.signal(seed=1), before="a,b\n") + f"{value},1.0\n" * 5
    first = read_bytes(text.encode(), "a.csv")[0]
    assert len(first.samples) >= 4_000  # what is no number at the very end is cut off
    with np.errstate(all="ignore"):
        assert examine(first.corrected(12_000)).checks


@pytest.mark.parametrize("dtype", ["i1", "u8", "f2", "f4", ">f8", ">i2", "?"])
def test_odd_number_types(dtype: str) -> None:
    array = (100 * np.abs(twins.signal())).astype(dtype)
    (recording,) = read_bytes(twins.npy(array), "a.npy")
    assert recording.samples.dtype == np.float64
    np.testing.assert_allclose(recording.samples, array.astype(np.float64))
