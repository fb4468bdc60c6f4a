"""How long reading takes: our readers against pandas' C parser and scipy.io, on files made here.

    python benchmarks/reading.py            # a table, best of five
    python benchmarks/reading.py --json FILE

Targets: a million rows with decimal commas in at most 1 s, never more than 1.5 times pandas' own C parser (which is
given the dialect, while ours has to find it); a recording like CWRU's through `read_safely` in at most 0.3 s.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

ROWS = 1_000_000


def best_of(run: Callable[[], object], times: int = 5) -> float:
    """Shortest of `times` runs, in seconds: the one the rest of the machine disturbed least."""
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best


def race(ours: Callable[[], object], other: Callable[[], object], times: int = 7) -> tuple[float, float]:
    """Shortest of `times` runs of each, in turn, so that both meet the same machine."""
    pairs = [(best_of(ours, 1), best_of(other, 1)) for _ in range(times)]
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


def text(columns: list[np.ndarray], delimiter: str, decimal: str, header: str) -> bytes:
    """A table of numbers with seven decimals."""
    rows = (delimiter.join(f"{value:.7f}" for value in row) for row in zip(*columns, strict=True))
    return (header + "\n" + "\n".join(rows).replace(".", decimal) + "\n").encode()


def tables() -> list[tuple[str, bytes, dict[str, Any]]]:
    """Name, bytes, and what pandas has to be told to read them."""
    rng = np.random.default_rng(0)
    clock, first, second = np.arange(ROWS) / 12_000, rng.standard_normal(ROWS), rng.standard_normal(ROWS)
    comma = {"sep": ";", "decimal": ","}
    small = ROWS // 50
    return [
        ("1,000,000 x 2, decimal commas", text([clock, first], ";", ",", "time (s);acc (g)"), comma),
        ("1,000,000 x 1, decimal commas", text([first], ";", ",", "acc"), comma),
        ("1,000,000 x 3, points", text([clock, first, second], ",", ".", "time,acc_x,acc_y"), {}),
        ("20,000 x 8, tabs", text([first[:small]] * 8, "\t", ".", "\t".join("abcdefgh")), {"sep": "\t"}),
    ]


def _pandas(data: bytes, dialect: dict[str, Any]) -> object:
    import pandas as pd

    return pd.read_csv(io.BytesIO(data), engine="c", **dialect)


def _scipy(data: bytes) -> object:
    import scipy.io

    return scipy.io.loadmat(io.BytesIO(data))


def main() -> int:
    """Print the table; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the numbers to this file, too")
    options = parser.parse_args()
    import twins

    from bearing.readers import read_bytes
    from bearing.readers.safe import read_safely

    results: dict[str, dict[str, float]] = {}
    print("| file | MB | ours | other | ratio |")
    print("|---|---|---|---|---|")

    def report(name: str, data: bytes, ours: float, other: float, what: str) -> None:
        ratio = ours / other if other else float("nan")
        results[name] = {"megabytes": len(data) / 1e6, "ours_s": ours, "other_s": other, "ratio": ratio}
        beside = f"{1e3 * other:.0f} ms ({what}) | {ratio:.2f}" if other else "- | -"
        print(f"| {name} | {len(data) / 1e6:.1f} | {1e3 * ours:.0f} ms | {beside} |", flush=True)

    for name, data, dialect in tables():
        report(name, data, *race(partial(read_bytes, data, "a.csv"), partial(_pandas, data, dialect)), "pandas")
    twins.SAMPLES = 121_265
    for name, data in (("like 105.mat", twins.cwru()), ("like 105.mat, compressed", twins.cwru(compressed=True))):
        report(name, data, *race(partial(read_safely, data, "105.mat"), partial(_scipy, data)), "scipy.io")
    for name in ("v73.mat", "wave.tdms", "pcm16.wav", "matrix.npy", "block.lvm", "binary.unv", "text.uff"):
        data = twins.ALL[name]()
        label = f"{name}, 121,265 samples" + (", in a child" if name in ("v73.mat", "wave.tdms") else "")
        report(label, data, best_of(partial(read_safely, data, name), 3), 0.0, "")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    missed = [name for name, row in results.items() if " x " in name and row["ratio"] > 1.5]
    missed += [name for name, row in results.items() if "decimal commas" in name and row["ours_s"] > 1.0]
    print("Missed:", ", ".join(missed) or "none")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
