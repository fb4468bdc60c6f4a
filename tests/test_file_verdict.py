"""Every door judges every channel of vibration: the worst is the answer, and a sound bearing needs all sound."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

import bearing
from bearing.api.service import create_app
from bearing.cli.main import main
from bearing.files import ROOT
from bearing.recording import Recording
from bearing.verdict.asked.file import diagnose_file
from bearing.verdict.asked.intake import Intake
from bearing.verdict.asked.request import Request

SAMPLES = ROOT / "data" / "samples"
FACTS: dict[str, Any] = {"rate_hz": 12_000.0, "rpm": 1772.0, "bearing": "6205-2RS JEM"}


def samples(name: str) -> np.ndarray:
    return bearing.read(SAMPLES / f"{name}.csv").recordings[0].samples


@pytest.fixture(scope="module")
def axes() -> dict[str, np.ndarray]:
    """Three axes of one sensor; the fault shows on the last."""
    healthy, inner = samples("healthy"), samples("inner")
    n = min(len(healthy), len(inner))
    rng = np.random.default_rng(5)
    return {
        "acc_x [g]": healthy[:n],
        "acc_y [g]": healthy[:n][::-1] + 0.02 * np.std(healthy) * rng.normal(size=n),
        "acc_z [g]": inner[:n],
    }


@pytest.fixture(scope="module")
def path(axes: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("axes") / "axes.csv"
    np.savetxt(path, np.stack(list(axes.values()), axis=1), "%.6f", ",", header=",".join(axes), comments="")
    return path


def rows_of(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(row["channel"], row["verdict"]) for row in answer["channels"]]


def test_the_fault_on_the_third_axis_is_the_answer_at_every_door(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = bearing.diagnose(path, **FACTS).to_dict()
    assert (answer["verdict"], answer["channel"]) == ("inner", "acc_z")
    assert [channel for channel, _ in rows_of(answer)] == ["acc_x", "acc_y", "acc_z"]
    assert rows_of(answer)[2][1] == "inner"
    assert answer["reason"].startswith("Channel 'acc_z' decides (acc_x normal,")
    options = ["--rate", "12000", "--rpm", "1772", "--bearing", "6205-2RS JEM"]
    assert main(["diagnose", str(path), "--json", *options]) == 1
    assert json.loads(capsys.readouterr().out) == answer
    form = {"rate": "12000", "rpm": "1772", "bearing": "6205-2RS JEM"}
    with TestClient(create_app()) as web:
        assert web.post("/api/diagnose", files={"file": (path.name, path.read_bytes())}, data=form).json() == answer
    assert main(["diagnose", str(path), "--csv", *options]) == 1
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["channel"], row["verdict"]) for row in table] == rows_of(answer)


def test_assistants_get_the_same_answer(path: Path) -> None:
    pytest.importorskip("mcp")
    from loops import run
    from mcp import Client

    from bearing.mcp import create_server

    async def ask(tool: str) -> Any:
        async with Client(create_server([path.parent])) as client:
            return (await client.call_tool(tool, {"path": path.name, **FACTS})).structured_content

    answer = bearing.diagnose(path, **FACTS).to_dict()
    assert run(ask("diagnose")) == answer
    lines = run(ask("spectrum_lines"))
    assert (lines["channel"], lines["envelope"]) == ("acc_z", answer["evidence"])


def test_one_channel_is_judged_alone_when_asked_for(path: Path) -> None:
    found = bearing.diagnose(path, channel="acc_x", **FACTS)
    assert (found.verdict, found.channel, [row.channel for row in found.channels]) == ("normal", "acc_x", ["acc_x"])
    assert "decides" not in found.reason


def test_columns_of_an_array_are_judged_and_drawn(axes: dict[str, np.ndarray]) -> None:
    found = bearing.diagnose(np.stack(list(axes.values()), axis=1), **FACTS)
    assert found.verdict == "inner"
    assert len(found.channels) == 3
    assert found.recording is not None
    assert found.recording.channel == found.channel
    assert len(found.figure("waveform").data)


def file_of(*recordings: Recording) -> Intake:
    names = ("6205-2RS JEM (SKF)",) * len(recordings)
    return Intake(recordings, 0, "the first", names, vibration=tuple(range(len(recordings))))


def test_healthy_needs_every_channel_judged() -> None:
    sound = Recording(samples("healthy"), 12_000.0, 1772.0, "a")
    assert diagnose_file(file_of(sound, Recording(sound.samples, 12_000.0, 1772.0, "b"))).answer.verdict == "normal"
    short = Recording(sound.samples[:500], 12_000.0, 1772.0, "b")
    answer = diagnose_file(file_of(sound, short)).answer
    assert (answer.verdict, answer.best_guess) == ("uncertain", "normal")
    assert "channel 'b' could not be judged (At least 2048 samples are needed" in answer.reason
    assert [(row.channel, row.verdict) for row in answer.channels] == [("a", "normal"), ("b", "error")]
    slow = Recording(sound.samples[::2], 6_000.0, 1500.0, "c")
    rows = diagnose_file(file_of(sound, slow)).rows
    assert [(row.sampling_rate_hz, row.shaft_rpm) for row in rows] == [(12_000, 1772), (6_000, 1500)]
    nobody = diagnose_file(file_of(slow)).answer.to_dict()["opinions"].values()
    assert all(isinstance(opinion["confidence"], float) for opinion in nobody)  # 0 where there is no opinion
    faulty = Recording(samples("outer"), 12_000.0, 1772.0, "c")
    assert diagnose_file(file_of(sound, short, faulty)).answer.verdict == "outer"


def test_a_channel_known_to_sit_at_the_bearing_named_is_judged_too() -> None:
    sound, faulty = (Recording(samples(name), 12_000.0, 1772.0, name) for name in ("healthy", "outer"))
    file = Intake((sound, faulty), 0, "the first", ("6203-2RS JEM (SKF)", "6205-2RS JEM (SKF)"), vibration=(0,))
    assert diagnose_file(file, Request(bearing="6203-2RS")).answer.verdict == "normal"
    answer = diagnose_file(file, Request(bearing="6205-2RS")).answer
    assert (answer.verdict, answer.channel) == ("outer", "outer")
    assert Request(bearing="6205-2RS", outer_ring_turns=True).measured(file) == (0, 1)
    assert Request(geometry="n=9,d=7.94,D=39.04,phi=0").measured(file) == (0,)


def test_where_channels_name_different_parts_the_one_most_of_them_hear_is_told() -> None:
    inner, outer = samples("inner"), samples("outer")
    noisy = outer + 0.3 * outer.std() * np.random.default_rng(3).normal(size=len(outer))
    rows = {"x": inner, "y": noisy, "z": outer}
    found = diagnose_file(file_of(*(Recording(rows[name], 12_000.0, 1772.0, name) for name in rows)))
    assert [one.verdict for one in found.channels] == ["inner", "outer", "outer"]
    assert found.worst.verdict == "outer"


def test_where_no_channel_can_be_judged_the_first_ones_reason_is_told() -> None:
    with pytest.raises(bearing.SignalError, match="At least 2048 samples"):
        diagnose_file(file_of(Recording(np.ones(10), 12_000.0, 1772.0, "a"), Recording(np.ones(9), None, None, "b")))


# --- the report ---------------------------------------------------------------------------------------------------


def undated(page: str) -> str:
    """A report without the minute in which it was made."""
    return re.sub(r"(Report of</span> \d{4}-\d\d-\d\d) \d\d:\d\d", r"\1", page)


def test_the_report_is_the_same_page_at_every_door(path: Path, tmp_path: Path) -> None:
    page = bearing.diagnose(path, **FACTS).to_html()
    out = tmp_path / "report.html"
    options = ["--rate", "12000", "--rpm", "1772", "--bearing", "6205-2RS JEM", "--html", str(out)]
    assert main(["diagnose", str(path), *options]) == 1
    assert undated(out.read_text("utf-8")) == undated(page)
    form = {"rate": "12000", "rpm": "1772", "bearing": "6205-2RS JEM"}
    with TestClient(create_app()) as web:
        answer = web.post("/api/report", files={"file": ("höhe 2.csv", path.read_bytes())}, data=form)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''h%C3%B6he%202.csv.html"
    assert undated(answer.text) == undated(page.replace("axes.csv", "höhe 2.csv"))


def test_reports_on_several_files_go_into_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "reports"
    names = [str(SAMPLES / "inner.csv"), str(SAMPLES / "outer.csv")]
    assert main(["diagnose", *names, "--html", str(out)]) == 2
    assert "2 reports need a folder" in capsys.readouterr().err
    out.mkdir()
    assert main(["diagnose", *names, names[0], "--html", str(out)]) == 1
    assert sorted(p.name for p in out.iterdir()) == ["inner.csv (2).html", "inner.csv.html", "outer.csv.html"]
    assert main(["diagnose", names[0], "--html", str(tmp_path / "no such" / "a.html")]) == 2
    assert "There is no folder" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_leaves_the_verdict_standing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["diagnose", str(SAMPLES / "healthy.csv"), "--html", "/dev/full"]) == 70
    captured = capsys.readouterr()
    assert captured.out.split()[1] == "normal"
    assert "could not be written (No space left" in captured.err
    assert main(["diagnose", str(SAMPLES / "inner.csv"), "--html", "/dev/full"]) == 1
