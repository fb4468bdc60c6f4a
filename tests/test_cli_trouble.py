"""Exit codes and sentences when the world around the command line is broken: no traceback, no false verdict."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bearing.cli.main import main
from bearing.files import ROOT

SAMPLES = ROOT / "data" / "samples"
PYTHON = sys.executable


def shell(command: str, **more: str) -> subprocess.CompletedProcess[str]:
    answer = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, timeout=120, env={**os.environ, **more},
        check=False,
    )  # fmt: skip
    assert "Traceback" not in answer.stderr
    assert "Exception ignored" not in answer.stderr
    return answer


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine's folder and store: sound recordings, then faulty ones, so that the history is in alarm."""
    folder: Path = tmp_path_factory.mktemp("plant")
    (folder / "pump").mkdir()
    (folder / "empty").mkdir()
    os.mkfifo(folder / "fifo")
    for number in range(9):
        text = (SAMPLES / ("healthy.csv" if number < 6 else "outer.csv")).read_text().splitlines()
        (folder / "pump" / f"m{number}.csv").write_text("\n".join([*text[:2], f"0.0{number}", *text[3:20_000]]))
    assert main(["add", "pump", str(folder / "pump"), "--store", str(folder / "s.sqlite")]) == 0
    return folder


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        ("trend {0}/pump --json | true", 1, ""),
        ("trend {0}/pump --csv | head -1", 1, ""),
        ("trend {0}/pump > /dev/full", 70, "No space left"),
        ("trend {0}/pump >&-", 1, ""),
        ("trend {0}/pump <&- 2>&-", 1, ""),
        ("trend {0}/empty", 2, "is empty"),
        ("trend {0}/fifo", 2, "is no folder"),
        ("trend /dev/zero", 2, "is no folder"),
        ("trend {0}/pump --rate nan", 2, "sampling rate must lie between"),
        ("fleet --store {0}/s.sqlite | true", 1, ""),
        ("fleet --store {0}/s.sqlite --csv | true", 1, ""),
        ("fleet --store {0}/s.sqlite > /dev/full", 70, "No space left"),
        ("fleet --store {0}/s.sqlite >&-", 1, ""),
        ("fleet --store {0}/fifo", 2, "No store"),
        ("fleet --store /dev/zero", 2, "No store"),
        ("add pump {0}/pump --store {0}/s.sqlite | true", 0, ""),
        ("add pump {0}/fifo --store {0}/s.sqlite", 2, "No file or folder"),
        ("trend $(printf 'x%.0s' {{1..5000}})", 2, "A path of that length is none"),
        ("add pump $(printf 'x%.0s' {{1..5000}}) --store {0}/s.sqlite", 2, "No file or folder"),
        ("add ' ' {0}/pump --store {0}/s.sqlite", 2, "A machine needs a name"),
        ("watch {0}/pump --machine a --store {0}/w.sqlite --every nan", 2, "time between two looks must lie between"),
        ("watch {0}/pump --machine a --store {0}/w.sqlite --every -1", 2, "time between two looks must lie between"),
        ("--version | true", 0, ""),
    ],
)
def test_commands_about_machines_keep_their_code_too(command: str, code: int, sentence: str, plant: Path) -> None:
    answer = shell(f"{PYTHON} -m bearing {command.format(plant)}; exit ${{PIPESTATUS[0]}}")
    assert answer.returncode == code
    assert sentence in answer.stderr


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("mcp data/samples < /dev/null", 0),
        ("mcp data/samples <&-", 0),
        ("mcp data/samples < /dev/null >&-", 0),
        ("mcp nowhere", 2),
    ],
)
def test_an_assistant_that_hangs_up_ends_the_server(command: str, code: int) -> None:
    pytest.importorskip("mcp")
    assert shell(f"{PYTHON} -m bearing {command}").returncode == code


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        ("diagnose data/samples | true", 1, ""),
        ("diagnose data/samples/healthy.csv data/samples/inner.csv --csv | head -1", 1, ""),
        ("diagnose data/samples/healthy.csv --json | true", 0, ""),
        ("diagnose data/samples/inner.csv > /dev/full", 70, "No space left"),
        ("diagnose data/samples/inner.csv >&-", 1, ""),
        ("diagnose data/samples/inner.csv 2>&-", 1, ""),
        ("diagnose - <&-", 2, "The file is empty"),
        ("diagnose none.mat 2> /dev/full", 2, ""),
        ("diagnose <(cat data/samples/inner.csv)", 2, "send its content to '-'"),
    ],
)
def test_broken_surroundings_keep_the_code_true(command: str, code: int, sentence: str) -> None:
    answer = shell(f"{PYTHON} -m bearing {command}; exit ${{PIPESTATUS[0]}}")
    assert answer.returncode == code
    assert sentence in answer.stderr


def test_a_console_without_the_letters_still_gets_its_verdict(tmp_path: Path) -> None:
    path = tmp_path / "насос 轴承.csv"
    path.write_bytes((SAMPLES / "inner.csv").read_bytes())
    answer = shell(f"{PYTHON} -m bearing diagnose '{path}'", PYTHONIOENCODING="latin-1")
    assert answer.returncode == 1
    assert "inner" in answer.stdout


def test_stopping_while_libraries_load_is_130() -> None:
    process = subprocess.Popen(
        [PYTHON, "-X", "importtime", "-m", "bearing", "diagnose", str(SAMPLES)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:  # one line per module loaded
        if "numpy" in line:
            break
    time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in told


def test_what_a_library_makes_of_being_stopped_is_stopping_too() -> None:
    program = (
        "import os, signal, bearing.cli.main as main, bearing.__main__ as command\n"
        "def loads(*_):\n"
        "    try: os.kill(os.getpid(), signal.SIGINT)\n"
        "    except KeyboardInterrupt: pass\n"
        "    raise ImportError('your set-up is broken')\n"
        "main.parser = loads\n"
        "command.run()"
    )
    answer = subprocess.run([PYTHON, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (answer.returncode, answer.stderr) == (130, "stopped\n")


@pytest.mark.parametrize("kind", ["fifo", "/dev/zero", "/dev/urandom", "/dev/null"])
def test_only_regular_files_are_read(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = kind
    if kind == "fifo":
        path = str(tmp_path / "pipe.csv")
        os.mkfifo(path)
    assert main(["diagnose", path]) == 2
    assert "is no file but a folder, device or pipe" in capsys.readouterr().err


def test_endless_input_is_cut_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = shell(f"{PYTHON} -m bearing diagnose - < /dev/zero", BEARING_MAX_MB="2")
    assert answer.returncode == 2
    assert "the limit is 2 MB" in answer.stderr


@pytest.mark.parametrize("name", ["x" * 300, "x" * 5000, "a/" * 3000, "nul\0inside", "[", "**/[", "~nobody/x"])
def test_odd_names_get_one_sentence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", name]) == 2
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert len(told) < 700


def test_a_fault_of_the_program_is_70_and_does_not_end_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bearing.cli import diagnose as command

    real = command._opened

    def broken(name: str, request: Any) -> object:
        if "healthy" in name:
            raise IndexError("list index out of range")
        return real(name, request)

    monkeypatch.setattr(command, "_opened", broken)
    assert main(["diagnose", str(SAMPLES / "healthy.csv")]) == 70
    assert "The program itself failed (IndexError" in capsys.readouterr().err
    assert main(["diagnose", str(SAMPLES / "healthy.csv"), str(SAMPLES / "inner.csv")]) == 1
    assert "inner.csv" in capsys.readouterr().out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0)
    assert main(["diagnose", str(tmp_path)]) == 2
    assert "may not be read" in capsys.readouterr().err
