"""REST over many recordings: the history of a set of uploads, and machines kept in the server's own store.

A set of files arrives in memory, so together they are bounded like any other body (``BEARING_MAX_BODY_MB``), and in
number. Machines are kept only where the operator named a file for them (``BEARING_STORE``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile
from starlette.exceptions import HTTPException

from bearing.api import docs as api_docs
from bearing.api.service import SAID_FIELDS, Said, UploadRoute, as_json, upload_name
from bearing.errors import ParameterError
from bearing.settings import store_file

if TYPE_CHECKING:
    from bearing.machines.kept.store import Store

__all__ = ["MOST_FILES", "router"]

MOST_FILES = 1_000
NO_STORE = "This server keeps no machines: its operator names a file for them in BEARING_STORE."
LIMITS = "Limits set by hand, such as velocity_rms=2.8/4.5, or iso=2/rigid for zones C and D of ISO 20816-3."
BASELINE = "The sound measurements, counted from 0, such as 10-40; found automatically by default."


ONE_FILE = ("detectable", "machine")


class ManyFilesRoute(UploadRoute):
    """A route whose form holds many files of one field and a few short fields."""

    max_files = MOST_FILES
    fields = ("file", *SAID_FIELDS, "baseline", "limits", "keep_spectra")
    elsewhere = MappingProxyType(
        {name: f"The field '{name}' is asked of one file: send that to /api/diagnose." for name in ONE_FILE}
    )
    repeated = ("file",)


@dataclass(frozen=True)
class Uploads:
    """Files in the order in which they came, what their sender says of all of them, and the sound measurements."""

    files: list[tuple[str, Callable[[], bytes]]]
    said: dict[str, Any]
    baseline: str | None
    limits: str | None
    keep_spectra: bool


def _uploads(
    file: Annotated[list[UploadFile], File(description="The recordings, one part named `file` for each.")],
    said: Said,
    baseline: Annotated[str | None, Form(description=BASELINE)] = None,
    limits: Annotated[str | None, Form(description=LIMITS)] = None,
    keep_spectra: Annotated[
        bool, Form(description="Waveforms and spectra, too: of kept machines, for comparing.")
    ] = False,
) -> Uploads:
    files: list[tuple[str, Callable[[], bytes]]] = [(upload_name(one.filename), partial(_content, one)) for one in file]
    return Uploads(files, said, baseline, limits, keep_spectra)


def _content(upload: UploadFile) -> bytes:
    upload.file.seek(0)
    return upload.file.read()


Uploaded = Annotated[Uploads, Depends(_uploads)]
router = APIRouter(route_class=ManyFilesRoute, tags=["machines"])


@router.post("/trend", summary="What changed over many recordings of one machine", responses=api_docs.ERRORS)
async def trend(request: Request, uploads: Uploaded) -> Response:
    """The history of each measuring point, judged against its own past: what `bearing trend FOLDER --json` prints.

    Files that are no measurement are named in `skipped`. Indices count from 0 in the order of time, which is read from
    the files' own clocks, else from their names.
    """
    return as_json(await request.app.state.workers.run(_trend, uploads, long=True))


def _trend(uploads: Uploads) -> dict[str, Any]:
    from bearing.machines.history import baseline_of, history_of_contents
    from bearing.machines.limits.by_hand import limits_of
    from bearing.verdict.asked.request import Request as Asked

    if uploads.keep_spectra:
        raise ParameterError("Spectra are kept with a machine: send them to /api/machines/NAME.")
    baseline, limits = baseline_of(uploads.baseline), limits_of(uploads.limits)
    return history_of_contents(uploads.files, Asked(**uploads.said), baseline, limits=limits).as_dict()


@router.get("/machines", summary="All machines of the store, worst first", responses=api_docs.ERRORS)
async def machines(request: Request) -> Response:
    """A row per measuring point: state, since when, verdict and why, as `bearing fleet --json` prints them."""
    return as_json(await request.app.state.workers.run(_fleet, long=True))


def _fleet() -> list[dict[str, Any]]:
    from bearing.machines.kept.fleet import fleet

    if not _store_path().is_file():  # nothing was added yet
        return []
    return [row.as_dict() for row in fleet(_store(read_only=True))]


@router.get("/machines/{machine}", summary="The history of one machine", responses=api_docs.ERRORS)
async def history(
    request: Request, machine: str, baseline: Annotated[str | None, Query(description=BASELINE)] = None
) -> Response:
    """The same object as `/api/trend`, of what is kept."""
    return as_json(await request.app.state.workers.run(_history, machine, baseline, long=True))


def _history(machine: str, baseline: str | None) -> dict[str, Any]:
    from bearing.machines.history import baseline_of

    if not _store_path().is_file() or machine not in (kept := _store(read_only=True)).machines():
        raise HTTPException(404, f"No machine {machine[:80]!r} in the store: /api/machines lists them.")
    return kept.history(machine, baseline_of(baseline)).as_dict()


@router.post("/machines/{machine}", summary="Add recordings to a machine", responses=api_docs.ERRORS)
async def add(request: Request, machine: str, uploads: Uploaded) -> Response:
    """Keeps the measurements of each file (numbers and spectra, no waveforms); a new name makes a new machine.

    What is known already, by its content, counts once. Bearing and speed are remembered from the first time.
    """
    return as_json(await request.app.state.workers.run(_add, machine, uploads, long=True))


def _add(machine: str, uploads: Uploads) -> dict[str, Any]:
    from bearing.machines.kept.machine import Machine

    if uploads.baseline:
        raise ParameterError("A baseline is asked of a history: send it with GET /api/machines/NAME, or to /api/trend.")
    kept = Machine(machine, _store(), **uploads.said)
    added = kept.add_contents(uploads.files, uploads.keep_spectra, uploads.limits or None)
    skipped = [{"file": name, "reason": why} for name, why in added.skipped]
    return {"machine": machine, "measurements": added.measurements, "known": list(added.known), "skipped": skipped}


def _store_path() -> Path:
    path = store_file()
    if path is None:
        raise HTTPException(404, NO_STORE)
    return path


def _store(read_only: bool = False) -> Store:
    from bearing.machines.kept.store import Store

    return Store(_store_path(), read_only)
