"""Lives nobody tuned for: `python -m benchmarks.lives [CACHE] [SEED]` simulates machines from new to broken.

49 lives of three sorts, each with its own noise, running-in, drift, load, speed, bursts, sensors taken off and put on
again, outages and lengths of recording:

* *rig*: accelerated tests, 0.1 s at 25.6 kHz, 3 turns a recording; the level falls for hours, all parts wear at once.
* *bench*: 1 s at 20.48 kHz every ten minutes, an outer race from about 54 % of life.
* *plant*: 1 to 2 s at 12 kHz, weekly or daily, speed and load as the plant needs them.

Printed per life: the first moment its fault stands 3 and 6 dB over what was usual (in the median of nine recordings,
with hindsight: no method that looks forward can be earlier by much), first watch, alert and alarm (all as shares of
life), how often the state changed, and what it rested on. Measurements are kept in CACHE: other rules take seconds.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from bearing.machines.history import history_of_measurements, with_verdicts
from bearing.machines.limits.rules import in_db
from bearing.machines.measure import Measurement, measure
from bearing.physics.kinematics import FaultOrders, Geometry, fault_orders
from bearing.physics.simulate import ORDERS_6205, Condition, Resonance, SimulationConfig, simulate
from bearing.recording import Recording
from bearing.verdict.asked.request import Request
from bearing.verdict.diagnosis import Bearing

Floats = np.ndarray

RIG = fault_orders(Geometry(13, 3.5, 25.6))
BENCH = fault_orders(Geometry(16, 8.4, 71.5, 15.17))
MEDIAN_OF = 9


@dataclass(frozen=True)
class Life:
    """One simulated life of `count` recordings. `fault` gives the peak of an impact over the noise (1: its RMS) at a
    share of life, `wear_db` how the broad level moves; both 0 for a sound machine."""

    name: str
    count: int
    seconds: float
    rate_hz: float
    rpm: float
    orders: FaultOrders
    parts: tuple[Condition, ...] = ("healthy",)
    fault: Callable[[Floats], Floats] = lambda t: 0 * t
    wear_db: Callable[[Floats], Floats] = lambda t: 0 * t
    running_in: tuple[float, float] = (0.0, 0.1)  # dB, share of life
    season_db: float = 0.0
    drift_db: float = 0.0
    load_db: float = 0.0
    speeds: tuple[float, ...] = (1.0,)
    remount_db: tuple[float, ...] = ()
    bursts: float = 0.0
    intermittent: float = 1.0
    outages: int = 0
    scatter_db: float = 0.5
    known: bool = True
    seed: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing ails it."""
        return self.parts == ("healthy",) and float(np.abs(self.wear_db(np.linspace(0, 1, 99))).max()) == 0


def grows(start: float, end: float, power: float = 2.0) -> Callable[[Floats], Floats]:
    """From nothing at `start` to `end` at the end of life."""
    return lambda t: end * np.clip((t - start) / (1 - start), 0, 1) ** power


def steps(*points: tuple[float, float]) -> Callable[[Floats], Floats]:
    """Straight lines between moments and values."""
    at, value = zip(*points, strict=True)
    return lambda t: np.interp(t, at, value)


def exponential(start: float, end: float, times: float = 4.0) -> Callable[[Floats], Floats]:
    """Grows `times` e-folds from `start` to `end` at the end of life."""
    return lambda t: np.where(t > start, end * np.exp(times * (np.clip((t - start) / (1 - start), 0, 1) - 1)), 0.0)


def lives(seed: int = 0) -> list[Life]:
    """All of them; the same seed makes the same."""
    made: list[Life] = []

    def rig(name: str, count: int, **more: object) -> None:
        made.append(Life(f"rig {name}", count, 0.1, 25_600.0, 1800.0, RIG, seed=seed + len(made), **more))  # type: ignore[arg-type]

    def bench(name: str, **more: object) -> None:
        told: dict = {"count": 984, "rpm": 2000.0, **more}
        made.append(Life(f"bench {name}", seconds=1.0, rate_hz=20_480.0, orders=BENCH, seed=seed + len(made), **told))

    def plant(name: str, count: int, **more: object) -> None:
        told: dict = {"seconds": 2.0, "rpm": 1480.0, **more}
        made.append(Life(f"plant {name}", count, rate_hz=12_000.0, orders=ORDERS_6205, seed=seed + len(made), **told))

    every: tuple[Condition, ...] = ("outer", "inner", "ball")
    rig("gradual", 230, parts=every, fault=grows(0.5, 12), wear_db=grows(0.6, 20), running_in=(4, 0.1))
    rig("gradual, long", 1600, parts=every, fault=grows(0.5, 12), wear_db=grows(0.6, 20), running_in=(4, 0.1))
    rig("sudden, 3 %", 180, parts=every, fault=exponential(0.97, 10, 2), wear_db=exponential(0.97, 24, 2))
    rig("sudden, 2 %", 871, parts=every, fault=exponential(0.98, 10, 2), wear_db=exponential(0.98, 24, 2))
    rig("sudden, last 4", 150, parts=every, wear_db=steps((0, 0), (0.97, 0), (0.975, 12), (1, 20)), running_in=(6, 0.3))
    rig("sudden, last 3", 115, parts=every, wear_db=steps((0, 0), (0.973, 0), (0.975, 14), (1, 20)))
    rig("falls all life", 176, wear_db=steps((0, 0), (0.98, 0), (1, 12)), running_in=(9, 0.4))
    rig("falls, long", 1400, parts=every, wear_db=exponential(0.96, 22, 3), running_in=(8, 0.35), fault=grows(0.9, 8))
    rig("early shock", 200, parts=every, running_in=(10, 0.02), wear_db=exponential(0.8, 20, 3))
    rig("heals", 230, parts=("outer",), fault=steps((0, 0), (0.5, 0), (0.55, 5), (0.65, 2), (0.8, 6), (1, 12)),
        wear_db=steps((0, 0), (0.5, 0), (0.55, 7), (0.65, 3), (0.8, 5), (1, 20)))  # fmt: skip
    rig("rises all life", 240, parts=every, fault=grows(0.2, 8), wear_db=steps((0, 0), (0.2, 0), (1, 16)))
    rig("loud scatter", 220, parts=every, wear_db=exponential(0.7, 20), scatter_db=1.2, bursts=0.03)
    rig("bursts", 434, parts=("inner",), fault=grows(0.7, 12), wear_db=grows(0.85, 15), bursts=0.06)
    rig("warms up", 230, parts=every, wear_db=exponential(0.75, 18), drift_db=2.0, running_in=(3, 0.05))
    rig("outages", 500, parts=("ball",), fault=grows(0.6, 14), wear_db=grows(0.8, 14), outages=4)
    rig("short", 60, parts=every, wear_db=exponential(0.7, 20, 3), running_in=(4, 0.15))
    rig("cut off while sound", 120, running_in=(6, 0.3))
    rig("cut off while sound, long", 900, running_in=(5, 0.2), scatter_db=0.9, bursts=0.02)
    rig("sound, drifts", 300, drift_db=2.5, season_db=0.7)
    bench("outer", parts=("outer",), fault=steps((0, 0), (0.54, 0), (0.56, 1.1), (0.7, 2.5), (0.9, 3), (1, 8)),
          wear_db=steps((0, 0), (0.7, 0), (0.75, 3), (0.85, 2), (0.95, 5), (1, 14)), scatter_db=0.25)  # fmt: skip
    bench("outer, slower", parts=("outer",), fault=grows(0.54, 6, 1.5), scatter_db=0.3, running_in=(2, 0.02))
    bench("outer, outages", parts=("outer",), fault=steps((0, 0), (0.54, 0), (0.57, 1.3), (1, 6)), outages=5,
          bursts=0.01)  # fmt: skip
    bench("inner", count=500, parts=("inner",), fault=grows(0.6, 8), scatter_db=0.3)
    bench("sound", scatter_db=0.3, season_db=0.8, bursts=0.01)
    bench("sound, speed moves", count=500, speeds=(1.0, 1.02, 0.985), scatter_db=0.4)
    plant("outer, weekly", 104, parts=("outer",), fault=grows(0.6, 7), season_db=1.0)
    plant("outer, monthly", 24, parts=("outer",), fault=grows(0.6, 8), season_db=1.0)
    plant("inner, load steps", 120, parts=("inner",), fault=grows(0.6, 8), load_db=3.0)
    plant("ball, two speeds", 160, parts=("ball",), fault=grows(0.6, 10), speeds=(1.0, 0.67))
    plant("outer, speed moves", 150, parts=("outer",), fault=grows(0.6, 7), speeds=(1.0, 0.93, 1.08, 0.85, 1.15))
    plant("inner, sudden", 200, parts=("inner",), fault=steps((0, 0), (0.8, 0), (0.801, 4), (1, 4)))
    plant("outer, sudden, nothing known", 200, parts=("outer",), fault=steps((0, 0), (0.8, 0), (0.801, 4), (1, 4)),
          known=False)  # fmt: skip
    plant("outer, intermittent", 250, parts=("outer",), fault=grows(0.6, 8, 1.0), intermittent=0.4)
    plant("inner, one in five", 250, parts=("inner",), fault=steps((0, 0), (0.6, 0), (0.61, 5), (1, 8)),
          intermittent=0.2)  # fmt: skip
    plant("outer, remounted", 150, parts=("outer",), fault=grows(0.65, 7), remount_db=(2.0, -2.5))
    plant("ball, slow growth", 365, seconds=1.0, parts=("ball",), fault=grows(0.4, 10, 1.0))
    plant("outer, quarterly", 12, parts=("outer",), fault=grows(0.5, 8))
    plant("inner, 5 kHz worth of bursts", 150, parts=("inner",), fault=grows(0.6, 8), bursts=0.08)
    plant("sound, weekly", 104, season_db=1.5)
    plant("sound, monthly", 24, season_db=1.5, scatter_db=0.8)
    plant("sound, load steps", 150, load_db=4.0)
    plant("sound, two speeds", 160, speeds=(1.0, 0.67))
    plant("sound, speed moves", 200, speeds=(1.0, 0.93, 1.08, 0.85, 1.15))
    plant("sound, remounted", 150, remount_db=(2.0, -2.5, 1.5))
    plant("sound, remounted, daily", 365, seconds=1.0, remount_db=(-2.0, 2.0), season_db=1.0)
    plant("sound, bursts", 200, bursts=0.08, scatter_db=0.8)
    plant("sound, outages", 200, outages=4, drift_db=1.5)
    plant("sound, nothing known", 200, known=False, season_db=1.0, load_db=2.0)
    plant("sound, temperature", 365, seconds=1.0, season_db=2.0, drift_db=1.0, scatter_db=0.7)
    return made


def recordings(life: Life) -> list[Recording]:
    """What its sensor wrote."""
    rng = np.random.default_rng([77, life.seed])
    n, t = life.count, np.linspace(0, 1, life.count)
    level_db = life.running_in[0] * np.exp(-t / life.running_in[1]) + life.wear_db(t) + life.drift_db * t
    level_db += life.season_db * np.sin(2 * np.pi * (2.3 * t + rng.uniform())) + life.scatter_db * rng.normal(size=n)
    blocks = np.repeat(rng.random(n // 7 + 1), 7)[:n]
    level_db += life.load_db * np.where(blocks > 0.6, 1, 0)
    gain_db = np.zeros(n)
    for k, change in enumerate(life.remount_db):
        gain_db[int(n * (0.25 + 0.2 * k)) :] += change
    speed = np.array(life.speeds)[(np.arange(n) // 3) % len(life.speeds)] * (1 + 0.002 * rng.normal(size=n))
    strike = life.fault(t) * (rng.random(n) < life.intermittent)
    off = np.zeros(n, bool)
    for at in rng.uniform(0.1, 0.9, life.outages):
        off[int(at * n) : int(at * n) + max(2, n // 60)] = True
    high, low = rng.uniform(0.12, 0.2) * life.rate_hz, rng.uniform(0.05, 0.1) * life.rate_hz
    modes = (Resonance(high, 0.05), Resonance(low, 0.06, 0.4))
    made = []
    for i in range(n):
        if off[i]:
            continue
        noise = 0.1 * 10 ** (level_db[i] / 20) * (speed[i] ** 1.5)
        config = SimulationConfig(
            state=life.parts[0], sampling_rate_hz=life.rate_hz, duration_s=life.seconds,
            shaft_rpm=life.rpm * speed[i], orders=life.orders, resonances=modes,
            impact_g=0.1 * strike[i] / np.sqrt(len(life.parts)), noise_g=noise, shaft_g=(0.04, 0.02, 0.01, 0.005),
            mains_hz=50.0, seed=int(rng.integers(1 << 31)),
        )  # fmt: skip
        signal = simulate(config)
        for other in life.parts[1:] if strike[i] > 0 else ():
            alone = replace(config, state=other, noise_g=0.0, shaft_g=(), mains_g=(), seed=config.seed + 1)
            signal = signal + simulate(alone)
        if rng.random() < life.bursts:
            start, size = rng.integers(0, len(signal)), max(50, len(signal) // int(rng.integers(4, 60)))
            part = signal[start : start + size]  # a view
            part += noise * rng.uniform(3, 20) * rng.normal(size=len(part))
        signal = np.round(signal * 10 ** (gain_db[i] / 20), 5)
        rpm = config.shaft_rpm if life.known else None
        made.append(Recording(signal, life.rate_hz, rpm, "acc", f"{i:05d}.npy", "g"))
    return made


def measured(life: Life) -> list[Measurement]:
    """Its history in numbers."""
    bearing = Bearing("its own", life.orders) if life.known else None
    return [replace(measure(r, bearing), sha256=str(i)) for i, r in enumerate(recordings(life))]


def kept(life: Life, cache: Path | None, measured: Callable[[Life], list[Measurement]] = measured) -> list[Measurement]:
    """The same, read where it was kept."""
    if cache is None:
        return measured(life)
    place = cache / f"{''.join(c if c.isalnum() else '_' for c in life.name)}.pickle"
    if not place.is_file():
        place.write_bytes(pickle.dumps(measured(life)))
    found: list[Measurement] = pickle.loads(place.read_bytes())  # noqa: S301 (made here)
    return found


def stands(values: dict[str, Floats], over_db: float) -> int | None:
    """The first measurement from which one of these stands so far over its first half's usual, in most of the rest."""
    firsts = []
    for value in values.values():
        known = np.flatnonzero(np.isfinite(value))
        if len(known) < 2 * MEDIAN_OF:
            continue
        y = value[known]
        padded = np.pad(y, MEDIAN_OF // 2, mode="edge")
        smooth = np.median(np.lib.stride_tricks.sliding_window_view(padded, MEDIAN_OF), axis=1)
        usual = np.quantile(smooth[: len(smooth) // 2], 0.3)
        over = np.r_[y[:-2] * 0 - 9e9, y[-2:]] > usual + over_db
        over[: len(smooth)] |= smooth > usual + over_db
        share = np.cumsum(over[::-1])[::-1] / np.arange(len(over), 0, -1)
        at = np.flatnonzero(over & (share >= 0.7))
        firsts += [int(known[at[0]])] if len(at) else []
    return min(firsts, default=None)


@dataclass(frozen=True)
class Row:
    """What became of one life; shares of life, None: never."""

    life: str
    sound: bool
    count: int
    three_db: float | None
    six_db: float | None
    watch: float | None
    alert: float | None
    alarm: float | None
    before_last: bool
    changes: int
    causes: str
    verdict: str


def judged(life: Life, found: list[Measurement]) -> Row:
    """A life against the rules as they are."""
    o = life.orders
    request = Request(orders=f"bpfo={o.bpfo},bpfi={o.bpfi},bsf={o.bsf},ftf={o.ftf}" if life.known else None)
    (point,) = with_verdicts(history_of_measurements(found, request)).points
    n = len(point.measurements)
    names = ["rms", *(f"line_{p}_db" for p in life.parts if p != "healthy")]
    series = {k: np.array([in_db(k, v) for v in point.series(k)]) for k in names}
    first = point.assessment.first
    share = {k: None if v is None else v / n for k, v in first.items()}
    three, six = (None if at is None or life.sound else at / n for at in (stands(series, 3.0), stands(series, 6.0)))
    states = point.assessment.states
    return Row(
        life.name, life.sound, n, three, six, share["watch"], share["alert"], share["alarm"],
        first["alarm"] is not None and first["alarm"] < n - 1,
        sum(a != b for a, b in pairwise(states)),
        ", ".join(f"{k}: {v}" for k, v in point.assessment.causes.items() if v and k != "watch"), point.verdict.verdict,
    )  # fmt: skip


def one(job: tuple[int, int, Path | None]) -> Row:
    """A life by its place in the list, made and judged."""
    at, seed, cache = job
    life = lives(seed)[at]
    return judged(life, kept(life, cache))


def asked_for() -> tuple[Path | None, int]:
    """The folder to keep measurements in, and the seed, from the command line."""
    cache = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if cache is not None:
        cache.mkdir(parents=True, exist_ok=True)
    return cache, int(sys.argv[2]) if len(sys.argv) > 2 else 0


def told(rows: list[Row]) -> None:
    """Prints what became of them."""

    def share(x: float | None) -> str:
        return "  -  " if x is None else f"{x:5.3f}"

    for r in rows:
        print(f"{r.life:34} {r.count:5} 3dB {share(r.three_db)} 6dB {share(r.six_db)} watch {share(r.watch)} alert "
              f"{share(r.alert)} alarm {share(r.alarm)} changes {r.changes:2}  {r.verdict:9} {r.causes}")  # fmt: skip
    sound, ailing = [r for r in rows if r.sound], [r for r in rows if not r.sound]
    early = [r.life for r in ailing if r.alarm is not None and r.alarm < 1 / 3]
    alerts = [r.life for r in ailing if r.alert is not None and r.alert < 1 / 3]
    print(f"sound: {len(sound)}, alert {[r.life for r in sound if r.alert is not None]}, "
          f"alarm {[r.life for r in sound if r.alarm is not None]}")  # fmt: skip
    print(f"ailing: {len(ailing)}, alarm in the first third {early}, alert {alerts}; "
          f"no alarm before the last {[r.life for r in ailing if not r.before_last]}")  # fmt: skip
    print(f"state changes: most {max(r.changes for r in rows)}, of sound ones {max(r.changes for r in sound)}")


def main() -> None:
    cache, seed = asked_for()
    with ProcessPoolExecutor(2) as pool:
        told(list(pool.map(one, [(at, seed, cache) for at in range(len(lives()))])))


if __name__ == "__main__":
    main()
