"""Execution time of the waveform CNN on one thread: ours (scaling and ONNX Runtime) beside the textbook form in torch,
window by window as the stand-in runs it, and as one batch.

    python -m benchmarks.network_time [--rounds 50]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from bearing.models.waveform import load_predictor
from benchmarks.servers import machine
from benchmarks.stand_in_service import network


def times_ms(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median and least milliseconds of `work()`, after three calls that are not counted."""
    taken = []
    for turn in range(rounds + 3):
        began = time.perf_counter()
        work()
        if turn >= 3:
            taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken), min(taken)


def scaled(windows: torch.Tensor) -> torch.Tensor:
    centred = windows - windows.mean(-1, keepdim=True)
    return centred / windows.std(-1, correction=0, keepdim=True)


def textbook(windows: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return torch.softmax(network(scaled(windows)[:, None]), dim=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    predictor = load_predictor()
    print(machine())
    print("windows   torch one by one, ms   torch as a batch, ms   ours, ms (least)   ours / one by one   / batch")
    for count in (1, 10, 50, 200):
        windows = np.random.default_rng(0).standard_normal((count, 2048)).astype(np.float32)
        tensor = torch.from_numpy(windows)
        np.testing.assert_allclose(predictor.probabilities(windows), textbook(tensor).numpy(), atol=1e-5)
        loop = times_ms(lambda t=tensor: [textbook(row[None]) for row in t], rounds)  # type: ignore[misc]
        batch = times_ms(lambda t=tensor: textbook(t), rounds)  # type: ignore[misc]
        ours = times_ms(lambda w=windows: predictor.probabilities(w), rounds)  # type: ignore[misc]
        print(
            f"{count:7d} {loop[0]:22.2f} {batch[0]:22.2f} {ours[0]:10.2f} ({ours[1]:.2f})"
            f" {ours[0] / loop[0]:17.3f} {ours[0] / batch[0]:10.3f}"
        )


if __name__ == "__main__":
    main()
