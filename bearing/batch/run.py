"""`python -m bearing batch`: every recording measured and diagnosed once, on as many workers as there are.

The scheduler is Dask's: a local cluster of processes by default, any other by its address. The program that starts the
work lists the sources, hands out a few files at a time, so that memory stays bounded whatever their number, and alone
writes. A worker that dies gives its files back; a file that kills worker after worker becomes a row that says so.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bearing import __version__
from bearing.batch.sources import Source, listed, read
from bearing.batch.table import Row, claimed, done, rows_of, write_rows
from bearing.errors import BearingError, ParameterError
from bearing.machines.measure import measure_bytes
from bearing.parallel import NO_MEMORY
from bearing.settings import limits, usable_cores
from bearing.verdict.asked.request import Request

__all__ = ["Summary", "run_batch"]

FILES_A_TASK = 8
TASKS_A_WORKER = 4  # handed out at once
FLUSH_FILES, FLUSH_S = 400, 20.0
WORKER_MEMORY = 1_000_000_000  # bytes; a local worker beyond 95 % of it is stopped and its files are given to others
DEATHS = 3
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), 1)
DASK = {
    "distributed.scheduler.allowed-failures": DEATHS - 1,
    "distributed.admin.tick.limit": "30s",
    "distributed.worker.profile.enabled": False,  # nobody looks at it
    # Dask's own also gives memory back at once (MALLOC_TRIM_THRESHOLD_): a third more processor time in page faults
    "distributed.nanny.pre-spawn-environ": ONE_THREAD,
}

Progress = Callable[[int, int], bool]  # done, of all; False stops


@dataclass
class Summary:
    """What became of the files: `known` were done before, `verdicts` counts the worst row of each new one."""

    files: int = 0
    known: int = 0
    measurements: int = 0
    errors: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    stopped: bool = False


def run_batch(
    sources: Sequence[str],
    out: Path,
    asked: Request = Request(),  # noqa: B008 (frozen)
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Measure and diagnose what is in the sources and not yet in `out`.

    Parameters
    ----------
    sources : sequence of str
        Files, folders, globs, or addresses that fsspec knows.
    out : Path
        A folder for the results (`bearing.batch.table`), made when new. What is in it is not done again.
    asked : Request
        Channel, rate, speed and bearing where the files do not say.
    workers : int, optional
        Processes of the local cluster, by default one per usable core. Not with `scheduler`.
    scheduler : str, optional
        The address of a Dask scheduler, ``tcp://host:8786``; its workers need this package and must reach the sources.
    progress : callable, optional
        Told how many of how many files are done; returning False stops there, what is done is kept.

    Raises
    ------
    UnreadableFile
        For a source that cannot be read or holds nothing.
    ParameterError
        Where `out` holds something else, another program writes there, or no scheduler answers.
    DataError
        When the results cannot be written.
    """
    if scheduler and workers:
        raise ParameterError("Name a scheduler or a number of local workers, not both.")
    files = listed(sources)
    about = {"asked": asked.as_dict(), "version": __version__}
    with claimed(out, about):
        known = done(out)
        todo = [one for one in files if (one.url, one.stamp) not in known]
        summary = Summary(files=len(files), known=len(files) - len(todo))
        if todo:
            with _client(workers, scheduler) as client:
                _work(client, todo, out, asked, summary, progress)
    return summary


def _work(
    client: Any, todo: Sequence[Source], out: Path, asked: Request, summary: Summary, progress: Progress | None
) -> None:
    from distributed import as_completed

    tasks = (list(todo[i : i + FILES_A_TASK]) for i in range(0, len(todo), FILES_A_TASK))
    at_once = TASKS_A_WORKER * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
    running = as_completed([])
    task_of: dict[str, list[Source]] = {}

    def hand_out(task: list[Source]) -> None:
        future = client.submit(_measured, task, asked, pure=False)
        task_of[future.key] = task
        running.add(future)

    for _, task in zip(range(at_once), tasks, strict=False):
        hand_out(task)
    waiting: list[Row] = []
    since, count = time.monotonic(), 0
    for future in running:
        task = task_of.pop(future.key)
        rows, again = _rows(future, task)
        future.release()
        for one in again:
            hand_out([one])
        waiting += rows
        _count(summary, rows)
        finished = len({row["url"] for row in rows})
        count += finished
        if len({row["url"] for row in waiting}) >= FLUSH_FILES or time.monotonic() - since > FLUSH_S:
            write_rows(out, waiting)
            waiting, since = [], time.monotonic()
        if progress is not None and not progress(count, len(todo)):
            summary.stopped = True
            break
        if not again and (task := next(tasks, [])):
            hand_out(task)
    write_rows(out, waiting)


def _rows(future: Any, task: list[Source]) -> tuple[list[Row], list[Source]]:
    """The rows of a finished task, or its files one by one to be tried again."""
    from distributed import KilledWorker

    try:
        return future.result(), []
    except KilledWorker:
        if len(task) > 1:
            return [], task
        why = f"{DEATHS} workers died with this file, for want of memory perhaps: cut a shorter stretch out of it."
        return rows_of(task[0], why), []


def _measured(task: list[Source], asked: Request) -> list[Row]:
    """What a worker does: each file read, measured, diagnosed."""
    return [row for source in task for row in rows_of(source, _found(source, asked))]


def _found(source: Source, asked: Request) -> Any:
    try:
        return measure_bytes(read(source, limits()), source.name, asked, diagnosed=True)
    except BearingError as error:
        return str(error)
    except MemoryError:
        return NO_MEMORY
    except Exception as error:  # one file must not end the other million
        return f"The program failed on this file ({type(error).__name__}: {str(error)[:200]}): please report it."


def _count(summary: Summary, rows: Sequence[Row]) -> None:
    for row in rows:
        wrong = row.get("error") is not None
        summary.errors += wrong
        summary.measurements += not wrong
        summary.verdicts["error" if wrong else str(row["verdict"] or "uncertain")] += 1


@contextmanager
def _client(workers: int | None, scheduler: str | None) -> Iterator[Any]:
    """A client of the scheduler named, or of a cluster on this computer that ends with it."""
    import dask
    from distributed import Client, LocalCluster

    with dask.config.set(DASK):
        if scheduler:
            try:
                with Client(scheduler, timeout=10) as client:
                    yield client
            except OSError as error:
                raise ParameterError(f"No Dask scheduler answers at {scheduler!r} ({error}): check it.") from error
            return
        cluster = LocalCluster(
            n_workers=workers or usable_cores(),
            threads_per_worker=1,
            memory_limit=WORKER_MEMORY,
            dashboard_address=None,
            silence_logs="ERROR",
        )
        with cluster, Client(cluster) as client:
            yield client
