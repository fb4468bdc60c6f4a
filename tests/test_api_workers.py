"""Who is served when, and that no thread is lost."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from bearing.api_workers import Workers


def test_the_impatient_pass_the_patient_but_not_for_ever() -> None:
    order: list[str] = []

    async def main() -> None:
        workers = Workers(1)
        release = threading.Event()
        first = asyncio.create_task(workers.run(release.wait, 10))
        await asyncio.sleep(0.05)
        tasks = [asyncio.create_task(workers.run(order.append, "patient", patience_s=0.2))]
        await asyncio.sleep(0.05)
        tasks.append(asyncio.create_task(workers.run(order.append, "quick")))
        await asyncio.sleep(0.3)
        tasks.append(asyncio.create_task(workers.run(order.append, "late")))
        await asyncio.sleep(0.05)
        release.set()
        await asyncio.gather(first, *tasks)
        workers.stop()

    asyncio.run(main())
    assert order == ["quick", "patient", "late"]


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
        tasks = [asyncio.create_task(workers.run(work, n, patience_s=n % 3)) for n in range(40)]
        await asyncio.sleep(0.01)
        for task in tasks[1::4]:
            task.cancel()  # some run, some wait
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(isinstance(result, int) for result in done) >= 20
        again = await asyncio.gather(*(workers.run(work, 1) for _ in range(3)))
        assert again == [1, 1, 1]
        workers.stop()

    asyncio.run(main())
    assert most == 3


def test_a_failed_warm_up_is_logged_and_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    workers = Workers(1)
    workers.warm_up(lambda: 1 / 0)
    workers.stop()
    assert workers.ready
    assert "warm-up failed" in caplog.text
