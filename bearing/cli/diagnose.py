"""`diagnose` on the command line: files, folders, globs and pipes -> a table, JSON or CSV, and an exit code."""

from __future__ import annotations

import argparse
import csv
import glob
import json
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from bearing.cli.asked import request_of
from bearing.cli.trouble import discard_output, program_fault, tell
from bearing.errors import BearingError, ParameterError, UnreadableFile
from bearing.parallel import NO_MEMORY, in_order
from bearing.readers.formats import suffixes
from bearing.readers.names import safe_cell, unique_names
from bearing.settings import limits
from bearing.states import FAULTS
from bearing.verdict.asked.ask import answer_of
from bearing.verdict.asked.intake import Intake
from bearing.verdict.asked.request import Request
from bearing.verdict.words.sentences import unsaid

__all__ = ["exit_code", "expand", "run"]

COLUMNS = ("file", "channel", "sampling_rate_hz", "shaft_rpm", "verdict", "confidence", "reason", "warnings")


def expand(names: Sequence[str]) -> list[str]:
    """Files of the given names: folders become the signal files in them (sorted), globs their matches."""
    files: list[str] = []
    for name in names:
        path = Path(name)
        try:
            kind = None if name == "-" else path.stat().st_mode
        except (OSError, ValueError):  # nothing there, a name that is too long, or an odd one
            kind = 0
        if kind is None or (kind and not stat.S_ISDIR(kind)):
            files.append(name)
        elif kind:
            found = sorted(p for p in path.rglob("[!.]*") if p.is_file())
            # Data loggers often write no suffix; beside files that have one, README and LICENSE are no recordings.
            inside = [p for p in found if _suffix(p) in suffixes()] or [p for p in found if not _suffix(p)]
            if not os.access(path, os.R_OK | os.X_OK):
                raise UnreadableFile(f"The folder {name!r} may not be read: check its permissions.")
            if not inside:
                raise UnreadableFile(f"The folder {name!r} holds no file of a known kind ({' '.join(suffixes())}).")
            files += [str(p) for p in inside]
        else:
            matches = [] if "\0" in name else sorted(glob.glob(name, recursive=True))
            if not matches:
                raise UnreadableFile(f"No file, folder or pattern {_shortened(name)}: check the path.")
            files += matches
    return files


def _shortened(name: str) -> str:
    return repr(name) if len(name) <= 200 else f"{name[:200]!r}..."


def _suffix(path: Path) -> str:
    """The suffix in lower case; a time stamp's fraction is none (2003.10.22.12.06.24)."""
    suffix = path.suffix.lower()
    return "" if suffix[1:].isdigit() else suffix


def exit_code(verdicts: Sequence[str]) -> int:
    """0 healthy, 1 fault, 2 bad input (``error``), 3 uncertain, 70 a program error (``crash``).

    Of several the gravest: fault, crash, error, uncertain. A verdict this table does not know counts as a crash.
    """
    if any(verdict in (*FAULTS, "impacts") for verdict in verdicts):
        return 1
    if not set(verdicts) <= {"normal", "uncertain", "error"}:
        return 70
    if "error" in verdicts:
        return 2
    return 3 if "uncertain" in verdicts else 0


def run(arguments: argparse.Namespace) -> int:
    """The command: prints one answer per file as soon as it is there.

    When nobody reads on (``| head -1``) the code is still that of all files: it goes on in silence until a fault.
    """
    request = request_of(arguments)
    files = expand(arguments.files)
    pages = _pages(arguments.html, files)
    verdicts: list[str] = []
    listening = True
    for index, answer in enumerate(_answers(files, request, pages)):
        verdicts.append("crash" if answer.pop("crash", False) else answer["verdict"])
        if answer.pop("unwritten", False):
            verdicts.append("crash")
        if not listening:
            if exit_code(verdicts) == 1 and not pages:
                break
            continue
        try:
            _show(files[index], answer, arguments, first=not index, single=len(files) == 1)
        except BrokenPipeError:
            discard_output(sys.stdout)
            listening = False
    return exit_code(verdicts)


def _pages(out: str | None, files: Sequence[str]) -> list[Path]:
    """Where the report on each file goes: `out` itself for one file, pages in that folder for several.

    Raises ParameterError where that cannot be.
    """
    if out is None:
        return []
    path = Path(out)
    if len(files) == 1 and not path.is_dir():
        if not path.parent.is_dir():
            raise ParameterError(f"There is no folder {str(path.parent)!r} for the report: make it, or name another.")
        return [path]
    if not path.is_dir():
        raise ParameterError(f"{len(files)} reports need a folder, {out!r} is none: make it, or name another.")
    return [path / f"{name}.html" for name in unique_names("stdin" if f == "-" else Path(f).name for f in files)]


def _show(name: str, answer: dict[str, Any], arguments: argparse.Namespace, first: bool, single: bool) -> None:
    """One answer in the form that was asked for."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if arguments.csv and first:
        writer.writerow(COLUMNS)
    if arguments.json:
        print(json.dumps(answer, indent=2 if single else None, allow_nan=False), flush=True)
    elif arguments.csv:
        for channel in answer.get("channels", [{}]):
            row = answer | channel | {"warnings": " ".join(answer.get("warnings", ()))}
            row |= {"confidence": ""} if row["verdict"] == "error" else {}
            writer.writerow([safe_cell("" if (cell := row.get(column)) is None else cell) for column in COLUMNS])
        sys.stdout.flush()
    elif answer["verdict"] != "error":  # that has its sentence on stderr
        print(_line(name, answer), flush=True)


def _answers(files: Sequence[str], request: Request, pages: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """A dict per file; an error becomes a row of its own, so that one bad file does not end the rest."""
    bar = None
    if len(files) > 1 and sys.stderr.isatty():
        from tqdm import tqdm

        bar = tqdm(total=len(files), unit="file", file=sys.stderr)
    tasks = [(name, request, page) for name, page in zip_longest(files, pages)]
    alone = 1 if "-" in files else None  # a pipe is read by the process it leads to
    for name, done in zip(files, in_order(_answer, tasks, alone), strict=True):
        answer, sentence = done or _failed(name, NO_MEMORY)
        if sentence:
            tell(f"{name}: {sentence}")
        if bar is not None:
            bar.update()
        yield answer
    if bar is not None:
        bar.close()


def _answer(task: tuple[str, Request, Path | None]) -> tuple[dict[str, Any], str]:
    """The answer about one file, its report written, and what is to be told besides, "" for nothing.

    `crash` in it where the program failed; `unwritten` where the report did: the verdict stands all the same.
    """
    name, request, page = task
    try:
        found = answer_of(_opened(name, request), request)
        try:
            if page is not None:
                found.to_html(page)
        except ParameterError as error:
            return found.as_dict() | {"unwritten": True}, str(error)
        return found.as_dict(), ""
    except BearingError as error:
        return {"file": name, "verdict": "error", "reason": str(error)}, str(error)
    except MemoryError:
        return _failed(name, NO_MEMORY)
    except Exception as error:  # a fault of ours must neither end the rest nor look like a verdict
        return _failed(name, program_fault(error))


def _failed(name: str, sentence: str) -> tuple[dict[str, Any], str]:
    return {"file": name, "verdict": "error", "reason": sentence, "crash": True}, sentence


def _opened(name: str, request: Request) -> Intake:
    if name == "-":
        try:
            data = sys.stdin.buffer.read(limits().max_bytes + 1)
        except OSError as error:
            raise UnreadableFile(f"Standard input could not be read ({error.strerror}): send a file to it.") from error
        return request.open_upload(data, "stdin")
    return request.open_path(name)


def _line(name: str, answer: dict[str, Any]) -> str:
    """One file in one line; `uncertain` carries no number, for its confidence is that of a guess."""
    confidence = "" if answer["verdict"] == "uncertain" else f"{answer['confidence']:.1%}"
    words = " ".join((answer["reason"], *answer["besides"], *unsaid(answer["reason"], answer["warnings"])))
    return f"{Path(name).name:<24.24} {answer['verdict']:<9} {confidence:>6}  {words}"
