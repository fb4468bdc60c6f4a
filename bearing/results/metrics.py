"""How right a classifier is: confusion matrix, precision, recall, F1, and the curve of a training. Arrays only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ClassMetrics", "Epoch", "Metrics", "classification_metrics", "confusion_matrix", "metrics_from"]


@dataclass(frozen=True)
class ClassMetrics:
    """Precision, recall and F1 of one class, 0 where undefined; `support` is how often it is the truth."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Metrics:
    """`confusion[i][j]`: how often truth `classes[i]` was called `classes[j]`; macro-F1 is over the classes present."""

    n: int
    accuracy: float
    macro_f1: float
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    per_class: dict[str, ClassMetrics]

    def as_dict(self) -> dict[str, Any]:
        """For JSON, rounded to 6 digits so that the bytes do not depend on the last bit."""
        return _rounded(asdict(self))


def confusion_matrix(truth: Sequence[str], prediction: Sequence[str], classes: Sequence[str]) -> NDArray[np.int64]:
    """Counts, shape (n_classes, n_classes): rows truth, columns prediction. KeyError for a name not in `classes`."""
    position = {name: i for i, name in enumerate(classes)}
    matrix = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(matrix, ([position[t] for t in truth], [position[p] for p in prediction]), 1)
    return matrix


def classification_metrics(truth: Sequence[str], prediction: Sequence[str], classes: Sequence[str]) -> Metrics:
    """All of the above for two sequences of class names of equal length."""
    matrix = confusion_matrix(truth, prediction, classes)
    hits = np.diag(matrix).astype(float)
    said, true = matrix.sum(axis=0), matrix.sum(axis=1)
    precision = np.divide(hits, said, out=np.zeros_like(hits), where=said > 0)
    recall = np.divide(hits, true, out=np.zeros_like(hits), where=true > 0)
    both = precision + recall
    f1 = np.divide(2 * precision * recall, both, out=np.zeros_like(hits), where=both > 0)
    present = true > 0
    return Metrics(
        n=int(matrix.sum()),
        accuracy=float(hits.sum() / max(matrix.sum(), 1)),
        macro_f1=float(f1[present].mean()) if present.any() else 0.0,
        classes=tuple(classes),
        confusion=tuple(tuple(int(v) for v in row) for row in matrix),
        per_class={
            name: ClassMetrics(float(precision[i]), float(recall[i]), float(f1[i]), int(true[i]))
            for i, name in enumerate(classes)
        },
    )


def metrics_from(content: dict[str, Any]) -> Metrics:
    """The inverse of `Metrics.as_dict`."""
    return Metrics(
        n=content["n"],
        accuracy=content["accuracy"],
        macro_f1=content["macro_f1"],
        classes=tuple(content["classes"]),
        confusion=tuple(tuple(row) for row in content["confusion"]),
        per_class={name: ClassMetrics(**values) for name, values in content["per_class"].items()},
    )


@dataclass(frozen=True)
class Epoch:
    """Loss (cross-entropy) and accuracy after one pass over the training windows."""

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(v) for v in value]
    return value
