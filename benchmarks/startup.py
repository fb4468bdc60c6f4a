"""How long until the app answers: `streamlit run app.py` to /_stcore/health, the API alone, and `import bearing`.

python -m benchmarks.startup [--rounds 7]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

from benchmarks.servers import API_ALONE, ROOT, STAND_IN, STREAMLIT, machine, serve


def import_s(module: str) -> float:
    """Seconds of a fresh interpreter that imports `module`, less those of one that imports nothing."""
    seconds = []
    for statement in ("pass", f"import {module}"):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], cwd=ROOT, check=True)
        seconds.append(time.perf_counter() - began)
    return seconds[1] - seconds[0]


def start_s(command: tuple[str, ...], health: str) -> float:
    with serve(command, health) as server:
        return server.started_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    print(machine())
    cases = {
        "import bearing": lambda: import_s("bearing"),
        "import bearing.api.service": lambda: import_s("bearing.api.service"),
        "app to /_stcore/health": lambda: start_s(STREAMLIT, "/_stcore/health"),
        "API alone to /api/health": lambda: start_s(API_ALONE, "/api/health"),
        "stand-in (FastAPI, torch)": lambda: start_s(STAND_IN, "/health"),
    }
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, run in cases.items():
            taken[name].append(run())
    reference = statistics.median(taken["stand-in (FastAPI, torch)"])
    print("                             seconds: median   least   share of the stand-in")
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        print(f"  {name:34s} {median:8.2f} {min(seconds):7.2f}   {median / reference:.2f}")


if __name__ == "__main__":
    main()
