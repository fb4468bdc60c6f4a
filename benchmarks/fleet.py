"""Many machines: `python -m benchmarks.fleet [MACHINES] [MEASUREMENTS]` makes a store and times what the pages do.

Real measurements of one simulated machine, copied under other hashes with levels that wander, so that the store has the
size of a real one. Processor seconds, which other programs add little to: the rows of all machines judged anew, kept in
the store as whoever adds does, read from there (the Fleet page), and after one machine has grown; the history of one
machine (a click), and its charts.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from bearing.figures.trend import history_figures
from bearing.machines.kept.fleet import fleet, sum_up
from bearing.machines.kept.store import Store
from bearing.machines.measure import Measurement, measure
from bearing.physics.catalogue import find
from bearing.physics.simulate import SimulationConfig, simulate
from bearing.recording import Recording
from bearing.verdict.asked.request import Request
from bearing.verdict.diagnosis import Bearing

BEARING = "6205-2RS"


def made(count: int) -> list[Measurement]:
    """So many measurements of one machine, a day apart."""
    entry = find(BEARING)
    found = []
    for i in range(10):
        config = SimulationConfig(duration_s=1.0, seed=i)
        recording = Recording(simulate(config), 12_000.0, config.shaft_rpm, "acc", "", "g")
        found.append(measure(recording, Bearing(entry.name, entry.orders)))
    rng = np.random.default_rng(0)
    days = np.datetime64("2025-01-01T08:00:00") + np.arange(count)
    return [
        replace(
            found[i % 10], file=f"{days[i]}.csv", started=f"{days[i]}+00:00",
            values={k: v * (1 + 0.03 * rng.normal()) for k, v in found[i % 10].values.items()},
        )
        for i in range(count)
    ]  # fmt: skip


def timed(what: str, do: Callable[[], object]) -> None:
    """What it takes, said."""
    cpu, wall = time.process_time(), time.perf_counter()
    do()
    print(f"{what}: {time.process_time() - cpu:.2f} s of processor, {time.perf_counter() - wall:.2f} s")


def main() -> None:
    machines, count = (int(text) for text in (sys.argv[1:3] or ("100", "100")))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "plant.sqlite")
        pattern = made(count)
        for m in range(machines):
            its = [replace(one, sha256=f"{m}-{i}") for i, one in enumerate(pattern)]
            store.add(f"machine {m}", its, Request(bearing=BEARING))
        print(f"{machines} machines, {count} measurements each: {store.path.stat().st_size / 1e6:.0f} MB")
        timed("fleet, every machine judged", lambda: fleet(store))
        timed("its rows kept in the store", lambda: sum_up(store))
        timed("fleet, read", lambda: fleet(store))
        store.add("machine 1", [replace(pattern[0], sha256="new")])
        timed("fleet, one machine has grown", lambda: fleet(store))
        timed("history of one", lambda: store.history("machine 0"))
        history = store.history("machine 0")
        timed(
            "its charts",
            lambda: json.dumps([f.to_plotly_json() for f in history_figures(history).values()], default=str),
        )


if __name__ == "__main__":
    main()
