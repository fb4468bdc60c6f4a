"""`python -m bearing add, watch, fleet`: machines kept in a store."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bearing.cli.asked import request_of
from bearing.cli.trend import Bar, exit_code
from bearing.cli.trouble import unheard
from bearing.errors import UnreadableFile
from bearing.machines.kept.fleet import FleetRow, fleet, rows_of
from bearing.machines.kept.machine import Added, Machine
from bearing.machines.kept.store import Store
from bearing.machines.kept.watch import watch
from bearing.machines.words import verdict_words
from bearing.readers.names import safe_cell
from bearing.states import MACHINE_STATES

__all__ = ["run_add", "run_fleet", "run_watch"]


def run_add(arguments: argparse.Namespace) -> int:
    """Adds recordings to a machine, tells what became of them."""
    added = _machine(arguments).add(
        *arguments.files, progress=Bar().advance, keep_spectra=arguments.keep_spectra, limits=arguments.limits
    )
    with unheard():
        _tell(added)
    return 0 if added.measurements or added.known else 2


def run_watch(arguments: argparse.Namespace) -> int:
    """Adds what arrives in a folder until it is stopped."""
    folder = Path(arguments.folder)
    if not folder.is_dir():
        raise UnreadableFile(f"{str(folder)!r} is no folder: name the folder that recordings arrive in.")
    for path, added in watch(_machine(arguments), folder, arguments.every, keep_spectra=arguments.keep_spectra):
        print(f"{path.name}: {added.measurements} measurements", flush=True)
        for _, why in added.skipped:
            print(f"{path.name}: {why}", file=sys.stderr, flush=True)
    return 0


def run_fleet(arguments: argparse.Namespace) -> int:
    """All machines, worst first."""
    if arguments.store.is_dir():
        from bearing.batch.histories import histories_of_batch

        rows = rows_of(histories_of_batch(arguments.store))
    else:
        rows = fleet(Store(arguments.store, read_only=True))
    with unheard():
        _print_fleet(rows, arguments)
    return exit_code([row.state for row in rows])


def _print_fleet(rows: Sequence[FleetRow], arguments: argparse.Namespace) -> None:
    if arguments.json:
        print(json.dumps([row.as_dict() for row in rows], allow_nan=False))
    elif arguments.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        for index, row in enumerate(rows):
            if not index:
                writer.writerow(row.as_dict())
            writer.writerow([safe_cell(v) if isinstance(v, str) else v for v in row.as_dict().values()])
    elif arguments.html:
        from bearing.report import fleet_html

        print(fleet_html(rows, "Fleet"))
    else:
        for row in rows:
            name = f"{row.machine}, {row.point}"
            print(f"{name:<32.32} {MACHINE_STATES[row.state].title:<8} {row.reason} ({verdict_words(row.verdict)})")


def _machine(arguments: argparse.Namespace) -> Machine:
    return Machine(arguments.machine, arguments.store, **request_of(arguments).as_dict())


def _tell(added: Added) -> None:
    for name, why in added.skipped:
        print(f"{name}: {why}", file=sys.stderr)
    known = f", already known: {len(added.known)}" if added.known else ""
    print(f"Measurements added: {added.measurements}{known}.")
