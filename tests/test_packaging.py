"""What an installation brings: the same packages however one installs, and a command for what is missing."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import bearing
from bearing.cli import main as command_line
from bearing.files import ROOT
from benchmarks import deploy_check

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def requirements(name: str) -> set[str]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return {line.replace('"', "'") for line in lines if line and line[0] not in "#-"}


def test_the_extra_app_is_what_a_host_installs() -> None:
    assert {*PROJECT["dependencies"], *EXTRAS["app"]} == requirements("requirements.txt")


def test_development_brings_every_other_extra() -> None:
    others = {package for extra, packages in EXTRAS.items() if extra != "app" for package in packages}
    assert others <= requirements("requirements-dev.txt")


def test_the_version_is_said_once() -> None:
    assert "version" in PROJECT["dynamic"]
    assert bearing.__version__ in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_command_exists() -> None:
    module, name = PROJECT["scripts"]["bearing"].split(":")
    command = f"import sys; sys.argv = ['bearing', '--version']; from {module} import {name}; sys.exit({name}())"
    told = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert told.stdout.strip().endswith(bearing.__version__)


def test_what_is_missing_is_named_with_its_extra() -> None:
    with pytest.raises(bearing.ParameterError, match=r"pip install 'bearing-diagnostics\[app\]'"):
        command_line._need("no_such_library", "app")
    command_line._need("numpy", "app")


def test_a_lock_names_what_carries_no_hash() -> None:
    whole = "numpy==2.3.1 \\\n    --hash=sha256:ab \\\n    --hash=sha256:cd\nscipy==1.16.0 \\\n    --hash=sha256:ef\n"
    assert deploy_check.unhashed(whole) == []
    assert deploy_check.unhashed(whole + "tqdm==4.67.1\n") == ["tqdm==4.67.1"]


# --- the Dockerfile: no engine builds it here, so its steps are held equal to those that deploy_check takes -----------

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def steps(word: str) -> list[str]:
    """What follows one instruction of the Dockerfile, continued lines joined."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return [line.split(maxsplit=1)[1] for line in joined.splitlines() if line.startswith(f"{word} ")]


def test_the_image_starts_what_deploy_check_starts() -> None:
    host = deploy_check.render()
    assert steps("CMD") == [f"exec {host.command}"]
    variables = dict(pair.split("=", 1) for pair in " ".join(steps("ENV")).split())
    assert host.environment.items() <= variables.items()
    assert "/_stcore/health" in steps("HEALTHCHECK")[0]
    assert int(variables["PORT"])


def test_the_image_installs_what_a_host_installs_and_runs_as_nobody_special() -> None:
    assert "pip install --only-binary=:all: -r requirements.txt" in steps("RUN")
    assert steps("FROM")[-1].startswith("python:3.11-slim")  # the Python of constraints.txt
    assert steps("USER") == ["bearing"]
    assert DOCKERFILE.index("\nUSER ") > DOCKERFILE.index("\nRUN pip") < DOCKERFILE.index("\nCMD ")


def test_what_the_image_copies_is_enough_to_diagnose_and_to_serve(tmp_path: Path) -> None:
    for step in steps("COPY"):
        *sources, target = step.split()
        for source in sources:
            place = tmp_path / target / source if target.endswith("/") else tmp_path / target
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            copy(ROOT / source, place)
    code = (
        "import app, bearing; from pathlib import Path; assert Path(bearing.__file__).is_relative_to(Path.cwd()); "
        "assert app.NAVIGATION.exists(); print(bearing.diagnose('data/samples/outer.csv').verdict)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "outer", done.stderr[-2000:]


def test_the_image_gets_no_recordings_and_no_secrets() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in ignored
    assert "data/cwru" in ignored
    kept = {line[1:] for line in ignored if line.startswith("!")}
    copied = {source for step in steps("COPY") for source in step.split()[:-1]}
    assert {name.split("/")[0] for name in kept} == copied
