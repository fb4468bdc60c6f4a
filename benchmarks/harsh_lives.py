"""Lives in which more than the bearing changes: `python -m benchmarks.harsh_lives [CACHE] [SEED]`.

Those of `benchmarks.lives`, and on top of them: load that steps or stays, machines that stand still, sensors that come
loose, are put on anew or fail at times, a neighbour whose bearing strikes, a speed told wrongly, levels that jump early
and stay, faults there from the first day, a handful of recordings only. Printed as there.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bearing.errors import BearingError
from bearing.machines.measure import Measurement, measure
from bearing.physics.simulate import ORDERS_6205, Condition, Resonance, SimulationConfig, simulate
from bearing.recording import Recording
from bearing.verdict.diagnosis import Bearing
from benchmarks.lives import (
    BENCH,
    RIG,
    Floats,
    Life,
    Row,
    asked_for,
    exponential,
    grows,
    judged,
    kept,
    recordings,
    steps,
    told,
)

Law = Callable[[Floats], Floats]
EVERY: tuple[Condition, ...] = ("outer", "inner", "ball")


def never(t: Floats) -> Floats:
    """Nothing at any time."""
    return 0.0 * t


@dataclass(frozen=True)
class Harsh(Life):
    """A life, and what else happens. Of the share of life: `level_db` of all the machine does, `gain_db` of the sensor,
    `loose` (1: its mount carries low frequencies only), `neighbour` (strength of its impacts), `still` (above 0 it
    stands). `stands`, `fails`: shares of recordings at random. `told_rpm`: the speed told, whatever it is."""

    level_db: Law = never
    gain_db: Law = never
    loose: Law = never
    neighbour: Law = never
    still: Law = never
    stands: float = 0.0
    fails: float = 0.0
    told_rpm: float = 0.0


def during(*stretches: tuple[float, float, float]) -> Law:
    """A value from one share of life to another, 0 elsewhere."""
    return lambda t: sum((value * ((t >= a) & (t < b)) for a, b, value in stretches), start=0.0 * t)


def harsh_lives(seed: int = 0) -> list[Harsh]:
    """All of them; the same seed makes the same."""
    made: list[Harsh] = []

    def rig(name: str, count: int, **more: Any) -> None:
        made.append(Harsh(f"rig {name}", count, 0.1, 25_600.0, 1800.0, RIG, seed=seed + 500 + len(made), **more))

    def bench(name: str, **more: Any) -> None:
        a = {"count": 984, "rpm": 2000.0, "seconds": 1.0, "rate_hz": 20_480.0, "orders": BENCH, **more}
        made.append(Harsh(f"bench {name}", seed=seed + 500 + len(made), **a))

    def plant(name: str, count: int, **more: Any) -> None:
        a = {"seconds": 2.0, "rpm": 1480.0, "rate_hz": 12_000.0, "orders": ORDERS_6205, **more}
        made.append(Harsh(f"plant {name}", count, seed=seed + 500 + len(made), **a))

    late = {"parts": EVERY, "wear_db": exponential(0.85, 20, 3)}
    rig("load up 4 twice, fails", 200, level_db=during((0.2, 0.3, 4), (0.5, 0.6, 4)), **late)
    rig("load up 5 and stays, fails", 200, level_db=during((0.2, 2, 5)), **late)
    rig("load up 7 and stays, fails", 200, level_db=during((0.2, 2, 7)), **late)
    rig("grows 7 by 30 %, stays, fails", 230, parts=EVERY, fault=steps((0, 0), (0.2, 0), (0.3, 1), (0.85, 1), (1, 8)),
        wear_db=steps((0, 0), (0.2, 0), (0.3, 7), (0.85, 7), (1, 22)))  # fmt: skip
    rig("jumps 5 by 20 %, stays, fails", 150, parts=EVERY, running_in=(2, 0.05),
        wear_db=steps((0, 0), (0.15, 0), (0.2, 5), (0.85, 5), (1, 22)))  # fmt: skip
    rig("runs in 12 to 45 %, then rises", 180, parts=EVERY, running_in=(12, 0.2), fault=grows(0.5, 8),
        wear_db=steps((0, 0), (0.45, 0), (1, 14)))  # fmt: skip
    rig("runs in up, then down", 180, level_db=lambda t: 6 * np.exp(-(((t - 0.08) / 0.05) ** 2)), **late)
    rig("quiet at first, warms 5 dB", 160, level_db=lambda t: 5 * np.clip(t / 0.15, 0, 1), **late)
    rig("quiet at first, warms 7 dB", 160, level_db=lambda t: 7 * np.clip(t / 0.25, 0, 1), **late)
    rig("scatters by 2 dB, fails", 160, scatter_db=2.0, **late)
    rig("bursts in 15 %, fails", 160, bursts=0.15, **late)
    rig("sound, scatters by 2 dB", 200, scatter_db=2.0, running_in=(5, 0.1))
    rig("sound, bursts in 15 %", 200, bursts=0.15)
    rig("rises from the first day", 200, parts=EVERY, wear_db=steps((0, 0), (1, 18)), fault=grows(0, 8, 1.0))
    rig("ball alone", 180, parts=("ball",), fault=grows(0.6, 10), wear_db=exponential(0.85, 15, 3), running_in=(4, 0.1))
    rig("thirty", 30, parts=EVERY, wear_db=exponential(0.7, 20, 3), running_in=(4, 0.1))
    rig("twenty, sudden", 20, parts=EVERY, wear_db=steps((0, 0), (0.85, 0), (0.9, 8), (1, 20)))
    rig("very many", 2400, parts=EVERY, wear_db=exponential(0.95, 20, 3), running_in=(5, 0.1), bursts=0.01)
    rig("sensor fails in 5 %", 220, fails=0.05, **late)
    outer = {
        "parts": ("outer",), "scatter_db": 0.25,
        "fault": steps((0, 0), (0.54, 0), (0.56, 1.1), (0.7, 2.5), (0.9, 3), (1, 8)),
        "wear_db": steps((0, 0), (0.7, 0), (0.75, 3), (0.85, 2), (0.95, 5), (1, 14)),
    }  # fmt: skip
    bench("outer, stands at the end", still=during((0.998, 2, 1)), **outer)
    bench("outer, a neighbour strikes", neighbour=during((0, 2, 0.25)), **outer)
    bench("outer, told 1 % off", told_rpm=1980.0, **outer)
    bench("outer, stands at first", running_in=(3, 0.05), still=during((0, 0.001, 1)), **outer)
    bench("sound, a neighbour fails", neighbour=during((0.6, 2, 1.2)), scatter_db=0.25)
    plant("sound, forty of 10 s", 40, seconds=10.0)
    plant("sound, load 6 dB", 150, load_db=6.0)
    plant("sound, load 7 dB once", 150, level_db=during((0.3, 0.4, 7)))
    plant("sound, greased thrice", 156, level_db=lambda t: -4 * np.exp(-((t * 3.2) % 1) * 3))
    plant("sound, stands in 15 %", 150, stands=0.15)
    plant("sound, stands from 30 to 50 %", 150, still=during((0.3, 0.5, 1)))
    plant("sound, stands at first", 150, still=during((0, 0.15, 1)))
    fails = {"parts": ("outer",), "fault": grows(0.6, 7)}
    plant("outer, stands in 15 %", 150, stands=0.15, **fails)
    plant("outer, stands at the end", 150, still=during((0.99, 2, 1)), **fails)
    plant("outer, stands in 60 %", 150, stands=0.6, **fails)
    plant(
        "sound, comes loose", 150, loose=steps((0, 0), (0.4, 0), (0.7, 1)), gain_db=steps((0, 0), (0.4, 0), (0.7, -6))
    )
    plant("sound, remounted by 6 dB", 150, gain_db=during((0.3, 0.6, 6), (0.6, 2, 1)))
    plant("sound, loose and fixed", 150, loose=during((0.3, 0.6, 0.7)))
    plant("outer, comes loose", 150, parts=("outer",), fault=grows(0.6, 9), loose=steps((0, 0), (0.4, 0), (0.7, 0.5)),
          gain_db=steps((0, 0), (0.4, 0), (0.7, -5)))  # fmt: skip
    plant("outer from the first day", 100, parts=("outer",), fault=lambda t: 3 + 0 * t)
    plant("inner from the first day, grows", 100, parts=("inner",), fault=lambda t: 2 + 6 * t)
    plant("sound, sensor fails in 5 %", 150, fails=0.05)
    plant("sound, a neighbour at times", 150, neighbour=lambda t: 1.5 * ((t * 13.7) % 1 > 0.8))
    plant("sound, told 1 % off, moves", 150, speeds=(1.0, 0.98, 1.015), told_rpm=1480.0)
    plant("outer, told 1 % off, moves", 150, speeds=(1.0, 0.98, 1.015), told_rpm=1480.0, parts=("outer",),
          fault=grows(0.6, 8))  # fmt: skip
    plant("ball, load 6 dB", 150, load_db=6.0, parts=("ball",), fault=grows(0.6, 10))
    plant("outer, eight", 8, parts=("outer",), fault=steps((0, 0), (0.6, 0), (0.75, 2), (1, 6)))
    plant("sound, eight", 8, scatter_db=0.8)
    plant("sound, twelve, seasons", 12, scatter_db=0.8, season_db=1.5)
    plant("inner, late and steep", 200, parts=("inner",), fault=grows(0.97, 8, 1.0))
    plant("outer, nothing known", 200, known=False, parts=("outer",), fault=grows(0.5, 7))
    plant("sound, nothing known, load 5 dB", 200, known=False, load_db=5.0)
    plant("sound, 0.1 s daily", 300, seconds=0.1, season_db=1.0)
    plant("outer, 0.1 s daily", 300, seconds=0.1, season_db=1.0, parts=("outer",), fault=grows(0.5, 8))
    return made


def written(life: Harsh) -> list[Recording]:
    """What its sensor wrote."""
    from scipy.signal import butter, lfilter

    rng = np.random.default_rng([78, life.seed])
    n, made = life.count, []
    shares = np.linspace(0, 1, n)
    stands = (life.still(shares) > 0) | (rng.random(n) < life.stands)
    for recording in recordings(life):
        i = int(recording.source[:5])
        t, rate_hz = shares[i : i + 1], recording.sampling_rate_hz or life.rate_hz
        x = np.array(recording.samples) * 10 ** (float(life.level_db(t)[0]) / 20)
        if (strength := float(life.neighbour(t)[0])) > 0:
            x += simulate(SimulationConfig(
                state="outer", sampling_rate_hz=rate_hz, duration_s=life.seconds, shaft_rpm=0.61 * life.rpm,
                resonances=(Resonance(0.1 * rate_hz),), impact_g=0.1 * strength, noise_g=0.0, shaft_g=(), mains_g=(),
                seed=int(rng.integers(1 << 31)),
            ))  # fmt: skip
        if stands[i]:
            x = 8e-4 * rng.normal(size=len(x)) + 6e-4 * np.sin(100 * np.pi * np.arange(len(x)) / rate_hz)
        if (loose := float(life.loose(t)[0])) > 0:
            x = lfilter(*butter(2, min(0.95, 0.95 - 0.87 * loose)), x)
        x *= 10 ** (float(life.gain_db(t)[0]) / 20)
        if rng.random() < life.fails:
            noise, blow = rng.normal(size=len(x)), rng.random(len(x)) < 2e-4
            x = (1e-5 * noise, 8 * np.clip(x, -x.std(), x.std()), x + 5 * blow * noise)[int(rng.integers(3))]
        rpm = (life.told_rpm or recording.shaft_rpm) if life.known else None
        made.append(Recording(np.round(x, 5), rate_hz, rpm, "acc", recording.source, "g"))
    return made


def measured(life: Life) -> list[Measurement]:
    """Its history in numbers; recordings that are none are left out, as everywhere."""
    assert isinstance(life, Harsh)
    bearing, found = Bearing("its own", life.orders) if life.known else None, []
    for recording in written(life):
        with suppress(BearingError):
            found.append(replace(measure(recording, bearing), sha256=recording.source))
    return found


def one(job: tuple[int, int, Path | None]) -> Row:
    """A life by its place in the list, made and judged."""
    at, seed, cache = job
    life = harsh_lives(seed)[at]
    return judged(life, kept(life, cache, measured))


def main() -> None:
    cache, seed = asked_for()
    with ProcessPoolExecutor(2) as pool:
        told(list(pool.map(one, [(at, seed, cache) for at in range(len(harsh_lives()))])))


if __name__ == "__main__":
    main()
