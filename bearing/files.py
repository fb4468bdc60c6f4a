"""Where the project's own files live, and where downloads go."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["DATA_DIR", "ROOT", "RUNS_DIR", "WEIGHTS_DIR", "cache_dir", "local_data_dir"]

ROOT = Path(__file__).resolve().parent.parent
DATA_DIR = ROOT / "data"
WEIGHTS_DIR = ROOT / "weights"
RUNS_DIR = ROOT / "runs"


def local_data_dir(variable: str = "BEARING_DATA_DIR") -> Path | None:
    """The user's own folder of recordings, CWRU's unless another `variable` is named; None when it is not set."""
    folder = os.environ.get(variable, "").strip()
    return Path(folder).expanduser() if folder else None


def cache_dir() -> Path:
    """A writable folder for downloads: ``BEARING_CACHE_DIR``, else the user's cache, else a temporary folder.

    Hosts with a read-only home still get a place; what is there is lost with the host's disk.
    """
    named = os.environ.get("BEARING_CACHE_DIR", "").strip()
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    choices = [Path(named).expanduser()] if named else [Path(home) / "bearing-diagnostics"]
    for folder in [*choices, Path(tempfile.gettempdir()) / "bearing-diagnostics"]:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix="bearing-diagnostics-"))
