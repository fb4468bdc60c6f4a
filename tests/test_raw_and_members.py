"""Samples alone in a declared layout; one sheet or file chosen out of several."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import twins
from fastapi.testclient import TestClient

import bearing
from bearing.api.service import create_app
from bearing.cli.main import main
from bearing.errors import ParameterError, TooLarge, UnreadableFile
from bearing.files import ROOT
from bearing.readers.arrays.raw import Layout, read_raw
from bearing.readers.safe import _unpacked, packed
from bearing.recording import Recording
from bearing.settings import READ_IN_PART, Limits

SAMPLES = ROOT / "data" / "samples"
RNG = np.random.default_rng(4)
COUNTS = np.round(3000 * RNG.normal(size=(4096, 2)))


def stored(kind: str, order: str) -> bytes:
    if kind == "int24":
        wide = COUNTS.astype(order + "i4").tobytes()
        return b"".join(wide[i : i + 4][slice(0, 3) if order == "<" else slice(1, 4)] for i in range(0, len(wide), 4))
    return COUNTS.astype(order + {"int16": "i2", "int32": "i4", "float32": "f4", "float64": "f8"}[kind]).tobytes()


@pytest.mark.parametrize("kind", ["int16", "int24", "int32", "float32", "float64"])
@pytest.mark.parametrize("order", ["le", "be"])
def test_every_type_and_order_comes_back_as_it_was_stored(kind: str, order: str) -> None:
    data = b"HEAD" + stored(kind, {"le": "<", "be": ">"}[order])
    intake = bearing.read(data, "daq.bin", raw=f"{kind},{order},2ch,skip4")
    assert [r.channel for r in intake.recordings] == ["channel 1", "channel 2"]
    assert all(r.sampling_rate_hz is None for r in intake.recordings)
    assert np.array_equal(np.stack([r.samples for r in intake.recordings], axis=1), COUNTS)
    assert intake.vibration == (0, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "needs a type"),
        ("le,2ch", "needs a type"),
        ("int17", "could not use 'int17'"),
        ("int16,int32", "says kind twice"),
        ("int16,2ch,2ch", "says channels twice"),
        ("int16,0ch", "one channel or more"),
        ("int16,-2ch", "could not use '-2ch'"),
        ("int16,99999ch", "could not use"),
        ("int16,middle", "could not use 'middle'"),
    ],
)
def test_a_layout_that_is_none_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        Layout.parse(text)


@pytest.mark.parametrize(
    ("data", "layout", "said"),
    [
        (stored("int16", "<")[:-1], "int16,2ch", "no whole number of frames"),
        (b"", "int16", "no whole number of frames"),
        (b"ab\0\1", "int16,skip9", "no whole number of frames"),
        (stored("int16", ">"), "int16,le,2ch", "as be they do not"),
        (stored("int24", "<"), "int24,be,2ch", "as le they do not"),
        (stored("int16", "<"), "float32,2ch", "none a sensor delivers"),
        (stored("float64", "<"), "float64,be,2ch", "none a sensor delivers"),
        (b"1.5,2.5\n" * 100, "int16", "is text"),
        (b"\x93NUMPY\1\0" + bytes(100), "int16", "NumPy .npy file, which says itself"),
    ],
)
def test_bytes_that_are_not_laid_out_so_are_refused(data: bytes, layout: str, said: str) -> None:
    with pytest.raises(UnreadableFile, match=said):
        read_raw(data, "daq.bin", Layout.parse(layout), Limits())


def test_left_justified_samples_are_not_taken_for_swapped_ones() -> None:
    wide = (COUNTS * 65_536).clip(-(2**31), 2**31 - 1).astype("<i4").tobytes()  # 16 bits in the upper half of 32
    assert len(read_raw(wide, "daq.bin", Layout.parse("int32,2ch"), Limits())) == 2


def test_limits_hold_for_raw_files_too() -> None:
    with pytest.raises(TooLarge, match="channels"):
        read_raw(bytes(900), "daq.bin", Layout.parse("int8,100ch"), Limits())
    with pytest.raises(TooLarge, match="numbers"):
        read_raw(bytes(900), "daq.bin", Layout.parse("int8"), Limits(max_samples=899))


def test_a_raw_file_is_diagnosed_at_every_door(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples = bearing.read(SAMPLES / "outer.csv").recordings[0].samples
    path = tmp_path / "daq.bin"
    path.write_bytes(np.round(samples / np.abs(samples).max() * 20_000).astype(">i2").tobytes())
    facts = {"rate": "12000", "rpm": "1772", "bearing": "6205-2RS JEM", "raw": "int16,be"}
    assert main(["diagnose", str(path), "--json", *[text for k, v in facts.items() for text in (f"--{k}", v)]]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert printed["verdict"] == "outer"
    with TestClient(create_app()) as web:
        form = {"files": {"file": ("daq.bin", path.read_bytes())}}
        assert web.post("/api/diagnose", **form, data=facts).json() == printed
        answer = web.post("/api/diagnose", **form, data=facts | {"raw": "int17"})
        assert (answer.status_code, "could not use 'int17'" in answer.json()["detail"]) == (422, True)
    intake = bearing.read(path, raw="int16,be")
    assert bearing.diagnose(intake, rate_hz=12_000, rpm=1772, bearing="6205-2RS JEM").to_dict() == printed


@pytest.fixture(scope="module")
def archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed_files:
        for name in ("healthy", "inner"):
            packed_files.writestr(f"run 7/{name}.csv", (SAMPLES / f"{name}.csv").read_bytes())
    return stream.getvalue()


def test_one_file_of_an_archive_is_chosen(archive: bytes) -> None:
    assert len(bearing.read(archive, "a.zip").recordings) == 2
    for name in ("run 7/inner.csv", "inner.csv", "INNER.csv"):
        intake = bearing.read(archive, "a.zip", member=name)
        assert [r.channel for r in intake.recordings] == ["acceleration_g"], name
        assert bearing.diagnose(intake).verdict == "inner"
    with pytest.raises(ParameterError, match=r"it holds run 7/healthy\.csv, run 7/inner\.csv"):
        bearing.read(archive, "a.zip", member="ball.csv")
    with pytest.raises(ParameterError, match="A text file holds no sheets"):
        bearing.read(SAMPLES / "inner.csv", member="inner.csv")
    with pytest.raises(ParameterError, match="leave out one"):
        bearing.read(archive, "a.zip", member="inner.csv", raw="int16")


def workbook(**sheets: np.ndarray) -> bytes:
    """A spreadsheet (Office Open XML) with one column of acceleration per sheet."""
    main_ns = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel_ns = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    names = "".join(f'<sheet name="{n}" sheetId="{i}" r:id="r{i}"/>' for i, n in enumerate(sheets, 1))
    links = "".join(
        f'<Relationship Id="r{i}" Type="{rel_ns}/worksheet" Target="worksheets/s{i}.xml"/>'
        for i in range(1, 1 + len(sheets))
    )
    root = f'<Relationship Id="r1" Type="{rel_ns}/officeDocument" Target="xl/workbook.xml"/>'
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("_rels/.rels", f'<Relationships xmlns="{package}">{root}</Relationships>')
        book.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}">{links}</Relationships>')
        book.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{main_ns}" xmlns:r="{rel_ns}"><sheets>{names}</sheets></workbook>'
        )
        for i, samples in enumerate(sheets.values(), 1):
            head = '<row r="1"><c r="A1" t="inlineStr"><is><t>acc [g]</t></is></c></row>'
            rows = "".join(f'<row r="{r}"><c r="A{r}"><v>{v:.5f}</v></c></row>' for r, v in enumerate(samples, 2))
            content = f'<worksheet xmlns="{main_ns}"><sheetData>{head}{rows}</sheetData></worksheet>'
            book.writestr(f"xl/worksheets/s{i}.xml", content)
    return stream.getvalue()


def test_one_sheet_is_chosen_at_the_doors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "book.xlsx"
    names = ("healthy", "inner")
    path.write_bytes(
        workbook(**{name: bearing.read(SAMPLES / f"{name}.csv").recordings[0].samples[:24_000] for name in names})
    )
    options = ["--rate", "12000", "--rpm", "1772", "--bearing", "6205-2RS JEM", "--json"]
    assert main(["diagnose", str(path), *options]) == 1
    assert [row["channel"] for row in json.loads(capsys.readouterr().out)["channels"]] == ["healthy: acc", "inner: acc"]
    assert main(["diagnose", str(path), "--member", "Healthy", *options]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["verdict"], answer["channel"]) == ("normal", "acc")
    assert main(["diagnose", str(path), "--member", "Tuesday", *options]) == 2
    assert "No 'Tuesday' in this file; it holds healthy, inner." in capsys.readouterr().err


def test_a_speed_column_survives_the_child_process() -> None:
    speed = np.linspace(1000.0, 1100.0, 50)
    sent = [Recording(np.arange(50.0), 100.0, speed_rpm=speed, notes=("a",)), Recording(np.ones(3), channel="b")]
    came = _unpacked(io.BytesIO(b"".join(packed(sent))))
    assert came[0].speed_rpm is not None
    assert np.array_equal(came[0].speed_rpm, speed)
    assert np.array_equal(came[1].samples, np.ones(3))
    assert came[1].speed_rpm is None
    assert came[0].notes == ("a",)


# --- a file over the limit, read in part ------------------------------------------------------------------------------

LONG = np.round(8_000 * np.sin(np.arange(20_000) / 3) + RNG.normal(0, 900, 20_000))
TWO = np.stack([LONG, LONG[::-1]], axis=1)


def long_files() -> dict[str, tuple[bytes, str]]:
    """Two channels of 20,000 samples each in the formats whose first stretch can be read; layouts of raw samples."""
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet
    from nptdms import ChannelObject, TdmsWriter

    table = pa.table({"ax": LONG, "az": LONG[::-1]})
    parquet, feather, tdms = io.BytesIO(), io.BytesIO(), io.BytesIO()
    pyarrow.parquet.write_table(table, parquet)
    pyarrow.feather.write_feather(table, feather)
    with TdmsWriter(tdms) as writer:
        writer.write_segment([ChannelObject("g", name, values) for name, values in (("ax", LONG), ("az", LONG[::-1]))])
    return {
        "a.csv": (b"ax,az\n" + b"\n".join(b"%d,%d" % (x, z) for x, z in TWO), ""),
        "a.wav": (twins.riff(TWO.astype("<i2").tobytes(), 16, 2), ""),
        "a.npy": (twins.npy(TWO), ""),
        "b.npy": (twins.npy(np.ascontiguousarray(TWO.T)), ""),
        "a.bin": (TWO.astype("<i2").tobytes(), "int16,le,2ch"),
        "a.parquet": (parquet.getvalue(), ""),
        "a.feather": (feather.getvalue(), ""),
        "a.tdms": (tdms.getvalue(), ""),
    }


@pytest.mark.parametrize("name", sorted(long_files()))
def test_of_a_file_over_the_limit_the_first_stretch_is_read_if_agreed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEARING_MAX_SAMPLES", "24000")
    data, raw = long_files()[name]
    with pytest.raises(TooLarge, match="--part"):
        bearing.read(data, name, raw=raw)
    for recording in bearing.read(data, name, raw=raw, part=True).recordings:
        assert len(recording.samples) == 3_000
        assert READ_IN_PART in recording.notes
    first, second = bearing.read(data, name, raw=raw, part=True).recordings
    assert np.corrcoef(first.samples, LONG[:3_000])[0, 1] > 0.999
    assert np.corrcoef(second.samples, LONG[::-1][:3_000])[0, 1] > 0.999
    monkeypatch.delenv("BEARING_MAX_SAMPLES")
    assert len(bearing.read(data, name, raw=raw, part=True).recordings[0].samples) == 20_000


def test_more_bytes_than_allowed_are_read_in_part_from_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEARING_MAX_MB", "0.1")
    for name in ("a.csv", "a.npy"):
        path = tmp_path / name
        path.write_bytes(long_files()[name][0])
        with pytest.raises(TooLarge):
            bearing.read(path)
        recordings = bearing.read(path, part=True).recordings
        assert all(5_000 < len(r.samples) < 20_000 and READ_IN_PART in r.notes for r in recordings)
        np.testing.assert_array_equal(recordings[1].samples, LONG[::-1][: len(recordings[1].samples)])
    (tmp_path / "b.npy").write_bytes(long_files()["b.npy"][0])
    with pytest.raises(TooLarge, match="not read in part"):  # one channel after the other: half of one is no recording
        bearing.read(tmp_path / "b.npy", part=True)


def test_the_first_stretch_is_judged_at_every_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "outer.csv"
    path.write_bytes((SAMPLES / "outer.csv").read_bytes())
    monkeypatch.setenv("BEARING_MAX_SAMPLES", "30000")
    assert main(["diagnose", str(path), "--json"]) == 2
    capsys.readouterr()
    assert main(["diagnose", str(path), "--part", "--json"]) in (1, 3)
    answer = json.loads(capsys.readouterr().out)
    assert READ_IN_PART in answer["warnings"]
    with TestClient(create_app()) as web:
        refused = web.post("/api/diagnose", files={"file": (path.name, path.read_bytes())})
        assert refused.status_code == 413
        assert "'part'" in refused.json()["detail"]
        live = web.post("/api/diagnose", files={"file": (path.name, path.read_bytes())}, data={"part": "true"})
        assert live.json() == answer
