"""One parser for every variable; a typo is one sentence and exit code 2 at every door."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bearing import settings
from bearing.errors import ParameterError
from bearing.files import ROOT

TYPOS = [
    ("PORT", "abc", "PORT must be a whole number from 1 to 65535, got 'abc'"),
    ("PORT", "70000", "PORT must be"),
    ("BEARING_WORKERS", "x", "BEARING_WORKERS must be a whole number"),
    ("BEARING_MAX_MB", "nan", "BEARING_MAX_MB must be a positive number of megabytes"),
    ("BEARING_MAX_SAMPLES", "1.5", "BEARING_MAX_SAMPLES must be a whole number"),
    ("BEARING_READ_TIMEOUT_S", "-1", "BEARING_READ_TIMEOUT_S must be a positive number"),
    ("BEARING_API_KEYS", "sesame", "was BEARING_API_KEY meant"),
    ("BEARING_WORKER", "2", "was BEARING_WORKERS meant"),
]
DOORS = {
    "version": ["-m", "bearing", "--version"],
    "serve": ["-m", "bearing", "serve"],
    "diagnose": ["-m", "bearing", "diagnose", "missing.csv"],
    "uvicorn": ["-m", "uvicorn", "bearing.api.service:app"],
    "streamlit": ["-m", "streamlit", "run", "app.py", "--server.headless", "true"],
}


@pytest.mark.parametrize(("name", "value", "said"), TYPOS)
def test_a_typo_is_told_in_one_sentence(name: str, value: str, said: str) -> None:
    with pytest.raises(ParameterError, match=said) as told:
        settings.check_environment({name: value})
    assert re.fullmatch(r"[A-Z][^\n]*[.?]", str(told.value))


@pytest.mark.parametrize("door", DOORS)
def test_no_door_answers_a_typo_with_a_traceback(door: str) -> None:
    done = subprocess.run(
        [sys.executable, *DOORS[door]],
        cwd=ROOT,
        env={**os.environ, "BEARING_WORKERS": "x"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "error: The environment variable BEARING_WORKERS must be a whole number" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_importing_the_service_reads_no_environment() -> None:
    code = "import bearing.api.service as s; print('app' in vars(s))"
    environment = {**os.environ, "BEARING_WORKERS": "x"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "False")


def test_what_is_set_is_in_force_and_what_is_not_stays_as_it_was() -> None:
    given = {"BEARING_MAX_MB": "0.5", "BEARING_MAX_SAMPLES": "1e6", "PORT": " 80 ", "BEARING_DATA_DIR": "~/cwru"}
    assert settings.limits(given).max_bytes == settings.api_settings(given).max_file_bytes == 500_000
    assert settings.limits(given).max_samples == 1_000_000
    assert settings.port(given) == 80
    assert settings.named_folder("BEARING_DATA_DIR", given) == Path.home() / "cwru"
    assert settings.limits({"BEARING_MAX_MB": " "}) == settings.Limits()
    assert settings.port({}) == 8501
    assert settings.named_folder("BEARING_DATA_DIR", {}) is None
    settings.check_environment({"BEARING_FORMATS_DIR": "of the tests", "HOME": "/"})


def test_nothing_else_reads_the_environment_and_every_variable_is_documented() -> None:
    readers = {p.relative_to(ROOT).as_posix() for p in (ROOT / "bearing").rglob("*.py") if "environ" in p.read_text()}
    readers -= {"bearing/readers/safe.py", "bearing/models/waveform.py"}  # one hands it on, one switches telemetry off
    assert {p for p in readers if re.search(r"os\.environ|getenv", (ROOT / p).read_text())} == {"bearing/settings.py"}
    told = "".join((ROOT / p).read_text() for p in ("README.md", "docs/api.md", "docs/formats.md"))
    assert {name for name in settings.VARIABLES if f"`{name}`" not in told} == {"XDG_CACHE_HOME"}
