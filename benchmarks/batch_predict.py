"""Delivery of a batch of windows: the stand-in for the original service, and ours, asked in turns by one client.

python -m benchmarks.batch_predict [--rounds 20] [--counts 1 10 50 200]
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.servers import API_ALONE, STAND_IN, STREAMLIT, Server, machine, serve


@dataclass(frozen=True)
class Case:
    """One way of sending the windows. `milliseconds` of the answer are its own word for the execution time."""

    name: str
    server: Server
    path: str
    body: Callable[[np.ndarray], bytes]
    headers: dict[str, str]
    execution_key: str


def as_json(windows: np.ndarray) -> bytes:
    return json.dumps([{"record": row.tolist()} for row in windows]).encode()


def as_npy(windows: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, windows.astype(np.float32))
    return stream.getvalue()


def ask(case: Case, body: bytes) -> tuple[float, dict]:
    """Milliseconds from opening the connection to the last byte received, and the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", case.server.port)
    began = time.perf_counter()
    connection.request("POST", case.path, body, case.headers)
    response = connection.getresponse()
    content = response.read()
    milliseconds = 1000 * (time.perf_counter() - began)
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"{case.name} answered {response.status}: {content[:200]!r}")
    return milliseconds, json.loads(content)


def measure(cases: list[Case], windows: np.ndarray, rounds: int) -> dict[str, tuple[float, float, float]]:
    """Median and least delivery, and median execution, in ms per case; the cases take turns."""
    bodies = [case.body(windows) for case in cases]
    taken: dict[str, list[tuple[float, float]]] = {case.name: [] for case in cases}
    for turn in range(rounds + 2):
        for case, body in zip(cases, bodies, strict=True):
            delivery, answer = ask(case, body)
            if turn >= 2:  # the first two warm up
                taken[case.name].append((delivery, answer[case.execution_key]))
    return {
        name: (
            statistics.median(delivery for delivery, _ in times),
            min(delivery for delivery, _ in times),
            statistics.median(execution for _, execution in times),
        )
        for name, times in taken.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 10, 50, 200])
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    print(machine())
    with (
        serve(STAND_IN, "/health") as stand_in,
        serve(API_ALONE, "/api/health") as alone,
        serve(STREAMLIT, "/_stcore/health") as beside_pages,
    ):
        json_type = {"Content-Type": "application/json"}
        npy_type = {"Content-Type": "application/x-npy"}
        cases = [
            Case("stand-in, JSON", stand_in, "/batch_predict/", as_json, json_type, "Execution Time"),
            Case("ours alone, JSON", alone, "/batch_predict/", as_json, json_type, "Execution Time"),
            Case("ours beside pages, JSON", beside_pages, "/batch_predict/", as_json, json_type, "Execution Time"),
            Case("ours alone, .npy", alone, "/api/windows", as_npy, npy_type, "execution_ms"),
            Case("ours beside pages, .npy", beside_pages, "/api/windows", as_npy, npy_type, "execution_ms"),
        ]
        time.sleep(3)  # let the warm-up end
        for count in arguments.counts:
            results = measure(cases, rng.standard_normal((count, 2048)), arguments.rounds)
            reference = results["stand-in, JSON"]
            print(
                f"\n{count} windows            delivery ms: median   least   execution   share of the stand-in (least)"
            )
            for name, (median, least, execution) in results.items():
                share = f"{median / reference[0]:.3f} ({least / reference[1]:.3f})"
                print(f"  {name:26s} {median:17.1f} {least:7.1f} {execution:11.2f}   {share}")


if __name__ == "__main__":
    main()
