"""Where the project's own files live, in a checkout and in an installed wheel, and where downloads go."""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path

from bearing.settings import cache_parent, named_folder, own_catalogue

__all__ = ["DATA_DIR", "ROOT", "RUNS_DIR", "WEIGHTS_DIR", "cache_dir", "local_data_dir", "program"]

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = (_PACKAGE / "_data").is_dir()  # a wheel carries everything inside the package (pyproject.toml)

ROOT = _PACKAGE / "_app" if _INSTALLED else _PACKAGE.parent  # where app.py and pages/ lie
DATA_DIR = _PACKAGE / "_data" if _INSTALLED else ROOT / "data"
WEIGHTS_DIR = _PACKAGE / "_weights" if _INSTALLED else ROOT / "weights"
RUNS_DIR = Path("runs").absolute() if _INSTALLED else ROOT / "runs"


@cache
def program() -> str:
    """What this program is, by its source and its bearings: what another one made may be made otherwise."""
    digest = hashlib.sha256()
    for path in (*sorted(_PACKAGE.rglob("*.py")), DATA_DIR / "bearings.csv", own_catalogue()):
        if path is not None and path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


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
