"""How long a training takes: the original recipe beside ours, same data, same machine, one run.

The original: 5,000 full-batch epochs of Adam at 1e-3 through a plain Conv1d. A few of its epochs are measured and the
rest reckoned up. Ours is run whole. Run: python benchmarks/training.py
"""

from __future__ import annotations

import platform
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from torch import nn

from bearing.cwru.dataset import window_set
from bearing.lab.folds import random_split
from bearing.lab.settings import Settings
from bearing.lab.waveform.network import CLASSES, WideKernelCNN
from bearing.lab.waveform.training import fit, predict
from bearing.signal.scaler import zscore

ORIGINAL_EPOCHS = 5_000
MEASURED_EPOCHS = 5


def main() -> None:
    data = window_set()
    train, hold_out = random_split(len(data), 0.7, 42)
    print(f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}, {len(train)} windows")

    inputs = torch.from_numpy(zscore(data.windows[train]))
    targets = torch.tensor([CLASSES.index(label) for label in data.label[train].tolist()])
    network = WideKernelCNN()
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    seconds = []
    for _ in range(MEASURED_EPOCHS):
        started = time.perf_counter()
        optimiser.zero_grad()
        nn.functional.cross_entropy(network(inputs), targets).backward()
        optimiser.step()
        seconds.append(time.perf_counter() - started)
    original_s = ORIGINAL_EPOCHS * sorted(seconds)[len(seconds) // 2]
    print(f"original recipe: {original_s / ORIGINAL_EPOCHS:.2f} s an epoch, {original_s / 60:.0f} min for 5,000 epochs")

    fitted = fit(data.windows[train], data.label[train], Settings())
    prediction = predict(fitted.network, data.windows[hold_out])[0].argmax(1)
    right = sum(
        CLASSES[i] == label for i, label in zip(prediction.tolist(), data.label[hold_out].tolist(), strict=True)
    )
    print(
        f"this recipe:     {len(fitted.history)} epochs in {fitted.seconds:.1f} s, "
        f"hold-out {right / len(hold_out):.2%} right"
    )
    print(f"ratio:           {original_s / fitted.seconds:.0f} times as fast")


if __name__ == "__main__":
    main()
