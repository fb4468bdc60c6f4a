"""Delivery of a batch of windows: the stand-in for the original service, and ours, asked in turns by one client.

python -m benchmarks.batch_predict [--rounds 20] [--counts 1 10 50 200]
python -m benchmarks.batch_predict --parsers    what each JSON parser takes for the body alone, no server
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import socket
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

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


class Client:
    """One connection that is kept, as the clients of such a service do; a new one where the server has closed it."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.connection = http.client.HTTPConnection("127.0.0.1", case.server.port)
        self.used = 0.0

    def ask(self, body: bytes) -> tuple[float, dict]:
        """Milliseconds from the first byte sent to the last byte received, and the answer."""
        if time.perf_counter() - self.used > 3:  # uvicorn closes what was idle for five seconds
            self.connection.close()
            self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        self.connection.request("POST", self.case.path, body, self.case.headers)
        response = self.connection.getresponse()
        content = response.read()
        self.used = time.perf_counter()
        if response.status != 200:
            raise RuntimeError(f"{self.case.name} answered {response.status}: {content[:200]!r}")
        return 1000 * (self.used - began), json.loads(content)


@dataclass
class Taken:
    """What the requests of one case took, in ms: at the client, inside the network, and of the server's processor."""

    delivery: list[float] = field(default_factory=list)
    execution: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def measure(cases: list[Case], windows: np.ndarray, rounds: int) -> dict[str, Taken]:
    """All cases, taking turns, after two rounds that are not counted."""
    bodies = [case.body(windows) for case in cases]
    clients = [Client(case) for case in cases]
    taken = {case.name: Taken() for case in cases}
    for turn in range(rounds + 2):
        for case, client, body in zip(cases, clients, bodies, strict=True):
            cpu = case.server.cpu_ms()
            delivery, answer = client.ask(body)
            if turn >= 2:
                times = taken[case.name]
                times.delivery.append(delivery)
                times.execution.append(answer[case.execution_key])
                times.cpu.append(case.server.cpu_ms() - cpu)
    return taken


def report(count: int, taken: dict[str, Taken]) -> None:
    """Per case: delivery, execution and processor time, and their share of the first case's."""
    first = next(iter(taken.values()))
    print(
        f"\n{count} windows, ms per request  delivery: median   least   execution     CPU   share: median  least    CPU"
    )
    for name, times in taken.items():
        delivery, cpu = statistics.median(times.delivery), statistics.median(times.cpu)
        shares = (
            delivery / statistics.median(first.delivery),
            min(times.delivery) / min(first.delivery),
            cpu / statistics.median(first.cpu),
        )
        print(
            f"  {name:26s} {delivery:17.1f} {min(times.delivery):7.1f} {statistics.median(times.execution):11.2f} "
            f"{cpu:7.1f} {shares[0]:15.3f} {shares[1]:6.3f} {shares[2]:6.3f}"
        )


def compare_parsers(counts: list[int], rounds: int) -> None:
    """Processor time of reading the body with every parser there is, taking turns, as a share of the first one's."""
    from bearing.api import bodies
    from bearing.api.members import PARSERS

    rng = np.random.default_rng(0)
    for count in counts:
        body = as_json(rng.standard_normal((count, 2048)))
        taken: dict[str, list[float]] = {name: [] for name in PARSERS}
        for _ in range(rounds + 2):
            for name, parser in PARSERS.items():
                bodies.member_parser = parser
                began = time.process_time()
                bodies.parse_records(body, 2048, count)
                taken[name].append(1000 * (time.process_time() - began))
        first = statistics.median(taken[next(iter(taken))][2:])
        for name, times in taken.items():
            middle = statistics.median(times[2:])
            print(
                f"{count:4d} windows  {name:9s} {middle:7.2f} ms  least {min(times):7.2f}  ratio {middle / first:.2f}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 10, 50, 200])
    parser.add_argument("--parsers", action="store_true", help="compare the JSON parsers alone")
    arguments = parser.parse_args()
    if arguments.parsers:
        print(machine())
        compare_parsers(arguments.counts, arguments.rounds)
        return
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
            report(count, measure(cases, rng.standard_normal((count, 2048)), arguments.rounds))


if __name__ == "__main__":
    main()
