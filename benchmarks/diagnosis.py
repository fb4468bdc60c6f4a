"""How long a whole diagnosis takes: doctor, three opinions, verdict; beside the envelope rule alone, written plainly.

The plain rule filters the whole recording once per band, takes its Hilbert envelope and transforms that. One core, one
thread, 10 s at 12 kHz, simulated. The ratio is that of processor times, to which other programs add little to both.

Where no comb of the shaft stands out, as in a sound machine that runs smoothly, its speed over time is looked for, too:
that takes longer than all the rest, and is measured apart. Run: python -m benchmarks.diagnosis
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import platform
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import scipy.signal

from bearing.physics.catalogue import find
from bearing.physics.simulate import SimulationConfig, simulate_recording
from bearing.recording import FloatArray, Recording
from bearing.verdict.diagnosis import Bearing
from bearing.verdict.judging import diagnose

PARTS = (1, 2, 3, 4, 6, 8)
REPEATS = 9


def plain_rule(recording: Recording, orders: tuple[float, ...]) -> float:
    """The best family score over a tree of 24 bands: mean of ln(line / neighbourhood) over harmonics 1-4."""
    assert recording.sampling_rate_hz is not None
    assert recording.shaft_rpm is not None
    rate, shaft = recording.sampling_rate_hz, recording.shaft_rpm / 60
    best = 0.0
    for parts in PARTS:
        edges = np.linspace(200, 0.98 * rate / 2, parts + 1)
        for low, high in pairwise(edges):
            best = max(best, _band_score(recording.samples, rate, shaft, low, high, orders))
    return best


def _band_score(
    samples: FloatArray, rate: float, shaft: float, low: float, high: float, orders: tuple[float, ...]
) -> float:
    sections = scipy.signal.butter(4, (low, high), "bandpass", fs=rate, output="sos")
    envelope = np.abs(scipy.signal.hilbert(scipy.signal.sosfiltfilt(sections, samples))) ** 2
    spectrum = np.abs(np.fft.rfft((envelope - envelope.mean()) * np.hanning(len(envelope))))
    step = rate / len(envelope)
    scores = []
    for order in orders:
        levels = []
        for harmonic in range(1, 5):
            line = harmonic * order * shaft
            near = spectrum[int(0.985 * line / step) : int(1.015 * line / step) + 1]
            around = spectrum[int(0.9 * line / step) : int(1.1 * line / step) + 1]
            levels.append(np.log(near.max() / np.median(around)))
        scores.append(np.mean(levels))
    return float(max(scores))


def milliseconds(run: Callable[[], object]) -> tuple[float, float]:
    """Median wall time and median processor time of several runs, after one to warm up."""
    run()
    wall, cpu = [], []
    for _ in range(REPEATS):
        started, busy = time.perf_counter(), time.process_time()
        run()
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - busy)
    return 1000 * float(np.median(wall)), 1000 * float(np.median(cpu))


def main() -> None:
    recording = simulate_recording(SimulationConfig("inner", 12_000.0, 10.0))
    entry = find("SKF 6205-2RS JEM")
    bearing = Bearing(entry.name, entry.orders)
    load = f"load average {os.getloadavg()[0]:.1f}"
    print(f"{platform.machine()}, one thread, {load}; 10 s at 12 kHz; median of {REPEATS}")
    ours = milliseconds(lambda: diagnose(recording, bearing))
    plain = milliseconds(lambda: plain_rule(recording, tuple(entry.orders.families.values())))
    print(f"diagnose(), everything:   {ours[0]:6.0f} ms, {ours[1]:6.0f} ms of CPU")
    print(f"the envelope rule, plain: {plain[0]:6.0f} ms, {plain[1]:6.0f} ms of CPU")
    print(f"ratio, of CPU:            {ours[1] / plain[1]:6.2f}")
    sound = simulate_recording(SimulationConfig("healthy", 12_000.0, 10.0))
    hidden = milliseconds(lambda: diagnose(sound, bearing))
    print(f"a shaft hardly shows:     {hidden[0]:6.0f} ms, {hidden[1]:6.0f} ms of CPU")


if __name__ == "__main__":
    main()
