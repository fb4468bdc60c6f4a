"""Where the project's own files live, and where downloads go."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bearing.settings import cache_parent, named_folder

__all__ = ["DATA_DIR", "ROOT", "RUNS_DIR", "WEIGHTS_DIR", "cache_dir", "local_data_dir"]

ROOT = Path(__file__).resolve().parent.parent
DATA_DIR = ROOT / "data"
WEIGHTS_DIR = ROOT / "weights"
RUNS_DIR = ROOT / "runs"


def local_data_dir(variable: str = "BEARING_DATA_DIR") -> Path | None:
    """The user's own folder of recordings, CWRU's unless another `variable` is named; None when it is not set."""
    return named_folder(variable)


def cache_dir() -> Path:
    """A writable folder for downloads: ``BEARING_CACHE_DIR``, else the user's cache, else a temporary folder.

    Hosts with a read-only home still get a place; what is there is lost with the host's disk.
    """
    wanted = named_folder("BEARING_CACHE_DIR") or cache_parent() / "bearing-diagnostics"
    for place in (wanted, Path(tempfile.gettempdir()) / "bearing-diagnostics"):
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(place, os.W_OK):
            return place
    return Path(tempfile.mkdtemp(prefix="bearing-diagnostics-"))
