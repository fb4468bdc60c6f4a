"""Bearing diagnostics: is this rolling bearing healthy, which part is failing, and how sure is that.

The public names are loaded when first used, so that `import bearing` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Diagnosis": "bearing.verdict.diagnosis",
    "FaultOrders": "bearing.physics.kinematics",
    "Geometry": "bearing.physics.kinematics",
    "Recording": "bearing.recording",
    "diagnose": "bearing.verdict.diagnosis",
    "fault_orders": "bearing.physics.kinematics",
    "read_bytes": "bearing.readers",
    "read_path": "bearing.readers",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'bearing' has no attribute {name!r}")
