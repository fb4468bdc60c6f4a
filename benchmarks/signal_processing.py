"""Seconds of one core that the signal processing takes, printed beside the targets.

OMP_NUM_THREADS=1 python benchmarks/signal_processing.py
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from bearing.physics.shaft.speed import estimate_speed
from bearing.physics.simulate import ORDERS_6205, SimulationConfig, simulate
from bearing.signal.envelope import envelope_spectrum
from bearing.signal.kurtogram import kurtogram
from bearing.signal.spectrum import amplitude_spectrum, downsample, spectrogram

RATE_HZ = 12_000.0


def best_ms(work: Callable[[], object], repeats: int = 7) -> float:
    """Processor milliseconds of the quickest of several runs: what the work costs, whoever else is busy."""
    work()
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return 1000 * min(spent)


def main() -> None:
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, numpy {np.__version__}")
    print(f"{'':34s}{'10 s at 12 kHz':>16s}{'1,000,000 samples':>20s}")
    signals = [simulate(SimulationConfig("outer", RATE_HZ, n / RATE_HZ)) for n in (120_000, 1_000_000)]
    rows: dict[str, Callable[[np.ndarray], object]] = {
        "kurtogram (30 / 400 ms)": lambda x: kurtogram(x, RATE_HZ),
        "envelope spectrum": lambda x: envelope_spectrum(x, RATE_HZ, max_hz=1000),
        "amplitude spectrum": lambda x: amplitude_spectrum(x, RATE_HZ),
        "spectrogram": lambda x: spectrogram(x, RATE_HZ),
        "points for a plot": lambda x: downsample(np.arange(len(x)) / RATE_HZ, x),
        "shaft speed, orders known": lambda x: estimate_speed(x, RATE_HZ, ORDERS_6205),
        "shaft speed, orders unknown": lambda x: estimate_speed(x, RATE_HZ),
    }
    for name, function in rows.items():
        times = [best_ms(partial(function, x)) for x in signals]
        print(f"{name:34s}{times[0]:13.1f} ms{times[1]:17.1f} ms")


if __name__ == "__main__":
    main()
