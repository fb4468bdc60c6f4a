"""The exported CNN on ONNX Runtime: windows -> class probabilities. No torch."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bearing.errors import ModelError, SignalError
from bearing.files import WEIGHTS_DIR
from bearing.models.cards import CnnCard, KnownMachines, load_model, parsed_as
from bearing.models.familiarity import distances_db, spectral_shape
from bearing.signal.scaler import zscore

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["Predictor", "load_predictor"]

BATCH = 32  # windows at a time: what the network makes of them stays in the cache, and memory stays bounded


def open_session(weights: bytes, keep_memory: bool = False) -> onnxruntime.InferenceSession:
    """An ONNX Runtime session on one thread: concurrent requests then share the cores instead of fighting.

    `keep_memory` holds on to the memory of the largest batch ever seen: for networks that are fed in small blocks.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # else it looks up its maker's host and leaves a device id in the home
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = keep_memory
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


@dataclass(frozen=True)
class Predictor:
    """The network with its card. `classes` is the order of the columns.

    known_db : spectral shapes of the recordings trained on, shape (m, 64); nearer than `largest_distance_db` is known.
    """

    session: onnxruntime.InferenceSession
    card: CnnCard
    known_db: NDArray[np.float64]
    largest_distance_db: float

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.card["classes"])

    @property
    def window(self) -> int:
        return self.card["window_samples"]

    @property
    def sampling_rate_hz(self) -> float:
        return float(self.card["sampling_rate_hz"])

    @property
    def sha256(self) -> str:
        return self.card["files"]["cnn.onnx"]

    def probabilities(self, windows: NDArray[np.floating]) -> NDArray[np.float32]:
        """Windows of shape (n, 2048) at 12 kHz, any level -> probabilities of shape (n, 4).

        Raises SignalError for another shape or values that are not finite.
        """
        return self._run(windows, ["probabilities"])[0]

    def features(self, windows: NDArray[np.floating]) -> NDArray[np.float32]:
        """The 190 pooled activations the last layer sees, shape (n, 190)."""
        return self._run(windows, ["features"])[0]

    def distance_db(self, windows: NDArray[np.floating]) -> float:
        """How far the spectrum of windows of shape (n, 2048), n >= 1, lies from the nearest recording trained on."""
        return float(distances_db(spectral_shape(windows), self.known_db).min())

    def _run(self, windows: NDArray[np.floating], outputs: list[str]) -> list[NDArray[np.float32]]:
        windows = np.asarray(windows)
        if windows.ndim != 2 or windows.shape[1] != self.window:
            raise SignalError(f"Expected windows of shape (n, {self.window}), got {windows.shape}.")
        if not len(windows):  # the network cannot reshape nothing: ask about silence, keep no answer
            silence = np.zeros((1, self.window), dtype=np.float32)
            return [column[:0] for column in self.session.run(outputs, {"windows": silence})]
        parts = []
        for start in range(0, len(windows), BATCH):
            scaled = zscore(windows[start : start + BATCH])
            if not np.isfinite(scaled).all():
                raise SignalError("A window holds NaN or infinity: cut the gap out first.")
            parts.append(self.session.run(outputs, {"windows": scaled}))
        return [np.concatenate(column) for column in zip(*parts, strict=True)]


@lru_cache(maxsize=4)
def load_predictor(folder: Path = WEIGHTS_DIR) -> Predictor:
    """The committed network, loaded once. Raises ModelError when manifest, card and weights do not belong together."""
    card, weights = load_model(CnnCard, folder / "cnn.json")
    for name in ("cnn.onnx", "cnn_domain.json"):
        if name not in weights:
            raise ModelError(f"cnn.json names no {name}: run `python -m bearing train`.")
    domain = parsed_as(KnownMachines, weights["cnn_domain.json"], "cnn_domain.json")
    known_db = np.array(domain["shapes_db"], dtype=np.float64)
    session = open_session(weights["cnn.onnx"], keep_memory=True)
    return Predictor(session, card, known_db, float(domain["largest_distance_db"]))
