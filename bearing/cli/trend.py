"""`python -m bearing trend`: a folder of recordings in, the history of the machine out."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bearing.cli.asked import request_of
from bearing.cli.trouble import unheard
from bearing.machines.history import History, baseline_of, history_of_folder
from bearing.machines.kept.store import Store
from bearing.machines.limits.by_hand import limits_of
from bearing.machines.measure import INDICATORS
from bearing.machines.words import headline
from bearing.readers.names import safe_cell

__all__ = ["Bar", "exit_code", "print_history", "run"]

OK, CHANGED, UNCLEAR = 0, 1, 3


def run(arguments: argparse.Namespace) -> int:
    """The command: one history, in the form asked for."""
    baseline = baseline_of(arguments.baseline)
    limits = limits_of(arguments.limits)
    folder = Path(arguments.folder)
    if folder.is_dir() and (folder / "_batch.json").is_file():
        from bearing.batch.histories import history_of_batch

        history = history_of_batch(folder, baseline, limits)
    elif not folder.is_dir() and arguments.store.is_file():
        history = Store(arguments.store, read_only=True).history(arguments.folder, baseline, limits)
    else:
        history = history_of_folder(folder, request_of(arguments), baseline, Bar().advance, limits=limits)
    with unheard():
        print_history(history, arguments, Path(arguments.folder).name)
    return exit_code([point.state for point in history.points])


def print_history(history: History, arguments: argparse.Namespace, title: str) -> None:
    """A history on stdout, in the form that the options ask for."""
    if arguments.json:
        print(json.dumps(history.as_dict(), allow_nan=False))
    elif arguments.csv:
        _print_csv(history)
    elif arguments.html:
        from bearing.figures.trend import history_figures
        from bearing.report import history_html

        print(history_html(history, history_figures(history), title))
    else:
        for point in history.points:
            print(headline(point))
            for sentence in point.cautions:
                print(f"{point.name}: {sentence}", file=sys.stderr)
        for name, why in history.skipped:
            print(f"{name}: {why}", file=sys.stderr)
        if not history.points:
            print("No measurement was found.", file=sys.stderr)


def exit_code(states: Sequence[str]) -> int:
    """0 ok, 1 where a point is in alert or alarm, 3 where one is to be watched or cannot be judged yet."""
    if any(state in ("alert", "alarm") for state in states):
        return CHANGED
    return OK if states and all(state == "ok" for state in states) else UNCLEAR


def _print_csv(history: History) -> None:
    known = [name for name in INDICATORS if any(name in m.values for p in history.points for m in p.measurements)]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["point", "index", "file", "time", "state", "verdict", *known])
    for point in history.points:
        for i, (one, state) in enumerate(zip(point.measurements, point.assessment.states, strict=True)):
            numbers = [f"{one.values[name]:.6g}" if name in one.values else "" for name in known]
            verdict = one.verdict.verdict if one.verdict else ""
            writer.writerow([safe_cell(point.name), i, safe_cell(one.file), point.times[i], state, verdict, *numbers])


class Bar:
    """A bar on stderr where somebody looks at it; nothing in a pipe."""

    def __init__(self) -> None:
        self.bar: Any = None

    def advance(self, done: int, total: int) -> bool:
        """Shows how far it is; never asks to stop."""
        if sys.stderr.isatty():
            if self.bar is None:
                from tqdm import tqdm

                self.bar = tqdm(total=total, unit="file", file=sys.stderr)
            self.bar.update(done - self.bar.n)
            if done == total:
                self.bar.close()
        return True
