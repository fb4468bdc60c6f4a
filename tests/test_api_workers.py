"""Who is served when, and that no thread is lost."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from loops import run

from bearing.api.workers import Workers


def test_short_work_passes_long_work_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bearing.api.workers.PATIENCE_S", 0.2)
    order: list[str] = []

    async def main() -> None:
        workers = Workers(1)
        release = threading.Event()
        first = asyncio.create_task(workers.run(release.wait, 10))
        await asyncio.sleep(0.05)
        tasks = [asyncio.create_task(workers.run(order.append, "long", long=True))]
        await asyncio.sleep(0.05)
        tasks.append(asyncio.create_task(workers.run(order.append, "short")))
        await asyncio.sleep(0.3)
        tasks.append(asyncio.create_task(workers.run(order.append, "late")))
        await asyncio.sleep(0.05)
        release.set()
        await asyncio.gather(first, *tasks)
        workers.stop()

    run(main())
    assert order == ["short", "long", "late"]


def test_long_work_leaves_a_thread_to_short_work() -> None:
    async def main() -> None:
        workers = Workers(2)
        release = threading.Event()
        long = [asyncio.create_task(workers.run(release.wait, 10, long=True)) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert await asyncio.wait_for(workers.run(lambda: "answered"), 5) == "answered"
        release.set()
        assert await asyncio.gather(*long) == [True, True, True]
        workers.stop()

    run(main())


def test_never_more_at_once_than_threads_and_none_is_lost() -> None:
    running, most = 0, 0
    lock = threading.Lock()

    def work(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.005)
        with lock:
            running -= 1
        if number % 5 == 0:
            raise ValueError(number)
        return number

    async def main() -> None:
        workers = Workers(3)
        tasks = [asyncio.create_task(workers.run(work, n, long=n % 3 == 0)) for n in range(40)]
        await asyncio.sleep(0.01)
        for task in tasks[1::4]:
            task.cancel()  # some run, some wait
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(isinstance(result, int) for result in done) >= 20
        again = await asyncio.gather(*(workers.run(work, 1) for _ in range(3)))
        assert again == [1, 1, 1]
        workers.stop()

    run(main())
    assert most == 3


def test_a_failed_warm_up_is_logged_and_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    workers = Workers(1)
    workers.warm_up(lambda: 1 / 0)
    workers.stop()
    assert workers.ready
    assert "warm-up failed" in caplog.text
