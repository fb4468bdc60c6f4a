"""Where the project's own files live, in a checkout and in an installed wheel, and where downloads go."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bearing.settings import cache_parent, named_folder

__all__ = ["DATA_DIR", "ROOT", "RUNS_DIR", "WEIGHTS_DIR", "cache_dir", "local_data_dir"]

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = (_PACKAGE / "_data").is_dir()  # a wheel carries everything inside the package (pyproject.toml)

ROOT = _PACKAGE / "_app" if _INSTALLED else _PACKAGE.parent  # where app.py and pages/ lie
DATA_DIR = _PACKAGE / "_data" if _INSTALLED else ROOT / "data"
WEIGHTS_DIR = _PACKAGE / "_weights" if _INSTALLED else ROOT / "weights"
RUNS_DIR = Path("runs").absolute() if _INSTALLED else ROOT / "runs"


def local_data_dir(variable: str = "BEARING_DATA_DIR") -> Path | None:
    """The user's own folder of recordings, CWRU's unless another `variable` is named; None when it is not set."""
    return named_folder(variable)


def cache_dir() -> Path:
    """A writable folder for downloads: ``BEARING_CACHE_DIR``, else the user's cache, else a temporary folder.

    Nothing is made there before there is something to keep. Hosts with a read-only home still get a place; what is
    there is lost with the host's disk.
    """
    wanted = named_folder("BEARING_CACHE_DIR") or cache_parent() / "bearing-diagnostics"
    for place in (wanted, Path(tempfile.gettempdir()) / "bearing-diagnostics"):
        nearest = next(folder for folder in (place, *place.parents) if os.path.exists(folder))
        if nearest.is_dir() and os.access(nearest, os.W_OK):
            return place
    return Path(tempfile.mkdtemp(prefix="bearing-diagnostics-"))
