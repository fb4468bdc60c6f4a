"""How often the shaft speed is read rightly from the signal, and what the confidence is worth.

    python benchmarks/speed_estimation.py                  CWRU (BEARING_DATA_DIR), simulated machines, noise
    python benchmarks/speed_estimation.py --adi            also the motor simulator's recordings, all three axes
    python benchmarks/speed_estimation.py --other FOLDER   also .mat files whose names end in _<rpm>.mat, at --rate
    python benchmarks/speed_estimation.py --fit            also the constants of the confidence (never from --other)

"Right" is within 1 % of the recorded speed (CWRU: the recorded one where the file has it, else the nominal one), on
the motor simulator, whose speeds are nominal and whose recordings last 2 s, within 1.3 %.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from pathlib import Path

import numpy as np

from bearing.cwru.dataset import load_recording
from bearing.cwru.registry import registry
from bearing.errors import DataError
from bearing.physics.catalogue import find, load_catalogue
from bearing.physics.kinematics import FaultOrders
from bearing.physics.shaft import speed
from bearing.physics.shaft.combs import SpeedSpectra, comb_and_families, speed_spectra
from bearing.physics.simulate import CONDITIONS, Resonance, SimulationConfig, simulate

BINS = (0.0, 0.2, 0.5, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class Case:
    """One signal with its true speed. `tested` says that the sensor sits at the bearing whose orders are given."""

    source: str
    state: str
    tested: bool
    samples: np.ndarray
    rate_hz: float
    rpm: float
    orders: FaultOrders


@dataclass(frozen=True)
class Result:
    case: str
    state: str
    tested: bool
    with_orders: bool
    right: bool
    confidence: float
    features: tuple[float, float, float]
    seconds: float
    contradicted_truth: bool
    asked_rightly: bool  # a speed stated 5 % too high is asked beside the true one
    unseen_truth: bool  # no shaft is seen at the true speed
    unseen_lie: bool  # nor at one stated 5 % too high


def cwru() -> Iterator[Case]:
    ends = {"DE": find("6205-2RS JEM").orders, "FE": find("6203-2RS JEM").orders}
    for entry in registry():
        for end, orders in ends.items():
            try:
                recording = load_recording(entry.number, end)
            except DataError:
                continue  # some files hold one end only
            assert recording.sampling_rate_hz is not None
            assert recording.shaft_rpm is not None
            tested = entry.label == "normal" or entry.faulty_end == end
            rate_hz, rpm = recording.sampling_rate_hz, recording.shaft_rpm
            yield Case("CWRU", entry.label, tested, recording.samples, rate_hz, rpm, orders)


def short(cases: Iterator[Case], seconds: float = 2.0) -> Iterator[Case]:
    """The last seconds of each."""
    for case in cases:
        yield replace(case, source=f"{case.source}, 2 s", samples=case.samples[-int(seconds * case.rate_hz) :])


def motor_simulator() -> Iterator[Case]:
    from bearing.rigs.adi_mfs import AXES, BEARING, adi_registry, load_adi

    orders = find(BEARING).orders
    for entry in adi_registry():
        for axis in AXES:
            recording = load_adi(entry, axis)
            assert recording.sampling_rate_hz is not None
            assert recording.shaft_rpm is not None
            rate_hz, rpm = recording.sampling_rate_hz, recording.shaft_rpm
            yield Case("motor simulator", entry.label, True, recording.samples, rate_hz, rpm, orders)


def noise(count: int = 60) -> Iterator[Case]:
    """Nobody's shaft: every answer is wrong."""
    rng = np.random.default_rng(9)
    for _ in range(count):
        samples = rng.standard_normal(int(rng.integers(20_000, 150_000)))
        yield Case("noise", "", True, samples, 12_000.0, 1e6, find("6205-2RS JEM").orders)


def simulated(count: int = 300) -> Iterator[Case]:
    """Machines of many bearings, speeds (400-5000 rpm), rates, lengths (1.5-12 s) and shaft lines down to nothing."""
    rng = np.random.default_rng(1)
    kinds = ("deep groove ball", "insert ball", "cylindrical roller")
    bearings = [entry for entry in load_catalogue() if entry.type in kinds]
    for seed in range(count):
        level = float(np.exp(rng.uniform(np.log(0.0005), np.log(0.05))))
        config = SimulationConfig(
            state=CONDITIONS[rng.integers(len(CONDITIONS))],
            sampling_rate_hz=float(rng.choice([12_000, 20_000, 25_600])),
            duration_s=float(rng.uniform(1.5, 12)),
            shaft_rpm=float(np.exp(rng.uniform(np.log(400), np.log(5000)))),
            orders=bearings[rng.integers(len(bearings))].orders,
            resonances=(Resonance(float(rng.uniform(1500, 4500))),),
            impact_g=float(np.exp(rng.uniform(np.log(0.15), np.log(1.5)))),
            shaft_g=tuple(level * float(rng.uniform(0.05, 1)) / k**0.7 for k in range(1, 9)),
            mains_hz=float(rng.choice([50, 60])),
            mains_g=(level * float(rng.uniform()), level * float(rng.uniform())),
            speed_wander=float(rng.choice([1e-4, 5e-4, 2e-3])),
            mean_slip=float(rng.uniform(-0.008, 0.003)),
            seed=seed,
        )
        rate_hz, rpm = config.sampling_rate_hz, config.shaft_rpm
        yield Case("simulated", config.state, True, simulate(config), rate_hz, rpm, config.orders)


def folder(path: Path, rate_hz: float, bearing: str) -> Iterator[Case]:
    from scipy.io import loadmat

    for file in sorted(path.glob("*_*.mat")):
        rpm = re.search(r"_(\d+)\.mat$", file.name)
        if rpm is None:
            continue
        samples = next(v for k, v in loadmat(file).items() if not k.startswith("__")).ravel().astype(float)
        state = re.match(r"[A-Za-z]+", file.name)
        orders = find(bearing).orders
        yield Case(path.name, state[0] if state else "", True, samples, rate_hz, float(rpm[1]), orders)


def measure(case: Case, with_orders: bool) -> Result:
    orders = case.orders if with_orders else None
    start = time.process_time()
    spectra = speed_spectra(case.samples, case.rate_hz)
    found = speed.estimate_speed(case.samples, case.rate_hz, orders, spectra=spectra)
    seconds = time.process_time() - start
    near = 0.013 if case.source == "motor simulator" else 0.01
    right = found.rpm is not None and abs(found.rpm / case.rpm - 1) < near
    truth = lie = None
    if case.source != "noise":
        truth = speed.cross_check(case.samples, case.rate_hz, case.rpm, orders, spectra)
        lie = speed.cross_check(case.samples, case.rate_hz, 1.05 * case.rpm, orders, spectra)
    return Result(
        case.source, case.state, case.tested, with_orders, right, found.confidence, _features(spectra, orders), seconds,
        truth is not None and truth.contradicts, lie is not None and lie.other_rpm is not None and right,
        truth is not None and truth.unseen, lie is not None and lie.unseen,
    )  # fmt: skip


def _features(spectra: SpeedSpectra, orders: FaultOrders | None) -> tuple[float, float, float]:
    """What the confidence is made of."""
    low = max(speed.RPM_RANGE[0] / 60, speed.MIN_BINS_PER_TURN * spectra.step_hz)
    speeds = np.arange(low, speed.RPM_RANGE[1] / 60, spectra.step_hz / 8)
    score = comb_and_families(spectra, speeds, orders)
    best = speed._peaks(speeds, score, speed.PEAKS)
    return speed.confidence_features(score, best, speeds[best[0]] / spectra.step_hz)


def report(results: list[Result], title: str) -> None:
    right = np.array([r.right for r in results])
    confidence = np.array([r.confidence for r in results])
    print(f"{title}: {right.sum()} of {len(right)} within 1 % ({right.mean():.1%}), ", end="")
    print(f"{np.mean([r.seconds for r in results]) * 1000:.0f} ms each", end="")
    print(f", true speed contradicted {sum(r.contradicted_truth for r in results)}", end="")
    print(f", stated 5 % too high, the true one asked too {sum(r.asked_rightly for r in results)}", end="")
    print(f"; no shaft seen at the true speed {sum(r.unseen_truth for r in results)}", end="")
    print(f", at that stated {sum(r.unseen_lie for r in results)}")
    for low, high in pairwise(BINS):
        inside = (confidence >= low) & ((confidence < high) | (high == 1.0))
        if inside.any():
            said, was = confidence[inside].mean(), right[inside].mean()
            print(f"    confidence {low:.1f}-{high:.1f}: {inside.sum():4d} signals, said {said:.2f}, was {was:.2f}")


def fit(results: list[Result]) -> np.ndarray:
    """Offset and weights of the logistic curve in `speed.confidence_features`; sources weigh the same."""
    from scipy.optimize import minimize

    used = [r for r in results if r.tested]
    right = np.array([r.right for r in used])
    features = np.array([[1.0, *r.features] for r in used])
    weight = np.array([1 / sum(other.case == r.case for other in used) for r in used])
    weight /= weight.sum()

    def loss(beta: np.ndarray) -> float:
        odds = features @ beta
        return float((weight * np.logaddexp(0, np.where(right, -odds, odds))).sum() + 1e-4 * (beta[1:] ** 2).sum())

    return np.asarray(minimize(loss, np.zeros(4)).x)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--other", type=Path, help="folder of another machine, measured only, never fitted")
    parser.add_argument("--adi", action="store_true", help="the motor simulator, too (BEARING_ADI_DIR)")
    parser.add_argument("--rate", type=float, default=51_200.0, help="its sampling rate in Hz")
    parser.add_argument("--bearing", default="6205-2RS JEM", help="its bearing")
    parser.add_argument("--fit", action="store_true", help="print the constants of the confidence")
    arguments = parser.parse_args()
    rigs = (cwru(), short(cwru()), *([motor_simulator()] if arguments.adi else []), simulated(), noise())
    own = [measure(case, w) for case in chain(*rigs) for w in (False, True)]
    for with_orders in (False, True):
        known = "orders known" if with_orders else "orders unknown"
        some = [r for r in own if r.with_orders == with_orders]
        for source in dict.fromkeys(r.case for r in some):
            report([r for r in some if r.case == source], f"{source}, {known}")
        if arguments.fit:
            print("    fitted constants:", np.round(fit(some), 2))
        if arguments.other:
            cases = folder(arguments.other, arguments.rate, arguments.bearing)
            report([measure(case, with_orders) for case in cases], f"{arguments.other.name}, {known}")


if __name__ == "__main__":
    main()
