"""A few threads for the computing, so that neither the event loop nor the pages wait for it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["Workers"]

log = logging.getLogger("bearing.api")
Answer = TypeVar("Answer")


class Workers:
    """`count` threads. Each request computes on one of them, and its network on that one thread too.

    Who waits is served in the order of arrival plus patience: a batch of windows (milliseconds of work) passes a
    diagnosis (a tenth of a second), but only one that came less than its patience before.
    """

    def __init__(self, count: int, waited: Callable[[float], None] = lambda seconds: None) -> None:
        self.count = count
        self.ready = False
        self._waited = waited
        self._idle = count
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._tickets = itertools.count()
        self._pool: ThreadPoolExecutor | None = None

    def start(self) -> ThreadPoolExecutor:
        """The pool, made at first use; threads begin with their first task."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.count, thread_name_prefix="bearing")
        return self._pool

    def stop(self) -> None:
        """Let running work finish."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def warm_up(self, work: Callable[[], object]) -> None:
        """Have a thread do `work` once, so that the first request need not wait for imports and models."""

        def once() -> None:
            try:
                work()
            except Exception:
                log.exception("The warm-up failed; requests will say why.")
            finally:
                self.ready = True

        self.start().submit(once)

    async def run(self, work: Callable[..., Answer], *arguments: object, patience_s: float = 0.0) -> Answer:
        """What `work(*arguments)` returns or raises, computed on a thread as soon as it is this request's turn."""
        arrived = time.monotonic()
        loop = asyncio.get_running_loop()
        if self._idle:
            self._idle -= 1
        else:
            turn = loop.create_future()
            heapq.heappush(self._waiting, (arrived + patience_s, next(self._tickets), turn))
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._pass_on()  # the turn had just come: it goes to the next
                raise
        self._waited(time.monotonic() - arrived)
        job = loop.run_in_executor(self.start(), work, *arguments)
        job.add_done_callback(lambda _: self._pass_on())
        return await asyncio.shield(job)  # a request that is given up leaves its thread busy until the work ends

    def _pass_on(self) -> None:
        """Give the free thread to whoever is next."""
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._idle += 1
