"""Bearing diagnostics: is this rolling bearing healthy, which part is failing, and how sure is that.

>>> import bearing
>>> d = bearing.diagnose("data/samples/outer.csv")
>>> d.verdict
'outer'

The public names are loaded when first used, so that `import bearing` costs next to nothing; `__init__.pyi` beside this
file tells editors and type checkers what they are.
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

_NAMES = {
    "bearing.errors": (
        "BearingError", "DataError", "DownloadFailed", "HashMismatch", "InputError", "MissingRate", "ModelError",
        "ParameterError", "RecordingMissing", "SignalError", "TooLarge", "UnreadableFile", "UnsupportedFormat",
    ),
    "bearing.machines.kept.machine": ("Machine",),
    "bearing.physics.catalogue": ("CatalogueEntry",),
    "bearing.physics.kinematics": ("FaultOrders", "Geometry", "fault_orders"),
    "bearing.recording": ("Recording",),
    "bearing.verdict.asked.ask": ("diagnose", "find_bearing", "read"),
    "bearing.verdict.diagnosis": ("Bearing", "Diagnosis"),
    "bearing.verdict.asked.intake": ("Intake",),
}  # fmt: skip
_HOME = {name: home for home, names in _NAMES.items() for name in names}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'bearing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
