"""What a training of the CNN depends on, and how the lab tells how far it is: shared with rooms without torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bearing.errors import ParameterError

__all__ = ["Report", "Settings", "step"]

Report = Callable[[str, int, int], None]  # (what is being done, how much of it is done, of how much)


def step(report: Report | None, what: str) -> Callable[[int, int], None]:
    """The progress of one step, `(done, total)`, told under its name; nobody need listen."""
    return (lambda done, total: None) if report is None else (lambda done, total: report(what, done, total))


@dataclass(frozen=True)
class Settings:
    """What a training depends on besides the data. Early stopping waits `patience` epochs for a better loss."""

    seed: int = 42
    epochs: int = 40
    learning_rate: float = 0.02
    batch_size: int = 64
    patience: int = 10
    train_fraction: float = 0.7
    validation_fraction: float = 0.15

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**32:
            raise ParameterError(f"The seed lies between 0 and {2**32 - 1}, got {self.seed}.")
        if not 1 <= self.epochs <= 10_000:
            raise ParameterError(f"Epochs lie between 1 and 10,000, got {self.epochs}.")
        if not 0 < self.learning_rate <= 1:
            raise ParameterError(f"The learning rate lies between 0 and 1, got {self.learning_rate:g}.")
