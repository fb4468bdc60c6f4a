"""A few threads for the computing, so that neither the event loop nor the pages wait for it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["Workers"]

log = logging.getLogger("bearing.api")
Answer = TypeVar("Answer")


class Workers:
    """A pool of `count` threads. Each request computes on one of them, and its network on that one thread too."""

    def __init__(self, count: int, waited: Callable[[float], None] = lambda seconds: None) -> None:
        self.count = count
        self._waited = waited
        self._pool: ThreadPoolExecutor | None = None
        self.ready = False

    def start(self) -> ThreadPoolExecutor:
        """The pool, made at first use; threads begin with their first task."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.count, thread_name_prefix="bearing")
        return self._pool

    def stop(self) -> None:
        """Let running work finish, forget what waits."""
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

    async def run(self, work: Callable[..., Answer], *arguments: object) -> Answer:
        """What `work(*arguments)` returns or raises, computed on a thread of the pool."""
        asked = time.perf_counter()

        def timed() -> Answer:
            self._waited(time.perf_counter() - asked)
            return work(*arguments)

        return await asyncio.get_running_loop().run_in_executor(self.start(), timed)
