"""Machines that do not hold their speed: what resampling to shaft angle costs.

python benchmarks/order_tracking.py                 time of resampling 10 s at 51.2 kHz, one core
"""

from __future__ import annotations

import time

import numpy as np

from bearing.signal.angle import angle_of_speed, to_angle

RATE_HZ = 51_200.0


def resampling_ms(seconds: float = 10.0, repeats: int = 9) -> float:
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


def main() -> None:
    print(f"resampling 10 s at 51.2 kHz to shaft angle: {resampling_ms():.0f} ms")


if __name__ == "__main__":
    main()
