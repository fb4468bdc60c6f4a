"""Two recordings of one machine over each other: in Hz, in orders, and their difference."""

from __future__ import annotations

import numpy as np
import pytest

from bearing.figures.compare import compared, comparison_figure
from bearing.physics.simulate import SimulationConfig, simulate
from bearing.recording import Recording


def made(impact_g: float, rpm: float | None = 1772.0, seconds: float = 2.0, seed: int = 0) -> Recording:
    turned = rpm or 1772.0
    config = SimulationConfig(
        state="outer" if impact_g else "healthy", impact_g=impact_g, shaft_rpm=turned, duration_s=seconds, seed=seed
    )
    return Recording(simulate(config), 12_000.0, rpm, "acc", "a.csv", "g")


def test_what_is_compared_with_itself_differs_by_nothing() -> None:
    found = compared(made(1.0), made(1.0), orders=False)
    assert found is not None
    assert np.abs(found[2]).max() < 1e-9


def test_a_new_fault_stands_in_the_difference_at_its_line_whatever_the_speed() -> None:
    sound, faulty = made(0.0), made(1.5, rpm=1500.0, seconds=3.0, seed=1)
    found = compared(sound, faulty, orders=True)
    assert found is not None
    axis, _, difference = found
    line = difference[np.abs(axis - 3.585) < 0.06].max()
    assert line > 15
    assert line > np.median(difference) + 10


@pytest.mark.parametrize("kind", ["waveform", "spectrum", "envelope"])
@pytest.mark.parametrize("orders", [False, True])
def test_every_kind_is_drawn_and_what_cannot_be_is_none(kind: str, orders: bool) -> None:
    figure = comparison_figure(made(0.0), made(1.0), ("before", "after"), kind, orders)
    assert figure is not None
    assert [trace.name for trace in figure.data][:2] == ["before", "after"]
    assert len(figure.data) == (3 if kind == "envelope" else 2)
    unknown = comparison_figure(made(0.0), made(1.0, rpm=None), ("a", "b"), kind, orders)
    assert (unknown is None) == (orders and kind != "waveform")
    assert comparison_figure(made(0.0), Recording(np.ones(100)), ("a", "b"), kind) is None
