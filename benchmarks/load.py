"""Sustained load on the app as deployed: clients that never pause send files to diagnose and windows to judge, while
others use the pages.

    python -m benchmarks.load [--clients 16] [--seconds 60] [--visitors 1]
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import statistics
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from benchmarks.batch_predict import as_json, as_npy
from benchmarks.memory import recording
from benchmarks.servers import STREAMLIT, Server, machine, serve
from benchmarks.sessions import Session

BOUNDARY = "5f3c1d8e0b7a4c62"


@dataclass(frozen=True)
class Kind:
    """One kind of request."""

    name: str
    path: str
    body: bytes
    content_type: str


@dataclass
class Tally:
    """What one kind of request took, in ms, and how it was answered."""

    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)


def upload(name: str, data: bytes, **fields: str) -> bytes:
    """A multipart form with one file."""
    stream = io.BytesIO()
    for key, value in fields.items():
        stream.write(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode())
    stream.write(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode())
    stream.write(data + f"\r\n--{BOUNDARY}--\r\n".encode())
    return stream.getvalue()


def kinds() -> list[Kind]:
    """A 10 s recording as CSV and as .npy, 200 windows as .npy, 50 as JSON."""
    rng = np.random.default_rng(0)
    form = f"multipart/form-data; boundary={BOUNDARY}"
    text = recording(120_000, 1)
    array = io.BytesIO()
    np.save(array, rng.standard_normal(120_000).astype(np.float32))
    options = {"rate": "12000", "rpm": "1772", "bearing": "6205-2RS JEM"}
    windows = rng.standard_normal((200, 2048))
    return [
        Kind("diagnose, 10 s, CSV", "/api/diagnose", upload("a.csv", text), form),
        Kind("diagnose, 10 s, .npy", "/api/diagnose", upload("a.npy", array.getvalue(), **options), form),
        Kind("200 windows, .npy", "/api/windows", as_npy(windows), "application/x-npy"),
        Kind("50 windows, JSON", "/batch_predict/", as_json(windows[:50]), "application/json"),
    ]


def ask(server: Server, kind: Kind) -> tuple[int, float]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    began = time.perf_counter()
    connection.request("POST", kind.path, kind.body, {"Content-Type": kind.content_type})
    response = connection.getresponse()
    content = response.read()
    milliseconds = 1000 * (time.perf_counter() - began)
    connection.close()
    if response.status == 200:
        json.loads(content)
    return response.status, milliseconds


def client(
    server: Server, mix: list[Kind], seed: int, until: float, tallies: dict[str, Tally], lock: threading.Lock
) -> None:
    """One client: the next request as soon as the last is answered; a second's pause when told that it is busy."""
    rng = np.random.default_rng(seed)
    while time.perf_counter() < until:
        kind = mix[int(rng.integers(len(mix)))]
        status, milliseconds = ask(server, kind)
        with lock:
            tallies[kind.name].statuses[status] += 1
            if status == 200:
                tallies[kind.name].milliseconds.append(milliseconds)
        if status == 429:
            time.sleep(1)


def use_pages(server: Server, until: float, seconds: list[float], seed: int = 9) -> None:
    """One visitor with a recording open, who changes something every second."""
    with Session(server.url) as session:
        session.run()
        session.upload("visitor.csv", recording(120_000, seed))
        while time.perf_counter() < until:
            seconds.append(session.run())
            time.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--visitors", type=int, default=1, help="browsers with a recording open")
    arguments = parser.parse_args()
    mix = kinds()
    print(machine())
    with serve(STREAMLIT, "/_stcore/health") as server:
        time.sleep(4)  # let the warm-up end
        unloaded = {kind.name: [ask(server, kind)[1] for _ in range(12)][2:] for kind in mix}
        calm: list[float] = []
        use_pages(server, time.perf_counter() + 8, calm)
        tallies = {kind.name: Tally() for kind in mix}
        lock = threading.Lock()
        pages: list[float] = []
        until = time.perf_counter() + arguments.seconds
        threads = [
            threading.Thread(target=client, args=(server, mix, seed, until, tallies, lock))
            for seed in range(arguments.clients)
        ]
        threads += [
            threading.Thread(target=use_pages, args=(server, until, pages, 9 + number))
            for number in range(arguments.visitors)
        ]
        before = server.memory_mb()["now"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(10)  # pages have closed, what they held is given back
        memory = server.memory_mb()
    report(unloaded, tallies, arguments.seconds)
    print(
        f"{len(pages)} runs of a page's script by {arguments.visitors}: {statistics.median(calm):.2f} s unloaded, "
        f"{statistics.median(pages):.2f} s under load, at most {max(pages):.2f} s"
    )
    print(f"memory: {before:.0f} MB before the clients, {memory['peak']:.0f} at most, {memory['now']:.0f} after")


def report(unloaded: dict[str, list[float]], tallies: dict[str, Tally], seconds: float) -> None:
    """Per kind and for all: unloaded median, loaded median and p99 in ms, their ratio, statuses."""
    print("request                  unloaded ms   loaded median      p99   p99 / unloaded   per s   statuses")
    everything = [value for tally in tallies.values() for value in tally.milliseconds]
    rows = [(name, unloaded[name], tally.milliseconds, tally.statuses) for name, tally in tallies.items()]
    all_statuses = sum((tally.statuses for tally in tallies.values()), Counter())
    rows.append(("all", [value for values in unloaded.values() for value in values], everything, all_statuses))
    for name, calm, loaded, statuses in rows:
        base, p99 = statistics.median(calm), float(np.percentile(loaded, 99))
        counts = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
        print(
            f"{name:22s} {base:13.1f} {statistics.median(loaded):15.1f} {p99:8.0f} {p99 / base:16.1f} "
            f"{len(loaded) / seconds:7.1f}   {counts}"
        )


if __name__ == "__main__":
    main()
