"""REST over `diagnose()`: ``/api/...`` and the original service's ``/batch_predict/``, on FastAPI.

Alone: ``uvicorn bearing.api.service:app``. Beside the pages, in app.py: ``routes_of(api)`` and ``lifespan_of(api)``.
Routes read and answer; what they answer is computed by the same functions as on the page and the command line. The
heavy imports happen on the first request (or the warm-up), so that the server listens at once.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Depends, FastAPI, File, Form, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.routing import APIRoute
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from bearing import __version__
from bearing.api import docs as api_docs
from bearing.api.answers import WINDOW, Judged, judge
from bearing.api.gate import Gate, Metrics, log, start_log
from bearing.api.sockets import send_at_once
from bearing.api.workers import Workers
from bearing.errors import BearingError, InputError, ModelError, ParameterError, TooLarge
from bearing.memory import give_back
from bearing.settings import ApiSettings, api_settings, check_or_exit

if TYPE_CHECKING:
    from bearing.verdict.diagnosis import Diagnosis

__all__ = [
    "FORM_FIELDS",
    "SAID_FIELDS",
    "UploadRoute",
    "as_json",
    "create_api",
    "create_app",
    "lifespan_of",
    "routes_of",
]

SMALL_BODY = 64_000  # bytes; a window or two are judged in less time than it takes to hand them to a thread
SAID_FIELDS = (
    "channel", "rate", "rpm", "bearing", "geometry", "orders", "member", "raw", "ratio", "pulses", "part",
    "outer_ring_turns", "rpm_over_time", "unit", "sensitivity",
)  # fmt: skip
FORM_FIELDS = ("file", *SAID_FIELDS, "detectable", "machine")
SYNONYMS = {
    **dict.fromkeys(("sampling_rate", "sampling_rate_hz", "sample_rate", "fs", "sr", "rate_hz", "frequency"), "rate"),
    **dict.fromkeys(("speed", "shaft_rpm", "shaft_speed", "rotation"), "rpm"),
}
NPY_TYPES = ("application/x-npy", "application/octet-stream")


def _check_fields(given: list[str], known: tuple[str, ...]) -> None:
    """ParameterError for a field nobody reads (with the nearest right name), or one that is given twice."""
    for name in given:
        if name not in known:
            meant = SYNONYMS.get(name.lower()) or next(iter(get_close_matches(name.lower(), known, n=1)), "")
            advice = f"was '{meant}' meant?" if meant else f"known are {', '.join(known)}."
            raise ParameterError(f"There is no field {name[:80]!r}: {advice}")
        if given.count(name) > 1:
            raise ParameterError(f"The field '{name}' is given {given.count(name)} times: send it once.")


class UploadRoute(APIRoute):
    """A route whose form holds one file and a few short fields: more than that is refused while it arrives."""

    max_files = 1
    fields: tuple[str, ...] = FORM_FIELDS
    elsewhere: Mapping[str, str] = MappingProxyType({})  # fields of other routes: the sentence that says where
    repeated: tuple[str, ...] = ()  # fields that may come more than once

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        handle = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            try:
                form = await request.form(max_files=self.max_files, max_fields=20, max_part_size=10_000)  # kept by it
            except (LookupError, UnicodeError):  # charset= in a header names an encoding nobody knows, or a wrong one
                raise HTTPException(400, "The form's charset cannot be read: send the form in UTF-8.") from None
            except OSError as error:
                log.error("An upload could not be kept: %s", error)
                raise HTTPException(507, "The server has no room for this file now: try again later.") from error
            names = [name for name, _ in form.multi_items() if name not in self.repeated]
            for name in names:
                if name in self.elsewhere:
                    raise ParameterError(self.elsewhere[name])
            _check_fields(names, self.fields)
            return await handle(request)

        return bounded


def create_api(settings: ApiSettings | None = None) -> FastAPI:
    """The API with its own queue, workers and metrics. Paths are relative to ``/api``.

    Without `settings` those of the environment; ParameterError for a variable that cannot be understood.
    """
    from bearing.api.machines import router as machines

    settings = settings or api_settings()
    metrics = Metrics()
    api = FastAPI(
        title="Bearing Diagnostics",
        version=__version__,
        description=api_docs.DESCRIPTION,
        docs_url=None,  # `api_docs.add_page`
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    api.state.workers = Workers(settings.workers, metrics.waited.observe)
    api.state.settings = settings
    api.state.metrics = metrics
    api.add_middleware(Gate, settings=settings, metrics=metrics)
    api.include_router(_uploads)
    api.include_router(_rest)
    api.include_router(machines)
    for error, handler in _HANDLERS.items():
        api.add_exception_handler(error, handler)
    api_docs.add_page(api)
    api.openapi = api_docs.with_examples(api)  # type: ignore[method-assign]
    return api


_uploads = APIRouter(route_class=UploadRoute)
_rest = APIRouter()


@dataclass(frozen=True)
class Upload:
    """A file and what its sender says of it: the arguments of `bearing.verdict.asked.request.Request`."""

    file: BinaryIO
    name: str
    said: dict[str, Any]


def _said(
    channel: Annotated[str | None, Form(description="One channel by name; all of vibration by default.")] = None,
    rate: Annotated[float | None, Form(description="Sampling rate in Hz, where the file does not say.")] = None,
    rpm: Annotated[float | None, Form(description="Shaft speed in revolutions per minute.")] = None,
    bearing: Annotated[str | None, Form(description="Designation in the catalogue, such as 6205-2RS.")] = None,
    geometry: Annotated[str | None, Form(description="Own geometry, such as n=8,d=5.97,D=31.62,phi=0.")] = None,
    orders: Annotated[
        str | None, Form(description="Own fault orders, such as bpfo=3.25,bpfi=4.76,bsf=2.56,ftf=0.41.")
    ] = None,
    member: Annotated[str | None, Form(description="One sheet of a spreadsheet, or one file of an archive.")] = None,
    raw: Annotated[str | None, Form(description="Layout of a file of samples alone, such as int16,le,2ch.")] = None,
    ratio: Annotated[
        float | None, Form(description="Turns of the bearing's shaft to one of the shaft whose speed is told.")
    ] = None,
    pulses: Annotated[float | None, Form(description="Pulses per turn of the file's tacho.")] = None,
    part: Annotated[
        bool, Form(description="Read the first stretch of every channel of a file over the limits.")
    ] = False,
    outer_ring_turns: Annotated[bool, Form(description="The outer ring turns, the inner one stands.")] = False,
    rpm_over_time: Annotated[
        str | None, Form(description="A speed that moves, at a few moments in seconds: 0=600,10=1800.")
    ] = None,
    unit: Annotated[str | None, Form(description="Of the numbers, where the file does not say: g, m/s2, mm/s.")] = None,
    sensitivity: Annotated[float | None, Form(description="Of the sensor in mV/g: volts become g by it.")] = None,
) -> dict[str, Any]:
    """What a sender says of every file alike."""
    return {
        "channel": channel, "rate_hz": rate, "rpm": rpm, "bearing": bearing, "geometry": geometry, "orders": orders,
        "member": member, "raw": raw, "ratio": ratio, "pulses_per_turn": pulses, "part": part,
        "outer_ring_turns": outer_ring_turns, "rpm_over_time": rpm_over_time, "unit": unit, "mv_per_g": sensitivity,
    }  # fmt: skip


Said = Annotated[dict[str, Any], Depends(_said)]


def upload_name(given: str | None) -> str:
    """A file's name as its sender gave it, without folders."""
    return PurePosixPath((given or "upload").replace("\\", "/")).name[:200]


def _upload(
    file: Annotated[
        UploadFile, File(description="MATLAB, CSV, WAV, NumPy, HDF5, TDMS, UFF or LVM: whatever the page reads.")
    ],
    said: Said,
    detectable: Annotated[
        bool, Form(description="Find out, too, how weak a fault would have been seen, beside `normal`.")
    ] = False,
    machine: Annotated[
        str | None,
        Form(description="The machine's own lines, too: `all`, or `teeth=23,vanes=7,bars=44,poles=4,belt=0.37`."),
    ] = None,
) -> Upload:
    """The form of both routes that take a file."""
    return Upload(file.file, upload_name(file.filename), {**said, "detectable": detectable, "machine": machine})


Uploaded = Annotated[Upload, Depends(_upload)]


@_uploads.post("/diagnose", tags=["diagnosis"], summary="Diagnose one vibration file", responses=api_docs.ERRORS)
async def diagnose(request: Request, upload: Uploaded) -> Response:
    """Verdict, confidence and reason: the same object as in the library and on the command line.

    Every channel that measures vibration is judged and the worst is the answer; `channels` holds a row of each. Give at
    most one of `bearing`, `geometry` and `orders`.
    """
    answer = await _answer(request, upload)
    return as_json(answer.as_dict())


@_uploads.post(
    "/report",
    tags=["diagnosis"],
    summary="The report on one vibration file",
    response_class=HTMLResponse,
    responses=api_docs.ERRORS,
)
async def report(request: Request, upload: Uploaded) -> Response:
    """The same diagnosis as one HTML page with its figures, to keep: it needs no network."""
    answer = await _answer(request, upload)
    page = await request.app.state.workers.run(answer.to_html, long=True)
    name = quote(f"{upload.name}.html")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}", "X-Content-Type-Options": "nosniff"}
    return HTMLResponse(page, headers=headers)


async def _answer(request: Request, upload: Upload) -> Diagnosis:
    """The diagnosis of an upload, computed by a worker and counted."""
    answer = await request.app.state.workers.run(_diagnosis, upload, long=True)
    request.app.state.metrics.verdicts.labels(answer.verdict).inc()
    return answer


def _diagnosis(upload: Upload) -> Diagnosis:
    from bearing.verdict.asked.ask import answer_of
    from bearing.verdict.asked.request import Request as Asked

    asked = Asked(**upload.said)  # nonsense is refused before the file is read
    try:
        return answer_of(asked.open_upload(upload.file.read(), upload.name), asked)
    finally:
        give_back()


@_rest.post(
    "/windows",
    tags=["windows"],
    summary="Class probabilities of windows of 2048 samples at 12 kHz",
    openapi_extra=api_docs.WINDOWS_BODY,
    responses=api_docs.ERRORS,
)
async def windows(request: Request) -> Response:
    """Each window as the waveform CNN sees it, any level. For a verdict on a machine use `/api/diagnose`.

    Send `.npy` bytes (float32 or float64, shape (n, 2048)) or JSON; with `Accept: application/x-npy` the answer is the
    array of probabilities as `.npy`, with the classes in `X-Classes`.
    """
    from bearing.api.bodies import parse_windows

    result = await _judged(request, parse_windows, "Window")
    if any(kind in request.headers.get("accept", "") for kind in NPY_TYPES):
        return Response(result.npy(), media_type="application/x-npy", headers={"X-Classes": ",".join(result.classes)})
    return as_json(result.answer())


@_rest.post(
    "/batch_predict/",
    tags=["windows"],
    summary="The original service's request and answer",
    openapi_extra=api_docs.BATCH_BODY,
    responses=api_docs.ERRORS,
)
@_rest.post("/batch_predict", include_in_schema=False)
async def batch_predict(request: Request) -> Response:
    """Drop-in for clients of the original service; it is served at `/batch_predict/` of the host, too."""
    from bearing.api.bodies import parse_records

    result = await _judged(request, parse_records, "Record")
    return as_json(result.original_answer())


async def _judged(request: Request, parse: Callable[..., Any], what: str) -> Judged:
    from bearing.api.bodies import check_vibration

    state = request.app.state
    body = bytearray()  # grows in place, where a list of chunks would be held twice
    async for chunk in request.stream():
        body += chunk

    def work() -> Judged:
        windows = parse(body, WINDOW, state.settings.max_windows)
        check_vibration(windows, what)
        return judge(windows)

    if len(body) <= SMALL_BODY and state.workers.ready:
        result = work()
    else:
        result = await state.workers.run(work)
    state.metrics.windows.inc(len(result.probabilities))
    return result


@_rest.get("/", include_in_schema=False)
async def root() -> Response:
    """Leads to the documentation, as `/api` does."""
    return RedirectResponse("docs")


@_rest.get("/bearings", tags=["about"], summary="The catalogue of bearings")
def bearings() -> Response:
    """Designation, maker, geometry (own unit, degrees) and fault orders of every known bearing, with the source."""
    from dataclasses import asdict

    from bearing.physics.catalogue import load_catalogue

    return as_json([{"name": entry.name, **asdict(entry)} for entry in load_catalogue()])


@_rest.get("/model", tags=["about"], summary="The model cards", responses=api_docs.ERRORS)
def model() -> Response:
    """What each network is, what it was trained on, hashes and metrics: `cnn` judges windows, `order_cnn` diagnoses."""
    from bearing.models.order import load_order_predictor
    from bearing.models.waveform import load_predictor

    return as_json({"cnn": load_predictor().card, "order_cnn": load_order_predictor().card})


@_rest.get("/health", tags=["about"], summary="Is the service up")
async def health(request: Request) -> Response:
    """Answers at once, whatever the workers are doing."""
    state = request.app.state
    return as_json(
        {
            "status": "ok",
            "version": __version__,
            "ready": state.workers.ready,
            "workers": state.workers.count,
            "max_windows": state.settings.max_windows,
        }
    )


@_rest.get("/metrics", tags=["about"], summary="Prometheus metrics", response_class=Response)
def prometheus(request: Request) -> Response:
    """Requests, seconds, queue, windows and verdicts, in Prometheus' text format."""
    return Response(generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def as_json(content: object) -> Response:
    """An answer, without the detour by FastAPI's encoder."""
    return Response(orjson.dumps(content), media_type="application/json")


def _error(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"detail": detail}, status)


async def _on_our_error(request: Request, error: Exception) -> Response:
    status = 413 if isinstance(error, TooLarge) else 422 if isinstance(error, InputError) else 503
    if isinstance(error, ModelError):
        log.error("The model cannot be used: %s", error)
    return _error(status, str(error))


async def _on_invalid_form(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:]) or "body"
    return _error(422, f"The field '{field}' cannot be used: {first['msg'][:1].lower()}{first['msg'][1:]}.")


async def _on_refusal(request: Request, error: Exception) -> Response:
    """What Starlette says in two words is said in a sentence."""
    assert isinstance(error, HTTPException)
    detail = str(error.detail)
    if detail == "Not Found":
        detail = f"There is no {request.url.path[:80]!r} here: /api/docs lists what there is."
    elif detail == "Method Not Allowed":
        allowed = (error.headers or {}).get("Allow", "another method")
        detail = f"{request.method} is not answered here: send {allowed}."
    return JSONResponse({"detail": detail}, error.status_code, error.headers)


async def _on_gone(request: Request, error: Exception) -> Response:
    return _error(400, "The connection closed before the body was complete.")


async def _on_bug(request: Request, error: Exception) -> Response:
    request_id = request.state.request_id
    log.error("A request failed", exc_info=error, extra={"facts": {"request_id": request_id}})
    answer = _error(500, f"Something went wrong on the server; its log has the request id {request_id}.")
    answer.headers["X-Request-ID"] = request_id  # this answer is given outside the gate
    return answer


_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    BearingError: _on_our_error,
    HTTPException: _on_refusal,
    RequestValidationError: _on_invalid_form,
    ClientDisconnect: _on_gone,
    Exception: _on_bug,
}


class _AnyCase(Route):
    """A route whose path is matched in any case."""

    def __init__(self, path: str, endpoint: Callable[..., Any]) -> None:
        super().__init__(path, endpoint, methods=None)
        self.path_regex = re.compile(self.path_regex.pattern, re.IGNORECASE)


class _NotHere:
    """ASGI: beside the pages such a path would else get a page and 200, which a client takes for an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"][:80]
        answer = _error(404, f"There is no {path!r}: paths are in lower case, was {path.lower()!r} meant?")
        await answer(scope, receive, send)


def routes_of(api: FastAPI) -> list[BaseRoute]:
    """The API under ``/api``, and the original service's path at the root."""
    return [
        Mount("/api", app=api),
        Route("/batch_predict/", endpoint=api),
        Route("/batch_predict", endpoint=api),
        Route("/api", endpoint=_to_docs),
        *(_AnyCase(path, _NotHere()) for path in ("/api", "/api/{rest:path}", "/batch_predict", "/batch_predict/")),
    ]


def lifespan_of(
    api: FastAPI, besides: Callable[[], object] = lambda: None
) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """Starts the workers and lets one of them load the models, then do something `besides`; stops them at the end.

    One after the other: two threads that import SciPy at once have been seen to lose it.
    """

    def warm_up() -> None:
        api.openapi()
        besides()

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        start_log()
        send_at_once()
        workers: Workers = api.state.workers
        workers.warm_up(warm_up)
        try:
            yield
        finally:
            workers.stop()

    return lifespan


async def _to_docs(request: Request) -> Response:
    return RedirectResponse("/api/docs")


def create_app(settings: ApiSettings | None = None) -> Starlette:
    """The service alone, without the pages; `/` leads to its documentation."""
    api = create_api(settings)
    routes = [Route("/", _to_docs), *routes_of(api)]
    return Starlette(routes=routes, lifespan=lifespan_of(api), exception_handlers={HTTPException: _on_refusal})


def __getattr__(name: str) -> Any:
    """`app`, made when a server first asks for it: importing this module reads no environment."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    check_or_exit()
    return globals().setdefault("app", create_app())
