"""What every request passes on its way in and out: id, key, limits, a place in the queue, log line, metrics.

Plain ASGI, so that a body that is too large or too slow is stopped while it arrives.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
import time
import uuid
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import orjson
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bearing.settings import MEGABYTE, ApiSettings

__all__ = ["Gate", "Metrics", "log", "start_log"]

log = logging.getLogger("bearing.api")

SWAGGER_FILES = ("/docs/static/swagger-ui-bundle.js", "/docs/static/swagger-ui.css")
OPEN_PATHS = ("/health", "/docs", "/openapi.json", *SWAGGER_FILES)  # answered without the key
UPLOAD_PATHS = ("/diagnose", "/report")  # their multipart bodies go to disk as they arrive, others stay in memory
UPLOAD_PATIENCE_S = 60.0
MULTIPART_OVERHEAD = 64_000  # bytes of headings and form fields around a file
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class JsonLines(logging.Formatter):
    """One JSON object per line. It holds what the service knows about a request, never what was in it."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def start_log() -> None:
    """Write the service's log to standard error, unless the host program has its own arrangements."""
    log.setLevel(logging.INFO)
    if not log.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines())
        log.addHandler(handler)


class Metrics:
    """Prometheus metrics of one application, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "bearing_requests", "Requests answered", ["route", "method", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "bearing_request_seconds",
            "Seconds from the head of a request to the end of its answer",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.waited = Histogram(
            "bearing_queue_seconds",
            "Seconds a request waited for a worker",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "bearing_requests_in_flight", "Requests with a place in the queue", registry=self.registry
        )
        self.windows = Counter("bearing_windows", "Windows judged by the network", registry=self.registry)
        self.verdicts = Counter("bearing_diagnoses", "Diagnoses by verdict", ["verdict"], registry=self.registry)


class Gate:
    """ASGI middleware around the whole API."""

    def __init__(self, app: ASGIApp, settings: ApiSettings, metrics: Metrics) -> None:
        self.app = app
        self.settings = settings
        self.metrics = metrics
        self.in_flight = 0
        self.uploads = 0
        self.held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500

        head = scope["method"] == "HEAD"  # answered like GET, without the body: load balancers ask so
        if head:
            scope = {**scope, "method": "GET"}

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        path = scope["path"].removeprefix(scope.get("root_path", ""))
        upload = path in UPLOAD_PATHS
        to_disk = upload and headers.get("content-type", "").lower().startswith("multipart/")
        limit = self.settings.max_file_bytes + MULTIPART_OVERHEAD if to_disk else self.settings.max_body_bytes
        place = _Place(self, upload, in_memory=not to_disk)
        body = _Body(receive, limit, self.settings.body_timeout_s, place if scope["method"] == "POST" else None)
        try:
            refusal = self._refusal(path, headers, body)
            if refusal is None and scope["method"] == "POST" and self._is_foreign(headers):
                refusal = HTTPException(
                    403, "A web page of another host may not send work here: name it in BEARING_ALLOWED_ORIGINS."
                )
            if refusal is None:
                await self.app(scope, body.receive, send_with_id)
            else:
                await _refuse(refusal, send_with_id)
        finally:
            place.leave()
            self._record(scope, status, time.perf_counter() - began, body.count, request_id)

    def _refusal(self, path: str, headers: Headers, body: _Body) -> HTTPException | None:
        """Why this request is not even read, or None."""
        if self.settings.key and path not in OPEN_PATHS and not self._has_key(headers):
            return HTTPException(
                401,
                "This service needs its key: send it as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'.",
                {"WWW-Authenticate": "Bearer"},
            )
        length = headers.get("content-length", "")
        if length.isdecimal():
            body.announced = int(length)
            if body.announced > body.limit:
                return body.too_large(body.announced)
        return None

    def _is_foreign(self, headers: Headers) -> bool:
        """Whether a browser sends this for a page of another host: anybody's visitors would else work for it here."""
        origin = headers.get("origin", "").lower()
        if not origin or origin in re.split(r"[\s,]+", self.settings.allowed_origins.lower()):
            return False
        own = (headers.get("host", "").lower(), headers.get("x-forwarded-host", "").lower())
        return origin.partition("://")[2] not in own or origin == "null"

    def _has_key(self, headers: Headers) -> bool:
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        given = bearer.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
        return hmac.compare_digest(given.encode(), self.settings.key.encode())

    def _record(self, scope: Scope, status: int, seconds: float, body_bytes: int, request_id: str) -> None:
        route = getattr(scope.get("route"), "path", "other")
        self.metrics.requests.labels(route, scope["method"], str(status)).inc()
        self.metrics.seconds.labels(route).observe(seconds)
        facts = {
            "request_id": request_id,
            "method": scope["method"],
            "route": route,
            "status": status,
            "ms": round(1000 * seconds, 2),
            "body_bytes": body_bytes,
        }
        log.info("request", extra={"facts": facts})


class _Place:
    """What one request takes from the others: memory for the bytes that came, and a place once all of them are there.

    Nothing is taken for what is merely announced, so that idle and slow connections keep nobody out.
    """

    def __init__(self, gate: Gate, upload: bool, in_memory: bool) -> None:
        self.gate, self.upload, self.in_memory = gate, upload, in_memory
        self.held_bytes = 0
        self.taken = False

    def hold(self, count: int) -> None:
        """Make room for bytes that came. Raises HTTPException (429) when all bodies together hold too much."""
        if self.in_memory:
            self.gate.held_bytes += count
            self.held_bytes += count
            if self.gate.held_bytes > self.gate.settings.held_bytes:
                raise _busy()

    async def enter(self) -> None:
        """Take a place. A file, which lies on disk, waits for one; HTTPException (429) when that takes too long."""
        gate, settings = self.gate, self.gate.settings
        if self.upload:
            deadline = time.monotonic() + UPLOAD_PATIENCE_S
            while gate.uploads >= settings.uploads:
                if time.monotonic() > deadline:
                    raise _busy()
                await asyncio.sleep(0.02)
        elif gate.in_flight - gate.uploads >= settings.workers + settings.queue:
            raise _busy()
        self.taken = True
        gate.in_flight += 1
        gate.uploads += self.upload
        gate.metrics.in_flight.set(gate.in_flight)

    def leave(self) -> None:
        gate = self.gate
        gate.held_bytes -= self.held_bytes
        gate.in_flight -= self.taken
        gate.uploads -= self.taken and self.upload
        gate.metrics.in_flight.set(gate.in_flight)


def _busy() -> HTTPException:
    return HTTPException(429, "The server is busy: try again in a second.", {"Retry-After": "1"})


class _Body:
    """The body on its way in: counted, and stopped when it is over the limit or too slow."""

    def __init__(self, receive: Receive, limit: int, timeout_s: float, place: _Place | None) -> None:
        self._receive = receive
        self._place = place
        self.limit = limit
        self.timeout_s = timeout_s
        self.announced = 0
        self.count = 0
        self._deadline = time.monotonic() + timeout_s
        self._complete = False

    async def receive(self) -> MutableMapping[str, Any]:
        if self._complete:
            return await self._receive()
        try:
            async with asyncio.timeout(self._deadline - time.monotonic()):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, f"The body took longer than {self.timeout_s:g} s to arrive.") from None
        came = len(message.get("body", b""))
        self.count += came
        self._complete = not message.get("more_body", False)
        if self.count > self.limit:
            raise self.too_large(self.count)
        if self._place is not None:
            self._place.hold(came)
            if self._complete and message["type"] == "http.request":
                await self._place.enter()
        return message

    def too_large(self, size: int) -> HTTPException:
        return HTTPException(
            413,
            f"The body has {size / MEGABYTE:,.0f} MB or more, the limit is {self.limit / MEGABYTE:,.0f} MB: "
            "send less at a time.",
        )


async def _refuse(refusal: HTTPException, send: Send) -> None:
    content = orjson.dumps({"detail": refusal.detail})
    headers = {"content-type": "application/json", "content-length": str(len(content)), **(refusal.headers or {})}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refusal.status_code, "headers": raw})
    await send({"type": "http.response.body", "body": content})
