"""Results as plain text for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bearing.evaluate import Evaluation
    from bearing.metrics import Metrics

__all__ = ["confusion_table", "protocol_table"]


def confusion_table(classes: Sequence[str], confusion: Sequence[Sequence[int]]) -> str:
    """A confusion matrix, rows truth, columns prediction."""
    head = "truth \\ said".ljust(14) + "".join(f"{name:>11}" for name in classes)
    rows = [
        f"{name:<14}" + "".join(f"{value:>11d}" for value in row)
        for name, row in zip(classes, confusion, strict=True)
        if sum(row)
    ]
    return "\n".join([head, *rows])


def protocol_table(evaluation: Evaluation) -> str:
    """Accuracy, macro-F1 and confusion of a protocol: windows, recordings, and each fold."""
    lines = [
        f"Protocol {evaluation.protocol}",
        _line("windows", evaluation.metrics),
        _line("recordings", evaluation.recordings),
        *(_line(f"  {name}", metrics) for name, metrics in evaluation.per_fold.items()),
        "windows:",
        confusion_table(evaluation.metrics.classes, evaluation.metrics.confusion),
        "recordings:",
        confusion_table(evaluation.recordings.classes, evaluation.recordings.confusion),
    ]
    return "\n".join(lines)


def _line(name: str, metrics: Metrics) -> str:
    return f"{name:<28} n {metrics.n:>5}  accuracy {metrics.accuracy:7.2%}  macro-F1 {metrics.macro_f1:.3f}"
