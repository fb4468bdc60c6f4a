"""A simulated plant to look at: five machines, one measurement a week for a year, two of them sound.

`python -m bearing.machines.demo` writes `data/demo_fleet.sqlite`; nothing in it was measured, and its names say so.
"""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from bearing.files import DATA_DIR
from bearing.machines.history import VERDICTS
from bearing.machines.kept.store import Store
from bearing.machines.measure import Measurement, Verdict, measure
from bearing.physics.catalogue import find
from bearing.physics.simulate import Condition, Resonance, SimulationConfig, simulate
from bearing.recording import Recording
from bearing.verdict.asked.request import Request
from bearing.verdict.diagnosis import Bearing
from bearing.verdict.judging import diagnose

__all__ = ["DEMO_STORE", "MACHINES", "SimulatedMachine", "make_demo"]

DEMO_STORE = DATA_DIR / "demo_fleet.sqlite"
WEEKS = 52
FIRST_WEEK = date(2025, 1, 6)
RATE_HZ, SECONDS = 12_000.0, 2.0


@dataclass(frozen=True)
class SimulatedMachine:
    """What ails a machine, the week from which it does, and how fast it grows (g a week at first)."""

    name: str
    state: Condition
    from_week: int
    growth_g: float
    rpm: tuple[float, ...]
    seed: int

    def impact_g(self, week: int) -> float:
        """Peak of an impact in a week."""
        age = max(0, week - self.from_week)
        return self.growth_g * age * 1.06**age


MACHINES = (
    SimulatedMachine("Fan 1 (simulated)", "healthy", WEEKS, 0.0, (1480.0,), 1),
    SimulatedMachine("Pump 2 (simulated)", "outer", 28, 0.020, (1480.0,), 2),
    SimulatedMachine("Compressor 3 (simulated)", "inner", 34, 0.035, (2950.0,), 3),
    SimulatedMachine("Mill 4 (simulated)", "healthy", WEEKS, 0.0, (990.0, 1480.0), 4),
    SimulatedMachine("Conveyor 5 (simulated)", "ball", 31, 0.050, (1480.0,), 5),
)


def make_demo(path: Path = DEMO_STORE, weeks: int = WEEKS, machines: Sequence[SimulatedMachine] = MACHINES) -> None:
    """Write the demo store; the same call makes the same measurements."""
    path.unlink(missing_ok=True)
    store = Store(path)
    bearing = _bearing()
    for machine in machines:
        measured = [_week(machine, week, weeks, bearing) for week in range(weeks)]
        store.add(machine.name, measured, Request(bearing=bearing.name))
    with sqlite3.connect(path) as connection:  # one file to ship, and to open where nothing may be written
        connection.execute("UPDATE measurement SET added = ''")
        connection.execute("UPDATE machine SET stamp = name")  # the same file each time
        connection.commit()
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()


def _bearing() -> Bearing:
    entry = find("6205-2RS")
    return Bearing(entry.name, entry.orders)


def _week(machine: SimulatedMachine, week: int, weeks: int, bearing: Bearing) -> Measurement:
    """One measurement: the machine's own resonances, a level that wanders, a speed that is never quite the same."""
    rng = np.random.default_rng([machine.seed, week])
    rpm = machine.rpm[week % len(machine.rpm)] * (1 + 0.003 * rng.normal())
    day = FIRST_WEEK + timedelta(weeks=week)
    config = SimulationConfig(
        state=machine.state,
        sampling_rate_hz=RATE_HZ,
        duration_s=SECONDS,
        shaft_rpm=rpm,
        orders=bearing.orders,
        resonances=(Resonance(2_300.0 + 150 * machine.seed, 0.05), Resonance(1_200.0 + 60 * machine.seed, 0.06, 0.3)),
        impact_g=machine.impact_g(week),
        noise_g=0.1 * (rpm / 1480) * float(np.exp(0.05 * rng.normal() + 0.05 * np.sin(week / 8))),
        mains_hz=50.0,
        seed=1000 * machine.seed + week,
    )
    recording = Recording(
        simulate(config), RATE_HZ, rpm, "bearing housing", f"SIMULATED {machine.name} {day}", "g", "simulation",
        "simulation", started=f"{day}T08:00:00+00:00",
    )  # fmt: skip
    measured = replace(measure(recording, bearing), sha256=f"simulated-{machine.seed}-{week}")
    if week < weeks - VERDICTS:
        return measured
    found = diagnose(recording, bearing)
    return replace(measured, verdict=Verdict(found.verdict, found.confidence, found.reason))


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the demo where it is looked for, or elsewhere."""
    parser = argparse.ArgumentParser(description="Write the simulated demo fleet.")
    parser.add_argument("--out", type=Path, default=DEMO_STORE)
    make_demo(parser.parse_args(argv).out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
