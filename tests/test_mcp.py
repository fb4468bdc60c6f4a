"""The door for assistants says what REST says, and reads nothing outside its folders."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from loops import run

pytest.importorskip("mcp")

from mcp import Client, StdioServerParameters

from bearing.api.service import create_app
from bearing.errors import ParameterError
from bearing.files import ROOT
from bearing.mcp import create_server

SAMPLES = ROOT / "data" / "samples"
FACTS = {"rpm": 1772, "bearing": "6205-2RS JEM"}


def call(tool: str, arguments: dict[str, Any], server: Any = None) -> Any:
    """What a client gets; a sentence where the tool refuses."""

    async def ask() -> Any:
        async with Client(server or create_server([SAMPLES])) as client:
            answer = await client.call_tool(tool, arguments)
            return answer.content[0].text if answer.is_error else answer.structured_content

    return run(ask())


@pytest.fixture(scope="module")
def web() -> Iterator[TestClient]:
    with TestClient(create_app()) as client:
        yield client


def test_every_tool_is_listed_with_what_it_takes() -> None:
    async def ask() -> dict[str, Any]:
        async with Client(create_server([SAMPLES])) as client:
            return {tool.name: tool for tool in (await client.list_tools()).tools}

    tools = run(ask())
    assert set(tools) == {"diagnose", "spectrum_lines", "find_bearing", "model_card"}
    assert all(tool.description for tool in tools.values())
    assert tools["diagnose"].input_schema["required"] == ["path"]


def test_a_diagnosis_equals_that_of_rest(web: TestClient) -> None:
    files = {"file": ("inner.csv", (SAMPLES / "inner.csv").read_bytes())}
    rest = web.post("/api/diagnose", files=files, data=FACTS).json()
    assert call("diagnose", {"path": "inner.csv", **FACTS}) == rest
    lines = call("spectrum_lines", {"path": str(SAMPLES / "inner.csv"), **FACTS, "count": 5})
    assert lines["envelope"] == rest["evidence"]
    levels = [line["amplitude"] for line in lines["spectrum"]]
    assert levels == sorted(levels, reverse=True)
    assert len(levels) == 5
    assert lines["spectrum"][0]["order"] == pytest.approx(lines["spectrum"][0]["frequency_hz"] / (1772 / 60))


def test_catalogue_and_cards_equal_those_of_rest(web: TestClient) -> None:
    entry = call("find_bearing", {"designation": "skf 6205-2rs jem"})
    assert entry in web.get("/api/bearings").json()
    assert call("model_card", {}) == web.get("/api/model").json()


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("diagnose", {"path": "no_such.csv"}, "No file 'no_such.csv' below"),
        ("diagnose", {"path": "outer.csv", "bearing": "nonsense"}, "No bearing 'nonsense'"),
        ("diagnose", {"path": "outer.csv", "rate_hz": -1}, "sampling rate must lie between"),
        ("find_bearing", {"designation": "nonsense"}, "No bearing 'nonsense'"),
        ("spectrum_lines", {"path": "outer.csv", "count": 0}, "Between 1 and 200 lines"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(tool: str, arguments: dict[str, Any], said: str) -> None:
    answer = call(tool, arguments)
    assert said in answer
    assert "Traceback" not in answer


def test_no_path_leads_out_of_the_folders(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    secret = outside / "secret.csv"
    secret.write_bytes((SAMPLES / "outer.csv").read_bytes())
    (inside / "link.csv").symlink_to(secret)
    (inside / "door").symlink_to(outside)
    server = create_server([inside])
    for path in (str(secret), "../outside/secret.csv", "link.csv", "door/secret.csv", "/etc/passwd", "", "a\0b"):
        assert "No file" in call("diagnose", {"path": path}, server), path


def test_folders_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="is no folder"):
        create_server([tmp_path / "nowhere"])
    with pytest.raises(ParameterError, match="at least one folder"):
        create_server([])


def test_the_command_speaks_over_stdio() -> None:
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "bearing", "mcp", str(SAMPLES)], cwd=str(ROOT), env=dict(os.environ)
    )
    assert call("diagnose", {"path": "outer.csv"}, command)["verdict"] == "outer"
