"""Many tasks on all cores, their results in order, whatever happens to a process. What a task is, the caller knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from bearing.settings import usable_cores

__all__ = ["NO_MEMORY", "in_order"]

Task = TypeVar("Task")
Result = TypeVar("Result")

NO_MEMORY = "There is not enough memory for this file: cut a shorter stretch out of it."
FEWEST = 8  # tasks: fewer are not worth a second process


def in_order(
    job: Callable[[Task], Result], tasks: Sequence[Task], workers: int | None = None, chunk: int = 1
) -> Iterator[Result | None]:
    """`job` of each task as soon as it is there, in the order of the tasks; None where its process died of it.

    workers : processes, by default as many as cores may be used; one, or few tasks, are done in this process.
    chunk : tasks handed over at once. `job` is a function of a module; leaving the iterator stops what is left.
    """
    count = min(workers or usable_cores(), len(tasks))
    if count < 2 or len(tasks) < FEWEST:
        yield from map(job, tasks)
        return
    from concurrent.futures.process import BrokenProcessPool

    done = 0
    try:
        for result in _pooled(job, tasks, count, chunk):
            yield result
            done += 1
    except BrokenProcessPool:  # which task it was is not told: one at a time from here on
        for task in islice(tasks, done, None):
            try:
                yield next(_pooled(job, [task], 1, 1))
            except BrokenProcessPool:
                yield None


def _pooled(job: Callable[[Task], Result], tasks: Sequence[Task], count: int, chunk: int) -> Iterator[Result]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn")
    with ProcessPoolExecutor(count, context) as pool:
        try:
            yield from pool.map(job, tasks, chunksize=chunk)
        finally:
            pool.shutdown(cancel_futures=True)  # waits: a pool left on its own breaks the interpreter's end
