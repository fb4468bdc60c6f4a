"""The library as a newcomer uses it: three lines, any source, any way of naming the bearing, errors of one tree."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bearing
from bearing import errors
from bearing.files import ROOT
from bearing.physics.simulate import SimulationConfig, simulate
from bearing.verdict.asked.intake import open_path
from bearing.verdict.asked.request import Request
from bearing.verdict.judging import diagnose

OUTER = ROOT / "data" / "samples" / "outer.csv"
FACTS: dict[str, Any] = {"rate_hz": 12_000, "rpm": 1772, "bearing": "6205-2RS JEM"}


@pytest.fixture(scope="module")
def outer() -> bearing.Diagnosis:
    return bearing.diagnose(OUTER)


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    return bearing.read(OUTER).recordings[0].samples


@pytest.fixture
def pump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a pump.csv as the README has it: one column, no rate, no speed, no bearing."""
    config = SimulationConfig("outer", sampling_rate_hz=25_600, shaft_rpm=1480, duration_s=4.0, seed=3)
    np.savetxt(tmp_path / "pump.csv", simulate(config), fmt="%.5f", header="acceleration_g", comments="")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_three_lines_of_the_readme(pump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    block = re.search(r"```python\n(import bearing\n.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert block is not None
    scope: dict[str, Any] = {}
    exec(block[1].replace(".show()", ""), scope)  # noqa: S102  a window would open
    assert scope["d"].verdict == "outer"
    out = capsys.readouterr().out
    assert out.startswith("Outer race fault, ")
    assert out.count("\n") == 1
    page = (pump / "pump.html").read_text("utf-8")
    assert "Envelope spectrum" in page
    assert "http://" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


def test_the_notebook_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "docs")
    cells = json.loads((ROOT / "docs" / "library.ipynb").read_text("utf-8"))["cells"]
    scope: dict[str, Any] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), scope)  # noqa: S102
    assert scope["d"].verdict in ("normal", "inner", "outer", "ball")
    assert list(scope["found"]) == ["ball", "healthy", "inner", "outer"]


def sources(samples: np.ndarray) -> dict[str, Any]:
    data = OUTER.read_bytes()
    return {
        "text": str(OUTER),
        "path": OUTER,
        "bytes": data,
        "bytearray": bytearray(data),
        "array": samples,
        "list": samples.tolist(),
        "column": samples[:, None],
        "series": pd.Series(samples),
        "recording": bearing.Recording(samples),
        "recording of a list": bearing.Recording(samples.tolist()),  # type: ignore[arg-type]
        "intake": bearing.read(OUTER),
    }


@pytest.mark.parametrize("name", sources(np.zeros(4)))
def test_every_kind_of_source_gives_the_same_verdict(name: str, outer: bearing.Diagnosis, samples: np.ndarray) -> None:
    found = bearing.diagnose(sources(samples)[name], **FACTS)
    assert (found.verdict, found.confidence) == (outer.verdict, pytest.approx(outer.confidence))
    assert found.evidence["outer"].harmonics_found == outer.evidence["outer"].harmonics_found


def test_a_table_of_pandas_keeps_its_names_and_its_clock(samples: np.ndarray) -> None:
    table = pd.DataFrame({"time_s": np.arange(len(samples)) / 12_000, "acc_x": samples, "acc_y": samples[::-1]})
    intake = bearing.read(table)
    assert [r.channel for r in intake.recordings] == ["acc_x", "acc_y"]
    assert intake.recordings[0].sampling_rate_hz == pytest.approx(12_000, rel=1e-6)
    assert bearing.diagnose(table, channel="acc_y").channel == "acc_y"


ENTRY = bearing.find_bearing("6205-2RS JEM")


@pytest.mark.parametrize(
    "named",
    [
        "6205-2RS JEM",
        "skf 6205-2rs jem",
        ENTRY,
        ENTRY.orders,
        bearing.Bearing("mine", ENTRY.orders),
        bearing.Geometry(9, 7.94, 39.04),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_way_of_naming_the_bearing(named: Any, samples: np.ndarray) -> None:
    found = bearing.diagnose(samples, rate_hz=12_000, rpm=1772, bearing=named)
    assert found.verdict == "outer"
    assert found.bearing is not None
    assert found.bearing.name


def test_a_speed_over_time_and_an_outer_ring_that_turns(samples: np.ndarray) -> None:
    d = bearing.diagnose(
        samples, rate_hz=12_000, bearing="6205-2RS JEM", rpm_over_time="0=1772,1=1772", outer_ring_turns=True
    )
    assert d.verdict == "outer"
    assert d.bearing is not None
    assert d.bearing.orders.ftf > 0.5  # the cage follows the ring that turns


def test_millivolts_of_any_size_become_g(samples: np.ndarray) -> None:
    d = bearing.diagnose(samples * 100, **FACTS, unit="mV", mv_per_g=100)
    assert (d.verdict, d.indicators.rms) == ("outer", pytest.approx(np.std(samples)))
    for scale in (1e-95, 1e95):  # fourth powers are beyond a float's range
        far = bearing.diagnose(samples * scale, **FACTS)
        assert (far.verdict, far.indicators.kurtosis) == ("outer", pytest.approx(d.indicators.kurtosis))


def test_a_reason_is_told_once() -> None:
    square = np.sign(np.sin(np.arange(20_000) / 57))
    assert str(bearing.diagnose(square, **FACTS)).lower().count("clipped: 100 % of the samples") == 1
    assert str(bearing.diagnose(np.zeros(20_000), **FACTS)).lower().count("every sample is 0") == 1


def test_a_recording_that_knows_its_bearing_uses_it(samples: np.ndarray) -> None:
    recording = bearing.Recording(samples, 12_000.0, 1772.0, bearing="6205-2RS JEM")
    found = bearing.diagnose(recording)
    assert found.bearing == bearing.Bearing(ENTRY.name, ENTRY.orders)
    assert bearing.diagnose(recording, bearing=bearing.Bearing("mine", ENTRY.orders)).bearing.name == "mine"  # type: ignore[union-attr]


@pytest.mark.recordings
def test_a_cwru_file_brings_rate_speed_and_bearing(recordings_dir: Path) -> None:
    found = bearing.diagnose(recordings_dir / "105.mat")
    assert (found.verdict, found.sampling_rate_hz) == ("inner", 12_000)
    assert found.shaft_rpm is not None
    assert found.bearing is not None


def test_library_and_doors_tell_the_same(outer: bearing.Diagnosis) -> None:
    alone = diagnose(*Request().apply(open_path(OUTER)))  # one channel, asked for by itself
    assert outer.to_dict() == alone.as_dict() | {"channels": outer.to_dict()["channels"]}
    assert [row.verdict for row in outer.channels] == ["outer"]
    assert json.loads(outer.to_json()) == outer.to_dict()


def test_it_shows_itself_in_a_line_a_prompt_and_a_notebook(outer: bearing.Diagnosis) -> None:
    assert "\n" not in str(outer)
    assert str(outer).startswith(f"Outer race fault, {outer.confidence:.0%}".replace("%", " %"))
    assert outer.reason.split(".")[0] in str(outer)
    assert len(repr(outer)) < 120
    hostile = replace(outer, file="<script>alert(1)</script>", channel="<b>")
    assert "<script>" not in hostile._repr_html_()
    assert "<b>" not in hostile._repr_html_().replace("<b>Outer", "")


def test_an_uncertain_verdict_carries_no_number_of_its_own(samples: np.ndarray) -> None:
    unknown = bearing.diagnose(samples, rate_hz=12_000)  # neither speed nor bearing: only what strikes can be told
    assert unknown.verdict == "impacts"
    assert unknown.best_guess is None
    noise = np.random.default_rng(0).standard_normal(len(samples))
    assert str(bearing.diagnose(noise, rate_hz=12_000)).startswith("Uncertain. ")
    guess = replace(bearing.diagnose(OUTER), verdict="uncertain")
    assert str(guess).startswith("Uncertain (best guess: outer race fault, ")


def test_figures_by_name_and_a_sentence_for_another_name(outer: bearing.Diagnosis) -> None:
    for name in ("waveform", "spectrum", "spectrogram", "windows", "envelope", "kurtogram"):
        assert outer.figure(name).data
    with pytest.raises(bearing.ParameterError, match="choose one of waveform"):
        outer.figure("cepstrum")
    with pytest.raises(bearing.ParameterError, match="does not hold its signal"):
        replace(outer, recording=None).figure("waveform")


def test_a_slow_recording_has_figures_too(samples: np.ndarray) -> None:
    slow = bearing.diagnose(samples, rate_hz=400, rpm=60, bearing="6205-2RS JEM")
    assert "Envelope spectrum" not in slow.to_html()
    with pytest.raises(bearing.ParameterError, match="choose one of"):
        slow.figure("envelope")


def test_reports_are_written_or_returned(outer: bearing.Diagnosis, tmp_path: Path) -> None:
    assert outer.to_html(tmp_path / "a.html") is None  # type: ignore[func-returns-value]
    assert (tmp_path / "a.html").read_text("utf-8").startswith("<!doctype html>")
    outer.to_json(str(tmp_path / "a.json"))
    assert json.loads((tmp_path / "a.json").read_text())["verdict"] == "outer"
    with pytest.raises(bearing.ParameterError, match="could not be written"):
        outer.to_html(tmp_path / "no" / "folder.html")


def test_indicators_become_a_row_of_a_table(outer: bearing.Diagnosis) -> None:
    row = outer.indicators.to_pandas()
    assert row["rms"] == outer.indicators.rms
    assert {"rms", "peak", "crest_factor", "kurtosis"} <= set(row.index)


@pytest.mark.parametrize(
    ("source", "options", "error"),
    [
        ("no_such_file.csv", {}, bearing.UnreadableFile),
        ("null\0character.csv", {}, bearing.UnreadableFile),
        (".", {}, bearing.UnreadableFile),
        (b"", {}, bearing.UnreadableFile),
        (b"\x00\x01\x02", {}, bearing.InputError),
        (None, {}, bearing.SignalError),
        (5, {}, bearing.SignalError),
        (object(), {}, bearing.SignalError),
        ({"a": 1}, {}, bearing.SignalError),
        (["a.csv", "b.csv"], {}, bearing.SignalError),
        ([[1, 2], [3]], {}, bearing.SignalError),
        ([], FACTS, bearing.SignalError),
        (np.zeros((2, 2, 2)), FACTS, bearing.SignalError),
        (np.ones(5000, dtype=complex), FACTS, bearing.SignalError),
        (np.arange(10), FACTS, bearing.SignalError),
        (np.full(5000, np.nan), FACTS, bearing.SignalError),
        (bearing.Recording(None), FACTS, bearing.SignalError),  # type: ignore[arg-type]
        (bearing.Recording(np.ones(5000), "fast"), {}, bearing.ParameterError),  # type: ignore[arg-type]
        (np.random.default_rng(0).normal(size=5000), {}, bearing.MissingRate),
        (OUTER, {"rate_hz": "fast"}, bearing.ParameterError),
        (OUTER, {"rate_hz": float("nan")}, bearing.ParameterError),
        (OUTER, {"rate_hz": 10**400}, bearing.ParameterError),
        (OUTER, {"rpm": [1772]}, bearing.ParameterError),
        (OUTER, {"rpm": -5}, bearing.ParameterError),
        (OUTER, {"rpm": True}, bearing.ParameterError),
        (OUTER, {"rpm_over_time": [(0, 600), (1, 700)]}, bearing.ParameterError),
        (OUTER, {"rpm_over_time": "0=600,1=700", "rpm": 600}, bearing.ParameterError),
        (OUTER, {"channel": 0}, bearing.ParameterError),
        (OUTER, {"channel": "nonsense"}, bearing.ParameterError),
        (OUTER, {"bearing": "nonsense"}, bearing.ParameterError),
        (OUTER, {"bearing": 6205}, bearing.ParameterError),
        (OUTER, {"bearing": bearing.Bearing("x", None)}, bearing.ParameterError),  # type: ignore[arg-type]
        (OUTER, {"bearing": object()}, bearing.ParameterError),
    ],
)
def test_what_cannot_be_used_is_an_error_of_the_tree(source: Any, options: dict[str, Any], error: type) -> None:
    with pytest.raises(error) as caught:
        bearing.diagnose(source, **options)
    assert len(str(caught.value)) > 20
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (bearing.Geometry, ("nine", 7.94, 39.04)),
        (bearing.Geometry, (9, None, 39.04)),
        (bearing.Geometry, (9.5, 7.94, 39.04)),
        (bearing.FaultOrders, ("3.58", 5.4, 2.3, 0.4)),
        (bearing.FaultOrders, (3.58, 5.4, 2.3, float("nan"))),
        (bearing.find_bearing, (6205,)),
    ],
)
def test_impossible_bearings_are_an_error_of_the_tree(kind: Any, values: tuple[Any, ...]) -> None:
    with pytest.raises(bearing.ParameterError):
        kind(*values)


def test_the_missing_rate_is_asked_for_by_the_librarys_own_name(samples: np.ndarray) -> None:
    with pytest.raises(bearing.MissingRate, match="rate_hz="):
        bearing.diagnose(samples)


# --- names, types, cost of the import -------------------------------------------------------------------------------


def stub_names() -> dict[str, str]:
    """Public names of the stub and the module each comes from."""
    tree = ast.parse((ROOT / "bearing" / "__init__.pyi").read_text("utf-8"))
    return {
        alias.asname or alias.name: str(node.module)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_stub_and_package_export_the_same_names() -> None:
    stub = stub_names()
    assert set(stub) | {"__version__"} == set(bearing.__all__)
    assert len(set(bearing.__all__)) == len(bearing.__all__)
    for name, home in stub.items():
        assert getattr(sys.modules[home] if home in sys.modules else __import__(home, fromlist=["x"]), name) is getattr(
            bearing, name
        )
    assert set(errors.__all__) <= set(bearing.__all__)
    assert set(bearing.__all__) <= set(dir(bearing))
    assert (ROOT / "bearing" / "py.typed").exists()


def test_mypy_sees_a_misspelt_keyword_and_the_types(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import bearing\n"
        'd = bearing.diagnose("pump.csv", rmp=1480)\n'
        'bearing.diagnose("pump.csv", bearing=6205)\n'
        'ok = bearing.diagnose("pump.csv", rate_hz=25_600, rpm=1480, bearing="6205-2RS")\n'
        "number: int = ok.verdict\n"
        "text: str = ok.to_html()\n"
    )
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", str(program)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    found = re.findall(r"program\.py:(\d+): error: .*\[([\w-]+)\]", answer.stdout)
    assert found == [("2", "call-arg"), ("3", "arg-type"), ("5", "assignment")], answer.stdout
