"""The results of a batch -> histories, as of a folder of recordings or of a store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from bearing.batch.table import asked_of, is_batch, machines_of, read_measurements
from bearing.errors import UnreadableFile
from bearing.machines.history import History, history_of_measurements, with_verdicts
from bearing.machines.limits.by_hand import HandLimits
from bearing.verdict.asked.request import Request

__all__ = ["histories_of_batch", "history_of_batch"]


def history_of_batch(
    folder: Path, baseline: tuple[int, int] | None = None, limits: HandLimits | None = None
) -> History:
    """All results as one history: that of the folder of recordings they came from."""
    found, skipped = read_measurements(folder)
    return with_verdicts(history_of_measurements(found, _asked(folder), baseline, skipped, limits))


def histories_of_batch(folder: Path) -> Iterator[tuple[str, History]]:
    """The history of each machine by its name, one after the other."""
    if not is_batch(folder):
        raise UnreadableFile(f"{str(folder)!r} holds no results of a batch: name its folder, or a store of machines.")
    asked = _asked(folder)
    for machine in machines_of(folder):
        found, skipped = read_measurements(folder, machine)
        bare = [replace(one, file=PurePosixPath(one.file).name) for one in found]
        yield machine, with_verdicts(history_of_measurements(bare, asked, None, skipped))


def _asked(folder: Path) -> Request:
    said: dict[str, Any] = asked_of(folder)
    return Request(**said)
