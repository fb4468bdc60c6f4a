"""Memory of the server process under browser sessions and under hostile uploads, as Linux counts it (resident).

python -m benchmarks.memory [--bombs]
"""

from __future__ import annotations

import argparse
import gzip
import io
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import requests

from benchmarks.servers import API_ALONE, STREAMLIT, machine, serve
from benchmarks.sessions import Session

RATE_HZ = 12_000


def recording(samples: int, seed: int) -> bytes:
    """A made-up recording with its rate and speed, as a CSV file of the kind loggers write."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(samples) / RATE_HZ
    signal = np.sin(2 * np.pi * 3000 * time_s) * np.exp(-400 * (time_s % (1 / 105))) + 0.3 * rng.standard_normal(
        samples
    )
    stream = io.StringIO()
    stream.write(f"# sampling_rate_hz={RATE_HZ}; shaft_rpm=1772; bearing=6205-2RS JEM\nacceleration_g\n")
    np.savetxt(stream, signal, fmt="%.6g")
    return stream.getvalue().encode()


def measure(sessions: int, samples: int) -> None:
    with serve(STREAMLIT, "/_stcore/health") as server, ExitStack() as stack:
        time.sleep(4)  # let the warm-up end
        idle = server.memory_mb()["now"]
        seconds = []
        for number in range(sessions):
            session = stack.enter_context(Session(server.url))
            session.run()
            seconds.append(session.upload(f"{number}.csv", recording(samples, number)))
            session.run()  # one more, as somebody who changes a setting causes
        time.sleep(1)
        held = server.memory_mb()
        numbers = f"idle {idle:4.0f} MB, all open {held['now']:4.0f} MB, peak {held['peak']:4.0f} MB"
        print(f"  {sessions:2d} sessions of {samples:9,d} samples: {numbers}, upload to verdict {max(seconds):.2f} s")


def saved(**arrays: np.ndarray) -> bytes:
    """A compressed .npz."""
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def crowded_zip(entries: int) -> bytes:
    """An archive of empty files: nothing but a directory, of which `zipfile` makes an object per entry."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0) + b"a.py"
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, entries & 0xFFFF, entries & 0xFFFF, len(entry) * entries, 0, 0)
    return entry * entries + end


def bombs() -> Iterator[tuple[str, str, bytes]]:
    """What it is, a file name, and its bytes: small to send, large to open; and the largest files within the limits."""
    rng = np.random.default_rng(0)
    zeros, steps = np.zeros(10_000_000), rng.integers(-100, 100, 10_000_000, dtype=np.int8)
    for count in (7, 14):
        yield f".npz of {count} x 10 million zeros", "a.npz", saved(**{f"a{i}": zeros for i in range(count)})
    yield ".npz of 7 x 1.4 million", "a.npz", saved(**{f"a{i}": steps[i::7][:1_400_000] for i in range(7)})
    yield "zip of 1.9 million entries", "a.zip", crowded_zip(1_900_000)
    stream = io.BytesIO()
    fields = np.zeros(150_000, [(f"f{i}", "i1") for i in range(64)])
    for i in range(64):
        fields[f"f{i}"] = steps[i * 150_000 : (i + 1) * 150_000]
    np.save(stream, fields)
    yield ".npy of 64 fields x 150,000", "a.npy", stream.getvalue()
    stream = io.BytesIO()
    np.save(stream, steps)
    yield ".npy of 10 million", "a.npy", stream.getvalue()
    yield ".csv.gz of 3 million lines", "a.csv.gz", gzip.compress(b"acc\n" + b"0.5\n0.25\n-0.75\n" * 1_000_000, 6)


def measure_bombs() -> None:
    """Each bomb to `/api/diagnose`: peak over idle, and what is still held half a minute later."""
    with serve(API_ALONE, "/api/health") as server:
        time.sleep(4)
        sample = Path("data/samples/outer.csv").read_bytes()
        requests.post(f"{server.url}/api/diagnose", files={"file": ("a.csv", sample)}, timeout=120).raise_for_status()
        time.sleep(2)
        for what, name, data in bombs():
            idle = server.memory_mb()["now"]
            Path(f"/proc/{server.pid}/clear_refs").write_text("5")  # the peak counts from here
            began = time.monotonic()
            answer = requests.post(
                f"{server.url}/api/diagnose", files={"file": (name, data)}, data={"rate": "12000"}, timeout=300
            )
            seconds = time.monotonic() - began
            peak = server.memory_mb()["peak"] - idle
            time.sleep(5)
            held = server.memory_mb()["now"] - idle
            print(
                f"  {what:34s} {len(data) / 1e6:5.1f} MB sent: {answer.status_code}, {seconds:5.1f} s, "
                f"idle {idle:4.0f} MB, peak +{peak:4.0f} MB, then +{held:4.0f} MB",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bombs", action="store_true", help="hostile and very large uploads instead of sessions")
    parser.add_argument("--case", nargs=2, type=int, action="append", metavar=("SESSIONS", "SAMPLES"))
    arguments = parser.parse_args()
    print(machine())
    if arguments.bombs:
        measure_bombs()
        return
    for sessions, samples in arguments.case or [(1, 120_000), (10, 120_000), (3, 1_000_000)]:
        measure(sessions, samples)


if __name__ == "__main__":
    main()
