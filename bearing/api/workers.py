"""A few threads for the computing, so that neither the event loop nor the pages wait for it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["Workers"]

log = logging.getLogger("bearing.api")
Answer = TypeVar("Answer")

PATIENCE_S = 5.0  # a short request passes a long one that has waited less than this


class Workers:
    """`count` threads. Each request computes on one of them, and its network on that one thread too.

    Long work (a diagnosis: a tenth of a second and more) leaves one thread to short work (windows: milliseconds), and
    short work that waits goes first: a burst of files then delays neither windows nor pages by much. Little is lost, as
    two diagnoses at once spend much of their time waiting for each other (Python's interpreter lock).
    """

    def __init__(self, count: int, waited: Callable[[float], None] = lambda seconds: None) -> None:
        self.count = count
        self.ready = False
        self._waited = waited
        self._idle = count
        self._idle_for_long = max(1, count - 1)
        self._short: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._long: deque[tuple[float, asyncio.Future[None]]] = deque()
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

    async def run(self, work: Callable[..., Answer], *arguments: object, long: bool = False) -> Answer:
        """What `work(*arguments)` returns or raises, computed on a thread as soon as it is this request's turn."""
        arrived = time.monotonic()
        turn = asyncio.get_running_loop().create_future()
        (self._long if long else self._short).append((arrived, turn))
        self._hand_out()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back(long)  # the turn had just come
            raise
        self._waited(time.monotonic() - arrived)
        job = asyncio.get_running_loop().run_in_executor(self.start(), work, *arguments)
        job.add_done_callback(lambda _: self._give_back(long))
        return await asyncio.shield(job)  # a request that is given up leaves its thread busy until the work ends

    def _hand_out(self) -> None:
        """Give idle threads to who is next."""
        for queue in (self._short, self._long):
            while queue and queue[0][1].done():  # given up while waiting
                queue.popleft()
        if not self._idle:
            return
        long_may = bool(self._long) and self._idle_for_long > 0
        if long_may and (not self._short or self._long[0][0] + PATIENCE_S < self._short[0][0]):
            self._idle_for_long -= 1
            turn = self._long.popleft()[1]
        elif self._short:
            turn = self._short.popleft()[1]
        else:
            return
        self._idle -= 1
        turn.set_result(None)
        self._hand_out()

    def _give_back(self, long: bool) -> None:
        self._idle += 1
        self._idle_for_long += long
        self._hand_out()
