"""The REST service: contract, errors, limits, queue, key; the same answers as library and command line."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient
from loops import run
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse

from bearing import diagnose
from bearing.api import service as module
from bearing.api.answers import ORIGINAL_NAMES
from bearing.api.early import Early
from bearing.api.gate import JsonLines
from bearing.api.sockets import send_at_once
from bearing.errors import ModelError, ParameterError
from bearing.models.order import load_order_predictor
from bearing.models.waveform import load_predictor
from bearing.settings import ApiSettings, api_settings, usable_cores

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = sorted((ROOT / "data" / "samples").glob("*.csv"))
CONTRACT = {
    "file",
    "channel",
    "sampling_rate_hz",
    "shaft_rpm",
    "verdict",
    "confidence",
    "reason",
    "opinions",
    "warnings",
    "model",
}


def service(**settings: Any) -> Starlette:
    """An application of its own, served like the real one."""
    api = module.create_api(replace(ApiSettings(), **settings))
    return Starlette(routes=module.routes_of(api), lifespan=module.lifespan_of(api))


@contextmanager
def client_of(**settings: Any) -> Iterator[TestClient]:
    with TestClient(service(**settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with client_of() as shared:
        yield shared


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((5, 2048))


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def records(array: np.ndarray) -> list[dict[str, list[float]]]:
    return [{"record": row} for row in array.tolist()]


def upload(client: TestClient, path: Path, **fields: str) -> httpx.Response:
    return client.post("/api/diagnose", files={"file": (path.name, path.read_bytes())}, data=fields)


def sentence(response: httpx.Response, status: int) -> str:
    """The one sentence of an error answer."""
    assert response.status_code == status, response.text
    content = response.json()
    assert list(content) == ["detail"]
    assert isinstance(content["detail"], str)
    return content["detail"]


# --- one diagnosis, whichever door --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_diagnose_answers_what_the_library_answers(client: TestClient, path: Path) -> None:
    answer = upload(client, path)
    assert answer.status_code == 200, answer.text
    assert answer.json() == json.loads(diagnose(path).to_json())
    assert set(answer.json()) >= CONTRACT


def test_diagnose_answers_what_the_command_line_prints(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    from bearing.cli.main import main

    path = SAMPLES[0]
    options = {"rate": "12500", "rpm": "1490", "geometry": "n=8,d=5.97,D=31.62,phi=0"}
    main(["diagnose", str(path), "--json", *[text for name, value in options.items() for text in (f"--{name}", value)]])
    printed = json.loads(capsys.readouterr().out)
    answered = upload(client, path, **options).json()
    assert printed == answered
    assert answered["sampling_rate_hz"] == 12500
    assert answered["bearing"]["name"] == options["geometry"]


@pytest.mark.recordings
def test_diagnose_reads_a_published_recording(client: TestClient, recordings_dir: Path) -> None:
    answer = upload(client, recordings_dir / "105.mat").json()
    assert (answer["verdict"], answer["channel"], answer["sampling_rate_hz"]) == ("inner", "DE", 12000.0)


def test_empty_form_fields_count_as_not_given(client: TestClient) -> None:
    path = SAMPLES[0]
    fields = dict.fromkeys(("channel", "rate", "rpm", "bearing", "geometry", "orders"), "")
    assert upload(client, path, **fields).json() == upload(client, path).json()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"rate": "abc"}, "field 'rate'"),
        ({"rate": "-1"}, "sampling rate must lie between"),
        ({"rpm": "nan"}, "shaft speed must lie between"),
        ({"channel": "nowhere"}, "No channel 'nowhere'"),
        ({"bearing": "no such thing"}, "No bearing 'no such thing'"),
        ({"bearing": "6205", "orders": "bpfo=3.25,bpfi=4.76,bsf=2.56,ftf=0.41"}, "by bearing and orders"),
        ({"geometry": "n=8"}, "missing in 'n=8'"),
    ],
)
def test_diagnose_says_what_is_wrong_with_an_option(client: TestClient, fields: dict[str, str], said: str) -> None:
    assert said in sentence(upload(client, SAMPLES[0], **fields), 422)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.csv", b""),
        ("words.csv", b"nothing to see\nhere either\n"),
        ("cut.mat", b"MATLAB 5.0 MAT-file" + bytes(200)),
        ("noise.mat", bytes(range(256)) * 40),
        ("pickle.npy", npy(np.array([{"a": 1}], dtype=object))),
        ("short.csv", b"0.1\n0.2\n0.3\n"),
        ("gap.csv", b"0.1\nnan\n" * 2000),
        ("../../etc/passwd", b"\x00\x01\x02"),
    ],
)
def test_no_file_is_a_server_error(client: TestClient, name: str, data: bytes) -> None:
    answer = client.post("/api/diagnose", files={"file": (name, data)}, data={"rate": "12000"})
    assert len(sentence(answer, 422)) > 20


def test_an_unknown_rate_is_asked_for(client: TestClient, windows: np.ndarray) -> None:
    answer = client.post("/api/diagnose", files={"file": ("a.npy", npy(windows[0]))})
    assert "sampling rate" in sentence(answer, 422)


def test_forms_that_are_none(client: TestClient) -> None:
    assert "'file'" in sentence(client.post("/api/diagnose", data={"rate": "12000"}), 422)
    assert "'file'" in sentence(client.post("/api/diagnose", json={"file": "x"}), 422)
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    sentence(client.post("/api/diagnose", content=b"--y nonsense", headers=broken), 400)
    two = [("file", ("a.csv", b"1")), ("file", ("b.csv", b"2"))]
    assert "Too many files" in sentence(client.post("/api/diagnose", files=two), 400)


# --- windows ------------------------------------------------------------------------------------------------------


def test_windows_as_npy_and_as_json_get_what_the_predictor_says(client: TestClient, windows: np.ndarray) -> None:
    expected = load_predictor().probabilities(windows)
    bodies = {
        "float64": npy(windows),
        "big-endian": npy(windows.astype(">f8")),
        "fortran": npy(np.asfortranarray(windows)),
        "bare": json.dumps(windows.tolist()).encode(),
        "wrapped": json.dumps({"windows": windows.tolist()}, indent=1).encode(),
    }
    for name, body in bodies.items():
        answer = client.post("/api/windows", content=body).json()
        assert answer["probabilities"] == expected.tolist(), name
        assert answer["classes"] == ["ball", "inner", "normal", "outer"]
        assert answer["verdicts"] == [answer["classes"][i] for i in expected.argmax(axis=1)]
        assert 0 < answer["execution_ms"] < 10_000
    single = client.post("/api/windows", content=npy(windows.astype(np.float32))).json()
    np.testing.assert_allclose(single["probabilities"], expected, atol=1e-4)


def test_windows_answers_npy_when_asked(client: TestClient, windows: np.ndarray) -> None:
    answer = client.post("/api/windows", content=npy(windows), headers={"Accept": "application/x-npy"})
    np.testing.assert_array_equal(np.load(io.BytesIO(answer.content)), load_predictor().probabilities(windows))
    assert answer.headers["x-classes"] == "ball,inner,normal,outer"


def test_batch_predict_answers_like_the_original(client: TestClient, windows: np.ndarray) -> None:
    expected = load_predictor().probabilities(windows)
    for path in ("/batch_predict/", "/batch_predict", "/api/batch_predict/"):
        answer = client.post(path, json=records(windows), follow_redirects=False)
        assert answer.status_code == 200, path
        assert list(answer.json()) == ["Analysis", "Execution Time"]
        for row, said in zip(expected.tolist(), answer.json()["Analysis"], strict=True):
            assert list(said) == ["Prediction", "Probabilities"]
            assert list(said["Probabilities"]) == list(ORIGINAL_NAMES.values())
            assert list(said["Probabilities"].values()) == row
            assert said["Prediction"] == max(said["Probabilities"], key=said["Probabilities"].__getitem__)


GOOD = "[" + ",".join(["0.5"] * 2048) + "]"
BAD_RECORDS = [
    ("", "must be a JSON array"),
    ("[]", "holds no windows"),
    ("{}", "must be a JSON array"),
    ("null", "must be a JSON array"),
    ("[[1, 2]]", "Record 0"),
    ('[{"recorded": [1]}]', 'no key "record"'),
    ('[{"record": 1}]', "Record 0 (counted from 0) must be a list"),
    ('[{"record": []}]', "holds 0 numbers"),
    (f'[{{"record": {GOOD}}}, {{"record": [1, 2]}}]', "Record 1 (counted from 0) holds 2 numbers"),
    (f'[{{"record": {GOOD}}}, {{"record": {GOOD[:-1]}, 1]}}]', "Record 1 (counted from 0) holds 2,049 numbers"),
    (f'[{{"record": {GOOD}}}, {{"record": {GOOD.replace("0.5", "NaN", 1)}}}]', "Record 1 (counted from 0) holds NaN"),
    (f'[{{"record": {GOOD.replace("0.5", "-Infinity", 1)}}}]', "Record 0 (counted from 0) holds -Infinity"),
    (f'[{{"record": {GOOD.replace("0.5", "1e999", 1)}}}]', "a number out of range"),
    (f'[{{"record": {GOOD.replace("0.5", "null", 1)}}}]', "something that is no number"),
    (f'[{{"record": {GOOD.replace("0.5", "true", 1)}}}]', "something that is no number"),
    (f'[{{"record": {GOOD.replace("0.5,0.5", "[0.5,0.5],0.5", 1)}}}]', "a list within the list"),
    (f'[{{"record": {GOOD}}}', "must be a JSON array"),
    (f'[{{"record": {GOOD}]', "Record 0 (counted from 0) is not valid JSON"),
    (f'[{{"record": {GOOD}}},]', "Record 1 (counted from 0) is not what belongs there"),
    (f'[{{"record": {GOOD}}} {{"record": {GOOD}}}]', "Record 1 (counted from 0) is not what belongs there"),
    (f'[{{"record": {GOOD}}}, 3]', "Record 1 (counted from 0) is not what belongs there"),
]


@pytest.mark.parametrize(("body", "said"), BAD_RECORDS, ids=[said[-40:] for _, said in BAD_RECORDS])
def test_batch_predict_names_the_record_at_fault(client: TestClient, body: str, said: str) -> None:
    assert said in sentence(client.post("/batch_predict/", content=body), 422)


def test_windows_names_what_is_wrong_with_an_array(client: TestClient, windows: np.ndarray) -> None:
    gap = windows.copy()
    gap[3, 100] = np.inf
    huge = (
        b"\x93NUMPY\x01\x00v\x00"
        + b"{'descr': '<f8', 'fortran_order': False, 'shape': (500, 2048), }".ljust(117)
        + b"\n"
    )
    for body, said in [
        (npy(gap), "Window 3 (counted from 0) holds NaN or infinity"),
        (npy(windows[:, :2000]), "(n, 2048)"),
        (npy(windows[0]), "(n, 2048)"),
        (npy(windows[:0]), "(n, 2048)"),
        (npy(windows.astype(complex)), "float32 or float64"),
        (npy(windows.astype(int)), "float32 or float64"),
        (npy(np.array([[None] * 2048])), "float32 or float64"),
        (npy(windows)[:-8], "is not whole"),
        (npy(windows) + b"x", "is not whole"),
        (huge, "is not whole"),
        (b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 300, "header"),
        (b"[[1, 2]]", "Window 0 (counted from 0) holds 2 numbers"),
        (b'{"windows": []}', "holds no windows"),
        (b'{"windows": [[1]', "cut off"),
        (b'{"windows": [[1]], "more": 1}', "must be a JSON array"),
    ]:
        assert said in sentence(client.post("/api/windows", content=body), 422)


def test_too_many_windows(windows: np.ndarray) -> None:
    with client_of(max_windows=4) as client:
        assert "at most 4" in sentence(client.post("/api/windows", content=npy(windows)), 413)
        assert "More than 4 windows" in sentence(client.post("/batch_predict/", json=records(windows)), 413)
        assert client.post("/api/windows", content=npy(windows[:4])).status_code == 200


# --- limits, queue, key -------------------------------------------------------------------------------------------


def test_a_body_that_says_it_is_too_large_is_not_read(windows: np.ndarray) -> None:
    with client_of(max_body_bytes=50_000, max_file_bytes=50_000) as client:
        assert "the limit is" in sentence(client.post("/api/windows", content=npy(windows)), 413)
        assert "the limit is" in sentence(client.post("/batch_predict/", json=records(windows)), 413)
        large = {"file": ("a.csv", b"1.25\n" * 40_000)}
        assert "the limit is" in sentence(client.post("/api/diagnose", files=large), 413)


class Call:
    """One request to the application without a server: `chunks` arrive one by one, `wait_s` apart."""

    def __init__(self, path: str, chunk: bytes, chunks: int, wait_s: float = 0.0, kind: str = "") -> None:
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(b"content-type", kind.encode())] if kind else [],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
        }
        self.chunk, self.left, self.wait_s = chunk, chunks, wait_s
        self.given = 0
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        await asyncio.sleep(self.wait_s)
        self.given += 1
        self.left -= 1
        return {"type": "http.request", "body": self.chunk, "more_body": self.left > 0}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def run(self, app: Starlette) -> int:
        run(app(self.scope, self.receive, self.send))
        return int(self.sent[0]["status"])


@pytest.mark.parametrize("path", ["/api/windows", "/batch_predict/"])
def test_an_endless_body_is_stopped_at_the_limit(path: str) -> None:
    call = Call(path, b"x" * 10_000, 10**9)
    assert call.run(service(max_body_bytes=100_000)) == 413
    assert call.given <= 11


def test_an_endless_upload_is_stopped_at_the_limit() -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    call = Call("/api/diagnose", head + b"1\n" * 10_000, 10**9, kind="multipart/form-data; boundary=x")
    assert call.run(service(max_file_bytes=100_000)) == 413
    assert call.given <= 10


def test_a_body_that_dawdles_is_given_up() -> None:
    call = Call("/api/windows", b"x", 10**6, wait_s=0.05)
    assert call.run(service(body_timeout_s=0.3)) == 408
    assert call.given <= 8


def test_a_burst_beyond_the_queue_is_turned_away_and_places_are_given_back(
    windows: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    judge = module.judge

    def slow(values: np.ndarray) -> object:
        assert release.wait(20)
        return judge(values)

    monkeypatch.setattr(module, "judge", slow)
    body = npy(windows)

    async def burst() -> None:
        app = service(workers=1, queue=2)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            waiting = [asyncio.create_task(client.post("/api/windows", content=body)) for _ in range(3)]
            await asyncio.sleep(0.2)
            refused = await client.post("/api/windows", content=body)
            assert "busy" in sentence(refused, 429)
            assert int(refused.headers["retry-after"]) >= 1
            assert (await client.get("/api/health")).status_code == 200  # the event loop is free
            release.set()
            assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [200, 200, 200]
            assert (await client.post("/api/windows", content=body)).status_code == 200
            assert (await client.post("/batch_predict/", content=b"[]")).status_code == 422
            assert "bearing_requests_in_flight 0.0" in (await client.get("/api/metrics")).text

    run(burst())


def test_files_leave_room_in_the_queue_for_windows(windows: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def slow(_: object) -> SimpleNamespace:
        assert release.wait(20)
        return SimpleNamespace(verdict="normal", as_dict=dict)

    monkeypatch.setattr(module, "_diagnosis", slow)

    async def burst() -> None:
        app = service(workers=2, queue=8)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:

            async def send() -> httpx.Response:
                return await client.post("/api/diagnose", files={"file": ("a.csv", b"1")})

            waiting = [asyncio.create_task(send()) for _ in range(2)]
            await asyncio.sleep(0.2)
            waiting.append(asyncio.create_task(send()))  # waits for its turn instead of being refused
            await asyncio.sleep(0.2)
            assert not waiting[-1].done()
            assert (await client.post("/api/windows", content=npy(windows))).status_code == 200
            release.set()
            assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [200, 200, 200]
            assert (await send()).status_code == 200

    run(burst())


def test_bodies_held_in_memory_are_bounded_together_by_what_has_arrived(windows: np.ndarray) -> None:
    async def body(count: int, release: asyncio.Event) -> Any:
        yield b"[" + b" " * (count - 1)
        await release.wait()
        yield b"]"

    async def fill(idle: int, large: int) -> list[int]:
        release = asyncio.Event()
        app = service(workers=1, queue=2, max_body_bytes=100_000)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            sizes = [1] * idle + [95_000] * large
            waiting = [asyncio.create_task(client.post("/batch_predict/", content=body(n, release))) for n in sizes]
            await asyncio.sleep(0.2)
            status = (await client.post("/api/windows", content=npy(windows[:1]))).status_code
            release.set()
            statuses = [answer.status_code for answer in await asyncio.gather(*waiting)]
            assert (await client.post("/api/windows", content=npy(windows[:1]))).status_code == 200
            return [status, *statuses]

    assert run(fill(idle=40, large=0))[0] == 200  # connections that dawdle keep nobody out
    assert run(fill(idle=0, large=2)) == [429, 422, 422]


def test_the_key_guards_everything_but_health_and_docs(windows: np.ndarray) -> None:
    with client_of(key="correct horse") as client:
        for path in ("/api/health", "/api/docs", "/api/docs/static/swagger-ui.css", "/api/openapi.json"):
            assert client.get(path).status_code == 200, path
        for path in ("/api/bearings", "/api/model", "/api/metrics", "/api/nowhere"):
            assert "key" in sentence(client.get(path), 401)
        for headers in (
            {},
            {"X-API-Key": "correct hors"},
            {"Authorization": "Basic correct horse"},
            {"X-API-Key": "é"},
        ):
            encoded = {name: value.encode() for name, value in headers.items()}
            refused = client.post("/batch_predict/", json=records(windows), headers=encoded)
            sentence(refused, 401)
            assert refused.headers["www-authenticate"] == "Bearer"
        for headers in ({"X-API-Key": "correct horse"}, {"Authorization": "Bearer correct horse"}):
            assert client.post("/batch_predict/", json=records(windows), headers=headers).status_code == 200


# --- ids, logs, metrics, documentation ----------------------------------------------------------------------------


def test_every_answer_carries_a_request_id(client: TestClient) -> None:
    assert client.get("/api/health", headers={"X-Request-ID": "line-7_42"}).headers["x-request-id"] == "line-7_42"
    made = [client.get("/api/nowhere", headers={"X-Request-ID": "two words"}).headers["x-request-id"] for _ in "ab"]
    assert len(set(made)) == 2
    assert all(len(text) == 32 for text in made)


def test_the_log_has_one_json_line_per_request_and_no_signal(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "bearing.api"):
        upload(client, SAMPLES[0])
        client.post("/batch_predict/", json=[{"record": [123.456789]}])
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records if record.name == "bearing.api"]
    assert [line["route"] for line in lines] == ["/diagnose", "/batch_predict/"]
    assert [line["status"] for line in lines] == [200, 422]
    known = {"time", "level", "event", "request_id", "method", "route", "status", "ms", "body_bytes"}
    assert all(set(line) == known for line in lines)
    text = json.dumps(lines)
    assert "123.456" not in text
    assert SAMPLES[0].name not in text


def test_metrics_count_requests_windows_and_verdicts(windows: np.ndarray) -> None:
    with client_of() as client:
        client.post("/api/windows", content=npy(windows))
        verdict = upload(client, SAMPLES[0]).json()["verdict"]
        client.post("/batch_predict/", content=b"[]")
        text = client.get("/api/metrics").text
    assert 'bearing_requests_total{method="POST",route="/windows",status="200"} 1.0' in text
    assert 'bearing_requests_total{method="POST",route="/batch_predict/",status="422"} 1.0' in text
    assert f'bearing_diagnoses_total{{verdict="{verdict}"}} 1.0' in text
    assert f"bearing_windows_total {len(windows)}.0" in text
    assert "process_resident_memory_bytes" in text


def test_the_documentation_shows_what_the_service_really_answers(client: TestClient) -> None:
    schema = client.get("/api/openapi.json").json()
    assert schema["servers"] == [{"url": "/api"}]
    paths = schema["paths"]
    assert set(paths) == {
        "/diagnose", "/report", "/windows", "/batch_predict/", "/bearings", "/model", "/health", "/metrics",
        "/trend", "/machines", "/machines/{machine}",
    }  # fmt: skip

    def answered(path: str) -> Any:
        return paths[path]["post"]["responses"]["200"]["content"]["application/json"]["example"]

    def asked(path: str) -> Any:
        return paths[path]["post"]["requestBody"]["content"]["application/json"]["example"]

    outer = next(path for path in SAMPLES if path.stem == "outer")
    assert upload(client, outer).json() == answered("/diagnose")
    live = client.post("/api/windows", json=asked("/windows")).json()
    assert live["probabilities"] == answered("/windows")["probabilities"]
    assert (
        client.post("/batch_predict/", json=asked("/batch_predict/")).json()["Analysis"]
        == (answered("/batch_predict/")["Analysis"])
    )


def test_catalogue_card_and_health(client: TestClient) -> None:
    bearings = client.get("/api/bearings").json()
    drive_end = next(entry for entry in bearings if entry["name"] == "6205-2RS JEM (SKF)")
    assert drive_end["orders"]["bpfo"] == pytest.approx(3.585, abs=1e-3)
    assert all(entry["source"] for entry in bearings)
    assert client.get("/api/model").json() == {"cnn": load_predictor().card, "order_cnn": load_order_predictor().card}
    health = client.get("/api/health").json()
    assert health["status"] == "ok"
    assert health["workers"] == ApiSettings().workers


# --- when things go wrong on our side -----------------------------------------------------------------------------


def test_missing_weights_are_a_503(windows: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise ModelError("cnn.json is missing from weights/: run `python -m bearing train`.")

    monkeypatch.setattr("bearing.models.waveform.load_predictor", missing)
    with client_of() as client:
        assert "cnn.json is missing" in sentence(client.post("/api/windows", content=npy(windows)), 503)
        assert "cnn.json is missing" in sentence(client.get("/api/model"), 503)
        assert client.get("/api/openapi.json").status_code == 200


def test_a_bug_is_a_500_with_an_id_and_without_details(windows: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "judge", lambda values: 1 / 0)
    with client_of() as client:
        answer = client.post("/api/windows", content=npy(windows))
        said = sentence(answer, 500)
        assert answer.headers["x-request-id"] in said
        assert "division" not in said


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    settings = api_settings({"BEARING_API_KEY": " k ", "BEARING_MAX_BODY_MB": "0.5", "BEARING_QUEUE": "3"})
    assert (settings.key, settings.max_body_bytes, settings.queue) == ("k", 500_000, 3)
    assert settings.workers >= 1
    for text in ("many", "-1", "0", "nan", "2.5", "inf"):
        with pytest.raises(ParameterError, match="BEARING_WORKERS must be a whole number of 1 or more"):
            api_settings({"BEARING_WORKERS": text})
    quota = tmp_path / "cpu.max"
    for content, cores in (("10000 100000", 1), ("100000 100000", 1), ("max 100000", usable_cores(tmp_path / "no"))):
        quota.write_text(content)
        assert usable_cores(quota) == cores


def test_importing_the_service_is_light() -> None:
    heavy = ("streamlit", "torch", "scipy", "pandas", "plotly", "onnxruntime")
    code = f"import sys, bearing.api.service; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_plotly_is_sent_for_together_with_the_pages_that_draw_with_it() -> None:
    async def page(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("page", headers={"x-kept": "1"})(scope, receive, send)

    client = TestClient(Early(page, ("/machine", "/fleet"), "static/js/PlotlyChart.x.js"))
    for path, hint in (("/machine?machine=a", True), ("/under/fleet", True), ("/", False), ("/api/machines", False)):
        answer = client.get(path)
        assert answer.text == "page"
        assert answer.headers["x-kept"] == "1"
        assert ("link" in answer.headers) == hint
    assert client.get("/fleet").headers["link"] == "<static/js/PlotlyChart.x.js>; rel=modulepreload"


@pytest.mark.parametrize("path", ["/api/health", "/api/docs", "/api/bearings", "/api/openapi.json"])
def test_head_is_answered_like_get_without_the_body(client: TestClient, path: str) -> None:
    full, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == full.headers["content-type"]
    assert head.headers["x-request-id"]


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/API", 404, "was '/api' meant"),
        ("GET", "/Api/health", 404, "was '/api/health' meant"),
        ("POST", "/api/../API/diagnose", 404, "lower case"),
        ("POST", "/Batch_Predict/", 404, "was '/batch_predict/' meant"),
        ("GET", "/api/nonsense", 404, "There is no '/api/nonsense' here"),
        ("GET", "/api/diagnose", 405, "GET is not answered here: send POST"),
        ("HEAD", "/api/diagnose", 405, ""),
    ],
)
def test_a_wrong_path_or_method_is_one_sentence(
    client: TestClient, method: str, path: str, status: int, said: str
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert said in (answer.json()["detail"] if said else "")


def test_the_service_alone_tells_a_wrong_path_too() -> None:
    with TestClient(module.create_app()) as alone:
        assert alone.get("/").url.path == "/api/docs"
        assert "There is no '/nonsense' here" in alone.get("/nonsense").json()["detail"]


def test_the_services_root_leads_to_its_documentation(client: TestClient) -> None:
    for path in ("/api", "/api/"):
        assert client.get(path).url.path == "/api/docs", path


# --- beside the pages ---------------------------------------------------------------------------------------------


def test_pages_and_service_share_one_port(server: str, client: TestClient, windows: np.ndarray) -> None:
    with httpx.Client(base_url=server, timeout=60) as web:
        assert "<title>" in web.get("/").text
        assert web.get("/api/docs").status_code == 200
        assert web.get("/api").headers["location"] == "/api/docs"
        assert web.get("/API/health").json()["detail"].startswith("There is no '/API/health'")
        assert [web.head(path).status_code for path in ("/", "/api/health", "/_stcore/health")] == [200, 200, 200]
        assert (
            web.post("/batch_predict/", json=records(windows)).json()["Analysis"]
            == (client.post("/batch_predict/", json=records(windows)).json()["Analysis"])
        )
        path = SAMPLES[0]
        answered = web.post("/api/diagnose", files={"file": (path.name, path.read_bytes())}).json()
        assert answered == upload(client, path).json()
        seconds = [web.get("/api/health").elapsed.total_seconds() for _ in range(12)]
        assert min(seconds[2:]) < 0.03  # a kept connection does not wait for delayed acknowledgements
        for _ in range(100):  # the service's own lifespan runs: it warms up
            if web.get("/api/health").json()["ready"]:
                break
            time.sleep(0.2)
        else:
            pytest.fail("the service beside the pages never warmed up")


def test_listening_sockets_send_at_once() -> None:
    with socket.socket(socket.AF_INET) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        assert send_at_once() >= 1
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_key_among_the_hosts_secrets_closes_the_service(tmp_path: Path) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text('BEARING_API_KEY = "sesame"\n')
    code = "import sys; sys.path.insert(0, sys.argv[1]); import app; print(app.api.state.settings.key)"
    environment = {name: value for name, value in os.environ.items() if name != "BEARING_API_KEY"}
    command = [sys.executable, "-c", code, str(ROOT)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "sesame"


def test_a_dead_window_gets_no_answer_at_any_door(client: TestClient, windows: np.ndarray) -> None:
    dead = np.vstack([windows, np.zeros((1, 2048))])
    records = [{"record": row} for row in dead.tolist()]
    for answer, what in (
        (client.post("/api/windows", content=npy(dead)), "Window"),
        (client.post("/api/windows", json=dead.tolist()), "Window"),
        (client.post("/batch_predict/", json=records), "Record"),
    ):
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith(f"{what} 5 (counted from 0) does not move")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"RATE": "12000"}, "no field 'RATE': was 'rate' meant"),
        ({"sampling_rate": "12000"}, "no field 'sampling_rate': was 'rate' meant"),
        ({"bearign": "6205"}, "no field 'bearign': was 'bearing' meant"),
        ({"zzz": "1"}, "no field 'zzz': known are file, channel"),
        ({"rpm": ["1772", "30"]}, "'rpm' is given 2 times: send it once"),
    ],
)
def test_a_field_nobody_reads_or_one_given_twice_is_refused(
    client: TestClient, fields: dict[str, Any], told: str
) -> None:
    answer = client.post("/api/diagnose", files={"file": ("a.csv", SAMPLES[0].read_bytes())}, data=fields)
    assert answer.status_code == 422
    assert told in answer.json()["detail"]


def test_an_unknown_charset_and_a_full_disk_are_told(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="rate"\r\n\r\n1\r\n--b--\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=b; charset=undefined"}
    assert client.post("/api/diagnose", content=body, headers=kind).status_code == 400

    async def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("starlette.datastructures.UploadFile.write", full)
    answer = client.post("/api/diagnose", files={"file": ("a.csv", b"1.0\n" * 1000)})
    assert answer.status_code == 507
    assert "no room" in answer.json()["detail"]


def test_pages_of_other_hosts_may_not_send_work_unless_allowed(windows: np.ndarray) -> None:
    with client_of(allowed_origins="https://plant.example, https://other.example") as client:
        for origin, status in (
            ("http://testserver", 200),
            ("https://plant.example", 200),
            ("https://elsewhere.example", 403),
            ("null", 403),
        ):
            answer = client.post("/api/windows", content=npy(windows), headers={"Origin": origin})
            assert answer.status_code == status, origin
        assert client.get("/api/health", headers={"Origin": "null"}).status_code == 200
