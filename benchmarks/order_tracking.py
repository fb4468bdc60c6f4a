"""Machines that do not hold their speed: what is right with order tracking and without, and what it costs.

    python -m benchmarks.order_tracking                 time of resampling 10 s at 51.2 kHz, one core
    python -m benchmarks.order_tracking --simulated 8   sweeps of 1 to 20 % and a run-up, so many seeds of each
    python -m benchmarks.order_tracking --cwru          CWRU's faults resampled by known laws (BEARING_DATA_DIR), by
                                                        networks that never saw the fault size
    python -m benchmarks.order_tracking --steady        what steady recordings pay, and whether they stay as they are
    python -m benchmarks.order_tracking --fit           the constants of a ridge's confidence

Real recordings with a moving speed could not be had: CWRU's are resampled by a known law, so their resonances move
with the speed, as no machine's do.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from bearing.cwru.dataset import load_recording
from bearing.cwru.registry import registry
from bearing.errors import DataError
from bearing.files import RUNS_DIR, WEIGHTS_DIR
from bearing.models.order import load_order_predictor
from bearing.parallel import in_order
from bearing.physics.catalogue import find, load_catalogue
from bearing.physics.shaft.combs import speed_spectra
from bearing.physics.shaft.order_tracking import look, steady
from bearing.physics.simulate import CONDITIONS, Resonance, SimulationConfig, simulate
from bearing.recording import FloatArray, Recording
from bearing.signal.angle import angle_of_speed, interpolate, to_angle
from bearing.verdict.diagnosis import Bearing, Diagnosis
from bearing.verdict.judging import Networks, diagnose

RATE_HZ = 51_200.0
SECONDS = 10.0
LAWS = (("ramp", 0.01), ("ramp", 0.02), ("ramp", 0.05), ("sine", 0.05), ("ramp", 0.1), ("sine", 0.1), ("ramp", 0.2),
        ("sine", 0.2), ("run-up", 0.0))  # fmt: skip
KNOWN = ("speed column", "tacho", "mean rpm", "bearing only")


def resampling_ms(seconds: float = SECONDS, repeats: int = 9) -> float:
    """Milliseconds of processor time for a sweep of +-10 %, from speed over time to the resampled signal; the best."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    speed = 1800 * (1 + 0.1 * np.sin(2 * np.pi * at / seconds))
    signal = np.random.default_rng(0).standard_normal(len(at))
    spent = []
    for _ in range(repeats):
        started = time.process_time()
        to_angle(signal, RATE_HZ, angle_of_speed(speed, RATE_HZ))
        spent.append(time.process_time() - started)
    return 1000 * min(spent)


@dataclass(frozen=True)
class Moving:
    """A recording with its true speed at each sample, its bearing and what is wrong with it."""

    law: str
    state: str
    signal: FloatArray
    rate_hz: float
    rpm: FloatArray
    bearing: Bearing
    weights: Path = WEIGHTS_DIR


MISTOLD = "steady, told a run-up"  # the speed is another shaft's


def law_of(kind: str, amount: float, samples: int, phase: float) -> FloatArray:
    """Speed over its mean, shape (samples,)."""
    share = (np.arange(samples) + 0.5) / samples
    if kind == "ramp":
        return 1 + amount * (2 * share - 1)
    if kind == "sine":
        return 1 + amount * np.sin(2 * np.pi * share + phase)
    return 0.5 + share if kind == "run-up" else np.ones(samples)


def simulated(seeds: int) -> Iterator[Moving]:
    for kind, amount in LAWS:
        for state in CONDITIONS:
            for seed in range(seeds):
                mean_rpm = 1200.0 if kind == "run-up" else 1772.0
                config = SimulationConfig(state=state, duration_s=SECONDS, shaft_rpm=mean_rpm, seed=seed)
                count = round(SECONDS * config.sampling_rate_hz)
                rpm = mean_rpm * law_of(kind, amount, count, seed)
                signal = simulate(config, np.cumsum(rpm) / 60 / config.sampling_rate_hz)
                name = "600 to 1800 rpm" if kind == "run-up" else f"{kind} +-{amount:.0%}"
                yield Moving(name, state, signal, config.sampling_rate_hz, rpm, Bearing("6205", config.orders))


def cwru(kind: str, amount: float, folds: Path = RUNS_DIR / "folds") -> Iterator[Moving]:
    """Faulty recordings and normals, at the end with the fault, their time warped so that the speed follows a law."""
    ends = {"DE": find("6205-2RS JEM"), "FE": find("6203-2RS JEM")}
    for entry in registry():
        end = entry.faulty_end or "DE"
        try:
            recording = load_recording(entry.number, end)
        except DataError:
            continue
        assert recording.sampling_rate_hz is not None
        assert recording.shaft_rpm is not None
        speed = law_of("run-up" if kind == MISTOLD else kind, amount, len(recording.samples), entry.number)
        speed /= speed.mean()
        at = np.clip(np.cumsum(speed) - speed[0], 0, len(speed) - 1)
        signal = interpolate(recording.samples, at) if amount else recording.samples
        bearing = Bearing(ends[end].designation, ends[end].orders)
        rate_hz, rpm = recording.sampling_rate_hz, recording.shaft_rpm * speed
        weights = folds / (entry.fault_size or "0.007")
        yield Moving(f"CWRU {end}", entry.label, signal, rate_hz, rpm, bearing, weights)


def verdict_of(case: Moving, known: str) -> Diagnosis:
    """What a user is told who knows so much."""
    mean_rpm = None if known == "bearing only" else float(case.rpm.mean())
    recording = Recording(case.signal, case.rate_hz, mean_rpm)
    if known == "speed column":
        recording = replace(recording, speed_rpm=case.rpm)
    if known == "tacho":
        turns = np.cumsum(case.rpm) / 60 / case.rate_hz
        noise = np.random.default_rng(0).standard_normal(len(turns))
        recording = replace(recording, tacho=(turns % 1 < 0.1) + 0.05 * noise)
    return diagnose(recording, case.bearing, networks=Networks(load_order_predictor(case.weights), waveform=None))


def grade(state: str, verdict: str) -> str:
    """Right, wrong (another part, a fault called normal, a sound one called damaged), or unsure."""
    truth = "normal" if state == "healthy" else state
    if verdict == truth:
        return "right"
    if verdict == "uncertain" or (verdict in ("damaged", "impacts") and truth != "normal"):
        return "unsure"
    return "wrong"


def off_percent(case: Moving, found: Diagnosis) -> float:
    """Median error of the speed over time; NaN where it was not seen to move."""
    if found.moved is None:
        return float("nan")
    true = np.interp(found.moved.time_s, np.arange(len(case.rpm)) / case.rate_hz, case.rpm)
    return 100 * float(np.median(np.abs(found.moved.rpm / true - 1)))


def answers_of(case: Moving, known: tuple[str, ...]) -> list[tuple[str, float]]:
    """Verdict, and how far the speed over time is off, for each way of knowing."""
    return [(found.verdict, off_percent(case, found)) for found in (verdict_of(case, way) for way in known)]


def table(cases: Iterator[Moving], known: tuple[str, ...]) -> None:
    """Per law and state, and per state over all laws: right / unsure / wrong of each way of knowing; on all cores."""
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    errors: dict[str, list[float]] = {way: [] for way in known}
    of = list(cases)
    for case, answers in zip(of, in_order(partial(answers_of, known=known), of), strict=True):
        assert answers is not None, "a process died"
        for way, (verdict, off) in zip(known, answers, strict=True):
            what = grade(case.state, verdict)
            for law in (case.law, "all"):
                counts.setdefault((law, case.state, way), Counter())[what] += 1
            errors[way].append(off)
            if what == "wrong":
                print(f"    wrong: {case.law}, {case.state}, {way}: {verdict}", flush=True)
    print(f"{'right/unsure/wrong':38s}" + "".join(f"{way:>16s}" for way in known))
    rows = dict.fromkeys((law, state) for law, state, _ in counts)
    for law, state in sorted(rows, key=lambda row: row[0] == "all"):
        row = (counts[law, state, way] for way in known)
        cells = (f"{c['right']}/{c['unsure']}/{c['wrong']}" for c in row)
        print(f"{law:28s}{state:10s}" + "".join(f"{cell:>16s}" for cell in cells))
    medians = (np.nanmedian(some) if np.isfinite(some).any() else np.nan for some in errors.values())
    print(f"{'speed over time off by (median), %':38s}" + "".join(f"{median:16.3f}" for median in medians), flush=True)


def steady_ones() -> None:
    """How many steady CWRU recordings come back as they were, and what asking cost beside a diagnosis."""
    asked = spent = whole = 0.0
    kept = total = 0
    for case in cwru("ramp", 0.0):
        mean_rpm = float(case.rpm.mean())
        spectra = speed_spectra(case.signal, case.rate_hz)  # a diagnosis makes them anyway
        started = time.process_time()
        still = steady(case.signal, case.rate_hz, mean_rpm, orders=case.bearing.orders, spectra=spectra)
        spent = time.process_time() - started
        asked += spent
        started = time.process_time()
        diagnose(Recording(case.signal, case.rate_hz, mean_rpm), case.bearing)
        whole += time.process_time() - started
        total += 1
        kept += still.signal is case.signal
        if spent > 0.1:
            print(
                f"    {case.law} {case.state}: looked for a ridge, {1000 * spent:.0f} ms, resampled {still.resampled}"
            )
    print(
        f"steady recordings: {kept} of {total} came back as they were; asking took {asked / whole:.1%} of a diagnosis"
    )


def hard_ones(count: int = 100) -> Iterator[Moving]:
    """Machines of many bearings, rates, lengths and speeds, their shaft's lines down to nothing, under any law."""
    rng = np.random.default_rng(5)
    bearings = load_catalogue()[:40]
    for seed in range(count):
        level = float(np.exp(rng.uniform(np.log(0.0005), np.log(0.05))))
        config = SimulationConfig(
            state=CONDITIONS[rng.integers(len(CONDITIONS))],
            sampling_rate_hz=float(rng.choice([12_000, 20_000, 25_600])),
            duration_s=float(rng.uniform(4, 12)),
            shaft_rpm=float(np.exp(rng.uniform(np.log(500), np.log(4000)))),
            orders=bearings[rng.integers(len(bearings))].orders,
            resonances=(Resonance(float(rng.uniform(1500, 4500))),),
            impact_g=float(np.exp(rng.uniform(np.log(0.15), np.log(1.5)))),
            shaft_g=tuple(level * float(rng.uniform(0.05, 1)) / k**0.7 for k in range(1, 9)),
            mains_hz=float(rng.choice([50, 60])),
            mains_g=(level * float(rng.uniform()), level * float(rng.uniform())),
            mean_slip=float(rng.uniform(-0.008, 0.003)),
            seed=seed,
        )
        count_of = round(config.duration_s * config.sampling_rate_hz)
        kind = ("ramp", "sine", "run-up")[rng.integers(3)]
        rpm = config.shaft_rpm * law_of(kind, float(np.exp(rng.uniform(np.log(0.01), np.log(0.3)))), count_of, seed)
        signal = simulate(config, np.cumsum(rpm) / 60 / config.sampling_rate_hz)
        yield Moving("hard", config.state, signal, config.sampling_rate_hz, rpm, Bearing("any", config.orders))


def fit() -> None:
    """Print the odds that a ridge follows the shaft, by how far the comb rises and by the ridge's height."""
    from scipy.optimize import minimize

    rows: dict[bool, list[tuple[float, float, bool]]] = {True: [], False: []}
    for case in (*hard_ones(), *(one for i, one in enumerate(cwru("sine", 0.05)) if i % 3 == 0)):
        for stated, of in rows.items():
            rpm = float(case.rpm.mean()) if stated else None
            seen = look(case.signal, case.rate_hz, rpm, case.bearing.orders)
            if seen is None:
                continue
            ratio = seen.ridge.rpm / np.interp(seen.ridge.time_s, np.arange(len(case.rpm)) / case.rate_hz, case.rpm)
            of.append((seen.gain, seen.ridge.height, bool(np.median(np.abs(ratio / np.median(ratio) - 1)) < 0.01)))
    for stated, of in rows.items():
        gain, height, follows = (np.array(column) for column in zip(*of, strict=True))
        features = np.stack([np.ones(len(gain)), gain, np.log(np.maximum(height, 0.1))], axis=1)

        def loss(beta: FloatArray, features: FloatArray = features, follows: FloatArray = follows) -> float:
            odds = features @ beta
            return float(np.logaddexp(0, np.where(follows, -odds, odds)).mean() + 1e-3 * (beta[1:] ** 2).sum())

        beta = minimize(loss, np.zeros(3)).x
        said = 1 / (1 + np.exp(-features @ beta))
        print(
            f"speed {'stated' if stated else 'unknown'}: {np.round(beta, 2)}, {follows.mean():.0%} of {len(of)} follow"
        )
        for low, high in ((0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 1.01)):
            inside = (said >= low) & (said < high)
            if inside.any():
                print(f"    said {said[inside].mean():.2f}, was {follows[inside].mean():.2f} of {inside.sum()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulated", type=int, metavar="SEEDS", help="seeds of each simulated sweep")
    parser.add_argument("--cwru", action="store_true", help="CWRU resampled by known laws")
    parser.add_argument("--steady", action="store_true", help="what steady recordings pay")
    parser.add_argument("--fit", action="store_true", help="the constants of a ridge's confidence")
    parser.add_argument("--known", nargs="+", choices=KNOWN, default=KNOWN, help="ways of knowing the speed")
    arguments = parser.parse_args()
    if arguments.simulated:
        table(simulated(arguments.simulated), tuple(arguments.known))
    if arguments.cwru:
        from bearing.lab.order.evaluation import write_folds

        write_folds(RUNS_DIR / "folds")
        for kind, amount in (("steady", 0.0), (MISTOLD, 0.0), ("sine", 0.02), ("sine", 0.05), ("ramp", 0.1)):
            print(f"{kind} +-{amount:.0%}")
            table(cwru(kind, amount), tuple(arguments.known))
    if arguments.steady:
        steady_ones()
    if arguments.fit:
        fit()
    if not (arguments.simulated or arguments.cwru or arguments.steady or arguments.fit):
        print(f"resampling 10 s at 51.2 kHz to shaft angle: {resampling_ms():.0f} ms")


if __name__ == "__main__":
    main()
