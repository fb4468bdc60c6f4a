"""Start a server for a benchmark, ask it, stop it; and say on which machine all that happened."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STREAMLIT = ("-m", "streamlit", "run", "app.py", "--server.headless", "true", "--server.port")
API_ALONE = ("-m", "uvicorn", "bearing.api.service:app", "--log-level", "warning", "--port")
STAND_IN = ("-m", "uvicorn", "benchmarks.stand_in_service:app", "--log-level", "warning", "--port")


def machine() -> str:
    """One line: processor, cores, memory, Python, and how busy the machine is with other things."""
    processor = platform.processor() or platform.machine()
    memory = ""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                processor = line.partition(":")[2].strip()
                break
        kilobytes = int(Path("/proc/meminfo").read_text().split()[1])
        memory = f", {kilobytes / 1e6:.0f} GB"
    except (OSError, ValueError):
        pass
    return (
        f"{processor}, {os.cpu_count()} cores{memory}, Python {platform.python_version()}, "
        f"load average at the start {os.getloadavg()[0]:.1f}"
    )


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """A running server process. `started_s` is the time from its start to its first answer."""

    port: int
    pid: int
    started_s: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def memory_mb(self) -> dict[str, float]:
        """Resident memory of the server, now and at its peak, in MB, as Linux counts it."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        values = {line.split(":")[0]: line.split()[1] for line in status.splitlines() if line.startswith("Vm")}
        return {"now": int(values["VmRSS"]) / 1e3, "peak": int(values["VmHWM"]) / 1e3}

    def cpu_ms(self) -> float:
        """Milliseconds of processor time of all threads so far: other programs on the machine add nothing to it."""
        threads = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e6


def browser_cpu_s() -> float:
    """Seconds of processor time so far of every Chromium process that this one started, and that still runs."""
    parents, names = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, tail = stat.read_text().rpartition(")")
        except OSError:  # it has just ended
            continue
        pid = int(stat.parent.name)
        parents[pid], names[pid] = int(tail.split()[1]), head.partition("(")[2]
    seconds = 0.0
    for pid in (pid for pid, name in names.items() if "chrom" in name):
        above = pid
        while above in parents and above != os.getpid():
            above = parents[above]
        if above == os.getpid():
            with suppress(OSError, IndexError):
                seconds += (
                    sum(int(t.read_text().split()[0]) for t in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9
                )
    return seconds


@contextmanager
def serve(
    command: Sequence[str],
    health: str,
    environment: Mapping[str, str] | None = None,
    python: str = sys.executable,
    timeout_s: float = 60.0,
) -> Iterator[Server]:
    """`python *command PORT` until the block ends; it is entered once `health` answers 200."""
    port = free_port()
    settings = {**os.environ, "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2", **(environment or {})}
    began = time.perf_counter()
    process = subprocess.Popen(
        [python, *command, str(port)],
        cwd=ROOT,
        env=settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(f"http://127.0.0.1:{port}{health}"):
            if process.poll() is not None:
                raise RuntimeError(f"The server ended with code {process.returncode} before it answered.")
            if time.perf_counter() - began > timeout_s:
                raise RuntimeError(f"The server did not answer {health} within {timeout_s:g} s.")
            time.sleep(0.005)
        yield Server(port, process.pid, time.perf_counter() - began)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False
