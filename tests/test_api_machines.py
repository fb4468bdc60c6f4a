"""Many recordings over REST: the same history as on the command line, within the bounds of every other request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fastapi.testclient import TestClient
from test_machine_history import BEARING, write

from bearing.api import machines
from bearing.api.schemas import MACHINE_ANSWERS
from bearing.api.service import create_app
from bearing.cli.main import main
from bearing.machines.kept.store import Store
from bearing.settings import ApiSettings, store_file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine months of a fan whose outer race begins to fail in May, a copy, and a file that is no measurement."""
    made = tmp_path_factory.mktemp("fan")
    for month in range(1, 10):
        write(made / f"fan_2025-{month:02d}-03.csv", max(0.0, 0.15 * (month - 4)), month)
    (made / "copy.csv").write_bytes((made / "fan_2025-06-03.csv").read_bytes())
    (made / "notes.txt").write_text("Bearing changed in December 2024.\n")
    return made


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A server that keeps its machines in an own file."""
    monkeypatch.setenv("BEARING_STORE", str(tmp_path / "plant.sqlite"))
    with TestClient(create_app()) as client:
        yield client


def parts(folder: Path) -> list[tuple[str, tuple[str, bytes]]]:
    return [("file", (path.name, path.read_bytes())) for path in sorted(folder.iterdir())]


def test_a_set_of_uploads_has_the_history_of_the_folder_on_the_command_line(
    web: TestClient, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = web.post("/api/trend", files=parts(folder), data={"bearing": BEARING})
    assert answer.status_code == 200
    assert main(["trend", str(folder), "--bearing", BEARING, "--json"]) == 1
    assert answer.json() == json.loads(capsys.readouterr().out)
    assert answer.json()["points"][0]["verdict"] == "outer"
    assert {one["file"] for one in answer.json()["skipped"]} == {"copy.csv", "notes.txt"}


def test_machines_are_added_listed_and_read_as_on_the_command_line(
    web: TestClient, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert web.get("/api/machines").json() == []
    first, *rest = parts(folder)
    assert first[1][0] == "copy.csv"
    added = web.post("/api/machines/fan 3", files=rest, data={"bearing": BEARING}).json()
    assert added == {"machine": "fan 3", "measurements": 9, "known": [], "skipped": added["skipped"]}
    assert [one["file"] for one in added["skipped"]] == ["notes.txt"]
    again = web.post("/api/machines/fan 3", files=[first]).json()  # the bearing is remembered
    assert (again["measurements"], again["known"]) == (0, ["copy.csv"])

    store = ["--store", str(tmp_path / "plant.sqlite"), "--json"]
    main(["trend", "fan 3", *store])
    history = web.get("/api/machines/fan 3").json()
    assert history == json.loads(capsys.readouterr().out)
    assert history["points"][0]["bearing"].startswith("6205")
    main(["fleet", *store])
    assert web.get("/api/machines").json() == json.loads(capsys.readouterr().out)
    by_hand = web.get("/api/machines/fan 3", params={"baseline": "0-3"}).json()
    told = by_hand["points"][0]["baseline"]
    assert told == {"first": 0, "last": 3, "measurements": 4, "chosen": "by hand", "striking": 0}


def test_answers_are_what_the_schema_says(web: TestClient, folder: Path) -> None:
    schema = web.get("/api/openapi.json").json()
    some = parts(folder)[1:6]
    live: dict[tuple[str, str], Any] = {
        ("/machines/{machine}", "post"): web.post("/api/machines/fan", files=some).json(),
        ("/machines/{machine}", "get"): web.get("/api/machines/fan").json(),
        ("/machines", "get"): web.get("/api/machines").json(),
        ("/trend", "post"): web.post("/api/trend", files=some, data={"bearing": BEARING}).json(),
    }
    assert set(live) == set(MACHINE_ANSWERS)
    for (path, method), answer in live.items():
        said = schema["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.Draft202012Validator({**said, "components": schema["components"]}).validate(answer)
    told = MACHINE_ANSWERS["/trend", "post"].model_fields
    assert set(live["/trend", "post"]) == set(told)
    point = schema["components"]["schemas"]["PointHistory"]["properties"]
    assert set(live["/trend", "post"]["points"][0]) == set(point)


def test_without_a_store_nothing_is_kept_and_one_sentence_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BEARING_STORE", raising=False)
    with TestClient(create_app()) as web:
        for answer in (web.get("/api/machines"), web.post("/api/machines/fan", files=parts(folder)[1:2])):
            assert answer.status_code == 404
            assert "BEARING_STORE" in answer.json()["detail"]


def test_what_cannot_be_asked_is_refused_in_one_sentence(web: TestClient, folder: Path) -> None:
    some = parts(folder)[1:2]
    for data, word in (({"bearing": "nonsense"}, "catalogue"), ({"baseline": "ten"}, "10-40"), ({"fs": "1"}, "'rate'")):
        answer = web.post("/api/trend", files=some, data=data)
        assert answer.status_code == 422
        assert word in answer.json()["detail"]
    assert web.post("/api/trend", data={"rpm": "1480"}).status_code == 422
    missing = web.get("/api/machines/no such")
    assert missing.status_code == 404
    assert "no such" in missing.json()["detail"]


def test_every_field_is_used_or_refused(web: TestClient, folder: Path) -> None:
    some = parts(folder)[:1]
    for route in ("/api/trend", "/api/machines/geared"):
        for name in ("detectable", "machine"):
            answer = web.post(route, files=some, data={name: "true"})
            assert answer.status_code == 422
            assert "/api/diagnose" in answer.json()["detail"]
        for data, word in (({"ratio": "0"}, "ratio"), ({"pulses": "-1"}, "pulses"), ({"raw": "int15"}, "int15")):
            answer = web.post(route, files=some, data=data)
            assert answer.status_code == 422
            assert word in answer.json()["detail"]
    assert web.post("/api/machines/geared", files=some, data={"baseline": "0-3"}).status_code == 422
    assert web.post("/api/machines/geared", files=some, data={"rpm": "1480", "ratio": "2"}).status_code == 200
    path = store_file()
    assert path is not None
    (kept,) = Store(path, read_only=True).measurements("geared")
    assert kept.values["rpm"] == 2960


def test_more_files_or_bytes_than_the_bounds_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines.ManyFilesRoute, "max_files", 3)
    with TestClient(create_app(ApiSettings(max_body_bytes=2_000_000))) as web:
        tiny = [("file", (f"{i}.csv", b"acc\n1\n")) for i in range(4)]
        assert web.post("/api/trend", files=tiny).status_code == 400
        assert web.post("/api/trend", files=[("file", ("a.csv", b"1\n" * 1_100_000))]).status_code == 413
        empty = web.post("/api/trend", files=tiny[:3])
        assert empty.status_code == 200
        assert empty.json()["points"] == []
        assert len(empty.json()["skipped"]) == 3
