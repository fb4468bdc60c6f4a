"""Clients that hang up in the middle of an upload: the service stays up, and nothing is left behind."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from bearing.files import ROOT


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The REST service alone, in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "bearing.api.service:app",
        "--port",
        str(number),
        "--log-level",
        "warning",
    ]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            healthy(number)
            break
        except OSError:
            time.sleep(0.1)
    yield number
    server.terminate()
    assert "Traceback" not in server.communicate(timeout=30)[1]


def healthy(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5) as answer:
        return bool(json.load(answer))


@pytest.mark.parametrize("path", ["/api/diagnose", "/api/windows", "/batch_predict/"])
@pytest.mark.parametrize("sent", [0, 1_000, 400_000])
def test_hanging_up_mid_upload_harms_nobody(port: int, path: str, sent: int) -> None:
    kind = "Content-Type: multipart/form-data; boundary=b"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{kind}\r\nContent-Length: 900000\r\n\r\n"
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' + b"1.5\n" * 200_000
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            client.sendall(head.encode() + part[:sent])
    assert healthy(port)
