"""What leaves the machine: nothing. Each door is watched at the system calls, below Python and its libraries."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from bearing.files import ROOT

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace shows what a process asks of the system")

SAMPLE = ROOT / "data" / "samples" / "inner.csv"
OUTSIDE = re.compile(r"sa_family=AF_INET6?\b.*")
LOOPBACK = ("127.0.0.1", '"::1"', "::ffff:127.0.0.1")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    return home


def watched(command: list[str], home: Path, trace: Path) -> subprocess.Popen[bytes]:
    """`python *command` in an empty home; the connections it and its children try are written to `trace`."""
    strace = [
        "strace",
        "-D",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-e",
        "trace=connect,sendto,sendmsg,sendmmsg",
        "-o",
        str(trace),
    ]
    environment = {name: value for name, value in os.environ.items() if name not in ("XDG_CACHE_HOME", "HOME")}
    return subprocess.Popen(
        [*strace, sys.executable, *command],
        cwd=ROOT, env=environment | {"HOME": str(home)}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def outside(trace: Path) -> list[str]:
    """Addresses beyond this machine that appear in a trace."""
    time.sleep(0.3)  # the watcher writes its last lines after the watched has ended
    found = (OUTSIDE.search(line) for line in trace.read_text(errors="replace").splitlines())
    return [match[0] for match in found if match and not any(own in match[0] for own in LOOPBACK)]


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "bearing", "diagnose", str(SAMPLE), "--json"],
        ["-c", "import bearing.verdict.judging as d, bearing.verdict.asked.intake as i, sys;"
         "print(d.diagnose(i.open_path(sys.argv[1]).recordings[0]).as_dict())", str(SAMPLE)],
    ],
    ids=["command line", "library"],
)  # fmt: skip
def test_a_diagnosis_asks_nobody_and_leaves_nothing(command: list[str], home: Path, tmp_path: Path) -> None:
    process = watched(command, home, tmp_path / "trace")
    answer, _ = process.communicate(timeout=120)
    assert b"inner" in answer
    assert outside(tmp_path / "trace") == []
    assert list(home.rglob("*")) == []


def test_an_assistants_server_asks_nobody_and_leaves_nothing(home: Path, tmp_path: Path) -> None:
    """A diagnosis and a list of lines over standard input and output, the way an assistant asks."""
    pytest.importorskip("mcp")
    ask = (
        "import asyncio, sys\n"
        "from mcp import Client, StdioServerParameters\n"
        "async def main():\n"
        "    server = StdioServerParameters(command=sys.executable, args=['-m', 'bearing', 'mcp', sys.argv[1]])\n"
        "    async with Client(server) as client:\n"
        "        for tool in ('diagnose', 'spectrum_lines'):\n"
        "            answer = await client.call_tool(tool, {'path': 'inner.csv'})\n"
        "            print(answer.structured_content)\n"
        "asyncio.run(main())\n"
    )
    process = watched(["-c", ask, str(SAMPLE.parent)], home, tmp_path / "trace")
    answer, _ = process.communicate(timeout=120)
    assert b"'verdict': 'inner'" in answer
    assert b"'spectrum':" in answer
    assert outside(tmp_path / "trace") == []
    assert list(home.rglob("*")) == []


def test_pages_and_service_ask_nobody_and_leave_nothing(home: Path, tmp_path: Path) -> None:
    """A headless start, a diagnosis by REST and one on the page, and a socket asked for from a foreign page."""
    from benchmarks.sessions import Session

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["-m", "streamlit", "run", "app.py", "--server.headless", "true", "--server.port", str(port)]
    server = watched(command, home, tmp_path / "trace")
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 90
        while True:
            try:
                with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
                    break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.2)
        body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' + SAMPLE.read_bytes()
        form = {"Content-Type": "multipart/form-data; boundary=b"}
        with urllib.request.urlopen(
            urllib.request.Request(f"{url}/api/diagnose", body + b"\r\n--b--\r\n", form), timeout=60
        ) as answer:
            assert b'"verdict":"inner"' in answer.read()
        with Session(url) as session:
            session.run()
            session.upload("inner.csv", SAMPLE.read_bytes())
            assert any("nner race" in words for words in session.words)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as stranger:
            stranger.sendall(
                b"GET /_stcore/stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Origin: http://elsewhere.example\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            assert b"403" in stranger.recv(1000)
    finally:
        server.terminate()
        server.communicate(timeout=30)
    assert outside(tmp_path / "trace") == []
    assert list(home.rglob("*")) == []


def test_only_one_place_opens_the_runtime_that_would_phone_home() -> None:
    using = [path for path in (ROOT / "bearing").rglob("*.py") if "import onnxruntime" in path.read_text()]
    assert [path.name for path in using] == ["waveform.py"]
