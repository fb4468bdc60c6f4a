"""A batch on several workers against the same work in one process: `python -m benchmarks.batch [FILES] [WORKERS]`.

Simulated recordings of 2 s at 12 kHz in text. Prints processor and elapsed seconds a file and the ratio of the elapsed
ones, start of the cluster left out (it is printed), what the processor times make of it on cores that nothing else
keeps busy, what as many plain processes take side by side, and the most memory a worker took.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from bearing.batch.run import DASK, FILES_A_TASK, _found, run_batch
from bearing.batch.sources import Source, listed
from bearing.physics.simulate import SimulationConfig, simulate
from bearing.verdict.asked.request import Request


def peak_mb() -> float:
    """The most memory this process ever had resident, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def side_by_side(files: list[Source], asked: Request, processes: int) -> float:
    """Processor seconds a file that plain processes take which share the work and nothing else."""
    fork = get_context("fork")
    start, took = fork.Barrier(processes), fork.Queue()

    def work(mine: list[Source]) -> None:
        start.wait()
        began = time.process_time()
        for source in mine:
            _found(source, asked)
        took.put(time.process_time() - began)

    every = [fork.Process(target=work, args=(files[i::processes],)) for i in range(processes)]
    for one in every:
        one.start()
    total = sum(took.get() for _ in every)
    for one in every:
        one.join()
    return total / len(files)


def main() -> None:
    import dask
    from distributed import Client, LocalCluster

    count, workers = (int(text) for text in (sys.argv[1:] + ["64", "2"][len(sys.argv) - 1 :])[:2])
    asked = Request(rate_hz=12_000, rpm=1772, bearing="6205-2RS")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "plant"
        folder.mkdir()
        for i in range(count):
            state = "outer" if i % 4 == 0 else "healthy"
            signal = simulate(SimulationConfig(state=state, duration_s=2.0, seed=i))  # type: ignore[arg-type]
            np.savetxt(folder / f"m_{i}.csv", signal, "%.5f", header="acc_g", comments="")
        files = listed([str(folder)])
        for source in files[:2]:
            _found(source, asked)  # networks loaded

        def alone() -> tuple[float, float]:
            began, used = time.perf_counter(), time.process_time()
            for source in files[::2]:
                _found(source, asked)
            return time.perf_counter() - began, time.process_time() - used

        plain = side_by_side(files[::2], asked, workers)
        serial, used = alone()  # half of them before, half after: other programs come and go
        began = time.perf_counter()
        with (
            dask.config.set(DASK),
            LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        ):
            warm = Path(place) / "warm"
            warm.mkdir()
            for i in range(workers * FILES_A_TASK):
                (warm / f"w_{i}.csv").write_bytes((folder / f"m_{i % count}.csv").read_bytes())
            run_batch([str(warm)], Path(place) / "w", asked, scheduler=cluster.scheduler_address)
            print(f"start of {workers} workers and their networks: {time.perf_counter() - began:.1f} s")
            with Client(cluster) as client:
                before = sum(client.run(time.process_time).values())
                began, own = time.perf_counter(), time.process_time()
                run_batch([str(folder)], Path(place) / "r", asked, scheduler=cluster.scheduler_address)
                spread, own = time.perf_counter() - began, time.process_time() - own
                theirs = sum(client.run(time.process_time).values()) - before
                most = max(client.run(peak_mb).values())
        kept = sum(part.stat().st_size for part in (Path(place) / "r").rglob("*.parquet"))
        serial, used = serial + (more := alone())[0], used + more[1]
        print(f"one process: {serial / count:.3f} s a file, {used / count:.3f} s of processor")
        print(f"{workers} workers: {spread / count:.3f} s a file, {serial / spread:.2f} times as fast")
        print(f"of processor a file: workers {theirs / count:.3f} s, scheduler and writer {own / count:.3f} s")
        print(f"of processor a file in {workers} plain processes side by side, without Dask: {plain:.3f} s")
        print(f"so {workers} free cores are {workers * used / (theirs + own):.2f} times as fast as one")
        print(f"most memory a worker: {most:.0f} MB; kept: {kept / count / 1000:.1f} kB a file")


if __name__ == "__main__":
    main()
