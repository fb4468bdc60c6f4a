"""A measurement as a row of the store, and back."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np

from bearing import __version__
from bearing.machines.measure import Measurement, Verdict
from bearing.physics.envelope_rule import SLIPS
from bearing.signal.order_spectrum import packed, unpacked
from bearing.states import FAMILIES

__all__ = ["COLUMNS", "SIZE", "measurement_of", "row_of"]

COLUMNS = (
    "point", "file", "sha256", "started", "duration_s", "sampling_rate_hz", "unit", "bearing", "turns", "joined",
    "indicators", "lines_stand", "findings", "verdict", "waterfall", "lines", "spectrum",
)  # fmt: skip
# bytes that a stranger's row takes
SIZE = " + ".join(
    f"coalesce(length({name}), 0)"
    for name in ("waterfall", "lines", "spectrum", "indicators", "lines_stand", "findings", "verdict")
)


def row_of(m: Measurement) -> tuple[object, ...]:
    """What is kept of a measurement, as COLUMNS, and the version of this program."""
    return (
        m.point, m.file, m.sha256, m.started, m.duration_s, m.sampling_rate_hz, m.unit, m.bearing, m.turns, m.joined,
        json.dumps(m.values), json.dumps(sorted(m.lines_stand)), json.dumps(m.findings),
        None if m.verdict is None else json.dumps(asdict(m.verdict)), m.waterfall.astype("<f2").tobytes(),
        m.lines.astype("<f2").tobytes(), None if m.spectrum is None else packed(m.spectrum), __version__,
    )  # fmt: skip


def measurement_of(row: tuple) -> Measurement:
    """A measurement of COLUMNS. Raises ValueError, TypeError or KeyError for a row of another program."""
    point, file, digest, started, duration, rate, unit, bearing, turns, joined, *rest = row
    indicators, stand, findings, verdict, waterfall, lines, spectrum = rest
    said = None if verdict is None else json.loads(verdict)
    values = {str(name): float(value) for name, value in json.loads(indicators).items()}
    return Measurement(
        file, point, digest, started, duration, rate, unit, values, bearing, frozenset(json.loads(stand)),
        turns, tuple(json.loads(findings)), None if spectrum is None else unpacked(spectrum),
        np.frombuffer(waterfall, "<f2").astype(np.float16), joined,
        None if said is None else Verdict(**{**said, "warnings": tuple(said["warnings"])}),
        np.frombuffer(lines, "<f2").astype(np.float16).reshape(-1, len(FAMILIES), SLIPS),
    )  # fmt: skip
