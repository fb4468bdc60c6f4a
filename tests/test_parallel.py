"""Tasks on all cores: in order, and none lost with a process that dies."""

from __future__ import annotations

import os

import pytest

from bearing.parallel import FEWEST, in_order

TASKS = list(range(3 * FEWEST))


def _square(task: int) -> int:
    return task * task


def _square_or_die(task: int) -> int:
    if task == FEWEST and os.getpid() != HOME:
        os._exit(9)  # what the system does to a process that asks for more memory than there is
    return task * task


HOME = os.getpid()


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_tasks(workers: int) -> None:
    assert list(in_order(_square, TASKS, workers, chunk=3)) == [task * task for task in TASKS]


def test_a_task_that_kills_its_process_costs_no_other_its_result() -> None:
    expected = [None if task == FEWEST else task * task for task in TASKS]
    assert list(in_order(_square_or_die, TASKS, 2)) == expected


def test_who_leaves_early_waits_for_nothing_that_was_not_begun() -> None:
    results = in_order(_square, TASKS, 2)
    assert next(results) == 0
    results.close()
    with pytest.raises(StopIteration):
        next(results)
