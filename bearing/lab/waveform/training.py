"""Training of the CNN: seeds, a validation split, early stopping; and the files a training leaves behind."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bearing.cwru.dataset import WindowSet
from bearing.lab.folds import random_split
from bearing.lab.settings import Report, Settings, step
from bearing.lab.waveform.network import CELLS, CHANNELS, CLASSES, POOL, WINDOW, WideKernelCNN, export_onnx, segments
from bearing.models.cards import save_model
from bearing.models.familiarity import largest_distance_db, spectral_shape
from bearing.results.metrics import Epoch, classification_metrics
from bearing.signal.scaler import zscore
from bearing.signal.windows import NETWORK_RATE_HZ

__all__ = ["Epoch", "Fitted", "Settings", "counted", "fit", "train_and_save"]

IndexArray = NDArray[np.int64]


@dataclass(frozen=True)
class Fitted:
    """A trained network, its history, and the indices it was validated on. `cancelled`: stopped from outside."""

    network: WideKernelCNN
    history: tuple[Epoch, ...]
    train: IndexArray
    validation: IndexArray
    seconds: float
    cancelled: bool = False


OnEpoch = Callable[[Epoch, int], bool]  # (what was reached, epochs planned) -> go on?


def fit(
    windows: NDArray[np.floating],
    labels: NDArray[np.str_],
    settings: Settings,
    on_epoch: OnEpoch | None = None,
) -> Fitted:
    """Train on windows of shape (n, 2048) at 12 kHz with labels of shape (n,); part of them validates.

    The same seed on the same machine gives the same network. The network with the lowest validation loss wins.
    """
    started = time.perf_counter()
    torch.manual_seed(settings.seed)
    order = torch.Generator().manual_seed(settings.seed)
    train, validation = random_split(len(windows), 1 - settings.validation_fraction, settings.seed)
    inputs = segments(torch.from_numpy(zscore(windows)))
    targets = torch.tensor([CLASSES.index(label) for label in labels.tolist()])
    x, y, vx, vy = inputs[train], targets[train], inputs[validation], targets[validation]

    network = WideKernelCNN()
    batches = -(-len(x) // settings.batch_size)
    optimiser = torch.optim.Adam(network.parameters(), settings.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, settings.learning_rate, settings.epochs * batches)
    history: list[Epoch] = []
    best_loss, best_state, waited = float("inf"), network.state_dict(), 0
    cancelled = False
    for number in range(1, settings.epochs + 1):
        loss_sum, hits = 0.0, 0
        for batch in torch.randperm(len(x), generator=order).split(settings.batch_size):
            logits = network.fast_logits(x[batch])
            loss = nn.functional.cross_entropy(logits, y[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            loss_sum += float(loss.detach()) * len(batch)
            hits += int((logits.argmax(1) == y[batch]).sum())
        with torch.no_grad():
            logits = network.fast_logits(vx)
            validation_loss = float(nn.functional.cross_entropy(logits, vy))
            validation_accuracy = float((logits.argmax(1) == vy).float().mean())
        history.append(Epoch(number, loss_sum / len(x), hits / len(x), validation_loss, validation_accuracy))
        if validation_loss < best_loss:
            best_loss, waited = validation_loss, 0
            best_state = {name: value.clone() for name, value in network.state_dict().items()}
        else:
            waited += 1
        if on_epoch is not None and not on_epoch(history[-1], settings.epochs):
            cancelled = True
            break
        if waited >= settings.patience:
            break
    network.load_state_dict(best_state)
    return Fitted(network, tuple(history), train, validation, time.perf_counter() - started, cancelled)


def predict(network: WideKernelCNN, windows: NDArray[np.floating]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Probabilities (n, 4) and features (n, 190) of windows of shape (n, 2048), in PyTorch."""
    probabilities, features = [], []
    with torch.no_grad():
        for part in torch.from_numpy(zscore(windows)).split(256):
            features.append(network.fast_features(segments(part)))
            probabilities.append(torch.softmax(network.linear(features[-1]), 1))
    return torch.cat(probabilities).numpy(), torch.cat(features).numpy()


def counted(told: Callable[[int, int], None], before: int = 0, folds: int = 1) -> OnEpoch:
    """Epochs told as progress through `folds` trainings, of which `before` are done."""

    def on_epoch(epoch: Epoch, planned: int) -> bool:
        told(before * planned + epoch.epoch, folds * planned)
        return True

    return on_epoch


def train_and_save(
    data: WindowSet, folder: Path, settings: Settings | None = None, report: Report | None = None
) -> dict[str, Any]:
    """Train on 70 % of the windows and write checkpoint, ONNX network, card and history into `folder`.

    Returns the card. The files appear together, at the end: a training that is stopped leaves the old ones.
    """
    settings = settings or Settings()
    train, hold_out = random_split(len(data), settings.train_fraction, settings.seed)
    fitted = fit(data.windows[train], data.label[train], settings, counted(step(report, "epochs")))
    onnx = export_onnx(fitted.network)
    card = _card(data, settings, fitted, train, hold_out, onnx)
    domain = _json(known_machines(data), indent=None)
    card["files"]["cnn_domain.json"] = hashlib.sha256(domain).hexdigest()
    state = io.BytesIO()
    torch.save(fitted.network.state_dict(), state)
    files = {
        "cnn.pt": state.getvalue(),
        "cnn.onnx": onnx,
        "cnn_history.json": _json([asdict(epoch) for epoch in fitted.history]),
        "cnn_kernels.json": _json(kernels(fitted.network)),
        "cnn_domain.json": domain,
        "cnn.json": _json(card),
    }
    save_model(folder, files)
    return card


def _card(
    data: WindowSet, settings: Settings, fitted: Fitted, train: IndexArray, hold_out: IndexArray, onnx: bytes
) -> dict[str, Any]:
    """What the network is, what it was made from, and how well it does; `metrics` holds no times."""
    parts = {"train": train[fitted.train], "validation": train[fitted.validation], "hold_out": hold_out}
    metrics = {}
    for name, index in parts.items():
        probabilities = predict(fitted.network, data.windows[index])[0]
        prediction = [CLASSES[i] for i in probabilities.argmax(1)]
        metrics[name] = classification_metrics(data.label[index].tolist(), prediction, CLASSES).as_dict()
    return {
        "name": "wide-kernel 1-D CNN",
        "version": version_of_weights(onnx),
        "format": 1,
        "classes": list(CLASSES),
        "sampling_rate_hz": NETWORK_RATE_HZ,
        "window_samples": data.windows.shape[1],
        "scaler": "z-score of each window",
        "parameters": sum(p.numel() for p in fitted.network.parameters()),
        "layers": layers(fitted.network),
        "split": {
            "kind": "random windows",
            "seed": settings.seed,
            "train_fraction": settings.train_fraction,
            "validation_fraction_of_train": settings.validation_fraction,
        },
        "windows_per_class": {
            part: {name: int((data.label[index] == name).sum()) for name in CLASSES} for part, index in parts.items()
        },
        "recordings": recordings_used(data),
        "training": {**asdict(settings), "epochs_run": len(fitted.history), "seconds": round(fitted.seconds, 1)},
        "libraries": {name: version(name) for name in ("torch", "numpy", "scipy", "onnx")},
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
        "metrics": metrics,
        "files": {"cnn.onnx": hashlib.sha256(onnx).hexdigest()},
    }


def layers(network: WideKernelCNN) -> list[dict[str, Any]]:
    """The network from input to output: each layer's name, the shape it gives, its parameters, for drawing."""
    conv, linear = network.conv, network.linear
    return [
        {"name": "window", "shape": [1, WINDOW], "parameters": 0},
        {
            "name": "convolution",
            "shape": [conv.out_channels, WINDOW - conv.kernel_size[0] + 1],
            "kernel": conv.kernel_size[0],
            "activation": "tanh",
            "parameters": sum(p.numel() for p in conv.parameters()),
        },
        {"name": "average pooling", "shape": [CHANNELS, CELLS], "kernel": POOL, "parameters": 0},
        {
            "name": "linear",
            "shape": [linear.out_features],
            "activation": "softmax",
            "parameters": sum(p.numel() for p in linear.parameters()),
        },
    ]


def kernels(network: WideKernelCNN) -> list[list[float]]:
    """The filters the convolution learned, shape (5, 100), rounded to 5 digits: what the network listens for."""
    return [[round(value, 5) for value in kernel] for kernel in network.conv.weight[:, 0].tolist()]


def version_of_weights(weights: bytes) -> str:
    """A short name for exactly these weights."""
    return hashlib.sha256(weights).hexdigest()[:12]


def recordings_used(data: WindowSet) -> list[dict[str, Any]]:
    """Which samples of which file went in: hash of the bytes read, channel, and the span of the windows at 12 kHz."""
    size = data.windows.shape[1]
    rows = []
    for source in data.sources:
        starts = data.start[data.number == source.entry.number]
        rows.append(
            {
                "number": source.entry.number,
                "channel": source.entry.faulty_end,
                "label": source.entry.label,
                "sha256": hashlib.sha256(source.path.read_bytes()).hexdigest(),
                "as_published": not source.note,
                "resampled_from_hz": source.entry.sampling_rate_hz,
                "windows": len(starts),
                "samples_at_12_khz": [int(starts.min()), int(starts.max()) + size],
            }
        )
    return rows


def known_machines(data: WindowSet) -> dict[str, Any]:
    """The spectral shapes of the recordings trained on, and how near another must be to count as one of them."""
    shapes, names = [], []
    for source in data.sources:
        shapes.append(spectral_shape(data.windows[data.number == source.entry.number]))
        names.append(source.entry.bearing_id)
    return {
        "largest_distance_db": round(largest_distance_db(np.array(shapes), names), 3),
        "recordings": [s.entry.number for s in data.sources],
        "shapes_db": [[round(float(v), 2) for v in shape] for shape in shapes],
    }


def _json(content: object, indent: int | None = 1) -> bytes:
    return (json.dumps(content, indent=indent) + "\n").encode()
