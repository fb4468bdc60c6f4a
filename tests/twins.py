"""Makers of small files with every oddity that real recordings have shown, as bytes.

Each maker is named for what is odd. `ALL` maps a file name to its bytes: the seeds of the fuzzer, too.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

import numpy as np

RATE_HZ = 12_000.0
SAMPLES = 4_000  # of a channel; the fuzzer makes it small, to try more files a second


def signal(samples: int | None = None, seed: int = 0) -> np.ndarray:
    """A short vibration-like signal, shape (samples,)."""
    rng = np.random.default_rng(seed)
    samples = samples or SAMPLES
    time_s = np.arange(samples) / RATE_HZ
    return np.sin(2 * np.pi * 1_000 * time_s) * np.exp(-40 * (time_s % 0.01)) + 0.1 * rng.standard_normal(samples)


# --- MATLAB ---------------------------------------------------------------------------------------------------------


def mat(variables: dict, **options: object) -> bytes:
    """A MATLAB file as scipy.io writes it: an independent writer."""
    import scipy.io

    stream = io.BytesIO()
    scipy.io.savemat(stream, variables, **options)
    return stream.getvalue()


def cwru(number: int = 105, extra: dict | None = None, compressed: bool = False) -> bytes:
    """Variables as Case Western publishes them."""
    stem = f"X{number:03d}"
    places = {f"{stem}_{place}_time": signal(seed=seed)[:, None] for seed, place in enumerate(("DE", "FE", "BA"))}
    return mat({**(extra or {}), **places, f"{stem}RPM": 1797}, do_compression=compressed)


def cwru_99() -> bytes:
    """99.mat also holds the variables of recording 98."""
    return cwru(99, {"X098_DE_time": signal(3_000, 9)[:, None], "X098_FE_time": signal(3_000, 8)[:, None]})


def mfpt() -> bytes:
    """A struct `bearing` with the signal, both rates in Hz and the load."""
    fields = {"sr": 48_828.0, "gs": signal()[:, None], "load": 270.0, "rate": 25.0}
    return mat({"bearing": fields})


def paderborn(clocks: bool = True, samples: int | None = None) -> bytes:
    """Struct arrays X (clocks without a name) and Y (channels) of two rasters, one 16 times as fast as the other."""
    samples = samples or SAMPLES
    kinds = [(field, object) for field in ("Name", "Type", "Data", "Unit", "Raster")]
    x, y = np.zeros((1, 2), kinds), np.zeros((1, 4), kinds)
    slow, fast = np.arange(samples // 16) / 4_000.0, np.arange(samples) / 64_000.0
    x[0, 0], x[0, 1] = ("", 4, slow[None], "", "Mech_4kHz"), ("", 4, fast[None], "", "HostService")
    rng = np.random.default_rng(0)
    channels = (
        ("force", 1_000 + rng.standard_normal(slow.size), "Mech_4kHz"),
        ("phase_current_1", rng.standard_normal(fast.size), "HostService"),
        ("speed", 1_500 + rng.standard_normal(slow.size), "Mech_4kHz"),
        ("vibration_1", signal(fast.size), "HostService"),
    )
    for at, (name, values, raster) in enumerate(channels):
        y[0, at] = (name, 4, values[None], "", raster)
    return mat({"N15_M07_F10_KA01_1": {"X": x, "Y": y} if clocks else {"Y": y}}, long_field_names=True)


def snapshots() -> bytes:
    """A matrix of pieces and their labels, as sets for training are kept."""
    pieces = signal(60 * 512).reshape(60, 512)
    return mat({"data": pieces, "label": np.zeros((60, 1))})


def nested_mat() -> bytes:
    """A signal three structs down, its rate one level up."""
    return mat(
        {
            "test": {
                "info": {"operator": "me"},
                "run": {"fs": 25_600.0, "ch": {"acc": signal(), "tacho": signal(seed=3)}},
            }
        }
    )


def mat4() -> bytes:
    """A version 4 file with a rate."""
    return mat({"vib": signal(), "fs": 12_000.0}, format="4")


def mat73() -> bytes:
    """A version 7.3 file: HDF5 behind a MATLAB header, with a struct and a cell."""
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w", userblock_size=512) as file:
        group = file.create_group("bearing")
        group.attrs["MATLAB_class"] = np.bytes_(b"struct")
        for name, values in {"gs": signal()[None, :], "sr": [[97_656.0]], "rate": [[25.0]]}.items():
            group.create_dataset(name, data=values).attrs["MATLAB_class"] = np.bytes_(b"double")
        note = file.create_dataset("note", data=np.frombuffer("made".encode("utf-16-le"), np.uint16)[:, None])
        note.attrs["MATLAB_class"] = np.bytes_(b"char")
        cell = file.create_dataset("cells", (1, 1), dtype=h5py.ref_dtype)
        cell.attrs["MATLAB_class"] = np.bytes_(b"cell")
        cell[0, 0] = file.create_dataset("#refs#/a", data=np.arange(3.0)[:, None]).ref
    data = bytearray(stream.getvalue())
    header = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan  1 00:00:00 2024 HDF5 schema 1.00 ."
    data[:128] = header.ljust(116) + bytes(8) + b"\x00\x02IM"
    return bytes(data)


# --- text -----------------------------------------------------------------------------------------------------------


def table(
    *columns: np.ndarray,
    delimiter: str = ",",
    decimal: str = ".",
    before: str = "",
    end: str = "\n",
    trailing: str = "",
    form: str = "{:.6f}",
) -> str:
    """Rows of numbers as text, `before` verbatim above them."""
    rows = (
        delimiter.join(form.format(value).replace(".", decimal) for value in row) for row in zip(*columns, strict=True)
    )
    return before + "".join(row + trailing + end for row in rows)


def clock(rate_hz: float = RATE_HZ) -> np.ndarray:
    """Time stamps in seconds."""
    return np.arange(SAMPLES) / rate_hz


def femto() -> bytes:
    """hour;minute;second;microsecond with five digits;two accelerations."""
    rows = []
    for index, (horizontal, vertical) in enumerate(zip(signal(2_560), signal(2_560, 1), strict=True)):
        rows.append(f"8;8;0;{425_000 + index * 39.0625:.5g};{horizontal:.3f};{vertical:.3f}\n")
    return "".join(rows).encode()


def us_header() -> bytes:
    """A comment, a blank line, units in brackets, jittering microseconds."""
    rng = np.random.default_rng(1)
    stamps = 501_456_641 + np.cumsum(rng.integers(5_250, 5_280, 2_000))
    body = "".join(
        f"{t},{a:.0f},{b:.0f}\n" for t, a, b in zip(stamps, 600 * signal(2_000), 100 * signal(2_000, 2), strict=True)
    )
    return ("# BOARD \n\ntime[us],acc_x[mg],gyro_x[mdps]\n" + body).encode()


def temperature_log() -> bytes:
    """One row in five minutes, dates and volts."""
    rows = [
        f"2019-03-01 {i // 12 % 24:02d}:{i % 12 * 5:02d}:00,{23 + i % 7 / 10},{3.2 + i % 3 / 100}\n" for i in range(280)
    ]
    return ("Timestamp,Temp_Mod,VBus\n" + "".join(rows)).encode()


def ours() -> bytes:
    """The comment lines of the shipped samples."""
    return table(
        signal(), before="# simulated\n# sampling_rate_hz: 12000\n# shaft_rpm: 1797\nacceleration_g\n"
    ).encode()


TEXTS: dict[str, Callable[[], bytes]] = {
    "plain.csv": lambda: table(signal(), signal(seed=1), before="DE,FE\n").encode(),
    "ours.csv": ours,
    "no_header.txt": lambda: table(signal(), form="{:.4e}").encode(),
    "noext": lambda: table(signal(), signal(seed=1), signal(seed=2), delimiter="\t", form="{:.3f}").encode(),
    "semicolon_comma.csv": lambda: table(
        clock(), signal(), delimiter=";", decimal=",", before="Zeit [s];Beschleunigung [m/s²]\n", form="{:.7f}"
    ).encode(),
    "one_column_comma.csv": lambda: table(signal(), decimal=",").encode(),
    "tab_comma_units.txt": lambda: table(
        clock(), signal(), delimiter="\t", decimal=",", before="time\tvib\ns\tg\n", form="{:.7f}"
    ).encode("latin-1"),
    "crlf_trailing.csv": lambda: table(signal(), signal(seed=1), before="a,b,\r\n", end="\r\n", trailing=",").encode(),
    "bom.csv": lambda: b"\xef\xbb\xbf" + table(signal(), before="acc\n").encode(),
    "utf16.csv": lambda: table(clock(), signal(), before="time (s),acc (g)\n", form="{:.7f}").encode("utf-16"),
    "latin1.csv": lambda: table(clock(), signal(), before="Zeit (s),Schwingung (m/s²)\n", form="{:.7f}").encode(
        "latin-1"
    ),
    "quoted.csv": lambda: (
        table(signal(), signal(seed=1), delimiter='","', decimal=",", before='"a","b"\n')
        .replace("\n", '"\n"')
        .replace('"a","b""', '"a","b"', 1)
        .rstrip('"')
        .encode()
    ),
    "spaces.dat": lambda: table(clock(), signal(), delimiter="   ", before="% t a\n", form="{:12.7f}").encode(),
    "thousands.csv": lambda: table(1e4 * signal(), signal(), delimiter=";", form="{:,.3f}", before="a;b\n").encode(),
    "blank_lines.csv": lambda: table(signal(), signal(seed=1), before="a,b\n\n").replace("\n", "\n\n").encode(),
    "repeated_header.csv": lambda: 2 * table(signal(), signal(seed=1), before="accx,accy\n").encode(),
    "label.csv": lambda: table(
        clock(rate_hz=1_024), signal(), 0 * clock() + 25, before="Time,Acc,Label\n", form="{:.9f}"
    ).encode(),
    "preamble.csv": lambda: table(
        signal(), delimiter=";", before="Title;test 7\nSample rate;25,6 kHz\nSpeed (rpm);1500\n\nacc\n", decimal=","
    ).encode(),
    "femto.csv": femto,
    "us_header.csv": us_header,
    "temperature.csv": temperature_log,
    "nan_gaps.csv": lambda: (
        table(signal(), signal(seed=1), before="a,b\n").replace("0.1", "", 3).encode() + b"NaN,1\n-,2\n"
    ),
    "gbk.txt": lambda: table(
        40 + 0.01 * signal(seed=3), signal(), delimiter="\t", before="温度(℃)\t加速度(g)\n"
    ).encode("gbk"),
    "info.log": lambda: "".join(f"[INFO] acc={value:.5f}\n" for value in signal()).encode(),
    "glued.csv": lambda: (
        (table(signal(), before="acc\n") + table(signal(seed=1), decimal=",")).replace("0,1", "0.1").encode()
    ),
    "blocks.csv": lambda: table(
        np.arange(SAMPLES) // 100, clock() % (100 / RATE_HZ), signal(), before="block,time,acc\n", form="{:.7f}"
    ).encode(),
    "lying.csv": lambda: (",".join(f"{value:.5f}" for value in signal()) + "\n").encode() * 2,
}


# --- others ---------------------------------------------------------------------------------------------------------


def wav(bits: int = 16, channels: int = 2, kind: int = 1) -> bytes:
    """A RIFF file, written field by field."""
    frames = np.stack([signal(seed=index) / 3 for index in range(channels)], axis=1)
    if kind == 3:
        body = frames.astype(f"<f{bits // 8}").tobytes()
    elif bits == 8:
        body = (frames * 127 + 128).astype(np.uint8).tobytes()
    elif bits == 24:
        body = (frames * (2**31 - 1)).astype("<i4").tobytes()
        body = np.frombuffer(body, np.uint8).reshape(-1, 4)[:, 1:].tobytes()
    else:
        body = (frames * (2 ** (bits - 1) - 1)).astype(f"<i{bits // 8}").tobytes()
    return riff(body, bits, channels, kind)


def riff(body: bytes, bits: int, channels: int, kind: int = 1) -> bytes:
    """Sound in a RIFF file."""
    block = channels * bits // 8
    layout = struct.pack("<HHIIHH", kind, channels, int(RATE_HZ), int(RATE_HZ) * block, block, bits)
    chunks = b"fmt " + struct.pack("<I", 16) + layout + b"LIST" + struct.pack("<I", 4) + b"INFO"
    chunks += b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def npy(array: np.ndarray, allow_pickle: bool = False) -> bytes:
    """A .npy file."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=allow_pickle)
    return stream.getvalue()


def npz(**arrays: object) -> bytes:
    """A compressed .npz file."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def zip_bomb() -> bytes:
    """A .npz whose one array unpacks to two hundred megabytes of zeros."""
    header = npy(np.zeros(1))[:128].replace(b"(1,)", b"(26214400,)")[:128]
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w", force_zip64=True) as member,
    ):
        member.write(header)
        for _ in range(192):
            member.write(bytes(1 << 20))
    return stream.getvalue()


def lvm(decimal: str = ",", x_columns: str = "No", blocks: int = 1, comment: str = "") -> bytes:
    """A LabVIEW text measurement of two channels; `x_columns` is No, One or Multi."""
    end = "***End_of_Header***"
    head = ["LabVIEW Measurement", "Writer_Version\t2", "Reader_Version\t2", "Separator\tTab"]
    head += [f"Decimal_Separator\t{decimal}", f"X_Columns\t{x_columns}", f"Time\t09:51:39{decimal}19705", end, ""]
    gap = "\t\t" if x_columns == "Multi" else "\t"
    names = "X_Value\tForce\tX_Value\tvib" if x_columns == "Multi" else "X_Value\tForce\tvib"
    first, second = signal(), signal(seed=1)
    lines = head
    for _ in range(blocks):
        facts = [("Channels", "2", ""), ("Samples", str(SAMPLES), str(SAMPLES)), ("Y_Unit_Label", "N", "g")]
        facts += [("X_Dimension", "Time", "Time"), ("Delta_X", "3.90625E-5", "3.90625E-5")]
        lines += [f"{key}\t{one}{gap}{two}".replace(".", decimal) for key, one, two in facts]
        lines += [end, names + "\tComment"]
        for index, (force, vib) in enumerate(zip(first, second, strict=True)):
            stamp = f"{index * 3.90625e-5:.6E}"
            cells = {"No": ["", f"{force:.6f}", f"{vib:.6f}"], "One": [stamp, f"{force:.6f}", f"{vib:.6f}"]}
            cells["Multi"] = [stamp, f"{force:.6f}", stamp, f"{vib:.6f}"]
            row = "\t".join(cells[x_columns]).replace(".", decimal)
            lines.append(row + (f"\t{comment}" if comment and index % 10 == 0 else ""))
        lines.append("")
    return "\r\n".join(lines).encode("latin-1")


def uff(binary: bool = False, function: int = 1, step: float = 1 / 12_800, name: str = "Bearing 1 +Z") -> bytes:
    """A geometry dataset, then one of dataset 58; `function` 1 is a time signal, 9 a power spectral density."""
    values = signal().astype("<f4")
    size = (
        f"    58b     1     2          11{values.nbytes:12d}     0     0           0           0"
        if binary
        else "    58"
    )
    header = [
        "    -1",
        "    15",
        "         1         0         0         8  0.0E+00  0.0E+00  0.0E+00",
        "    -1",
        "    -1",
    ]
    header += [size, name, "NONE", "18-Apr-16 13:49:58", "NONE", "NONE"]
    header += [f"{function:5d}         0    0         0 NONE               1   3 NONE               0   0"]
    header += [f"         2{len(values):10d}         1  0.00000E+00{step:13.5E}  0.00000E+00"]
    header += ["        17    0    0    0 Time                 s                   "]
    header += ["        12    0    0    0 Acceleration         m/s2                "]
    header += 2 * ["         0    0    0    0 NONE                 NONE                "]
    if binary:
        return ("\r\n".join(header) + "\r\n").encode() + values.tobytes() + b"\r\n    -1\r\n"
    cells = [f"{value:13.5E}" for value in values]
    rows = ["".join(cells[at : at + 6]) for at in range(0, len(cells), 6)]
    return ("\n".join([*header, *rows, "    -1"]) + "\n").encode("latin-1")


def tdms(increment: float = 1 / 25_600, digital: bool = False, stamps: bool = False) -> bytes:
    """A LabVIEW binary file as npTDMS writes it."""
    from nptdms import ChannelObject, TdmsWriter

    stream = io.BytesIO()
    properties = {"wf_increment": increment, "unit_string": "g"} if increment else {"unit_string": "g"}
    with TdmsWriter(stream) as writer:
        if digital:
            lines = {**properties, "NI_LineNames": "port0/line7"}
            writer.write_segment([ChannelObject("Digital Input", "line 0", np.zeros(100, np.uint8), lines)])
            return stream.getvalue()
        objects = [ChannelObject("Rig", "acc_x", signal(), properties), ChannelObject("Rig", "note", ["a", "b"])]
        if stamps:
            start = np.datetime64("2024-01-01T00:00:00", "us")
            ticks = start + np.round(np.arange(SAMPLES) * 1e6 / 10_000).astype("timedelta64[us]")
            objects.insert(0, ChannelObject("Rig", "Time", ticks))
        writer.write_segment(objects)
    return stream.getvalue()


BINARIES: dict[str, Callable[[], bytes]] = {
    "105.mat": cwru,
    "130.mat": lambda: cwru(130, compressed=True),
    "99.mat": cwru_99,
    "mfpt.mat": mfpt,
    "nested.mat": nested_mat,
    "KA01.mat": paderborn,
    "snapshots.mat": snapshots,
    "v4.mat": mat4,
    "v73.mat": mat73,
    "pcm16.wav": wav,
    "float.wav": lambda: wav(32, 1, 3),
    "block.lvm": lvm,
    "multi.lvm": lambda: lvm(".", "Multi", 2),
    "comment.lvm": lambda: lvm(".", "One", 1, "LOST"),
    "text.uff": uff,
    "binary.unv": lambda: uff(binary=True),
    "wave.tdms": tdms,
    "matrix.npy": lambda: npy(np.stack([signal(), signal(seed=1)])),
    "named.npz": lambda: npz(acc=signal(), fs=12_000, rpm=1_797),
}
ALL = {**TEXTS, **BINARIES}
