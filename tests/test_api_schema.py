"""The documentation of the service: true, enough to generate a typed client from, and readable without a network."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import numpy as np
import orjson
import pytest
from fastapi.testclient import TestClient

from bearing.api.schemas import ANSWERS
from bearing.api.service import create_app
from bearing.files import ROOT

SAMPLE = ROOT / "data" / "samples" / "outer.csv"
WINDOWS = np.random.default_rng(0).normal(size=(2, 2048)).round(4)


@pytest.fixture(scope="module")
def web() -> Iterator[TestClient]:
    with TestClient(create_app()) as client:
        yield client


@pytest.fixture(scope="module")
def schema(web: TestClient) -> dict[str, Any]:
    return web.get("/api/openapi.json").json()


def live(web: TestClient) -> dict[str, Any]:
    """An answer of each POST route."""
    files = {"file": ("outer.csv", SAMPLE.read_bytes())}
    records = [{"record": row} for row in WINDOWS.tolist()]
    return {
        "/diagnose": web.post("/api/diagnose", files=files).json(),
        "/windows": web.post("/api/windows", content=orjson.dumps(WINDOWS.tolist())).json(),
        "/batch_predict/": web.post("/batch_predict/", content=orjson.dumps(records)).json(),
    }


def test_live_answers_are_what_the_schema_says(web: TestClient, schema: dict[str, Any]) -> None:
    for path, answer in live(web).items():
        said = schema["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]
        strict = {**said["schema"], "components": schema["components"]}
        jsonschema.Draft202012Validator(strict).validate(answer)
        jsonschema.Draft202012Validator(strict).validate(said["example"])
        names = {field.alias or name for name, field in ANSWERS[path].model_fields.items()}
        assert set(answer) == names, f"bearing/api/schemas.py does not tell what {path} answers"


def test_an_uncertain_diagnosis_fits_the_schema_too(web: TestClient, schema: dict[str, Any]) -> None:
    noise = "\n".join(["acc", *(f"{value:.4f}" for value in np.random.default_rng(1).normal(size=9000))])
    answer = web.post("/api/diagnose", files={"file": ("a.csv", noise.encode())}, data={"rate": "12000"}).json()
    assert answer["verdict"] == "uncertain"
    strict = {"$ref": "#/components/schemas/DiagnosisAnswer", "components": schema["components"]}
    jsonschema.Draft202012Validator(strict).validate(answer)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(strict).validate({**answer, "verdict": "broken"})


@pytest.fixture(scope="module")
def generated(schema: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client package made from the schema by a generator that knows nothing else of the service."""
    folder: Path = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_bytes(orjson.dumps(schema))
    (folder / "config.yml").write_text("post_hooks: []\n")
    generator = Path(sys.executable).parent / "openapi-python-client"
    command = [generator, "generate", "--path", "openapi.json", "--output-path", "bearing_client", "--meta", "none"]
    subprocess.run(
        [*command, "--config", "config.yml"], cwd=folder, check=True, capture_output=True, text=True, timeout=120
    )
    sys.path.insert(0, str(folder))
    yield importlib.import_module
    sys.path.remove(str(folder))


def test_a_client_generated_from_the_schema_diagnoses_a_file(web: TestClient, generated: Any) -> None:
    client = generated("bearing_client").Client("http://testserver")
    client.set_httpx_client(httpx.Client(transport=_below_api(web), base_url="http://testserver"))
    models, types = generated("bearing_client.models"), generated("bearing_client.types")
    ask = generated("bearing_client.api.diagnosis.diagnose_diagnose_post").sync
    body = models.BodyDiagnoseDiagnosePost(file=types.File(SAMPLE.open("rb"), "outer.csv"))
    answer = ask(client=client, body=body)
    assert isinstance(answer, models.DiagnosisAnswer)
    assert (answer.verdict, answer.shaft_rpm) == ("outer", 1772)
    assert answer.evidence["outer"].lines[0].found is True
    assert answer.bearing.orders.bpfo > 3


def test_a_generated_client_judges_records(web: TestClient, generated: Any) -> None:
    client = generated("bearing_client").Client("http://testserver")
    client.set_httpx_client(httpx.Client(transport=_below_api(web), base_url="http://testserver"))
    models = generated("bearing_client.models")
    ask = generated("bearing_client.api.windows.batch_predict_batch_predict_post").sync
    records = [models.BatchPredictBatchPredictPostBodyItem(record=row) for row in WINDOWS.tolist()]
    answer = ask(client=client, body=records)
    assert isinstance(answer, models.BatchAnswer)
    assert [p.prediction for p in answer.analysis] == [
        p["Prediction"] for p in live(web)["/batch_predict/"]["Analysis"]
    ]


def _below_api(web: TestClient) -> httpx.BaseTransport:
    """The paths of the schema are relative to /api."""

    def handle(request: httpx.Request) -> httpx.Response:
        request.read()
        answer = web.request(
            request.method, f"/api{request.url.path}", content=request.content, headers=dict(request.headers)
        )
        return httpx.Response(answer.status_code, content=answer.content, headers={"content-type": "application/json"})

    return httpx.MockTransport(handle)


def test_the_page_asks_no_other_host_for_anything(web: TestClient) -> None:
    page = web.get("/api/docs").text
    addresses = re.findall(r"(?:src|href)=\"([^\"]+)\"", page)
    assert addresses
    assert not [address for address in addresses if address.startswith(("http", "//"))]
    assert "http" not in re.sub(r"<title>.*?</title>", "", page)
    for address in addresses:
        if not address.startswith("data:"):
            answer = web.get(f"/api/{address}")
            assert answer.status_code == 200
            assert len(answer.content) > 100_000
