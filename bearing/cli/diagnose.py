"""`diagnose` on the command line: files, folders, globs and pipes -> a table, JSON or CSV, and an exit code."""

from __future__ import annotations

import argparse
import csv
import glob
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bearing.errors import BearingError, UnreadableFile
from bearing.readers.names import safe_cell
from bearing.states import FAULTS
from bearing.verdict.diagnosis import Diagnosis, diagnose
from bearing.verdict.intake import Intake, open_path, open_upload
from bearing.verdict.request import choose

__all__ = ["exit_code", "expand", "run"]

SUFFIXES = (
    ".mat", ".csv", ".tsv", ".txt", ".wav", ".npy", ".npz", ".lvm", ".tdms", ".uff", ".unv", ".dat", ".asc",
)  # fmt: skip
COLUMNS = ("file", "channel", "sampling_rate_hz", "shaft_rpm", "verdict", "confidence", "reason", "warnings")


def expand(names: Sequence[str]) -> list[str]:
    """Files of the given names: folders become the signal files in them (sorted), globs their matches."""
    files: list[str] = []
    for name in names:
        path = Path(name)
        if name == "-" or path.is_file():
            files.append(name)
        elif path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES)
            if not inside:
                raise UnreadableFile(f"The folder {name!r} holds no file of a known kind ({' '.join(SUFFIXES)}).")
            files += [str(p) for p in inside]
        else:
            matches = sorted(glob.glob(name, recursive=True))
            if not matches:
                raise UnreadableFile(f"No file, folder or pattern {name!r}: check the path.")
            files += matches
    return files


def exit_code(verdicts: Sequence[str]) -> int:
    """0 healthy, 1 fault, 2 bad input (``error``), 3 uncertain; of several: fault, then error, then uncertain."""
    if any(v in (*FAULTS, "impacts") for v in verdicts):
        return 1
    if "error" in verdicts:
        return 2
    return 3 if "uncertain" in verdicts else 0


def run(arguments: argparse.Namespace) -> int:
    """The command: prints one answer per file as soon as it is there."""
    files = expand(arguments.files)
    verdicts = []
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if arguments.csv:
        writer.writerow(COLUMNS)
    for name, answer in _answers(files, arguments):
        verdicts.append(answer["verdict"])
        if arguments.json:
            print(json.dumps(answer, indent=2 if len(files) == 1 else None, allow_nan=False), flush=True)
        elif arguments.csv:
            row = answer | {"warnings": " ".join(answer.get("warnings", ()))}
            writer.writerow([safe_cell(row.get(column, "")) for column in COLUMNS])
            sys.stdout.flush()
        elif answer["verdict"] != "error":  # that has its sentence on stderr
            print(_line(name, answer), flush=True)
    return exit_code(verdicts)


def _answers(files: Sequence[str], arguments: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    """A dict per file; an error becomes a row of its own, so that one bad file does not end the rest."""
    bar = None
    if len(files) > 1 and sys.stderr.isatty():
        from tqdm import tqdm

        bar = tqdm(total=len(files), unit="file", file=sys.stderr)
    for name in files:
        try:
            answer = _diagnosis(name, arguments).as_dict()
        except BearingError as error:
            print(f"{name}: {error}", file=sys.stderr)
            answer = {"file": name, "verdict": "error", "reason": str(error)}
        if bar is not None:
            bar.update()
        yield name, answer
    if bar is not None:
        bar.close()


def _diagnosis(name: str, arguments: argparse.Namespace) -> Diagnosis:
    recording, bearing = choose(
        _opened(name),
        arguments.channel,
        arguments.rate,
        arguments.rpm,
        arguments.bearing,
        arguments.geometry,
        arguments.orders,
    )
    return diagnose(recording, bearing)


def _opened(name: str) -> Intake:
    if name == "-":
        return open_upload(sys.stdin.buffer.read(), "stdin")
    return open_path(name)


def _line(name: str, answer: dict[str, Any]) -> str:
    """One file in one line; `uncertain` carries no number, for its confidence is that of a guess."""
    confidence = "" if answer["verdict"] == "uncertain" else f"{answer['confidence']:.1%}"
    words = " ".join((answer["reason"], *answer["warnings"]))
    return f"{Path(name).name:<24.24} {answer['verdict']:<9} {confidence:>6}  {words}"
