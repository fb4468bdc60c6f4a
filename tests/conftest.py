"""Fixtures every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from browser import chromium, open_page, server  # noqa: F401  fixtures of tests/browser.py

from bearing.files import local_data_dir


@pytest.fixture(scope="session")
def recordings_dir() -> Path:
    """The folder of real CWRU recordings; the test skips with a reason where there is none."""
    folder = local_data_dir()
    if folder is None or not (folder / "105.mat").exists():
        missing = "needs real recordings: set BEARING_DATA_DIR to a folder of CWRU .mat files"
        if os.environ.get("BEARING_REQUIRE_RECORDINGS"):
            pytest.fail(missing)
        pytest.skip(missing)
    return folder


@pytest.fixture
def no_recordings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty machine: no local folder, an empty cache."""
    monkeypatch.delenv("BEARING_DATA_DIR", raising=False)
    monkeypatch.setenv("BEARING_CACHE_DIR", str(tmp_path))
    return tmp_path


def pytest_configure(config: pytest.Config) -> None:
    # Two cores: BLAS threads of several libraries fight each other, and tests must not depend on their number.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
