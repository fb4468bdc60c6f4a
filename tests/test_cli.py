"""The command line as a user types it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bearing.cli.diagnose import exit_code, expand
from bearing.cli.main import main, parser
from bearing.errors import UnreadableFile
from bearing.files import ROOT

SAMPLES = ROOT / "data" / "samples"


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (["normal"], 0),
        (["normal", "inner"], 1),
        (["error"], 2),
        (["uncertain", "normal"], 3),
        (["uncertain", "error"], 2),
        (["error", "ball", "uncertain"], 1),
        (["normal", "damaged"], 1),
        (["impacts"], 1),
        (["normal", "crash", "error"], 70),
        (["ball", "crash"], 1),
        (["a word of tomorrow"], 70),
        ([], 0),
    ],
)
def test_exit_codes(verdicts: list[str], code: int) -> None:
    assert exit_code(verdicts) == code


def test_a_table_row_per_file_and_exit_code_1_for_a_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", str(SAMPLES)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["ball.csv", "ball"],
        ["healthy.csv", "normal"],
        ["inner.csv", "inner"],
        ["outer.csv", "outer"],
    ]


def test_json_keeps_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", str(SAMPLES / "healthy.csv"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    contract = {
        "file", "channel", "sampling_rate_hz", "shaft_rpm", "verdict", "confidence", "reason", "opinions", "warnings",
        "model",
    }  # fmt: skip
    assert contract <= set(answer)
    assert set(answer["opinions"]) == {"cnn", "order_cnn", "envelope"}
    assert {"name", "version", "sha256"} <= set(answer["model"])
    assert answer["sampling_rate_hz"] == 12_000
    assert "simulated" in " ".join(answer["warnings"])


def test_several_files_make_a_json_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    main(["diagnose", str(SAMPLES / "*r.csv"), "--json"])
    assert [json.loads(line)["verdict"] for line in capsys.readouterr().out.splitlines()] == ["inner", "outer"]


def test_csv_rows_and_a_bad_file_among_good_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "=cmd.csv"
    bad.write_bytes(b"")
    assert main(["diagnose", str(bad), str(SAMPLES / "healthy.csv"), "--csv"]) == 2
    captured = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(captured.out)))
    assert [row["verdict"] for row in rows] == ["error", "normal"]
    assert "The file is empty" in captured.err
    assert "Traceback" not in captured.err


def test_options_replace_what_a_file_does_not_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "unlabelled.npy"
    np.save(path, np.random.default_rng(0).normal(size=30_000))
    assert main(["diagnose", str(path)]) == 2
    assert "--rate" in capsys.readouterr().err
    code = main(["diagnose", str(path), "--rate", "25600", "--rpm", "1480", "--bearing", "6205", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["sampling_rate_hz"] == 25_600
    assert answer["shaft_rpm"] == 1480
    assert answer["verdict"] in ("normal", "uncertain")
    assert code == {"normal": 0, "uncertain": 3}[answer["verdict"]]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--rate", "-5"], "sampling rate must lie between"),
        (["--rpm", "nan"], "shaft speed must lie between"),
        (["--bearing", "9999-nonsense"], "No bearing '9999-nonsense' in the catalogue"),
        (["--geometry", "n=8"], "missing in 'n=8'"),
        (["--geometry", "n=8,d=6,D=31", "--bearing", "6205"], "Name the bearing in one way"),
        (["--orders", "bpfo=5,bpfi=3,bsf=2,ftf=0.4"], "are the two swapped"),
        (["--channel", "nope"], "No channel 'nope'"),
    ],
)
def test_senseless_options_get_a_sentence(
    options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", str(SAMPLES / "outer.csv"), *options]) == 2
    assert sentence in capsys.readouterr().err


def test_a_bad_file_is_told_once_and_has_no_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    assert main(["diagnose", str(tmp_path / "empty.csv")]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1


def test_an_estimated_speed_is_told_in_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "nospeed.csv"
    path.write_bytes((SAMPLES / "outer.csv").read_bytes().replace(b"shaft_rpm=1772;", b"", 1))
    for form in ([], ["--csv"], ["--json"]):
        main(["diagnose", str(path), "--bearing", "6205", *form])
        assert "rpm, is estimated from the signal" in capsys.readouterr().out


def test_uncertain_carries_no_number(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    np.save(tmp_path / "noise.npy", np.random.default_rng(0).normal(size=30_000))
    assert main(["diagnose", str(tmp_path / "noise.npy"), "--rate", "12000"]) == 3
    assert "%" not in capsys.readouterr().out.partition("No verdict")[0]


def test_folders_globs_and_nothing(tmp_path: Path) -> None:
    assert len(expand([str(SAMPLES)])) == 4
    assert len(expand([str(SAMPLES / "*er.csv")])) == 2
    with pytest.raises(UnreadableFile, match="check the path"):
        expand([str(tmp_path / "none.mat")])
    with pytest.raises(UnreadableFile, match="no file of a known kind"):
        expand([str(tmp_path)])


def test_pipes_in_and_out() -> None:
    command = [sys.executable, "-m", "bearing", "diagnose", "-", "--json"]
    answer = subprocess.run(
        command, input=(SAMPLES / "inner.csv").read_bytes(), capture_output=True, cwd=ROOT, timeout=120, check=False
    )
    assert answer.returncode == 1
    assert json.loads(answer.stdout)["verdict"] == "inner"
    closed = subprocess.run(
        f"{sys.executable} -m bearing diagnose data/samples | head -1",
        shell=True, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in closed.stderr
    assert closed.stdout.startswith("ball.csv")


@pytest.mark.parametrize("command", ["diagnose", "fetch", "train", "evaluate", "serve"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser().parse_args([command, "--help"])
    assert "usage: python -m bearing" in capsys.readouterr().out


def test_fetch_without_a_publisher_says_so(
    no_recordings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bearing.cwru.registry.BASE_URL", "http://127.0.0.1:9/")
    assert main(["fetch", "105"]) == 2
    assert "could not be downloaded" in capsys.readouterr().err


def test_fetch_names_what_is_at_hand_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bearing.cwru.registry import RegistryEntry, entry

    content = b"as published"
    published = replace(entry(105), sha256=hashlib.sha256(content).hexdigest())
    (tmp_path / "105.mat").write_bytes(content)
    monkeypatch.setenv("BEARING_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("bearing.cwru.registry.entry", lambda number: published)
    monkeypatch.setattr(RegistryEntry, "url", property(lambda self: pytest.fail("asked the publisher")))
    assert main(["fetch", "105"]) == 0
    told = capsys.readouterr()
    assert told.out.strip() == str(tmp_path / "105.mat")
    assert "BEARING_DATA_DIR names: not downloaded" in told.err


@pytest.mark.recordings
@pytest.mark.parametrize(("number", "verdict"), [(105, "inner"), (130, "outer"), (97, "normal")])
def test_real_recordings(recordings_dir: Path, number: int, verdict: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["diagnose", str(recordings_dir / f"{number}.mat"), "--json"])
    assert json.loads(capsys.readouterr().out)["verdict"] == verdict
