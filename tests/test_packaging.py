"""What an installation brings: the same packages however one installs, and a command for what is missing."""

from __future__ import annotations

import tomllib
from importlib import import_module

import pytest

import bearing
from bearing.cli import main as command_line
from bearing.files import ROOT

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
    assert getattr(import_module(module), name) is command_line.main


def test_what_is_missing_is_named_with_its_extra() -> None:
    with pytest.raises(bearing.ParameterError, match=r"pip install 'bearing-diagnostics\[app\]'"):
        command_line._need("no_such_library", "app")
    command_line._need("numpy", "app")
