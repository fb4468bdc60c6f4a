"""Memory of the server process under browser sessions, as Linux counts it (resident, at its peak).

python -m benchmarks.memory
"""

from __future__ import annotations

import argparse
import io
import time
from contextlib import ExitStack

import numpy as np

from benchmarks.servers import STREAMLIT, machine, serve
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", nargs=2, type=int, action="append", metavar=("SESSIONS", "SAMPLES"))
    print(machine())
    for sessions, samples in parser.parse_args().case or [(1, 120_000), (10, 120_000), (3, 1_000_000)]:
        measure(sessions, samples)


if __name__ == "__main__":
    main()
