"""Windows judged by the waveform CNN, and the three forms in which the service answers them."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ORIGINAL_NAMES", "WINDOW", "Judged", "judge"]

WINDOW = 2048
ORIGINAL_NAMES = {"ball": "Ball", "inner": "InnerRace", "normal": "Normal", "outer": "OuterRace"}


@dataclass(frozen=True)
class Judged:
    """Probabilities of shape (n, 4) in the order of `classes`, and how long scaling and network took."""

    classes: tuple[str, ...]
    probabilities: NDArray[np.float32]
    milliseconds: float
    model: dict[str, str]

    @property
    def best(self) -> list[int]:
        """The index of the likeliest class of each window."""
        return self.probabilities.argmax(axis=1).tolist()

    def answer(self) -> dict[str, Any]:
        """The answer of ``/api/windows``."""
        return {
            "classes": list(self.classes),
            "probabilities": self.probabilities.tolist(),
            "verdicts": [self.classes[i] for i in self.best],
            "execution_ms": round(self.milliseconds, 3),
            "model": self.model,
        }

    def npy(self) -> bytes:
        """The probabilities as a ``.npy`` file, float32 of shape (n, 4)."""
        import numpy as np

        stream = io.BytesIO()
        np.save(stream, self.probabilities)
        return stream.getvalue()

    def original_answer(self) -> dict[str, Any]:
        """The answer of the original service: its keys, its names of the classes, milliseconds."""
        names = [ORIGINAL_NAMES[name] for name in self.classes]
        return {
            "Analysis": [
                {"Prediction": names[i], "Probabilities": dict(zip(names, row, strict=True))}
                for i, row in zip(self.best, self.probabilities.tolist(), strict=True)
            ],
            "Execution Time": round(self.milliseconds, 3),
        }


def judge(windows: NDArray[np.floating]) -> Judged:
    """What the waveform CNN says of windows of shape (n, 2048) at 12 kHz, any level.

    Raises SignalError for another shape or values that are not finite, ModelError when the weights are missing.
    """
    from bearing.models.waveform import load_predictor

    predictor = load_predictor()
    began = time.perf_counter()
    probabilities = predictor.probabilities(windows)
    milliseconds = 1000 * (time.perf_counter() - began)
    model = {"name": predictor.card["name"], "version": predictor.card["version"], "sha256": predictor.sha256}
    return Judged(predictor.classes, probabilities, milliseconds, model)
